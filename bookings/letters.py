"""What a message to a customer says: the rides as a batch left them, and what it changed.

A customer gets one message about a round trip or a series: it tells of all its rides that the
batch touched (`notifications.first_of_each`). Everything is read from the batch's log and history.
Only who the customer is, where to write to and in which language is asked of the present.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.utils import timezone, translation
from django.utils.text import capfirst

from project import money
from project.audit.rows import values_of
from project.audit.timeline import Change, shown
from project.directory.models import Customer
from project.notifications.calendars import CANCEL, MOST_FILES, REQUEST, files_of
from project.notifications.letters import Dated, Letter, moment
from project.notifications.told import Keys
from project.ui import formats

from .calendars import appointment
from .models import Booking, BookingLog
from .series_queries import RESCHEDULE

# What a customer sees of a ride, in the order in which a message tells it.
TOLD = (
    "pickup_at",
    "pickup_address",
    "stops",
    "dropoff_address",
    "duration_minutes",
    "transport_number",
    "passenger_name",
    "passenger_phone",
    "passenger_email",
    "passenger_count",
    "luggage_count",
    "vehicle_class",
    "price",
    "currency",
)
# What a letter about rides of a series reads like where another rule made them or called them off.
OF_A_RULE = {"cancelled": "dropped", "created": "added"}
# More rides are told by their dates alone, and their calendar entries are one file.
MOST_IN_FULL = MOST_FILES


@dataclass(frozen=True, slots=True)
class Ride(Dated):
    """A ride as a batch left it (a history row), and what the batch changed in it."""

    now: object
    changes: list

    @property
    def at(self):
        return timezone.localtime(self.now.pickup_at)


def write(mail, template, *, method=REQUEST, to_former=False, only_changes=False):
    """The Letter of an OutgoingMail from the templates called `template`.

    Of a change of a series' rule it is from those that `OF_A_RULE` has instead. `to_former` is for
    the customer whom the batch took a ride from. With `only_changes` there is no
    letter (None) where nothing that it could tell has changed.
    """
    if mail.batch.action == RESCHEDULE:
        template = OF_A_RULE.get(template, template)
    rows = rows_of(mail)
    lines = {
        line.booking_id: line.changes
        for line in BookingLog.objects.filter(
            batch=mail.batch_id, booking__in=[row.id for row in rows]
        )
    }
    customer_id = rows[0].customer_id
    if to_former:  # whom what it became with the other customer does not concern
        customer_id = lines[mail.object_id]["customer"][0]
        rows, lines = as_before(rows), {}
    customer = Customer.objects.get(pk=customer_id)
    language = mail.language or customer.language
    zone = timezone.get_default_timezone()
    with translation.override(language), timezone.override(zone):
        rides = [Ride(row, changes_in(row, lines.get(row.id, {}))) for row in rows]
        if only_changes and not any(ride.changes for ride in rides):
            return None
        in_full = len(rides) <= MOST_IN_FULL
        context = {
            "common": [] if in_full else take_common(rides),
            "rides": rides,
            "first": rides[0],
            "count": len(rides),
            "fees": fees_of(rows),
            "in_full": in_full,
            "customer": customer,
            "site": settings.SITE_NAME,
        }
        entries = [appointment(row) for row in rows] if customer.email else []
        calendars = files_of(entries, customer, method=method, stamp=mail.batch.created_at)
        return Letter.to(
            customer,
            f"bookings/email/{template}",
            context,
            language=language,
            calendars=calendars,
        )


def fees_of(rows):
    """What the cancellation of these rides costs in all, in words; '' for nothing."""
    sums = money.sums_of((row.fee, row.currency) for row in rows)
    return ", ".join(formats.amount(amount, currency) for currency, amount in sums.items())


def rows_of(mail):
    """The history rows of the rides that the message tells of, in the order of their times: as the
    batch wrote them, whatever they are tied to by now."""
    written = Booking.history.filter(batch_id=mail.batch_id)
    rows = written.filter(id__in=values_of(Booking, mail.records))
    return list(rows.order_by("pickup_at", "id"))


def as_before(rows):
    """The same rides as they were before a batch wrote these history rows, in their order; with the
    versions that it gave them, which calendars go by."""
    earlier = Booking.history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
    earlier = Subquery(earlier.order_by("-history_id").values("history_id")[:1])
    written = Booking.history.filter(history_id__in=[row.history_id for row in rows])
    former = Booking.history.filter(history_id__in=written.values(earlier=earlier))
    versions = {row.id: row.version for row in rows}
    former = list(former.order_by("pickup_at", "id"))
    for row in former:
        row.version = versions[row.id]
    return former


def changes_in(row, logged):
    """What the log line says, as far as it concerns the customer, in words.

    Nothing of a ride that is new to them: made by the batch, or another's before it.
    """
    customer, now = logged.get("customer", (None, None))
    if row.history_type == "+" or (customer is not None and customer != now):
        return []
    currency = logged.get("currency", [row.currency, row.currency])
    changes = []
    for name in TOLD:
        field = Booking._meta.get_field(name)
        before, after = (
            in_words(field, value, code)
            for value, code in zip(logged.get(name, (None, None)), currency, strict=True)
        )
        if before != after:
            changes.append(Change(capfirst(field.verbose_name), before, after))
    return changes


def take_common(rides):
    """The changes that all of the rides have alike, which are then told once and not with each."""
    common = [
        change for change in rides[0].changes if all(change in each.changes for each in rides)
    ]
    for ride in rides:
        ride.changes[:] = [change for change in ride.changes if change not in common]
    return common


def in_words(field, value, currency):
    if field.name == "price" and value is not None:
        return formats.amount(field.to_python(value), currency)
    if field.name == "duration_minutes" and value is not None:
        return formats.duration(value)
    return shown(field, value, moment=moment)


def letter_of_cancellation(mail, template="cancelled", **options):
    return write(mail, template, method=CANCEL, **options)


# The ride that a message names first: of those that it tells of, the earliest as the batch left it
# (see `rows_of`).
FIRST = Subquery(
    Booking.history.filter(batch_id=OuterRef("batch"), id__in=Keys(OuterRef("records")))
    .order_by("pickup_at", "id")
    .values("id")[:1]
)


def pages(keys):
    """{key: (reference, URL)} of bookings."""
    return {
        booking.pk: (booking.reference, booking.get_absolute_url())
        for booking in Booking.objects.filter(pk__in=keys).only("reference")
    }
