"""Text with separators: what Excel, LibreOffice and others call CSV."""

import csv
import io
import re
from contextlib import suppress

from django.utils.translation import gettext_noop as _

from .limits import (
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_ROWS,
    Unreadable,
    check_cells,
    check_extent,
)
from .signs import MISSING

SEPARATORS = (";", ",", "\t")
SAMPLE = 20  # rows
MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8"}
CUT = ("unexpected end of data", "truncated data")  # as the decoders say it


def rows_of(data):
    """(rows of a file, each a list of texts; what separates its cells; whether its last row has an
    end)."""
    text = decoded(data)
    if "\0" in text:
        raise Unreadable(_("This is no text file, whatever its name says."))
    text = text.removeprefix("\ufeff")
    separator, text = separator_of(text)
    rows, cells = [], 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            rows.append(row)
            cells += len(row)
            if len(rows) > MOST_ROWS + 100 or len(row) > MOST_COLUMNS:
                check_extent(len(rows) - 1, len(row))
            if cells > MOST_CELLS:
                check_cells(cells)
    except csv.Error as error:
        raise Unreadable(
            _("Row %(row)s is no proper CSV: a quote does not close, or a cell is too long."),
            row=str(len(rows) + 1),
        ) from error
    return rows, separator, text.endswith(("\n", "\r"))


def decoded(data):
    """As what it says it is, or UTF-8; or else as Windows writes in Western Europe.

    UTF-8 of which the last letter is cut or some are damaged is refused: as anything else, every
    letter with an accent would be read as two others.
    """
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "")
    try:
        return data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        text = data.decode(encoding or "utf-8", errors="replace")
        bad = text.count("\ufffd")
        good = len(text) - len(text.encode("ascii", "ignore")) - bad
        if error.end == len(data) and error.reason in CUT and (encoding or good):
            raise Unreadable(
                _("The end of this file is missing: get it once more from where it comes.")
            ) from error
        if not encoding and good <= bad:
            with suppress(UnicodeDecodeError):
                return data.decode("cp1252")
    raise Unreadable(_("The letters of this file can't be read: save it as UTF-8."))


def separator_of(text):
    """(what separates the cells, the text without a line that says so)."""
    said = re.match(r"sep=(.)\r?\n", text)
    if said and said[1] in SEPARATORS:
        return said[1], text[said.end() :]
    counts = {separator: _cells(text, separator) for separator in SEPARATORS}
    return max(SEPARATORS, key=counts.get), text


def _cells(text, separator):
    """How well a separator fits: the cells that the first rows have alike."""
    found = []
    try:
        for row in csv.reader(io.StringIO(text[:50_000], newline=""), delimiter=separator):
            if row:
                found.append(len(row))
            if len(found) >= SAMPLE:
                break
    except csv.Error:
        return 0
    if not found or found[0] < 2:
        return 0
    alike = sum(length == found[0] for length in found) / len(found)
    return alike * found[0]


def with_missing_cells(rows, table, matched, *, width, clears):
    """The rows of text, (number, cells), with `MISSING` in a cell of those that are cut short.

    Some programs leave out the separators behind the last cell that holds something, so not every
    row that has fewer cells than the titles (`width`) is cut. It is taken for that where what it
    lacks would empty a field, as an empty cell does in an import that `clears`; and where it is the
    last, nothing ends it, and not all of the others are as short: its last cell may be cut as well.
    The word is in the first cell that lacks, or else in the one that may be cut: of the columns
    that are `matched`, by their places, as nothing is taken of others.
    """
    if not table.lengths or not matched:
        return rows
    lengths = {number: table.lengths[number - table.first] for number, _cells in rows}
    last = None if table.is_ended else table.first + len(table.rows) - 1
    longest = max((each for number, each in lengths.items() if number != last), default=width)
    found = []
    for number, cells in rows:
        length = lengths[number]
        if length < width and any(cell != "" for cell in cells):
            lacking = [place for place in matched if length <= place < width]
            if number == last and length < longest:
                lacking = lacking or [place for place in matched if place == length - 1]
            elif not clears:
                lacking = []
            if lacking:
                cells = [*cells[: lacking[0]], MISSING, *cells[lacking[0] + 1 :]]
        found.append((number, cells))
    return found
