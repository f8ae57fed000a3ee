"""Importing 10,000 bookings against what it takes just to read the file.

The fastest of some runs each, in turn. What was written is read back and compared with the file.
"""

import io
import time
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
import xlsxwriter
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from bookings.models import Booking, BookingLog
from project.exchange.imports import reading, services, writing
from project.exchange.imports.importer import importer_of
from project.exchange.imports.models import Import
from project.exchange.imports.rows import Row
from project.exchange.imports.understanding import understand
from tests.factories import make_customer, make_driver, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 10_000
ROUNDS = 7  # both ways wait for others at times; the more rounds, the rarer in all of one way's
PREVIEW_BAR, WHOLE_BAR, MOST_STATEMENTS = 1.5, 0.8, 25
START = datetime(2027, 1, 1)
TITLES = (
    "Départ",
    "Durée",
    "Client",
    "Passager",
    "Téléphone",
    "E-mail",
    "Passagers",
    "Bagages",
    "Vol ou train",
    "Prise en charge",
    "Destination",
    "Véhicule",
    "Distance",
    "Chauffeur",
    "Prix",
    "Rémunération",
    "Devise",
    "Paiement",
    "Notes pour le chauffeur",
    "Notes pour le bureau",
)


def cells_of(number):
    return (
        START + timedelta(minutes=30 * number),
        60,
        f"Client {number % 200}",
        f"Passager {number}",
        f"+221 77 {number:07d}",
        f"passager{number}@example.org",
        number % 4 + 1,
        number % 3,
        f"AF {number % 900}",
        f"{number % 300} rue Carnot, Dakar",
        f"Hôtel Téranga {number % 80}, Diamniadio",
        "Berline",
        12.5,
        f"Chauffeur {number % 5}" if number % 2 else "",
        35_000,
        20_000,
        "XOF",
        "Impayée",
        "Attendre à la sortie",
        f"Dossier {number % 50}",
    )


def file_of(rows, first=0):
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = book.add_worksheet("Réservations")
    moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    sheet.write_row(0, 0, TITLES)
    for place in range(rows):
        for column, cell in enumerate(cells_of(first + place)):
            if cell != "":
                sheet.write(place + 1, column, cell, *([moment] if column == 0 else []))
    book.close()
    return target.getvalue()


@pytest.fixture
def office(bench):
    call_command("flush", interactive=False, verbosity=0)  # what lists and searches shared
    user = make_user("bench", is_superuser=True)
    for number in range(200):
        make_customer(f"Client {number}")
    for number in range(5):
        make_driver(f"Chauffeur {number}")
    return user


def timed(work, *arguments):
    started = time.perf_counter()
    given = work(*arguments)
    return time.perf_counter() - started, given


def by_openpyxl(data):
    """Just reading the file."""
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    return sum(1 for _row in sheet.iter_rows(values_only=True))


def by_calamine(data):
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    return sheet.to_python(skip_empty_area=False)


def validated(user, found, columns):
    """The cells of a file, as calamine gives them, through all the rules."""
    rows = reading.tabled(found).rows
    item = Import(owner=user, slug="bookings", language="fr", zone="Africa/Dakar", columns=columns)
    understand(item, [Row(number, cells) for number, cells in enumerate(rows[1:], 2)], user=user)


def recognised():
    """The columns of the file, as a preview finds them."""
    item = Import(slug="bookings", file_name="a.xlsx", content=file_of(1))
    services.look(item)
    return item.columns


def take(user, data):
    return services.take(
        importer_of("bookings"), owner=user, name="a.xlsx", data=data, language="fr"
    )


def write(item):
    for number in item.chunks.order_by("number").values_list("number", flat=True):
        writing.write_chunk(item, number)


def test_importing_is_as_fast_as_reading(bench, office):
    rows = ROWS if bench.full else max(bench.rows // 10, 500)
    columns = recognised()
    reads, plain, checks, previews, writes = [], [], [], [], []
    for turn in range(ROUNDS):
        data = file_of(rows, turn * rows)
        reads.append(timed(by_openpyxl, data)[0])
        seconds, found = timed(by_calamine, data)
        plain.append(seconds)
        checks.append(timed(validated, office, found, columns)[0])
        with CaptureQueriesContext(connection) as preview:
            take(office, data).delete()
        before = Booking.objects.count(), BookingLog.objects.count()
        seconds, item = timed(take, office, data)
        previews.append(seconds)
        assert before == (Booking.objects.count(), BookingLog.objects.count())
        assert item.counts() == dict.fromkeys(item.counts(), 0) | {"new": rows}
        writes.append(timed(write, item)[0])
        read_back(rows, turn * rows)
    wholes = [preview + write for preview, write in zip(previews, writes, strict=True)]
    bench.report(
        f"import {rows}: preview / (calamine + validating)",
        min(previews) / (min(plain) + min(checks)),
        PREVIEW_BAR,
    )
    bench.report(f"import {rows}: whole / reading by openpyxl", min(wholes) / min(reads), WHOLE_BAR)
    bench.report("import: statements of a preview", len(preview), MOST_STATEMENTS, always=True)


def read_back(rows, first):
    """What was written is what the file says."""
    fields = ("pickup_at", "customer__name", "passenger_name", "passenger_phone", "driver__name")
    more = ("price", "payout", "distance_km", "office_notes", "status", "version")
    made = Booking.objects.order_by("-pk")[:rows]
    found = list(made.values_list(*fields, *more))[::-1]
    for number, ride in enumerate(found, first):
        cells = cells_of(number)
        assert ride == (
            cells[0].replace(tzinfo=UTC),
            cells[2],
            cells[3],
            cells[4],
            cells[13] or None,
            cells[14],
            cells[15],
            12.5,
            cells[19],
            "pending",
            1,
        )
    assert BookingLog.objects.filter(booking__in=made.values("pk")).count() == rows
    assert Booking.history.filter(id__in=made.values("pk")).count() == rows


def test_its_statements_grow_by_chunk(office):
    counts = []
    for rows in (500, 1_000):
        item = take(office, file_of(rows, 100_000 + 1_000 * rows))
        with CaptureQueriesContext(connection) as queries:
            writing.write_chunk(item, 0)
        counts.append(len(queries))
    assert counts[0] == counts[1]
