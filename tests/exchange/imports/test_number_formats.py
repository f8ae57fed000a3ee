"""What only the number format of a cell shows: zeros in front, and days without a time of day."""

import re
import time
import tracemalloc
from datetime import datetime

import pytest

from project.exchange.imports import limits
from project.exchange.imports.number_formats import shown_as
from project.exchange.imports.reading import read
from tests.exchange.imports.files import part, with_part, workbook

SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
BOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
CELL = b'<c r="A2" s="1"><v>771234567</v></c>'
PHONES = workbook(["Téléphone"], [771234567], formats=[(0, "0000000000")])


def first_of(data):
    return read("a.xlsx", data).rows[1][0]


def altered(name, old, new, data=PHONES):
    content = part(data, name)
    assert old in content
    return with_part(data, name, content.replace(old, new, 1))


# ------------------------------------------------------------------------------ zeros in front
@pytest.mark.parametrize(
    "code",
    [
        "0000000000",
        '0#" "##" "##" "##" "##',
        "0#\\ ##\\ ##\\ ##\\ ##",
        "00 00 00 00 00",
        '"0"#########',
        "\\0000000000",
        '"(0)"#########',
        "0000000000_ ",
        "0000000000* ",
        "+0000000000",
        "??0000000000",
        "[Red]0000000000;[Blue]-0000000000",
        '0000000000" (fixe)"',
    ],
)
def test_zeros_that_only_a_format_shows_are_kept(code):
    data = workbook(["Téléphone", "x"], [771234567, 5], formats=[(0, code)])
    assert read("a.xlsx", data).rows[1] == ["0771234567", 5]


@pytest.mark.parametrize("code", ["#,##0", "0.00", '0.00" €"', "0%", "0E+00", '"0"', "#", '0" 00"'])
def test_other_formats_add_no_zeros(code):
    assert first_of(workbook(["Prix"], [5000], formats=[(0, code)])) == 5000


@pytest.mark.parametrize("value", [-5, 12.5, "a", True, 10**15])
def test_what_is_no_whole_number_gets_no_zeros(value):
    shown = {True: "TRUE", 10**15: 1e15}.get(value, value)
    assert first_of(workbook(["x"], [value], formats=[(0, "0000000000")])) == shown


@pytest.mark.parametrize(
    "cell",
    [
        b'<c s="1" r="A2"><v>771234567</v></c>',
        b"<c r='A2' s='1'><v>771234567</v></c>",
        b'<c r="A2" s = "1" ><v>771234567</v></c>',
        b"<c r=\"A2\" s='1'><v>771234567</v></c>",
        b'<c r="A2" cm="0" s="1" t="n"><v>771234567</v></c>',
        b'<c r="A2" s="1"><f>1*771234567</f><v>771234567</v></c>',
        b'<c r="A2" s="1"><v>7.71234567E8</v></c>',
        b'<c r="A2" s="1"><v xml:space="preserve">771234567.0</v></c>',
        b'<c s="1"><v>771234567</v></c>',
    ],
)
def test_zeros_are_kept_however_a_cell_is_written(cell):
    assert first_of(altered(SHEET, CELL, cell)) == "0771234567"


def test_zeros_are_kept_where_every_tag_has_a_prefix():
    def prefixed(name):
        content = re.sub(rb"<(/?)([a-zA-Z]+)(?=[\s/>])", rb"<\1x:\2", part(PHONES, name))
        return content.replace(b"xmlns=", b"xmlns:x=")

    data = with_part(PHONES, SHEET, prefixed(SHEET))
    assert first_of(data) == "0771234567"
    assert first_of(with_part(data, STYLES, prefixed(STYLES))) == "0771234567"


def test_a_format_may_be_written_in_codes():
    data = altered(STYLES, b'"0000000000"', b"'&quot;&#48;&quot;[&lt;1>]#########'")
    assert first_of(data) == "0771234567"


# ----------------------------------------------------------------------------- hostile formats
@pytest.mark.parametrize("place", [b"<numFmt ", b"</numFmts>"])
def test_a_format_without_its_number_is_nobodys(place):
    data = altered(STYLES, place, b'<numFmt formatCode="000"/>' + place)
    assert first_of(data) == "0771234567"
    data = altered(STYLES, b"</cellXfs>", b'<xf fontId="0" xfId="0"/></cellXfs>', data)
    assert first_of(data) == "0771234567"


def test_a_format_shows_no_more_zeros_than_anybody_reads():
    assert shown_as("0" * 40) and not shown_as("0" * 41)
    assert not shown_as('"%s"#' % ("0" * 41)) and not shown_as("#" * 256 + "0")
    data = workbook(["x"], *[[number] for number in range(300)], formats=[(0, "00")])
    data = altered(STYLES, b'"00"', b'"%s"' % (b"0" * 3_000_000), data)
    assert first_of(data) == 0
    tracemalloc.start()
    try:
        read("a.xlsx", data)
        assert tracemalloc.get_traced_memory()[1] < 60 * limits.MEGABYTE
    finally:
        tracemalloc.stop()


MANY = 20_000


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (STYLES, b"<cellXfs ", b"<cellXfs></cellXfs >" * MANY + b"<cellXfs "),
        (STYLES, b"</styleSheet>", b"</styleSheet>" + b"<xf " * MANY),
        (STYLES, b"</styleSheet>", b"</styleSheet>" + b"<numFmt " * MANY),
        (SHEET, CELL, b"<c " + b"a" * MANY + CELL[2:]),
        (BOOK, b"</workbook>", b"</workbook>" + b"<sheet " * MANY),
        (RELATIONS, b"</Relationships>", b"</Relationships>" + b"<Relationship " * MANY),
    ],
)
def test_the_look_at_a_part_takes_no_longer_than_the_part_is_long(name, old, new):
    """Each of these took seconds, and four times as many of twice the length."""
    data = altered(name, old, new)
    started = time.process_time()
    assert first_of(data) == "0771234567"
    assert time.process_time() - started < 1


def test_counting_shared_texts_takes_no_longer_than_a_sheet_is_long():
    data = workbook(["a"], *[["x"] for _ in range(6_000)])
    data = altered("xl/sharedStrings.xml", b">x<", b">%s<" % (b"x" * 100_000), data)
    data = altered(SHEET, b"</worksheet>", b"</worksheet>" + b"<v" * 2 * MANY, data)
    started = time.process_time()
    with pytest.raises(limits.Unreadable, match="unpacked"):
        read("a.xlsx", data)
    assert time.process_time() - started < 1


# --------------------------------------------------------------------- days without their time
@pytest.mark.parametrize(
    "code",
    ["dd/mm/yyyy", "mm-dd-yy", "[$-40C]d mmmm yyyy", '"le "dd/mm/yy', "[Red]yyyy-mm-dd;@", "d-mmm"],
)
def test_a_midnight_of_which_only_the_day_is_seen_is_that_day(code):
    rows = ["Départ"], [datetime(2026, 12, 31)], [datetime(2026, 12, 31, 14, 30)]
    table = read("a.xlsx", workbook(*rows, formats=[(0, code)]))
    assert table.rows[1:] == [["2026-12-31"], ["2026-12-31 14:30:00"]]


@pytest.mark.parametrize(
    "code", ["dd/mm/yyyy hh:mm", "m/d/yy h:mm", 'd mmmm yyyy" à "h"h"', "h:mm"]
)
def test_a_midnight_that_is_seen_is_one(code):
    data = workbook(["Départ"], [datetime(2026, 12, 31)], formats=[(0, code)])
    assert first_of(data) == "2026-12-31 00:00:00"


def test_cells_are_looked_at_only_where_a_format_shows_more_than_a_value(monkeypatch):
    monkeypatch.setattr("project.exchange.imports.number_formats.styled", None)
    rows = ["Départ", "Prix"], [datetime(2026, 12, 31), 5], [datetime(2026, 12, 31, 14, 30), 5]
    read("a.xlsx", workbook(*rows))
    read("a.xlsx", workbook(rows[0], rows[2], formats=[(0, "dd/mm/yyyy")]))
