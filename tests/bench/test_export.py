"""An Excel file of many rows against openpyxl writing the same cells: write-only, with lxml.

Both write the same values to a file on the disk, ours from the database and openpyxl from memory;
the fastest of three runs each counts. What ours wrote is read back by another library and compared
with the database. Memory is that of a process of its own (the anonymous part: what SQLite maps of
its file is the kernel's cache, not ours), over what it takes before it writes.
"""

import json
import os
import subprocess
import sys
import time
from datetime import date, datetime
from datetime import time as clock
from decimal import Decimal
from functools import partial

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from python_calamine import CalamineWorkbook

from bookings.models import Booking
from bookings.seed import seed_bookings
from project.exchange import exporting, xlsx
from project.exchange.columns import Kind, sheet_of
from project.exchange.formats import Content
from project.exchange.models import Export
from project.exchange.reading import rows
from tests.factories import make_customer, make_driver, make_partner, make_user

pytestmark = pytest.mark.django_db(transaction=True)

COLUMNS = 15
BAR = 1.3
MOST_MEGABYTES = {"postgresql": 60, "sqlite": 120}
SAME = 8  # megabytes that ten times the rows may take more: texts remembered, keys of the log
# Run in a process of its own: writes the file of an export, tells how much memory that took.
WRITE = """
import json, sys, threading, django
django.setup()
from pathlib import Path
from project.exchange import exporting, xlsx
from project.exchange.models import Export

def megabytes():
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024

def watch():
    global highest
    while not done.wait(0.01):
        highest = max(highest, megabytes())

export = Export.objects.select_related("owner", "batch").get(pk=sys.argv[1])
idle = highest = megabytes()
done = threading.Event()
watcher = threading.Thread(target=watch)
watcher.start()
exporting.write(export)
done.set()
watcher.join()
print(json.dumps(highest - idle))
"""


@pytest.fixture
def population(bench):
    """(user, number of rows): 100,000 bookings, or a tenth of what is asked for."""
    call_command("flush", interactive=False, verbosity=0)
    user = make_user("bench", is_superuser=True)
    for _ in range(50):
        make_customer()
        make_driver()
        make_partner()
    total = 100_000 if bench.full else max(bench.rows // 10, 2_000)
    seed_bookings(total, seed=1)
    return user, Booking.objects.count()


def columns():
    return sheet_of("bookings").chosen()[:COLUMNS]


def logged(user, records, sort=""):
    """The export of these records, their list sorted so, as the action leaves it, its file not yet
    written."""
    outcome = exporting.deliver(
        "bookings.export",
        records,
        by=user,
        format="xlsx",
        columns=[column.name for column in columns()],
        totals=True,
        sort=sort,
    )
    return Export.objects.select_related("owner", "batch").get(batch=outcome.batch)


def by_openpyxl(path, table):
    """The same cells: real dates, numbers with their formats, as its documentation has it."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Bookings")
    sheet.append([str(column.title) for column in columns()])
    for row in table:
        sheet.append([cell_of(sheet, value) for value in row])
    book.save(path)


def cell_of(sheet, value):
    if isinstance(value, datetime | Decimal):
        cell = WriteOnlyCell(sheet, value)
        cell.number_format = "dd/mm/yyyy hh:mm" if isinstance(value, datetime) else "#,##0"
        return cell
    return value


def plainly_by_openpyxl(path, table):
    """The same values without any format of ours: as fast as openpyxl can be."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Bookings")
    for row in table:
        sheet.append(row)
    book.save(path)


def fastest(*works):
    """The seconds that each took when it was fastest; they take turns, so that each meets the same
    weather."""
    times = [[] for _work in works]
    for _ in range(3):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return [min(taken) for taken in times]


def table_of(records):
    """What has to be in the file, made by hand of the rows that the database has."""
    zone = timezone.get_current_timezone()
    kinds = [column.kind for column in columns()]
    labels = [dict(column.choices) for column in columns()]
    table = []
    for row in rows(records, columns(), sheet_of("bookings").order):
        cells = list(row)
        for place, kind in enumerate(kinds):
            if kind is Kind.MOMENT:
                cells[place] = cells[place].astimezone(zone).replace(tzinfo=None)
            elif kind is Kind.CHOICE:
                cells[place] = str(labels[place][cells[place]])
        table.append(cells)
    return table


def comparable(value):
    """calamine has '' where nothing is, floats for numbers, and days for moments at midnight."""
    if isinstance(value, int | float | Decimal):
        return float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, clock.min)
    return "" if value is None else value


def test_excel_takes_no_longer_than_openpyxl_alone(bench, population, tmp_path):
    user, total = population
    export = logged(user, Booking.objects.all())
    content = Content(export, exporting.records_of(export))
    path = tmp_path / "ours.xlsx"

    def ours():
        with path.open("wb") as file:
            xlsx.write(content, file)

    with CaptureQueriesContext(connection) as statements:
        ours()
    data = [query for query in statements if "bookings_booking" in query["sql"]]
    assert len(data) == 1
    table = table_of(Booking.objects.all())
    assert len(table) == total

    found = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[1 : total + 1]
    assert [[comparable(cell) for cell in row] for row in found] == [
        [comparable(cell) for cell in row] for row in table
    ]
    del found

    taken, same, plain = fastest(
        ours,
        partial(by_openpyxl, tmp_path / "same.xlsx", table),
        partial(plainly_by_openpyxl, tmp_path / "plain.xlsx", table),
    )
    name = f"Excel file of {total} × {COLUMNS}: openpyxl"
    bench.report(f"{name}, same cells", taken / same, BAR)
    bench.report(f"{name}, bare values", taken / plain, BAR)


def test_its_memory_does_not_grow_with_the_rows(bench, population, files):
    user, total = population
    few = logged(user, Booking.objects.filter(pk__in=Booking.objects.order_by("pk")[: total // 10]))
    many = logged(user, Booking.objects.all(), sort="-price")  # by no index of the departures
    taken = {export.rows: megabytes_of(export) for export in (few, many)}
    most = MOST_MEGABYTES[connection.vendor]
    for number, megabytes in taken.items():
        bench.report(f"megabytes for {number} rows, of {most}", megabytes / most, 1)
    more = taken[many.rows] - taken[few.rows]
    bench.report(f"megabytes more for ten times the rows, of {SAME}", more / SAME, 1)


def megabytes_of(export):
    given = connection.settings_dict
    url = f"sqlite:///{given['NAME']}"
    if connection.vendor == "postgresql":
        where = f"{given['HOST']}:{given['PORT'] or 5432}"
        url = f"postgres://{given['USER']}:{given['PASSWORD']}@{where}/{given['NAME']}"
    done = subprocess.run(
        [sys.executable, "-c", WRITE, str(export.pk)],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "DEBUG": "true",
        },
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    export.refresh_from_db()
    assert export.size
    return json.loads(done.stdout)
