import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def in_english():
    """What is wrong with a file is said in the user's language; these tests read English."""
    with translation.override("en"):
        yield
