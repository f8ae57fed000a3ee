"""Pages by key: a page starts at a row, not at a number, so the deepest costs what the first does.

A link carries a cursor: the sort, the row where the page starts and where that row was. It is
signed, so what comes back is what a page once gave out, or nothing. The row may have moved since:
then the nearest page is shown, with a word about it.
"""

from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.utils.formats import localize
from django.utils.translation import gettext as _

# Beyond this a count says "10,000+": counting on would cost more than the page.
CAP = 10_000
END = "end"

_signer = Signer(salt="page")


@dataclass(frozen=True, slots=True)
class Sort:
    """An order that an index serves: by `key` (a field, or an expression) and then by id.

    With `by_day` the list says where a day begins; `key` is then a moment.
    """

    name: str
    label: Any
    key: Any
    by_day: bool = False
    descending: bool = False

    @property
    def code(self):
        """As the URL has it: "price", "-price"."""
        return f"-{self.name}" if self.descending else self.name

    @property
    def expression(self):
        return F(self.key) if isinstance(self.key, str) else self.key

    @property
    def order(self):
        """As `order_by` takes it: the id decides between equals, in the same direction."""
        key = self.expression
        return (key.desc(), "-pk") if self.descending else (key.asc(), "pk")

    def reversed(self):
        return replace(self, descending=not self.descending)


class BadCursor(ValueError):
    """A cursor that no page of this list gave out."""


class Count(NamedTuple):
    """How many records match; with `capped`, at least so many."""

    number: int
    capped: bool = False

    def __str__(self):
        return f"{localize(self.number)}{'+' if self.capped else ''}"


NOTHING = Count(0)


class Cursor(NamedTuple):
    """A row by its key and id, and its place in the list: from 1, or from -1 at the end."""

    value: Any
    pk: int
    place: int


class From(Func):
    """The condition that a row is at or past (value, pk).

    Compared as a pair, which is one range of the index; written out with OR it would read all the
    rows that share the value. SQLite sees no range in a pair with an expression: for that one the
    value is compared by itself as well.
    """

    output_field = BooleanField()

    def __init__(self, key, value, pk, *, descending=False):
        super().__init__(key, F("pk"), Value(value), Value(pk))
        self.operator = "<=" if descending else ">="

    def as_sql(self, compiler, connection):
        sql, params = zip(
            *(compiler.compile(source) for source in self.source_expressions), strict=True
        )
        key, pk, value, its_pk = sql
        condition = (
            f"({key} {self.operator} {value} AND ({key}, {pk}) {self.operator} ({value}, {its_pk}))"
        )
        key_params, pk_params, value_params, its_pk_params = params
        return condition, [
            *key_params,
            *value_params,
            *key_params,
            *pk_params,
            *value_params,
            *its_pk_params,
        ]


@dataclass(slots=True)
class Page:
    """Rows as tuples (pk, key, *fields), and the queries of the pages around: None where none.

    `first` and `last` are places in the list, negative when only the end is known.
    """

    rows: list = field(default_factory=list)
    first: int = 0
    last: int = 0
    count: Count = NOTHING
    previous: dict | None = None
    next: dict | None = None
    note: str = ""

    @property
    def position(self):
        """ "51–100 of 1,284"; from the end of a list too long to count, "50–1 before the end"."""
        if not self.rows:
            return ""
        places = {"first": localize(abs(self.first)), "last": localize(abs(self.last))}
        if self.first < 0:
            return _("%(first)s–%(last)s from the end") % places
        return _("%(first)s–%(last)s of %(count)s") % (places | {"count": str(self.count)})


def count_of(*branches, cap=CAP):
    """How many records these querysets have, which share none, without counting past `cap`.

    They are counted in their model's order: its index has them together, the table may not.
    """
    number = sum(records.values("pk")[: cap + 1].count() for records in branches)
    return Count(min(number, cap), number > cap)


class Pager:
    """Cuts pages of `size` out of `branches`: querysets that share no record, shown as one list.

    Several branches are merged, each read by its own index: what status IN (a, b) can't have.
    """

    def __init__(self, branches, sort, *, size, fields):
        self.branches = branches
        self.sort = sort
        self.size = size
        self.fields = fields
        self.model = branches[0].model
        keyed = QuerySet(self.model).annotate(page_key=sort.expression)
        self.key_field = keyed.query.annotations["page_key"].output_field

    def page(self, *, after=None, before=None, count=None, strict=False):
        """The page after or before a cursor, or the first; to programs (`strict`) a cursor that is
        none is said: raises BadCursor.

        `count` is a function, asked if needed; None from it means that counting would cost more
        than the page, which then says what it knows.
        """
        page = self._cut(after, before, strict)
        if page.previous is None and page.next is None:
            page.count = Count(len(page.rows))
        else:
            known = Count(max(page.last, len(page.rows)), capped=bool(page.next or page.first < 0))
            page.count = count() or known
        if page.rows and not page.count.capped:
            total = page.count.number
            if page.next is None:
                page.first, page.last = total - len(page.rows) + 1, total
            elif page.first < 0:
                page.first, page.last = (place + total + 1 for place in (page.first, page.last))
        return page

    def _cut(self, after, before, strict):
        if before == END:
            return self._last()
        try:
            cursor = self._read(after or before) if after or before else None
        except (BadSignature, ValidationError, ValueError, TypeError):
            if strict:
                raise BadCursor from None
            first = self._first()
            first.note = _("This link is no longer valid: this is the first page.")
            return first
        if cursor is None:
            return self._first()
        page, moved = self._backward(cursor) if before else self._forward(cursor)
        if not page.rows:
            page, moved = self._last(), True
        if moved and page.rows:
            page.note = _("The list has changed in the meantime: this is the nearest page.")
        return page

    def _first(self):
        rows = self._walk(self.size + 1)
        return self._page(rows[: self.size], 1, previous=False, following=len(rows) > self.size)

    def _last(self):
        rows = self._walk(self.size + 1, backward=True)
        more, rows = len(rows) > self.size, rows[: self.size][::-1]
        return self._page(rows, -len(rows), previous=more, following=False)

    def _forward(self, cursor):
        rows, stale = self._past(cursor)
        more, rows = len(rows) > self.size, rows[: self.size]
        first = cursor.place if stale else cursor.place + 1
        return self._page(rows, first, previous=True, following=more), stale

    def _backward(self, cursor):
        rows, stale = self._past(cursor, backward=True)
        more, rows = len(rows) > self.size, rows[: self.size][::-1]
        if not more:
            return self._first(), stale
        first = cursor.place - len(rows)
        if cursor.place > 0:
            first = max(first, 2)  # the list grew at its head since the place was noted
        return self._page(rows, first, previous=True, following=True), stale

    def _past(self, cursor, *, backward=False):
        """The rows past the cursor's, and whether that one is gone from its place."""
        rows = self._walk(self.size + 2, start=cursor, backward=backward)
        if rows and rows[0][:2] == (cursor.pk, cursor.value):
            return rows[1:], False
        return rows[: self.size + 1], True

    def _walk(self, limit, *, start=None, backward=False):
        """Rows in walking order. Only the ids are read along the index; the rest of those few."""
        key, down = self.sort.expression, self.sort.descending != backward
        order = ("-page_key", "-pk") if down else ("page_key", "pk")
        ids = []
        for branch in self.branches:
            branch = branch.annotate(page_key=key)
            if start:
                branch = branch.filter(From(key, start.value, start.pk, descending=down))
            ids.append(branch.order_by(*order).values("pk")[:limit])
        records = QuerySet(self.model).filter(pk__in=merged(self.model, ids))
        rows = records.annotate(page_key=key).order_by(*order)[:limit]
        return list(rows.values_list("pk", "page_key", *self.fields))

    def _page(self, rows, first, *, previous, following):
        if first < 0:
            first = min(first, -len(rows))  # the list grew at its end since
        last = first + len(rows) - 1
        return Page(
            rows=rows,
            first=first,
            last=last,
            previous={"before": self._write(rows[0], first)} if rows and previous else None,
            next={"after": self._write(rows[-1], last)} if rows and following else None,
        )

    def _write(self, row, place):
        return _signer.sign_object([self.sort.code, str(row[1]), row[0], place])

    def _read(self, text):
        code, value, pk, place = _signer.unsign_object(text)
        if code != self.sort.code:
            raise ValueError(code)
        return Cursor(self.key_field.to_python(value), pk, place)


def merged(model, branches):
    """The ids of several limited querysets as one. (SQLite limits no member of a UNION.)"""
    if len(branches) == 1:
        return branches[0]
    members = [QuerySet(model).filter(pk__in=ids).order_by().values("pk") for ids in branches]
    return reduce(lambda one, other: one.union(other, all=True), members)
