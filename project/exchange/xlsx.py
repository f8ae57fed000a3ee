"""Rows as an Excel file: real dates, real numbers, and a second sheet that says what it is."""

import errno
import os
import re
from contextlib import suppress
from textwrap import wrap
from zipfile import ZIP_DEFLATED, ZipFile

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from lxml.etree import SerialisationError
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from project.jobs.declare import GiveUp

from .cells import FORMULAS, cleaned
from .columns import heading
from .formats import Format
from .layout import Layout, Totals, facts_of, total_label
from .xlsx_rows import NUMBER, Rows, add_sheet, amount_format

MOST_ROWS = 1_048_576  # that Excel has in a sheet
MOST_SHEETS = 250  # of records: the one about the file is beside them
A4 = 9  # as Excel numbers paper
FACT_WIDTH = 80  # in characters, of the column with what a file says of itself
LINE = 15  # the height of a line, in points
HIGHEST = 409  # that Excel lets a row be
LONGEST_NAME = 31  # of a sheet, in characters of UTF-16
NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
RESERVED = {"history", "historique"}  # Excel keeps them for itself

RULE = Side(style="thin", color="B9AE98")
PAPER = PatternFill("solid", fgColor="F3EDE0")


def write(content, file):
    """Write all groups, each on a sheet of its own, and the sheet about them."""
    layout = Layout(content)
    groups = ((title, layout, rows) for title, rows in layout.groups())
    none = (layout.name, layout, iter(()))  # no row, so no group
    write_book(groups, facts_of(content.export), file, none=none)


def write_book(tables, facts, file, *, none=None):
    """Write tables, each (title, layout, iterator of its rows), on a sheet of its own; then the
    facts about them. `none` is the table where there is none."""
    book = Workbook(write_only=True)
    try:
        names = Names()
        for title, layout, rows in tables:
            add_sheets(book, layout, names, title, rows)
        if not book.worksheets and none:
            title, layout, rows = none
            add_sheets(book, layout, names, title, rows)
        add_about(book, facts, names)
        with ZipFile(file, "w", ZIP_DEFLATED, allowZip64=True) as archive:
            ExcelWriter(book, archive).save()
    except SerialisationError as problem:
        # libxml2 says what the system said by its name: "IO_ENOSPC".
        number = getattr(errno, str(problem).removeprefix("IO_"), errno.EIO)
        raise OSError(number, os.strerror(number)) from problem
    finally:
        forget(book)


def forget(book):
    """Take away the files in which openpyxl keeps sheets until the book is saved."""
    for sheet in book.worksheets:
        if sheet._writer is None:
            continue
        if not sheet.closed:
            with suppress(SerialisationError):  # the disk may be full
                sheet.close()
        with suppress(FileNotFoundError):  # the book is saved
            sheet._writer.cleanup()


class Names:
    """Gives each sheet a name that Excel takes, and no other sheet has."""

    def __init__(self):
        self.taken = set(RESERVED)

    def give(self, title):
        name = NOT_IN_A_NAME.sub(" ", cleaned(str(title))).strip().strip("'").strip() or "—"
        suffix, number = "", 1
        while (given := cut(name, len(suffix)) + suffix).casefold() in self.taken:
            number += 1
            suffix = f" ({number})"
        self.taken.add(given.casefold())
        return given


def cut(name, room):
    """The name where something of the length `room` follows it: an emoji counts for two."""
    most = 2 * (LONGEST_NAME - room)
    return name.encode("utf-16-le")[:most].decode("utf-16-le", "ignore").rstrip(" '")


# ------------------------------------------------------------------------------------- the rows
def add_sheets(book, layout, names, title, rows):
    """A sheet of these rows; another wherever Excel has no more rows in one."""
    totals = Totals(layout.reader) if layout.has_totals else None
    room = MOST_ROWS - 12  # for the heading and the totals
    row = next(rows, None)
    while True:
        if len(book.worksheets) >= MOST_SHEETS:
            raise GiveUp(
                _("More than %(most)s sheets: group otherwise, or choose fewer records.")
                % {"most": MOST_SHEETS}
            )
        sheet = add_sheet(book, names.give(title))
        prepare(sheet, layout)
        written = Rows(sheet, layout)
        while row is not None and written.last < room:
            if totals:
                totals.add(row)
            written.append(row)
            row = next(rows, None)
        letter = get_column_letter(len(layout.columns))
        sheet.auto_filter.ref = f"A1:{letter}{written.last}"
        if row is None:
            break
        sheet.close()
    if totals:
        add_totals(sheet, layout, totals)
    sheet.close()


def prepare(sheet, layout):
    """All that a sheet has to know before its first row, and the heading."""
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    print_whole_width(sheet)
    for number, column in enumerate(layout.columns, 1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width + 2
    sheet.append([head(sheet, heading(column)) for column in layout.columns])


def print_whole_width(sheet):
    """All columns on one sheet of paper, and as many of these as the rows take."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def head(sheet, text):
    cell = text_cell(sheet, text)
    cell.font, cell.fill = Font(bold=True), PAPER
    cell.border, cell.alignment = Border(bottom=RULE), Alignment(vertical="center")
    return cell


def text_cell(sheet, text):
    """A cell that is this text, whatever it looks like."""
    text = cleaned(text)
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    cell.quotePrefix = text.startswith(FORMULAS)
    return cell


def styled(sheet, number_format, value=None):
    cell = WriteOnlyCell(sheet, value)
    cell.number_format = number_format
    return cell


# ------------------------------------------------------------------------------- below and beside
def add_totals(sheet, layout, totals):
    """Under an empty row, so that they are neither sorted nor filtered with the others."""
    lines = totals.lines()
    if lines:
        sheet.append([])
    for currency, sums in lines:
        label = total_label(currency)
        cells = [total_cell(sheet, column, currency, sums) for column in layout.columns]
        if None not in cells:  # each is a sum: the label stands beside them
            cells.append(None)
        cells[cells.index(None)] = bold(text_cell(sheet, label))
        sheet.append(cells)


def total_cell(sheet, column, currency, sums):
    if column.name not in sums:
        return None
    number_format = amount_format(currency) if column.currency else NUMBER
    return bold(styled(sheet, number_format, sums[column.name]))


def bold(cell):
    cell.font, cell.border = Font(bold=True), Border(top=RULE)
    return cell


def add_about(book, facts, names):
    sheet = book.create_sheet(names.give(_("About this file")), 1)
    print_whole_width(sheet)
    sheet.column_dimensions["A"].width = 18
    sheet.column_dimensions["B"].width = FACT_WIDTH
    for number, fact in enumerate(facts, 1):
        value = fact.value
        if isinstance(value, str):
            # LibreOffice keeps a row without a height as low as one line of text.
            sheet.row_dimensions[number].height = min(LINE * lines_of(value), HIGHEST)
            value = text_cell(sheet, value)
            value.alignment = Alignment(wrap_text=True, vertical="top")
        label = text_cell(sheet, fact.label)
        label.font, label.alignment = Font(bold=True), Alignment(vertical="top")
        sheet.append([label, value])
    sheet.close()


def lines_of(text):
    """How many lines a text takes where a fact stands; rather one too many."""
    return sum(len(wrap(line, FACT_WIDTH - 8)) or 1 for line in text.splitlines()) or 1


FORMAT = Format(
    name="xlsx",
    label=gettext_lazy("Excel"),
    suffix=".xlsx",
    content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    write=write,
)
