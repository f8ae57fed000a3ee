"""What the scripts add on top of pages that work without them."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]
BOXES = "#desk input[name=pk]"
CHOSEN = "#desk tr[aria-selected=true]"
REFRESH = "document.body.dispatchEvent(new Event('bookings-changed'))"
# Whether there are such elements and a click in the middle of each would reach it.
REACHED = """selector => {
    const shown = [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility());
    return shown.length > 0 && shown.every((element) => {
        const box = element.getBoundingClientRect();
        const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return element.contains(hit);
    });
}"""
# How often the rows of the list that is drawn next are gone through.
COUNT_PASSES = """() => {
    window.passes = 0;
    new MutationObserver((changes) => {
        const first = document.querySelector("#desk tr[aria-selected]");
        window.passes += changes.filter(({ target }) => target === first).length;
    }).observe(document, { subtree: true, attributeFilter: ["aria-selected"] });
}"""


def test_shift_selects_all_rows_between(signed_in, rides, quiet):
    page = signed_in()
    page.locator(BOXES).nth(1).click()
    page.locator(BOXES).nth(4).click(modifiers=["Shift"])
    expect(page.locator(CHOSEN)).to_have_count(4)
    page.locator(BOXES).nth(2).click(modifiers=["Shift"])
    expect(page.locator(CHOSEN)).to_have_count(1)


def test_what_is_selected_stays_so_when_the_list_is_redrawn(signed_in, rides, quiet):
    page = signed_in()
    page.locator(BOXES).nth(2).click()
    with page.expect_response(lambda response: "/bookings/" in response.url):
        page.evaluate(REFRESH)
    expect(page.locator(CHOSEN)).to_have_count(1)
    expect(page.locator("[data-count]")).to_contain_text("1")


def test_the_rows_of_a_list_that_is_redrawn_are_gone_through_once(signed_in, rides, quiet):
    """Its many small parts settle one by one: a pass for each held the page for a second."""
    page = signed_in()
    page.locator(BOXES).nth(2).click()
    page.evaluate(COUNT_PASSES)
    page.fill("input[type=search]", "awa")
    page.wait_for_url("**q=awa**")
    page.wait_for_function("document.querySelector('#desk tr[aria-selected=true]')")
    page.wait_for_function("!document.querySelector('.htmx-settling, [aria-busy=true]')")
    assert page.evaluate("window.passes") == 1


def test_all_that_match_is_left_with_its_filter(signed_in, rides, quiet):
    page = signed_in()
    page.locator("[data-select-page]").check()
    page.locator("[data-select-all]").click()
    expect(page.locator("[data-count]")).to_contain_text("60")
    page.fill("input[type=search]", rides[7].reference)
    expect(page.locator(BOXES)).to_have_count(1)
    expect(page.locator("#desk input[name=all]")).to_have_value("")


def test_escape_closes_the_dialog_first_and_then_clears_the_selection(signed_in, rides, quiet):
    page = signed_in()
    page.locator(BOXES).nth(5).click()
    button = page.locator("[data-bar] button", has_text="Cancel").first
    button.click()
    expect(page.locator("#dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).not_to_be_visible()
    expect(button).to_be_focused()
    expect(page.locator(CHOSEN)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(CHOSEN)).to_have_count(0)
    expect(page.locator("[data-bar]")).not_to_be_visible()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda route: route.abort(), "No connection"),
        (lambda route: route.fulfill(status=403), "permission"),
        (lambda route: route.fulfill(status=404), "no longer exists"),
        (lambda route: route.fulfill(status=500), "went wrong"),
    ],
    ids=["offline", "403", "404", "500"],
)
def test_what_went_wrong_on_the_way_is_said(signed_in, rides, answer, words):
    page = signed_in()
    page.locator(BOXES).nth(5).click()
    page.route("**/actions/**", answer)
    page.locator("[data-bar] button", has_text="Cancel").first.click()
    toast = page.locator(".toast.error")
    expect(toast).to_contain_text(words)
    toast.locator("[data-dismiss]").click()
    expect(toast).to_have_count(0)


@pytest.mark.parametrize("width", [1360, 390])
def test_a_toast_leaves_every_control_within_reach(signed_in, rides, quiet, width):
    page = signed_in()
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(reduced_motion="reduce")
    page.locator(BOXES).nth(5).click()
    page.locator("[data-bar] button", has_text="Assign").first.click()
    page.get_by_role("combobox", name="partner").press_sequentially("sahel")
    page.get_by_role("option", name="Sahel Cars").click()
    page.locator("#dialog-submit").click()
    expect(page.locator(".toast")).to_be_visible()
    expect(page.locator("#dialog")).not_to_be_visible()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_function(REACHED, arg="#pager a")
    page.locator(BOXES).nth(49).click()
    page.wait_for_function(REACHED, arg="[data-bar] > button")
    page.wait_for_function(REACHED, arg=".toast :is(a, button)")


def test_a_toast_stays_while_a_pointer_or_the_focus_is_in_it(signed_in, rides, quiet):
    page = signed_in()
    page.clock.install()
    page.reload()
    page.locator(BOXES).nth(0).click()
    page.locator("[data-bar] button", has_text="Archive").first.click()
    page.locator("#dialog-submit").click()
    toast = page.locator(".toast")
    toast.hover()
    toast.locator("a").focus()
    page.mouse.move(0, 0)
    page.clock.fast_forward(60_000)
    expect(toast).to_be_visible()
    toast.hover()
    page.locator("input[type=search]").focus()
    page.clock.fast_forward(60_000)
    expect(toast).to_be_visible()
    page.mouse.move(0, 0)
    page.clock.fast_forward(60_000)
    expect(toast).to_have_count(0)


def test_a_session_that_ended_leads_to_the_sign_in_and_back(signed_in, rides, context):
    page = signed_in()
    context.clear_cookies()
    page.fill("input[type=search]", "awa")
    page.wait_for_url("**/accounts/login/?next=**")
    expect(page.locator(".leaf input[name=next]")).to_have_value("/bookings/")


def test_counts_that_come_late_do_not_take_back_what_was_typed(signed_in, rides, live_server):
    page = signed_in()
    page.goto(live_server.url + rides[5].get_absolute_url())
    page.locator("summary[aria-label='More actions']").click()
    page.locator("#buttons").get_by_role("button", name="Create return").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    held = []
    page.route(
        "**/actions/bookings/return/",
        lambda route: route.continue_() if held else held.append(route),
    )
    with page.expect_request("**/actions/bookings/return/"):
        dialog.get_by_label("Another price").check()  # asks for the counts anew
    dialog.get_by_label("Other price", exact=True).fill("15000")
    with page.expect_response("**/actions/bookings/return/"):  # the second, with what was typed
        held[0].continue_()
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(dialog.get_by_label("Other price", exact=True)).to_have_value("15000")
    expect(dialog.get_by_label("Another price")).to_be_checked()
