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
    Min,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, NullIf
from django.utils.translation import gettext_lazy

from project.directory.models import Customer
from project.notifications import letters, outbox
from project.notifications.models import OutgoingMail
from project.notifications.told import Gathered, KeysOf, Tells

from .letters import FIRST, TOLD, letter_of_cancellation, pages, write
from .models import Booking, BookingLog
from .series_queries import DISCARD, REINSTATE, RESCHEDULE

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

of_rides = partial(letters.Kind, pages=pages, first=FIRST)
KINDS = (
    of_rides(
        code=CREATED,
        label=gettext_lazy("New booking"),
        write=partial(write, template="created"),
    ),
    of_rides(
        code=CONFIRMED,
        label=gettext_lazy("Confirmation"),
        write=partial(write, template="confirmed"),
    ),
    of_rides(
        code=UNCONFIRMED,
        label=gettext_lazy("Confirmation taken back"),
        write=partial(write, template="unconfirmed"),
    ),
    of_rides(
        code=CHANGED,
        label=gettext_lazy("Change"),
        write=partial(write, template="changed", only_changes=True),
    ),
    of_rides(
        code=CANCELLED,
        label=gettext_lazy("Cancellation"),
        write=letter_of_cancellation,
    ),
    of_rides(
        code=RESTORED,
        label=gettext_lazy("On again"),
        write=partial(write, template="restored"),
    ),
    of_rides(
        code=WITHDRAWN,
        label=gettext_lazy("Given to another customer"),
        write=partial(letter_of_cancellation, template="withdrawn", to_former=True),
    ),
)


def tell(batch, kind, *, among=None, code=None, within=None):
    """Post a message of `kind` to each customer of the bookings that `batch` changed.

    One message for a round trip or a series; none without an address, nor of a ride to come that
    was over before it was entered; of a change, none where nothing that customers see has changed.
    `among` (a queryset) narrows it down to some bookings, `code` to those whose log line has it,
    where that is not the batch's own. What one of these is tied to is told with it, as far as it is
    `within` a queryset: of what the batch touched, unless given. Two statements, however many
    bookings.
    """
    lines = lines_of(batch, code)
    left = lines if batch.action in LEAVING else None
    if within is None:  # of what leaves, each is told with its like; of the rest, all with all
        within = rides_of(BookingLog._base_manager.filter(batch=batch) if left is None else left)
    if kind == CHANGED:
        lines = with_news(lines)
    told = rides_of(lines)
    if kind in COMING:
        told = told.filter(ends_at__gt=batch.created_at)
    if among is not None:
        told = told.filter(one_of(among))
    told = told.exclude(customer__email="")
    return outbox.post(batch, kind, first_of_each(told, within, left=left), TO_CUSTOMER, F("tells"))


def tell_of_edit(batch, *, among=None):
    """Post what follows from an edit, of one booking or of many: the customer of some may be
    another one now, who hears of a new booking, and the former one that it is withdrawn.

    `among` ({kind: queryset}) narrows each of these messages down to some bookings.
    """
    among = among or {}
    gone = given_away(lines_of(batch))
    if not gone.exists():
        return tell(batch, CHANGED, among=among.get(CHANGED))
    moved = rides_of(gone)
    stayed = rides_of(lines_of(batch)).exclude(pk__in=gone.values("booking_id"))
    reachable = Customer.objects.exclude(email="").filter(pk=OuterRef("former"))
    former = rides_of(gone.filter(Exists(reachable)))
    sides = {CREATED: moved, CHANGED: stayed, WITHDRAWN: former}
    if among:
        sides = {kind: rides.filter(one_of(among[kind])) for kind, rides in sides.items()}
    return (
        tell(batch, CHANGED, among=sides[CHANGED], within=stayed)
        + tell(batch, CREATED, among=sides[CREATED], within=moved)
        + outbox.post(
            batch,
            WITHDRAWN,
            first_of_each(sides[WITHDRAWN], moved, gone=gone),
            outbox.to("customer", former_customer(gone)),
            F("tells"),
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
    stays = rides_of(lines_of(undone)).exclude(pk__in=lines_of(batch).values("booking_id"))
    outbox.drop_unsent(undone.mails.exclude(Tells("records", Subquery(stays.values("pk")))))
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


def first_of_each(told, within, *, left=None, gone=None):
    """The first of each customer's bookings `told` that are tied by a series or a round trip:
    the record of their message, with all of them `within` that it `tells` of.

    A ride and its return are told together, were only one of them in a series. `left` are the log
    lines of an act by which bookings leave their series or round trip: there they are tied by the
    one that they were in, and told as they were when they were made. With `gone` (as `given_away`
    finds them) each is its former customer's.
    """
    every = models.QuerySet(Booking).order_by()
    every = every.annotate(
        own_series=now_or_left("series", left),
        own_trip=now_or_left("round_trip", left),
        whose=F("customer_id") if gone is None else former_customer(gone),
    )
    rides = every.filter(pk__in=within.values("pk"))
    # Each by its trip: by a list of keys SQLite would go through all of it for each ride.
    mates = every.filter(
        one_of(within),
        round_trip=OuterRef("round_trip"),
        whose=OuterRef("whose"),
        own_series__isnull=False,
    )
    # What ties a ride: a series, its own or its mate's, a round trip, or nothing but itself. One
    # number for each, so that the databases work out little for each row.
    tie = Coalesce(
        F("own_series") * 3,
        Subquery(mates.values("own_series")[:1]) * 3,
        F("own_trip") * 3 + 1,
        F("pk") * 3 + 2,
    )
    together = {"partition_by": [F("whose"), tie]}
    news = Case(When(pk__in=told.values("pk"), then=F("pk")))
    firsts = rides.annotate(
        tells=Window(Gathered("pk"), **together), first=Window(Min(news), **together)
    )
    return firsts.filter(first=F("pk")).order_by("pk")


def now_or_left(tie, left):
    """An expression over a booking: its `tie` ("series", "round_trip") or, by log lines `left`, the
    one that it left."""
    if left is None:
        return F(f"{tie}_id")
    # SQLite reads a null in JSON as the word, which is no number: 0, and no tie has that key.
    former = NullIf(Cast(KT(f"changes__{tie}__0"), models.BigIntegerField()), Value(0))
    former = left.filter(booking=OuterRef("pk")).annotate(former=former).values("former")[:1]
    return Coalesce(F(f"{tie}_id"), Subquery(former))


def given_away(lines):
    """Those of these log lines by which a ride went from one customer to another, with the key of
    the `former` one."""
    former, now = (
        Cast(KT(f"changes__customer__{place}"), models.BigIntegerField()) for place in (0, 1)
    )
    given = lines.filter(changes__has_key="customer").annotate(former=former, now=now)
    return given.filter(former__isnull=False).exclude(former=F("now"))


def former_customer(gone):
    """Of a booking, whose it was; `gone` as `given_away` finds it."""
    return Subquery(gone.filter(booking=OuterRef("pk")).values("former")[:1])


def rides_of(lines):
    """The bookings of log lines."""
    return models.QuerySet(Booking).filter(pk__in=lines.values("booking_id"))


def rides_in(mails):
    """The rides that messages tell of."""
    return models.QuerySet(Booking).filter(pk__in=KeysOf(mails))


def one_of(rides):
    """A condition on the rides of a batch: that they are among these.

    As a value, so that these are found once. PostgreSQL takes a batch that it has just written for
    one line, and would find them anew for each.
    """
    found = When(pk__in=rides.values("pk"), then=True)
    return Case(found, default=False, output_field=models.BooleanField())


def remarks(bookings, user, batches):
    """{batch: [remark on an e-mail of it]} for the timeline of some bookings; one statement."""
    keys = [booking.pk for booking in bookings]
    # Whose they are and were: an index finds their messages among all that a batch posted.
    history = Booking.history.model._base_manager.filter(id__in=keys).order_by()
    theirs = history.values_list(TO_CUSTOMER).distinct()
    about = models.QuerySet(Booking).filter(pk__in=keys).values("pk")
    return outbox.remarks(Q(Tells("records", Subquery(about)), addressee__in=theirs), user, batches)
