"""`appliance` is the command line on an empty portal: appliance('person', 'list', '--json')."""

import pytest

from tests.cli.console import console


@pytest.fixture
def appliance(closed_box, capsys, monkeypatch):
    """Run a command on this box; stdin as `text=`. On both engines."""
    def run(*arguments, text=''):
        return console(capsys, monkeypatch, closed_box.config.path, arguments, text)
    return run
