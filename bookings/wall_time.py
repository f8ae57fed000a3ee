"""The same wall-clock time on another day, in SQL: 08:30 stays 08:30 across a change of clocks."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db.backends.signals import connection_created
from django.db.models import DateTimeField, Func, Value
from django.utils import timezone


def on_date(moment, day, zone):
    """`moment` (aware) moved to `day`, at the same local time in `zone`.

    An hour that the clocks skip is read with the offset before the change, one that comes twice
    is its second coming: as PostgreSQL's AT TIME ZONE does. On the day it is on already it stays.
    """
    if moment.astimezone(zone).date() == day:
        return moment
    return on_day(day, moment.astimezone(zone).time(), zone)


def on_day(day, at, zone):
    """The moment of a wall-clock time, by the same rules."""
    wall = datetime.combine(day, at)
    first, second = wall.replace(tzinfo=zone, fold=0), wall.replace(tzinfo=zone, fold=1)
    ambiguous = first.utcoffset() > second.utcoffset()
    return (second if ambiguous else first).astimezone(UTC)


class OnDate(Func):
    """`on_date` as an expression over a datetime column."""

    output_field = DateTimeField()

    def __init__(self, moment, day):
        zone = timezone.get_default_timezone_name()
        super().__init__(moment, Value(day.isoformat()), Value(zone))

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(
            compiler,
            connection,
            template="CASE WHEN (%(moment)s AT TIME ZONE %(zone)s)::date = (%(day)s)::date "
            "THEN %(moment)s ELSE ((%(day)s)::date + (%(moment)s AT TIME ZONE %(zone)s)::time) "
            "AT TIME ZONE %(zone)s END",
            **context,
        )

    def as_sql(self, compiler, connection, template=None, **context):
        if template is None:
            return super().as_sql(compiler, connection, function="carnet_on_date", **context)
        moment, day, zone = (compiler.compile(part) for part in self.source_expressions)
        sql = template % {"moment": moment[0], "day": day[0], "zone": zone[0]}
        unmoved = (*moment[1], *zone[1], *day[1], *moment[1])
        return sql, (*unmoved, *day[1], *moment[1], *zone[1], *zone[1])


def _sqlite_on_date(text, day, zone):
    if text is None:
        return None
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    moved = on_date(moment, date.fromisoformat(day), ZoneInfo(zone))
    return moved.replace(tzinfo=None).isoformat(sep=" ")


def teach_sqlite(sender, connection, **kwargs):
    """Give a new SQLite connection the function that `OnDate` calls."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(
            "carnet_on_date", 3, _sqlite_on_date, deterministic=True
        )


connection_created.connect(teach_sqlite, dispatch_uid="bookings.wall_time")
