"""Text with separators: what Excel, LibreOffice and others call CSV."""

import csv
import io
import re

from django.utils.translation import gettext as _

from .limits import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Unreadable, check_extent

SEPARATORS = (";", ",", "\t")
SAMPLE = 20  # rows


def rows_of(data):
    """(rows of a file, each a list of texts; what separates its cells)."""
    text = decoded(data)
    if "\0" in text:
        raise Unreadable(_("This is no text file, whatever its name says."))
    text = text.removeprefix("\ufeff")
    separator, text = separator_of(text)
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            rows.append(row)
            if len(rows) > MOST_ROWS + 100 or len(row) > MOST_COLUMNS:
                check_extent(len(rows) - 1, len(row))
    except csv.Error as error:
        raise Unreadable(
            _("Row %(row)s is no proper CSV: a quote does not close, or a cell is too long.")
            % {"row": len(rows) + 1}
        ) from error
    if any(len(cell) > LONGEST_CELL for row in rows for cell in row):
        raise Unreadable(_("A cell has more than %(most)s characters.") % {"most": LONGEST_CELL})
    return rows, separator


def decoded(data):
    """As what it says it is, or UTF-8; or else as Windows writes in Western Europe."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        raise Unreadable(_("The letters of this file can't be read: save it as UTF-8.")) from None


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
