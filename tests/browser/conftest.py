"""A signed-in browser on a live server, with bookings to work on."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bookings.states import Status
from project.utilisateurs.groups import BUREAU, GESTION
from tests.factories import make_booking, make_customer, make_driver, make_partner, make_user

PASSWORD = "rule-red-margin-9"
# How long to wait for what has to be seen: a busy machine takes longer than Playwright's 5 s; a
# reader of events that nobody wakes would take 20.
expect.set_options(timeout=15_000)


@pytest.fixture
def staff(transactional_db):
    return {
        "bureau": make_user("awa", groups=[BUREAU], password=PASSWORD, language="en"),
        "gestion": make_user("moussa", groups=[GESTION], password=PASSWORD, language="en"),
    }


@pytest.fixture
def rides(staff):
    """Sixty rides of one customer from tomorrow on, of which three are cancelled."""
    customer, tomorrow = make_customer("Hôtel Teranga"), timezone.now() + timedelta(days=1)
    make_driver("Ousmane Sarr")
    make_partner("Sahel Cars")
    return [
        make_booking(
            by=staff["bureau"],
            customer=customer,
            passenger_name=f"Awa Ndiaye {number}",
            pickup_at=tomorrow + timedelta(minutes=90 * number),
            status=Status.CANCELLED if number < 3 else Status.CONFIRMED,
            price=35_000,
        )
        for number in range(60)
    ]


@pytest.fixture
def signed_in(page, live_server, staff):
    """Sign in by the form; a function that opens a page of the server."""

    def sign_in(name="bureau"):
        page.goto(f"{live_server.url}/accounts/login/")
        page.fill("input[name=username]", staff[name].username)
        page.fill("input[name=password]", PASSWORD)
        page.click("main button.primary")
        page.wait_for_url("**/bookings/**")
        return page

    return sign_in


@pytest.fixture
def quiet(page):
    """Fails the test on any script error or refused resource."""
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    yield problems
    assert not problems
