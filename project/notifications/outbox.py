"""The outbox: messages are posted with the change they tell of, by the same transaction.

So none leaves for what was rolled back, and none is lost that was committed: the row is there, and
with it the job that sends it (`sending`).
"""

from django.db import transaction
from django.db.models import DateTimeField, F, UUIDField, Value
from django.utils import timezone

from project.audit.statements import insert_select

from .models import OutgoingMail
from .sending import send_due

State, Trouble = OutgoingMail.State, OutgoingMail.Trouble


def post(batch, kind, records):
    """Post a message of `kind` about each of `records`, which `batch` changed; how many there are.

    Called inside the batch's transaction. Two statements, whatever the number of records.
    """
    at = Value(batch.created_at, output_field=DateTimeField())
    blank = ("recipient", "language", "subject", "trouble", "error")
    posted = insert_select(
        OutgoingMail,
        ("batch_id", "object_id", "kind", "state", "attempts", "due_at", "created_at", *blank),
        records,
        Value(batch.pk, output_field=UUIDField()),
        F("pk"),
        Value(kind),
        Value(State.WAITING),
        Value(0),
        at,
        at,
        *(Value("") for _ in blank),
    )
    if posted:
        send_due.enqueue()
    return posted


def drop_unsent(mails):
    """Take back what has surely not left: never tried, or failed. Returns how many."""
    never_tried = mails.waiting().filter(attempts=0)
    return (never_tried | mails.failed()).update(state=State.DROPPED, trouble=Trouble.UNDONE)


def resend(mails):
    """Give messages that failed a new set of attempts. Returns how many there were."""
    with transaction.atomic():
        count = mails.resendable().update(
            state=State.WAITING, attempts=0, due_at=timezone.now(), trouble="", error=""
        )
        if count:
            send_due.enqueue()
    return count
