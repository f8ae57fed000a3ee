"""The parts of a workbook: a sheet is looked at before it is read, wherever it says that it is."""

import io
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
