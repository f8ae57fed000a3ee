"""The job that office staff do all day, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from bookings.models import Booking
from bookings.states import Status

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


def test_filter_select_all_matching_cancel_and_undo(signed_in, rides, quiet):
    page = signed_in()
    page.fill("input[type=search]", "teranga")
    expect(page).to_have_url(re.compile("q=teranga"))
    page.locator("[data-select-page]").check()
    expect(page.locator("[data-bar]")).to_be_visible()
    page.locator("[data-select-all]").click()
    expect(page.locator("[data-count]")).to_contain_text("60")

    page.locator("[data-bar] button", has_text=re.compile(r"^\s*Cancel\s*$")).click()
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("already cancelled")
    expect(dialog.locator("#dialog-submit")).to_have_text("Cancel 57 bookings")
    dialog.get_by_label("Reason").fill("Harmattan")
    dialog.locator("#dialog-submit").click()

    toast = page.locator(".toast", has_text="57 bookings cancelled")
    expect(toast).to_contain_text("3 refused")
    expect(dialog).not_to_be_visible()
    expect(page.locator("#desk .status-cancelled").first).to_be_visible()
    expect(page.locator("#desk .status-confirmed")).to_have_count(0)
    assert Booking.objects.filter(status=Status.CANCELLED).count() == 60

    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text="57 records are as they were")).to_be_visible()
    expect(page.locator("#desk .status-confirmed").first).to_be_visible()
    assert Booking.objects.filter(status=Status.CANCELLED).count() == 3


def test_the_filter_survives_reload_and_the_back_button(signed_in, rides, quiet):
    page = signed_in()
    rows = page.locator("#desk tbody tr[data-pk]")
    expect(rows).to_have_count(50)
    page.fill("input[type=search]", rides[7].reference)
    expect(rows).to_have_count(1)
    page.reload()
    expect(rows).to_have_count(1)
    expect(page.locator("input[type=search]")).to_have_value(rides[7].reference)
    rows.first.locator("a").first.click()
    page.wait_for_url(f"**/{rides[7].reference}/")
    page.go_back()
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(rides[7].reference))


def test_by_keyboard_alone(signed_in, rides, quiet):
    page = signed_in()
    page.keyboard.press("/")
    expect(page.locator("input[type=search]")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    for key in ("j", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("[data-count]")).to_contain_text("1")
    selected = page.locator("tr[aria-selected=true]")
    expect(selected).to_have_count(1)
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.wait_for_url("**/bookings/new/")


def test_a_driver_is_found_by_typing_and_an_overlap_is_told(signed_in, rides, quiet):
    page = signed_in("gestion")
    page.fill("input[type=search]", "teranga")
    expect(page).to_have_url(re.compile("q=teranga"))
    rows = page.locator("#desk tbody tr[data-pk]")
    for index in (5, 6):
        rows.nth(index).locator("input").check()
    page.locator("[data-bar] button", has_text="Assign").first.click()
    dialog = page.locator("#dialog")
    dialog.get_by_role("combobox", name="Driver").press_sequentially("sarr")
    dialog.get_by_role("option", name="Ousmane Sarr").click()
    expect(dialog.locator("#dialog-submit")).to_have_text("Assign 2 bookings")
    dialog.locator("#dialog-submit").click()
    expect(page.locator(".toast", has_text="2 bookings assigned")).to_be_visible()
    expect(rows.nth(5)).to_contain_text("Ousmane Sarr")


def test_a_recap_opens_and_its_button_copies(signed_in, rides, context, quiet):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = signed_in()
    page.goto(page.url.split("/bookings")[0] + f"/bookings/{rides[5].reference}/")
    page.locator("#record .menu:not(.edits) summary").click()
    page.get_by_role("button", name="Text recap").click()
    text = page.locator("#recap")
    expect(text).to_contain_text(rides[5].reference)
    page.locator("#dialog [data-copy]").click()
    expect(page.locator("#dialog [data-copy]")).not_to_have_text("Copy")
    assert rides[5].reference in page.evaluate("navigator.clipboard.readText()")


def test_without_scripts_the_main_job_works_too(browser, live_server, staff, rides):
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("input[name=username]", "awa")
    page.fill("input[name=password]", "rule-red-margin-9")
    page.click("main button.primary")
    page.fill("input[type=search]", rides[9].reference)
    page.click("#filters button.apply")
    row = page.locator("#desk tbody tr[data-pk]")
    expect(row).to_have_count(1)
    row.locator("input").check()
    page.locator("[data-bar] button", has_text=re.compile(r"^\s*Cancel\s*$")).click()
    page.get_by_label("Reason").fill("By hand")
    page.locator("#dialog-submit").click()
    expect(page.locator(".toast")).to_contain_text("1 booking cancelled")
    context.close()
    rides[9].refresh_from_db()
    assert rides[9].status == Status.CANCELLED
