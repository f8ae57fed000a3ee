"""Our files in another office than the one they are named after: opened, and read back equal."""

import csv
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.exchange.asking_for_files import asked_for, fetched
from tests.exchange.test_excel import HOSTILE
from tests.factories import make_booking, make_customer

pytestmark = [pytest.mark.django_db, pytest.mark.libreoffice]
COLUMNS = ["reference", "departure", "passenger", "phone", "passengers", "price", "archived"]
# Comma, quotes, UTF-8, first line, no column formats, English, no quoting of all, as shown: no,
# formulas as formulas: no, then each sheet to a file of its own.
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,false,false,false,false,-1"


@pytest.fixture(scope="session")
def office(tmp_path_factory):
    """Converts a file; the paths of what came, by the name of the sheet."""
    profile = tmp_path_factory.mktemp("profile")

    def convert(path, folder):
        subprocess.run(
            [
                shutil.which("soffice"),
                f"-env:UserInstallation={profile.as_uri()}",
                "--headless",
                *(["--infilter=CSV:44,34,76,1"] if path.suffix == ".csv" else []),
                "--convert-to",
                CSV,
                "--outdir",
                folder,
                path,
            ],
            check=True,
            capture_output=True,
            timeout=180,
        )
        return {each.stem.removeprefix(f"{path.stem}-"): each for each in folder.glob("*.csv")}

    return convert


@pytest.fixture
def sheets(desk, office, tmp_path):
    """The rows of each sheet of an export, as LibreOffice has them."""

    def of(*bookings, suffix="xlsx", **answers):
        export = asked_for(desk, *bookings, format=suffix, **answers)
        path = tmp_path / f"export.{suffix}"
        path.write_bytes(fetched(desk, export))
        out = tmp_path / "out"
        out.mkdir()
        return {
            name: list(csv.reader(each.read_text(encoding="utf-8").splitlines(keepends=True)))
            for name, each in office(path, out).items()
        }

    return of


def rides():
    start = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
    return [
        make_booking(
            customer=make_customer(f"Client {n}"),
            passenger_name=text,
            passenger_phone="0033612345678",
            passenger_count=n + 1,
            price=Decimal("12.50") + n,
            currency="EUR",
            pickup_at=start + timedelta(days=n),
        )
        for n, text in enumerate(HOSTILE)
    ]


def said(text):
    """What a CSV file can say of a text: it has one kind of line break."""
    return text.replace("\r", "\n")


def test_it_opens_our_excel_file_and_has_equal_values(sheets):
    bookings = rides()
    found = sheets(*bookings, columns=COLUMNS, totals="on")
    head, *rows = found["Bookings"]
    assert head == [
        "Reference", "Departure", "Passenger", "Phone", "Passengers", "Price", "Archived",
    ]  # fmt: skip
    assert [[said(cell) for cell in row] for row in rows[: len(bookings)]] == [
        [
            booking.reference,
            f"{booking.pickup_at:%Y-%m-%d %H:%M}:00",
            said(booking.passenger_name),
            "0033612345678",
            str(booking.passenger_count),
            f"{booking.price:f}".rstrip("0").rstrip("."),
            "FALSE",
        ]
        for booking in bookings
    ]
    assert Decimal(rows[-1][5]) == sum(booking.price for booking in bookings)
    assert ["Rows", str(len(bookings))] in found["About this file"]


def test_no_formula_runs_there(sheets):
    """Each of them would show its result: 2, #NAME?, a link's text."""
    bookings = rides()
    found = sheets(*bookings, columns=["passenger"], totals="")["Bookings"]
    assert [said(row[0]) for row in found[1:]] == [said(text) for text in HOSTILE]


def test_no_formula_of_a_csv_file_runs_there_either(sheets):
    bookings = rides()
    [found] = sheets(*bookings, suffix="csv", columns=["passenger"]).values()
    shown = [row[0] for row in found[1:]]
    for text, cell in zip(HOSTILE, shown, strict=True):
        assert said(cell).strip().removeprefix("'").strip() == said(text).strip()


def test_each_group_is_a_sheet_there_too(sheets):
    bookings = rides()[:3]
    found = sheets(*bookings, columns=["customer", "price"], per="customer", totals="on")
    assert set(found) == {"Client 0", "Client 1", "Client 2", "About this file"}
    assert found["Client 1"][1][0] == "Client 1"
