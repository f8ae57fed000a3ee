"""Tables: columns declared once, chosen by each user, and rows written in one pass.

The columns are django-tables2's. Its rows are not used: they cost ten times what a string does.
"""

from copy import copy
from dataclasses import replace
from html import escape
from itertools import groupby
from operator import itemgetter
from urllib.parse import quote

import django_tables2
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from . import formats

_tables = {}


def table_of(slug):
    """The table of a desk; KeyError if there is none."""
    return _tables[slug]


class Column(django_tables2.Column):
    """A column that shows `fields` of the record, through the table's method `cell_<name>`.

    The method gets the values of the fields and returns safe HTML; without one the first value is
    shown as text. `css` is the class of its cells, `sort` the name of the sort that its heading
    offers. An `optional` column shows where the user asked for it, a `fixed` one always.
    """

    def __init__(self, label, *fields, css="", sort="", optional=False, fixed=False):
        super().__init__(verbose_name=label, orderable=bool(sort), attrs={"td": {"class": css}})
        self.fields = fields
        self.css = css
        self.sort = sort
        self.optional = optional
        self.fixed = fixed

    def __deepcopy__(self, memo):
        """Each table gets its own; what it consists of is never changed."""
        return copy(self)


class Table(django_tables2.Table):
    """Base of the lists' tables.

    `link` is the URL name of a record's page and the field that it takes; `named_by` the field
    that a record goes by. The first of `sorts` is the default. A table that is sorted by day says
    in its `count_words(count, partly)` how many rows a day has, `partly` where others may be on
    another page.
    """

    slug = ""
    link = ("", "pk")
    named_by = "pk"
    sorts = ()
    version = "version"  # the field that tells whether a row changed

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if cls.slug:
            _tables[cls.slug] = cls

    def __init__(self, chosen=()):
        """`chosen` are the names of the columns to show; those unknown are passed over."""
        shown = self.shown(chosen)
        super().__init__(data=[], exclude=[name for name in self.base_columns if name not in shown])
        self.shown_columns = {name: self.base_columns[name] for name in shown}
        # Reversed once: each row's URL differs only in its key.
        self.url_around = reverse(self.link[0], args=["0"]).rsplit("0", 1)

    @classmethod
    def shown(cls, chosen):
        known = set(chosen) & set(cls.base_columns)
        return [
            name
            for name, column in cls.base_columns.items()
            if column.fixed or (name in known if known else not column.optional)
        ]

    @classmethod
    def sort(cls, code):
        """The sort that a URL asks for, or the default for one that is not offered."""
        for sort in cls.sorts:
            if code.removeprefix("-") == sort.name:
                return replace(sort, descending=code.startswith("-"))
        return cls.sorts[0]

    @property
    def fields(self):
        """What to read of each record, in the order that `body` expects after its pk and key."""
        fields = dict.fromkeys([self.link[1], self.named_by, self.version])
        for column in self.shown_columns.values():
            fields |= dict.fromkeys(column.fields)
        fields.pop("pk", None)
        return list(fields)

    def url(self, key):
        """The page of the record with this key, for an attribute."""
        before, after = self.url_around
        return f"{before}{quote(str(key))}{after}"

    def body(self, rows, *, sort, open_before=False, open_after=False):
        """The rows of a `pages.Page` as HTML, under a line for each day where the sort is by day.

        `open_before` and `open_after` tell whether the first and the last day may have more rides
        on another page.
        """
        self.by_day = sort.by_day
        row = self._row()
        if not sort.by_day:
            return mark_safe("".join(map(row, rows)))
        days = [
            (day, list(some))
            for day, some in groupby(rows, key=lambda each: timezone.localdate(each[1]))
        ]
        html = []
        for at, (day, some) in enumerate(days):
            partly = (at == 0 and open_before) or (at == len(days) - 1 and open_after)
            html.append(self._day(day, len(some), partly))
            html += map(row, some)
        return mark_safe("".join(html))

    def _row(self):
        """A function from a row's values to its HTML."""
        places = {name: at for at, name in enumerate(("pk", "", *self.fields))}
        cells = []
        for name, column in self.shown_columns.items():
            css = f' class="{column.css}"' if column.css else ""
            cells.append((f"<td{css}>", self._cell(name, column, places)))
        link, called, version = (
            places[name] for name in (self.link[1], self.named_by, self.version)
        )
        pick = escape(_("Select %(name)s"))

        def row(values):
            name = escape(str(values[called]))
            html = [
                f'<tr data-pk="{values[0]}" data-version="{values[version]}" '
                f'data-href="{self.url(values[link])}">'
                f'<td class="pick"><label><input type="checkbox" name="pk" value="{values[0]}" '
                f'aria-label="{pick % {"name": name}}"></label></td>'
            ]
            for opening, cell in cells:
                html.append(f"{opening}{cell(values)}</td>")
            html.append("</tr>")
            return "".join(html)

        return row

    def _cell(self, name, column, places):
        """A function from a row's values to the inside of one cell."""
        render = getattr(self, f"cell_{name}", text)
        if len(column.fields) == 1:
            at = places[column.fields[0]]
            return lambda values: render(values[at])
        pick = itemgetter(*(places[field] for field in column.fields))
        return lambda values: render(*pick(values))

    def _day(self, day, count, partly):
        name = escape(formats.day(day, timezone.localdate().year))
        words = escape(self.count_words(count, partly))
        return (
            f'<tr class="day"><td colspan="{len(self.shown_columns) + 1}">'
            f'{name} <span class="sub">· {words}</span></td></tr>'
        )


def text(value):
    """A value as escaped text; nothing for None."""
    return "" if value is None else escape(str(value))
