"""A ride made to recur, and what is done to its occurrences."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import series_services, services
from bookings.models import Booking, BookingLog, RoundTrip, Series
from bookings.recurrence import Rule
from bookings.states import Leg, PaymentState, Status
from project.actions.undo import CannotUndo, undo
from project.audit.models import Batch
from project.audit.recorder import AlreadyDone, SelectionChanged, Ticket
from project.notifications.models import Announcement
from project.search.index import matching
from tests.bookings.conftest import only
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_partner,
    make_round_trip,
    make_user,
)

pytestmark = pytest.mark.django_db
MONDAY = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)
DAILY = Rule("DAILY", count=4)
MOST = {"postgresql": 12, "sqlite": 20}


def copies():
    return Booking.objects.filter(logs__action_code="bookings.repeat").order_by("pickup_at", "leg")


def days_of(rides):
    return [f"{ride.pickup_at:%m-%d %H:%M}" for ride in rides]


# ------------------------------------------------------------------------------------------ made
def test_each_occurrence_is_a_booking_and_the_first_is_the_ride_itself(bureau):
    ride = make_booking(
        pickup_at=MONDAY,
        price=Decimal(9000),
        payout=Decimal(4000),
        payment_state=PaymentState.PAID,
        driver=make_driver(),
        status=Status.CONFIRMED,
        stops=["Colobane"],
        passenger_name="Awa Ndiaye",
    )
    outcome = series_services.repeat(ride, by=bureau, rule=DAILY)
    assert outcome.changed == 3
    series = Series.objects.get()
    assert (series.origin, series.made_in, series.rule) == (ride, outcome.batch, str(DAILY))
    assert (series.starts_at, series.zone, series.excluded) == (MONDAY, "Africa/Dakar", [])
    rides = list(series.occurrences.order_by("original_start"))
    assert rides[0] == ride
    assert days_of(rides) == ["01-04 08:30", "01-05 08:30", "01-06 08:30", "01-07 08:30"]
    for copy in rides[1:]:
        assert copy.original_start == copy.pickup_at
        assert copy.ends_at - copy.pickup_at == ride.ends_at - ride.pickup_at
        assert (copy.status, copy.payment_state) == (Status.PENDING, PaymentState.UNPAID)
        assert (copy.driver, copy.partner, copy.version, copy.leg) == (None, None, 1, "")
        assert (copy.price, copy.payout, copy.stops) == (9000, 4000, ["Colobane"])
        assert (copy.passenger_name, copy.customer) == ("Awa Ndiaye", ride.customer)
        copy.full_clean()
        before = (copy.ends_at, copy.search_text, copy.address_text)
        copy.derive()
        assert before == (copy.ends_at, copy.search_text, copy.address_text)
    ride.refresh_from_db()
    assert (ride.original_start, ride.version) == (MONDAY, 2)
    assert (ride.status, ride.payment_state) == (Status.CONFIRMED, PaymentState.PAID)


def test_a_copy_has_all_that_a_duplicate_has(bureau):
    """Two ways to copy a ride, and nothing that one forgets."""
    ride = make_booking(pickup_at=MONDAY, price=Decimal(5), driver_notes="Sign", luggage_count=3)
    services.duplicate(only(ride), by=bureau, date=date(2027, 1, 5))
    series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=2))
    duplicate = Booking.objects.get(logs__action_code="bookings.duplicate")
    differ = {
        field.name
        for field in Booking._meta.concrete_fields
        if getattr(duplicate, field.attname) != getattr(copies().get(), field.attname)
    }
    own = {"id", "reference", "search_text", "created_at", "updated_at"}
    assert differ == own | {"series", "original_start"}


def test_every_copy_is_logged_kept_in_history_and_found(bureau):
    ride = make_booking(pickup_at=MONDAY)
    outcome = series_services.repeat(ride, by=bureau, rule=DAILY)
    for copy in copies():
        entry = copy.logs.get()
        assert (entry.user, entry.batch, entry.action_code) == (
            bureau,
            outcome.batch,
            "bookings.repeat",
        )
        assert entry.changes["reference"] == [None, copy.reference]
        row = copy.history.get()
        assert (row.history_type, row.batch_id, row.history_user) == (
            "+",
            outcome.batch.pk,
            bureau,
        )
        assert matching(Booking.objects.all(), copy.reference).queryset.get() == copy
    entry = ride.logs.get(batch=outcome.batch)
    assert (entry.action_code, entry.changes["series"]) == (
        "bookings.repeated",
        [None, Series.objects.get().pk],
    )
    row = ride.history.get(batch_id=outcome.batch.pk)
    assert (row.history_type, row.version, row.series_id) == ("~", 2, Series.objects.get().pk)
    assert Series.history.get().batch_id == outcome.batch.pk
    assert (outcome.batch.changed, outcome.batch.action) == (3, "bookings.repeat")


def test_references_rise_by_date_and_are_never_given_twice(bureau):
    first = make_booking(pickup_at=MONDAY)
    series_services.repeat(first, by=bureau, rule=DAILY)
    after = make_booking()
    numbers = [int(ride.reference[-6:]) for ride in (first, *copies(), after)]
    assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_local_time_is_kept_when_the_clocks_change(bureau, settings):
    settings.TIME_ZONE = "Europe/Paris"
    ride = make_booking(pickup_at=datetime(2027, 3, 27, 7, 30, tzinfo=UTC))
    series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=3))
    assert days_of(copies()) == ["03-28 06:30", "03-29 06:30"]
    assert Series.objects.get().zone == "Europe/Paris"


def test_excluded_days_are_kept_with_the_series(bureau):
    ride = make_booking(pickup_at=MONDAY)
    out = [
        date(2027, 1, 5),
        date(2027, 1, 4),
        date(2031, 1, 1),
    ]  # the first stays; the last is none
    series_services.repeat(ride, by=bureau, rule=DAILY, excluded=out)
    assert days_of(copies()) == ["01-06 08:30", "01-07 08:30"]
    assert Series.objects.get().excluded == ["2027-01-05"]


# ---------------------------------------------------------------------------------- round trips
def test_a_round_trip_recurs_pair_by_pair(bureau):
    out, back = make_round_trip(pickup_at=MONDAY)
    outcome = series_services.repeat(back, by=bureau, rule=DAILY)  # whichever is asked for
    assert outcome.changed == 6
    series = Series.objects.get()
    assert series.origin == out
    trips = RoundTrip.objects.filter(made_in=outcome.batch)
    assert trips.count() == 3
    assert out.round_trip.history.count() == 1
    for trip in trips:
        one, other = trip.segments.order_by("leg")
        assert (one.leg, other.leg) == (Leg.OUTBOUND, Leg.RETURN)
        assert other.pickup_at - one.pickup_at == timedelta(hours=5)
        assert one.original_start == other.original_start == one.pickup_at
        assert trip.history.get().batch_id == outcome.batch.pk
    assert days_of(copies().filter(leg=Leg.RETURN)) == ["01-05 13:30", "01-06 13:30", "01-07 13:30"]


def test_one_segment_can_recur_alone(bureau):
    out, back = make_round_trip(pickup_at=MONDAY)
    series_services.repeat(back, by=bureau, rule=DAILY, both=False)
    assert {(copy.leg, copy.round_trip) for copy in copies()} == {("", None)}
    assert copies().count() == 3
    out.refresh_from_db()
    assert out.series is None


# --------------------------------------------------------------------------------------- drivers
def test_it_keeps_the_driver_where_that_one_is_free(bureau):
    driver = make_driver()
    ride = make_booking(pickup_at=MONDAY, driver=driver)
    make_booking(pickup_at=MONDAY + timedelta(days=2, minutes=30), driver=driver)  # in the way
    make_booking(pickup_at=MONDAY + timedelta(days=3, hours=1), driver=driver)  # back to back
    make_booking(pickup_at=MONDAY + timedelta(days=1), driver=driver, status=Status.CANCELLED)
    series_services.repeat(ride, by=bureau, rule=DAILY, same_driver=True)
    assert [copy.driver for copy in copies()] == [driver, None, driver]


def test_a_ride_longer_than_a_day_is_in_its_own_way(bureau):
    ride = make_booking(pickup_at=MONDAY, driver=make_driver(), duration_minutes=25 * 60)
    series_services.repeat(ride, by=bureau, rule=DAILY, same_driver=True)
    assert [bool(copy.driver) for copy in copies()] == [False, True, False]


def test_it_keeps_the_partner_too(bureau):
    partner = make_partner()
    ride = make_booking(pickup_at=MONDAY, partner=partner)
    series_services.repeat(ride, by=bureau, rule=DAILY, same_driver=True)
    assert {copy.partner for copy in copies()} == {partner}


def test_it_does_not_keep_a_driver_who_left(bureau):
    ride = make_booking(pickup_at=MONDAY, driver=make_driver(is_active=False))
    with pytest.raises(ValidationError):
        series_services.repeat(ride, by=bureau, rule=DAILY, same_driver=True)
    assert series_services.repeat(ride, by=bureau, rule=DAILY).changed == 3


# -------------------------------------------------------------------------------------- refused
@pytest.mark.parametrize(
    "of",
    [
        {"status": Status.CANCELLED},
        {"status": Status.COMPLETED, "archived_at": timezone.now()},
        {"customer": lambda: make_customer(is_active=False)},
    ],
)
def test_what_cannot_recur_is_refused_and_leaves_nothing(bureau, of):
    ride = make_booking(
        pickup_at=MONDAY, **{name: got() if callable(got) else got for name, got in of.items()}
    )
    before = Batch.objects.count()
    with pytest.raises(ValidationError):
        series_services.repeat(ride, by=bureau, rule=DAILY)
    assert (Booking.objects.count(), Series.objects.count()) == (1, 0)
    assert Batch.objects.count() == before


def test_an_occurrence_does_not_recur_again(bureau):
    ride = make_booking(pickup_at=MONDAY)
    series_services.repeat(ride, by=bureau, rule=DAILY)
    for one in Booking.objects.all():
        with pytest.raises(ValidationError):
            series_services.repeat(one, by=bureau, rule=Rule("DAILY", count=2))


@pytest.mark.parametrize(
    ("rule", "excluded"),
    [
        (Rule("WEEKLY", weekdays=(1,), count=4), ()),  # the ride is on a Monday
        (Rule("DAILY", count=1), ()),
        (Rule("DAILY", count=2), (date(2027, 1, 5),)),
        (Rule("DAILY", until=date(2031, 1, 1)), ()),
    ],
)
def test_a_rule_that_makes_nothing_or_too_much_is_refused(bureau, rule, excluded):
    ride = make_booking(pickup_at=MONDAY)
    with pytest.raises(ValidationError):
        series_services.repeat(ride, by=bureau, rule=rule, excluded=excluded)
    assert (Booking.objects.count(), Series.objects.count()) == (1, 0)


def test_a_ride_that_changed_since_it_was_read_is_refused(bureau):
    ride = make_booking(pickup_at=MONDAY)
    read = Booking.objects.get(pk=ride.pk)
    ride.passenger_name = "Someone else"
    ride.save(by=bureau)
    with pytest.raises(SelectionChanged):
        series_services.repeat(read, by=bureau, rule=DAILY)
    assert Booking.objects.count() == 1


def test_the_same_click_twice_makes_one_series(bureau):
    ride, ticket = make_booking(pickup_at=MONDAY), Ticket(token=uuid.uuid4())
    done = series_services.repeat(ride, by=bureau, rule=DAILY, ticket=ticket)
    ride.refresh_from_db()
    with pytest.raises(AlreadyDone) as already:
        series_services.repeat(ride, by=bureau, rule=DAILY, ticket=ticket)
    assert already.value.batch == done.batch
    assert Booking.objects.count() == 4


# --------------------------------------------------------------------------------------- bounds
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", [make_booking, lambda **of: make_round_trip(**of)[0]])
@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("tell", [False, True])
def test_a_year_takes_as_many_statements_as_two_days(django_user_model, make, kept, tell):
    counts, user = [], make_user(is_superuser=True)
    make_user(is_superuser=True)  # whom the announcement is for
    for count in (2, 366):
        customer = make_customer(email="hotel@example.org")
        ride = make(pickup_at=MONDAY, driver=make_driver(), customer=customer)
        segments = 2 if ride.round_trip_id else 1
        if segments == 2:  # someone else drives back
            inbound = ride.round_trip.segments.filter(leg=Leg.RETURN)
            services.unassign(inbound, by=user)
            services.assign(inbound, by=user, partner=make_partner())
        with CaptureQueriesContext(connection) as statements:
            outcome = series_services.repeat(
                ride,
                by=user,
                rule=Rule("DAILY", count=count),
                same_driver=kept,
                tell=tell,
                ticket=Ticket(token=uuid.uuid4()),
            )
        assert outcome.changed == segments * (count - 1)
        history = Booking.history.filter(batch_id=outcome.batch.pk)
        assert history.count() == segments * count
        assert BookingLog.objects.filter(batch=outcome.batch).count() == segments * count
        assert Announcement.objects.filter(batch=outcome.batch).count() == 1
        assert outcome.batch.mails.count() == tell
        counts.append(len(statements))
    assert counts == [counts[0]] * 2
    # Beside BEGIN and COMMIT, and what a message takes: its row and its job.
    assert counts[0] - 2 - 2 * tell <= MOST[connection.vendor], [
        query["sql"][:90] for query in statements.captured_queries
    ]


# ----------------------------------------------------------------------------------------- undo
def test_undo_of_the_making_rings_once_and_its_batch_holds_all_of_it(bureau):
    ride = make_booking(pickup_at=MONDAY)
    made = series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=3)).batch
    rung = Announcement.objects.count()
    undone = undo(made, by=bureau)
    assert Announcement.objects.count() == rung + 1
    assert undone.changed == 2
    assert Booking.objects.filter(logs__batch=undone.batch).count() == 3  # whose pages are told


def test_undo_discards_the_copies_and_unties_the_first(bureau):
    ride = make_booking(pickup_at=MONDAY)
    done = series_services.repeat(ride, by=bureau, rule=DAILY)
    assert undo(done.batch, by=bureau).changed == 3
    assert {(copy.status, bool(copy.archived_at)) for copy in copies()} == {
        (Status.CANCELLED, True)
    }
    ride.refresh_from_db()
    assert (ride.series, ride.original_start, ride.status) == (None, None, Status.PENDING)
    assert ride.history.first().series_id is None
    assert ride.logs.first().action_code == "bookings.untie"
    assert series_services.repeat(ride, by=bureau, rule=DAILY).changed == 3


def test_undo_leaves_what_was_touched_in_its_series(bureau):
    ride = make_booking(pickup_at=MONDAY)
    done = series_services.repeat(ride, by=bureau, rule=DAILY)
    services.set_status(only(copies()[0]), by=bureau, status=Status.CONFIRMED)
    outcome = undo(done.batch, by=bureau)
    assert (outcome.changed, outcome.refused_count) == (2, 1)
    ride.refresh_from_db()
    assert ride.series is not None


def test_a_series_is_not_discarded_whose_first_ride_is_archived(bureau):
    ride = make_booking(pickup_at=MONDAY, status=Status.COMPLETED)
    made = series_services.repeat(ride, by=bureau, rule=DAILY).batch
    archived = services.archive(only(ride), by=bureau).batch
    before = list(Booking.objects.order_by("pk").values())
    with pytest.raises(CannotUndo, match="désarchivez-la d’abord"):
        undo(made, by=bureau)
    assert list(Booking.objects.order_by("pk").values()) == before
    undo(archived, by=bureau)
    assert undo(Batch.objects.get(pk=made.pk), by=bureau).changed == 3
    ride.refresh_from_db()
    assert ride.series is None
