"""Named sentences about engineers, orders, services and bookings."""

from datetime import timedelta

from django.db.models import TextField
from django.db.models.functions import Cast

from project.audit.models import RecordedQuerySet
from project.directory.querysets import PartyQuerySet
from project.search.index import matching

from .states import APPOINTED, OPEN, PLANNED, Status

# No visit lasts longer (a database constraint), so a look for overlaps reads a bounded stretch of
# the engineer's index.
LONGEST_VISIT = timedelta(days=1)


class EngineerQuerySet(PartyQuerySet):
    def with_skill(self, *skills):
        """Those who have all of these skills."""
        found = self.alias(_skills=Cast("skills", TextField()))
        for skill in skills:
            found = found.filter(_skills__contains=f'"{skill}"')
        return found


class OrderQuerySet(RecordedQuerySet):
    def open(self):
        return self.filter(status__in=OPEN)

    def to_schedule(self):
        return self.filter(status=Status.PENDING)

    def with_people(self):
        return self.select_related("customer", "cancelled_by", "booking__engineer")

    def search(self, text):
        return matching(self, text).queryset


class ServiceQuerySet(RecordedQuerySet):
    def of(self, orders):
        return self.filter(order__in=orders.order_by().values("pk"))


class InstallationBookingQuerySet(RecordedQuerySet):
    def of(self, orders):
        return self.filter(order__in=orders.order_by().values("pk"))

    def occupying(self):
        """Those that take their engineer's time: all but the cancelled."""
        return self.filter(status__in=PLANNED)

    def appointed(self):
        """Those that are still to come, or under way."""
        return self.filter(status__in=APPOINTED)

    def overlapping(self, start, end):
        """Those that share any moment with [start, end): half-open, so back to back is fine."""
        return self.filter(start__lt=end, ends_at__gt=start, start__gt=start - LONGEST_VISIT)
