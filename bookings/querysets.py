"""Named sentences about bookings."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import BigIntegerField, DecimalField, Exists, Func, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull

from project.audit.models import RecordedQuerySet

from .states import CLOSED, OPEN, Status

# No ride lasts longer (a database constraint), so a look for overlaps reads a bounded stretch of
# the driver's index, however long the driver has been here.
LONGEST_RIDE = timedelta(days=7)

# Neither driver nor partner. In one expression, so that both databases read the index of just
# these rides, in its order, and not the one by driver.
UNASSIGNED = IsNull(Coalesce("driver", "partner"), True)


class SortAmount(DecimalField):
    """An amount that SQLite leaves as it is: in the CAST that Django adds to an expression it
    would not recognise what the index holds."""

    def get_internal_type(self):
        return "SortAmount"

    def from_db_value(self, value, expression, connection):
        return None if value is None else Decimal(str(value))


class OrMinusOne(Func):
    """An amount to sort by: none comes before 0, on both databases and inside their indexes."""

    template = "COALESCE(%(expressions)s, -1)"
    arity = 1
    output_field = SortAmount(max_digits=14, decimal_places=3)


class WithoutIndex(Func):
    """A column whose index SQLite shall leave alone, which a plus in front tells it."""

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


class Bare(Subquery):
    """A subquery as a part of the text of another, which sets its own parentheses."""

    template = "%(subquery)s"
    empty_result_set_value = NotImplemented  # of nothing there is nothing to widen


class AndFollowing(Func):
    """The keys of `rides`, and of what follows: `since` are series, and from which moment on. Those
    that continue a series follow as well.

    One union and one recursion, which has the selection on its outside: that is nested deeply as it
    is, and SQLite's parser has a stack of a hundred places.
    """

    template = "(WITH RECURSIVE reached(series, since) AS (%(expressions)s)"
    arg_joiner = (
        " UNION SELECT later.id, reached.since FROM {series} later"
        " JOIN reached ON later.follows_id = reached.series)"
        " SELECT ride.id FROM reached JOIN {bookings} ride"
        " ON ride.series_id = reached.series AND ride.original_start >= reached.since UNION "
    )
    output_field = BigIntegerField()

    def __init__(self, since, rides):
        super().__init__(Bare(since), Bare(rides))
        bookings = rides.model._meta
        series = bookings.get_field("series").related_model._meta
        self.arg_joiner = self.arg_joiner.format(bookings=bookings.db_table, series=series.db_table)


class InLine(Func):
    """The keys of `series` (a queryset) and of all that continue them or, `back`, that they
    continue."""

    template = (
        "(WITH RECURSIVE reached(series) AS (%(expressions)s UNION {step}"
        " WHERE {key} IS NOT NULL) SELECT reached.series FROM reached)"
    )
    output_field = BigIntegerField()

    def __init__(self, series, *, back=False):
        super().__init__(Bare(series.order_by().values("pk")))
        key, tie = ("follows_id", "id") if back else ("id", "follows_id")
        step = "SELECT link.{key} FROM {table} link JOIN reached ON link.{tie} = reached.series"
        self.template = self.template.format(
            step=step.format(key=key, tie=tie, table=series.model._meta.db_table), key=f"link.{key}"
        )


class BookingQuerySet(RecordedQuerySet):
    def active(self):
        return self.filter(archived_at__isnull=True)

    def archived(self):
        return self.filter(archived_at__isnull=False)

    def departing(self, start, end):
        """Departures in [start, end), two moments; None leaves a side open."""
        rides = self
        if start:
            rides = rides.filter(pickup_at__gte=start)
        if end:
            rides = rides.filter(pickup_at__lt=end)
        return rides

    def passing_over(self, *fields):
        """The same rides, for a list in the order of an index on none of these fields.

        SQLite would rather find all that meet a condition on them and sort those: a million.
        """
        rides = self.all()
        table = rides.query.get_initial_alias()
        columns = [self.model._meta.get_field(name).get_col(table) for name in fields]
        rides.query.where = rides.query.where.replace_expressions(
            {column: WithoutIndex(column) for column in columns}
        )
        return rides

    def open(self):
        return self.filter(status__in=OPEN)

    def closed(self):
        return self.filter(status__in=CLOSED)

    def unassigned(self):
        return self.filter(UNASSIGNED)

    def occupying(self):
        """Rides that take their driver's time: all but the cancelled."""
        return self.exclude(status=Status.CANCELLED)

    def overlapping(self, start, end):
        """Rides that share any moment with [start, end): half-open, so back to back is fine."""
        return self.filter(pickup_at__lt=end, ends_at__gt=start, pickup_at__gt=start - LONGEST_RIDE)

    def clashing_for(self, driver):
        """An `Exists`: another ride of `driver` (an id or expression) at the outer row's time."""
        others = self.model.objects.filter(driver=driver).occupying().exclude(pk=OuterRef("pk"))
        return Exists(others.overlapping(OuterRef("pickup_at"), OuterRef("ends_at")))

    def whole_trips(self):
        """These, and the other segments of their round trips."""
        trips = self.filter(round_trip__isnull=False).order_by().values("round_trip")
        return self._with(self.model.objects.filter(round_trip__in=trips))

    def occurrences(self):
        return self.filter(series__isnull=False)

    def whole_series(self):
        """These, and every occurrence of their series."""
        series = self.occurrences().order_by().values("series")
        return self._with(self.model.objects.filter(series__in=series))

    def following(self):
        """These, and what their series and those that continue them have planned from the
        earliest of them on.

        By the key of the occurrence, not by where it was moved to; so the other segment of a round
        trip, which has the same key, is among them.
        """
        chosen = self.occurrences().order_by().values("series")
        since = chosen.annotate(since=Min("original_start"))
        return self.model.objects.filter(pk__in=AndFollowing(since, self.order_by().values("pk")))

    def planned_as(self, selection):
        """Those that a series planned as the same segment as one in `selection`: the ride itself,
        whatever it was paired with since, or the return of a round trip that recurs."""
        return self.filter(planned_return__in=selection.order_by().values("planned_return"))

    def _with(self, others):
        """These and others as one set, each found by its own index."""
        return self.model.objects.filter(
            pk__in=self.order_by().values("pk").union(others.order_by().values("pk"))
        )

    def with_people(self):
        return self.select_related(
            "customer", "driver", "partner", "cancelled_by", "settled_by", "round_trip", "series"
        )
