"""What the driver or partner gets: validating it locks the ride, reopening it unlocks."""

from django.core.exceptions import ValidationError
from django.db.models import DecimalField, F, Q, Value
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import Ticket, line, recorded
from project.audit.refusals import Refusal, in_force

from .availability import OVERRIDE, in_spite_of
from .services import ARCHIVED, NOBODY, not_exact
from .sharing import above_agreed, not_shareable, shared
from .states import BILLABLE

NOT_REOPENABLE = (
    ARCHIVED,
    Refusal("not_settled", Q(settled_on__isnull=True), gettext_lazy("without a validated payout")),
)
# Someone may be paid for having been there.
MISSED = Refusal(
    "missed",
    Q(status__in=BILLABLE),
    gettext_lazy("cancelled or no-show: nobody is paid for it as a rule"),
    override=OVERRIDE,
    spite=gettext_lazy("though the ride did not take place"),
)


# Whatever amount is given.
NEVER_SETTLEABLE = (
    ARCHIVED,
    Refusal("settled", Q(settled_on__isnull=False), gettext_lazy("already validated")),
    NOBODY,
)


def not_settleable(selection, amount=None, *, spared=(), override=False):
    """Why a payout can't be validated; without an `amount` there has to be an agreed one, and an
    `amount` has to be one that a round trip can share, `spared` (refusals of the scope) or not.
    `override` tells whether the warning is accepted."""
    if amount is None:
        return (
            *NEVER_SETTLEABLE,
            Refusal("no_payout", Q(payout__isnull=True), gettext_lazy("no payout agreed")),
            MISSED,
        )
    refusals = (*NEVER_SETTLEABLE, not_exact(amount, "amount_decimals"), MISSED)
    shareable = not_shareable(selection, (*spared, *in_force(refusals, override)))
    return (*refusals, *shareable, above_agreed(selection, amount))


def settle(selection, *, by, amount=None, date=None, override="", ticket=None):
    """Validate what the driver or partner was paid on `date`, by default the agreed payout.

    An `amount` is for each ride or round trip; the segments share it by their agreed payouts.
    `override` is the reason to pay for a ride that did not take place, or more than was agreed.
    """
    ticket = ticket or Ticket()
    refusals = not_settleable(selection, amount, spared=ticket.spared, override=bool(override))
    with recorded(
        "bookings.settle",
        selection,
        by=by,
        ticket=ticket,
        reason=override,
        sentence=in_spite_of(line(_("Payout validated")), refusals, override),
        refusals=in_force(refusals, override),
    ) as batch:
        paid = F("payout")
        if amount is not None:
            paid = shared("payout", lambda other: Value(amount, output_field=DecimalField()))
        batch.update(settled_amount=paid, settled_on=date or timezone.localdate(), settled_by=by)
    return batch.outcome


def reopen(selection, *, by, reason, ticket=None):
    """Take the validation of payouts back, for a reason: the rides can change again.

    Raises ValidationError where the reason is blank.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the payout is reopened.")})
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
