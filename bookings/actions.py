"""What staff do to bookings: which verb, what it asks, how it looks. Rules are in services."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from project.actions.action import Action, Scope

from . import notifications, services
from .availability import OVERRIDE, people_of
from .forms import AssignForm, CancelForm, DuplicateForm, RestoreForm, StatusForm

SEGMENT = Scope("segment", _("Only what is selected"), lambda selection: selection)
ROUND_TRIP = Scope(
    "round_trip", _("The whole round trip"), lambda selection: selection.whole_trips()
)
SCOPES = (SEGMENT, ROUND_TRIP)

CANCELLATION = (
    "status",
    "status_before",
    "cancellation_kind",
    "cancellation_reason",
    "cancelled_at",
    "cancelled_by",
    "billable",
    "fee",
)


def people_then_and_now(selection):
    """Whose time an undo may touch: today's people, and those it brings back."""
    return people_of(selection, "", "before_")


ARCHIVE = Action(
    code="bookings.archive",
    label=_("Archive"),
    question=ngettext_lazy("Archive %(n)s booking", "Archive %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking archived.", "%(n)s bookings archived.", "n"),
    icon="archive",
    permission="bookings.archive_booking",
    service=services.archive,
    refusals=services.NOT_ARCHIVABLE,
    scopes=SCOPES,
    inverse="bookings.unarchive",
    writes=("archived_at",),
    primary=True,
)
UNARCHIVE = Action(
    code="bookings.unarchive",
    label=_("Unarchive"),
    question=ngettext_lazy("Unarchive %(n)s booking", "Unarchive %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking unarchived.", "%(n)s bookings unarchived.", "n"),
    icon="unarchive",
    permission="bookings.unarchive_booking",
    service=services.unarchive,
    refusals=services.NOT_UNARCHIVABLE,
    scopes=SCOPES,
    inverse="bookings.archive",
    writes=("archived_at",),
    undo_refusals=lambda selection: services.NOT_ARCHIVABLE,
)
CANCEL = Action(
    code="bookings.cancel",
    label=_("Cancel"),
    question=ngettext_lazy("Cancel %(n)s booking", "Cancel %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking cancelled.", "%(n)s bookings cancelled.", "n"),
    icon="cancel",
    permission="bookings.cancel_booking",
    service=services.cancel,
    refusals=lambda selection, answers: services.not_cancellable(
        billable=bool(answers.get("billable"))
    ),
    form=CancelForm,
    scopes=SCOPES,
    inverse="bookings.restore",
    writes=CANCELLATION,
    undo_refusals=services.not_restorable,
    undo_locks=people_of,
    after_undo=notifications.take_back_cancellation,
    tone="danger",
    primary=True,
)
RESTORE = Action(
    code="bookings.restore",
    label=_("Restore"),
    question=ngettext_lazy("Restore %(n)s booking", "Restore %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking restored.", "%(n)s bookings restored.", "n"),
    icon="restore",
    permission="bookings.restore_booking",
    service=services.restore,
    refusals=lambda selection, answers: services.not_restorable(selection),
    warns=OVERRIDE,
    form=RestoreForm,
    scopes=SCOPES,
    inverse="bookings.cancel",
    writes=CANCELLATION,
    undo_refusals=lambda selection: services.not_cancellable(),
    after_undo=notifications.take_back_restore,
)
SET_STATUS = Action(
    code="bookings.set_status",
    label=_("Change status"),
    question=ngettext_lazy(
        "Change the status of %(n)s booking", "Change the status of %(n)s bookings", "n"
    ),
    done=ngettext_lazy(
        "Status of %(n)s booking changed.", "Status of %(n)s bookings changed.", "n"
    ),
    icon="status",
    permission="bookings.set_status_booking",
    service=services.set_status,
    refusals=lambda selection, answers: (
        services.not_settable(answers["status"], answers.get("fee"))
        if answers.get("status")
        else services.UNMOVABLE
    ),
    form=StatusForm,
    scopes=SCOPES,
    inverse="bookings.set_status",
    writes=("status", "billable", "fee"),
    undo_refusals=lambda selection: (services.ARCHIVED,),
    primary=True,
)
ASSIGN = Action(
    code="bookings.assign",
    label=_("Assign"),
    question=ngettext_lazy("Assign %(n)s booking", "Assign %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking assigned.", "%(n)s bookings assigned.", "n"),
    icon="assign",
    permission="bookings.assign_booking",
    service=services.assign,
    refusals=lambda selection, answers: services.not_assignable(
        selection, driver=answers.get("driver"), partner=answers.get("partner")
    ),
    warns=OVERRIDE,
    form=AssignForm,
    scopes=SCOPES,
    inverse="bookings.unassign",
    writes=("driver", "partner"),
    undo_refusals=services.not_assigned_again,
    undo_locks=people_then_and_now,
    primary=True,
)
UNASSIGN = Action(
    code="bookings.unassign",
    label=_("Unassign"),
    question=ngettext_lazy("Unassign %(n)s booking", "Unassign %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking unassigned.", "%(n)s bookings unassigned.", "n"),
    icon="unassign",
    permission="bookings.unassign_booking",
    service=services.unassign,
    refusals=services.NOT_UNASSIGNABLE,
    scopes=SCOPES,
    inverse="bookings.assign",
    writes=("driver", "partner"),
    undo_refusals=services.not_assigned_again,
    undo_locks=people_then_and_now,
)
DUPLICATE = Action(
    code="bookings.duplicate",
    label=_("Duplicate"),
    question=ngettext_lazy("Duplicate %(n)s booking", "Duplicate %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking created.", "%(n)s bookings created.", "n"),
    icon="duplicate",
    permission="bookings.duplicate_booking",
    service=services.duplicate,
    refusals=services.NOT_COPYABLE,
    form=DuplicateForm,
    scopes=SCOPES,
    creates=True,
)
RECAP = Action(
    code="bookings.recap",
    label=_("Text recap"),
    question=ngettext_lazy("Recap of %(n)s booking", "Recap of %(n)s bookings", "n"),
    done=ngettext_lazy("Recap of %(n)s booking.", "Recap of %(n)s bookings.", "n"),
    icon="recap",
    permission="bookings.recap_booking",
    service=services.recap,
    reports=True,
)

ACTIONS = (
    ASSIGN,
    SET_STATUS,
    ARCHIVE,
    CANCEL,
    UNASSIGN,
    RESTORE,
    UNARCHIVE,
    DUPLICATE,
    RECAP,
)

CREATE = Action(
    code="bookings.create",
    label=_("Create"),
    question=ngettext_lazy("Create %(n)s booking", "Create %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking created.", "%(n)s bookings created.", "n"),
    permission="bookings.add_booking",
    creates=True,
)
EDIT = Action(
    code="bookings.edit",
    label=_("Edit"),
    question=ngettext_lazy("Edit %(n)s booking", "Edit %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking changed.", "%(n)s bookings changed.", "n"),
    permission="bookings.change_booking",
    inverse="bookings.edit",
    revert=services.revert,
)
DISCARD = Action(
    code="bookings.discard",
    label=_("Discard"),
    question=ngettext_lazy("Discard %(n)s booking", "Discard %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking discarded.", "%(n)s bookings discarded.", "n"),
    permission="bookings.cancel_booking",
)
COPIED = Action(
    code="bookings.copied",
    label=_("Copied"),
    question=_("Copied"),
    done=_("Copied"),
    permission="bookings.view_booking",
)
FORMS = (CREATE, EDIT, DISCARD, COPIED)
