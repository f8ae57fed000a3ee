"""The verbs on engineers: their leave. To make, edit and (de)activate them serves the directory."""

from django.core.exceptions import ValidationError
from django.db.models import (
    DateField,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    TextField,
    UUIDField,
    Value,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal
from project.audit.statements import insert_select
from project.ui.formats import date_format

from .availability import moment
from .models import EngineerLog, InstallationBooking, Leave

NOTE_LEAVE, LIFT_LEAVE = "installations.note_leave", "installations.lift_leave"


def appointments():
    """An `Exists` over an engineer: installations are still to come, or under way."""
    return Exists(InstallationBooking.objects.appointed().filter(engineer=OuterRef("pk")))


def not_on_leave(first_day=None, last_day=None):
    """Why an engineer can't be away on those days: appointments, or leave already."""
    refusals = ()
    if first_day and last_day:
        away = Leave.objects.in_force().filter(engineer=OuterRef("pk"))
        begins, ends = moment(first_day, "00:00"), moment(last_day, "24:00")
        busy = InstallationBooking.objects.appointed().filter(engineer=OuterRef("pk"))
        refusals = (
            Refusal(
                "on_leave",
                Exists(away.touching(first_day, last_day)),
                gettext_lazy("on leave already on these days"),
            ),
            Refusal(
                "appointments",
                Exists(busy.overlapping(begins, ends)),
                gettext_lazy("with appointments on these days: move them first"),
            ),
        )
    return refusals


def note_leave(selection, *, by, first_day, last_day, reason="", ticket=None, announced=True):
    """Note that engineers are away from `first_day` to `last_day`, both counted."""
    if last_day < first_day:
        raise ValidationError({"last_day": _("This is before the first day.")})
    said = _("Leave from %(first)s to %(last)s") % {
        "first": date_format(first_day, "SHORT_DATE_FORMAT"),
        "last": date_format(last_day, "SHORT_DATE_FORMAT"),
    }
    with recorded(
        NOTE_LEAVE,
        selection,
        by=by,
        reason=reason,
        ticket=ticket,
        announced=announced,
        sentence=line(said, reason),
        refusals=not_on_leave(first_day, last_day),
    ) as batch:
        batch.update()
        insert_select(
            Leave,
            ("engineer_id", "first_day", "last_day", "reason", "noted_in_id"),
            batch.touched().order_by("pk"),
            F("pk"),
            Value(first_day, output_field=DateField()),
            Value(last_day, output_field=DateField()),
            Value(reason, output_field=TextField()),
            Value(batch.batch.pk, output_field=UUIDField()),
        )
    return batch.outcome


def no_leave(today=None):
    """Why there is no leave to lift: none that ends today or later."""
    ahead = Leave.objects.in_force().filter(engineer=OuterRef("pk"))
    if today:
        ahead = ahead.filter(last_day__gte=today)
    return (Refusal("no_leave", ~Q(Exists(ahead)), gettext_lazy("without leave ahead")),)


def lift_leave(selection, *, by, from_day, reason="", ticket=None):
    """Lift all leave of engineers that ends on `from_day` or later."""
    with recorded(
        LIFT_LEAVE,
        selection,
        by=by,
        reason=reason,
        ticket=ticket,
        sentence=line(_("Leave lifted"), reason),
        refusals=no_leave(from_day),
    ) as batch:
        batch.update()
        lifted = Leave.objects.in_force().filter(
            engineer__in=batch.touched().values("pk"), last_day__gte=from_day
        )
        lifted.update(lifted_in=batch.batch)
    return batch.outcome


def lifted_last():
    """The leave of an engineer that the latest act on them lifted."""
    latest = EngineerLog.objects.filter(engineer=OuterRef(OuterRef("pk"))).order_by("-pk")
    return Leave.objects.filter(
        engineer=OuterRef("pk"), lifted_in=Subquery(latest.values("batch")[:1])
    )


# Whose leave can't be put back: somebody was promised a visit on those days.
BOOKED_SINCE = (
    Refusal(
        "appointments",
        Exists(
            lifted_last().filter(
                Exists(
                    InstallationBooking.objects.appointed().filter(
                        engineer=OuterRef("engineer"),
                        start__date__lte=OuterRef("last_day"),
                        ends_at__date__gte=OuterRef("first_day"),
                    )
                )
            )
        ),
        gettext_lazy("with appointments on these days: move them first"),
    ),
)


def lift_undone(batch, undone):
    """Lift the leave that an undone act noted."""
    Leave.objects.filter(noted_in=undone, engineer__in=engineers_of(batch)).update(lifted_in=batch)


def note_again(batch, undone):
    """Put back the leave that an undone act lifted."""
    Leave.objects.filter(lifted_in=undone, engineer__in=engineers_of(batch)).update(lifted_in=None)


def engineers_of(batch):
    return EngineerLog.objects.filter(batch=batch).values("engineer")
