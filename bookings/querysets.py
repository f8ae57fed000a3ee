"""Named sentences about bookings."""

from datetime import timedelta

from django.db.models import Exists, Func, OuterRef, Q

from project.audit.models import RecordedQuerySet

from .states import CLOSED, OPEN, Status

# No ride lasts longer (a database constraint), so a look for overlaps reads a bounded stretch of
# the driver's index, however long the driver has been here.
LONGEST_RIDE = timedelta(days=7)


class OrMinusOne(Func):
    """An amount to sort by: none comes before 0, on both databases and inside their indexes."""

    template = "COALESCE(%(expressions)s, -1)"
    arity = 1


class BookingQuerySet(RecordedQuerySet):
    def active(self):
        return self.filter(archived_at__isnull=True)

    def archived(self):
        return self.filter(archived_at__isnull=False)

    def open(self):
        return self.filter(status__in=OPEN)

    def closed(self):
        return self.filter(status__in=CLOSED)

    def unassigned(self):
        return self.filter(driver__isnull=True, partner__isnull=True)

    def occupying(self):
        """Rides that take their driver's time: all but the cancelled."""
        return self.exclude(status=Status.CANCELLED)

    def overlapping(self, start, end):
        """Rides that share any moment with [start, end): half-open, so back to back is fine."""
        return self.filter(pickup_at__lt=end, ends_at__gt=start, pickup_at__gt=start - LONGEST_RIDE)

    def clashing_for(self, driver):
        """An `Exists`: another ride of `driver` (an id or expression) at the outer row's time."""
        return Exists(
            self.model._base_manager.filter(
                Q(driver=driver) & ~Q(status=Status.CANCELLED),
                pickup_at__lt=OuterRef("ends_at"),
                ends_at__gt=OuterRef("pickup_at"),
                pickup_at__gt=OuterRef("pickup_at") - LONGEST_RIDE,
            ).exclude(pk=OuterRef("pk"))
        )

    def whole_trips(self):
        """These, and the other segments of their round trips."""
        trips = self.filter(round_trip__isnull=False).order_by().values("round_trip")
        return self.model.objects.filter(
            Q(pk__in=self.order_by().values("pk")) | Q(round_trip__in=trips)
        )

    def for_recap(self):
        return self.select_related("customer", "driver", "partner", "round_trip")
