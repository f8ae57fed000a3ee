"""Our own files, exported and imported again: what nobody touched is as it was."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.urls import reverse
from django.utils import translation

from bookings.states import Status
from project.exchange.columns import sheet_of
from project.exchange.imports import workbooks
from project.exchange.imports.importer import importer_of
from project.exchange.imports.models import Import
from project.exchange.imports.rows import State
from tests.bookings.importing import rows_of, states, take, write
from tests.bookings.posting import text_of
from tests.exchange.asking_for_files import asked_for, fetched, lines_of_csv, values, workbook
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_partner,
    make_round_trip,
)

pytestmark = pytest.mark.django_db(transaction=True)

ALL = [column.name for column in sheet_of("bookings").columns]
LANGUAGES = ("fr", "en")
DAY = datetime(2027, 2, 3, 14, 30, tzinfo=UTC)  # 3/2 and 2/3 are both in the calendar


@pytest.fixture
def rides():
    """What files have trouble with, each day a ride."""
    twins = [make_customer("Hôtel Téranga", email=f"{n}@example.org") for n in range(2)]
    left = [make_driver("Ali Élève", is_active=False) for _ in range(2)]
    former = make_partner("Dakar Transferts", is_active=False)
    make_partner("Dakar Transferts")  # another one, who is not meant
    total = make_customer("Total")
    given = [
        {"customer": twins[0], "driver": left[0], "price": Decimal("35000")},
        {"customer": twins[1], "partner": former, "price": Decimal("12.345"), "currency": "TND"},
        {
            "customer": total,
            "passenger_phone": "+221 77 123 45 67",
            "price": Decimal("9.5"),
            "currency": "EUR",
        },
        {"office_notes": "Une ligne\r\n\r\net une autre\r\n", "driver_notes": "a\nb"},
        {"passenger_name": "'=1+1", "pickup_address": "Chez Jean d'-Arc"},
        {"passenger_name": "A_x0041_B", "pickup_address": '\'t Kofschip; 1,5 "km"'},
        {"passenger_name": "-Œil", "stops": ["Pikine", "=Thiès"], "distance_km": Decimal("12.5")},
        {"status": Status.CANCELLED, "price": Decimal("1000")},
        {"status": Status.COMPLETED, "payout": Decimal("2000"), "transport_number": "007"},
    ]
    made = [
        make_booking(**fields, pickup_at=DAY.replace(day=number), passenger_email="a@example.org")
        for number, fields in enumerate(given, 1)
    ]
    return [*made, *make_round_trip(pickup_at=DAY.replace(day=12), price=Decimal("10000"))]


def exported(boss, gestion, *rides, language="fr", **answers):
    """The bytes of the file that somebody gets whose pages are in this language."""
    gestion.language = language
    gestion.save()
    asked = {"columns": ALL, "totals": "on"} | answers
    return fetched(boss, asked_for(boss, *rides, **asked))


def imported(boss, gestion, data, *, language="fr", name="export.xlsx"):
    """What somebody gets who uploads the file and says nothing of how it is to be read."""
    gestion.language = language
    gestion.save()
    response = boss.post(reverse("imports:new", args=["bookings"]), {"file": named(data, name)})
    assert response.status_code == 302, response.content.decode()
    return Import.objects.latest("created_at")


def named(data, name):
    file = BytesIO(data)
    file.name = name
    return file


def told(item):
    """What is not as it was: [(row, what is wrong, what was there)]."""
    return [
        (row.number, row.errors, row.before)
        for row in rows_of(item)
        if row.state != State.UNCHANGED
    ]


@pytest.mark.parametrize("read", LANGUAGES)
@pytest.mark.parametrize("written", LANGUAGES)
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_file_of_ours_changes_nothing(boss, gestion, rides, kind, written, read):
    data = exported(boss, gestion, *rides, language=written, format=kind)
    item = imported(boss, gestion, data, language=read, name=f"export.{kind}")
    assert told(item) == []
    assert len(states(item)) == len(rides)


@pytest.mark.parametrize("read", LANGUAGES)
def test_a_sheet_of_a_grouped_file_changes_nothing(boss, gestion, rides, read):
    data = exported(boss, gestion, *rides, per="customer")
    item = imported(boss, gestion, data, language=read)
    for sheet in ("Hôtel Téranga", "Total"):  # each with totals of its own
        boss.post(reverse("imports:sheet", args=[item.pk]), {"sheet": sheet})
        item.refresh_from_db()
        assert (item.sheet, told(item)) == (sheet, [])
        assert set(states(item)) == {State.UNCHANGED}


def cells_of(data, kind):
    """The rows of a file of ours, in French, each a list; of the sheet with the records."""
    if kind == "csv":
        return lines_of_csv(data, ";")
    return values(workbook(data).worksheets[0])


def edited(data, kind, changes):
    """The file with other cells: {(row, title): text}, the first row under the titles being 0."""
    lines = cells_of(data, kind)
    if kind == "csv":
        for (row, title), text in changes.items():
            lines[row + 1][lines[0].index(title)] = text
        text = StringIO()
        csv.writer(text, delimiter=";").writerows(lines)
        return text.getvalue().encode()
    book = workbook(data)
    for (row, title), text in changes.items():
        book.worksheets[0].cell(row + 2, lines[0].index(title) + 1).value = text
    target = BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_cells_that_were_changed_in_a_file_of_ours_are_all_that_changes(boss, gestion, rides, kind):
    before = exported(boss, gestion, *rides, format=kind)
    changes = {
        (0, "Bagages"): "3",
        (2, "Téléphone"): "+221 33 800 00 00",
        (3, "Notes pour le bureau"): "Une ligne\net une tout autre",
        (5, "Passager"): "Awa Ndiaye",
    }
    item = imported(boss, gestion, edited(before, kind, changes), name=f"a.{kind}", language="en")
    found = {row.number - 2: (row.errors, list(row.before)) for row in rows_of(item) if row.before}
    assert found == {
        0: ({}, ["luggage"]),
        2: ({}, ["phone"]),
        3: ({}, ["office_notes"]),
        5: ({}, ["passenger"]),
    }
    assert set(write(item).counts().items()) >= {("written", 4), ("unchanged", len(rides) - 4)}
    then, now = cells_of(before, kind), cells_of(exported(boss, gestion, *rides, format=kind), kind)
    differing = {
        (row - 1, then[0][column]): str(cell).removeprefix("'")
        for row, cells in enumerate(now)
        for column, cell in enumerate(cells)
        if cell != then[row][column]
    }
    assert differing == changes


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_sheet_that_only_explains_is_not_said_to_be_left_aside(desk, bureau, customer, language):
    with translation.override(language):
        data = workbooks.template_of(importer_of("bookings"))
    item = take(bureau, data=data, language=language)
    assert "other sheet" not in text_of(desk.get(item.get_absolute_url()))
