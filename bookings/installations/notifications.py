"""Which message for which fact: what customers are told of their appointments by e-mail."""

from functools import partial

from django.db import models
from django.utils.translation import gettext_lazy as _

from project.notifications import letters, outbox
from project.notifications.models import OutgoingMail

from .letters import letter_of_cancellation, pages, write
from .models import InstallationBooking, Order, OrderLog

SCHEDULED, CHANGED = "installations.scheduled", "installations.changed"
UNSCHEDULED = "installations.unscheduled"
CANCELLED, RESTORED = "installations.cancelled", "installations.restored"
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
    return outbox.post(batch, kind, models.QuerySet(Order).filter(pk__in=orders.values("pk")))


def take_back(batch, undone):
    """Tell what `batch` undid of `undone` to those who were told of it; what has not left yet never
    leaves."""
    if not undone.mails.exists():
        return
    back = OrderLog._base_manager.filter(batch=batch, action_code=batch.action).values("order")
    mails = undone.mails.filter(object_id__in=back)
    outbox.drop_unsent(mails)
    told = mails.exclude(state=OutgoingMail.State.DROPPED)
    for kind, contrary in CONTRARY.items():
        tell(batch, contrary, among=told.filter(kind=kind).values("object_id"))


def remarks(orders, user, batches):
    """{batch: [remark on an e-mail of it]} for the timeline of some orders; one statement."""
    keys = [order.pk for order in orders]
    return outbox.remarks(keys, user, batches)
