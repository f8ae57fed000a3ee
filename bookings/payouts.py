"""What the driver or partner gets: validating it locks the ride, reopening it unlocks."""

from django.db.models import DecimalField, F, Q, Value
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import Ticket, line, recorded
from project.audit.refusals import Refusal

from .services import ARCHIVED, NOBODY, not_exact
from .sharing import not_shareable, shared

NOT_REOPENABLE = (
    ARCHIVED,
    Refusal("not_settled", Q(settled_on__isnull=True), gettext_lazy("without a validated payout")),
)
# Why an undo can't validate a payout again.
NOT_SETTLED_AGAIN = (ARCHIVED, NOBODY)


def not_settleable(selection, amount=None, *, spared=()):
    """Why a payout can't be validated; without an `amount` there has to be an agreed one, and an
    `amount` has to be one that a round trip can share, `spared` (refusals of the scope) or not."""
    refusals = (
        ARCHIVED,
        Refusal("settled", Q(settled_on__isnull=False), gettext_lazy("already validated")),
        NOBODY,
    )
    if amount is None:
        return (
            *refusals,
            Refusal("no_payout", Q(payout__isnull=True), gettext_lazy("no payout agreed")),
        )
    refusals += (not_exact(amount, "amount_decimals"),)
    return (*refusals, *not_shareable(selection, (*spared, *refusals)))


def settle(selection, *, by, amount=None, date=None, ticket=None):
    """Validate what the driver or partner was paid on `date`, by default the agreed payout.

    An `amount` is for each ride or round trip; the segments share it by their agreed payouts.
    """
    ticket = ticket or Ticket()
    with recorded(
        "bookings.settle",
        selection,
        by=by,
        ticket=ticket,
        sentence=line(_("Payout validated")),
        refusals=not_settleable(selection, amount, spared=ticket.spared),
    ) as batch:
        paid = F("payout")
        if amount is not None:
            paid = shared("payout", lambda other: Value(amount, output_field=DecimalField()))
        batch.update(settled_amount=paid, settled_on=date or timezone.localdate(), settled_by=by)
    return batch.outcome


def reopen(selection, *, by, reason, ticket=None):
    """Take the validation of payouts back, for a reason: the rides can change again."""
    with recorded(
        "bookings.reopen",
        selection,
        by=by,
        reason=reason,
        ticket=ticket,
        sentence=line(_("Payout reopened"), reason),
        refusals=NOT_REOPENABLE,
    ) as batch:
        batch.update(settled_amount=None, settled_on=None, settled_by=None)
    return batch.outcome
