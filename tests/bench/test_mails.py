"""Sending failed e-mails again: all of one customer, who was sent as many later ones."""

import time

import pytest
from django.db import transaction
from django.utils import timezone

from bookings.models import Booking
from project.audit.models import Batch
from project.notifications import outbox
from project.notifications.models import OutgoingMail
from tests.factories import make_user

State, Trouble = OutgoingMail.State, OutgoingMail.Trouble
pytestmark = pytest.mark.django_db(transaction=True)

FEW, TIMES = 1_000, 5
# What each one takes among TIMES as many, of what it takes among FEW: TIMES, where it is asked of
# each by itself whether one of the others has overtaken it.
GROWS = 2


def fill(batch, keys, **given):
    """A message for each key, all to one customer."""
    now = timezone.now()
    OutgoingMail.objects.bulk_create(
        OutgoingMail(
            batch=batch,
            addressee="customer 1",
            object_id=key,
            records=[key],
            created_at=now,
            due_at=now,
            **given,
        )
        for key in keys
    )


def time_of(batch, count):
    """Seconds that sending `count` of them again takes, the fastest of three."""
    taken = []
    for _ in range(3):
        with transaction.atomic():
            failed, sent = range(count), range(count // 2, 2 * count)
            fill(batch, failed, kind="bookings.cancelled", state=State.FAILED, trouble=Trouble.BUSY)
            fill(batch, sent, kind="bookings.restored", state=State.SENT, sent_at=timezone.now())
            start = time.perf_counter()
            done = outbox.resend(OutgoingMail.objects.all())
            taken.append(time.perf_counter() - start)
            assert done == (count // 2, count // 2)
            transaction.set_rollback(True)
    return min(taken)


def test_sending_again_costs_each_the_same_among_many(bench):
    user = make_user("bench")
    batch = Batch.objects.create(
        user=user,
        action="cancel",
        model=Booking._meta.label_lower,
        created_at=timezone.now(),
    )
    few, many = time_of(batch, FEW), time_of(batch, FEW * TIMES)
    name = f"send again: each of {FEW * TIMES:,} / each of {FEW:,}"
    bench.report(name, many / few / TIMES, GROWS, always=True)
