"""The order in which announcements can be read without missing one, or meeting one twice.

Ids say when a row was written, not when it was committed. On SQLite writers queue, so a counter
orders both, and a point is the number that comes next. On PostgreSQL a row keeps the number of its
transaction, and a point is a snapshot: what had committed by then. Whatever it does not show is
still to be told, in whichever order it commits.
"""

import re
from itertools import pairwise

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, F, Func, TextField

NEXT = '(SELECT COALESCE(MAX("turn"), 0) + 1 FROM "notifications_announcement")'
TRANSACTION = "pg_current_xact_id()::text::bigint"
POINT = {"sqlite": f"CAST({NEXT} AS TEXT)", "postgresql": "pg_current_snapshot()::text"}
NUMBER = "[0-9]{1,18}"
SHAPE = {
    "sqlite": re.compile(NUMBER),
    "postgresql": re.compile(f"({NUMBER}):({NUMBER}):((?:{NUMBER},)*{NUMBER})?"),
}


class Turn(Func):
    """The turn of a row that is being inserted."""

    output_field = BigIntegerField()

    def as_sqlite(self, compiler, connection, **context):
        return NEXT, []

    def as_postgresql(self, compiler, connection, **context):
        return TRANSACTION, []


class PresentPoint(Func):
    """The point from which a reader who got this row has to go on, as text."""

    output_field = TextField()

    def as_sqlite(self, compiler, connection, **context):
        return POINT["sqlite"], []

    def as_postgresql(self, compiler, connection, **context):
        return POINT["postgresql"], []


class TurnLimit(Func):
    """Turns of this database lie below it; a restored copy may hold those of another server."""

    output_field = BigIntegerField()

    def as_sqlite(self, compiler, connection, **context):
        return NEXT, []

    def as_postgresql(self, compiler, connection, **context):
        return "pg_snapshot_xmax(pg_current_snapshot())::text::bigint", []


class Since(Func):
    """Whether an announcement was committed after a point, one that `is_point` holds for."""

    output_field = BooleanField()

    def __init__(self, point):
        super().__init__(F("turn"))
        self.point = point
        self.oldest = int(point.partition(":")[0])

    def as_sqlite(self, compiler, connection, **context):
        turn, _none = compiler.compile(self.source_expressions[0])
        return f"{turn} >= %s", [self.oldest]

    def as_postgresql(self, compiler, connection, **context):
        turn, _none = compiler.compile(self.source_expressions[0])
        # The first half says nothing that the second does not, but an index serves it.
        sql = f"({turn} >= %s AND NOT pg_visible_in_snapshot({turn}::text::xid8, %s::pg_snapshot))"
        return sql, [self.oldest, self.point]


def is_point(text):
    """Whether this is a point as `present_point` gives them, and not something made up."""
    found = SHAPE[connection.vendor].fullmatch(text)
    if not found or connection.vendor == "sqlite":
        return bool(found)
    first, end = int(found[1]), int(found[2])
    open_then = [int(number) for number in (found[3] or "").split(",") if number]
    in_order = all(a < b for a, b in pairwise(open_then))
    return 0 < first <= end and in_order and all(first <= each < end for each in open_then)


def present_point():
    """From where a reader who begins now has to read."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {POINT[connection.vendor]}")
        return cursor.fetchone()[0]
