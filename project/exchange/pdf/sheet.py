"""The columns of a sheet, as they are declared for every file, in a table of a PDF."""

import re
from operator import itemgetter

from django.utils import timezone
from django.utils.translation import gettext as _

from project.ui import formats
from project.ui.formats import date_format

from ..cells import cleaned
from ..columns import Kind, heading
from ..layout import Totals
from .table import Column, Table, Total

NUMBERS = (Kind.WHOLE, Kind.NUMBER, Kind.AMOUNT)
# A phone number that is all of a text, or of one of its lines, or stands there behind a name.
PHONE = re.compile(r"(^|\n| · )(\+?[0-9][0-9 ().-]{4,30})(?= · |\n|$)")


def heads(columns):
    """The table's columns for those of a sheet."""
    return tuple(
        Column(
            heading(column),
            width=column.width,
            fixed=column.kind is not Kind.TEXT,
            right=column.kind in NUMBERS,
        )
        for column in columns
    )


def cell(column, value, currency=""):
    """What a cell says of `value`, as Kind describes it, in the language that is active."""
    return "" if value is None else WRITERS[column.kind](column, value, currency)


def text(column, value, currency):
    """A phone number stays on one line."""
    return PHONE.sub(lambda found: found[1] + formats.phone(found[2]), cleaned(str(value)))


def number(column, value, currency):
    return formats.number(value)


def amount(column, value, currency):
    return formats.amount(value, currency) if currency else formats.number(value)


def moment(column, value, currency):
    return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")


def day(column, value, currency):
    return date_format(value, "SHORT_DATE_FORMAT")


def choice(column, value, currency):
    return str(dict(column.choices).get(value, value))


def flag(column, value, currency):
    return "✓" if value else ""


WRITERS = {
    Kind.TEXT: text,
    Kind.WHOLE: number,
    Kind.NUMBER: number,
    Kind.AMOUNT: amount,
    Kind.MOMENT: moment,
    Kind.DAY: day,
    Kind.CHOICE: choice,
    Kind.FLAG: flag,
}


def writer_of(column, reader):
    """The function that writes a column's cell for a row that was read."""
    get = reader.getter(column)
    if column.currency:
        currency = itemgetter(reader.paths.index(column.currency))
        return lambda row: cell(column, get(row), currency(row))
    return lambda row: cell(column, get(row))


def table_of(given, objects):
    """The table of a `layout.Given`, with its totals."""
    writers = [writer_of(column, given.reader) for column in given.columns]
    totals = Totals(given.reader) if given.has_totals else None
    rows = []
    for row in given.rows(objects):
        if totals:
            totals.add(row)
        rows.append(tuple(write(row) for write in writers))
    if totals:
        rows += total_rows(given.columns, totals)
    return Table(heads(given.columns), rows)


def total_rows(columns, totals):
    """A Total for each line of a `layout.Totals`."""
    lines = totals.lines()
    for currency, sums in lines:
        label = _("Total %(currency)s") % {"currency": currency}
        cells = tuple(cell(column, sums.get(column.name), currency) for column in columns)
        yield Total(cells, label if len(lines) > 1 else _("Total"))
