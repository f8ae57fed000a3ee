"""Undoing from the toast, in a real browser, where that changes which page makes sense."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

pytestmark = [pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


def test_a_return_undone_from_its_own_form_leads_back_to_the_ride(signed_in, rides, quiet):
    page = signed_in()
    page.goto(page.url.split("/bookings")[0] + rides[5].get_absolute_url())
    page.locator("#record .menu:not(.edits) summary").click()
    page.get_by_role("button", name=re.compile("^Create return")).click()
    page.fill("#dialog [name=date]", f"{timezone.localdate() + timedelta(days=30)}")
    page.fill("#dialog [name=clock]", "18:15")
    page.locator("#dialog-submit").click()
    page.wait_for_url("**/edit/")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    page.wait_for_url(f"**{rides[5].get_absolute_url()}")
    expect(page.locator(".toast", has_text="1 record is as it was")).to_be_visible()
    expect(page.locator("#changed")).to_have_count(0)
