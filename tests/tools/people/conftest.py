"""The demo company for the tests of people."""
import pytest

from tests.visitors import Company


@pytest.fixture
def lumbreras(box):
    """The demo company in an open portal, on each engine."""
    return Company(box)
