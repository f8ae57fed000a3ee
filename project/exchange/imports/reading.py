"""A file as a table of plain cells: text, whole numbers and floats; '' where there is nothing.

Moments come as ISO text, which the parsing of cells takes everywhere; yes and no as "TRUE" and
"FALSE". What the file can't be is said by `limits.Unreadable`, and nothing else is raised.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from math import isfinite
from pathlib import PurePath

from django.utils.translation import gettext_noop as _

from ..cells import unquoted
from . import commas, workbook
from .limits import (
    Unreadable,
    check_cells,
    check_extent,
    check_lengths,
    check_size,
    fit_together,
)
from .pages import Wanted

EXTENSIONS = (".xlsx", ".csv")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"


@dataclass(slots=True)
class Table:
    """One sheet of a file: its rows, all as long as the longest; `first` is the number that the
    first of them has there. `sheets` are the names of all that hold something, of a workbook, and
    `alike` of those that are like this one, where there are; `others` are the tables of what is
    read with it. `separator` is what stands between two cells, of text, `lengths` how many cells
    each row had there, and `is_ended` whether there was an end behind the last. `hidden` are the
    numbers of the rows that whoever opens a workbook does not see."""

    rows: list
    first: int = 1
    sheet: str = ""
    sheets: list = field(default_factory=list)
    alike: list = field(default_factory=list)
    others: list = field(default_factory=list)
    separator: str = ""
    lengths: list = field(default_factory=list)
    is_ended: bool = True
    hidden: frozenset = frozenset()

    @property
    def together(self):
        """This one, and those that are read with it."""
        return [self, *self.others]


def read(name, data, sheet="", **wanted):
    """The table of a file called `name`. Without a `sheet`, the first that holds something; others
    with it as `pages.Wanted` says."""
    return read_wanted(name, data, Wanted(sheet, **wanted))


def read_wanted(name, data, wanted):
    check_size(len(data))
    extension = PurePath(name).suffix.lower()
    if extension not in EXTENSIONS:
        raise Unreadable(_("Only .xlsx and .csv files can be imported: save it as one of these."))
    if extension == ".xlsx":
        return _from_workbook(data, wanted)
    if data.startswith((ZIP, OLE)):
        raise Unreadable(_("This is no text: its name should end in .xlsx."))
    rows, separator, is_ended = commas.rows_of(data)
    last = rows[-1] if rows else None
    table = tabled(rows)
    table.separator, table.lengths = separator, list(map(len, rows))
    table.is_ended = is_ended or rows[-1] is not last  # empty rows at the end are left out
    return table


def _from_workbook(data, wanted):
    if data.startswith(OLE):
        raise Unreadable(
            _("The file is protected by a password, or an older .xls: save it as plain .xlsx.")
        )
    if not data.startswith(ZIP):
        raise Unreadable(_("This is no Excel workbook, whatever its name says."))
    pages, sheets, alike = workbook.pages_of(data, wanted)
    table, *others = tables_of(pages)
    table.sheets, table.alike, table.others = sheets, alike, others
    return table


def tables_of(pages):
    """The tables of pages that are read together; of the first one alone where the formulas of
    others, which a page has only when it is finished, make them too large."""
    tables, rows, width = [], 0, 0
    for page in pages:
        if tables:
            rows, width = rows + len(page.rows), max(width, *map(len, page.rows))
            if not fit_together(len(tables) + 1, rows, width):
                return tables[:1]
        table = tabled(page.rows, page.name)
        table.hidden = page.hidden
        tables.append(table)
        rows, width = rows or len(table.rows), width or len(table.rows[0])
    return tables


def tabled(rows, sheet=""):
    """Without empty rows at the end and empty columns at the right; as plain cells. Takes what is
    empty from the rows that it is given, as well."""
    while rows and not any(cell != "" for cell in rows[-1]):
        rows.pop()
    first = 1
    while rows and not any(cell != "" for cell in rows[0]):
        rows.pop(0)
        first += 1
    if not rows:
        raise Unreadable(_("There is nothing in this file."))
    check_cells(len(rows) * max(map(len, rows)))
    columns = [plain(column) for column in zip_longest(*rows, fillvalue="")]
    while columns and not any(cell != "" for cell in columns[-1]):
        columns.pop()
    check_extent(len(rows) - 1, len(columns))
    return Table([list(row) for row in zip(*columns, strict=True)], first, sheet)


def plain(column):
    """The cells of a column as what JSON has. Most hold one type, so types are asked first."""
    types = set(map(type, column))
    if not types <= {str, int}:
        if len(types - {str}) == 1:  # what is equal is alike then: 1 and True are, and are not
            read = {cell: PLAIN[type(cell)](cell) for cell in set(column)}
            column = [read[cell] for cell in column]
        else:
            column = [PLAIN[type(cell)](cell) for cell in column]
    check_lengths(different := set(column))
    if any(isinstance(cell, str) and cell[:1] == "'" for cell in different):
        # A workbook that was saved from our CSV has its quotes as well.
        return [unquoted(cell) if isinstance(cell, str) else cell for cell in column]
    return column


def _number(value):
    if not isfinite(value):  # what no JSON, no file and no column has
        return str(value)
    return int(value) if value.is_integer() and abs(value) < 10**15 else value


def _moment(value):
    return value.isoformat(sep=" ", timespec="seconds")


def _rounded(moment):
    """To the second: a moment in a workbook is a fraction of days, and off by some microseconds."""
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)


def _datetime(moment):
    try:
        return _moment(_rounded(moment))
    except OverflowError:
        return _moment(moment)


PLAIN = {
    str: str,
    int: int,
    float: _number,
    bool: lambda value: "TRUE" if value else "FALSE",
    datetime: _datetime,
    # A cell of 0:00 comes as a day. That it was a day with a time can't be told any more.
    date: lambda value: f"{value.isoformat()} 00:00:00",
    time: lambda value: value.isoformat(timespec="minutes"),
    timedelta: str,
    type(None): lambda value: "",
}
