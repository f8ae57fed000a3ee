"""Appointments: into the diary, to another time, to another engineer, out of the diary.

All of an order's services are done in one visit of one engineer, as long as they take together.
Of several orders each begins where the one before it ends, with the same engineer; what does not
fit into the engineer's time is refused. Whether they do is asked under the lock of the engineers.
"""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal, any_refusal
from project.audit.rows import values_of
from project.ui.formats import date_format

from . import availability, cascades, notifications, queries
from .availability import Visit
from .models import InstallationBooking, Order
from .states import Status

SCHEDULE, RESCHEDULE = "installations.schedule", "installations.reschedule"
REASSIGN, UNSCHEDULE = "installations.reassign", "installations.unschedule"
NOT_PENDING = Refusal(
    "not_pending", ~Q(status=Status.PENDING), gettext_lazy("not waiting to be scheduled")
)
NOT_SCHEDULED = Refusal(
    "not_scheduled", ~Q(status=Status.SCHEDULED), gettext_lazy("not scheduled, or begun already")
)
NOT_UNSCHEDULABLE = (NOT_SCHEDULED,)


def able(engineer):
    """The refusals of orders that this engineer can't do, whenever it is."""
    lacking = gettext_lazy("the engineer lacks a skill that it asks for")
    return (Refusal("unskilled", queries.unskilled(engineer.skills), lacking),)


def candidates(selection, refusals):
    """(key, minutes) of the orders that nothing refuses so far, in the order of their keys."""
    ready = selection.order_by().exclude(any_refusal(refusals))
    return list(ready.order_by("pk").values_list("pk", "duration_minutes"))


def check_start(start, at=None):
    """Raise ValidationError for an appointment that lies before `at`, by default now."""
    if start < (at or timezone.now()):
        raise ValidationError({"start": _("This moment has passed.")})


# --------------------------------------------------------------------------------------- schedule
def laid_out(selection, engineer, start):
    """({order: start}, refusals) of giving the orders to `engineer` from `start` on."""
    refusals = (NOT_PENDING, *able(engineer))
    visits = [Visit(key, minutes, engineer.pk) for key, minutes in candidates(selection, refusals)]
    plan, reasons = availability.placed(visits, start)
    return plan, (*refusals, *availability.refusals_of(reasons))


def not_schedulable(selection, *, engineer=None, start=None):
    """Why an order can't be scheduled so; without the two, why it can't at all."""
    if engineer is None or start is None:
        return (NOT_PENDING,)
    return laid_out(selection, engineer, start)[1]


def schedule(selection, *, by, engineer, start, tell=False, ticket=None, at=None, announced=True):
    """Put orders into the diary of `engineer` from `start` (a moment) on; services and bookings
    are scheduled. `tell` posts the confirmation, with a calendar entry.

    Raises ValidationError, at `start`, for a moment before `at` (by default now).
    """
    check_start(start, at)
    with transaction.atomic():
        availability.hold(selection, engineer.pk)
        plan, refusals = laid_out(selection, engineer, start)
        with recorded(
            SCHEDULE,
            selection,
            by=by,
            ticket=ticket,
            announced=announced,
            sentence=line(_("Scheduled with %(name)s") % {"name": engineer}, moment(start)),
            refusals=refusals,
        ) as batch:
            batch.update(status=Status.SCHEDULED)
            orders, sentence = batch.touched(), _("Scheduled with %(name)s") % {"name": engineer}
            cascades.services_become(
                batch, orders, sentence, status=Status.SCHEDULED, engineer=engineer
            )
            cascades.book(batch, plan, engineer, sentence)
            if tell:
                notifications.tell(batch.batch, notifications.SCHEDULED)
            if announced:
                notifications.tell_engineers(batch.batch)
    return batch.outcome


def moment(start):
    return date_format(timezone.localtime(start), "SHORT_DATETIME_FORMAT")


# ---------------------------------------------------------------------------- reschedule, reassign
def moved(selection, *, start=None, engineer=None):
    """({order: start}, {order: booking}, refusals) of moving scheduled orders to `start`, one after
    the other, or to `engineer` at their own times, or both."""
    refusals = (NOT_SCHEDULED, *(able(engineer) if engineer else ()))
    keys = [key for key, _minutes in candidates(selection, refusals)]
    bookings = {
        booking.order_id: booking
        for booking in InstallationBooking.objects.filter(order__in=keys).order_by("order")
    }
    visits = [
        Visit(
            key,
            booking.duration_minutes,
            engineer.pk if engineer else booking.engineer_id,
            booking.start if start is None else None,
            before=(booking.engineer_id, booking.start, booking.ends_at),
        )
        for key, booking in bookings.items()
    ]
    plan, reasons = availability.placed(visits, start)
    same = [
        visit.key for visit in visits if (visit.engineer, plan.get(visit.key)) == visit.before[:2]
    ]
    stays = Refusal(
        "same",
        Q(pk__in=values_of(Order, same or [0])),  # a key that none has: the values have a type
        gettext_lazy("already so"),
        idle=True,
    )
    return plan, bookings, (*refusals, *availability.refusals_of(reasons), stays)


def not_movable(selection, *, start=None, engineer=None):
    """Why an order can't be moved so; without either, why it can't at all."""
    if start is None and engineer is None:
        return (NOT_SCHEDULED,)
    return moved(selection, start=start, engineer=engineer)[2]


def _move(
    code, kind, selection, *, by, sentence, reason="", start=None, engineer=None, tell, ticket
):
    with transaction.atomic():
        availability.hold(selection, *([engineer.pk] if engineer else []))
        plan, bookings, refusals = moved(selection, start=start, engineer=engineer)
        with recorded(
            code,
            selection,
            by=by,
            reason=reason,
            ticket=ticket,
            sentence=sentence,
            refusals=refusals,
        ) as batch:
            batch.update()
            orders = batch.touched()
            if engineer:
                cascades.services_become(batch, orders, sentence, engineer=engineer)
            going = set(orders.values_list("pk", flat=True))
            rows = [
                {
                    "pk": booking.pk,
                    "start": plan[key],
                    "ends_at": plan[key] + timedelta(minutes=booking.duration_minutes),
                    "engineer_id": engineer.pk if engineer else booking.engineer_id,
                }
                for key, booking in bookings.items()
                if key in going
            ]
            cascades.move(batch, rows, sentence)
            if tell:
                notifications.tell(batch.batch, kind)
            notifications.tell_engineers(batch.batch)
    return batch.outcome


def reschedule(selection, *, by, start, engineer=None, reason="", tell=False, ticket=None, at=None):
    """Move scheduled orders to `start` and on, with their own engineer or with `engineer`.

    `tell` posts the change, with a calendar entry that takes the place of the former one. Raises
    ValidationError, at `start`, for a moment before `at` (by default now).
    """
    check_start(start, at)
    return _move(
        RESCHEDULE,
        notifications.CHANGED,
        selection,
        by=by,
        sentence=line(_("Moved to %(when)s") % {"when": moment(start)}, reason),
        reason=reason,
        start=start,
        engineer=engineer,
        tell=tell,
        ticket=ticket,
    )


def reassign(selection, *, by, engineer, reason="", tell=False, ticket=None):
    """Give scheduled orders to another engineer, at the time that they have."""
    return _move(
        REASSIGN,
        notifications.CHANGED,
        selection,
        by=by,
        sentence=line(_("Given to %(name)s") % {"name": engineer}, reason),
        reason=reason,
        engineer=engineer,
        tell=tell,
        ticket=ticket,
    )


def unschedule(selection, *, by, reason="", tell=False, ticket=None):
    """Take orders out of the diary: they wait to be scheduled again, their slots are free."""
    with recorded(
        UNSCHEDULE,
        selection,
        by=by,
        reason=reason,
        ticket=ticket,
        sentence=line(_("Taken out of the diary"), reason),
        refusals=NOT_UNSCHEDULABLE,
    ) as batch:
        batch.update(status=Status.PENDING)
        orders, sentence = batch.touched(), _("Taken out of the diary")
        cascades.services_become(batch, orders, sentence, status=Status.PENDING, engineer=None)
        cascades.bookings_become(
            batch, orders, sentence, status_before=F("status"), status=Status.CANCELLED
        )
        if tell:
            notifications.tell(batch.batch, notifications.UNSCHEDULED)
        notifications.tell_engineers(batch.batch)
    return batch.outcome
