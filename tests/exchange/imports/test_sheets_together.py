"""Which sheets of a workbook are read together, and what all of them may be."""

import io
import re
import tracemalloc
from functools import partial

import openpyxl
import pytest

from project.exchange.imports import limits, pages, reading, workbook
from project.exchange.imports.importer import importer_of
from project.exchange.imports.limits import Unreadable
from project.exchange.imports.reading import read
from project.exchange.imports.recognition import has_titles_of
from tests.exchange.imports.files import part, with_part
from tests.exchange.imports.files import workbook as book

TITLES = ["Départ", "Client", "Prix (XOF)"]
BOOK, SECOND = "xl/workbook.xml", "xl/worksheets/sheet2.xml"


def together(data, sheet="", **wanted):
    finds = partial(has_titles_of, importer=importer_of("bookings"))
    return read("a.xlsx", data, sheet, alike=finds, **wanted)


def names(table):
    return [each.sheet for each in table.together]


def months(*sheets):
    """A workbook with a sheet for each of these: (name, rows)."""
    (name, rows), *others = sheets
    return book(*rows, sheet=name, others=others)


def test_sheets_of_the_same_titles_are_read_together():
    data = months(
        ("Janvier", [TITLES, ["1", "a", 1]]),
        ("Notes", [["Départ", "Notes"], ["1", "b"]]),
        ("Février", [[], ["", "Courses"], [], TITLES, ["2", "b", 2], ["3", "c", 3]]),
        ("Autrement", [["Client", "Départ", "Prix (XOF)"], ["a", "1", 1]]),
        ("En euros", [["Départ", "Client", "Prix (EUR)"], ["1", "a", 1]]),
        ("Mars", [["départ ", "CLIENT", "Prix (XOF)"], ["4", "d", 4, "more"]]),
    )
    table = together(data)
    assert names(table) == table.alike == ["Janvier", "Février", "Mars"]
    assert table.sheets == ["Janvier", "Notes", "Février", "Autrement", "En euros", "Mars"]
    assert [each.rows[-1] for each in table.together] == [
        ["1", "a", 1],
        ["3", "c", 3],
        ["4", "d", 4, "more"],
    ]
    assert [each.first for each in table.together] == [1, 2, 1]


def test_one_that_is_asked_for_is_read_alone_and_the_others_are_known():
    data = months(*((name, [TITLES, ["1", name]]) for name in ("Janvier", "Février", "Mars")))
    table = together(data, "Février", together=False)
    assert names(table) == ["Février"]
    assert table.alike == ["Janvier", "Février", "Mars"]
    assert names(read("a.xlsx", data)) == ["Janvier"]
    assert names(read("a.xlsx", data, "Mars", also=("Janvier",))) == ["Mars", "Janvier"]


def test_sheets_without_titles_are_not_alike():
    data = months(("a", [[], ["", " "], ["x", 1]]), ("b", [[], ["", " "], ["y", 1]]))
    assert names(together(data)) == ["a"]
    assert together(data).alike == []


def test_a_hidden_sheet_is_not_read_with_one_that_is_seen():
    data = months(*((name, [TITLES, ["1", name]]) for name in ("Janvier", "Février", "Mars")))
    hidden = part(data, BOOK).replace(b'sheetId="2"', b'sheetId="2" state="hidden"')
    data = with_part(data, BOOK, hidden)
    assert names(together(data)) == together(data).alike == ["Janvier", "Mars"]
    assert "Février" in together(data).sheets


def test_each_sheet_is_looked_through_for_what_the_reader_does_not_tell():
    """Formulas without a result, formats of cells, and hidden rows."""
    target = io.BytesIO()
    opened = openpyxl.Workbook()
    for name in ("Janvier", "Février"):
        page = opened.create_sheet(name)
        page.append(["Téléphone", "Client"])
        page.append([771234567, "=A1"])
        page["A2"].number_format = "0000000000"
        page.append([1, "c"])
    opened["Février"].row_dimensions[3].hidden = True
    opened.save(target)
    first, second = together(target.getvalue()).together
    assert first.rows[1] == second.rows[1] == ["0771234567", "#FORMULA"]
    assert (first.hidden, second.hidden) == (frozenset(), frozenset({3}))


# ------------------------------------------------------------------------------------- limits
@pytest.fixture(params=[pages, reading])
def counted_once(request, monkeypatch):
    """Sheets are counted as the reader has them, and again when they are finished: either does."""
    monkeypatch.setattr(request.param, "fit_together", lambda *given: True)


@pytest.mark.parametrize(("name", "most"), [("MOST_ROWS", 5), ("MOST_CELLS", 23)])
def test_limits_are_for_all_of_them(monkeypatch, counted_once, name, most):
    sheet = [TITLES, *[["1", "a", 1] for _ in range(3)]]
    data = months(("Janvier", sheet), ("Février", sheet))
    assert names(together(data)) == ["Janvier", "Février"]
    monkeypatch.setattr(limits, name, most + 1)
    assert names(together(data)) == ["Janvier", "Février"]
    monkeypatch.setattr(limits, name, most)
    table = together(data)
    assert (names(table), table.alike) == (["Janvier"], ["Janvier", "Février"])


def test_the_widest_sheet_counts_for_all(monkeypatch, counted_once):
    data = months(("a", [TITLES, [1] * 20]), ("b", [TITLES, [1], [1]]))
    assert names(together(data)) == ["a", "b"]
    monkeypatch.setattr(limits, "MOST_CELLS", 60)
    assert names(together(data)) == ["a"]


def test_what_formulas_add_counts_as_well(monkeypatch):
    """The reader takes formulas without a result for nothing at all."""
    monkeypatch.setattr(limits, "MOST_CELLS", 1_000)
    target = io.BytesIO()
    opened = openpyxl.Workbook()
    for name in "abc":
        page = opened.create_sheet(name)
        page.append(TITLES)
        page.cell(20, 20).value = "=A1"
    opened.save(target)
    tabled = []
    whole = reading.tabled
    monkeypatch.setattr(reading, "tabled", lambda *given: tabled.append(given) or whole(*given))
    assert names(together(target.getvalue())) == ["a"]
    assert len(tabled) < 3


def test_a_damaged_sheet_is_told_of_wherever_it_is():
    data = months(("Janvier", [TITLES, ["1"]]), ("Février", [TITLES, ["2"]]))
    broken = part(data, SECOND).partition(b"</row>")[0]
    with pytest.raises(Unreadable, match="damaged"):
        together(with_part(data, SECOND, broken))


def naming(data, many):
    """The workbook, with its second sheet under many names."""
    content = part(data, BOOK)
    sheet = re.search(rb'<sheet name="b"[^>]*?r:id="(\w+)"/>', content)
    more = b"".join(
        b'<sheet name="s%d" sheetId="%d" r:id="%s"/>' % (number, number, sheet[1])
        for number in range(10, 10 + many)
    )
    return with_part(data, BOOK, content.replace(sheet[0], sheet[0] + more))


def test_many_names_of_one_part_cost_what_one_does(monkeypatch):
    rows = [TITLES, *[["1", "a", number] for number in range(500)]]
    data = months(("a", [TITLES, ["1"]]), ("b", rows))

    def cost(data):
        looked = []
        monkeypatch.setattr(workbook, "hidden_rows", lambda content: looked.append(content) or ())
        tracemalloc.start()
        table = together(data)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return names(table), len(looked), most

    one, many = cost(data), cost(naming(data, 200))
    assert one[0] == many[0] == ["a", "b"]
    assert one[1] == many[1] == 2
    assert many[2] < 2 * one[2]


def test_styles_are_read_once_for_all_sheets(monkeypatch):
    data = months(*((f"s{number}", [TITLES, ["1"]]) for number in range(5)))
    read = []
    monkeypatch.setattr(workbook, "shown_by", lambda styles: read.append(styles) or {})
    assert (len(names(together(data))), len(read)) == (5, 1)


def test_one_sheet_is_taken_once(monkeypatch):
    """Nothing is looked for where no other sheet holds anything."""
    monkeypatch.setattr(pages.Look, "_belongs", None)
    data = months(("Janvier", [TITLES, ["1"]]), ("Vide", []))
    assert names(together(data)) == ["Janvier"]
