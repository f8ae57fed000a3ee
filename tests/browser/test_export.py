"""An export from the list to the saved file, by hand."""

import pytest
from playwright.sync_api import expect

from project.ui.models import NamedFilter
from tests.browser.test_accessibility import serious
from tests.exchange.asking_for_files import values, workbook

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]
TICKED = "[data-columns] input[name=columns]:checked"


@pytest.fixture
def dialog(signed_in, rides):
    return opened(signed_in())


def opened(page):
    page.locator(".of-filter button", has_text="Export").click()
    expect(page.locator("#dialog-submit")).to_be_visible()
    return page


def order(page):
    return page.locator(TICKED).evaluate_all("boxes => boxes.map(box => box.value)")


def test_the_file_comes_by_itself_in_the_columns_order(quiet, dialog):
    page = dialog
    page.locator("#up-departure").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#up-departure")).to_be_focused()
    assert order(page)[:2] == ["departure", "reference"]
    with page.expect_download() as download:
        page.click("#dialog-submit")
    expect(page.locator("#dialog #file")).to_be_visible()
    with open(download.value.path(), "rb") as file:
        rows = values(workbook(file.read()).worksheets[0])
    assert rows[0][:2] == ["Departure", "Reference"]
    assert download.value.suggested_filename.startswith("bookings-")
    assert len([row for row in rows if str(row[1]).startswith("R-")]) == 60


def test_the_filter_is_changed_on_the_spot_and_stays_unfolded(quiet, dialog):
    page = dialog
    page.locator("#change-filter summary").click()
    page.locator("#change-filter").get_by_label("Cancelled").check()
    expect(page.locator("#dialog-submit")).to_have_text("Export 3 bookings")
    expect(page.locator("#change-filter")).to_have_attribute("open", "")


def test_choices_are_kept_and_taken_again(quiet, dialog):
    page = dialog
    page.locator("#down-reference").click()
    page.locator("#keep summary").click()
    page.fill("[name=keep-name]", "For the bank")
    page.locator("#keep button").click()
    expect(page.locator("#keep")).to_contain_text("Saved as “For the bank”")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).not_to_be_visible()
    opened(page)
    assert order(page)[0] == "reference"
    named = NamedFilter.objects.get()
    page.select_option("[name=saved]", str(named.pk))
    expect(page.locator("[name=taken]")).to_have_value(str(named.pk))
    assert order(page)[:2] == ["departure", "reference"]


def test_saved_filters_are_at_hand_on_the_list(signed_in, rides, staff, quiet):
    NamedFilter.objects.create(
        owner=staff["bureau"], slug="bookings", name="Off", query="period=any&status=cancelled"
    )
    page = signed_in()
    page.locator(".of-filter summary").click()
    page.locator("#saved a", has_text="Off").click()
    expect(page.locator("#desk input[name=pk]")).to_have_count(3)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1360), ("dark", 1360), ("light", 390)])
def test_nothing_of_it_has_a_serious_violation(dialog, live_server, scheme, width):
    page = dialog
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 850})
    page.locator("#change-filter summary").click()
    page.locator("#keep summary").click()
    found = serious(page)
    with page.expect_download():
        page.click("#dialog-submit")
    expect(page.locator("#dialog #file")).to_be_visible()
    found += serious(page)
    page.goto(live_server.url + "/filters/bookings/?query=period%3Dany%26status%3Dcancelled")
    found += serious(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert found == []
