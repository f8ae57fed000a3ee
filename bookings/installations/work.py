"""The day of the installation: begun, completed, and the way back from each."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import Ticket, line, recorded
from project.audit.refusals import Refusal, any_refusal

from . import cascades, queries
from .models import Fitting, InstallationBooking, Order
from .scheduling import NOT_SCHEDULED
from .services import TOO_LITTLE
from .states import EvidenceKind, Status

START, NOT_BEGUN = "installations.start", "installations.not_begun"
COMPLETE, REOPEN = "installations.complete", "installations.reopen"
FIT = "installations.fit"
NOT_STARTABLE = (NOT_SCHEDULED,)
NOT_IN_PROGRESS = Refusal(
    "not_in_progress", ~Q(status=Status.IN_PROGRESS), gettext_lazy("not in progress")
)
NOT_COMPLETED = Refusal("not_completed", ~Q(status=Status.COMPLETED), gettext_lazy("not completed"))
NOT_STOPPABLE = (NOT_IN_PROGRESS,)
NOT_REOPENABLE = (NOT_COMPLETED,)
MOST_EVIDENCE = 5_000_000  # bytes of a photo or a signature
MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp")


def start(selection, *, by, ticket=None, at=None, announced=True):
    """Begin scheduled installations, at `at` or now; services and bookings are in progress."""
    with recorded(
        START,
        selection,
        by=by,
        ticket=ticket,
        announced=announced,
        sentence=_("Started"),
        refusals=NOT_STARTABLE,
    ) as batch:
        batch.update(status=Status.IN_PROGRESS)
        cascades.become(
            batch,
            batch.touched(),
            Status.IN_PROGRESS,
            _("Started"),
            started_at=at or batch.batch.created_at,
        )
    return batch.outcome


def not_begun(selection, *, by, reason="", ticket=None):
    """Take the beginning of installations back: they are scheduled as before."""
    with recorded(
        NOT_BEGUN,
        selection,
        by=by,
        reason=reason,
        ticket=ticket,
        sentence=line(_("Not begun"), reason),
        refusals=NOT_STOPPABLE,
    ) as batch:
        batch.update(status=Status.SCHEDULED)
        cascades.become(batch, batch.touched(), Status.SCHEDULED, _("Not begun"), started_at=None)
    return batch.outcome


# ---------------------------------------------------------------------------------------- complete
def not_completable(selection, *, fittings=()):
    """Why an installation can't be completed: pieces without a serial number, or too little stock;
    orders of the selection are served in the order of their keys."""
    given = {}
    for fitting in fittings:
        key = getattr(fitting["line"], "pk", fitting["line"])
        given[key] = given.get(key, 0) + 1
    unnoted = Refusal(
        "unnoted",
        Q(queries.unnoted(given)),
        gettext_lazy("the serial number and the vehicle of a piece are not noted"),
    )
    refusals = (NOT_IN_PROGRESS, unnoted)
    ready = selection.order_by().exclude(any_refusal(refusals))
    shortage = Refusal("too_little", queries.short(ready, kept=False), TOO_LITTLE)
    return (*refusals, shortage)


def complete(
    selection, *, by, fittings=(), evidence=(), remarks="", ticket=None, at=None, announced=True
):
    """Complete installations: services and bookings too; the articles leave the stock under the
    order's number.

    `fittings` ({line, serial_number, vehicle_registration} each) are what was fitted and not noted
    before, `evidence` ({kind, media_type, content, name}) a photo or the customer's signature; both
    only where one order is selected. `at` is when it was done, by default now. Raises
    ValidationError at `fittings` or `evidence`.
    """
    fittings, evidence = list(fittings), list(evidence)
    with recorded(
        COMPLETE,
        selection,
        by=by,
        reason=remarks,
        ticket=ticket,
        announced=announced,
        locks=[cascades.articles_of(selection)],
        sentence=line(_("Completed"), remarks),
        refusals=not_completable(selection, fittings=fittings),
    ) as batch:
        batch.update(status=Status.COMPLETED)
        orders = batch.touched()
        if (fittings or evidence) and batch.outcome.changed:
            order = alone(selection)
            cascades.note_fittings(batch, checked_fittings(order, fittings))
            booking = InstallationBooking.objects.get(order=order)
            cascades.keep_evidence(batch, booking, checked_evidence(evidence))
        cascades.become(
            batch,
            orders,
            Status.COMPLETED,
            _("Completed"),
            completed_at=at or batch.batch.created_at,
        )
        cascades.take_out(batch, orders, by)
    return batch.outcome


def alone(selection):
    """The one order of a selection; raises ValidationError where there are several."""
    orders = list(selection.order_by()[:2])
    if len(orders) > 1:
        raise ValidationError(_("What was fitted is noted for one order at a time."))
    return orders[0]


def checked_fittings(order, fittings):
    """The fittings, tidied. Raises ValidationError, at `fittings`, for what can't be."""
    lines = {line.pk: line for line in order.lines.filter(serialised=True)}
    left = {}
    for line_, _piece in queries.pieces_to_note(order):
        left[line_.pk] = left.get(line_.pk, 0) + 1
    read = [
        (
            getattr(fitting["line"], "pk", fitting["line"]),
            " ".join(str(fitting["serial_number"]).split()),
            " ".join(str(fitting["vehicle_registration"]).upper().split()),
        )
        for fitting in fittings
    ]
    taken = fitted_among(
        (lines[key].article_id, serial) for key, serial, _vehicle in read if key in lines
    )
    tidy = []
    for key, serial, vehicle in read:
        if key not in lines:
            problem = _("This line is not one of the order, or has no serial numbers.")
        elif not 0 < len(serial) <= 60 or not 0 < len(vehicle) <= 20:
            problem = _("A piece has a serial number and the vehicle that it is in.")
        elif left.get(key, 0) < 1:
            problem = _("More pieces are noted than were ordered.")
        elif (lines[key].article_id, serial) in taken:
            problem = _("Serial number %(serial)s is fitted already.") % {"serial": serial}
        else:
            left[key] -= 1
            taken.add((lines[key].article_id, serial))
            tidy.append(
                {
                    "line_id": key,
                    "article_id": lines[key].article_id,
                    "serial_number": serial,
                    "vehicle_registration": vehicle,
                }
            )
            continue
        raise ValidationError({"fittings": problem})
    return tidy


def fitted_among(pieces):
    """Those of `pieces`, (article's key, serial number) each, that are in a vehicle already."""
    pieces = set(pieces)
    if not pieces:
        return set()
    articles, serials = zip(*pieces, strict=True)
    fitted = Fitting.objects.filter(article__in=articles, serial_number__in=serials, voided_in=None)
    return pieces & set(fitted.values_list("article", "serial_number"))


def checked_evidence(evidence):
    """The evidence. Raises ValidationError, at `evidence`, for what is no picture of some size."""
    for each in evidence:
        if (
            each["kind"] not in EvidenceKind.values
            or each["media_type"] not in MEDIA_TYPES
            or not 0 < len(each["content"]) <= MOST_EVIDENCE
        ):
            text = _("A photo or a signature is a JPEG, PNG or WebP picture of 5 MB at most.")
            raise ValidationError({"evidence": text})
    return evidence


def fit(order, fittings, *, by, token=None, announced=True):
    """Note pieces that were fitted for an order in progress, before it is completed; the batch.

    Raises ValidationError at `fittings`, and for an order that is not in progress.
    """
    with transaction.atomic():
        selection = Order.objects.filter(pk=order.pk)
        with recorded(
            FIT,
            selection,
            by=by,
            ticket=Ticket(token=token),
            announced=announced,
            locks=[cascades.articles_of(selection)],
            sentence=_("Fitted pieces noted"),
            refusals=NOT_STOPPABLE,
        ) as batch:
            if batch.outcome.refused:
                raise ValidationError(_("The installation is not in progress."))
            batch.update()
            cascades.note_fittings(batch, checked_fittings(order, fittings))
        return batch.batch


def reopen(selection, *, by, reason, ticket=None):
    """Take the completion of installations back: their articles are in stock again, what was
    fitted is not any more; they are in progress."""
    with recorded(
        REOPEN,
        selection,
        by=by,
        reason=reason,
        ticket=ticket,
        locks=[cascades.articles_of(selection)],
        sentence=line(_("Reopened"), reason),
        refusals=NOT_REOPENABLE,
    ) as batch:
        batch.update(status=Status.IN_PROGRESS)
        orders = batch.touched()
        cascades.become(batch, orders, Status.IN_PROGRESS, _("Reopened"), completed_at=None)
        cascades.void_work(batch, orders)
        cascades.bring_in(batch, orders, by)
    return batch.outcome
