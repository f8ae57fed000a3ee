"""What a dialog tells and asks, as the answers come."""

import re

import pytest
from playwright.sync_api import expect

from bookings.models import Booking

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


def test_one_ticks_what_to_change_and_sees_what_becomes_of_it(signed_in, rides, live_server, quiet):
    page = signed_in()
    page.goto(f"{live_server.url}/bookings/{rides[5].reference}/")
    page.locator(".edits summary").click()
    page.get_by_role("button", name="Change some fields").click()
    dialog = page.locator("#dialog")
    price = dialog.locator("#id_price")
    expect(price).to_be_hidden()
    dialog.locator("#id_picked_price").focus()
    page.keyboard.press("Space")
    expect(price).to_be_visible()
    expect(price).to_have_value("35,000")  # what it is now
    expect(dialog.locator("#id_picked_price")).to_be_focused()
    page.keyboard.press("Tab")
    expect(price).to_be_focused()
    price.fill("41000")
    page.keyboard.press("Tab")
    expect(dialog.locator("#foresight ins")).to_have_text(re.compile("41,000"))
    assert Booking.objects.get(pk=rides[5].pk).price == 35_000
    dialog.locator("#dialog-submit").click()
    expect(page.locator(".toast", has_text="1 booking changed")).to_be_visible()
    assert Booking.objects.get(pk=rides[5].pk).price == 41_000


def test_a_fee_is_asked_once_it_is_billable_and_told_to_the_unit(
    signed_in, rides, live_server, quiet
):
    page = signed_in()
    page.goto(f"{live_server.url}/bookings/{rides[5].reference}/")
    page.locator("#buttons button", has_text=re.compile(r"^\s*Cancel\s*$")).click()
    dialog = page.locator("#dialog")
    expect(dialog.locator("#id_fee")).to_be_hidden()
    expect(dialog.locator("#foresight")).to_contain_text("Cancelled")
    dialog.get_by_label("Billable all the same").check()
    expect(dialog.locator("#id_fee")).to_be_visible()
    expect(dialog.locator("#foresight")).to_contain_text("35,000")
    dialog.locator("#id_fee_percent").fill("50")
    page.keyboard.press("Tab")
    expect(dialog.locator("#foresight")).to_contain_text("17,500")
    # Sent by one click, though the field that was left last asks for the counts again.
    dialog.get_by_label("Reason").fill("Storm")
    dialog.locator("#dialog-submit").click()
    expect(page.locator(".toast", has_text="1 booking cancelled")).to_be_visible()
    assert Booking.objects.get(pk=rides[5].pk).fee == 17_500


def test_fields_are_chosen_without_script_too(browser, live_server, staff, rides):
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("input[name=username]", "awa")
    page.fill("input[name=password]", "rule-red-margin-9")
    page.click("main button.primary")
    page.goto(f"{live_server.url}/bookings/{rides[5].reference}/")
    page.locator(".edits summary").click()
    page.get_by_role("button", name="Change some fields").click()
    expect(page.locator("#id_passenger_name")).to_be_hidden()
    page.locator("#id_picked_passenger_name").check()
    page.locator("#id_passenger_name").fill("Fatou Sow")
    page.get_by_role("button", name="Update the counts").click()
    expect(page.locator("#foresight ins")).to_have_text("Fatou Sow")
    page.locator("#dialog-submit").click()
    expect(page.locator(".toast")).to_contain_text("1 booking changed")
    page.close()
