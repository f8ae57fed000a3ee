import pytest
from django.db import IntegrityError, models
from django.utils import timezone

from bookings import services
from bookings.models import Booking
from bookings.states import Status
from tests.bookings.conftest import assert_recorded, codes, only
from tests.factories import make_booking

pytestmark = pytest.mark.django_db


def test_it_archives_what_is_closed_and_refuses_what_is_open(bureau):
    done, open_ = make_booking(status=Status.COMPLETED), make_booking()
    outcome = services.archive(only(done, open_), by=bureau)
    assert (outcome.changed, codes(outcome)) == (1, {"open": 1})
    entry = assert_recorded(done, outcome, "bookings.archive", bureau)
    assert done.archived_at is not None
    assert entry.changes["archived_at"][0] is None
    assert list(Booking.objects.archived()) == [done]


def test_it_refuses_what_is_archived_already(bureau):
    booking = make_booking(status=Status.CANCELLED, archived_at=timezone.now())
    assert codes(services.archive(only(booking), by=bureau)) == {"archived_already": 1}


def test_unarchive_brings_it_back(bureau):
    booking = make_booking(status=Status.CANCELLED, archived_at=timezone.now())
    fresh = make_booking()
    outcome = services.unarchive(only(booking, fresh), by=bureau)
    assert (outcome.changed, codes(outcome)) == (1, {"not_archived": 1})
    assert_recorded(booking, outcome, "bookings.unarchive", bureau)
    assert booking.archived_at is None


def test_the_database_refuses_an_open_booking_in_the_archives():
    booking = make_booking()
    with pytest.raises(IntegrityError):
        models.QuerySet(Booking).filter(pk=booking.pk).update(archived_at=timezone.now())
