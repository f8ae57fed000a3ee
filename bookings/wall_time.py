"""Wall-clock time in SQL: 08:30 stays 08:30 on another day, across a change of clocks."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, Func, Value
from django.utils import timezone

from project.sqlite import teach


def on_date(moment, day, zone):
    """`moment` (aware) moved to `day`, at the same local time in `zone`.

    An hour that the clocks skip is read with the offset before the change, one that comes twice
    is its first coming (RFC 5545, 3.3.5). On the day it is on already it stays.
    """
    if moment.astimezone(zone).date() == day:
        return moment
    return moment_of(datetime.combine(day, moment.astimezone(zone).time()), zone)


def at_time(moment, clock, zone):
    """`moment` (aware) at another time of its local day, as `on_date` reads such times."""
    local = moment.astimezone(zone)
    if local.time() == clock:
        return moment
    return moment_of(datetime.combine(local.date(), clock), zone)


def in_step(moment, anchor, day, zone):
    """`moment` moved (by `on_date`) as many days after `day` as it is after the day of `anchor`."""
    apart = moment.astimezone(zone).date() - anchor.astimezone(zone).date()
    return on_date(moment, day + apart, zone)


def moment_of(wall, zone):
    """The moment at which the clocks of `zone` show `wall`, for the first time."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _on_postgresql(wall):
    """The same in SQL. AT TIME ZONE takes the second coming, `late`: with the offset of the day
    before, `early` is the first, if the clocks show that there."""
    day_before = "late - interval '1 day'"
    return (
        "(SELECT CASE WHEN early AT TIME ZONE zone = wall THEN early ELSE late END FROM ("
        f"SELECT wall, zone, late, (wall - (({day_before}) AT TIME ZONE zone"
        f" - ({day_before}) AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC' AS early FROM ("
        "SELECT wall, zone, wall AT TIME ZONE zone AS late FROM ("
        f"SELECT {wall} AS wall, {{zone}}::text AS zone) said) read) compared)"
    )


class WallClock(Func):
    """A moment (a datetime column) set to another day or time where the clocks are ours."""

    output_field = DateTimeField()

    def __init__(self, *moments_and_wanted):
        *moments, wanted = moments_and_wanted
        super().__init__(
            *moments, Value(wanted.isoformat()), Value(timezone.get_default_timezone_name())
        )

    names = ("moment", "wanted", "zone")

    def as_postgresql(self, compiler, connection, **context):
        compiled = map(compiler.compile, self.source_expressions)
        # The first parameters of a template come first: each part carries its own, in its order.
        parts = dict(zip(self.names, compiled, strict=True))
        sql, params = "", []
        for piece in re.split(r"(\{\w+\})", self.on_postgresql):
            text, more = parts[piece[1:-1]] if piece[:1] == "{" else (piece, ())
            sql, params = sql + text, [*params, *more]
        return sql, params

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, **context)


class OnDate(WallClock):
    """`on_date` as an expression."""

    function = "carnet_on_date"
    on_postgresql = (
        "CASE WHEN ({moment} AT TIME ZONE {zone})::date = ({wanted})::date THEN {moment} "
        "ELSE "
        + _on_postgresql("(({wanted})::date + ({moment} AT TIME ZONE {zone})::time)")
        + " END"
    )


class AtTime(WallClock):
    """`at_time` as an expression."""

    function = "carnet_at_time"
    on_postgresql = (
        "CASE WHEN ({moment} AT TIME ZONE {zone})::time = ({wanted})::time THEN {moment} "
        "ELSE "
        + _on_postgresql("(({moment} AT TIME ZONE {zone})::date + ({wanted})::time)")
        + " END"
    )


class InStep(WallClock):
    """`in_step` as an expression: `InStep(moment, anchor, day)`."""

    function = "carnet_in_step"
    names = ("moment", "anchor", "wanted", "zone")
    on_postgresql = (
        "CASE WHEN ({anchor} AT TIME ZONE {zone})::date = ({wanted})::date THEN {moment} "
        "ELSE "
        + _on_postgresql(
            "(({wanted})::date + (({moment} AT TIME ZONE {zone})::date"
            " - ({anchor} AT TIME ZONE {zone})::date) + ({moment} AT TIME ZONE {zone})::time)"
        )
        + " END"
    )


def _in_sqlite(move, read):
    """A function for SQLite, where moments are texts in UTC."""

    def moved(*given):
        *texts, wanted, zone = given
        if None in texts:
            return None
        moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in texts]
        result = move(*moments, read(wanted), ZoneInfo(zone)).astimezone(UTC)
        return result.replace(tzinfo=None).isoformat(sep=" ")

    return moved


teach(OnDate.function, 3, _in_sqlite(on_date, date.fromisoformat))
teach(InStep.function, 4, _in_sqlite(in_step, date.fromisoformat))
teach(AtTime.function, 3, _in_sqlite(at_time, time.fromisoformat))
