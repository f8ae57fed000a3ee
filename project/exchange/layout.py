"""How the rows of a file are laid out, whoever writes it: columns, groups, totals, and the facts
that say what it is."""

import re
from dataclasses import dataclass
from functools import cache
from itertools import chain, groupby
from operator import attrgetter, itemgetter

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from project import money
from project.ui.formats import date_format

from .columns import order_of, sheet_of
from .languages import in_every_language
from .reading import Reader

LETTER = re.compile(r"[^\W\d_]")


class Totals:
    """Sums of the columns that have one, by currency: {column: {currency: sum}}.

    What is in no currency is under "".
    """

    def __init__(self, reader):
        self.sums = {}
        self.takes = []
        for column in reader.columns:
            if column.totals:
                sums = self.sums[column.name] = {}
                currency = None
                if column.currency:
                    currency = itemgetter(reader.paths.index(column.currency))
                get = reader.getter(column)
                if column.left_out:
                    get = unless(column, reader, get)
                self.takes.append((sums, get, currency))

    def add(self, row):
        for sums, get, currency_of in self.takes:
            value = get(row)
            if value is not None:
                currency = currency_of(row) if currency_of else ""
                sums[currency] = sums.get(currency, 0) + value

    def lines(self):
        """[(currency, {column: sum})], a line for each currency; all without one on the first."""
        currencies = sorted({code for sums in self.sums.values() for code in sums if code})
        lines = [
            (code, {name: sums[code] for name, sums in self.sums.items() if code in sums})
            for code in currencies or [""]
        ]
        for name, sums in self.sums.items():
            if currencies and "" in sums:
                lines[0][1][name] = sums[""]
        return [line for line in lines if line[1]]


def unless(column, reader, get):
    """`get`, or None of a row that the column's total leaves out."""
    path, values = column.left_out
    place = reader.paths.index(path)
    return lambda row: None if row[place] in values else get(row)


def total_label(currency):
    return _("Total %(currency)s") % {"currency": currency} if currency else _("Total")


@cache
def total_labels():
    """What the totals are called, in all our languages."""
    labels = in_every_language(lambda: set(map(total_label, ("", *money.WRITTEN))))
    return set().union(*labels.values())


def is_total(cells):
    """Whether a row of a file, in any of our languages, is one of the totals under its table: what
    reads our files back passes it by.

    It has nothing but its label and sums: a customer may be called Total.
    """
    words = (cell for cell in cells if isinstance(cell, str) and cell.strip())
    return next(words, "") in total_labels() and not any(map(LETTER.search, words))


@dataclass(frozen=True)
class Fact:
    """What a file says of itself: a label, and a text or a number."""

    label: str
    value: object


class Layout:
    """The columns and groups that a `Content` asks for, and its rows."""

    def __init__(self, content):
        self.content = content
        self.sheet = sheet_of(content.export.slug)
        self.columns = self.sheet.chosen(content.options.get("columns", ()))
        self.grouping = self.sheet.grouping(content.options.get("per", ""))
        self.has_totals = bool(content.options.get("totals"))
        self.reader = Reader(self.columns, also=self.grouping.fields if self.grouping else ())

    def groups(self):
        """Yield (title, rows) of each group in turn, as `values_list` gives rows; of all as one
        under the desk's name where nothing is grouped. One statement."""
        if self.grouping is None:
            yield self.name, self.rows()
            return
        values = self.reader.values(*self.grouping.fields)

        def group_of(row):
            found = values(row)
            return self.grouping.title(*found), self.grouping.one(*found)

        for (title, _one), rows in groupby(self.rows(), group_of):
            yield title, rows

    @property
    def name(self):
        """What the records are called: "Bookings"."""
        return capfirst(self.content.export.label)

    def rows(self):
        """All rows, telling at each chunk how many are done."""
        order = order_of(self.sheet, self.content.options.get("sort", ""))
        if self.grouping:
            order = (*self.grouping.first, *order)
        chunks = self.reader.chunks(self.content.records, order)
        return chain.from_iterable(self._told(chunks))

    def _told(self, chunks):
        done = 0
        for chunk in chunks:
            yield chunk
            done += len(chunk)
            self.content.step(done)


class Given:
    """Columns for rows that were worked out: objects whose attributes the columns' fields are."""

    def __init__(self, columns, *, has_totals=True):
        self.columns = tuple(columns)
        self.has_totals = has_totals
        self.reader = Reader(self.columns)
        self.read = attrgetter(*self.reader.paths)

    def rows(self, objects):
        """The objects as `values_list` would give them."""
        return map(self.read, objects)


def choices_of(column):
    """{stored value: label} of a CHOICE, in the reader's language."""
    return {value: str(label) for value, label in column.choices}


def facts_of(export):
    """What the file of an export is, for whoever finds it later."""
    now = timezone.localtime()
    first, *others = export.options.get("filter_words") or [_("Picked one by one")]
    offset = f"{now:%z}"
    note = export.options.get("totals") and sheet_of(export.slug).note
    return [
        Fact(_("File"), export.title),
        Fact(pgettext("noun", "Filter"), first),
        *(Fact("", words) for words in others),
        Fact(_("Rows"), export.rows),
        *([Fact(_("Totals"), str(note))] if note else []),
        Fact(_("User"), str(export.owner)),
        Fact(_("Written"), date_format(now, "DATETIME_FORMAT")),
        Fact(
            _("Time zone"),
            f"{timezone.get_current_timezone_name()} (UTC{offset[:3]}:{offset[3:]})",
        ),
    ]
