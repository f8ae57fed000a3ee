"""What each column of a list gets of a laptop's width."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bookings.states import Status
from tests.factories import make_booking, make_customer, make_partner, make_round_trip

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]
SHORT_OF = """cell => {
  const name = document.createRange();
  name.selectNodeContents(cell.lastChild);
  const free = cell.querySelector(".many").getBoundingClientRect().left;
  return name.getBoundingClientRect().right - free;
}"""


@pytest.mark.parametrize("width", [1366, 1280])
def test_a_long_status_leaves_the_passenger_their_name(signed_in, staff, quiet, width):
    ride = {
        "by": staff["bureau"],
        "customer": make_customer("Hôtel Teranga"),
        "passenger_name": "Awa Diop",
        "passenger_count": 3,
        "pickup_address": "Aéroport international Blaise-Diagne, hall des arrivées, Diass",
        "dropoff_address": "27 boulevard de la République, immeuble Sorano, Dakar",
        "price": 35_000,
    }
    soon = timezone.now() + timedelta(days=1)
    billed = {"status": Status.CANCELLED, "billable": True, "fee": 35_000}
    make_booking(**ride, pickup_at=soon, **billed)
    make_round_trip(**ride, partner=make_partner("Transports du Grand Sahel"))
    page = signed_in()
    page.set_viewport_size({"width": width, "height": 850})
    cell = page.locator("#desk td.who").first
    expect(page.locator("#desk")).to_contain_text("Cancelled · billable")
    assert cell.evaluate(SHORT_OF) < 0
