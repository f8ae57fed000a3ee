"""What a file may be. Beyond it, or where it is not what it says, reading raises `Unreadable`."""

from functools import partial

from django.utils.formats import localize
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from ..cells import LONGEST

MEGABYTE = 1_000_000

MOST_BYTES = 10 * MEGABYTE
MOST_UNPACKED = 150 * MEGABYTE
MOST_SHARED = 50 * MEGABYTE  # of the texts that cells share: held several times while it is read
MOST_PARTS = 2_000
MOST_SHEETS = 251  # as many as a file of ours may have
LONGEST_SHEET_NAME = 255  # characters; Excel takes 31
MOST_ROWS = 20_000
MOST_COLUMNS = 200
MOST_CELLS = 1_000_000  # filled or not, of a sheet: some 300 bytes each while they are read
LONGEST_CELL = LONGEST


class Unreadable(Exception):
    """The file can't be read; the text says why, to whoever sent it, in the language that is active
    where it is shown: a file may be read where none is."""

    def __init__(self, message, **params):
        super().__init__(message, params)

    def __reduce__(self):
        message, params = self.args
        return partial(Unreadable, message, **params), ()

    def __str__(self):
        message, params = self.args
        return gettext(message) % {name: localize(value) for name, value in params.items()}


def check_size(size):
    if size > MOST_BYTES:
        raise Unreadable(
            _("The file is too large: %(most)s MB at most."), most=MOST_BYTES // MEGABYTE
        )
    if not size:
        raise Unreadable(_("The file is empty."))


def check_extent(rows, columns):
    """Rows and columns of a sheet, its heading not counted."""
    if rows > MOST_ROWS:
        raise Unreadable(
            _("The sheet has too many rows: %(most)s at most. Split it."), most=MOST_ROWS
        )
    if columns > MOST_COLUMNS:
        raise Unreadable(_("The sheet has too many columns: %(most)s at most."), most=MOST_COLUMNS)


def check_cells(cells):
    """Cells of a sheet, those that hold nothing as well: all that its rows and columns make."""
    if cells > MOST_CELLS:
        raise Unreadable(
            _("The sheet has too many cells: %(most)s at most. Split it, or delete empty columns."),
            most=MOST_CELLS,
        )


def check_lengths(cells):
    texts = (cell for cell in cells if isinstance(cell, str))
    if max(map(len, texts), default=0) > LONGEST_CELL:
        raise Unreadable(_("A cell has more than %(most)s characters."), most=LONGEST_CELL)


def fit_together(sheets, rows, columns):
    """Whether sheets that are read together are within what one may be: the rows of all of them,
    with a heading each, and the columns of the widest."""
    return rows - sheets <= MOST_ROWS and rows * columns <= MOST_CELLS


def too_large_together():
    return Unreadable(
        _(
            "Together these sheets are too large: %(rows)s rows and %(cells)s cells at most. Take "
            "one after the other."
        ),
        rows=MOST_ROWS,
        cells=MOST_CELLS,
    )


def nothing_below():
    return Unreadable(_("There are titles in this file and nothing below them."))


def nothing_that_counts():
    return Unreadable(_("The columns that count are empty."))


def damaged():
    return Unreadable(_("The file is damaged or incomplete: open it and save it again."))


def too_large_unpacked():
    return Unreadable(_("The file is too large once it is unpacked."))


def unbearable():
    return Unreadable(
        _(
            "Reading this file takes more time or memory than any workbook of its size: open it "
            "and save it again."
        )
    )


def not_read():
    return Unreadable(
        _("The file could not be read, which is no fault of its own: try again, or tell an admin.")
    )
