"""What a file holds beside what a row needs: nothing of it is lost or taken for something else."""

import io
from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest

from bookings.states import PaymentState
from project.exchange.cells import cleaned
from project.exchange.imports.models import Import
from project.exchange.imports.rows import State
from project.exchange.imports.services import correct, match, refresh
from tests.bookings.importing import errors, row_for, rows_of, states, take, write
from tests.exchange.imports.files import csv, workbook
from tests.factories import make_booking

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ride(customer):
    return make_booking(
        customer=customer,
        pickup_at=datetime(2026, 12, 31, 14, 30, tzinfo=UTC),
        passenger_phone="+221 77 123 45 67",
        office_notes="Fenêtre",
    )


@pytest.mark.parametrize(
    ("titles", "cells", "left_out"),
    [
        (["Prix", "Remarque"], [1, "VIP"], ["Remarque (G)"]),
        (["Prix", "Prix"], [1, 2], ["Prix (G)"]),
        (["Prix", ""], [1, "0771234567"], ["G"]),
        (["Remarque", "Prix", "Prix", ""], ["", 1, " ", ""], []),
        (["Statut", "Créée le", "Ce qui ne va pas (reste)"], ["Confirmée", "", "x"], []),
    ],
)
def test_no_column_that_holds_something_is_left_out_unasked(
    bureau, customer, titles, cells, left_out
):
    row = row_for()
    item = take(bureau, data=workbook([*row, *titles], [*row.values(), *cells]))
    stage = Import.Stage.MATCHING if left_out else Import.Stage.READY
    assert item.stage == stage
    assert [title.removeprefix("colonne ").removeprefix("column ") for title in item.left_out] == (
        left_out
    )


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
def test_an_error_in_a_cell_empties_no_field(bureau, ride, name):
    rows = [["Référence", "Téléphone", "Notes pour le bureau"], [ride.reference, "#N/A", "#REF!"]]
    data = workbook(*rows) if name == "a.xlsx" else csv(*rows)
    item = take(bureau, data=data, name=name, clears=True)
    assert states(item) == [State.ERROR]
    assert "(#REF!)" in errors(item)[0]["office_notes"]
    assert list(errors(item)[0]) == ["phone", "office_notes"]


def test_a_formula_without_a_result_empties_no_field(bureau, ride):
    data = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["Référence", "Téléphone"])
    book.active.append([ride.reference, "=VLOOKUP(A2,B:C,2)"])
    book.save(data)
    item = take(bureau, data=data.getvalue(), clears=True)
    assert states(item) == [State.ERROR]
    assert list(errors(item)[0]) == ["phone"]


def cut(bureau, ride, *rows, titles="Référence;Prix;Téléphone;Remarque", **options):
    """What of a file of text, without an end behind its last row, is wrong."""
    second = make_booking(customer=ride.customer, price=Decimal("5000"), passenger_phone="1")
    named = (row.format(ride.reference, second.reference) for row in rows)
    item = take(bureau, data="\n".join([titles, *named]).encode(), name="a.csv", **options)
    if item.names and item.stage == Import.Stage.MATCHING:
        match(item, [name for _title, name in item.columns], **options)
    return item


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        (["{0};3"], [["phone"]]),  # of 35000
        (["{0};35000;0771234567;x", "{1};3"], [[], ["phone"]]),
        (["{0};35000;0771234567;x", "{1};35000;07712345"], [[], ["phone"]]),
        (["{0};35000;0771234567;x", "{1};35000;0771234567;"], [[], []]),
        (["{0};35000", "{1};35000;0771234567;x"], [[], []]),
        (["{0};35000", "{1};35000"], [[], []]),
        (["{0};35000;0771234567;x", "{1};3", ""], [[], []]),
    ],
)
def test_a_last_row_that_is_cut_short_is_in_error(bureau, ride, rows, wrong):
    assert [list(found) for found in errors(cut(bureau, ride, *rows))] == wrong


def test_no_row_that_is_cut_short_empties_a_field(bureau, ride):
    rows = ["{0};35000", "", "{1};35000;;x", ""]
    item = cut(bureau, ride, *rows, clears=True)
    assert "le fichier est-il tronqué" in errors(item)[0]["phone"]
    assert states(item) == [State.ERROR, State.CHANGED]
    refresh(item)
    assert states(item) == [State.ERROR, State.CHANGED]
    correct(item, 2, {"phone": ""})
    assert states(item) == [State.CHANGED, State.CHANGED]
    match(item, [name for _title, name in item.columns], clears=False)
    assert states(item) == [State.CHANGED, State.CHANGED]
    assert rows_of(item)[0].before.keys() == {"price"}


def test_of_a_file_without_titles_too(bureau, ride):
    item = cut(bureau, ride, "{0};35000;0771234567", "{1};3", titles="R-00-000000;1;0771234567")
    match(item, ["reference", "price", "phone"], titled=False)
    assert [list(found) for found in errors(item)] == [["reference"], [], ["phone"]]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_text_that_a_file_of_ours_cut_stays_whole(bureau, ride, kind):
    notes = "Une ligne\r\n" * 4_000
    ride.office_notes, ride.driver_notes = notes, "#N/A"
    ride.save(by=bureau)
    cut, titles = cleaned(notes), ["Référence", "Notes pour le bureau", "Notes pour le chauffeur"]
    rows = [titles, [ride.reference, cut, "#N/A"]]
    data = workbook(*rows) if kind == "xlsx" else csv(*rows)
    assert states(take(bureau, data=data, name=f"a.{kind}")) == [State.UNCHANGED]
    row = {"Référence": ride.reference, "Notes pour le bureau": "Une ligne…"}
    assert states(take(bureau, row)) == [State.CHANGED]


def test_a_reference_is_known_without_its_case(bureau, ride):
    item = take(bureau, {"Référence": f" {ride.reference.lower()} ", "Prix": 5})
    assert (states(item), rows_of(item)[0].name) == ([State.CHANGED], ride.reference)


def test_a_price_changes_with_the_payment_state_that_frees_it(bureau, customer):
    ride = make_booking(customer=customer, price=Decimal("1000"), payment_state=PaymentState.PAID)
    row = {"Référence": ride.reference, "Prix": 5000}
    assert list(errors(take(bureau, row))[0]) == ["price"]
    item = write(take(bureau, row | {"Paiement": "Impayée"}))
    ride.refresh_from_db()
    assert (states(item), ride.price) == ([State.WRITTEN], 5000)


def test_an_amount_with_its_currency_is_in_that_of_the_ride(bureau, customer):
    ride = make_booking(customer=customer, price=Decimal("10"), currency="EUR")
    item = take(
        bureau,
        row_for(Prix="35 000 F CFA"),
        row_for(Prix="35 000 F CFA", Devise="EUR"),
        row_for(Prix="35,000"),
        row_for(Prix="1,500", Devise="TND"),
        {"Référence": ride.reference, "Prix": "€ 12,50"},
        {"Référence": ride.reference.lower(), "Prix": "12 FCFA"},
    )
    place = item.names.index("price")
    assert [row.values[place] for row in rows_of(item)] == [
        "35000",
        None,
        None,
        "1.5",
        "12.5",
        None,
    ]
    assert [list(found) for found in errors(item)[:5]] == [[], ["price"], ["price"], [], []]


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
def test_a_moment_with_a_short_offset_is_read_in_a_file_and_put_right_in_place(
    bureau, customer, name
):
    at, wrong = "2026-12-31 14:30+02", row_for(departure="tomorrow")
    rows = [list(wrong), list(row_for(departure=at).values()), list(wrong.values())]
    item = take(bureau, data=workbook(*rows) if name == "a.xlsx" else csv(*rows), name=name)
    correct(item, 3, {"departure": "2026-12-31 16:30-01"})
    assert states(item) == [State.NEW, State.NEW]
    moments = [row.values[item.names.index("departure")] for row in rows_of(item)]
    assert moments == ["2026-12-31 12:30:00+00:00", "2026-12-31 17:30:00+00:00"]


def test_two_numbers_in_a_cell_are_no_price(bureau, customer):
    item = take(bureau, row_for(Prix="35000\n20000", Passagers="1 2", Distance="10 5"))
    assert set(errors(item)[0]) == {"price", "passengers", "distance"}


def test_a_number_of_thousands_in_another_language_is_no_small_one(bureau, customer):
    item = take(bureau, row_for(Durée="1,000", Distance="12,000"))
    assert set(errors(item)[0]) == {"duration", "distance"}


@pytest.mark.parametrize("code", ["dd/mm/yyyy", "dd/mm/yyyy hh:mm"])
def test_a_ride_at_midnight_is_one_only_where_its_time_is_seen(bureau, customer, code):
    row = row_for(departure=datetime(2026, 12, 31))
    item = take(bureau, data=workbook(list(row), list(row.values()), formats=[(0, code)]))
    if "hh" in code:
        assert states(item) == [State.NEW]
    else:
        assert "31 14:30" in errors(item)[0]["departure"]
        correct(item, 2, {"departure": "31/12/2026 14:30"})
        assert states(item) == [State.NEW]


def test_the_zero_of_a_phone_that_only_a_format_shows_is_written(bureau, customer):
    row = row_for(Téléphone=771234567)
    data = workbook(list(row), list(row.values()), formats=[(5, '"0"#########')])
    item = take(bureau, data=data)
    assert rows_of(item)[0].values[item.names.index("phone")] == "0771234567"
