"""Which message for which fact: what customers are told by e-mail.

A service that changes bookings calls `tell` inside its transaction, after the change is logged.
An undo calls one of the `take_back…` instead: what has not left yet never leaves.
"""

from functools import partial

from django.db import models
from django.db.models import Case, Exists, F, Q, TextField, Value, When, Window
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, RowNumber
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.directory.models import Customer
from project.notifications import letters, outbox
from project.notifications.models import OutgoingMail

from .letters import TOLD, letter_of_cancellation, pages, write
from .models import Booking, BookingLog

CREATED = "bookings.created"
CHANGED = "bookings.changed"
CANCELLED = "bookings.cancelled"
RESTORED = "bookings.restored"
WITHDRAWN = "bookings.withdrawn"

KINDS = (
    letters.Kind(
        code=CREATED,
        label=gettext_lazy("New booking"),
        write=partial(write, template="created"),
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


def tell(batch, kind, *, among=None):
    """Post a message of `kind` to each customer of the bookings that `batch` changed.

    One message for a round trip or a series; none without an address; of a change, none where
    nothing that customers see has changed. `among` (a queryset) narrows it down to some bookings.
    Two statements, however many bookings.
    """
    lines = lines_of(batch)
    if kind == CHANGED:
        lines = with_news(lines)
    told = models.QuerySet(Booking).filter(pk__in=lines.values("booking_id"))
    if among is not None:
        told = told.filter(pk__in=among.values("pk"))
    return outbox.post(batch, kind, first_of_each(told.exclude(customer__email="")))


def tell_of_edit(batch, *, among=None):
    """Post what follows from the edit of one booking: the customer may be another one now."""
    line = lines_of(batch).get()
    if "customer" not in line.changes:
        return tell(batch, CHANGED, among=among)
    former = Customer.objects.filter(pk=line.changes["customer"][0]).exclude(email="")
    withdrawn = models.QuerySet(Booking).filter(Exists(former), pk=line.booking_id)
    if among is not None:
        withdrawn = withdrawn.filter(pk__in=among.values("pk"))
    return tell(batch, CREATED, among=among) + outbox.post(batch, WITHDRAWN, withdrawn)


def take_back(tell_contrary, batch, undone):
    """Tell what `batch` undid of `undone`, to those who were told of it.

    A message that has not left is taken back, unless it also tells of rides that stay as they are;
    then, and where it may have left, `tell_contrary(batch, among=…)` posts another.
    """
    if not undone.mails.exists():
        return
    now, then = (lines_of(each).values("booking_id") for each in (batch, undone))
    bookings = models.QuerySet(Booking)
    stays = tied_to(bookings.filter(pk__in=then).exclude(pk__in=now))
    outbox.drop_unsent(undone.mails.exclude(object_id__in=stays.values("pk")))
    told = undone.mails.exclude(state=OutgoingMail.State.DROPPED)
    tell_contrary(batch, among=tied_to(bookings.filter(pk__in=told.values("object_id"))))


take_back_creation = take_back_restore = partial(take_back, partial(tell, kind=CANCELLED))
take_back_cancellation = partial(take_back, partial(tell, kind=RESTORED))
take_back_edit = partial(take_back, tell_of_edit)
take_back_change = partial(take_back, partial(tell, kind=CHANGED))


def lines_of(batch):
    return BookingLog._base_manager.filter(batch=batch, action_code=batch.action)


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


def first_of_each(bookings):
    """The earliest of each customer's bookings that are tied by a series or a round trip."""
    alone = Case(When(series__isnull=True, round_trip__isnull=True, then=F("pk")))
    trip = Case(When(series__isnull=True, then=F("round_trip_id")))
    place = Window(
        RowNumber(),
        partition_by=[F("customer_id"), F("series_id"), trip, alone],
        order_by=[F("pickup_at").asc(), F("pk").asc()],
    )
    first = bookings.order_by().alias(_place=place).filter(_place=1)
    return models.QuerySet(Booking).filter(pk__in=first.values("pk"))


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
    about = tied_to(models.QuerySet(Booking).filter(pk__in=keys)).values("pk")
    mails = OutgoingMail.objects.filter(batch__in=batches, object_id__in=about).order_by("pk")
    may_open = user.has_perm("notifications.view_outgoingmail")
    found = {}
    for mail in mails:
        url = mail.get_absolute_url() if may_open else ""
        said = {"text": in_words(mail), "state": mail.state, "url": url}
        found.setdefault(mail.batch_id, []).append(said)
    return found


def in_words(mail):
    words = {
        OutgoingMail.State.WAITING: _("E-mail waiting to be sent"),
        OutgoingMail.State.DROPPED: _("E-mail not sent"),
        OutgoingMail.State.FAILED: _("E-mail failed"),
    }
    if mail.state in words:
        return words[mail.state]
    return _("E-mail sent to %(address)s on %(when)s") % {
        "address": mail.recipient,
        "when": date_format(timezone.localtime(mail.sent_at), "SHORT_DATETIME_FORMAT"),
    }
