"""Named sentences about bookings."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import DecimalField, Exists, Func, OuterRef
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
        """These, and what their series have planned from the earliest of them on.

        By the key of the occurrence, not by where it was moved to; so the other segment of a round
        trip, which has the same key, is among them.
        """
        earlier = (
            self.occurrences()
            .order_by()
            .filter(series=OuterRef("series"), original_start__lte=OuterRef("original_start"))
        )
        series = self.occurrences().order_by().values("series")
        return self._with(self.model.objects.filter(Exists(earlier), series__in=series))

    def of_legs_in(self, selection):
        """Those that are the same segment as one in `selection`."""
        return self.filter(leg__in=selection.order_by().values("leg"))

    def _with(self, others):
        """These and others as one set, each found by its own index."""
        return self.model.objects.filter(
            pk__in=self.order_by().values("pk").union(others.order_by().values("pk"))
        )

    def with_people(self):
        return self.select_related(
            "customer", "driver", "partner", "cancelled_by", "settled_by", "round_trip", "series"
        )
