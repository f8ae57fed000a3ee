"""The verbs on parties. The sets are querysets of one kind: Customer, Driver or Partner."""

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal

from . import ties

NOT_ACTIVABLE = (Refusal("active", Q(is_active=True), gettext_lazy("already active")),)
INACTIVE = Refusal("inactive", Q(is_active=False), gettext_lazy("already inactive"))


def not_deactivable(model):
    """Why a party can't be deactivated: what the wings still have for it counts too."""
    return (INACTIVE, *ties.refusals(model))


def create(party, *, by, token=None):
    """Save a new party. Raises AlreadyDone if `token` was used before."""
    return party.save(by=by, token=token, action="directory.create")


def edit(party, *, by, reason="", undo_of=None):
    """Save a party; what makes it inactive is an action of its own. Raises Stale."""
    return party.save(by=by, reason=reason, action="directory.edit", undo_of=undo_of)


def revert(party, values, *, by, undo_of):
    """Undo an edit: the former values."""
    for attname, value in values.items():
        setattr(party, attname, value)
    return edit(party, by=by, reason=_("Undo"), undo_of=undo_of)


def activate(selection, *, by, ticket=None):
    """Offer these parties again where one is chosen."""
    with recorded(
        "directory.activate",
        selection,
        by=by,
        ticket=ticket,
        sentence=line(_("Activated")),
        refusals=NOT_ACTIVABLE,
    ) as batch:
        batch.update(is_active=True)
    return batch.outcome


def deactivate(selection, *, by, reason="", ticket=None, refusals=(), undo_of=None):
    """No longer offer these parties; what they did stays."""
    with recorded(
        "directory.deactivate",
        selection,
        by=by,
        reason=reason,
        ticket=ticket,
        sentence=line(_("Deactivated"), reason),
        refusals=(*refusals, *not_deactivable(selection.model)),
        undo_of=undo_of,
    ) as batch:
        batch.update(is_active=False)
    return batch.outcome


def discard(selection, *, by, refusals, undo_of):
    """Undo a creation: nothing is deleted, the parties are only no longer offered."""
    reason = _("Created by mistake")
    return deactivate(selection, by=by, reason=reason, refusals=refusals, undo_of=undo_of)
