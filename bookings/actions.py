"""What staff do to bookings: which verb, what it asks, how it looks. Rules are in services."""

from dataclasses import replace
from functools import partial

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from project.actions.action import Action, forms_of, told
from project.actions.forms import ReasonForm
from project.exchange import actions as files

from . import (
    changes,
    entries,
    notifications,
    payouts,
    round_trips,
    series_changes,
    series_queries,
    series_schedule,
    services,
)
from .availability import OVERRIDE, people_and_segments, people_of
from .change_forms import ChangeForm
from .forms import (
    AssignForm,
    CancelForm,
    DuplicateForm,
    PairForm,
    RestoreForm,
    ReturnForm,
    SettleForm,
    StatusForm,
)
from .models import Booking
from .models.booking import CANCELLATION, OCCURRENCE
from .print_forms import PrintForm
from .scopes import (
    ASSIGNING_SCOPES,
    BOTH_FOLLOWING,
    BOTH_SERIES,
    CANCELLING_SCOPES,
    READING_SCOPES,
    RESTORING_SCOPES,
    ROUND_TRIP,
    SAME_FOLLOWING,
    SAME_SERIES,
    SCOPES,
    SEGMENT,
    whole_trips,
)
from .series_forms import SeriesChangeForm


def told_as(code, label, permission="bookings.view_booking"):
    """What befalls a booking by an act on others: never asked for, only told in its log."""
    return told(code, label, permission)


SETTLEMENT = ("settled_amount", "settled_on", "settled_by")
TIE = ("round_trip", "leg", *OCCURRENCE)
# Whom an undo takes rides from, and whom it gives them back to.
NOW_AND_BEFORE = ("customer", "before_customer")


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
        selection,
        billable=bool(answers.get("billable")),
        fee=answers.get("fee"),
        spared=answers["spared"],
    ),
    warns=OVERRIDE,
    form=CancelForm,
    scopes=CANCELLING_SCOPES,
    together=whole_trips,
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
    refusals=lambda selection, answers: services.not_restorable(
        selection, spared=answers["spared"]
    ),
    warns=OVERRIDE,
    form=RestoreForm,
    scopes=RESTORING_SCOPES,
    inverse="bookings.cancel",
    writes=CANCELLATION,
    undo_refusals=services.not_cancellable,
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
    warns=OVERRIDE,
    form=StatusForm,
    scopes=SCOPES,
    inverse="bookings.set_status",
    writes=("status", "billable", "fee"),
    undo_refusals=lambda selection: (services.ARCHIVED,),
    after_undo=notifications.take_back_status,
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
        selection,
        driver=answers.get("driver"),
        partner=answers.get("partner"),
        spared=answers["spared"],
    ),
    warns=OVERRIDE,
    form=AssignForm,
    scopes=ASSIGNING_SCOPES,
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
    scopes=ASSIGNING_SCOPES,
    inverse="bookings.assign",
    writes=("driver", "partner"),
    undo_refusals=services.not_assigned_again,
    undo_locks=people_then_and_now,
)
CHANGE = Action(
    code="bookings.change",
    label=_("Change some fields"),
    hint=_("Of this ride or of its round trip"),
    edits=True,
    question=ngettext_lazy("Change %(n)s booking", "Change %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking changed.", "%(n)s bookings changed.", "n"),
    icon="change",
    permission="bookings.change_booking",
    service=changes.change,
    refusals=lambda selection, answers: changes.not_changeable(
        selection, answers.get("values") or {}, override=bool(answers.get("override"))
    ),
    warns=OVERRIDE,
    form=ChangeForm,
    scopes=(SEGMENT, ROUND_TRIP),  # with its series it is CHANGE_SERIES
    together=whole_trips,
    inverse="bookings.change",
    writes=changes.WRITES,
    undo_refusals=changes.not_changed_back,
    undo_locks=partial(people_and_segments, customers=NOW_AND_BEFORE),
    after_undo=notifications.take_back_edit,
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
    refusals=lambda selection, answers: payouts.not_settleable(
        selection,
        answers.get("amount"),
        spared=answers["spared"],
        override=bool(answers.get("override")),
    ),
    page_refusals=lambda selection: payouts.NEVER_SETTLEABLE,
    warns=OVERRIDE,
    form=SettleForm,
    scopes=SCOPES,
    together=whole_trips,
    inverse="bookings.reopen",
    undo_asks=True,
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
    form=ReasonForm,
    scopes=SCOPES,
    inverse="bookings.settle",
    writes=SETTLEMENT,
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
    scopes=READING_SCOPES,
    together=whole_trips,
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
    refusals=lambda selection, answers: round_trips.not_pairable(
        selection, bool(answers.get("any_name"))
    ),
    form=PairForm,
    together=round_trips.mates_of,
    inverse="bookings.unpair",
    writes=TIE,
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
    writes=TIE,
    undo_refusals=round_trips.not_paired_again,
)
CHANGE_SERIES = Action(
    code=series_queries.CHANGE,
    label=_("Change in the series"),
    hint=_("Of this ride and of others of its series"),
    edits=True,
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
        selection,
        answers.get("values") or {},
        bool(answers.get("overwrite")),
        override=bool(answers.get("override")),
    ),
    page_refusals=series_changes.nowhere_changeable,
    warns=OVERRIDE,
    form=SeriesChangeForm,
    scopes=(SEGMENT, SAME_FOLLOWING, SAME_SERIES, BOTH_FOLLOWING, BOTH_SERIES),
    together=whole_trips,
    inverse=series_queries.CHANGE,
    writes=series_changes.WRITES,
    undo_refusals=partial(changes.not_changed_back, writes=series_changes.WRITES),
    undo_locks=partial(people_and_segments, customers=NOW_AND_BEFORE),
    after_undo=notifications.take_back_edit,
)
RECAP = Action(
    code="bookings.recap",
    label=_("Text recap"),
    question=ngettext_lazy("Recap of %(n)s booking", "Recap of %(n)s bookings", "n"),
    done=ngettext_lazy("Recap of %(n)s booking.", "Recap of %(n)s bookings.", "n"),
    icon="recap",
    permission="bookings.recap_booking",
    service=services.recap,
    scopes=READING_SCOPES,
    reports=True,
)
EXPORT = files.export(
    "bookings.export",
    question=ngettext_lazy("Export %(n)s booking", "Export %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking exported.", "%(n)s bookings exported.", "n"),
    permission="bookings.export_booking",
    scopes=READING_SCOPES,
)
PRINT = files.print_(
    "bookings.print",
    question=ngettext_lazy("PDF of %(n)s booking", "PDF of %(n)s bookings", "n"),
    done=ngettext_lazy("%(n)s booking printed.", "%(n)s bookings printed.", "n"),
    permission="bookings.print_booking",
    form=PrintForm,
    scopes=READING_SCOPES,
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
    EXPORT,
    PRINT,
)

CREATE, EDIT = forms_of(
    Booking,
    ngettext_lazy("%(n)s booking created.", "%(n)s bookings created.", "n"),
    ngettext_lazy("%(n)s booking changed.", "%(n)s bookings changed.", "n"),
    revert=services.edit,
)
EDIT = replace(EDIT, label=_("Edit the booking"), hint=_("All of this ride, on a page of its own"))
IMPORTED = replace(CREATE, code=entries.CREATED, label=_("Created from a file"))
IMPORT_CHANGES = Action(
    code=entries.CHANGED,
    label=_("Changed from a file"),
    done=ngettext_lazy("%(n)s booking changed.", "%(n)s bookings changed.", "n"),
    permission="bookings.change_booking",
    inverse=entries.CHANGED,
    writes=entries.WRITES,
    undo_refusals=entries.not_put_back,
    undo_needs=entries.undo_needs,
    undo_locks=lambda selection: people_and_segments(
        selection, "", "before_", customers=NOW_AND_BEFORE
    ),
    after_undo=notifications.take_back_edit,
)
DISCARD = Action(
    code="bookings.discard",
    label=_("Discard"),
    done=ngettext_lazy("%(n)s booking discarded.", "%(n)s bookings discarded.", "n"),
    permission="bookings.cancel_booking",
)
COPIED = told_as("bookings.copied", _("Copied"))
RETURNED = told_as("bookings.returned", _("Create return"))
UNTIED = told_as(notifications.UNTIED, _("Return discarded"))
REPEAT = Action(
    code=series_queries.REPEAT,
    label=_("Make recurring"),
    hint=_("Create rides like this one on other days"),
    done=ngettext_lazy("%(n)s ride of a series created.", "%(n)s rides of a series created.", "n"),
    permission="bookings.repeat_booking",
    creates=True,
)
REPEATED = told_as(series_queries.TIED, _("Made recurring"))
UNTIE = told_as(series_queries.UNTIE, _("Taken out of its series"), "bookings.cancel_booking")
RESCHEDULE = Action(
    code=series_queries.RESCHEDULE,
    label=_("Change the rule"),
    hint=_("On which days the series runs"),
    done=ngettext_lazy(
        "Rule changed: %(n)s ride created or cancelled.",
        "Rule changed: %(n)s rides created or cancelled.",
        "n",
    ),
    permission="bookings.repeat_booking",
    inverse=series_queries.REINSTATE,
    take_back=series_schedule.take_back,
)
REINSTATE = told_as(
    series_queries.REINSTATE, _("Change of the rule undone"), "bookings.repeat_booking"
)
PUT_BACK = told_as(
    series_queries.PUT_BACK, _("Change of the rule undone"), "bookings.repeat_booking"
)
RESCHEDULED = told_as(series_queries.MADE, _("Created from a series"))
CONTINUED = told_as(series_queries.KEPT, _("Goes on in another series"))
FORMS = (
    CREATE,
    EDIT,
    IMPORTED,
    IMPORT_CHANGES,
    DISCARD,
    COPIED,
    RETURNED,
    UNTIED,
    REPEAT,
    REPEATED,
    UNTIE,
    RESCHEDULE,
    RESCHEDULED,
    REINSTATE,
    PUT_BACK,
    CONTINUED,
)


def ways_to_edit(booking, user):
    """The acts of this ride that have a page of their own, as a page offers them."""
    offered = [(EDIT, "bookings:edit", not booking.archived_at)]
    if booking.series_id:
        offered.append((RESCHEDULE, "bookings:reschedule", True))
    else:
        closed = booking.archived_at or booking.cancelled_at
        offered.append((REPEAT, "bookings:repeat", not closed))
    return [
        {
            "action": action,
            "url": reverse(name, args=[booking.reference]),
            "first": action is EDIT,
        }
        for action, name, possible in offered
        if possible and user.has_perm(action.permission)
    ]


def ways_to_edit_trip(segments, user):
    """Of those acts the ones that are about a round trip as a whole, each once: they go by one of
    its segments and take the other along. A segment's own form is on its own page."""
    ways = [way for ride in segments for way in ways_to_edit(ride, user) if not way["first"]]
    return list({way["action"].code: way for way in reversed(ways)}.values())
