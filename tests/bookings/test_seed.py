from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import transaction
from django.db.models import Count, F, OuterRef, Q

from bookings import seed as seeding
from bookings.models import Booking, BookingLog, RoundTrip
from bookings.queries import free_search
from bookings.seed import seed, seed_bookings
from bookings.states import Status
from tests.factories import make_booking, make_customer, make_driver, make_partner, make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 17, 14, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def parties():
    make_user("clerk")
    for name in ("Élodie Ndiaye", "Moussa Fall", "Groupe Yaatal"):
        make_customer(name, phone="+221 77 123 45 67", email="demo@example.org")
    for _ in range(4):
        make_driver()
    make_partner()


def values_for(seed):
    """All that a seed makes, its keys apart."""
    keys = {"id", "round_trip_id"}
    names = [f.attname for f in Booking._meta.concrete_fields if f.attname not in keys]
    with transaction.atomic():
        seed_bookings(60, seed=seed, now=NOW)
        made = list(Booking.objects.order_by("pk").values_list(*names))
        transaction.set_rollback(True)
    return made


@pytest.mark.parametrize("hour", [0, 1, 14, 23])
def test_it_shows_every_status_at_any_hour(hour):
    seed_bookings(500, now=NOW.replace(hour=hour))

    assert Booking.objects.count() == 500
    assert set(Booking.objects.values_list("status", flat=True)) == set(Status.values)


def test_it_is_the_same_for_the_same_seed_and_another_for_another():
    assert values_for(seed=7) == values_for(seed=7) != values_for(seed=8)


def test_no_driver_is_in_two_places():
    seed_bookings(500, now=NOW)

    busy = Booking.objects.filter(driver__isnull=False).occupying()
    assert busy.count() > 100
    assert not busy.filter(Booking.objects.none().clashing_for(OuterRef("driver"))).exists()


def test_it_logs_each_booking_when_it_was_taken_down_and_keeps_its_history():
    seed_bookings(50, now=NOW)

    assert BookingLog.objects.count() == Booking.history.count() == 50
    for log in BookingLog.objects.select_related("booking", "batch"):
        assert log.timestamp == log.booking.created_at
        assert log.changes == {"reference": [None, log.booking.reference]}
        assert log.user.username == "clerk"
        assert log.batch.changed == 50


def test_it_derives_what_a_save_would():
    seed_bookings(200, now=NOW)

    for booking in Booking.objects.all():
        stored = booking.search_text, booking.address_text, booking.ends_at
        booking.derive()
        assert (booking.search_text, booking.address_text, booking.ends_at) == stored


def test_its_bookings_pass_the_models_own_checks():
    seed_bookings(200, now=NOW)

    for booking in Booking.objects.all():
        booking.full_clean()


def test_references_rise_with_the_year_and_the_next_one_follows():
    seed_bookings(300, now=NOW)

    ordered = Booking.objects.order_by("created_at", "pk")
    references = list(ordered.values_list("reference", flat=True))
    assert references == sorted(references)
    assert {reference[:4] for reference in references} >= {"R-25", "R-26"}

    seed_bookings(100, seed=2, now=NOW)
    for prefix in ("R-25", "R-26"):
        old = {reference for reference in references if reference.startswith(prefix)}
        now_there = set(
            Booking.objects.filter(reference__startswith=prefix).values_list("reference", flat=True)
        )
        assert min(now_there - old) > max(old)
    assert make_booking().reference not in references


def test_round_trips_have_their_two_segments_for_one_passenger_and_swap_the_way():
    seed_bookings(500, now=NOW)

    trips = RoundTrip.objects.annotate(
        segments_found=Count("segments"),
        passengers=Count("segments__passenger_name", distinct=True),
    )
    assert 20 < trips.count() < 60
    assert set(trips.values_list("segments_found", "passengers")) == {(2, 1)}
    for trip in trips[:10]:
        outbound, inbound = trip.segments.order_by("leg")
        assert outbound.pickup_at < inbound.pickup_at
        assert outbound.pickup_address == inbound.dropoff_address
        assert outbound.dropoff_address == inbound.pickup_address


def test_the_desk_looks_alive():
    seed_bookings(500, now=NOW)

    today = NOW.replace(hour=0, minute=0)
    past = Booking.objects.filter(ends_at__lt=NOW)
    assert (
        30
        <= Booking.objects.filter(pickup_at__range=(today, today + timedelta(days=1))).count()
        <= 70
    )
    assert 0.2 < past.archived().count() / past.count() < 0.4
    assert Booking.objects.unassigned().filter(pickup_at__gt=NOW).open().count() > 10
    assert Booking.objects.filter(partner__isnull=False).exists()
    assert Booking.objects.filter(status=Status.NO_SHOW, billable=True).exists()
    assert not Booking.objects.filter(created_at__gt=NOW).exists()
    assert not Booking.objects.filter(
        Q(cancelled_at__gt=NOW) | Q(cancelled_at__lt=F("created_at")) | Q(archived_at__gt=NOW)
    ).exists()


def test_a_large_load_tells_its_progress_and_is_found_afterwards(monkeypatch):
    monkeypatch.setattr(seeding, "LARGE", 10)
    monkeypatch.setattr(seeding, "CHUNK", 20)
    told = []

    seed_bookings(50, now=NOW, say=told.append)

    assert told == ["20 / 50", "40 / 50", "50 / 50"]
    last = Booking.objects.last()
    assert free_search(Booking.objects.all(), last.reference).queryset.get() == last
    assert free_search(Booking.objects.all(), make_booking().reference).count == 1


def test_it_makes_only_what_is_missing():
    make_booking()
    for _ in range(2):
        seed({"bookings": 10, "say": print}, Random(1))

    assert Booking.objects.count() == 10
