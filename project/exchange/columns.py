"""The columns of a kind of record, declared once for every file: Excel, CSV, PDF, in and out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any

from django.db.models import F
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.ui.formats import date_format

_sheets = {}
_tables = {}


class Kind(Enum):
    """What the cells of a column hold: each writer has its format for each, each reader its rule.

    The Python values are str, int, Decimal (NUMBER, AMOUNT), an aware datetime, a date, a bool;
    None where there is nothing. Of a CHOICE it is the stored value, which files show by its label.
    """

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    AMOUNT = "amount"
    MOMENT = "moment"
    DAY = "day"
    CHOICE = "choice"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `title` is its heading, `fields` what is read of the record (paths, as values()
    takes them), `value` makes the cell's value of them; without it, it is the first of them. Where
    `worked_out` is given, an expression over the record, the first of them is its name.

    `unit` stands beside the title ("km"). The column of an AMOUNT is followed through `currency`,
    the path of its currency. `choices` are those of a CHOICE. A column that `totals` is summed
    under its table, by currency where it has one; `left_out` is (path, values) of the rows that do
    not add to that. `usual` ones are there when nobody chose. `width` is in characters.
    """

    name: str
    title: Any
    fields: tuple
    kind: Kind = Kind.TEXT
    value: Callable | None = None
    worked_out: Any = None
    unit: Any = ""
    currency: str = ""
    choices: tuple = ()
    totals: bool = False
    left_out: tuple = ()
    usual: bool = True
    width: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """What rows can be put together by: each customer's, each month's.

    `fields` are paths of the record; `title` makes a group's title of their values, and `one` what
    tells it from another of the same title. `key` is an expression of which each group has another
    value. The rows are then sorted first by `order`, or by the fields where that is not given: it
    keeps the rows of a group together.
    """

    name: str
    label: Any
    fields: tuple
    title: Callable
    key: Any
    one: Callable = lambda *values: None
    order: tuple = ()

    @property
    def first(self):
        """What the rows are sorted by before all else."""
        return self.order or self.fields


@dataclass(frozen=True)
class Sheet:
    """What a desk's records look like in files. `slug` is the desk's.

    `order` is that of its rows: a moment first, say. `groupings` is what one sheet, or one section,
    can be made for. `note` says what its totals leave out.
    """

    slug: str
    columns: tuple
    order: tuple = ("pk",)
    groupings: tuple = ()
    note: Any = ""

    @cached_property
    def by_name(self):
        return {column.name: column for column in self.columns}

    def grouping(self, name):
        """The grouping of this name; None where there is none."""
        return next((each for each in self.groupings if each.name == name), None)

    def chosen(self, names=()):
        """The columns of these names, in their order; the usual ones where none is known."""
        columns = [self.by_name[name] for name in dict.fromkeys(names) if name in self.by_name]
        return columns or [column for column in self.columns if column.usual]


def joined(lines):
    """A list of texts in one cell, one a line."""
    return "\n".join(lines)


def present(value):
    """Whether there is something: a FLAG of a field that may be empty."""
    return value is not None


def month_of(day):
    """ "November 2026", of a date, or of a moment in local time."""
    if isinstance(day, datetime):
        day = timezone.localtime(day)
    # Translators: Django's date format characters.
    return capfirst(date_format(day, _("F Y")))


def named(name, label, path, field="name", *, nobody=""):
    """The Grouping by a record that `path` leads to, called by its `field`; `nobody` is the title
    of the rows without one, which come last whatever the database.

    Such records have their name once more for sorting, as `sort_name`: byte by byte, "Élodie"
    follows "Youssouf".
    """
    return Grouping(
        name=name,
        label=label,
        fields=(f"{path}__{field}", f"{path}_id"),
        title=lambda title, pk: title or str(nobody),
        key=F(path),
        one=lambda title, pk: pk,
        order=tuple(F(each).asc(nulls_last=True) for each in (f"{path}__sort_name", f"{path}_id")),
    )


def monthly(path):
    """The Grouping by the month of a day or a moment."""
    return Grouping(
        name="month",
        label=gettext_lazy("Month"),
        fields=(path,),
        title=month_of,
        key=TruncMonth(path),
    )


def heading(column):
    """What stands over a column: "Distance (km)"."""
    return f"{column.title} ({column.unit})" if column.unit else str(column.title)


def register(sheet, table):
    """Offer the files of a desk; its list's `table` knows how that can be sorted."""
    _sheets[sheet.slug] = sheet
    _tables[sheet.slug] = table


def sheet_of(slug):
    """The sheet of a desk; KeyError if it has none."""
    return _sheets[slug]


def order_of(sheet, sort):
    """The order of rows whose list was sorted so, by its code; the sheet's own for ''."""
    return _tables[sheet.slug].sort(sort).order if sort else sheet.order


def paths_of(columns):
    """What `values_list` has to read for these columns, each path once, and how to find a column's
    values in a row: ([path], {column name: [place]})."""
    paths = list(dict.fromkeys(path for column in columns for path in needed(column)))
    place = {path: number for number, path in enumerate(paths)}
    return paths, {column.name: [place[path] for path in column.fields] for column in columns}


def needed(column):
    """The paths that a column and its total are made of."""
    return tuple(filter(None, (*column.fields, column.currency, *column.left_out[:1])))
