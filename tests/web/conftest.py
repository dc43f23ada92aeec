"""The demo company with its portal in this process, and a browser that nobody has logged in with."""
import pytest

from appliance.web.app import create_app
from tests.visitors import Browser, Company


@pytest.fixture
def company(box):
    """The demo company (tests.visitors.Company)."""
    return Company(box)


@pytest.fixture
def app(box):
    """The web application of an empty portal."""
    return create_app(box.config)


@pytest.fixture
def stranger(app):
    """A browser without a session, at the login page of an empty portal."""
    return Browser(app, 'no such session')
