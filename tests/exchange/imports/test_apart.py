"""Reading in a process of its own: whatever a workbook does to it is a refusal, told in words.

Each of these files ended, filled or stopped the process that read it, past all looks beforehand.
"""

import io
import logging
import pickle
import zipfile

import pytest
from django.utils import translation

from project.exchange.imports import apart, limits, reading
from project.exchange.imports.recognition import place_of_titles
from tests.exchange.imports.files import csv, part, with_part
from tests.exchange.imports.files import workbook as book
from tests.exchange.imports.test_import_reading import CLOSED, SHEET

SHARED, STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
OPENED, VALUE = b"<worksheet><sheetData>", b"<v>1</v></c>"
UNBEARABLE = "more time or memory"


def sheet_of(rows, data=None):
    return with_part(data or book(["a"], ["b"]), SHEET, OPENED + rows + CLOSED)


def far_cell_behind_a_quoted_name():
    """Room for 2^34 cells: no machine has it, and the reader ends its process."""
    return sheet_of(
        b'<row r="1"><c r="A1">' + VALUE + b'<a">":c r="XFD1048576">' + VALUE + b"</row>"
    )


def a_promise_of_shared_texts():
    shared = b'<sst b<="1" uniqueCount="99999999999"><si><t>a</t></si></sst>'
    return with_part(book(["a"], ["b"]), SHARED, shared)


def a_long_text_in_many_cells():
    shared = b"<sst><si><t>" + b"A" * 260_000 + b"</t></si></sst>"
    rows = (b"<row>" + b'<c t="s"><v>x</v></c>' * 100 + b"</row>") * 200
    return sheet_of(rows, with_part(book(["a"], ["b"]), SHARED, shared))


def a_word_in_many_cells():
    errors = (b"<row>" + b'<c t="e"></!:c>' * 100 + b"</row>") * 60
    word = b'<row><c t="str"><v>' + b"A" * 1_000_000 + b"</v></c></row>"
    return sheet_of(b"<row><c>" + VALUE + b"</row>" + errors + word)


def formulas_without_an_end():
    rows = (b"<row>" + b"<c><f>1</f></!:c>" * 100 + b"</row>") * 400
    return sheet_of(b"<row><c>" + VALUE + b"</row>" + rows)


def a_number_format_of_no_sign():
    data = book(["a"], [5], formats=[(0, "000000")])
    formats = b'<numFmts><numFmt numFmtId="164" formatCode="&#' + b"9" * 5_000 + b';"/></numFmts>'
    styles = part(data, STYLES).replace(b"</styleSheet>", b"</styleSheet>" + formats)
    return with_part(data, STYLES, styles)


def a_sheet_of_a_name_too_long():
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book(["a"]))) as source,
        zipfile.ZipFile(target, "w") as archive,
    ):
        for name in source.namelist():
            archive.writestr(name, source.read(name))
        archive.writestr("xl/worksheets/" + "a" * 60_000 + ".xml", b"<x/>")
    return target.getvalue().replace(b"a" * 60_000, b"\x80" * 60_000)


def refused(data):
    with pytest.raises(limits.Unreadable) as error:
        apart.read("a.xlsx", data)
    return str(error.value)


@pytest.mark.parametrize(
    "made",
    [
        far_cell_behind_a_quoted_name,
        a_promise_of_shared_texts,
        a_long_text_in_many_cells,
        a_word_in_many_cells,
    ],
)
def test_a_file_for_which_there_is_no_room_is_refused(made):
    assert UNBEARABLE in refused(made())
    assert apart.read("a.xlsx", book(["a"], ["b"])).rows == [["a"], ["b"]]


def test_a_file_that_takes_too_much_of_the_processor_is_refused(monkeypatch):
    monkeypatch.setitem(apart.LIMITS, "RLIMIT_CPU", 1)
    assert UNBEARABLE in refused(formulas_without_an_end())


def test_a_file_that_takes_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(apart, "MOST_SECONDS", 0.5)
    assert UNBEARABLE in refused(formulas_without_an_end())


@pytest.mark.parametrize("made", [a_number_format_of_no_sign, a_sheet_of_a_name_too_long])
def test_what_nobody_thought_of_is_damage_and_is_logged(made, caplog):
    assert "damaged" in refused(made())
    [line] = [each for each in caplog.records if each.name == apart.__name__]
    assert line.levelno == logging.ERROR and "Traceback" in line.getMessage()


def test_a_process_that_ended_while_it_waited_is_replaced():
    apart.read("a.xlsx", book(["a"], ["b"]))
    [waiting] = apart._spare
    waiting.kill()
    waiting.wait()
    assert apart.read("a.xlsx", book(["c"], ["d"])).rows == [["c"], ["d"]]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", csv(["a", "b"], [1, "é"])),
        (
            "a.xlsx",
            book(
                ["When", "Who"],
                ["2026", "Awa"],
                others=[("Next", [["When", "Who"], [2, "é"]]), ("Else", [["Other"], [3]])],
            ),
        ),
    ],
)
def test_it_reads_as_one_does_here(name, data, together):
    def alike(first):
        return lambda rows: place_of_titles(rows, first[0]) is not None

    wanted = {"alike": alike, "together": together}
    assert apart.read(name, data, **wanted) == reading.read(name, data, **wanted)


def test_a_refusal_is_said_in_the_language_of_whoever_reads_it():
    said = pickle.loads(pickle.dumps(limits.too_large_together()))
    with translation.override("fr"):
        assert "20\N{NO-BREAK SPACE}000 lignes" in str(said) or "20\u202f000 lignes" in str(said)
    with translation.override("en"):
        assert "20,000 rows and 1,000,000 cells" in str(said)
