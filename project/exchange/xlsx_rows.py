"""Rows of an Excel sheet written as XML text, beside openpyxl's own, which makes an object of each
cell: a third of its time, for files of which nothing else is asked than many plain rows.

All else of the file is openpyxl's. What is touched of its inside (two methods of the release that
is pinned) is touched here only.
"""

import re
from functools import lru_cache

from django.utils import timezone
from django.utils.translation import get_language
from lxml.etree import fromstring
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet._writer import WorksheetWriter

from project import money

from .cells import FORMULAS, LONGEST, cleaned, escaped, plain_decimal
from .columns import Kind
from .layout import choices_of

MOMENTS = {"fr": ("dd/mm/yyyy hh:mm", "dd/mm/yyyy"), "en": ("yyyy-mm-dd hh:mm", "yyyy-mm-dd")}
NUMBER = "#,##0.0##"
FIRST_YEAR = 1901  # earlier Excel's calendar has a day too many, or none at all
DAY_ZERO = 693_594  # what Excel counts from, as an ordinal
REMEMBERED = 1_024  # texts of a column: most come again and again

# What cannot stand in XML, or not by itself, or not at an end; what would be read otherwise.
DELICATE = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]|^\\s|\\s$|^'|_x")


class Written(tuple):
    """A row that is XML already."""


class Sheet(WriteOnlyWorksheet):
    """A sheet that takes rows of cells, as openpyxl's, and rows that are `Written`."""

    def _values_to_row(self, values, row_idx):
        if type(values) is Written:
            return values
        return super()._values_to_row(values, row_idx)

    def _get_writer(self):
        if self._writer is None:
            self._writer = Writer(self)
            self._writer.write_top()


class Writer(WorksheetWriter):
    def write_row(self, xf, row, row_idx):
        if type(row) is Written:
            xf.write(fromstring(row[0]))
        else:
            super().write_row(xf, row, row_idx)


def add_sheet(book, title):
    """A new sheet at the end of the book, as `book.create_sheet` makes one."""
    sheet = Sheet(book, title)
    book._add_sheet(sheet)
    return sheet


class Rows:
    """Writes the rows of a layout into a sheet, from its second on."""

    def __init__(self, sheet, layout):
        self.sheet = sheet
        self.cells = [
            (get_column_letter(number), cell_of(sheet, layout, column))
            for number, column in enumerate(layout.columns, 1)
        ]
        self.last = 1

    def append(self, row):
        self.last = number = self.last + 1
        cells = "".join(
            [
                f'<c r="{letter}{number}"{written}'
                for letter, cell in self.cells
                if (written := cell(row))
            ]
        )
        self.sheet.append(Written((f'<row r="{number}">{cells}</row>',)))


def style(sheet, number_format="General", *, quoted=False):
    """The number of a style in the book."""
    cell = WriteOnlyCell(sheet)
    cell.number_format = number_format
    cell.quotePrefix = quoted
    return cell.style_id


def cell_of(sheet, layout, column):
    """The function that writes a column's cell of a row, after its address; '' for an empty one."""
    get, kind = layout.reader.getter(column), column.kind
    text = text_of(sheet)
    if kind is Kind.TEXT:
        return lambda row: text(get(row))
    if kind is Kind.CHOICE:
        labels = {value: text(label) for value, label in choices_of(column).items()}
        return lambda row: labels.get(get(row)) or text(get(row))
    if kind is Kind.AMOUNT:
        return amount_of(sheet, layout, column)
    if kind is Kind.FLAG:
        written = {True: ' t="b"><v>1</v></c>', False: ' t="b"><v>0</v></c>', None: ""}
        return lambda row: written[get(row)]
    moment, day = MOMENTS.get(get_language(), MOMENTS["en"])
    zone = timezone.get_current_timezone()
    number_format, serial = {
        Kind.WHOLE: ("0", str),
        Kind.NUMBER: (NUMBER, plain_decimal),
        Kind.DAY: (day, serial_day),
        Kind.MOMENT: (moment, lambda at: serial_moment(at.astimezone(zone))),
    }[kind]
    opened = f' s="{style(sheet, number_format)}"><v>'

    def number(row):
        value = get(row)
        return "" if value is None else f"{opened}{serial(value)}</v></c>"

    def date(row):
        value = get(row)
        if value is not None and value.year < FIRST_YEAR:
            return text(value.isoformat())
        return number(row)

    return date if kind in (Kind.DAY, Kind.MOMENT) else number


def text_of(sheet):
    """The function that writes a text as a text, whatever it looks like.

    The style of one that a spreadsheet would take for a formula says that it is none: it stays a
    text when somebody edits it.
    """
    harmless = f' s="{style(sheet)}"'
    quoted = f' s="{style(sheet, quoted=True)}"'

    @lru_cache(REMEMBERED)
    def written(text):
        if not text:
            return ""
        styled, space = quoted if text.startswith(FORMULAS) else harmless, ""
        if len(text) > LONGEST or DELICATE.search(text):
            text = cleaned(text)
            styled = quoted if text.startswith(FORMULAS) else harmless
            space = ' xml:space="preserve"' if text != text.strip() else ""
            text = escaped(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            text = text.replace("\r", "&#13;")
        return f'{styled} t="inlineStr"><is><t{space}>{text}</t></is></c>'

    return written


def amount_of(sheet, layout, column):
    """The function that writes an amount with the decimals of its currency."""
    get = layout.reader.getter(column)
    currency = layout.reader.paths.index(column.currency)
    opened = {code: f' s="{style(sheet, amount_format(code))}"><v>' for code in money.WRITTEN}

    def written(row):
        amount = get(row)
        return "" if amount is None else f"{opened[row[currency]]}{plain_decimal(amount)}</v></c>"

    return written


def amount_format(currency):
    digits = money.WRITTEN[currency]
    return f"#,##0.{'0' * digits}" if digits else "#,##0"


def serial_day(day):
    """A day as Excel counts them, from 1901 on."""
    return day.toordinal() - DAY_ZERO


def serial_moment(at):
    """A local moment as Excel counts them, to the second."""
    seconds = at.hour * 3600 + at.minute * 60 + at.second
    return serial_day(at) + seconds / 86_400
