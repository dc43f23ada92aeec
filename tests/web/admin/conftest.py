"""The demo company for the tests of the administration."""
import pytest

from tests.visitors import Company


@pytest.fixture
def lumbreras(box):
    """The demo company in an open portal, on each engine."""
    return Company(box)


@pytest.fixture
def administrator(lumbreras):
    """The administrator's browser."""
    return lumbreras.browser('administrator')
