"""What staff do to bookings: which verb, what it asks, how it looks. Rules are in services."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from project.actions.action import Action, Scope

from . import (
    changes,
    notifications,
    payouts,
    round_trips,
    series_changes,
    series_queries,
    services,
)
from .availability import OVERRIDE, people_of
from .forms import (
    AssignForm,
    CancelForm,
    ChangeForm,
    DuplicateForm,
    ReopenForm,
    RestoreForm,
    ReturnForm,
    SettleForm,
    StatusForm,
)
from .series_forms import SeriesChangeForm

SEGMENT = Scope("segment", _("Only what is selected"), lambda selection: selection)
ROUND_TRIP = Scope(
    "round_trip",
    _("The whole round trip"),
    lambda selection: selection.whole_trips(),
    added=ngettext_lazy(
        "%(n)s added: the other leg of a round trip",
        "%(n)s added: the other legs of round trips",
        "n",
    ),
)


def recurs(selection):
    return selection.occurrences().exists()


FOLLOWING = Scope(
    "following",
    _("This and the following of the series"),
    lambda selection: selection.following(),
    offered=recurs,
    added=ngettext_lazy(
        "%(n)s added: a following ride of the series",
        "%(n)s added: following rides of the series",
        "n",
    ),
)
SERIES = Scope(
    "series",
    _("The whole series"),
    lambda selection: selection.whole_series(),
    offered=recurs,
    added=ngettext_lazy(
        "%(n)s added: another ride of the series", "%(n)s added: other rides of the series", "n"
    ),
)
# The pattern of one segment is not that of the other.
SAME_FOLLOWING = replace(
    FOLLOWING, widen=lambda selection: selection.following().of_legs_in(selection), offered=None
)
SAME_SERIES = replace(
    SERIES, widen=lambda selection: selection.whole_series().of_legs_in(selection), offered=None
)
SCOPES = (SEGMENT, ROUND_TRIP, FOLLOWING, SERIES)

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
SETTLEMENT = ("settled_amount", "settled_on", "settled_by")


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
        billable=bool(answers.get("billable")), fee=answers.get("fee")
    ),
    form=CancelForm,
    scopes=SCOPES,
    inverse="bookings.restore",
    writes=CANCELLATION,
    undo_refusals=services.not_uncancelled,
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
CHANGE = Action(
    code="bookings.change",
    label=_("Change"),
    question=ngettext_lazy("Change %(n)s booking", "Change %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking changed.", "%(n)s bookings changed.", "n"),
    icon="change",
    permission="bookings.change_booking",
    service=changes.change,
    refusals=lambda selection, answers: changes.not_changeable(
        selection, answers.get("values") or {}
    ),
    warns=OVERRIDE,
    form=ChangeForm,
    scopes=(SEGMENT, ROUND_TRIP),  # with its series it is CHANGE_SERIES
    inverse="bookings.change",
    writes=changes.WRITES,
    undo_refusals=changes.not_changed_back,
    undo_locks=people_of,
    after_undo=notifications.take_back_change,
)
SETTLE = Action(
    code="bookings.settle",
    label=_("Validate payout"),
    question=ngettext_lazy(
        "Validate the payout of %(n)s booking", "Validate the payouts of %(n)s bookings", "n"
    ),
    done=ngettext_lazy(
        "Payout of %(n)s booking validated.", "Payouts of %(n)s bookings validated.", "n"
    ),
    icon="settle",
    permission="bookings.settle_booking",
    service=payouts.settle,
    refusals=lambda selection, answers: payouts.not_settleable(answers.get("amount")),
    form=SettleForm,
    scopes=SCOPES,
    inverse="bookings.reopen",
    writes=SETTLEMENT,
)
REOPEN = Action(
    code="bookings.reopen",
    label=_("Reopen payout"),
    question=ngettext_lazy(
        "Reopen the payout of %(n)s booking", "Reopen the payouts of %(n)s bookings", "n"
    ),
    done=ngettext_lazy(
        "Payout of %(n)s booking reopened.", "Payouts of %(n)s bookings reopened.", "n"
    ),
    icon="reopen",
    permission="bookings.reopen_booking",
    service=payouts.reopen,
    refusals=payouts.NOT_REOPENABLE,
    form=ReopenForm,
    scopes=SCOPES,
    inverse="bookings.settle",
    writes=SETTLEMENT,
    undo_refusals=lambda selection: payouts.NOT_SETTLED_AGAIN,
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
RETURN = Action(
    code="bookings.return",
    label=_("Create return"),
    question=ngettext_lazy(
        "Create the return of %(n)s booking", "Create the returns of %(n)s bookings", "n"
    ),
    done=ngettext_lazy("%(n)s return created.", "%(n)s returns created.", "n"),
    icon="return",
    permission="bookings.return_booking",
    service=round_trips.create_return,
    refusals=lambda selection, answers: round_trips.not_returnable(
        **{name: answers.get(name) for name in ("date", "clock", "pricing", "price", "payout")}
    ),
    form=ReturnForm,
    creates=True,
)
PAIR = Action(
    code="bookings.pair",
    label=_("Pair as round trip"),
    question=ngettext_lazy("Pair %(n)s booking", "Pair %(n)s bookings as round trips", "n"),
    done=ngettext_lazy("%(n)s booking paired.", "%(n)s bookings paired.", "n"),
    icon="pair",
    permission="bookings.pair_booking",
    service=round_trips.pair,
    refusals=lambda selection, answers: round_trips.not_pairable(selection),
    inverse="bookings.unpair",
    writes=("round_trip", "leg"),
    undo_refusals=round_trips.not_untied_again,
)
UNPAIR = Action(
    code="bookings.unpair",
    label=_("Untie round trip"),
    question=ngettext_lazy("Untie %(n)s segment", "Untie %(n)s segments of round trips", "n"),
    done=ngettext_lazy("%(n)s segment untied.", "%(n)s segments untied.", "n"),
    icon="unpair",
    permission="bookings.unpair_booking",
    service=round_trips.unpair,
    refusals=round_trips.NOT_UNPAIRABLE,
    scopes=(ROUND_TRIP,),
    inverse="bookings.pair",
    writes=("round_trip", "leg", "series", "original_start"),
    undo_refusals=round_trips.not_paired_again,
)
CHANGE_SERIES = Action(
    code=series_queries.CHANGE,
    label=_("Change in the series"),
    question=ngettext_lazy(
        "Change %(n)s ride of the series", "Change %(n)s rides of the series", "n"
    ),
    done=ngettext_lazy(
        "%(n)s ride of the series changed.", "%(n)s rides of the series changed.", "n"
    ),
    icon="series",
    permission="bookings.change_booking",
    service=series_changes.change_series,
    refusals=lambda selection, answers: series_changes.not_changeable(
        selection, answers.get("values") or {}, bool(answers.get("overwrite"))
    ),
    warns=OVERRIDE,
    form=SeriesChangeForm,
    scopes=(SEGMENT, SAME_FOLLOWING, SAME_SERIES),
    inverse=series_queries.CHANGE,
    writes=changes.WRITES,
    undo_refusals=changes.not_changed_back,
    undo_locks=people_of,
    after_undo=notifications.take_back_change,
)
RECAP = Action(
    code="bookings.recap",
    label=_("Text recap"),
    question=ngettext_lazy("Recap of %(n)s booking", "Recap of %(n)s bookings", "n"),
    done=ngettext_lazy("Recap of %(n)s booking.", "Recap of %(n)s bookings.", "n"),
    icon="recap",
    permission="bookings.recap_booking",
    service=services.recap,
    scopes=SCOPES,
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
    CHANGE,
    SETTLE,
    REOPEN,
    DUPLICATE,
    RETURN,
    PAIR,
    UNPAIR,
    CHANGE_SERIES,
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
RETURNED = replace(COPIED, code="bookings.returned", label=_("Return created"))
UNTIED = replace(COPIED, code="bookings.untied", label=_("Return discarded"))
REPEAT = Action(
    code=series_queries.REPEAT,
    label=_("Make recurring"),
    question=ngettext_lazy("Create %(n)s ride", "Create %(n)s rides", "n"),
    done=ngettext_lazy("%(n)s ride of a series created.", "%(n)s rides of a series created.", "n"),
    permission="bookings.repeat_booking",
    creates=True,
)
REPEATED = Action(
    code=series_queries.TIED,
    label=_("Made recurring"),
    question=_("Made recurring"),
    done=_("Made recurring"),
    permission="bookings.view_booking",
)
UNTIE = Action(
    code=series_queries.UNTIE,
    label=_("Taken out of its series"),
    question=_("Taken out of its series"),
    done=_("Taken out of its series"),
    permission="bookings.cancel_booking",
)
RESCHEDULE = Action(
    code=series_queries.RESCHEDULE,
    label=_("Change the rule"),
    question=_("Change the rule"),
    done=ngettext_lazy(
        "Rule changed: %(n)s ride created or cancelled.",
        "Rule changed: %(n)s rides created or cancelled.",
        "n",
    ),
    permission="bookings.repeat_booking",
)
RESCHEDULED = Action(
    code=series_queries.MADE,
    label=_("Created from a series"),
    question=_("Created from a series"),
    done=_("Created from a series"),
    permission="bookings.view_booking",
)
CONTINUED = Action(
    code=series_queries.KEPT,
    label=_("Goes on in the series that continues it"),
    question=_("Goes on in the series that continues it"),
    done=_("Goes on in the series that continues it"),
    permission="bookings.view_booking",
)
FORMS = (
    CREATE,
    EDIT,
    DISCARD,
    COPIED,
    RETURNED,
    UNTIED,
    REPEAT,
    REPEATED,
    UNTIE,
    RESCHEDULE,
    RESCHEDULED,
    CONTINUED,
)
