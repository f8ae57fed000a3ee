"""Which message for which fact: what customers are told by e-mail.

A service that changes bookings calls `tell` inside its transaction, after the change is logged.
An undo calls one of the `take_back…` instead: what has not left yet never leaves.
"""

from functools import partial

from django.db import models
from django.db.models import (
    Case,
    Exists,
    F,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat, RowNumber
from django.utils.translation import gettext_lazy

from project.directory.models import Customer
from project.notifications import letters, outbox
from project.notifications.models import OutgoingMail

from .letters import TOLD, given_away, letter_of_cancellation, pages, write
from .models import Booking, BookingLog
from .series_queries import DISCARD, OF_THE_RULE, REINSTATE, RESCHEDULE

CREATED = "bookings.created"
CONFIRMED = "bookings.confirmed"
UNCONFIRMED = "bookings.unconfirmed"
CHANGED = "bookings.changed"
CANCELLED = "bookings.cancelled"
RESTORED = "bookings.restored"
WITHDRAWN = "bookings.withdrawn"
# Of each message about an edit, the one about its undo.
CONTRARY = {CHANGED: CHANGED, CREATED: WITHDRAWN, WITHDRAWN: CREATED}
# The same of a status.
OTHER_STATUS = {CONFIRMED: UNCONFIRMED, UNCONFIRMED: CONFIRMED}
# What is said of a ride that is to come: what was driven and entered afterwards is no such news.
COMING = (CREATED, CONFIRMED, UNCONFIRMED)
TO_CUSTOMER = outbox.to("customer", F("customer_id"))
# What befalls a ride whose return is discarded: it may have been given half of the price.
UNTIED = "bookings.untied"
# The acts by which rides leave their series.
LEAVING = (RESCHEDULE, REINSTATE, DISCARD)

KINDS = (
    letters.Kind(
        code=CREATED,
        label=gettext_lazy("New booking"),
        write=partial(write, template="created"),
        pages=pages,
    ),
    letters.Kind(
        code=CONFIRMED,
        label=gettext_lazy("Confirmation"),
        write=partial(write, template="confirmed"),
        pages=pages,
    ),
    letters.Kind(
        code=UNCONFIRMED,
        label=gettext_lazy("Confirmation taken back"),
        write=partial(write, template="unconfirmed"),
        pages=pages,
    ),
    letters.Kind(
        code=CHANGED,
        label=gettext_lazy("Change"),
        write=partial(write, template="changed", only_changes=True),
        pages=pages,
    ),
    letters.Kind(
        code=CANCELLED,
        label=gettext_lazy("Cancellation"),
        write=letter_of_cancellation,
        pages=pages,
    ),
    letters.Kind(
        code=RESTORED,
        label=gettext_lazy("On again"),
        write=partial(write, template="restored"),
        pages=pages,
    ),
    letters.Kind(
        code=WITHDRAWN,
        label=gettext_lazy("Given to another customer"),
        write=partial(letter_of_cancellation, template="withdrawn", to_former=True),
        pages=pages,
    ),
)


def tell(batch, kind, *, among=None, code=None):
    """Post a message of `kind` to each customer of the bookings that `batch` changed.

    One message for a round trip or a series; none without an address, nor of a ride to come that
    was over before it was entered; of a change, none where nothing that customers see has changed.
    `among` (a queryset) narrows it down to some bookings, `code` to those whose log line has it,
    where that is not the batch's own. Two statements, however many bookings.
    """
    lines = lines_of(batch, code)
    if kind == CHANGED:
        lines = with_news(lines)
    told = models.QuerySet(Booking).filter(pk__in=lines.values("booking_id"))
    if kind in COMING:
        told = told.filter(ends_at__gt=batch.created_at)
    if among is not None:
        told = told.filter(pk__in=among.values("pk"))
    told = told.exclude(customer__email="")
    left = lines if batch.action in LEAVING else None
    return outbox.post(batch, kind, first_of_each(told, left=left), TO_CUSTOMER)


def tell_of_edit(batch, *, among=None):
    """Post what follows from an edit, of one booking or of many: the customer of some may be
    another one now, who hears of a new booking, and the former one that it is withdrawn.

    `among` ({kind: queryset}) narrows each of these messages down to some bookings.
    """
    among = among or {}
    gone = given_away(lines_of(batch))
    if not gone.exists():
        return tell(batch, CHANGED, among=among.get(CHANGED))
    bookings = models.QuerySet(Booking)
    moved = bookings.filter(pk__in=gone.values("booking_id"))
    stayed = bookings.filter(pk__in=lines_of(batch).values("booking_id")).exclude(
        pk__in=gone.values("booking_id")
    )
    reachable = Customer.objects.exclude(email="").filter(pk=OuterRef("former"))
    former = bookings.filter(pk__in=gone.filter(Exists(reachable)).values("booking_id"))
    if among:
        moved, stayed, former = (
            bookings.filter(pk__in=rides.values("pk")).filter(pk__in=among[kind].values("pk"))
            for rides, kind in ((moved, CREATED), (stayed, CHANGED), (former, WITHDRAWN))
        )
    return (
        tell(batch, CHANGED, among=stayed)
        + tell(batch, CREATED, among=moved)
        + outbox.post(
            batch,
            WITHDRAWN,
            first_of_each(former, gone=gone),
            outbox.to("customer", former_customer(gone)),
        )
    )


def take_back(tell_contrary, batch, undone):
    """Tell what `batch` undid of `undone`, to those who were told of it.

    A message that has not left is taken back, unless it also tells of rides that stay as they are;
    then, and where it may have left, `tell_contrary(batch, told)` posts another: `told` are the
    messages that are not taken back. What `undone` had taken back itself is to be told again.
    """
    if undone.undo_of_id:
        tell_again(batch, undone.undo_of.mails.taken_back())
    if not undone.mails.exists():
        return
    now, then = (lines_of(each).values("booking_id") for each in (batch, undone))
    bookings = models.QuerySet(Booking)
    stays = tied_to(bookings.filter(pk__in=then).exclude(pk__in=now))
    outbox.drop_unsent(undone.mails.exclude(object_id__in=stays.values("pk")))
    tell_contrary(batch, undone.mails.exclude(state=OutgoingMail.State.DROPPED))


def tell_again(batch, mails):
    """Post what these messages were to tell, now that `batch` has brought it about again."""
    kinds = set(mails.values_list("kind", flat=True))
    if kinds & CONTRARY.keys():
        tell_of_edit(batch, among={kind: rides_in(mails.filter(kind=kind)) for kind in CONTRARY})
    for kind in sorted(kinds - CONTRARY.keys()):
        tell_all(kind, batch, mails.filter(kind=kind))


def tell_all(kind, batch, told):
    """Post messages of `kind` about all rides that those `told` are about."""
    tell(batch, kind, among=rides_in(told))


def tell_discarded(batch, told):
    """Post that rides which were made by mistake are off; and, to those who heard of them, what a
    ride costs again that had shared its price with its return."""
    tell_all(CANCELLED, batch, told)
    about = models.QuerySet(Booking).filter(pk__in=told.values("object_id"))
    theirs = models.QuerySet(Booking).filter(customer__in=about.values("customer"))
    tell(batch, CHANGED, among=theirs, code=UNTIED)


def tell_edited_back(batch, told):
    """Post what follows from the undo of an edit: who was told that a ride is theirs hears that
    it is not, who lost one that they have it again, and nobody else."""
    among = {kind: rides_in(told.filter(kind=then)) for kind, then in CONTRARY.items()}
    tell_of_edit(batch, among=among)


def tell_status_back(batch, told):
    """Post that rides which were confirmed are still to be, to those who heard of it; and the
    other way about."""
    for then, now in OTHER_STATUS.items():
        tell_all(now, batch, told.filter(kind=then))


take_back_creation = partial(take_back, tell_discarded)
take_back_restore = partial(take_back, partial(tell_all, CANCELLED))
take_back_cancellation = partial(take_back, partial(tell_all, RESTORED))
take_back_edit = partial(take_back, tell_edited_back)
take_back_status = partial(take_back, tell_status_back)


def take_back_rule(batch, undone):
    """Tell that a change of a rule was undone, to those who were told of it: what it had cancelled
    is on again, what it had made is off. A message that has not left is taken back."""
    outbox.drop_unsent(undone.mails.all())
    told = undone.mails.exclude(state=OutgoingMail.State.DROPPED)
    for kind, contrary, code in ((CANCELLED, RESTORED, None), (CREATED, CANCELLED, DISCARD)):
        about = models.QuerySet(Booking).filter(pk__in=told.filter(kind=kind).values("object_id"))
        theirs = models.QuerySet(Booking).filter(customer__in=about.values("customer"))
        tell(batch, contrary, among=theirs, code=code)


def lines_of(batch, code=None):
    return BookingLog._base_manager.filter(batch=batch, action_code=code or batch.action)


def with_news(lines):
    """The log lines that tell of a change which customers see."""
    sides = {
        f"{side}_{name}": Coalesce(
            Cast(KT(f"changes__{name}__{place}"), TextField()), Value(""), output_field=TextField()
        )
        for name in TOLD
        for place, side in enumerate(("before", "after"))
    }
    news = Q()
    for name in TOLD:
        news |= ~Q(**{f"before_{name}": F(f"after_{name}")})
    return lines.alias(**sides).filter(news)


def first_of_each(bookings, *, left=None, gone=None):
    """The earliest of each customer's bookings that are tied by a series or a round trip.

    `left` are the log lines of an act by which bookings leave their series: there they are tied by
    the one that they were in. With `gone` (as `given_away` finds them) each is its former
    customer's.
    """
    customer = F("customer_id")
    if gone is not None:
        customer = former_customer(gone)
    series = F("series_id")
    if left is not None:
        former = Cast(KT("changes__series__0"), models.BigIntegerField())
        former = left.filter(booking=OuterRef("pk")).annotate(former=former).values("former")[:1]
        series = Coalesce(series, Subquery(former))
    bookings = bookings.order_by().alias(_series=series, _customer=customer)
    alone = Case(When(_series__isnull=True, round_trip__isnull=True, then=F("pk")))
    trip = Case(When(_series__isnull=True, then=F("round_trip_id")))
    place = Window(
        RowNumber(),
        partition_by=[F("_customer"), F("_series"), trip, alone],
        order_by=[F("pickup_at").asc(), F("pk").asc()],
    )
    first = bookings.alias(_place=place).filter(_place=1)
    return models.QuerySet(Booking).filter(pk__in=first.values("pk"))


def former_customer(gone):
    """Of a booking, whose it was; `gone` as `given_away` finds it."""
    return Subquery(gone.filter(booking=OuterRef("pk")).values("former")[:1])


def rides_in(mails):
    """The rides that messages are about, and all that are tied to them."""
    return tied_to(models.QuerySet(Booking).filter(pk__in=mails.values("object_id")))


def tied_to(bookings):
    """These, and all of their series and round trips."""
    return models.QuerySet(Booking).filter(
        Q(pk__in=bookings.values("pk"))
        | Q(round_trip__in=bookings.filter(round_trip__isnull=False).values("round_trip"))
        | Q(series__in=bookings.filter(series__isnull=False).values("series"))
    )


def remarks(bookings, user, batches):
    """{batch: [remark on an e-mail of it]} for the timeline of some bookings; one statement."""
    keys = [booking.pk for booking in bookings]
    about = tied_to(models.QuerySet(Booking).filter(pk__in=keys))
    # What was tied to them at the time, and is not any more.
    then = Booking.history.model._base_manager.filter(batch_id__in=batches)
    trips = then.filter(id__in=keys, round_trip__isnull=False).values("round_trip")
    once = then.filter(round_trip__in=trips).values("id")
    about = models.QuerySet(Booking).filter(Q(pk__in=about.values("pk")) | Q(pk__in=once))
    of_a_rule = Q(batch__action__in=OF_THE_RULE)
    tied = Q(~of_a_rule, object_id__in=about.values("pk"))
    return outbox.remarks(tied | Q(of_a_rule, alike(keys)), user, batches)


def alike(keys):
    """A condition on messages of a change of a rule, which calls some rides of a series off, makes
    others and moves the rest: that one of these went the way of the ride that it is about."""
    text = {"output_field": TextField()}
    left = Coalesce(Cast(KT("changes__series__0"), TextField()), Value(""), **text)
    way = Concat(F("action_code"), Value(" "), left, **text)
    lines = BookingLog._base_manager.filter(batch=OuterRef("batch_id")).annotate(way=way)
    of_mail = lines.filter(booking=OuterRef(OuterRef("object_id"))).values("way")[:1]
    same_way = lines.filter(booking__in=keys, way=Subquery(of_mail))
    then = Booking.history.model._base_manager.filter(batch_id=OuterRef("batch_id"), id__in=keys)
    theirs = then.annotate(to=TO_CUSTOMER).filter(to=OuterRef("addressee"))
    return Q(Exists(same_way), Exists(theirs))
