"""Undoing a batch: the inverse action, with the values that the history had before it."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.former import before, untouched_since
from project.audit.recorder import Outcome, Stale, line, log_model_of, recorded
from project.audit.refusals import Refusal
from project.audit.statements import lock
from project.ui.formats import Counted

from . import desk as desks

UNDO_FOR = timedelta(days=1)


class CannotUndo(Exception):
    """This batch can't be undone; the message says why."""


def why_not(batch, user, now=None, *, within=UNDO_FOR):
    """Why `user` can't undo `batch`, in words; '' if they can. An act of many parts may be undone
    `within` longer than a single one."""
    try:
        desk = desks.of_model(batch.model)
        action = desk.action(batch.action)
    except KeyError:
        return _("What was done here has no undo.")
    if not (action.creates or action.inverse):
        return _("What was done here has no undo.")
    if not batch.changed:
        return _("Nothing was changed, so there is nothing to undo.")
    if hasattr(batch, "undone_by"):
        return _("Already undone.")
    if (now or timezone.now()) - batch.created_at > within:
        return too_late(within)
    if not user.has_perm(permission_of(desk, action)):
        return _("You may not undo this.")
    return ""


def too_late(within):
    if within == UNDO_FOR:
        return _("Too long ago: an act can be undone for a day.")
    return _("Too long ago: this can be undone for %(days)s days.") % {"days": within.days}


def extent(batch):
    """What an undo of `batch` takes back, where it is more than one record: "3 bookings"."""
    kinds = {batch.model: batch.changed, **dict(sorted(batch.also.items()))}
    found = [(registered, n) for label, n in kinds.items() if (registered := desks.known(label))]
    if sum(n for _desk, n in found) < 2:
        return ""
    return ", ".join(f"{Counted(n)} {_noun(desk.model._meta, n)}" for desk, n in found)


def _noun(meta, count):
    return meta.verbose_name if count == 1 else meta.verbose_name_plural


def permission_of(desk, action):
    """What undoing needs: the inverse's permission; for what made records, to discard them."""
    return desk.discard_permission if action.creates else desk.action(action.inverse).permission


def what_lacks(batch, user):
    """Why `user` can't undo what `batch` in particular has written, in words; '' if they can. Takes
    a statement where its action asks, so `why_not`, by which lists offer to undo, does without."""
    action = desks.of_model(batch.model).action(batch.action)
    if action.undo_needs and not user.has_perms(action.undo_needs(batch)):
        return _("You may not undo this.")
    return ""


def undo(batch, *, by, within=UNDO_FOR):
    """Undo `batch` on the records that no one has touched since; the Outcome names the others.

    Where all of them are refused nothing is kept (the Outcome has no batch), so that it can be
    tried again. Raises CannotUndo, PermissionDenied, and AlreadyDone if two people undo at once.
    """
    try:
        return _undo(batch, by, within)
    except IntegrityError:  # someone was first with what it puts back: now the refusals see it
        batch.refresh_from_db()  # which took it for undone
        return _undo(batch, by, within)


def _undo(batch, by, within):
    with transaction.atomic():
        outcome = _put_back(batch, by, within)
        if not outcome.changed:
            transaction.set_rollback(True)
            outcome.batch = None
    return outcome


def _put_back(batch, by, within):
    if reason := why_not(batch, by, within=within):
        raise CannotUndo(reason)
    desk = desks.of_model(batch.model)
    action = desk.action(batch.action)
    desk.admit(by)
    if reason := what_lacks(batch, by):
        raise CannotUndo(reason)
    if action.undo_asks:
        label = desk.action(action.inverse).label
        raise CannotUndo(_("This is undone by “%(action)s”, which asks why.") % {"action": label})
    if action.take_back:
        return action.take_back(batch, by=by)
    log, key = log_model_of(desk.model)
    lines = log._base_manager.filter(batch=batch, action_code=batch.action)
    selection = desk.model.objects.filter(pk__in=lines.values(f"{key}_id"))
    untouched = untouched_since(desk.model, batch)
    touched_since = Refusal("touched_since", ~untouched, gettext_lazy("changed since"))
    if action.creates:
        return desk.discard(selection, by=by, refusals=(touched_since,), undo_of=batch)

    if action.revert:
        return _revert(desk, action, batch, selection, untouched, by)
    former = {name: before(desk.model, batch, name) for name in action.writes}
    selection = selection.order_by().annotate(
        **{f"before_{name}": value for name, value in former.items()}
    )
    for rows in action.undo_locks(selection) if action.undo_locks else ():
        lock(rows)
    refusals = (touched_since,)
    if action.undo_refusals:  # what may go back is judged without what stays
        refusals += action.undo_refusals(selection.filter(untouched))
    inverse = desk.action(action.inverse)
    with recorded(
        inverse.code,
        selection,
        by=by,
        reason=batch.reason if batch.undo_of_id else line(_("Undo"), batch.reason),
        sentence=line(_("Undone: %(action)s") % {"action": action.label}),
        refusals=refusals,
        undo_of=batch,
    ) as recording:
        recording.update(**former)
        if action.after_undo:
            action.after_undo(recording.batch, batch)
    return recording.outcome


def _revert(desk, action, batch, selection, untouched, by):
    """Undo the edit of one record: the form's own service, with the former values."""
    record = selection.filter(untouched).first()
    if record is None:
        raise CannotUndo(_("It was changed again since."))
    written = record.history.get(batch_id=batch.pk)
    former = record.history.filter(history_id__lt=written.history_id).latest("history_id")
    for field in former.tracked_fields:
        if field.editable and not isinstance(field, models.AutoField):
            setattr(record, field.attname, getattr(former, field.attname))
    try:
        # Someone else may have its former name, or what else only one can have.
        record.validate_unique()
        record.validate_constraints()
        undone = action.revert(record, by=by, reason=_("Undo"), undo_of=batch)
    except Stale as stale:
        raise CannotUndo(str(stale)) from None
    except ValidationError as error:
        raise CannotUndo(" ".join(error.messages)) from None
    return Outcome(batch=undone, changed=1)
