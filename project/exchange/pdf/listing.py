"""Records in a table with their totals: the columns are those of every file."""

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from project.ui import formats

from ..columns import Sheet
from ..layout import Totals
from ..reading import Reader
from .document import render
from .sheet import cell, heads, total_rows
from .table import Heading, Table

MOST_COLUMNS = 16  # in which references and amounts stay whole across a wide A4
SEVERAL = 3  # records a day, on average, and a list has a heading for each


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list of a desk's records; `parts` makes a document of them.

    `listed` are the names of the columns where nobody chose, those that fit on a page; `counted`
    is a plural-aware lazy text with `%(n)s`. `by_day` names the column of moments whose days have a
    heading of their own where they have several records: then it tells the time alone.
    """

    sheet: Sheet
    title: Any
    counted: Any
    nothing: Any
    listed: tuple
    by_day: str = ""

    def parts(self, records, asked, step):
        chosen = [name for name in asked.get("columns") or () if name in self.sheet.by_name]
        columns = self.sheet.chosen(chosen or self.listed)
        reader = Reader(columns, also=self.days.fields if self.days else ())
        rows = [row for chunk in reader.chunks(records, self.sheet.order) for row in chunk]
        if not chosen:
            columns = [column for column in columns if any(map(reader.getter(column), rows))]
        context = {
            "title": self.title,
            "table": Table(heads(columns), self.rows(rows, columns, reader)),
            "count": len(rows),
            "counted": self.count(rows),
            "nothing": self.nothing,
            "note": self.sheet.note if any(column.left_out for column in columns) else "",
            "words": asked.get("filter_words") or (),
        }
        yield render("pdf/list.html", asked | context, step=step)

    def check(self, columns):
        """Raise ValidationError where a page has no room for the columns of these names."""
        if len(self.sheet.by_name.keys() & set(columns)) > MOST_COLUMNS:
            raise ValidationError(
                _("Too many columns for a page: choose at most %(most)s, or export to Excel."),
                params={"most": MOST_COLUMNS},
            )

    @property
    def days(self):
        return self.sheet.by_name.get(self.by_day)

    def count(self, rows):
        return self.counted % {"n": formats.Counted(len(rows))}

    def rows(self, rows, columns, reader):
        """The rows of the table, with totals: those of a day under its heading, where days have
        several."""
        days = self.by_days(rows, reader)
        writers = [writer_of(column, reader, days and column is self.days) for column in columns]
        totals = Totals(reader)
        for day, theirs in days or [(None, rows)]:
            if day:
                yield Heading(f"{formats.day(day, 0)}  ·  {self.count(theirs)}")
            for row in theirs:
                totals.add(row)
                yield tuple(write(row) for write in writers)
        yield from total_rows(columns, totals)

    def by_days(self, rows, reader):
        """[(day, its rows)]; [] where days have too few for a heading each."""
        if self.days is None:
            return []
        moment = reader.values(*self.days.fields)
        groups = groupby(rows, lambda row: timezone.localtime(*moment(row)).date())
        days = [(day, list(theirs)) for day, theirs in groups]
        return days if len(rows) >= SEVERAL * len(days) else []


def writer_of(column, reader, clock):
    """The function that writes a column's cell for a row that was read; of a moment whose day
    stands in a heading, the `clock` alone."""
    get = reader.getter(column)
    if clock:
        return lambda row: f"{timezone.localtime(get(row)):%H:%M}"
    if column.currency:
        currency = itemgetter(reader.paths.index(column.currency))
        return lambda row: cell(column, get(row), currency(row))
    return lambda row: cell(column, get(row))
