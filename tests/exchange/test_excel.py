"""What an Excel file says: real dates and numbers, in the order asked, and nothing that runs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from openpyxl import Workbook
from openpyxl.worksheet import _writer as openpyxl_writer
from python_calamine import CalamineWorkbook

from bookings import payouts, services
from bookings.models import Booking
from bookings.states import Status
from project.directory.models import Customer
from project.exchange import exporting, reading, xlsx, xlsx_rows
from project.exchange.columns import Column, Kind, sheet_of
from project.exchange.layout import is_total
from project.sqlite import value_of
from tests.asking import act, picked
from tests.bookings.conftest import only
from tests.exchange.asking_for_files import EXPORT, asked_for, fetched, values, workbook
from tests.factories import make_booking, make_customer, make_driver, make_partner

pytestmark = pytest.mark.django_db
ALL = [column.name for column in sheet_of("bookings").columns]
HOSTILE = [
    "=1+1",
    "+221 77 123 45 67",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("http://x.example","y")',
    "#N/A",
    " two spaces ",
    "a & b < c > d",
    'quoted "text"',
    "line\nbreak",
    "émoji 🚕 ünï",
]


def first_sheet(client, *bookings, **answers):
    return workbook(fetched(client, asked_for(client, *bookings, **answers))).worksheets[0]


def about(book):
    return {label: value for label, value in values(book.worksheets[1])}


def test_what_a_file_says_of_itself_is_printed_whole(desk):
    export = asked_for(desk, make_booking(price=1), totals="on")
    facts = workbook(fetched(desk, export)).worksheets[1]
    assert facts.sheet_properties.pageSetUpPr.fitToPage
    assert (facts.page_setup.fitToHeight, facts.page_setup.paperSize) == (0, 9)
    heights = {
        label.value: (facts.row_dimensions[label.row].height, len(str(value.value)))
        for label, value in facts.iter_rows()
    }
    assert heights["File"][0] == 15
    height, letters = heights["Totals"]
    assert letters > 80 and height == 30


# -------------------------------------------------------------------------------------- cells
def test_each_kind_of_value_is_what_it_is(desk, settings):
    settings.TIME_ZONE = "Europe/Paris"
    booking = make_booking(
        pickup_at=datetime(2026, 7, 1, 20, 30, tzinfo=UTC),
        duration_minutes=90,
        passenger_phone="0033612345678",
        passenger_count=3,
        distance_km=Decimal("52.5"),
        price=Decimal("1234.50"),
        currency="EUR",
        stops=["Colobane", "Médina"],
        driver=make_driver("Ousmane Sarr"),
    )
    sheet = first_sheet(desk, booking, columns=ALL)
    heads = [cell.value for cell in sheet[1]]
    row = dict(zip(heads, sheet[2], strict=True))
    said = {head: cell.value for head, cell in row.items()}
    assert said["Departure"] == datetime(2026, 7, 1, 22, 30)  # local, not UTC
    assert row["Departure"].number_format == "yyyy-mm-dd hh:mm"
    assert (said["Duration (min)"], said["Passengers"]) == (90, 3)
    assert (said["Price"], row["Price"].number_format) == (1234.5, "#,##0.00")
    assert (said["Distance (km)"], said["Currency"]) == (52.5, "EUR")
    assert said["Phone"] == "0033612345678"
    assert said["Stops"] == "Colobane\nMédina"
    assert (said["Driver"], said["Partner"]) == ("Ousmane Sarr", None)
    assert (said["Status"], said["Archived"]) == ("Pending", False)


def test_an_amount_has_the_decimals_of_its_currency(desk):
    now = datetime(2026, 7, 1, tzinfo=UTC)
    bookings = [
        make_booking(price=Decimal(price), currency=currency, pickup_at=now + timedelta(days=n))
        for n, (price, currency) in enumerate([("35000", "XOF"), ("9.9", "EUR"), ("1.125", "TND")])
    ]
    sheet = first_sheet(desk, *bookings, columns=["price"])
    cells = [sheet.cell(row, 1) for row in (2, 3, 4)]
    assert [cell.value for cell in cells] == [35000, 9.9, 1.125]
    assert [cell.number_format for cell in cells] == ["#,##0", "#,##0.00", "#,##0.000"]


def test_a_day_is_a_date_and_words_are_in_the_users_language(desk, bureau, gestion):
    booking = make_booking(status="completed", payout=20000)
    day = date(2026, 7, 2)
    payouts.settle(only(booking), by=gestion, date=day)
    bureau.language = "fr"
    bureau.save()
    sheet = first_sheet(desk, booking, columns=["status", "settled_on", "archived"])
    assert [cell.value for cell in sheet[1]] == ["Statut", sheet["B1"].value, sheet["C1"].value]
    assert sheet["A2"].value == "Terminée"
    assert sheet["B2"].value == datetime(2026, 7, 2) and sheet["B2"].number_format == "dd/mm/yyyy"


def test_texts_that_look_like_formulas_stay_texts(desk):
    bookings = [
        make_booking(
            passenger_name=text, pickup_at=datetime(2026, 7, 1, tzinfo=UTC) + timedelta(days=n)
        )
        for n, text in enumerate(HOSTILE)
    ]
    data = fetched(desk, asked_for(desk, *bookings, columns=["passenger"], totals=""))
    sheet = workbook(data).worksheets[0]
    cells = [sheet.cell(row, 1) for row in range(2, len(HOSTILE) + 2)]
    assert [cell.value for cell in cells] == HOSTILE
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [
        text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in HOSTILE
    ]
    # Another library than the one that wrote it.
    rows = CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == HOSTILE


def test_a_formula_behind_a_sign_that_is_left_out_stays_a_text(desk):
    booking = make_booking(passenger_name="\x01=1+1", office_notes="\x0b@SUM(A1)")
    columns = ["passenger", "office_notes"]
    sheet = workbook(fetched(desk, asked_for(desk, booking, columns=columns))).worksheets[0]
    assert [(cell.value, cell.quotePrefix) for cell in sheet[2]] == [
        ("=1+1", True),
        ("@SUM(A1)", True),
    ]


def test_control_characters_are_left_out_and_endless_texts_cut(desk):
    booking = make_booking(office_notes="a\x0bb\x01c\ufffe" + "x" * 40_000)
    sheet = first_sheet(desk, booking, columns=["office_notes"])
    text = sheet["A2"].value
    assert text.startswith("abcxxx")
    assert len(text) == 32_767 and text.endswith("…")


def test_a_date_that_excel_has_no_number_for_is_a_text():
    column = Column(name="day", title="Day", fields=("day",), kind=Kind.DAY)
    assert cell_of(column, date(1812, 6, 1)) == "1812-06-01"
    assert cell_of(column, date(1999, 6, 1)) == datetime(1999, 6, 1)


def cell_of(column, value):
    """What the cell of this column says in a file of one row."""
    layout = SimpleNamespace(columns=(column,), reader=reading.Reader((column,)))
    book = Workbook(write_only=True)
    sheet = xlsx_rows.add_sheet(book, "One")
    rows = xlsx_rows.Rows(sheet, layout)
    sheet.append(["head"])
    rows.append((value,))
    stream = BytesIO()
    book.save(stream)
    return workbook(stream.getvalue()).worksheets[0]["A2"].value


# ----------------------------------------------------------------------------------- the sheet
def test_the_heading_stays_in_sight_with_a_filter_and_widths(desk):
    bookings = [make_booking() for _ in range(3)]
    sheet = first_sheet(desk, *bookings, columns=["reference", "pickup"], totals="")
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B4"
    assert sheet.column_dimensions["B"].width == 32
    assert sheet["A1"].font.b and sheet.print_title_rows == "$1:$1"


def test_the_columns_are_those_asked_for_in_their_order(desk):
    booking = make_booking(passenger_name="Awa", price=35000)
    sheet = first_sheet(desk, booking, columns=["price", "passenger", "reference"], totals="")
    assert values(sheet) == [
        ["Price", "Passenger", "Reference"],
        [35000, "Awa", booking.reference],
    ]


def test_rows_are_in_the_order_of_departure(desk):
    late, early = (make_booking(pickup_at=datetime(2026, 7, day, tzinfo=UTC)) for day in (2, 1))
    sheet = first_sheet(desk, late, early, columns=["reference"], totals="")
    assert values(sheet)[1:] == [[early.reference], [late.reference]]


def test_totals_stand_apart_under_the_table_by_currency(desk):
    for price, currency, km in ((35000, "XOF", "1.5"), (5000, "XOF", None), ("9.90", "EUR", "2")):
        make_booking(price=price, currency=currency, distance_km=km and Decimal(km))
    sheet = first_sheet(
        desk, *Booking.objects.all(), columns=["reference", "price", "distance"], totals="on"
    )
    assert values(sheet)[4:] == [
        [None, None, None],
        ["Total EUR", 9.9, 3.5],
        ["Total XOF", 40000, None],
    ]
    assert sheet.auto_filter.ref == "A1:C4"  # the totals are neither sorted nor filtered


def test_totals_have_their_label_where_each_column_is_summed(desk):
    for currency in ("XOF", "EUR"):
        make_booking(price=50, payout=20, currency=currency)
    sheet = first_sheet(desk, *Booking.objects.all(), columns=["price", "payout"], totals="on")
    assert values(sheet)[-2:] == [[50, 20, "Total EUR"], [50, 20, "Total XOF"]]


@pytest.mark.parametrize(
    ("cells", "total"),
    [
        (["Total EUR", 9.9], True),
        (["", "Total XOF", 5], True),
        ([5, 3, "Total XOF"], True),
        (["Total", 3.5], True),
        (["R-26-000001", "Total EUR"], False),
        (["Total Energies", 5], False),
        (["Total", "2027-02-03 14:30:00", "Awa Ndiaye"], False),  # a customer
        (["Total XOF", "", "35 000,00"], True),  # saved as text
        (["", None, 5], False),
    ],
)
def test_a_total_is_known_when_it_is_read_back(cells, total):
    assert is_total(cells) is total


def test_a_ride_that_did_not_take_place_adds_its_fee_and_not_its_price(desk):
    done = make_booking(price=1000)
    cancelled = make_booking(price=2000, status=Status.CANCELLED)
    billed = make_booking(price=4000, status=Status.NO_SHOW, billable=True, fee=Decimal(500))
    columns = ["reference", "price", "fee"]
    book = workbook(
        fetched(desk, asked_for(desk, done, cancelled, billed, columns=columns, totals="on"))
    )
    *rows, _empty, total = values(book.worksheets[0])[1:]
    assert {row[1] for row in rows} == {1000, 2000, 4000}
    assert total == ["Total XOF", 1000, 500]
    assert "are left out" in about(book)["Totals"]


def test_the_second_sheet_says_what_the_file_is(desk, bureau):
    bureau.first_name, bureau.last_name = "Awa", "Diop"
    bureau.save()
    export = asked_for(desk, make_booking(), make_booking())
    book = workbook(fetched(desk, export))
    facts = about(book)
    assert book.sheetnames == ["Bookings", "About this file"]
    assert facts["File"] == "Export 2 bookings"
    assert facts["Filter"] == "Picked one by one"
    assert (facts["Rows"], facts["User"]) == (2, "Awa Diop")
    assert facts["Time zone"] == "Africa/Dakar (UTC+00:00)"
    assert str(export.created_at.year) in facts["Written"]


# ---------------------------------------------------------------------------------- grouped
@pytest.fixture
def three_customers():
    start = datetime(2026, 7, 1, tzinfo=UTC)
    made = []
    for n, name in enumerate(
        ["Zinc", "Àlpha/Beta: [Hôtel] de la Très Longue Corniche", "Zinc", "'"]
    ):
        customer = Customer.objects.filter(name=name).first()
        made.append(
            make_booking(
                customer=customer or make_customer(name),
                pickup_at=start + timedelta(days=40 * n),
                price=1000 * (n + 1),
            )
        )
    return made


def test_each_customer_has_a_sheet_with_totals(desk, three_customers):
    export = asked_for(
        desk, *three_customers, columns=["customer", "price"], per="customer", totals="on"
    )
    book = workbook(fetched(desk, export))
    names = [name for name in book.sheetnames if name != "About this file"]
    assert sorted(names) == sorted(["Zinc", "Àlpha Beta   Hôtel  de la Très L"[:31].strip(), "—"])
    assert all(len(name) <= 31 for name in names)
    assert values(book["Zinc"]) == [
        ["Customer", "Price"],
        ["Zinc", 1000],
        ["Zinc", 3000],
        [None, None],
        ["Total XOF", 4000],
    ]


def test_each_month_has_a_sheet_in_order_and_in_local_time(desk, settings, three_customers):
    settings.TIME_ZONE = "Pacific/Auckland"
    edge = make_booking(pickup_at=datetime(2026, 7, 31, 13, tzinfo=UTC))  # 1 August there
    export = asked_for(desk, *three_customers, edge, columns=["reference"], per="month", totals="")
    book = workbook(fetched(desk, export))
    months = [name for name in book.sheetnames if name != "About this file"]
    assert months == ["July 2026", "August 2026", "September 2026", "October 2026"]
    assert [edge.reference] in values(book["August 2026"])


@pytest.mark.parametrize(("per", "make"), [("customer", make_customer), ("driver", make_driver)])
def test_sheets_stand_in_the_order_of_the_directory(desk, per, make):
    names = ["Aïcha", "Awa", "Élodie", "Moussa", "ndeye", "Youssouf"]
    # Two of one name have a sheet each, their rides as they come one after the other.
    people = [make(name) for name in [*reversed(names), "Awa"]]
    rides = [make_booking(**{per: each}) for each in people * 2]
    export = asked_for(desk, *rides, columns=["reference"], per=per, totals="")
    found = [name for name in workbook(fetched(desk, export)).sheetnames if "About" not in name]
    assert found == [*names[:2], "Awa (2)", *names[2:]]


def test_rides_without_a_driver_have_a_sheet_of_their_own(desk):
    given = make_booking(driver=make_driver("Ousmane"))
    loose, partner = make_booking(), make_booking(partner=make_partner())
    export = asked_for(desk, given, loose, partner, columns=["reference"], per="driver", totals="")
    book = workbook(fetched(desk, export))
    assert len(values(book["Without driver"])) == 3
    assert book.sheetnames[0] == "Ousmane", book.sheetnames
    assert values(book["Ousmane"])[1:] == [[given.reference]]


def test_two_of_one_name_are_two_sheets_and_names_never_clash():
    names = xlsx.Names()
    long = "x" * 40
    given = [names.give(name) for name in ("Awa", "AWA", "awa", long, long, "History", "", "?*[]")]
    assert len({name.casefold() for name in given}) == len(given)
    assert all(1 <= len(name) <= 31 for name in given)
    assert given[:3] == ["Awa", "AWA (2)", "awa (3)"]
    assert "History" not in given


def test_the_name_of_a_sheet_is_as_long_as_excel_counts_it():
    names = xlsx.Names()
    given = [names.give("🚐" * 31), names.give("🚐" * 31)]
    assert given == ["🚐" * 15, "🚐" * 13 + " (2)"]


def test_more_sheets_than_a_file_has_are_refused_at_the_field(desk, monkeypatch):
    for module in ("forms", "xlsx"):
        monkeypatch.setattr(f"project.exchange.{module}.MOST_SHEETS", 3)
    bookings = [make_booking(driver=make_driver(f"Awa {number}")) for number in range(3)]
    book = workbook(fetched(desk, asked_for(desk, *bookings, per="driver")))
    assert book.sheetnames == ["Awa 0", "About this file", "Awa 1", "Awa 2"]
    loose = make_booking()  # a fourth, of nobody
    data = picked(*bookings, loose) | {"per": "driver"}
    response = act(desk, EXPORT, data | {"format": "xlsx"})
    assert response.status_code == 422
    refused = str(response.context["form"].errors["per"])
    assert "4 sheets" in refused and "at most 3" in refused
    assert act(desk, EXPORT, data | {"format": "csv"}).status_code == 302


def test_two_customers_of_one_name_have_a_sheet_each(desk):
    one, other = (make_customer("Hôtel", email=f"{n}@example.org") for n in range(2))
    bookings = [make_booking(customer=customer) for customer in (one, other, one)]
    export = asked_for(desk, *bookings, columns=["reference"], per="customer", totals="")
    book = workbook(fetched(desk, export))
    assert book.sheetnames == ["Hôtel", "About this file", "Hôtel (2)"]
    assert [len(values(book[name])) for name in ("Hôtel", "Hôtel (2)")] == [3, 2]


def test_more_rows_than_a_sheet_has_go_on_in_another(desk, monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_ROWS", 12 + 3)
    bookings = [make_booking(price=100) for _ in range(5)]
    export = asked_for(desk, *bookings, columns=["reference", "price"], totals="on")
    book = workbook(fetched(desk, export))
    assert book.sheetnames == ["Bookings", "About this file", "Bookings (2)", "Bookings (3)"]
    references = [
        row[0]
        for name in ("Bookings", "Bookings (2)", "Bookings (3)")
        for row in values(book[name])[1:]
        if str(row[0]).startswith("R-")
    ]
    assert sorted(references) == sorted(booking.reference for booking in bookings)
    assert values(book["Bookings (3)"])[-1] == ["Total XOF", 500]  # of all, where they end


# ------------------------------------------------------------------------------- how it is read
@pytest.mark.parametrize("per", ["", "customer", "driver", "month"])
def test_the_data_is_one_statement_however_many_rows(desk, per, bureau):
    for _ in range(3):
        make_booking()
    counts = []
    for _ in range(2):
        export = asked_for(desk, *Booking.objects.all(), columns=ALL, per=per)
        with CaptureQueriesContext(connection) as statements:
            exporting.write(export)
        counts.append(len(statements))
        services.duplicate(Booking.objects.all(), by=bureau, date=date(2026, 8, 1))
    data = [query for query in statements.captured_queries if "bookings_booking" in query["sql"]]
    assert counts[0] == counts[1]
    assert len([query for query in data if query["sql"].startswith(("SELECT", "DECLARE"))]) == 1


def test_rows_are_the_values_of_the_columns():
    booking = make_booking(stops=["Colobane"], price=100)
    columns = sheet_of("bookings").chosen(["stops", "reference", "price", "archived"])
    [row] = reading.rows(Booking.objects.all(), columns)
    assert row == ["Colobane", booking.reference, Decimal(100), False]


def test_rows_come_whole_and_in_order_over_many_chunks(bureau, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 3)
    for _ in range(8):
        make_booking()
    columns = sheet_of("bookings").chosen(["reference"])
    got = [row[0] for row in reading.rows(Booking.objects.all(), columns, order=("-pk",))]
    assert got == list(Booking.objects.order_by("-pk").values_list("reference", flat=True))


def test_nothing_half_written_is_left_beside(desk):
    before = list(openpyxl_writer.ALL_TEMP_FILES)
    asked_for(desk, make_booking())
    assert before == openpyxl_writer.ALL_TEMP_FILES


def test_titles_are_in_the_readers_language(desk, bureau):
    bureau.language = "fr"
    bureau.save()
    with translation.override("fr"):
        book = workbook(fetched(desk, asked_for(desk, make_booking())))
    assert book.sheetnames[0] == "Réservations"


@pytest.mark.django_db(transaction=True)
def test_a_large_sort_leaves_sqlite_as_it_was(bureau):
    if connection.vendor != "sqlite":
        assert list(sorting(connection)) == []
        return
    before = list(sorting(connection))
    make_booking()
    with CaptureQueriesContext(connection) as statements:
        list(reading.rows(Booking.objects.all(), sheet_of("bookings").chosen()))
    asked = [query["sql"] for query in statements]
    assert "PRAGMA temp_store = 1" in asked
    assert list(sorting(connection)) == before


def sorting(connection):
    """What SQLite sorts with; nothing elsewhere."""
    if connection.vendor == "sqlite":
        for name in ("temp_store", "cache_size"):
            yield value_of(connection, name)
