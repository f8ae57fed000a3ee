"""What is typed in a cell, as people of each language write it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.exports import SHEET
from project.exchange.columns import Column, Kind
from project.exchange.imports.cells import Misread, Reader
from project.exchange.imports.importer import Intake
from project.exchange.imports.understanding import read_cell

FRENCH = Reader("fr", ZoneInfo("Africa/Dakar"))
ENGLISH = Reader("en", ZoneInfo("Africa/Dakar"))
PARIS = Reader("fr", ZoneInfo("Europe/Paris"))
COLUMNS = {kind: Column(name=kind.value, title=kind.value, fields=(), kind=kind) for kind in Kind}
LAST_DAY = "2026-12-31 14:30:00+00:00"


def read(reader, kind, cell):
    return reader.value(COLUMNS[kind], cell)


def misread(reader, kind, cell):
    with pytest.raises(Misread) as error:
        read(reader, kind, cell)
    return str(error.value)


@pytest.mark.parametrize(
    "cell",
    [
        "31/12/2026 14:30",
        "31/12/26 14h30",
        "31-12-2026 14:30",
        "31.12.2026 14:30:00",
        "2026-12-31 14:30",
        "2026-12-31T14:30:00Z",
        "2026-12-31 16:30 +02:00",
        "31 déc. 2026 14:30",
        "31 décembre 2026 à 14h30",
        "jeudi 31 décembre 2026 14:30",
        "31\u00a0DECEMBRE 2026\u202f14:30",
        "Dec 31, 2026, 2:30 PM",
        "31 December 2026 at 2:30 p.m.",
    ],
)
def test_a_moment_is_read_however_it_is_written(cell):
    assert read(FRENCH, Kind.MOMENT, cell) == LAST_DAY


def test_the_order_of_day_and_month_is_that_of_the_language():
    assert read(FRENCH, Kind.MOMENT, "05/06/2026 10:00").startswith("2026-06-05")
    assert read(ENGLISH, Kind.MOMENT, "05/06/2026 10:00").startswith("2026-05-06")
    day_first = Reader("en", ZoneInfo("UTC"), month_first=False)
    assert read(day_first, Kind.MOMENT, "05/06/2026 10:00").startswith("2026-06-05")


def test_a_day_in_the_place_of_the_month_is_not_turned_round_in_silence():
    assert "month comes first" in misread(ENGLISH, Kind.MOMENT, "31/12/2026 14:30")
    assert "day comes first" in misread(FRENCH, Kind.MOMENT, "12/31/2026 14:30")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("31/12/2026", "time of day is missing"),
        ("30/02/2026 10:00", "calendar"),
        ("31/12/2026 25:00", "calendar"),
        ("31/12/2026 13:00 pm", "calendar"),
        ("tomorrow", "no date"),
        ("", "no date"),
        (46387.5, "format the cell as a date"),
        ("0000-01-01 10:00", "calendar"),
        ("9999-12-30 23:00-99:99", "calendar"),
        ("1900-01-01 01:00+24:00", "calendar"),
        ("31/12/2026 14:30+02:60", "calendar"),
    ],
)
def test_what_is_no_moment_is_said_so(cell, reason):
    assert reason in misread(FRENCH, Kind.MOMENT, cell)


def test_local_time_is_that_of_the_zone():
    assert read(PARIS, Kind.MOMENT, "01/07/2026 14:30") == "2026-07-01 12:30:00+00:00"


def test_the_hour_that_the_clocks_skip_is_named():
    assert "02:30" in misread(PARIS, Kind.MOMENT, "28/03/2027 02:30")
    assert "02:30" in misread(PARIS, Kind.MOMENT, "2027-03-28 02:30:00")


def test_the_hour_that_comes_twice_is_left_open():
    assert read(PARIS, Kind.MOMENT, "31/10/2027 02:30") == "?2027-10-31 02:30:00"
    first = read(PARIS, Kind.MOMENT, "31/10/2027 02:30 +02:00")
    assert first == "2027-10-31 00:30:00+00:00"


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)))
def test_a_moment_written_in_its_own_language_comes_back(moment):
    moment = moment.replace(second=0, microsecond=0)
    expected = moment.replace(tzinfo=UTC).isoformat(" ")
    assert read(FRENCH, Kind.MOMENT, f"{moment:%d/%m/%Y %H:%M}") == expected
    assert read(ENGLISH, Kind.MOMENT, f"{moment:%m/%d/%Y %I:%M %p}") == expected
    assert read(FRENCH, Kind.MOMENT, f"{moment:%Y-%m-%d %H:%M:%S}") == expected


@pytest.mark.parametrize(
    ("cell", "french", "english"),
    [
        (35000, "35000", "35000"),
        (12.5, "12.5", "12.5"),
        (12.299999999999999, "12.3", "12.3"),
        ("35 000", "35000", "35000"),
        ("35\u202f000,50", "35000.5", "35000.5"),
        ("1.234,56", "1234.56", "1234.56"),
        ("1,234.56", "1234.56", "1234.56"),
        ("1.234.567", "1234567", "1234567"),
        ("12,5", "12.5", "12.5"),
        ("12.50", "12.5", "12.5"),
        ("35,000", "35", "35000"),
        ("-3", "-3", "-3"),
    ],
)
def test_a_number_has_the_separators_of_its_language(cell, french, english):
    assert read(FRENCH, Kind.AMOUNT, cell) == french
    assert read(ENGLISH, Kind.AMOUNT, cell) == english


def test_a_number_that_can_be_two_is_asked_about():
    assert "two ways" in misread(FRENCH, Kind.AMOUNT, "35.000")


@pytest.mark.parametrize("cell", ["abc", "1,2,3", "1.2,3.4", "--1", "1e5", "12 €", "9" * 16, "NaN"])
def test_what_is_no_number_is_said_so(cell):
    assert misread(FRENCH, Kind.NUMBER, cell)


@pytest.mark.parametrize("kind", [Kind.WHOLE, Kind.NUMBER, Kind.AMOUNT])
@pytest.mark.parametrize("cell", [float("inf"), float("-inf"), float("nan")])
def test_what_is_not_finite_is_no_number(kind, cell):
    assert "no number" in misread(FRENCH, kind, cell)


@pytest.mark.parametrize("cell", [10**15, -(10**400), 1e300, "1" + "0" * 15])
def test_a_number_is_not_too_large_however_it_is_held(cell):
    assert "too large" in misread(FRENCH, Kind.WHOLE, cell)


def test_a_number_is_not_longer_than_anybody_writes_one():
    assert read(FRENCH, Kind.NUMBER, "0" * 39 + "5") == "5"
    assert "no number" in misread(FRENCH, Kind.NUMBER, "0" * 40 + "5")


def test_no_rule_of_a_column_stops_the_reading():
    intake = Intake(column="text", clean=datetime.fromisoformat)
    cell = read_cell(FRENCH, COLUMNS[Kind.TEXT], intake, "demain")
    assert cell == (None, "“demain” can't be read.")


def test_a_whole_number_has_no_part():
    assert read(FRENCH, Kind.WHOLE, 45.0) == 45
    assert "whole" in misread(FRENCH, Kind.WHOLE, "4,5")


def test_a_number_in_a_column_of_texts_is_its_digits():
    assert read(FRENCH, Kind.TEXT, 771234567) == "771234567"
    assert read(FRENCH, Kind.TEXT, "0771234567") == "0771234567"
    assert read(FRENCH, Kind.TEXT, "007") == "007"
    assert "as text" in misread(FRENCH, Kind.TEXT, 1e17)


def test_signs_that_nobody_sees_are_left_out_of_a_text():
    assert read(FRENCH, Kind.TEXT, " a\x00b\x07\r\nc ") == "ab\nc"


@pytest.mark.parametrize("cell", ["Berline", "berline", "Sedan", "SEDAN", "sedan"])
def test_a_choice_is_read_by_its_label_in_either_language_or_its_value(cell):
    assert FRENCH.value(SHEET.by_name["vehicle"], cell) == "sedan"


def test_an_unknown_choice_is_told_what_there_is():
    with pytest.raises(Misread, match="Sedan, Business"):
        FRENCH.value(SHEET.by_name["vehicle"], "Fusée")


def test_yes_is_yes_in_both_languages():
    for cell in ("oui", "Yes", "VRAI", "1", "x"):
        assert read(FRENCH, Kind.FLAG, cell) is True
    assert read(FRENCH, Kind.FLAG, "Non") is False
    assert misread(FRENCH, Kind.FLAG, "peut-être")


@pytest.mark.parametrize("kind", [Kind.WHOLE, Kind.NUMBER, Kind.AMOUNT])
def test_an_endless_number_is_none_and_a_huge_one_too_large(kind):
    for cell in (float("inf"), float("-inf")):
        assert "no number" in misread(ENGLISH, kind, cell)
    for cell in (1e300, 10**400):
        assert "large" in misread(ENGLISH, kind, cell)


@given(st.sampled_from(list(Kind)), st.one_of(st.text(), st.integers(), st.floats(allow_nan=False)))
def test_no_cell_is_more_than_misread(kind, cell):
    column = SHEET.by_name["vehicle"] if kind == Kind.CHOICE else COLUMNS[kind]
    for reader in (FRENCH, ENGLISH, PARIS):
        try:
            reader.value(column, cell)
        except Misread as error:
            assert str(error)
