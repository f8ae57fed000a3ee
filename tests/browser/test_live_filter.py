"""The filter at work in a browser: as one types, back again, and in a race with a sort."""

import re

from playwright.sync_api import expect


def matching(page, count):
    expect(page.locator("#matching")).to_have_text(re.compile(rf"^{count}\b"))


def test_typing_narrows_the_list_and_the_address_says_so(rides, signed_in):
    page = signed_in()
    matching(page, 60)
    page.fill("input[name=q]", rides[17].reference)
    matching(page, 1)
    expect(page).to_have_url(re.compile(rf"\?q={rides[17].reference}&period=upcoming$"))
    expect(page.locator("input[name=q]")).to_be_focused()


def test_back_and_reload_show_what_the_address_says(rides, signed_in):
    page = signed_in()
    page.fill("input[name=q]", rides[17].reference)
    matching(page, 1)
    page.reload()
    matching(page, 1)
    expect(page.locator("input[name=q]")).to_have_value(rides[17].reference)
    page.go_back()
    matching(page, 60)
    expect(page.locator("input[name=q]")).to_have_value("")


def test_the_error_of_a_field_comes_and_goes_with_the_list(rides, signed_in):
    page = signed_in()
    page.locator("#filters summary").last.click()
    page.fill("textarea[name=references]", f"{rides[5].reference} R-99-000001")
    page.press("textarea[name=references]", "Tab")
    expect(page.locator("#filter-error-references")).to_have_text("Unknown: R-99-000001.")
    expect(page.locator("tr[data-pk]")).to_have_count(1)
    page.fill("textarea[name=references]", "")
    page.press("textarea[name=references]", "Tab")
    expect(page.locator("#filter-error-references")).to_have_text("")
    matching(page, 60)


def test_a_sort_asked_for_while_the_filter_is_under_way_wins(rides, signed_in):
    """Leaving the field asks once more for the filter; that answer must not undo the sort."""
    page = signed_in()
    page.focus("input[name=q]")
    page.keyboard.type("Ndiaye")
    expect(page).to_have_url(re.compile(r"q=Ndiaye"))
    page.click("th a:has-text('Price')")
    expect(page).to_have_url(re.compile(r"sort=price"))
    expect(page.locator("input[name=sort][form=filters]")).to_have_value("price")
    page.locator("#filters summary").first.click()
    page.check("#filters input[value=confirmed]")
    matching(page, 57)
    expect(page).to_have_url(re.compile(r"q=Ndiaye&period=upcoming&status=confirmed&sort=price$"))


def test_a_chip_is_taken_out_of_the_list_and_the_form(rides, signed_in):
    page = signed_in()
    page.fill("input[name=q]", rides[17].reference)
    matching(page, 1)
    page.click(f".chip:has-text('{rides[17].reference}') a")
    matching(page, 60)
    expect(page.locator("input[name=q]")).to_have_value("")
