"""What a browser adds to French pages by itself."""

import pytest
from playwright.sync_api import expect

from bookings import services
from bookings.models import Booking

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


def test_a_quoted_reason_stands_apart_from_its_quotation_marks(
    signed_in, staff, rides, live_server, quiet
):
    staff["gestion"].language = "fr"
    staff["gestion"].save()
    one = Booking.objects.filter(pk=rides[5].pk)
    services.cancel(one, by=staff["bureau"], kind="operator", reason="Grève")
    page = signed_in("gestion")
    for path in ("/notifications/", rides[5].get_absolute_url()):
        page.goto(f"{live_server.url}{path}")
        reason = page.locator("main q", has_text="Grève")
        expect(reason).to_have_count(1)
        assert reason.evaluate("q => getComputedStyle(q).quotes") == '"«\u00a0" "\u00a0»"'
