"""Which message for which fact: what customers are told of their appointments by e-mail, and
engineers of their diary."""

from functools import partial

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from project.notifications import letters, outbox
from project.notifications.models import OutgoingMail

from .letters import letter_of_cancellation, letter_of_loss, pages, write, write_to_engineer
from .models import Engineer, InstallationBooking, Order, OrderLog
from .states import APPOINTED

SCHEDULED, CHANGED = "installations.scheduled", "installations.changed"
UNSCHEDULED = "installations.unscheduled"
CANCELLED, RESTORED = "installations.cancelled", "installations.restored"
# To the engineer: a visit is theirs (new, or with what is new), or is not any more.
GAINED, LOST = "installations.engineer_gained", "installations.engineer_lost"
# Of each message about an act, the one about its undo.
CONTRARY = {
    SCHEDULED: UNSCHEDULED,
    UNSCHEDULED: SCHEDULED,
    CHANGED: CHANGED,
    CANCELLED: RESTORED,
    RESTORED: CANCELLED,
}
KINDS = tuple(
    letters.Kind(
        code=code,
        label=label,
        write=partial(writer, template=code.rpartition(".")[2]),
        pages=pages,
    )
    for code, label, writer in (
        (SCHEDULED, _("Appointment for an installation"), write),
        (CHANGED, _("Another appointment for an installation"), write),
        (UNSCHEDULED, _("Installation put off"), letter_of_cancellation),
        (CANCELLED, _("Cancellation of an installation"), letter_of_cancellation),
        (RESTORED, _("Installation on again"), write),
        (GAINED, _("A visit in the engineer's diary"), write_to_engineer),
        (LOST, _("A visit out of the engineer's diary"), letter_of_loss),
    )
)


def tell(batch, kind, *, among=None):
    """Post a message of `kind` to the customer of each order whose booking `batch` changed.

    None without an address. `among` (keys of orders) narrows it down. Two statements.
    """
    visits = InstallationBooking.history.filter(batch_id=batch.pk).values("order_id")
    orders = models.QuerySet(Order).filter(pk__in=visits).exclude(customer__email="")
    if among is not None:
        orders = orders.filter(pk__in=among)
    orders = models.QuerySet(Order).filter(pk__in=orders.values("pk"))
    return outbox.post(batch, kind, orders, outbox.to("customer", F("customer_id")))


def tell_engineers(batch, *, gained=None, lost=None):
    """Post what `batch` did to the diaries: to whom a visit was given or moved, and to whom it was
    taken away. None without an address. `gained` and `lost` (keys of orders) narrow them down. Four
    statements."""
    history = InstallationBooking.history.model._base_manager
    earlier = history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id"))
    earlier = earlier.order_by("-history_id")
    told = Engineer.objects.exclude(email="").order_by().values("pk")
    rows = history.filter(batch_id=batch.pk).annotate(
        was=Subquery(earlier.values("engineer_id")[:1]),
        was_status=Subquery(earlier.values("status")[:1]),
    )
    theirs = rows.filter(status__in=APPOINTED, engineer__in=told)
    gone = rows.filter(was_status__in=APPOINTED, was__in=told).exclude(
        Q(status__in=APPOINTED) & Q(engineer=F("was"))
    )
    kinds = ((LOST, gone, "was", lost), (GAINED, theirs, "engineer", gained))
    for kind, found, who, among in kinds:
        orders = models.QuerySet(Order).filter(pk__in=found.values("order_id"))
        if among is not None:
            orders = orders.filter(pk__in=among)
        engineer = Subquery(found.filter(order_id=OuterRef("pk")).values(who)[:1])
        outbox.post(batch, kind, orders, outbox.to("engineer", engineer))


def take_back(batch, undone):
    """Tell what `batch` undid of `undone` to those who were told of it; what has not left yet never
    leaves."""
    if undone.undo_of_id:
        tell_again(batch, undone.undo_of.mails.taken_back())
    if not undone.mails.exists():
        return
    back = OrderLog._base_manager.filter(batch=batch, action_code=batch.action).values("order")
    mails = undone.mails.filter(object_id__in=back)
    outbox.drop_unsent(mails)
    told = mails.exclude(state=OutgoingMail.State.DROPPED)
    for kind, contrary in CONTRARY.items():
        tell(batch, contrary, among=told.filter(kind=kind).values("object_id"))
    engineers = told.filter(kind__in=[GAINED, LOST])
    tell_engineers(
        batch,
        gained=engineers.values("object_id"),
        lost=engineers.filter(kind=GAINED).values("object_id"),
    )


def tell_again(batch, mails):
    """Post what these messages were to tell, now that `batch` has brought it about again."""
    kinds = set(mails.values_list("kind", flat=True))
    for kind in sorted(kinds & CONTRARY.keys()):
        tell(batch, kind, among=mails.filter(kind=kind).values("object_id"))
    if kinds & {GAINED, LOST}:
        gained, lost = (mails.filter(kind=kind).values("object_id") for kind in (GAINED, LOST))
        tell_engineers(batch, gained=gained, lost=lost)


def remarks(orders, user, batches):
    """{batch: [remark on an e-mail of it]} for the timeline of some orders; one statement."""
    keys = [order.pk for order in orders]
    return outbox.remarks(Q(object_id__in=keys), user, batches)
