"""The list of imports, and those that are taken from it before anything is written."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings.models import Booking
from project.exchange.imports import services
from project.exchange.imports.models import Chunk, Import
from project.jobs.worker import Worker
from tests.asking import toasts
from tests.bookings.importing import row_for, take
from tests.bookings.importing import undo as undone
from tests.bookings.importing import write as written
from tests.exchange.imports.files import workbook
from tests.factories import make_booking, make_user

pytestmark = pytest.mark.django_db


def text_of(response):
    return response.content.decode()


def page(client, item):
    return client.get(item.get_absolute_url())


def test_the_list_shows_how_far_each_import_is(desk, bureau, customer):
    for name in ("one.xlsx", "two.xlsx", "three.xlsx"):
        take(bureau, row_for(), row_for("Personne"), name=name)
    shown = text_of(desk.get("/imports/"))
    assert shown.index("three.xlsx") < shown.index("two.xlsx") < shown.index("one.xlsx")
    assert "Import: Bookings" in shown


def test_the_list_tells_what_each_import_did_and_by_whom(desk, bureau, customer):
    there = make_booking(customer=customer)
    rows = [row_for(), row_for("Personne"), {"Référence": there.reference, "Passager": "Autre"}]
    whole = {**row_for(), "Référence": "", "Passager": ""}
    item = take(bureau, *({**whole, **row} for row in (*rows[:2], row_for(**rows[2]))))
    waiting = in_list(desk)
    written(item)
    assert ["Bookings", str(bureau)] == waiting[1:3]
    assert waiting[4:9] == ["Rows to check", "", "", "2", "1"]
    assert in_list(desk)[4:9] == ["Written", "1", "1", "", "1"]


def test_a_card_says_which_number_is_which(desk, bureau, customer):
    """On a phone a row is a card, without the heads of columns."""
    there = make_booking(customer=customer)
    row = {**row_for(), "Référence": ""}
    rows = [row, {**row, "Client": "Personne"}, {**row, "Référence": there.reference}]
    item = take(bureau, *rows)
    assert cards(desk)[5:9] == ["", "", "To write 2", "In error 1"]
    written(item)
    assert cards(desk)[5:9] == ["Created 1", "Changed 1", "", "In error 1"]


def in_list(client):
    """The texts of the cells of the first import in the list."""
    return cards(client, but=r'<span class="in-card">.*?</span>')


def cards(client, but="^$"):
    """The same on a phone: with what is said there alone, `but` for what matches."""
    row = re.sub(but, "", text_of(client.get("/imports/")).split("<tr>")[2])
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]


def test_the_list_takes_as_many_statements_for_many(desk, bureau, customer):
    counts = []
    for _ in range(2):
        take(bureau, row_for())
        with CaptureQueriesContext(connection) as statements:
            desk.get("/imports/")
        counts.append(len(statements))
    assert counts[0] == counts[1]


# ------------------------------------------------------------------------------------- discard
def test_an_import_of_which_nothing_was_written_is_discarded_when_confirmed(desk, bureau, customer):
    item = take(bureau, row_for())
    url = reverse("imports:discard", args=[item.pk])
    assert url in text_of(desk.get("/imports/")) and url in text_of(page(desk, item))
    assert "courses.xlsx" in text_of(desk.get(url)) and Import.objects.exists()
    response = desk.post(url)
    assert (response.url, toasts(response)) == (
        "/imports/",
        ["Import of “courses.xlsx” discarded."],
    )
    assert not Import.objects.exists() and not Chunk.objects.exists()


def test_one_whose_columns_are_not_matched_yet_is_discarded_too(desk, bureau, customer):
    item = take(bureau, data=workbook(["A", "B"], ["1", "2"]))
    url = reverse("imports:discard", args=[item.pk])
    assert url in text_of(page(desk, item))
    desk.post(url)
    assert not Import.objects.exists()


def test_an_import_that_wrote_is_never_discarded(desk, bureau, customer):
    item = written(take(bureau, row_for()))
    url = reverse("imports:discard", args=[item.pk])
    assert url not in text_of(desk.get("/imports/")) and url not in text_of(page(desk, item))
    assert toasts(desk.post(url)) == ["Rows of this import are written: undo it instead."]
    undone(item)
    assert url not in text_of(desk.get("/imports/"))
    assert toasts(desk.post(url)) == ["This import was undone."]
    assert Import.objects.exists()


def test_an_import_that_is_being_written_is_not_discarded(desk, bureau, customer):
    item = take(bureau, row_for())
    services.confirm(item)
    url = reverse("imports:discard", args=[item.pk])
    assert url not in text_of(desk.get("/imports/"))
    desk.post(url)
    Worker().drain()
    assert Booking.objects.count() == 1 and Import.objects.exists()


def test_only_its_owner_discards_an_import_or_who_may(desk, bureau, customer):
    item = take(make_user("autre", is_superuser=True), row_for())
    url = reverse("imports:discard", args=[item.pk])
    assert desk.post(url).status_code == 404
    bureau.user_permissions.add(Permission.objects.get(codename="view_import"))
    assert url not in text_of(page(desk, item))
    assert desk.post(url).status_code == 403
    bureau.user_permissions.add(Permission.objects.get(codename="delete_import"))
    assert url in text_of(page(desk, item))
    desk.post(url)
    assert not Import.objects.exists()
