"""Tying two rides into a round trip, and untying them."""

from django.db import models
from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
    TextChoices,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.functions import Lag, Lead, Mod, RowNumber
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project import money
from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal, any_refusal
from project.search.folding import Lowered

from . import notifications
from .availability import CUSTOMER_LEFT, EARLY, people_of
from .copies import OTHER_ARCHIVED, TOLD_OF_COPIES, insert_copies, tie_from, trip_from
from .models import Booking, RoundTrip
from .models.booking import OCCURRENCE, OF_NO_SERIES
from .services import ARCHIVED, CANCELLED, SETTLED, not_exact
from .states import Leg, PaymentState
from .wall_time import AtTime, OnDate

PAIRED = Refusal(
    "paired", Q(round_trip__isnull=False), gettext_lazy("already part of a round trip")
)
NOT_UNPAIRABLE = (
    ARCHIVED,
    Refusal("single", Q(round_trip__isnull=True), gettext_lazy("not part of a round trip")),
    OTHER_ARCHIVED,
)


class Pricing(TextChoices):
    """What the return costs."""

    SAME = "same", gettext_lazy("The same as this ride")
    SPLIT = "split", gettext_lazy("Half of this ride's price and payout each")
    OTHER = "other", gettext_lazy("Another price")


class Backwards(Func):
    """A JSON list from its end."""

    template = (
        "(SELECT JSON_GROUP_ARRAY(value) FROM"
        " (SELECT value FROM JSON_EACH(%(expressions)s) ORDER BY key DESC))"
    )
    arity = 1
    output_field = models.JSONField()

    def as_postgresql(self, compiler, connection, **context):
        template = (
            "(SELECT COALESCE(JSONB_AGG(value ORDER BY place DESC), '[]')"
            " FROM JSONB_ARRAY_ELEMENTS(%(expressions)s) WITH ORDINALITY AS list(value, place))"
        )
        return self.as_sql(compiler, connection, template=template, **context)


# ------------------------------------------------------------------------------------ create return
def not_returnable(date=None, clock=None, pricing=Pricing.SAME, price=None, payout=None):
    """Why a ride can't get a return, at that day and time and for that price."""
    refusals = (ARCHIVED, CANCELLED, PAIRED, CUSTOMER_LEFT)
    if date and clock:
        early = Q(ends_at__gt=AtTime(OnDate(F("pickup_at"), date), clock))
        text = gettext_lazy("not over yet when the return would start")
        refusals += (Refusal("before_its_end", early, text),)
    if pricing == Pricing.SPLIT:
        refusals += (
            SETTLED,
            Refusal("no_price", Q(price__isnull=True), gettext_lazy("no price to split")),
            Refusal(
                "invoiced",
                ~Q(payment_state=PaymentState.UNPAID),
                gettext_lazy("already invoiced or paid"),
            ),
        )
    for amount, code in ((price, "price_decimals"), (payout, "payout_decimals")):
        if amount is not None:
            refusals += (not_exact(amount, code),)
    return refusals


def create_return(
    selection,
    *,
    by,
    date,
    clock,
    pricing=Pricing.SAME,
    price=None,
    payout=None,
    tell=False,
    ticket=None,
):
    """Make the ride back of each, on `date` at `clock` (local): the way and its stops reversed.

    Passenger and customer are kept; what came of the ride (status, driver, payments) is not. With
    SPLIT each segment gets half of the price and payout; with OTHER the return gets those given.
    `tell` posts its confirmation to each customer.
    """
    with recorded(
        "bookings.return",
        selection,
        by=by,
        ticket=ticket,
        sentence=_("Created as a return"),
        locks=people_of(selection),
        refusals=not_returnable(date, clock, pricing, price, payout),
    ) as batch:
        count = batch.total - batch.outcome.refused_count
        tie_from(batch, batch.accepted())
        trip = trip_from(batch, OuterRef("pk"))
        amounts, kept = amounts_of(pricing, price, payout)
        tied = {"round_trip": trip, "leg": Leg.OUTBOUND, **kept}
        told = _("Return ride created")
        originals = batch.mention("bookings.returned", told, **tied)
        returns = insert_copies(
            batch,
            originals,
            count,
            pickup_at=AtTime(OnDate(F("pickup_at"), date), clock),
            pickup_address=F("dropoff_address"),
            dropoff_address=F("pickup_address"),
            stops=Backwards("stops"),
            transport_number=Value(""),
            round_trip=trip,
            leg=Value(Leg.RETURN),
            **amounts,
        )
        batch.write(originals, told, **tied)
        batch.created(returns, **TOLD_OF_COPIES)
        if tell:
            notifications.tell(batch.batch, notifications.CREATED)
    return batch.outcome


def amounts_of(pricing, price, payout):
    """({field: amount of the return}, {field: new amount of the ride it is made from})."""
    amount = models.DecimalField(max_digits=14, decimal_places=3)
    if pricing == Pricing.OTHER:
        return {
            "price": Value(price, output_field=amount),
            "payout": Value(payout, output_field=amount),
        }, {}
    if pricing == Pricing.SAME:
        return {}, {}

    def half(name, first):
        return money.Share(F(name), Value(1), Value(1), first=Value(first, models.BooleanField()))

    return tuple(
        {name: half(name, first) for name in ("price", "payout")} for first in (False, True)
    )


# -------------------------------------------------------------------------------- pair, unpair
OTHER_CURRENCY = gettext_lazy(
    "the other ride of this customer and passenger is in another currency"
)


def whose(any_name, name="passenger_name"):
    """Whose ride it is among its customer's, as rides are compared: the passenger's name in lower
    case. With `any_name` nobody's: one may write "A. Diop", another "Awa Diop"."""
    return Value("", output_field=TextField()) if any_name else Lowered(name)


def placed(rides, any_name=False):
    """Rides with their `place` of `many` among those of the same customer and passenger.

    By departure: the first two are a pair, and so on. `early` are the two of a pair whose return
    would begin before the outbound is over.
    """
    person = whose(any_name)
    by_departure = [F("pickup_at").asc(), F("pk").asc()]
    same = {"partition_by": [F("customer"), person, F("currency")]}
    place = Window(RowNumber(), order_by=by_departure, **same)
    return rides.order_by().annotate(
        place=place,
        many=Window(Count("pk"), **same),
        goes_out=Mod(place, 2),
        uneven=Mod(F("many"), 2),
        early=Case(
            When(
                goes_out=1,
                ends_at__gt=Window(Lead("pickup_at"), order_by=by_departure, **same),
                then=True,
            ),
            When(
                goes_out=0,
                pickup_at__lt=Window(Lag("ends_at"), order_by=by_departure, **same),
                then=True,
            ),
            default=False,
        ),
    )


def not_pairable(selection, any_name=False):
    """Why a ride can't be paired: it has its other segment, none is in the selection, or the two
    are at one time."""
    refusals = (ARCHIVED, CANCELLED, PAIRED)
    rides = placed(selection.exclude(any_refusal(refusals)), any_name)
    alone = rides.filter(place=F("many"), uneven=1)
    theirs = Window(Count("pk"), partition_by=[F("customer"), whose(any_name)])
    left = models.QuerySet(Booking).filter(pk__in=alone.values("pk")).annotate(theirs=theirs)
    return (
        *refusals,
        Refusal("other_currency", Q(pk__in=left.filter(theirs__gt=1).values("pk")), OTHER_CURRENCY),
        Refusal(
            "alone",
            Q(pk__in=alone.values("pk")),
            gettext_lazy("no other ride of the same customer and passenger is selected"),
        ),
        Refusal("before_its_end", Q(pk__in=rides.filter(early=True).values("pk")), EARLY),
    )


def mates_of(rides):
    """These, and all that could be paired with them: whose pairs are theirs as well."""
    of_them = rides.order_by().filter(customer=OuterRef("customer"), currency=OuterRef("currency"))
    return models.QuerySet(Booking).filter(Exists(of_them))


def pair(selection, *, by, any_name=False, ticket=None):
    """Tie rides of the same customer and passenger two by two, in their order of departure; with
    `any_name` those of the same customer."""
    with recorded(
        "bookings.pair",
        selection,
        by=by,
        ticket=ticket,
        sentence=line(_("Paired as a round trip")),
        refusals=not_pairable(selection, any_name),
    ) as batch:
        tie_from(
            batch, Booking.objects.filter(pk__in=outbound(batch.accepted(), any_name).values("pk"))
        )
        made = models.QuerySet(RoundTrip).filter(made_in=batch.batch)
        # The latest trip made from a ride of theirs that left no later: their own, or their mate's.
        theirs = made.annotate(whose=whose(any_name, "origin__passenger_name")).filter(
            Q(origin__pickup_at__lt=OuterRef("pickup_at"))
            | Q(origin__pickup_at=OuterRef("pickup_at"), origin__lte=OuterRef("pk")),
            origin__customer=OuterRef("customer"),
            origin__currency=OuterRef("currency"),
            whose=whose(any_name, OuterRef("passenger_name")),
        )
        goes_out = Exists(made.filter(origin=OuterRef("pk")))
        batch.update(
            round_trip=Subquery(theirs.order_by("-origin__pickup_at", "-origin").values("pk")[:1]),
            leg=Case(
                When(goes_out, then=Value(Leg.OUTBOUND)),
                default=Value(Leg.RETURN),
                output_field=CharField(),
            ),
        )
    return batch.outcome


def outbound(rides, any_name):
    """Of rides that pair up, those that go out."""
    return placed(rides, any_name).filter(goes_out=1)


def unpair(selection, *, by, ticket=None):
    """Untie the segments of round trips: two rides again, each for itself."""
    with recorded(
        "bookings.unpair",
        selection,
        by=by,
        ticket=ticket,
        sentence=line(_("Round trip untied")),
        refusals=NOT_UNPAIRABLE,
    ) as batch:
        # What its series planned as the return of a trip leaves it: it is the return of none. An
        # occurrence that was paired as a return stays, like one that was paired as an outbound.
        leaves = Q(leg=Leg.RETURN, planned_return=True)
        values = {
            name: Case(When(leaves, then=Value(value)), default=F(name))
            for name, value in OF_NO_SERIES.items()
        }
        batch.update(round_trip=None, leg="", **values)
    return batch.outcome


def without_mate(rides, trip):
    """The refusal of rides whose other segment, by the field or annotation `trip`, is not among
    these: an undo ties and unties both or neither."""
    mate = rides.order_by().filter(**{trip: OuterRef(trip)}).exclude(pk=OuterRef("pk"))
    return Refusal("mate_stays", ~Exists(mate), gettext_lazy("its other segment stays as it is"))


def not_untied_again(selection):
    """Why an undo can't take a ride out of the round trip that it was paired into."""
    return (ARCHIVED, without_mate(selection.filter(archived_at__isnull=True), "round_trip"))


def not_paired_again(selection):
    """Why an undo can't give a ride back to its round trip."""
    free = selection.filter(archived_at__isnull=True, round_trip__isnull=True)
    before = {name: OuterRef(f"before_{name}") for name in OCCURRENCE}
    there = models.QuerySet(Booking).filter(**before).exclude(pk=OuterRef("pk"))
    taken = Refusal(
        "taken", Exists(there), gettext_lazy("another ride has its place in the series")
    )
    free = free.exclude(taken.condition)
    return (ARCHIVED, PAIRED, taken, without_mate(free, "before_round_trip"))
