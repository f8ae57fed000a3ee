"""What a dialog tells and asks, as the answers come."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bookings.models import Booking
from tests.factories import make_booking, make_driver

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def payable(staff):
    """A ride that somebody drives, with a payout of 20,000 agreed."""
    return make_booking(by=staff["bureau"], driver=make_driver(), price=35_000, payout=20_000)


def open_change(page, live_server, ride):
    page.goto(f"{live_server.url}/bookings/{ride.reference}/")
    page.locator(".edits summary").click()
    page.get_by_role("button", name="Change some fields").click()
    dialog = page.locator("#dialog")
    expect(dialog.locator("#id_picked_price")).to_be_visible()
    return dialog


def test_one_ticks_what_to_change_and_sees_what_becomes_of_it(signed_in, rides, live_server, quiet):
    page = signed_in()
    dialog = open_change(page, live_server, rides[5])
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
    expect(dialog.locator("#id_reason")).to_be_visible()
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


def test_what_is_selected_stays_so_as_the_counts_come(signed_in, rides, live_server, quiet):
    """A field that was reached by Tab is typed over, whenever its dialog is filled anew."""
    page = signed_in()
    dialog = open_change(page, live_server, rides[5])
    price = dialog.locator("#id_price")
    asked = []
    page.route("**/actions/**", lambda route: asked.append(route))
    dialog.locator("#id_picked_price").focus()
    with page.expect_request("**/actions/**"):
        page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(price).to_be_focused()
    former = price.element_handle()
    with page.expect_response("**/actions/**"):
        asked.pop().continue_()
    expect(page.locator(".htmx-request")).to_have_count(0)
    assert not former.evaluate("each => each.isConnected")
    expect(price).to_be_focused()
    page.keyboard.type("41000")
    expect(price).to_have_value("41000")


def test_enter_in_a_field_sends_the_dialog(signed_in, rides, live_server, quiet):
    page = signed_in()
    page.goto(f"{live_server.url}/bookings/{rides[5].reference}/")
    page.locator("#buttons button", has_text=re.compile(r"^\s*Cancel\s*$")).click()
    page.locator("#dialog").get_by_label("Reason").fill("Storm")
    page.keyboard.press("Enter")
    expect(page.locator(".toast", has_text="1 booking cancelled")).to_be_visible()
    assert Booking.objects.get(pk=rides[5].pk).cancellation_reason == "Storm"


def open_payout(page, live_server, ride):
    page.goto(f"{live_server.url}/bookings/{ride.reference}/")
    page.locator("#buttons .menu summary").last.click()
    page.get_by_role("button", name="Validate payout").click()
    dialog = page.locator("#dialog")
    expect(dialog.locator("#id_amount")).to_be_focused()
    return dialog


def test_what_was_just_typed_is_sent_by_one_click(signed_in, payable, live_server, quiet):
    """Though the counts depend on it, and are told anew before."""
    page = signed_in("gestion")
    dialog = open_payout(page, live_server, payable)
    page.evaluate("window.isStillThere = true")
    page.keyboard.type("12000")
    dialog.locator("#dialog-submit").click()
    expect(page.locator(".toast", has_text="Payout of 1 booking validated")).to_be_visible()
    assert page.evaluate("window.isStillThere")
    payable.refresh_from_db()
    assert payable.settled_amount == 12_000


def test_a_button_that_has_just_come_does_what_it_is_for(signed_in, payable, live_server, quiet):
    page = signed_in("gestion")
    open_payout(page, live_server, payable)
    page.evaluate(
        """() => {
            window.isStillThere = true;
            const press = () => document.getElementById("dialog-submit").click();
            document.addEventListener("htmx:afterSwap", () => setTimeout(press), { once: true });
        }"""
    )
    page.keyboard.type("12000")
    page.keyboard.press("Tab")
    expect(page.locator(".toast", has_text="Payout of 1 booking validated")).to_be_visible()
    assert page.evaluate("window.isStillThere")


def test_what_was_just_typed_is_not_sent_where_it_makes_a_difference(
    signed_in, payable, live_server, quiet
):
    page = signed_in("gestion")
    dialog = open_payout(page, live_server, payable)
    page.keyboard.type("120000")
    page.keyboard.press("Enter")
    expect(dialog.locator(".refused")).to_contain_text("above the agreed payout")
    payable.refresh_from_db()
    assert payable.settled_amount is None


@pytest.mark.parametrize("typed", ["abc", "-4"])
def test_what_is_wrong_is_said_once_it_is_typed_and_once_it_is_sent(
    signed_in, payable, live_server, typed
):
    page = signed_in("gestion")
    dialog = open_payout(page, live_server, payable)
    page.keyboard.type(typed)
    page.keyboard.press("Tab")
    expect(dialog.locator(".invalid-feedback")).to_be_visible()
    expect(dialog.locator("#preview")).to_contain_text("Correct what is wrong")
    dialog.locator("#id_amount").fill("")
    dialog.locator("#id_amount").press_sequentially(typed)
    with page.expect_response(lambda response: response.status == 422):
        page.keyboard.press("Enter")
    expect(dialog.locator("#id_amount")).to_be_focused()
    expect(dialog.locator(".invalid-feedback")).to_be_visible()


def test_after_a_refusal_the_counts_go_on(signed_in, payable, live_server):
    page = signed_in("gestion")
    dialog = open_payout(page, live_server, payable)
    page.keyboard.type("-4")
    with page.expect_response(lambda response: response.status == 422):
        page.keyboard.press("Enter")
    expect(dialog.locator(".invalid-feedback")).to_be_visible()
    dialog.locator("#id_amount").fill("12000")
    page.keyboard.press("Tab")
    expect(dialog.locator(".invalid-feedback")).to_have_count(0)
    expect(dialog.locator("#foresight")).to_contain_text("12,000")
    dialog.locator("#dialog-submit").click()
    expect(page.locator(".toast", has_text="Payout of 1 booking validated")).to_be_visible()


def test_enter_counts_again_where_nothing_can_be_sent(signed_in, payable, live_server, quiet):
    page = signed_in("gestion")
    dialog = open_payout(page, live_server, payable)
    page.keyboard.type("999999")
    page.keyboard.press("Tab")
    expect(dialog.locator(".refused")).to_contain_text("above the agreed payout")
    expect(dialog.locator("#dialog-submit")).to_be_disabled()
    dialog.locator("#id_amount").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("12000")
    page.keyboard.press("Enter")
    expect(dialog.locator("#foresight")).to_contain_text("12,000")
    expect(dialog.locator("#dialog-submit")).to_be_enabled()
    expect(dialog.locator("#id_amount")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".toast", has_text="Payout of 1 booking validated")).to_be_visible()


@pytest.mark.parametrize("key", ["Enter", "Tab", None])
def test_a_choice_from_a_list_is_counted_at_once(signed_in, rides, live_server, quiet, key):
    page = signed_in()
    page.goto(f"{live_server.url}/bookings/{rides[5].reference}/")
    page.locator("#buttons button", has_text="Assign").click()
    dialog = page.locator("#dialog")
    dialog.get_by_role("combobox", name="driver").press_sequentially("ousm")
    option = dialog.get_by_role("option", name="Ousmane Sarr")
    expect(option).to_be_visible()
    page.keyboard.press(key) if key else option.click()
    expect(dialog.locator("#foresight ins")).to_have_text("Ousmane Sarr")
    expect(dialog.locator("#dialog-submit")).to_be_enabled()


def test_a_driver_who_is_taken_is_given_in_spite_of_it_with_a_reason(
    signed_in, staff, live_server, quiet
):
    driver, at = make_driver("Ousmane Sarr"), timezone.now() + timedelta(days=2)
    make_booking(by=staff["bureau"], driver=driver, pickup_at=at)
    ride = make_booking(by=staff["bureau"], pickup_at=at + timedelta(minutes=5))
    page = signed_in("gestion")
    page.goto(f"{live_server.url}/bookings/{ride.reference}/")
    page.locator("#buttons button", has_text="Assign").click()
    dialog = page.locator("#dialog")
    dialog.get_by_role("combobox", name="driver").press_sequentially("ousm")
    dialog.get_by_role("option", name="Ousmane Sarr").click()
    expect(dialog.locator("#dialog-submit")).to_be_disabled()
    dialog.locator("#id_override").check()
    dialog.locator("#id_override_reason").fill("They ride together")
    page.keyboard.press("Tab")
    expect(dialog.locator("#dialog-submit")).to_be_enabled()
    dialog.locator("#dialog-submit").click()
    expect(page.locator(".toast", has_text="1 booking assigned")).to_be_visible()
    ride.refresh_from_db()
    assert ride.driver == driver


def test_no_field_and_no_button_moves_as_the_counts_come(signed_in, rides, live_server, quiet):
    page = signed_in()
    page.set_viewport_size({"width": 1366, "height": 850})
    page.goto(f"{live_server.url}/bookings/{rides[5].reference}/")
    page.locator("#buttons .menu summary").last.click()
    page.get_by_role("button", name="Create return").click()
    dialog = page.locator("#dialog")
    clock, submit = dialog.locator("#id_clock"), dialog.locator("#dialog-submit")
    expect(clock).to_be_visible()
    dialog.evaluate("each => Promise.all(each.getAnimations().map(({finished}) => finished))")
    # The next day: at whatever hour this runs, the ride is over by then.
    day = f"{rides[5].pickup_at + timedelta(days=1):%Y-%m-%d}"
    dialog.locator("#id_date").evaluate("(field, day) => { field.value = day }", day)
    before = clock.bounding_box()["y"], submit.bounding_box()["y"], dialog.bounding_box()["height"]
    clock.fill("23:30")
    page.keyboard.press("Tab")
    expect(dialog.locator("#foresight")).to_be_visible()
    assert dialog.bounding_box()["height"] > before[2] + 40
    assert clock.bounding_box()["y"] == pytest.approx(before[0], abs=1)
    assert submit.bounding_box()["y"] == pytest.approx(before[1], abs=1)
    assert dialog.bounding_box()["y"] >= 0
