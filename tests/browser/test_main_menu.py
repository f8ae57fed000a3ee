"""The main menu at a laptop's height, where it is longer than the window."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("size", [(1366, 850), (1366, 480), (390, 700)])
def test_the_users_menu_opens_in_view_however_far_the_sections_are_scrolled(signed_in, size, quiet):
    page = signed_in("gestion")
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    if width < 1200:
        page.locator(".topbar [popovertarget=side]").click()
    name = page.locator("#side .user summary")
    expect(name).to_be_in_viewport(ratio=1)
    page.locator("#side li").last.scroll_into_view_if_needed()
    before = name.bounding_box()
    name.click()
    for label in ("My profile", "Sign out"):
        expect(page.locator(".user .menu-list", has_text=label)).to_be_visible()
        expect(page.locator(".user").get_by_text(label)).to_be_in_viewport(ratio=1)
    assert name.bounding_box() == before


def test_all_sections_can_be_reached_beside_the_open_menu(signed_in, quiet):
    page = signed_in("gestion")
    page.set_viewport_size({"width": 1366, "height": 850})
    page.locator("#side .user summary").click()
    last = page.locator("#side li").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport(ratio=1)
