"""What a CSV file says, as the Excel of the user's language reads it."""

import csv
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from project.exchange import cells
from tests.exchange.asking_for_files import asked_for, fetched, lines_of_csv
from tests.exchange.test_excel import ALL, HOSTILE
from tests.factories import make_booking

pytestmark = pytest.mark.django_db


def csv_of(client, *bookings, **answers):
    return fetched(client, asked_for(client, *bookings, format="csv", **answers))


def ride(**fields):
    given = {"pickup_at": datetime(2026, 7, 1, 20, 30, tzinfo=UTC), "currency": "EUR"}
    return make_booking(**given | fields)


def test_english_has_commas_points_and_iso_dates(desk):
    booking = ride(price=Decimal("1234.50"), passenger_name="Fall, Awa")
    data = csv_of(desk, booking, columns=["departure", "price", "passenger"])
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig") == (
        '"Departure","Price","Passenger"\r\n"2026-07-01 20:30","1234.5","Fall, Awa"\r\n'
    )


def test_french_has_semicolons_commas_and_its_own_dates(desk, bureau):
    bureau.language = "fr"
    bureau.save()
    booking = ride(price=Decimal("1234.50"), passenger_name="Hélène")
    data = csv_of(desk, booking, columns=["departure", "price", "passenger", "archived"])
    assert data.decode("utf-8-sig").splitlines()[1] == (
        '"2026-07-01 20:30";"1234,5";"Hélène";"non"'
    )


def test_texts_that_look_like_formulas_get_a_quote_in_front(desk):
    booking = ride(passenger_name="=1+1", passenger_phone="+221 77 123 45 67", price=None)
    [_head, row] = lines_of_csv(csv_of(desk, booking, columns=["passenger", "phone", "price"]))
    assert row == ["'=1+1", "'+221 77 123 45 67", ""]
    assert [cells.unquoted(text) for text in row] == ["=1+1", "+221 77 123 45 67", ""]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_reaches_a_spreadsheet_bare(text):
    assert not cells.quoted(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cells.unquoted(cells.quoted(text)) == text


def test_a_separator_of_other_programs_makes_no_cell_within_a_text(desk):
    """One that splits at all of them, as LibreOffice may, finds the cells that we wrote."""
    booking = ride(passenger_name="x;=1+1", office_notes="a\t=2+2")
    text = csv_of(desk, booking, columns=["passenger", "office_notes"]).decode("utf-8-sig")
    for sign in ";\t":
        found = list(csv.reader(text.replace('","', f'"{sign}"').splitlines(), delimiter=sign))
        assert found[1] == ["x;=1+1", "a\t=2+2"]


@pytest.mark.parametrize("text", ["'=1+1", "''-", "'+221", "'\tx"])
def test_a_text_that_looks_quoted_is_quoted_once_more(text):
    assert cells.quoted(text) == f"'{text}"
    assert cells.unquoted(cells.quoted(text)) == text
    assert cells.unquoted(cells.escaped(text)) == text


@pytest.mark.parametrize("text", ["'quoted'", "it's", "'", "", "Jean d'-Arc", "l'@home"])
def test_another_quote_in_front_is_left_alone(text):
    assert cells.unquoted(cells.quoted(text)) == text


def test_it_is_one_table_without_totals_whatever_the_grouping(desk):
    bookings = [ride(price=5), ride(price=6)]
    data = csv_of(desk, *bookings, columns=["reference", "price"], per="customer", totals="on")
    assert len(lines_of_csv(data)) == 3


def test_every_column_is_there_on_asking(desk):
    head, row = lines_of_csv(csv_of(desk, ride(), columns=ALL))
    assert len(head) == len(row) == len(ALL)


def test_breaks_and_quotes_inside_a_cell_are_kept(desk):
    booking = ride(stops=["Colobane", 'chez "Awa"'])
    [_head, row] = lines_of_csv(csv_of(desk, booking, columns=["stops"]))
    assert row == ['Colobane\nchez "Awa"']
