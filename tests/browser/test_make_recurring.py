"""A ride made recurring in a browser: the list follows the rule, and what it shows is made."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bookings.models import Series
from tests.factories import make_round_trip

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


def test_the_list_follows_the_rule_and_is_what_is_made(signed_in, rides, live_server, quiet):
    page = signed_in()
    page.goto(f"{live_server.url}/bookings/{rides[5].reference}/")
    page.locator(".edits summary").click()
    page.get_by_role("link", name="Make recurring").click()
    counts = page.locator("#occurrences-counts")
    expect(counts).to_contain_text("9 rides will be created.")
    expect(page.locator(".monthly")).to_be_hidden()

    page.select_option("[name=frequency]", "DAILY")
    expect(page.locator("#occurrences-title")).to_have_text("Every day, 10 times")
    expect(page.locator(".weekly")).to_be_hidden()
    third = page.locator(".days input[type=checkbox]").nth(2)
    left_out = third.get_attribute("value")
    third.uncheck()
    expect(counts).to_contain_text("8 rides will be created.")
    expect(counts).to_contain_text("1 day is left out.")
    expect(page.locator(f"#day-{left_out}")).to_be_focused()  # the keyboard stays where it was

    page.fill("[name=count]", "")
    page.keyboard.press("Tab")
    expect(page.locator("#occurrences [role=alert]")).to_be_visible()
    page.fill("[name=count]", "6")
    page.keyboard.press("Tab")
    expect(counts).to_contain_text("4 rides will be created.")
    page.get_by_role("button", name="Create the rides").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Every day, 6 times")
    expect(page.locator("#rides tbody tr")).to_have_count(5)
    assert Series.objects.get().excluded == [left_out]


def test_it_works_without_script(browser, live_server, rides):
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("input[name=username]", "awa")
    page.fill("input[name=password]", "rule-red-margin-9")
    page.click("main button.primary")
    page.goto(f"{live_server.url}/bookings/{rides[5].reference}/repeat/")
    page.select_option("[name=frequency]", "MONTHLY")
    page.fill("[name=count]", "3")
    page.get_by_role("button", name="Update the list").click()
    expect(page.locator("#occurrences-counts")).to_contain_text("2 rides will be created.")
    page.get_by_role("button", name="Create the rides").click()
    expect(page.locator("#rides tbody tr")).to_have_count(3)
    page.close()


def test_the_days_follow_the_segment_that_recurs(signed_in, staff, live_server, quiet):
    leaves = timezone.now() + timedelta(days=3)
    inbound = {"pickup_at": leaves + timedelta(days=2)}
    out, back = make_round_trip(by=staff["bureau"], pickup_at=leaves, inbound=inbound)
    page = signed_in()
    page.goto(f"{live_server.url}/bookings/{back.reference}/repeat/")
    title, ticked = page.get_by_role("heading", level=1), page.locator("[name=weekdays]:checked")
    for box, ride, recurring in (
        (True, out, f"{out.reference} ⇄ {back.reference}"),
        (False, back, back.reference),
        (True, out, f"{out.reference} ⇄ {back.reference}"),
    ):
        page.set_checked("#id_both", box)
        expect(title).to_have_text(f"Make {recurring} recurring")
        expect(ticked).to_have_count(1)
        expect(ticked).to_have_value(str(ride.pickup_at.weekday()))
        expect(page.locator("#occurrences [role=alert]")).to_have_count(0)
    expect(page.locator("#id_both")).to_be_focused()
