"""Messages that come late, and days as customers say them."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from bookings import services
from project.notifications.models import OutgoingMail
from tests.bookings.conftest import only
from tests.bookings.mailbox import cancel, sent, texts_of
from tests.factories import make_booking, make_customer

pytestmark = pytest.mark.django_db
State, Trouble = OutgoingMail.State, OutgoingMail.Trouble


@pytest.fixture
def hotel():
    return make_customer(email="eve@example.org", language="en")


@pytest.mark.parametrize("of_the_same", [True, False])
def test_one_that_is_tried_again_is_dropped_if_a_later_one_has_overtaken_it(
    bureau, hotel, of_the_same
):
    booking = make_booking(customer=hotel)
    outcome = cancel(only(booking), bureau)
    waits = OutgoingMail.objects.filter(batch=outcome.batch)
    waits.update(object_id=10**9, records=[10**9])
    assert sent() == []
    waits.update(object_id=booking.pk, records=[booking.pk], due_at=timezone.now())  # mended
    other = make_booking(customer=hotel)
    later = cancel(only(other), bureau) if not of_the_same else None
    if of_the_same:
        later = services.restore(only(booking), by=bureau, tell=True)
    OutgoingMail.objects.filter(batch=later.batch).update(
        due_at=timezone.now() - timedelta(hours=1)
    )
    subjects = [message["Subject"].partition(":")[0] for message in sent()]
    mail = waits.get()
    if of_the_same:  # the customer hears last what is true
        assert subjects == ["On again"]
        assert (mail.state, mail.trouble) == (State.DROPPED, Trouble.OUTDATED)
    else:
        assert subjects == ["Cancelled", "Cancelled"]
        assert mail.state == State.SENT


@pytest.mark.parametrize(
    ("language", "subject", "heading"),
    [
        ("en", " 1 Jan 2027 (%s)", "Friday 1 January 2027, 09:30"),
        ("fr", " 1er janv. 2027 (%s)", "Vendredi 1er janvier 2027, 09:30"),
    ],
)
def test_the_first_of_a_month_reads_as_the_customer_says_it(
    bureau, hotel, language, subject, heading
):
    hotel.language = language
    hotel.save()
    at = timezone.make_aware(datetime(2027, 1, 1, 9, 30))
    booking = make_booking(customer=hotel, pickup_at=at)
    cancel(only(booking), bureau)
    (message,) = sent()
    assert message["Subject"].endswith(subject % booking.reference)
    assert all(heading in text for text in texts_of(message))
