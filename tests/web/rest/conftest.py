"""Callers of the demo company's people."""
import pytest

from tests.web.rest.callers import caller


@pytest.fixture
def program(company):
    """The employee's program (tests.web.rest.callers.Caller)."""
    return caller(company, 'employee')


@pytest.fixture
def boss(company):
    """The administrator's program."""
    return caller(company, 'administrator')
