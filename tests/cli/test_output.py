"""How tables meet a narrow terminal."""
import os

import click
import pytest

from appliance.cli import output

ROWS = [{'id': 1, 'dn': 'cn=' + 'x' * 60, 'gone': None}, {'id': 2, 'dn': 'cn=short', 'gone': True}]
COLUMNS = {'id': 'RULE', 'dn': 'ENTRY', 'gone': 'GONE'}


@pytest.mark.parametrize(('is_terminal', 'columns', 'is_table'), [(True, 60, False), (True, 100, True), (False, 60, True)])
def test_what_is_wider_than_the_terminal_stands_a_line_each(capsys, monkeypatch, is_terminal, columns, is_table):
    monkeypatch.setattr(output.sys.stdout, 'isatty', lambda: is_terminal, raising=False)
    monkeypatch.setattr(output.shutil, 'get_terminal_size', lambda: os.terminal_size((columns, 24)))
    output.listing(ROWS, COLUMNS)
    lines = click.unstyle(capsys.readouterr().out).splitlines()
    assert lines[0].split() == (['RULE', 'ENTRY', 'GONE'] if is_table else ['RULE', '1'])
    assert len(lines) == (3 if is_table else 8)


def test_a_record_has_a_line_for_each_of_several(capsys):
    output.record({'server': ['a', 'b'], 'realm': '', 'map': [], 'on': True})
    assert [line.split() for line in click.unstyle(capsys.readouterr().out).splitlines()] == [['server', 'a'], ['b'], ['realm', '-'], ['map', '-'], ['on', 'yes']]
