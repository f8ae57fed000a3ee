"""The order in which announcements can be read without missing one.

Ids say when a row was written, not when it was committed. On SQLite writers queue, so a counter
orders both. On PostgreSQL a row keeps the number of its transaction, and a reader goes on from the
oldest transaction that was still open when it last looked: whatever commits later has that number
or a higher one. What it meets a second time it knows by its id.
"""

from django.db import connection
from django.db.models import BigIntegerField, Func

NEXT = '(SELECT COALESCE(MAX("turn"), 0) + 1 FROM "notifications_announcement")'
TRANSACTION = "pg_current_xact_id()::text::bigint"
OLDEST_OPEN = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


class Turn(Func):
    """The turn of a row that is being inserted."""

    output_field = BigIntegerField()

    def as_sqlite(self, compiler, connection, **context):
        return NEXT, []

    def as_postgresql(self, compiler, connection, **context):
        return TRANSACTION, []


class ResumePoint(Func):
    """The turn from which a reader who got this row has to go on."""

    output_field = BigIntegerField()

    def as_sqlite(self, compiler, connection, **context):
        return NEXT, []

    def as_postgresql(self, compiler, connection, **context):
        return OLDEST_OPEN, []


class TurnLimit(Func):
    """Turns of this database lie below it; a restored copy may hold those of another server."""

    output_field = BigIntegerField()

    def as_sqlite(self, compiler, connection, **context):
        return NEXT, []

    def as_postgresql(self, compiler, connection, **context):
        return "pg_snapshot_xmax(pg_current_snapshot())::text::bigint", []


def present_point():
    """From where a reader who begins now has to read."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NEXT if connection.vendor == 'sqlite' else OLDEST_OPEN}")
        return cursor.fetchone()[0]
