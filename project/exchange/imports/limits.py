"""What a file may be. Beyond it, or where it is not what it says, reading raises `Unreadable`."""

from django.utils.translation import gettext as _

from project.ui.formats import Counted

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
LONGEST_CELL = 32_767  # what Excel itself takes


class Unreadable(Exception):
    """The file can't be read; the text says why, to whoever sent it."""


def check_size(size):
    if size > MOST_BYTES:
        raise Unreadable(
            _("The file is too large: %(most)s MB at most.") % {"most": MOST_BYTES // MEGABYTE}
        )
    if not size:
        raise Unreadable(_("The file is empty."))


def check_extent(rows, columns):
    """Rows and columns of a sheet, its heading not counted."""
    if rows > MOST_ROWS:
        raise Unreadable(
            _("The sheet has too many rows: %(most)s at most. Split it.")
            % {"most": Counted(MOST_ROWS)}
        )
    if columns > MOST_COLUMNS:
        raise Unreadable(
            _("The sheet has too many columns: %(most)s at most.") % {"most": MOST_COLUMNS}
        )


def check_cells(cells):
    """Cells of a sheet, those that hold nothing as well: all that its rows and columns make."""
    if cells > MOST_CELLS:
        raise Unreadable(
            _("The sheet has too many cells: %(most)s at most. Split it, or delete empty columns.")
            % {"most": Counted(MOST_CELLS)}
        )


def check_lengths(cells):
    texts = (cell for cell in cells if isinstance(cell, str))
    if max(map(len, texts), default=0) > LONGEST_CELL:
        raise Unreadable(_("A cell has more than %(most)s characters.") % {"most": LONGEST_CELL})


def fit_together(sheets, rows, columns):
    """Whether sheets that are read together are within what one may be: the rows of all of them,
    with a heading each, and the columns of the widest."""
    return rows - sheets <= MOST_ROWS and rows * columns <= MOST_CELLS


def too_large_together():
    return Unreadable(
        _(
            "Together these sheets are too large: %(rows)s rows and %(cells)s cells at most. Take "
            "one after the other."
        )
        % {"rows": Counted(MOST_ROWS), "cells": Counted(MOST_CELLS)}
    )


def damaged():
    return Unreadable(_("The file is damaged or incomplete: open it and save it again."))


def too_large_unpacked():
    return Unreadable(_("The file is too large once it is unpacked."))
