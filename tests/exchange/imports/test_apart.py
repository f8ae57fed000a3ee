"""Reading in a process of its own: whatever a workbook does to it is a refusal, told in words.

Each of these files ended, filled or stopped the process that read it, past all looks beforehand.
"""

import io
import logging
import os
import pickle
import re
import signal
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from django.utils import translation

from project.exchange.imports import apart, limits, reading
from project.exchange.imports.reader import STOPS
from project.exchange.imports.reader import __name__ as READER
from project.exchange.imports.recognition import place_of_titles
from tests.exchange.imports.files import csv, part, python_after, with_part
from tests.exchange.imports.files import workbook as book
from tests.exchange.imports.test_import_reading import CLOSED, SHEET
from tests.jobs.waiting import wait_for

SHARED, STYLES = "xl/sharedStrings.xml", "xl/styles.xml"
OPENED, VALUE = b"<worksheet><sheetData>", b"<v>1</v></c>"
UNBEARABLE = "more time or memory"
SMALL = book(["a"], ["b"])
LIKE = book(
    ["When", "Who"],
    ["2026", "Awa"],
    others=[("Next", [["When", "Who"], [2, "é"]]), ("Else", [["Other"], [3]])],
)


def sheet_of(rows, data=None):
    return with_part(data or SMALL, SHEET, OPENED + rows + CLOSED)


def far_cell_behind_a_quoted_name():
    """Room for 2^34 cells: no machine has it, and the reader ends its process."""
    return sheet_of(
        b'<row r="1"><c r="A1">' + VALUE + b'<a">":c r="XFD1048576">' + VALUE + b"</row>"
    )


def a_promise_of_shared_texts():
    shared = b'<sst b<="1" uniqueCount="99999999999"><si><t>a</t></si></sst>'
    return with_part(SMALL, SHARED, shared)


def a_long_text_in_many_cells():
    shared = b"<sst><si><t>" + b"A" * 260_000 + b"</t></si></sst>"
    rows = (b"<row>" + b'<c t="s"><v>x</v></c>' * 100 + b"</row>") * 200
    return sheet_of(rows, with_part(SMALL, SHARED, shared))


def a_word_in_many_cells():
    errors = (b"<row>" + b'<c t="e"></!:c>' * 100 + b"</row>") * 60
    word = b'<row><c t="str"><v>' + b"A" * 1_000_000 + b"</v></c></row>"
    return sheet_of(b"<row><c>" + VALUE + b"</row>" + errors + word)


def promises_without_a_number():
    """Five seconds of looking, on a machine of 2026."""
    return with_part(SMALL, SHARED, b"<sst a='" + b'uniqueCount="' * 20_000 + b"'></sst>")


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
    ],
)
def test_a_file_for_which_there_is_no_room_is_refused(made):
    assert UNBEARABLE in refused(made())
    assert apart.read("a.xlsx", SMALL).rows == [["a"], ["b"]]


def test_a_word_belongs_to_one_cell():
    assert "more than 32,767 characters" in refused(a_word_in_many_cells())


def test_a_file_that_takes_too_much_of_the_processor_is_refused(monkeypatch):
    monkeypatch.setitem(apart.LIMITS, "RLIMIT_CPU", 1)
    assert UNBEARABLE in refused(promises_without_a_number())


def test_a_file_that_takes_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(apart, "MOST_SECONDS", 0.5)
    assert UNBEARABLE in refused(promises_without_a_number())


@pytest.mark.parametrize("made", [a_number_format_of_no_sign, a_sheet_of_a_name_too_long])
def test_what_nobody_thought_of_is_damage_and_is_logged(made, caplog):
    assert "damaged" in refused(made())
    [line] = [each for each in caplog.records if each.name == apart.__name__]
    assert line.levelno == logging.ERROR and "Traceback" in line.getMessage()


@pytest.fixture
def started_by(tmp_path, monkeypatch):
    """From here on Python is started by a script of these lines."""

    def by(*lines):
        apart._end_spare()
        monkeypatch.setattr(apart.sys, "executable", python_after(tmp_path, *lines))

    yield by
    apart._end_spare()


@pytest.fixture
def waiting():
    """The process that waits for a file."""
    apart.read("a.xlsx", SMALL)
    [process] = apart._spare
    return process


def test_a_process_that_ended_while_it_waited_is_replaced(waiting):
    waiting.kill()
    waiting.wait()
    assert apart.read("a.xlsx", SMALL).rows == [["a"], ["b"]]


def test_a_machine_with_lower_limits_reads_within_those(started_by):
    started_by("ulimit -v 900000", "ulimit -t 10")
    assert apart.read("a.xlsx", SMALL).rows == [["a"], ["b"]]
    assert UNBEARABLE in refused(far_cell_behind_a_quoted_name())


def test_a_machine_that_sets_no_limits_reads_all_the_same(started_by):
    started_by("export PYTHONPATH=$(dirname $0):$PYTHONPATH")
    (Path(apart.sys.executable).parent / "sitecustomize.py").write_text(
        "import resource\ndef refused(*args): raise ValueError\nresource.setrlimit = refused"
    )
    assert apart.read("a.xlsx", SMALL).rows == [["a"], ["b"]]


def test_what_ends_by_itself_is_no_fault_of_the_file(started_by, caplog):
    started_by("exit 1")
    assert "no fault of its own" in refused(SMALL)
    assert [line.levelno for line in caplog.records if line.name == apart.__name__] == [40]


def test_where_no_process_can_be_started_that_is_no_fault_of_the_file(monkeypatch):
    apart._end_spare()
    monkeypatch.setattr(apart.sys, "executable", "/nowhere/python")
    assert "no fault of its own" in refused(SMALL)


def test_a_server_that_stops_lets_it_end_and_a_next_one_is_not_needed(waiting, monkeypatch):
    """Ctrl-C and systemd tell all processes of a server to stop; it ends its requests first."""
    stops = [getattr(signal, name) for name in STOPS]
    wait_for(lambda: set(stops) <= ignored_by(waiting))
    for stop in stops:
        waiting.send_signal(stop)
    monkeypatch.setattr(apart.sys, "executable", "/nowhere/python")
    assert apart.read("a.xlsx", SMALL).rows == [["a"], ["b"]]
    assert apart._spare == []


def ignored_by(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    [mask] = re.findall(r"SigIgn:\s*(\w+)", status)
    return {signal.Signals(n) for n in range(1, 32) if int(mask, 16) >> (n - 1) & 1}


def test_nothing_is_left_when_it_is_over():
    apart._end_spare()
    before = pipes()
    for made in (SMALL, far_cell_behind_a_quoted_name(), sheet_of(b"<row")):
        with suppress(limits.Unreadable):
            apart.read("a.xlsx", made)
    with pytest.raises(ZeroDivisionError):
        apart.read("a.xlsx", LIKE, alike=lambda first: 1 / 0)
    assert len(readers()) == 1
    apart._end_spare()
    assert (pipes(), readers()) == (before, [])


def pipes():
    """How many are open."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists them
            found += os.readlink(each).startswith("pipe:")
    return found


def readers():
    """The processes of this one that read, or wait to."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # one that has ended
            parent = re.search(r"PPid:\s*(\d+)", (process / "status").read_text())[1]
            if int(parent) == os.getpid() and READER in (process / "cmdline").read_text():
                found.append(process.name)
    return found


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", csv(["a", "b"], [1, "é"])),
        (
            "a.xlsx",
            LIKE,
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
