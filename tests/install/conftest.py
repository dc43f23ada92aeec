"""Tests that boot bare Debian servers and install the portal there. Root only; `bin/test install` runs them by name."""
import os
import shutil

import pytest

from tests.install import slapd
from tests.install.guests import Guest

FIGURES = []
NEEDED = ('debootstrap', 'systemd-nspawn', 'iptables', 'ssh-keygen', 'ip')


@pytest.fixture(autouse=True)
def nothing_leaves():
    """Replaces the guard of the other tests: these reach the guests' own network, which ends at this machine."""


@pytest.fixture(scope='session', autouse=True)
def machine():
    """This machine can boot guests."""
    assert os.geteuid() == 0, 'booting servers needs root: sudo bin/test install'
    missing = [name for name in NEEDED if not shutil.which(name)]
    assert not missing, f'{", ".join(missing)} missing: apt-get install debootstrap systemd-container iptables openssh-client iproute2'


@pytest.fixture(scope='module')
def bare():
    """A bare Debian with nothing but git and a clone in /srv/appliance."""
    with Guest('bare', 0) as guest:
        guest.clone()
        yield guest


@pytest.fixture(scope='module')
def company_directory():
    """A guest that is the company's directory: slapd with one employee, and an authority of its own (tests.install.slapd)."""
    with Guest('directory', 1) as guest:
        yield slapd.serve(guest)


@pytest.fixture(scope='session')
def figure():
    """Call it with a line that is printed at the end: machines differ, so it is judged by nobody."""
    return FIGURES.append


def pytest_terminal_summary(terminalreporter):
    """Print the figures."""
    if FIGURES:
        terminalreporter.section('figures')
    for line in FIGURES:
        terminalreporter.write_line(line)
