"""The verbs on bookings. Each takes a queryset; one booking is a selection of one.

Each runs in one transaction, locks the drivers whose time is at stake and then the bookings, both
in primary-key order, and leaves a batch, a log line and a history row for all it changed.
"""

from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import (
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project import money
from project.audit.former import before, untouched_since
from project.audit.recorder import Ticket, line, recorded
from project.audit.refusals import Refusal, in_force
from project.audit.statements import lock
from project.directory.models import Customer
from project.ui.formats import date_format

from . import notifications
from .availability import (
    CUSTOMER_LEFT,
    OVERRIDE,
    check_customer,
    check_order,
    check_time,
    customer_left,
    doubled,
    driver_busy,
    gone,
    in_spite_of,
    inactive,
    people_of,
)
from .copies import OTHER_ARCHIVED, TOLD_OF_COPIES, insert_copies, tie_from
from .models import Booking, BookingLog
from .models.booking import OF_NO_SERIES
from .queries import payment_before_cancellation
from .recap import render_recap
from .sharing import ABOVE_PRICE, above_price, half_paid, not_shareable, other_among, shared
from .states import CLOSED, OPEN, UNDER_WAY, CancellationKind, Leg, PaymentState, Status, leads_to
from .wall_time import InStep, OnDate

MOST_RECAPPED = 1000

IN_ARCHIVES = Q(archived_at__isnull=False)
ARCHIVED = Refusal("archived", IN_ARCHIVES, gettext_lazy("archived: unarchive it first"))
OVER = Refusal(
    "over", Q(status__in=(Status.COMPLETED, Status.NO_SHOW)), gettext_lazy("already over")
)
CANCELLED = Refusal("cancelled", Q(status=Status.CANCELLED), gettext_lazy("already cancelled"))
SETTLED = Refusal(
    "settled",
    Q(settled_on__isnull=False),
    gettext_lazy("payout validated: reopen it first"),
)
# The customer was told this price, or paid it.
BILLED = Refusal(
    "billed",
    ~Q(payment_state=PaymentState.UNPAID),
    gettext_lazy("invoiced or paid: the price stands"),
    override=OVERRIDE,
    spite=gettext_lazy("though invoiced or paid"),
)
NOBODY = Refusal(
    "nobody",
    Q(driver__isnull=True, partner__isnull=True),
    gettext_lazy("without driver or partner"),
)

# Whatever status is asked for.
UNMOVABLE = (
    ARCHIVED,
    Refusal("final", Q(status__in=CLOSED), gettext_lazy("at a final status")),
)
NOT_ARCHIVABLE = (
    Refusal("archived_already", IN_ARCHIVES, gettext_lazy("already archived"), idle=True),
    Refusal("open", Q(status__in=OPEN), gettext_lazy("still open: complete or cancel it first")),
)
NOT_UNARCHIVABLE = (
    Refusal("not_archived", Q(archived_at__isnull=True), gettext_lazy("not archived")),
)
NOT_UNASSIGNABLE = (
    ARCHIVED,
    SETTLED,
    NOBODY,
    Refusal(
        "under_way",
        # A cancelled one goes back to where it was, and there someone drives.
        Q(status__in=UNDER_WAY) | Q(status_before__in=UNDER_WAY),
        gettext_lazy("under way or over"),
    ),
)


# ------------------------------------------------------------------------------ archive, unarchive
def archive(selection, *, by, ticket=None, at=None):
    """Take closed bookings out of the daily list."""
    with recorded(
        "bookings.archive",
        selection,
        by=by,
        ticket=ticket,
        sentence=line(_("Archived")),
        refusals=NOT_ARCHIVABLE,
    ) as batch:
        batch.update(archived_at=at or timezone.now())
    return batch.outcome


def unarchive(selection, *, by, ticket=None):
    """Bring archived bookings back into the daily list."""
    with recorded(
        "bookings.unarchive",
        selection,
        by=by,
        ticket=ticket,
        sentence=line(_("Unarchived")),
        refusals=NOT_UNARCHIVABLE,
    ) as batch:
        batch.update(archived_at=None)
    return batch.outcome


# -------------------------------------------------------------------------------- cancel, restore
def not_exact(amount, code="fee_decimals"):
    """The refusal of bookings in whose currency `amount` has too many decimals."""
    exact = [currency for currency in money.DECIMALS if money.rounded(amount, currency) == amount]
    text = gettext_lazy("in a currency without the decimals of this amount")
    return Refusal(code, ~Q(currency__in=exact), text)


def not_cancellable(selection, *, billable=False, fee=None, spared=()):
    """Why a booking can't be cancelled; one without a price can't be billed by it either, and a
    `fee` has to be one that a round trip can share, and no higher than the price. What the scope
    leaves alone (`spared`, refusals) has no part in it."""
    refusals = (CANCELLED, OVER, SETTLED)
    if billable and fee is not None:
        refusals += (not_exact(fee),)
        shareable = not_shareable(selection, (*spared, *refusals))
        refusals += (*shareable, above_price(selection, fee))
    elif billable:
        refusals += (Refusal("no_price", Q(price__isnull=True), gettext_lazy("no price to bill")),)
    return refusals


def cancel(
    selection,
    *,
    by,
    kind,
    reason,
    billable=False,
    fee=None,
    fee_percent=100,
    override="",
    tell=False,
    ticket=None,
    at=None,
):
    """Cancel what is still open. With `billable`, each ride or round trip costs `fee`.

    By default that is `fee_percent` of the price, rounded to the currency. The segments of a round
    trip share it by their prices, to the last unit. `override` is the reason to accept a fee above
    the price. `tell` posts a message to each customer.
    """
    to_pay = None
    if billable:

        def to_bill(other_price):
            if fee is not None:
                return Value(fee, output_field=models.DecimalField())
            price = F("price")
            if other_price is not None:
                price = money.sum_in_sql(price, other_price)
            return money.part_in_sql(price, fee_percent)

        to_pay = shared("price", to_bill)
    ticket = ticket or Ticket()
    refusals = not_cancellable(selection, billable=billable, fee=fee, spared=ticket.spared)
    with recorded(
        "bookings.cancel",
        selection,
        by=by,
        reason=" — ".join(filter(None, (reason, override))),
        ticket=ticket,
        sentence=in_spite_of(line(_("Cancelled"), reason), refusals, override),
        refusals=in_force(refusals, override),
    ) as batch:
        batch.update(
            status_before=F("status"),
            status=Status.CANCELLED,
            cancellation_kind=kind,
            cancellation_reason=reason,
            cancelled_at=at or timezone.now(),
            cancelled_by=by,
            billable=billable,
            fee=to_pay,
        )
        if tell:
            notifications.tell(batch.batch, notifications.CANCELLED)
    return batch.outcome


def not_restorable(selection, *, spared=()):
    """Why a booking can't come back; its driver's other rides, in the selection too, count, but for
    those that the scope leaves alone (`spared`, refusals)."""
    refusals = (
        Refusal("not_cancelled", ~Q(status=Status.CANCELLED), gettext_lazy("not cancelled")),
        ARCHIVED,
        SETTLED,
        # What was paid before was for the ride; what came since was for its fee.
        Refusal(
            "fee_settled",
            Q(fee__isnull=False)
            & ~Q(payment_state=PaymentState.UNPAID)
            & (~Q(payment_state=payment_before_cancellation()) | Q(price__isnull=True)),
            gettext_lazy("with a fee invoiced or paid"),
        ),
        CUSTOMER_LEFT,
        gone(),
    )
    twice = doubled(selection, (*spared, *refusals), "driver")
    return (*refusals, driver_busy(OuterRef("driver")), twice)


def restore(selection, *, by, reason="", override="", tell=False, ticket=None):
    """Bring cancelled bookings back to the status they had; `tell` posts messages of it."""
    ticket = ticket or Ticket()
    refusals = not_restorable(selection, spared=ticket.spared)
    with recorded(
        "bookings.restore",
        selection,
        by=by,
        reason=" — ".join(filter(None, (reason, override))),
        ticket=ticket,
        locks=people_of(selection),
        refusals=in_force(refusals, override),
        sentence=in_spite_of(line(_("Restored"), reason), refusals, override),
    ) as batch:
        batch.update(
            status=F("status_before"),
            status_before="",
            cancellation_kind="",
            cancellation_reason="",
            cancelled_at=None,
            cancelled_by=None,
            billable=False,
            fee=None,
        )
        if tell:
            notifications.tell(batch.batch, notifications.RESTORED)
    return batch.outcome


def discard(selection, *, by, refusals, undo_of, beside=None):
    """Undo the making of bookings: cancel and archive them, as created by mistake.

    `beside(recording)` writes what else comes of that, in the same batch. The rides that they were
    made from are locked with them, in key order: these change as well, and the refusals read them.
    """
    reason = made_by_mistake()
    told = BookingLog._base_manager.filter(batch=undo_of)
    with recorded(
        "bookings.discard",
        selection,
        by=by,
        reason=reason,
        undo_of=undo_of,
        sentence=line(_("Cancelled and archived"), reason),
        locks=[models.QuerySet(Booking).filter(pk__in=told.values("booking"))],
        refusals=(*refusals, CANCELLED, OVER, SETTLED, OTHER_ARCHIVED, half_paid(undo_of)),
    ) as batch:
        # The ride that a discarded return belonged to is again what it was without it. Someone may
        # have changed it since: then it is only untied.
        going = batch.accepted()
        left = (
            models.QuerySet(Booking)
            .filter(round_trip__in=going.values("round_trip"))
            .exclude(pk__in=going.values("pk"))
        )
        untouched = untouched_since(Booking, undo_of)
        former = {
            name: Case(When(untouched, then=before(Booking, undo_of, name)), default=F(name))
            for name in ("price", "payout")
        }
        batch.update_also(
            left,
            notifications.UNTIED,
            _("Return ride discarded"),
            round_trip=None,
            leg="",
            **former,
        )
        batch.update(**discarded(reason, by=by, at=batch.batch.created_at))
        if beside:
            beside(batch)
        notifications.take_back_creation(batch.batch, undo_of)
    return batch.outcome


def made_by_mistake():
    return _("Created by mistake")


def discarded(reason, *, by, at):
    """What a ride that was made by mistake becomes."""
    return {
        "round_trip": None,
        "leg": "",
        **OF_NO_SERIES,
        "status_before": F("status"),
        "status": Status.CANCELLED,
        "cancellation_kind": CancellationKind.MISTAKE,
        "cancellation_reason": reason,
        "cancelled_at": at,
        "cancelled_by": by,
        "archived_at": at,
    }


# ----------------------------------------------------------------------------------------- status
def not_settable(status, fee=None):
    """Why a booking can't take `status`: the state machine, and a ride needs someone to drive.

    A `fee` has to be an amount of the booking's currency.
    """
    name = Status(status).label
    refusals = (
        Refusal("same", Q(status=status), _("already “%(status)s”") % {"status": name}, idle=True),
        ARCHIVED,
        Refusal(
            "unreachable",
            ~Q(status__in=leads_to(status)),
            _("cannot become “%(status)s” from its present status") % {"status": name},
        ),
    )
    if status in UNDER_WAY:
        refusals += (NOBODY,)
    if status == Status.NO_SHOW:  # which, like a cancelled one, nobody is paid for as a rule
        refusals += (SETTLED,)
    if fee is not None:
        refusals += (not_exact(fee), replace(ABOVE_PRICE, condition=Q(price__lt=fee)))
    return refusals


def set_status(selection, *, by, status, fee=None, override="", tell=False, ticket=None):
    """Move bookings one step on. `fee` (an amount) bills a no-show; it is refused elsewhere.

    `override` is the reason to accept a fee above the price. `tell` posts a message to each
    customer whose ride is confirmed; the other steps are none of theirs.
    """
    if fee is not None and status != Status.NO_SHOW:
        raise ValidationError({"fee": _("Only a no-show can be billed here.")})
    refusals = not_settable(status, fee)
    sentence = line(_("Status: %(status)s") % {"status": Status(status).label})
    with recorded(
        "bookings.set_status",
        selection,
        by=by,
        reason=override,
        ticket=ticket,
        refusals=in_force(refusals, override),
        sentence=in_spite_of(sentence, refusals, override),
    ) as batch:
        batch.update(status=status, billable=fee is not None, fee=fee)
        if tell and status == Status.CONFIRMED:
            notifications.tell(batch.batch, notifications.CONFIRMED)
    return batch.outcome


# -------------------------------------------------------------------------------- assign, unassign
def not_assignable(selection, *, driver=None, partner=None, spared=()):
    """Why a booking can't be given to `driver` or `partner` (one of the two), who get none of those
    that the scope leaves alone (`spared`, refusals)."""
    refusals = (
        ARCHIVED,
        SETTLED,
        Refusal("closed", Q(status__in=CLOSED), gettext_lazy("over or cancelled")),
    )
    someone = driver or partner
    if someone:
        same = Q(driver=driver) if driver else Q(partner=partner)
        active = type(someone).objects.active().filter(pk=someone.pk)
        refusals += (
            Refusal("same", same, gettext_lazy("already assigned to them"), idle=True),
            Refusal("inactive", ~Exists(active), gettext_lazy("for someone inactive")),
        )
    if driver is None:
        return refusals
    twice = doubled(selection, (*spared, *refusals))
    return (*refusals, driver_busy(driver.pk), twice)


def not_assigned_again(selection):
    """Why an undo can't give a booking back to who had it before."""
    refusals = (ARCHIVED, SETTLED, gone("before_driver", "before_partner"))
    busy = driver_busy(OuterRef("before_driver"))
    alive = ~Q(status=Status.CANCELLED)  # a cancelled ride takes nobody's time
    return (
        *refusals,
        replace(busy, condition=Q(busy.condition) & alive),
        doubled(selection.filter(alive), refusals, "before_driver"),
    )


def assign(selection, *, by, driver=None, partner=None, override="", ticket=None):
    """Give bookings to a driver or to a partner. `override` is the reason to accept overlaps."""
    if (driver is None) == (partner is None):
        raise ValidationError(_("Choose a driver or a partner, not both."))
    ticket = ticket or Ticket()
    refusals = not_assignable(selection, driver=driver, partner=partner, spared=ticket.spared)
    sentence = line(_("Assigned to %(name)s") % {"name": driver or partner})
    with recorded(
        "bookings.assign",
        selection,
        by=by,
        reason=override,
        ticket=ticket,
        locks=[type(driver or partner).objects.filter(pk=(driver or partner).pk)],
        refusals=in_force(refusals, override),
        sentence=in_spite_of(sentence, refusals, override),
    ) as batch:
        batch.update(driver=driver, partner=partner)
    return batch.outcome


def unassign(selection, *, by, ticket=None):
    """Take bookings back from their driver or partner."""
    with recorded(
        "bookings.unassign",
        selection,
        by=by,
        ticket=ticket,
        sentence=line(_("Unassigned")),
        refusals=NOT_UNASSIGNABLE,
    ) as batch:
        batch.update(driver=None, partner=None)
    return batch.outcome


# -------------------------------------------------------------------------------------- duplicate
NOT_COPYABLE = (CUSTOMER_LEFT,)


def duplicate(selection, *, by, date, tell=False, ticket=None):
    """Copy bookings to `date`, at the same local time: pending, unassigned, unpaid.

    What was agreed is copied (price and payout too); what came of it (status, payment, fee,
    driver) never is. Both segments of a round trip are copied as one, the return as many days after
    `date` as it is after its outbound. `tell` posts its confirmation to each customer.
    """
    with recorded(
        "bookings.duplicate",
        selection,
        by=by,
        ticket=ticket,
        sentence=_("Duplicated"),
        locks=people_of(selection),
        refusals=NOT_COPYABLE,
    ) as batch:
        count = batch.total - batch.outcome.refused_count
        originals = batch.mention(
            "bookings.copied",
            _("Copied to %(date)s") % {"date": date_format(date, "SHORT_DATE_FORMAT")},
        )
        outbound = originals.filter(Exists(other_among(originals)), leg=Leg.OUTBOUND)
        trip = tie_from(batch, outbound).filter(origin__round_trip=OuterRef("round_trip"))
        leaves = Subquery(trip.values("origin__pickup_at")[:1])
        copies = insert_copies(
            batch,
            originals,
            count,
            pickup_at=Case(
                When(Exists(trip), then=InStep(F("pickup_at"), leaves, date)),
                default=OnDate(F("pickup_at"), date),
            ),
            round_trip=Subquery(trip.values("pk")[:1]),
            leg=Case(When(Exists(trip), then=F("leg")), default=Value("")),
        )
        batch.created(copies, **TOLD_OF_COPIES)
        if tell:
            notifications.tell(batch.batch, notifications.CREATED)
    return batch.outcome


# ------------------------------------------------------------------------------------------ recap
def recap(selection, *, by, ticket=None, at=None):
    """All that is known of the bookings at this moment, as plain text, in `outcome.report`."""
    with recorded(
        "bookings.recap", selection, by=by, ticket=ticket, sentence=_("Recap read")
    ) as batch:
        if batch.total > MOST_RECAPPED:
            raise ValidationError(
                _("A text recap holds at most %(most)s bookings: choose fewer."),
                params={"most": MOST_RECAPPED},
            )
        batch.note()
    # Written once the lock is given back: it takes time, and changes nothing.
    batch.outcome.report = render_recap(
        Booking.objects.filter(pk__in=batch.touched().values("pk")),
        by=by,
        at=at or timezone.now(),
        but=batch.batch,
    )
    return batch.outcome


# ----------------------------------------------------------------------------------- create, edit
def create(booking, *, by, tell=False, token=None):
    """Save a new booking; `tell` posts its confirmation. Raises ValidationError for a customer who
    left, and `AlreadyDone` for a form that was posted twice."""
    with transaction.atomic():
        lock(Customer.objects.filter(pk=booking.customer_id))
        if inactive(Customer, {booking.customer_id}):
            raise ValidationError({"customer": customer_left()})
        batch = booking.save(by=by, token=token, action="bookings.create")
        if tell:
            notifications.tell(batch, notifications.CREATED)
        return batch


def edit(booking, *, by, reason="", override="", tell=False, undo_of=None):
    """Save a changed booking. Raises `Stale`, and ValidationError for what may not be.

    Its driver's other rides are looked at under lock, as in `assign`; `override` is the reason to
    accept an overlap, or another price of what was invoiced or paid. `tell` posts a message where
    the customer sees a change; who was told of an edit is told of its undo.
    """
    with transaction.atomic():
        people = people_of(Booking.objects.filter(pk=booking.pk))
        people[0] = people[0] | Customer.objects.filter(pk=booking.customer_id)
        for rows in people:
            lock(rows)
        lock(Booking.objects.filter(pk=booking.pk).whole_trips())
        check_edit(booking, override=override)
        batch = booking.save(
            by=by, reason=reason or override, action="bookings.edit", undo_of=undo_of
        )
        if batch and undo_of:
            notifications.take_back_edit(batch, undo_of)
        elif batch and tell:
            notifications.tell_of_edit(batch)
        return batch


def check_edit(booking, *, override=""):
    """Raise ValidationError where the booking, as it now reads, may not be saved."""
    if booking.archived_at:
        raise ValidationError(_("An archived booking does not change: unarchive it first."))
    booking.derive()
    errors = {}
    # All at once: who gives a reason to go ahead has seen all that speaks against it.
    for check in (_check_amounts, check_customer, check_order, check_time):
        try:
            check(booking, override=override)
        except ValidationError as error:
            error.update_error_dict(errors)
    if errors:
        raise ValidationError(errors)


def price_stands(before, after):
    """Whether the price of a ride whose payment state goes from one to the other stays: it is
    invoiced or paid, and stays so."""
    return PaymentState.UNPAID not in (before, after)


def _check_amounts(booking, *, override):
    """Raise ValidationError where the price or the payout of a settled booking would change, or,
    without a reason to `override`, the price of one that is invoiced or paid and stays so."""
    stored = Booking.objects.get(pk=booking.pk)
    changed = [
        name
        for name in ("price", "payout", "currency")
        if getattr(stored, name) != getattr(booking, name)
    ]
    if changed and stored.settled_on:
        text = _("The payout is validated: reopen it before changing this.")
        raise ValidationError({name: text for name in changed})
    stands = price_stands(stored.payment_state, booking.payment_state)
    charged = [name for name in changed if name != "payout"]
    if charged and stands and not override:
        text = _("The booking is invoiced or paid: its price stands.")
        raise ValidationError({name: ValidationError(text, code=BILLED.code) for name in charged})
