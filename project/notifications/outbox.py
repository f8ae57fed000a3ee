"""The outbox: messages are posted with the change they tell of, by the same transaction.

So none leaves for what was rolled back, and none is lost that was committed: the row is there, and
with it the job that sends it (`sending`).
"""

from django.db import transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat, JSONArray
from django.utils import timezone
from django.utils.translation import gettext as _

from project.audit.statements import insert_select
from project.ui.formats import date_format

from .models import OutgoingMail
from .sending import send_due

State, Trouble = OutgoingMail.State, OutgoingMail.Trouble

# Of a message about one record: the list of all that it tells of.
ITSELF = JSONArray("pk")


def to(who, key):
    """The addressee of a message: `who` is a kind of people ("customer"), `key` an expression over
    the record for which of them."""
    return Concat(Value(f"{who} "), Cast(key, CharField()), output_field=CharField())


def post(batch, kind, records, addressee, tells=ITSELF):
    """Post a message of `kind` about each of `records`, which `batch` changed; how many there are.

    `tells` is an expression over the record for the JSON list of all those that its message tells
    of, itself included. What goes to one `addressee` (see `to`) leaves in its order. Called inside
    the batch's transaction. Two statements, whatever the number of records.
    """
    posted = insert_select(
        OutgoingMail,
        ("object_id", "records", "addressee"),
        records,
        F("pk"),
        tells,
        addressee,
        same={
            "batch_id": batch.pk,
            "kind": kind,
            "state": State.WAITING,
            "attempts": 0,
            "in_doubt": 0,
            "due_at": batch.created_at,
            "created_at": batch.created_at,
            **dict.fromkeys(("recipient", "language", "subject", "trouble", "error"), ""),
        },
    )
    if posted:
        send_due.enqueue()
    return posted


def drop_unsent(mails):
    """Take back what has surely not left: never handed to a server that may have accepted it.
    Returns how many."""
    unsent = (mails.waiting() | mails.failed()).filter(in_doubt=0)
    return unsent.update(state=State.DROPPED, trouble=Trouble.UNDONE)


def resend(mails):
    """Give messages that failed a new set of attempts. Returns how many there were, and how many
    were dropped instead: a later one about the same has left, or waits."""
    with transaction.atomic():
        outdated = mails.resendable().outdated()
        dropped = outdated.update(state=State.DROPPED, trouble=Trouble.OUTDATED)
        count = mails.resendable().update(
            state=State.WAITING, attempts=0, due_at=timezone.now(), trouble="", error=""
        )
        if count:
            send_due.enqueue()
    return count, dropped


def remarks(about, user, batches):
    """{batch: [remark on an e-mail of it]} for a timeline, of the e-mails `about` its records (a
    condition); one statement."""
    may_open = user.has_perm("notifications.view_outgoingmail")
    found = {}
    for mail in OutgoingMail.objects.filter(about, batch__in=batches).order_by("pk"):
        url = mail.get_absolute_url() if may_open else ""
        said = {"text": in_words(mail), "state": mail.state, "url": url}
        found.setdefault(mail.batch_id, []).append(said)
    return found


def in_words(mail):
    words = {
        State.WAITING: _("E-mail waiting to be sent"),
        State.DROPPED: _("E-mail not sent"),
        State.FAILED: _("E-mail failed"),
    }
    if mail.state in words:
        return words[mail.state]
    return _("E-mail sent to %(address)s on %(when)s") % {
        "address": mail.recipient,
        "when": date_format(timezone.localtime(mail.sent_at), "SHORT_DATETIME_FORMAT"),
    }
