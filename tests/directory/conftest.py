import pytest

from tests.factories import make_customer, make_driver, make_partner, make_user

# By the desk's slug: the kind's name, and how to make one.
KINDS = {
    "customers": ("customer", make_customer),
    "drivers": ("driver", make_driver),
    "partners": ("partner", make_partner),
}


@pytest.fixture(params=KINDS)
def slug(request):
    return request.param


@pytest.fixture
def kind(slug):
    return KINDS[slug][0]


@pytest.fixture
def make(slug):
    return KINDS[slug][1]


@pytest.fixture
def office(client):
    """A user of the office, signed in to `client`, reading English."""
    user = make_user(groups=["Bureau"], language="en")
    client.force_login(user)
    return user
