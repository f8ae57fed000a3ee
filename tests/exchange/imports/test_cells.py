"""What is typed in a cell, as people of each language write it."""

from datetime import UTC, datetime, timedelta
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
    return reader.way(COLUMNS[kind])(COLUMNS[kind], cell)


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
        "2026-12-31 16:30+02",
        "2026-12-31 16:30:00+02",
        "2026-12-31T09:30-0500",
        "31 déc. 2026 14:30",
        "31 décembre 2026 à 14h30",
        "31/12/2026 14.30",
        "31.12.2026 14.30",
        "31-Dec-26 14:30",
        "31-déc.-2026 14:30",
        "31 déc. 26 14h30",
        "jeudi 31 décembre 2026 14:30",
        "le 31/12/2026 à 14h30",
        "jeu. 31/12/2026 14:30",
        "31\u00a0DECEMBRE 2026\u202f14:30",
        "Dec 31, 2026, 2:30 PM",
        "31 December 2026 at 2:30 p.m.",
        "2026/12/31 14:30",
        "2026/12/31 2:30 PM",
        "2026/12/31 14h30",
        "2026/12/31 16:30 +02:00",
    ],
)
def test_a_moment_is_read_however_it_is_written(cell):
    assert read(FRENCH, Kind.MOMENT, cell) == LAST_DAY


@pytest.mark.parametrize(
    "cell",
    [
        "3/5/2027 2 PM",
        "3/5/2027 2pm",
        "3/5/27 2 p.m.",
        "03/05/2027, 2 Pm",
        "3/5/2027 at 2 PM",
        "March 5, 2027 2 PM",
        "5 March 2027 at 2pm",
        "2027-03-05 2 PM",
        "2027/3/5 2 PM",
    ],
)
def test_an_hour_alone_is_a_time_where_its_half_of_the_day_is_told(cell):
    assert read(ENGLISH, Kind.MOMENT, cell) == "2027-03-05 14:00:00+00:00"


def test_noon_and_midnight_have_twelve_for_their_hour():
    assert read(ENGLISH, Kind.MOMENT, "3/5/2027 12 PM") == "2027-03-05 12:00:00+00:00"
    assert read(ENGLISH, Kind.MOMENT, "3/5/2027 12 AM") == "2027-03-05 00:00:00+00:00"
    assert read(ENGLISH, Kind.MOMENT, "3/5/2027 9am") == "2027-03-05 09:00:00+00:00"


@pytest.mark.parametrize("reader", [FRENCH, ENGLISH])
def test_where_the_year_comes_first_the_month_follows(reader):
    assert read(reader, Kind.DAY, "2027/03/05") == "2027-03-05"
    assert read(reader, Kind.DAY, "2027/3/5") == "2027-03-05"
    assert read(reader, Kind.MOMENT, "2027/03/05 14:30") == "2027-03-05 14:30:00+00:00"
    assert "calendar" in misread(reader, Kind.DAY, "2027/31/12")
    for cell in ("2027/03-05", "2027.03.05", "27/2027/03", "2027/03", "2027/03/05/01"):
        assert "no date" in misread(reader, Kind.DAY, cell)


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
        ("31/12/2026 14.", "no date"),
        ("31-Foo-26 14:30", "calendar"),
        ("", "no date"),
        (46387.5, "format the cell as a date"),
        ("0000-01-01 10:00", "calendar"),
        ("9999-12-30 23:00-99:99", "calendar"),
        ("1900-01-01 01:00+24:00", "calendar"),
        ("31/12/2026 14:30+02:60", "calendar"),
        ("31/12/2026 14:30-16", "no date"),
        ("2026-12-31 14:30+99", "calendar"),
        ("2026-12-31 14+02:00", "no date"),
        ("2026-12-31 143000.5", "no date"),
        ("2026/12/31 14:30-16", "no date"),
        ("2026/12/31", "time of day is missing"),
        ("2026/02/30 14:30", "calendar"),
        ("31/12/2026 2", "no date"),
        ("31/12/2026 14 PM", "calendar"),
        ("31/12/2026 0 am", "calendar"),
        ("31/12/2026 2 p", "no date"),
        ("31/12/2026 PM", "no date"),
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


def test_an_offset_counts_on_the_day_the_clocks_change_too():
    """A text with an offset may be as long as the moment of a cell that holds a date."""
    assert read(PARIS, Kind.MOMENT, "2027-10-31 14:30+00") == "2027-10-31 14:30:00+00:00"
    assert read(PARIS, Kind.MOMENT, "2027-10-31 02:30+01") == "2027-10-31 01:30:00+00:00"


def test_a_moment_that_is_no_day_any_more_in_another_zone_is_refused():
    """It could be kept, and no page that shows it in local time could be drawn."""
    assert "calendar" in misread(PARIS, Kind.MOMENT, "9999-12-30 23:59-23:59")
    assert "calendar" in misread(PARIS, Kind.MOMENT, "1900-01-01 00:00+23:59")
    assert read(PARIS, Kind.MOMENT, "9999-12-30 00:59+01:00") == "9999-12-29 23:59:00+00:00"


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/Santiago", "Atlantic/Azores"])
def test_every_hour_of_a_year_is_that_of_the_zone(zone):
    """Where the clocks change at midnight, too (Santiago)."""
    reader, there = Reader("fr", ZoneInfo(zone)), ZoneInfo(zone)
    told, wall = [], datetime(2027, 1, 1)
    while wall.year == 2027:
        first, second = (wall.replace(tzinfo=there, fold=fold) for fold in (0, 1))
        if first.utcoffset() == second.utcoffset():
            expected = first.astimezone(UTC).isoformat(" ")
            assert read(reader, Kind.MOMENT, f"{wall:%Y-%m-%d %H:%M:%S}") == expected
        elif first.utcoffset() > second.utcoffset():
            told.append(read(reader, Kind.MOMENT, f"{wall:%Y-%m-%d %H:%M:%S}"))
        else:
            told.append(misread(reader, Kind.MOMENT, f"{wall:%Y-%m-%d %H:%M:%S}"))
        wall += timedelta(minutes=30)
    assert [text[:1] == "?" for text in told].count(True) == 2
    assert len(told) == 4


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
        ("-3", "-3", "-3"),
        ("\u2212 3", "-3", "-3"),
        (" 12 345,67\n", "12345.67", "12345.67"),
        ("1\u00a0234\u00a0567.8", "1234567.8", "1234567.8"),
        ("12\u2009345", "12345", "12345"),
        ("1'234.50", "1234.5", "1234.5"),
        ("1’234’567,5", "1234567.5", "1234567.5"),
        ("35\u202f000,", "35000", "35000"),
        ("0,5", "0.5", "0.5"),
    ],
)
def test_a_number_has_the_separators_of_its_language(cell, french, english):
    assert read(FRENCH, Kind.AMOUNT, cell) == french
    assert read(ENGLISH, Kind.AMOUNT, cell) == english


@pytest.mark.parametrize("kind", [Kind.WHOLE, Kind.NUMBER, Kind.AMOUNT])
@pytest.mark.parametrize(
    "cell",
    ["35000\n20000", "35\n000", "35\t000", "1 2", "10 5", "10'5", "5'", "12  345", "1 234'567"],
)
def test_two_numbers_in_a_cell_are_not_run_together(kind, cell):
    assert "no number" in misread(FRENCH, kind, cell)
    assert "no number" in misread(ENGLISH, kind, cell)


@pytest.mark.parametrize(
    "cell", ["0 500", "01 500", "1234 567", "0,500.5", "0.500,5", "01,500,000"]
)
def test_no_thousands_begin_with_a_zero_or_four_digits(cell):
    assert "no number" in misread(FRENCH, Kind.NUMBER, cell)
    assert "no number" in misread(ENGLISH, Kind.NUMBER, cell)


@pytest.mark.parametrize("kind", [Kind.WHOLE, Kind.NUMBER, Kind.AMOUNT])
def test_a_number_below_one_is_no_thousands(kind):
    """0,500 where commas stand between thousands is 0.5 or nothing, and never 500."""
    point, comma = (Reader("fr", ZoneInfo("UTC"), decimal_comma=told) for told in (False, True))
    for reader, cell in ((ENGLISH, "0,500"), (point, "-0,500"), (comma, "0.500")):
        assert "two ways" in misread(reader, kind, cell)
    assert read(FRENCH, Kind.NUMBER, "0,500") == read(ENGLISH, Kind.NUMBER, "0.500") == "0.5"


def test_a_number_that_can_be_two_is_asked_about():
    assert "two ways" in misread(FRENCH, Kind.AMOUNT, "35.000")
    assert read(ENGLISH, Kind.AMOUNT, "35,000") == "35000"
    for reader, cell in ((FRENCH, "35,000"), (ENGLISH, "35.000"), (FRENCH, "\u221235,000")):
        assert "two ways" in misread(reader, Kind.NUMBER, cell)
        assert "two ways" in misread(reader, Kind.WHOLE, cell)
    assert read(FRENCH, Kind.NUMBER, "12,345") == "12.345"
    told = Reader("fr", ZoneInfo("UTC"), decimal_comma=True)
    assert read(told, Kind.NUMBER, "35,000") == "35"
    assert "two ways" in misread(told, Kind.WHOLE, "35,000")


@pytest.mark.parametrize(
    ("comma", "cell", "number"),
    [
        (False, "13,000", "13000"),
        (False, "1,234.5", "1234.5"),
        (False, "12.5", "12.5"),
        (True, "13.000", "13000"),
        (True, "1.234,5", "1234.5"),
        (True, "12,5", "12.5"),
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_number_has_the_marks_that_were_told_of_its_file(language, comma, cell, number):
    reader = Reader(language, ZoneInfo("UTC"), decimal_comma=comma)
    assert read(reader, Kind.AMOUNT, cell) == number


@pytest.mark.parametrize("comma", [False, True])
def test_three_decimals_are_asked_about_whatever_was_told(comma):
    reader = Reader("fr", ZoneInfo("UTC"), decimal_comma=comma)
    cell = "13,000" if comma else "13.000"
    with pytest.raises(Misread, match="two ways") as error:
        reader.amount(COLUMNS[Kind.AMOUNT], cell, "XOF")
    assert "say with the columns" not in str(error.value)  # it was said


@pytest.mark.parametrize(
    ("reader", "cell", "currency", "amount"),
    [
        (FRENCH, "35,000", "TND", "35"),
        (FRENCH, "35,000", "XOF", "two ways"),
        (FRENCH, "35,000", "EUR", "two ways"),
        (ENGLISH, "35.000", "XOF", "two ways"),
        (ENGLISH, "35,000", "XOF", "35000"),
        (FRENCH, "35 000 FCFA", "XOF", "35000"),
        (FRENCH, "35\u202f000 F CFA", "XAF", "35000"),
        (FRENCH, "35000 xof", "XOF", "35000"),
        (FRENCH, "€ 12,50", "EUR", "12.5"),
        (FRENCH, "35 000 FCFA", "EUR", "not in EUR"),
        (FRENCH, "35.000 FCFA", "XOF", "two ways"),
        (FRENCH, "35 000 sacs", "XOF", "no number"),
        (FRENCH, "35\n000 FCFA", "XOF", "no number"),
        (FRENCH, "10 5 FCFA", "XOF", "no number"),
        (FRENCH, "35 000\u00a0F\nCFA", "XOF", "35000"),
    ],
)
def test_an_amount_is_read_in_the_currency_of_its_row(reader, cell, currency, amount):
    if amount[-1].isdigit():
        assert reader.amount(COLUMNS[Kind.AMOUNT], cell, currency) == amount
    else:
        with pytest.raises(Misread, match=amount):
            reader.amount(COLUMNS[Kind.AMOUNT], cell, currency)


def test_an_amount_waits_for_its_currency():
    assert read(FRENCH, Kind.AMOUNT, "35 000 FCFA") == "?35 000 FCFA"
    assert read(FRENCH, Kind.AMOUNT, "35,000") == "?35,000"


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
    assert FRENCH.choice(SHEET.by_name["vehicle"], cell) == "sedan"


def test_an_unknown_choice_is_told_what_there_is():
    with pytest.raises(Misread, match="Sedan, Business"):
        FRENCH.choice(SHEET.by_name["vehicle"], "Fusée")


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


# Nearly a moment or a number, in each of the signs that either is made of.
MOMENTS = st.from_regex(r"\A2026-12-31 [0-2][0-9](:?[0-5][0-9]){1,2}([+-][0-9]{2,4})?\Z")
NUMBERS = st.text("0123456789 .,'+-\n\u202f", max_size=12)
CELLS = st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), MOMENTS, NUMBERS)


@given(st.sampled_from(list(Kind)), CELLS)
def test_no_cell_is_more_than_misread(kind, cell):
    column = SHEET.by_name["vehicle"] if kind == Kind.CHOICE else COLUMNS[kind]
    for reader in (FRENCH, ENGLISH, PARIS):
        try:
            value = reader.way(column)(column, cell)
        except Misread as error:
            assert str(error)
        else:
            assert kind != Kind.MOMENT or datetime.fromisoformat(value.removeprefix("?"))
