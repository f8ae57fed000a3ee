"""E-mails as the office and as customers see them, in a real browser."""

import pytest
from playwright.sync_api import expect

from bookings import services
from bookings.states import CancellationKind
from project.notifications import letters
from project.notifications.models import OutgoingMail
from tests.bookings.conftest import only
from tests.browser.test_accessibility import serious

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]
VIEWS = [("light", 1360), ("dark", 1360), ("light", 390), ("dark", 390)]


@pytest.fixture
def mails(rides, staff):
    """Two messages about cancelled rides: one failed, one waits."""
    customer = rides[10].customer
    customer.email, customer.language = "hotel@example.org", "en"
    customer.save()
    services.cancel(
        only(rides[10], rides[11]),
        by=staff["bureau"],
        kind=CancellationKind.LATE,
        reason="Ill",
        billable=True,
        tell=True,
    )
    mails = list(OutgoingMail.objects.order_by("pk"))
    OutgoingMail.objects.filter(pk=mails[0].pk).update(
        state=OutgoingMail.State.FAILED,
        trouble=OutgoingMail.Trouble.BAD_ADDRESS,
        recipient="hotel@example.org",
        subject="Cancelled: your ride",
        error="550 5.1.1 No such user here",
    )
    return mails


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@pytest.mark.parametrize(("scheme", "width"), VIEWS, ids=str)
def test_the_pages_are_fit_for_everyone(signed_in, mails, page, live_server, scheme, width):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 850})
    signed_in()
    found = []
    for path in ("/mails/", "/mails/?state=sent", mails[0].get_absolute_url()):
        page.goto(live_server.url + path)
        found += serious(page)
        assert overflow(page) <= 0, path
    assert found == []


@pytest.mark.parametrize(("scheme", "width"), VIEWS, ids=str)
def test_a_letter_is_fit_for_everyone(mails, page, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 850})
    page.set_content(letters.kind(mails[0].kind).write(mails[0]).html)
    expect(page.locator("h1")).to_have_text("Your ride is cancelled")
    assert serious(page) == []
    assert overflow(page) <= 0


def test_what_failed_is_seen_in_the_menu_and_sent_again_from_its_page(signed_in, mails):
    page = signed_in()
    badge = page.locator("nav.side a .count.alert")
    expect(badge).to_contain_text("1")
    page.locator("nav.side a", has_text="E-mails").click()
    page.get_by_role("link", name="Failed", exact=True).click()
    page.get_by_role("link", name="Cancellation").click()
    expect(page.locator(".notice.error")).to_contain_text("No such user here")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".toast")).to_contain_text("1 e-mail will be sent again.")
    expect(page.locator(".record-head .status")).to_have_text("Waiting")
    expect(badge).to_have_count(0)
