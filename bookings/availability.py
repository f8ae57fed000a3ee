"""Who is free to drive: the rule on overlaps and on people who left, for every path.

Whatever gives a driver time (assign, restore, edit, undo) first locks the people with `people_of`
and then asks the refusals here, so that no two writers decide on the same facts.
"""

from django.core.exceptions import ValidationError
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    RowRange,
    Value,
    When,
    Window,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import line
from project.audit.refusals import Refusal, any_refusal
from project.directory.models import Customer, Driver, Partner

from .models import Booking
from .states import Status

# The permission to accept an overlap.
OVERRIDE = "bookings.override_overlap_booking"
DRIVER_BUSY = "driver_busy"


def people_of(selection, *prefixes):
    """The customers of a selection and those whose time it takes: querysets to lock, each once.

    An undo names the people it brings back as well: `people_of(selection, "", "before_")`.
    """
    rides = selection.order_by()
    drivers, partners = Q(), Q()
    for prefix in prefixes or ("",):
        drivers |= Q(pk__in=rides.values(f"{prefix}driver"))
        partners |= Q(pk__in=rides.values(f"{prefix}partner"))
    return [
        Customer.objects.filter(pk__in=rides.values("customer")),
        Driver.objects.filter(drivers),
        Partner.objects.filter(partners),
    ]


CUSTOMER_LEFT = Refusal(
    "customer_inactive", Q(customer__is_active=False), gettext_lazy("with an inactive customer")
)


def gone(driver="driver", partner="partner"):
    """The refusal of rides whose driver or partner no longer works with us."""
    left = Exists(Driver.objects.inactive().filter(pk=OuterRef(driver))) | Exists(
        Partner.objects.inactive().filter(pk=OuterRef(partner))
    )
    return Refusal("inactive", left, gettext_lazy("with an inactive driver or partner"))


def driver_busy(driver):
    """The warning that another ride of `driver` (an id or an expression) is at the same time."""
    return Refusal(
        DRIVER_BUSY,
        Booking.objects.none().clashing_for(driver),
        gettext_lazy("the driver has another ride at that time"),
        override=OVERRIDE,
    )


def doubled(selection, refusals, driver=None, *, start="pickup_at", end="ends_at"):
    """The warning that rides of this very selection, all that nothing refuses, overlap.

    Of two that do, the later is named. With `driver` (a field or annotation) only rides of the
    same driver count; without, all go to one. `start` and `end` are fields or annotations.
    """
    candidates = selection.order_by().exclude(any_refusal(refusals))
    if driver:
        candidates = candidates.filter(**{f"{driver}__isnull": False})
    busy_until = Window(
        Max(end),
        partition_by=F(driver) if driver else None,
        order_by=[F(start).asc(), F("pk").asc()],
        frame=RowRange(None, -1),
    )
    late = candidates.annotate(busy_until=busy_until).filter(busy_until__gt=F(start))
    return Refusal(
        "doubled",
        Q(pk__in=late.values("pk")),
        gettext_lazy("overlaps another ride of this selection"),
        override=OVERRIDE,
    )


def in_spite_of(sentence, refusals, override):
    """The log line, which says so where a warning was overridden."""
    warnings = [refusal for refusal in refusals if refusal.override]
    if not (override and warnings):
        return sentence
    told = line(line(sentence, _("in spite of an overlap")), override)
    return Case(
        When(any_refusal(warnings), then=Value(told)),
        default=Value(sentence),
        output_field=CharField(),
    )


def check_time(booking, *, override=""):
    """Raise ValidationError where the times of an unsaved edit give its people what they can't do.

    A ride that was not moved is not asked about again: an overlap may have been accepted.
    `override`, a reason, accepts an overlap and nothing else.
    """
    unmoved = Booking.objects.filter(
        pk=booking.pk, pickup_at=booking.pickup_at, ends_at=booking.ends_at
    )
    if booking.status == Status.CANCELLED or unmoved.exists():
        return
    for person in filter(None, (booking.driver, booking.partner)):
        if not type(person).objects.active().filter(pk=person.pk).exists():
            left = _("%(name)s is no longer active: unassign the booking first.")
            raise ValidationError({"pickup_at": ValidationError(left, params={"name": person})})
    if booking.driver_id is None or override:
        return
    others = Booking.objects.filter(driver=booking.driver_id).occupying().exclude(pk=booking.pk)
    other = others.overlapping(booking.pickup_at, booking.ends_at).first()
    if other:
        busy = _("The driver has another ride at that time: %(reference)s.")
        params = {"reference": other.reference}
        raise ValidationError({"pickup_at": ValidationError(busy, code=DRIVER_BUSY, params=params)})
