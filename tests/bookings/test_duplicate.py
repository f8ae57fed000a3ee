from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import services
from bookings.models import Booking
from bookings.states import Leg, PaymentState, Status
from bookings.wall_time import on_date
from project.actions.undo import undo
from project.audit.models import NumberRange
from project.search.index import matching
from tests.asking import act, picked, toasts, url_of
from tests.bookings.conftest import codes, only
from tests.bookings.mailbox import entries_of, sent
from tests.factories import make_booking, make_customer, make_driver, make_round_trip

pytestmark = pytest.mark.django_db


def copies():
    return Booking.objects.filter(logs__action_code="bookings.duplicate").order_by("pk")


def test_it_copies_the_ride_and_never_what_came_of_it(bureau):
    original = make_booking(
        status=Status.NO_SHOW,
        driver=make_driver(),
        price=Decimal(9000),
        payout=Decimal(4000),
        billable=True,
        fee=Decimal(500),
        payment_state=PaymentState.PAID,
        stops=["Colobane"],
        passenger_name="Awa Ndiaye",
        archived_at=timezone.now(),
    )
    outcome = services.duplicate(only(original), by=bureau, date=date(2030, 3, 4))
    assert outcome.changed == 1
    copy = copies().get()
    assert (copy.passenger_name, copy.customer, copy.stops) == (
        "Awa Ndiaye",
        original.customer,
        ["Colobane"],
    )
    assert (copy.status, copy.driver, copy.payment_state) == (
        Status.PENDING,
        None,
        PaymentState.UNPAID,
    )
    assert (copy.billable, copy.fee, copy.archived_at, copy.version) == (False, None, None, 1)
    assert (copy.price, copy.payout) == (9000, 4000)
    assert timezone.localdate(copy.pickup_at) == date(2030, 3, 4)
    assert (
        timezone.localtime(copy.pickup_at).time() == timezone.localtime(original.pickup_at).time()
    )
    assert copy.ends_at - copy.pickup_at == original.ends_at - original.pickup_at
    assert copy.history.get().history_type == "+"
    assert copy.logs.get().user == bureau
    assert original.logs.filter(batch=outcome.batch, action_code="bookings.copied").exists()


def test_the_copy_is_found_by_its_own_reference(bureau):
    services.duplicate(only(make_booking()), by=bureau, date=date(2030, 3, 4))
    copy = copies().get()
    assert list(matching(Booking.objects.all(), copy.reference).queryset) == [copy]


def test_references_are_new_and_the_next_booking_goes_on_after_them(bureau):
    originals = [make_booking() for _ in range(3)]
    services.duplicate(only(*originals), by=bureau, date=date(2030, 3, 4))
    references = [*Booking.objects.order_by("pk").values_list("reference", flat=True)]
    references.append(make_booking().reference)
    assert len(set(references)) == 7
    numbers = [int(reference.rpartition("-")[2]) for reference in references]
    assert numbers == list(range(numbers[0], numbers[0] + 7))


@pytest.mark.parametrize(
    ("moment", "day", "expected"),
    [
        # 08:30 in Paris in winter, copied into summer: still 08:30 there.
        (datetime(2026, 1, 15, 7, 30, tzinfo=UTC), date(2026, 7, 1), "2026-07-01T08:30+0200"),
        # The night the clocks go forward has no 02:30.
        (datetime(2026, 1, 15, 1, 30, tzinfo=UTC), date(2026, 3, 29), "2026-03-29T03:30+0200"),
        # The night they go back has two: the first.
        (datetime(2026, 1, 15, 1, 30, tzinfo=UTC), date(2026, 10, 25), "2026-10-25T02:30+0200"),
    ],
)
def test_wall_time_is_kept_across_changes_of_clocks(bureau, settings, moment, day, expected):
    settings.TIME_ZONE = "Europe/Paris"
    wanted = datetime.strptime(expected, "%Y-%m-%dT%H:%M%z")
    services.duplicate(only(make_booking(pickup_at=moment)), by=bureau, date=day)
    assert copies().get().pickup_at == wanted
    assert on_date(moment, day, ZoneInfo("Europe/Paris")) == wanted


def test_on_its_own_day_a_copy_is_at_the_very_moment(bureau, settings):
    settings.TIME_ZONE = "Europe/Paris"
    second_of_two = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 in winter time
    services.duplicate(
        only(make_booking(pickup_at=second_of_two)), by=bureau, date=date(2026, 10, 25)
    )
    assert copies().get().pickup_at == second_of_two


def test_copies_of_all_that_match_are_not_told_as_originals(bureau):
    for _ in range(3):
        make_booking()
    services.duplicate(Booking.objects.all(), by=bureau, date=date(2030, 3, 4))
    assert Booking.objects.count() == 6
    assert Booking.objects.filter(logs__action_code="bookings.copied").count() == 3


def test_it_refuses_a_customer_who_left(bureau):
    booking = make_booking(customer=make_customer(is_active=False))
    outcome = services.duplicate(only(booking, make_booking()), by=bureau, date=date(2030, 3, 4))
    assert (outcome.changed, codes(outcome)) == (1, {"customer_inactive": 1})
    assert copies().count() == 1


def test_a_full_series_refuses_and_copies_nothing(bureau):
    booking = make_booking()
    NumberRange.objects.update(last=999_999)
    with pytest.raises(ValidationError):
        services.duplicate(only(booking), by=bureau, date=date(2030, 3, 4))
    assert Booking.objects.count() == 1


# ---------------------------------------------------------------------------------- round trips
AT = datetime(2027, 3, 26, 22, 30, tzinfo=UTC)
NEXT_MORNING = {"pickup_at": AT + timedelta(hours=8)}


def test_both_segments_of_a_round_trip_are_copied_as_one(bureau):
    out, back = make_round_trip(pickup_at=AT, inbound=NEXT_MORNING)
    outcome = services.duplicate(only(out, back), by=bureau, date=date(2030, 3, 4))
    assert outcome.changed == 2
    one, other = copies().order_by("leg")
    assert (one.leg, other.leg) == (Leg.OUTBOUND, Leg.RETURN)
    assert one.round_trip == other.round_trip != out.round_trip
    assert one.round_trip.made_in == outcome.batch
    assert one.round_trip.history.get().batch_id == outcome.batch.pk
    # The return is on the day after, as it was.
    assert [f"{ride.pickup_at:%m-%d %H:%M}" for ride in (one, other)] == [
        "03-04 22:30",
        "03-05 06:30",
    ]
    for copy in (one, other):
        before = copy.ends_at
        copy.derive()
        assert copy.ends_at == before
        assert copy.history.get().round_trip_id == one.round_trip_id
    out.refresh_from_db()
    assert out.leg == Leg.OUTBOUND


def test_a_segment_whose_partner_is_not_copied_stays_single(bureau):
    _out, back = make_round_trip(pickup_at=AT, inbound=NEXT_MORNING)
    other_out, _other_back = make_round_trip()
    services.duplicate(only(back, other_out, make_booking()), by=bureau, date=date(2030, 3, 4))
    assert {(copy.round_trip, copy.leg) for copy in copies()} == {(None, "")}
    assert {timezone.localdate(copy.pickup_at) for copy in copies()} == {date(2030, 3, 4)}


def test_many_trips_are_copied_each_by_itself_and_one_refused_takes_no_partner(bureau):
    trips = [make_round_trip(pickup_at=AT, inbound=NEXT_MORNING) for _ in range(2)]
    out, back = make_round_trip(inbound={"customer": make_customer(is_active=False)})
    rides = only(*trips[0], *trips[1], out, back)
    outcome = services.duplicate(rides, by=bureau, date=date(2030, 3, 4))
    assert (outcome.changed, codes(outcome)) == (5, {"customer_inactive": 1})
    assert sorted(copies().values_list("leg", flat=True)) == [
        "",
        *["outbound"] * 2,
        *["return"] * 2,
    ]
    assert copies().exclude(leg="").values("round_trip").distinct().count() == 2


def test_local_days_count_across_a_change_of_clocks(bureau, settings):
    settings.TIME_ZONE = "Europe/Paris"
    start = datetime(2027, 3, 20, 22, 30, tzinfo=UTC)  # 23:30 there
    out, back = make_round_trip(pickup_at=start, inbound={"pickup_at": start + timedelta(hours=7)})
    services.duplicate(only(out, back), by=bureau, date=date(2027, 3, 27))
    pickups = [timezone.localtime(copy.pickup_at, ZoneInfo("Europe/Paris")) for copy in copies()]
    assert [f"{at:%m-%d %H:%M}" for at in pickups] == ["03-27 23:30", "03-28 06:30"]


def test_undo_discards_a_copied_trip_whole(bureau):
    outcome = services.duplicate(only(*make_round_trip()), by=bureau, date=date(2030, 3, 4))
    assert undo(outcome.batch, by=bureau).changed == 2
    assert {(copy.status, copy.round_trip) for copy in copies()} == {(Status.CANCELLED, None)}


def test_the_dialog_copies_the_whole_trip_and_tells_of_it_once(desk, hotel):
    out, _back = make_round_trip(customer=hotel)
    data = picked(out) | {"date": "2027-03-04", "scope": "round_trip"}
    asked = desk.post(url_of("duplicate"), data)
    assert asked.context["form"]["tell"].value()  # unless one says no
    assert toasts(act(desk, url_of("duplicate"), data | {"tell": "on"})) == ["2 bookings created."]
    (message,) = sent()
    assert len(entries_of(message)) == 2
    act(desk, url_of("duplicate"), data)
    assert sent() == []


def test_copying_trips_costs_as_many_statements_as_one(bureau):
    counts = []
    for many in (1, 20):
        rides = [ride for _ in range(many) for ride in make_round_trip()]
        with CaptureQueriesContext(connection) as statements:
            services.duplicate(only(*rides), by=bureau, date=date(2030, 3, 4))
        counts.append(len(statements))
    assert counts[0] == counts[1]
