"""Rows as CSV, as the Excel of the user's language opens it with a double click."""

import csv
from io import TextIOWrapper

from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from .cells import cleaned, plain_decimal, quoted
from .columns import Kind, heading
from .formats import Format
from .layout import Layout, choices_of

# By language: between two cells, before the decimals.
HABITS = {"fr": (";", ","), "en": (",", ".")}
# In any language: what every spreadsheet takes for a date, and nobody for another one.
MOMENT, DAY = "%Y-%m-%d %H:%M", "%Y-%m-%d"


def write(content, file):
    """Write one table, whatever the grouping: its rows only follow each other by it."""
    layout = Layout(content)
    separator, point = HABITS.get(get_language(), HABITS["en"])
    texts = [text_of(layout, column, point=point) for column in layout.columns]
    stream = TextIOWrapper(file, encoding="utf-8-sig", newline="")
    # All in quotes: a program that splits at other signs too finds no cell within a text.
    lines = csv.writer(stream, delimiter=separator, quoting=csv.QUOTE_ALL)
    lines.writerow([heading(column) for column in layout.columns])
    lines.writerows([text(row) for text in texts] for row in layout.rows())
    stream.flush()
    stream.detach()


def text_of(layout, column, *, point):
    """The function that makes a column's text of a row."""
    get, zone = layout.reader.getter(column), timezone.get_current_timezone()
    if column.kind is Kind.CHOICE:
        labels = choices_of(column)
        return lambda row: quoted(labels.get(get(row), get(row)))
    words = {True: _("yes"), False: _("no")}
    write = {
        Kind.TEXT: lambda text: quoted(cleaned(text)),
        Kind.WHOLE: str,
        Kind.NUMBER: lambda number: plain_decimal(number).replace(".", point),
        Kind.AMOUNT: lambda amount: plain_decimal(amount).replace(".", point),
        Kind.MOMENT: lambda at: at.astimezone(zone).strftime(MOMENT),
        Kind.DAY: lambda date: date.strftime(DAY),
        Kind.FLAG: words.get,
    }[column.kind]

    def text(row):
        value = get(row)
        return "" if value is None else write(value)

    return text


FORMAT = Format(
    name="csv",
    label=gettext_lazy("CSV"),
    suffix=".csv",
    content_type="text/csv; charset=utf-8",
    write=write,
)
