"""What staff do in the room: which verb, what it asks, how it looks. Rules are in the services.

All acts on orders are undone by `services.take_back`, under the permission of their inverse.
"""

from functools import partial

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy, pgettext_lazy

from project.actions.action import Action, forms_of, told
from project.actions.forms import OptionalReasonForm, ReasonForm
from project.directory import services as directory
from project.exchange import actions as files

from . import cascades, scheduling, services, staff, work
from .forms import (
    CancelForm,
    CompleteForm,
    LeaveForm,
    LiftLeaveForm,
    OptionalTellingForm,
    ReassignForm,
    RescheduleForm,
    SlotForm,
)
from .models import Engineer


def undoable(inverse):
    return {"inverse": inverse, "take_back": partial(services.take_back, inverse=inverse)}


def note(code, label, model):
    """A line of a log that is no action of its own: known for its words."""
    return told(code, label, f"installations.view_{model}")


# ----------------------------------------------------------------------------------------- orders
SCHEDULE = Action(
    code=scheduling.SCHEDULE,
    label=_("Schedule"),
    question=ngettext_lazy("Schedule %(n)s installation", "Schedule %(n)s installations", "n"),
    done=ngettext_lazy("%(n)s installation scheduled.", "%(n)s installations scheduled.", "n"),
    icon="today",
    permission="installations.schedule_order",
    service=scheduling.schedule,
    refusals=lambda selection, answers: scheduling.not_schedulable(
        selection, engineer=answers.get("engineer"), start=answers.get("start")
    ),
    form=SlotForm,
    primary=True,
    **undoable(scheduling.UNSCHEDULE),
)
RESCHEDULE = Action(
    code=scheduling.RESCHEDULE,
    label=_("Reschedule"),
    question=ngettext_lazy("Reschedule %(n)s installation", "Reschedule %(n)s installations", "n"),
    done=ngettext_lazy("%(n)s installation rescheduled.", "%(n)s installations rescheduled.", "n"),
    icon="series",
    permission="installations.reschedule_order",
    service=scheduling.reschedule,
    refusals=lambda selection, answers: scheduling.not_movable(
        selection, start=answers.get("start"), engineer=answers.get("engineer")
    ),
    form=RescheduleForm,
    **undoable(scheduling.RESCHEDULE),
)
REASSIGN = Action(
    code=scheduling.REASSIGN,
    label=_("Give to another engineer"),
    question=ngettext_lazy(
        "Give %(n)s installation to another engineer",
        "Give %(n)s installations to another engineer",
        "n",
    ),
    done=ngettext_lazy("%(n)s installation given.", "%(n)s installations given.", "n"),
    icon="assign",
    permission="installations.reassign_order",
    service=scheduling.reassign,
    refusals=lambda selection, answers: scheduling.not_movable(
        selection, engineer=answers.get("engineer")
    ),
    form=ReassignForm,
    **undoable(scheduling.REASSIGN),
)
UNSCHEDULE = Action(
    code=scheduling.UNSCHEDULE,
    label=_("Take out of the diary"),
    question=ngettext_lazy(
        "Take %(n)s installation out of the diary",
        "Take %(n)s installations out of the diary",
        "n",
    ),
    done=ngettext_lazy(
        "%(n)s installation taken out of the diary.",
        "%(n)s installations taken out of the diary.",
        "n",
    ),
    icon="unassign",
    permission="installations.unschedule_order",
    service=scheduling.unschedule,
    refusals=scheduling.NOT_UNSCHEDULABLE,
    form=OptionalTellingForm,
    **undoable(scheduling.SCHEDULE),
)
START = Action(
    code=work.START,
    label=pgettext_lazy("begin an installation", "Start"),
    question=ngettext_lazy("Start %(n)s installation", "Start %(n)s installations", "n"),
    done=ngettext_lazy("%(n)s installation started.", "%(n)s installations started.", "n"),
    icon="status",
    permission="installations.start_order",
    service=work.start,
    refusals=work.NOT_STARTABLE,
    primary=True,
    **undoable(work.NOT_BEGUN),
)
NOT_BEGUN = Action(
    code=work.NOT_BEGUN,
    label=_("Not begun"),
    question=ngettext_lazy(
        "Take the beginning of %(n)s installation back",
        "Take the beginning of %(n)s installations back",
        "n",
    ),
    done=ngettext_lazy("%(n)s installation not begun.", "%(n)s installations not begun.", "n"),
    icon="reopen",
    permission="installations.start_order",
    service=work.not_begun,
    refusals=work.NOT_STOPPABLE,
    form=OptionalReasonForm,
    **undoable(work.START),
)
COMPLETE = Action(
    code=work.COMPLETE,
    label=_("Complete"),
    question=ngettext_lazy("Complete %(n)s installation", "Complete %(n)s installations", "n"),
    done=ngettext_lazy("%(n)s installation completed.", "%(n)s installations completed.", "n"),
    icon="settle",
    permission="installations.complete_order",
    service=work.complete,
    refusals=lambda selection, answers: (
        work.not_completable(selection, fittings=answers.get("fittings") or ())
        if "fittings" in answers
        else work.NOT_STOPPABLE
    ),
    form=CompleteForm,
    primary=True,
    **undoable(work.REOPEN),
)
REOPEN = Action(
    code=work.REOPEN,
    label=_("Reopen"),
    question=ngettext_lazy("Reopen %(n)s installation", "Reopen %(n)s installations", "n"),
    done=ngettext_lazy("%(n)s installation reopened.", "%(n)s installations reopened.", "n"),
    icon="reopen",
    permission="installations.reopen_order",
    service=work.reopen,
    refusals=work.NOT_REOPENABLE,
    form=ReasonForm,
    **undoable(work.COMPLETE),
)
CANCEL = Action(
    code=services.CANCEL,
    label=_("Cancel"),
    question=ngettext_lazy("Cancel %(n)s order", "Cancel %(n)s orders", "n"),
    done=ngettext_lazy("%(n)s order cancelled.", "%(n)s orders cancelled.", "n"),
    icon="cancel",
    permission="installations.cancel_order",
    service=services.cancel,
    refusals=services.NOT_CANCELLABLE,
    form=CancelForm,
    tone="danger",
    **undoable(services.RESTORE),
)
RESTORE = Action(
    code=services.RESTORE,
    label=_("Restore"),
    question=ngettext_lazy("Restore %(n)s order", "Restore %(n)s orders", "n"),
    done=ngettext_lazy("%(n)s order restored.", "%(n)s orders restored.", "n"),
    icon="restore",
    permission="installations.restore_order",
    service=services.restore,
    refusals=lambda selection, answers: services.not_restorable(selection),
    form=OptionalTellingForm,
    **undoable(services.CANCEL),
)
ORDERS = (
    SCHEDULE,
    START,
    COMPLETE,
    RESCHEDULE,
    REASSIGN,
    UNSCHEDULE,
    CANCEL,
    NOT_BEGUN,
    REOPEN,
    RESTORE,
    files.export(
        "installations.export",
        question=ngettext_lazy("Export %(n)s order", "Export %(n)s orders", "n"),
        done=ngettext_lazy("%(n)s order exported.", "%(n)s orders exported.", "n"),
        permission="installations.export_order",
    ),
    files.print_(
        "installations.print",
        question=ngettext_lazy("PDF of %(n)s order", "PDF of %(n)s orders", "n"),
        done=ngettext_lazy("%(n)s order printed.", "%(n)s orders printed.", "n"),
        permission="installations.print_order",
    ),
)
ORDER_FORMS = (
    Action(
        code=services.PLACE,
        label=_("Create"),
        question=None,
        done=ngettext_lazy("%(n)s order placed.", "%(n)s orders placed.", "n"),
        permission="installations.add_order",
        creates=True,
    ),
    Action(
        code=services.EDIT,
        label=_("Edit"),
        question=None,
        done=ngettext_lazy("%(n)s order changed.", "%(n)s orders changed.", "n"),
        permission="installations.change_order",
        inverse=services.EDIT,
        revert=services.edit,
    ),
    note(work.FIT, _("Fitted pieces noted"), "order"),
    note("installations.seed", _("Created"), "order"),
)
# What goes along with an order, in the log of its services and of its booking.
ALONG = (
    note(cascades.SERVICE, _("With its order"), "service"),
    note(cascades.BOOKING, _("With its order"), "installationbooking"),
    note(cascades.BACK, _("Put back with its order"), "service"),
)

# -------------------------------------------------------------------------------------- engineers
NOTE_LEAVE = Action(
    code=staff.NOTE_LEAVE,
    label=_("Leave"),
    question=ngettext_lazy("Note leave of %(n)s engineer", "Note leave of %(n)s engineers", "n"),
    done=ngettext_lazy("Leave of %(n)s engineer noted.", "Leave of %(n)s engineers noted.", "n"),
    icon="hourglass",
    permission="installations.leave_engineer",
    service=staff.note_leave,
    refusals=lambda selection, answers: staff.not_on_leave(
        answers.get("first_day"), answers.get("last_day")
    ),
    form=LeaveForm,
    inverse=staff.LIFT_LEAVE,
    after_undo=staff.lift_undone,
    primary=True,
)
LIFT_LEAVE = Action(
    code=staff.LIFT_LEAVE,
    label=_("Lift leave"),
    question=ngettext_lazy("Lift leave of %(n)s engineer", "Lift leave of %(n)s engineers", "n"),
    done=ngettext_lazy("Leave of %(n)s engineer lifted.", "Leave of %(n)s engineers lifted.", "n"),
    icon="reopen",
    permission="installations.leave_engineer",
    service=staff.lift_leave,
    refusals=lambda selection, answers: staff.no_leave(answers.get("from_day")),
    form=LiftLeaveForm,
    inverse=staff.NOTE_LEAVE,
    undo_refusals=lambda selection: staff.BOOKED_SINCE,
    after_undo=staff.note_again,
)
ENGINEERS = (
    NOTE_LEAVE,
    LIFT_LEAVE,
    *directory.ACTIVATION.actions(
        Engineer,
        {
            "activate": (
                ngettext_lazy("Activate %(n)s engineer", "Activate %(n)s engineers", "n"),
                ngettext_lazy("%(n)s engineer activated.", "%(n)s engineers activated.", "n"),
            ),
            "deactivate": (
                ngettext_lazy("Deactivate %(n)s engineer", "Deactivate %(n)s engineers", "n"),
                ngettext_lazy("%(n)s engineer deactivated.", "%(n)s engineers deactivated.", "n"),
            ),
        },
    ),
    files.export(
        "installations.export",
        question=ngettext_lazy("Export %(n)s engineer", "Export %(n)s engineers", "n"),
        done=ngettext_lazy("%(n)s engineer exported.", "%(n)s engineers exported.", "n"),
        permission="installations.export_engineer",
    ),
)
ENGINEER_FORMS = forms_of(
    Engineer,
    ngettext_lazy("%(n)s engineer created.", "%(n)s engineers created.", "n"),
    ngettext_lazy("%(n)s engineer changed.", "%(n)s engineers changed.", "n"),
    revert=Engineer.save,
)
