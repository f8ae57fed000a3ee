"""Files that LibreOffice writes, and a round through it: only what was changed there changes."""

import csv as text
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bookings.models import Booking
from project.exchange.columns import sheet_of
from project.exchange.imports.rows import State
from tests.bookings.importing import rows_of, states, take, write
from tests.exchange.asking_for_files import asked_for, fetched
from tests.exchange.imports.files import workbook
from tests.factories import make_booking, make_driver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.libreoffice]

ALL = [column.name for column in sheet_of("bookings").columns]
TITLES = [
    "Référence",
    "Départ",
    "Client",
    "Passager",
    "Téléphone",
    "Chauffeur",
    "Prix",
    "Distance",
    "Arrêts",
]


def converted(path, kind, folder):
    """What LibreOffice makes of a file, in a folder of its own: a path."""
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{folder / 'profile'}",
            "--headless",
            "--convert-to",
            kind,
            "--outdir",
            str(folder / "out"),
            str(path),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return folder / "out" / f"{path.stem}.{kind.partition(':')[0]}"


def cells_of(ride):
    """A booking as a row of a file."""
    return [
        ride.reference,
        ride.pickup_at.replace(tzinfo=None),
        ride.customer.name,
        ride.passenger_name,
        ride.passenger_phone,
        ride.driver.name if ride.driver else "",
        ride.price,
        ride.distance_km,
        "\n".join(ride.stops),
    ]


@pytest.fixture
def rides(customer):
    start = datetime(2026, 12, 31, 14, 30, tzinfo=UTC)
    ali = make_driver("Ali Élève")
    return [
        make_booking(
            customer=customer,
            pickup_at=start + timedelta(hours=3 * number),
            passenger_name=f"Œil {number}",
            passenger_phone="0771234567",
            price=Decimal(35000 + number),
            distance_km=Decimal("12.5"),
            driver=ali if number % 2 else None,
            stops=["Pikine", "Thiès"] if number == 2 else [],
        )
        for number in range(5)
    ]


# Separated by semicolons, in UTF-8, cells as they are shown: dates the American way, unasked.
CSV = "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true,false"


@pytest.mark.parametrize(("kind", "month_first"), [("xlsx", False), (CSV, True)])
def test_what_libreoffice_saves_changes_nothing(bureau, rides, tmp_path, kind, month_first):
    path = tmp_path / "courses.xlsx"
    path.write_bytes(workbook(TITLES, *map(cells_of, rides)))
    saved = converted(path, kind, tmp_path)
    item = take(bureau, name=saved.name, data=saved.read_bytes(), month_first=month_first)
    assert states(item) == [State.UNCHANGED] * 5, [row.errors for row in rows_of(item)]


def test_our_own_file_saved_by_libreoffice_changes_nothing(boss, gestion, rides, tmp_path):
    path = tmp_path / "export.xlsx"
    path.write_bytes(fetched(boss, asked_for(boss, *rides, totals="on", columns=ALL)))
    saved = converted(path, "xlsx", tmp_path)
    assert saved.read_bytes() != path.read_bytes()
    item = take(gestion, name=saved.name, data=saved.read_bytes())
    assert states(item) == [State.UNCHANGED] * 5, [row.errors for row in rows_of(item)]


def test_a_cell_changed_on_the_way_is_all_that_changes(gestion, rides, tmp_path):
    rows = [cells_of(ride) for ride in rides]
    rows[1][6], rows[2][4], rows[3][5] = 40000, "0777654321", ""
    path = tmp_path / "courses.xlsx"
    path.write_bytes(workbook(TITLES, *rows))
    saved = converted(path, "xlsx", tmp_path)
    before = {ride.pk: Booking.objects.filter(pk=ride.pk).values().get() for ride in rides}
    item = take(gestion, name=saved.name, data=saved.read_bytes())
    assert [row.before for row in rows_of(item)] == [
        {},
        {"price": "35001"},
        {"phone": "0771234567"},
        {},
        {},
    ]
    write(item)
    for ride in rides:
        now = Booking.objects.filter(pk=ride.pk).values().get()
        differing = {name for name, value in now.items() if value != before[ride.pk][name]}
        differing -= {"version", "updated_at", "search_text"}
        changed = {rides[1].pk: {"price"}, rides[2].pk: {"passenger_phone"}}
        assert differing == changed.get(ride.pk, set())


def test_the_rows_in_error_open_in_libreoffice(desk, bureau, customer, tmp_path):
    titles = ["Départ", "Client", "Passager", "Téléphone", "Prise en charge", "Destination"]
    cells = ["31/12/2026 14:30", "Personne", "=1+1", "0771234567", "Diass", "Dakar"]
    item = take(bureau, data=workbook(titles, cells))
    path = tmp_path / "errors.xlsx"
    path.write_bytes(desk.get(f"/imports/{item.pk}/errors/").content)
    lines = converted(path, CSV, tmp_path).read_text(encoding="utf-8").splitlines()
    row = next(text.reader(lines[1:], delimiter=";"))
    assert "0771234567" in row
    assert "Customer: Nobody is called Personne." in row
