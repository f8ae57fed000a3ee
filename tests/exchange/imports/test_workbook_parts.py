"""The parts of a workbook: a sheet is looked at before it is read, wherever it says that it is."""

import io
import re
import struct
import zipfile
from datetime import datetime

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from project.exchange.imports import limits
from project.exchange.imports.reading import read
from tests.exchange.imports.files import part, with_part
from tests.exchange.imports.files import workbook as book
from tests.exchange.imports.test_import_reading import CLOSED, SHEET, refused

RELATIONS = "xl/_rels/workbook.xml.rels"
FAR = b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>' + CLOSED


def leading_to(data, target, content):
    """The workbook, whose first sheet is said to be in another part."""
    relations = part(data, RELATIONS).replace(b"worksheets/sheet1.xml", target.encode())
    data = with_part(data, RELATIONS, relations)
    return with_part(data, f"xl/{target}", content)


@pytest.mark.parametrize(
    "target",
    [
        "evil.xml",
        "worksheets/evil.rels",
        "_rels/evil.xml",
        "worksheets/_rels/e.xml",
        "styles.xml",
        "sharedStrings.xml",
        "worksheets/other.xml",
        "WORKSHEETS/Other.XML",
    ],
)
@pytest.mark.parametrize("prefix", [b"", b"x:"])
def test_no_part_holds_a_cell_that_was_not_looked_at(target, prefix):
    sheet = FAR.replace(b"<sheetData", b"<" + prefix + b"sheetData")
    said = refused("a.xlsx", leading_to(book(["a"], [1]), target, sheet))
    assert "damaged" in said or "too many" in said


def test_a_sheet_may_have_any_name_among_sheets():
    data = book(["a"], [1])
    assert read("a.xlsx", leading_to(data, "worksheets/data.xml", part(data, SHEET))).rows == [
        ["a"],
        [1],
    ]


def test_two_parts_of_one_name_are_damage():
    data, target = book(["a"], ["b"]), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as archive:
        for entry in source.infolist():
            archive.writestr(entry, source.read(entry))
        archive.writestr("XL/SharedStrings.xml", b"<sst><si><t>other</t></si></sst>")
    assert "damaged" in refused("a.xlsx", target.getvalue())


def test_a_text_about_sheets_is_a_text():
    assert read("a.xlsx", book(["sheetData"], ["<sheetData>"])).rows == [
        ["sheetData"],
        ["<sheetData>"],
    ]


def test_shared_texts_without_end_are_refused():
    texts = b"<si><t>%s</t></si>" % (b"x" * 30_000)
    shared = b"<sst>" + texts * (limits.MOST_SHARED // len(texts) + 1) + b"</sst>"
    data = with_part(book(["a"], ["b"]), "xl/sharedStrings.xml", shared)
    assert len(data) < limits.MEGABYTE
    assert "unpacked" in refused("a.xlsx", data)


@pytest.mark.parametrize(
    "promised",
    [
        b'<sst uniqueCount="99999999999">',
        b'<x:sst xmlns:x="y" count="2" uniqueCount="99999999999">',
        b"<sst uniqueCount = '99999999999'>",
        b"<sst\nuniqueCount='99999999999'>",
        b"""<sst a=">" b='"' uniqueCount="99999999999">""",
        b'<sst uniqueCount="+99999999999">',
        b'<sst uniqueCount="9223372036854775807">',
        b'<sst uniqueCount="' + b"9" * 5_000 + b'">',
        b'<sst uniqueCount="2000000">',
        b'<:sst uniqueCount="99999999999">',
        b'<a/b:sst uniqueCount="99999999999">',
        b'<a!b:sst uniqueCount="99999999999">',
        b'<a?b:sst uniqueCount="99999999999">',
        b'<a\x0bb:sst uniqueCount="99999999999">',
    ],
)
def test_more_shared_texts_than_there_is_room_for_are_not_made_room_for(promised):
    """Where there is no such room the reader ends the process, and all that it serves."""
    name = "xl/sharedStrings.xml"
    data = book(("Départ", "Client"), ("12/03/2027 10:00", "Awa"))
    shared = re.sub(rb"<sst[^>]*>", promised, part(data, name), count=1)
    prefix = re.match(rb"<([^ ]*:)?sst", promised)[1] or b""
    shared = shared.replace(b"</sst>", b"</%ssst>" % prefix)
    assert "damaged" in refused("a.xlsx", with_part(data, name, shared))


@pytest.mark.parametrize(
    "told", [b"<sst>", b'<sst count="1" uniqueCount="0">', b'<sst count="900">']
)
def test_what_is_said_of_shared_texts_need_not_be_right(told):
    name = "xl/sharedStrings.xml"
    data = book(("Départ", "Client"), ('count="99999999999"', 'uniqueCount="99999999999"'))
    shared = re.sub(rb"<sst([^>]*)>", told, part(data, name), count=1)
    assert read("a.xlsx", with_part(data, name, shared)).rows[1][1] == 'uniqueCount="99999999999"'


@pytest.mark.parametrize("prefix", [b":", b"x:", b"a/b:", b"a!b:", b"a?b:", b"a\x0bb:"])
def test_a_cell_far_out_is_seen_whatever_stands_before_its_name(prefix):
    name = "xl/worksheets/sheet1.xml"
    cell = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    far = re.sub(rb"(</?)(?=row|c[ >])", lambda tag: tag[1] + prefix, cell)
    data = book(("Départ", "Client"), ("12/03/2027 10:00", "Awa"))
    sheet = part(data, name).replace(b"</sheetData>", far + b"</sheetData>")
    assert "too many" in refused("a.xlsx", with_part(data, name, sheet))


def test_a_part_that_begins_where_no_file_reaches_is_damage():
    data = book(("Départ", "Client"), ("12/03/2027 10:00", "Awa"))
    end, place = data.rindex(b"PK\x05\x06"), zipfile.ZipFile(io.BytesIO(data)).start_dir
    head, tail, directory = data[:place], bytearray(data[end:]), b""
    while place < end:
        entry = bytearray(data[place : place + 46])
        named, extra, noted = struct.unpack_from("<3H", entry, 28)
        beside = struct.pack("<HHQ", 1, 8, 2**64 - 1)  # where it begins, in 64 bits
        struct.pack_into("<3H", entry, 28, named, len(beside), 0)
        struct.pack_into("<L", entry, 42, 0xFFFFFFFF)
        directory += bytes(entry) + data[place + 46 : place + 46 + named] + beside
        place += 46 + named + extra + noted
    struct.pack_into("<L", tail, 12, len(directory))
    assert "damaged" in refused("a.xlsx", head + directory + tail)


def test_a_cell_of_more_than_a_program_takes_is_refused():
    name = "xl/worksheets/sheet1.xml"
    data = book(("Départ", "Client"), ("12/03/2027 10:00", 1))

    def with_text_of(length):
        text = b'<c r="B2" t="inlineStr"><is><t>' + b"x" * length + b"</t></is></c>"
        return with_part(data, name, re.sub(rb'<c r="B2">.*?</c>', text, part(data, name)))

    most = limits.LONGEST_CELL
    assert read("a.xlsx", with_text_of(most)).rows[1][1] == "x" * most
    assert "characters" in refused("a.xlsx", with_text_of(most + 1))


def test_days_are_counted_from_1904_where_the_workbook_says_so():
    target, workbook = io.BytesIO(), openpyxl.Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    workbook.active.append(["Départ"])
    workbook.active.append([datetime(2026, 12, 31, 14, 30)])
    workbook.save(target)
    assert b"1904" in part(target.getvalue(), "xl/workbook.xml")
    assert read("a.xlsx", target.getvalue()).rows[1] == ["2026-12-31 14:30:00"]


def test_what_is_merged_stands_in_its_first_cell():
    target, workbook = io.BytesIO(), openpyxl.Workbook()
    for cells in (["a", "b"], ["both", None]):
        workbook.active.append(cells)
    workbook.active.merge_cells("A2:B2")
    workbook.save(target)
    assert read("a.xlsx", target.getvalue()).rows == [["a", "b"], ["both", ""]]


@pytest.mark.parametrize(
    ("written", "hidden"),
    [
        (b'<row r="2" spans="1:1" hidden="1">', {2}),
        (b'<row r="2" hidden="true" ht="0">', {2}),
        (b'<row r="2" hidden="false">', set()),
        (b'<row r="2" hidden="0">', set()),
        (b"<row spans=\"1:1\" hidden='1'>", {2}),
        (b'<row spans="1:1" r="2" hidden="1">', {2}),
        (b'<row r="2" spans="1:1">', set()),
    ],
)
def test_rows_that_are_hidden_are_told_of_and_read_like_others(written, hidden):
    data = book(["a"], [1], [2])
    sheet = re.sub(rb'<row r="2"[^>]*>', lambda found: written, part(data, SHEET))
    table = read("a.xlsx", with_part(data, SHEET, sheet))
    assert (table.rows, table.hidden) == ([["a"], [1], [2]], hidden)


def test_what_a_cell_says_hides_no_row():
    data = book(["a"], ['<row r="2" hidden="1">'])
    assert read("a.xlsx", data).hidden == set()
