"""An action on this occurrence, on this and the following, on all."""

from datetime import UTC, datetime, timedelta

import pytest

from bookings import series_services, services
from bookings.models import Booking
from bookings.recurrence import Rule
from bookings.states import CancellationKind, Leg, Status
from project.actions.undo import undo
from project.audit.models import Batch
from tests.asking import act, picked, toasts, url_of
from tests.bookings.conftest import only
from tests.factories import make_booking, make_round_trip

pytestmark = pytest.mark.django_db
MONDAY = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)
REASON = {"kind": CancellationKind.CUSTOMER, "reason": "Holiday", "fee_percent": "100"}


@pytest.fixture
def rides(bureau):
    """Five occurrences, in order; there is another series and a plain ride as well."""
    ride = make_booking(pickup_at=MONDAY)
    series_services.repeat(ride, by=bureau, rule=Rule("DAILY", count=5))
    other = make_booking(pickup_at=MONDAY)
    series_services.repeat(other, by=bureau, rule=Rule("DAILY", count=5))
    make_booking(pickup_at=MONDAY)
    ride.refresh_from_db()
    return list(Booking.objects.filter(series=ride.series).order_by("original_start"))


def test_following_takes_this_one_and_what_comes_after(rides):
    assert list(only(rides[2]).following().order_by("original_start")) == rides[2:]
    assert list(only(rides[3], rides[1]).following().order_by("original_start")) == rides[1:]
    assert list(only(rides[0]).following().order_by("original_start")) == rides


def test_the_whole_series_is_that_one_alone(rides):
    assert list(only(rides[2]).whole_series().order_by("original_start")) == rides


def test_a_plain_ride_stays_alone(rides):
    plain = Booking.objects.get(series=None)
    assert list(only(plain).following()) == list(only(plain).whole_series()) == [plain]
    assert only(plain, rides[4]).following().count() == 2


def test_a_moved_occurrence_follows_by_its_key(rides):
    rides[3].pickup_at = MONDAY - timedelta(days=30)
    rides[3].save()
    assert rides[3] in only(rides[2]).following()
    assert rides[2] not in only(rides[3]).following()


def test_both_segments_of_a_round_trip_follow(bureau):
    out, _back = make_round_trip(pickup_at=MONDAY)
    series_services.repeat(out, by=bureau, rule=Rule("DAILY", count=3))
    of_return = Booking.objects.filter(leg=Leg.RETURN).order_by("original_start")[1]
    following = only(of_return).following()
    assert sorted(following.values_list("leg", flat=True)) == [Leg.OUTBOUND] * 2 + [Leg.RETURN] * 2


@pytest.mark.parametrize(
    ("scope", "changed"), [("segment", [2]), ("following", [2, 3, 4]), ("series", [0, 1, 2, 3, 4])]
)
def test_cancel_this_this_and_following_or_all(desk, rides, scope, changed):
    done = act(desk, url_of("cancel"), picked(rides[2]) | REASON | {"scope": scope})
    count = len(changed)
    assert toasts(done) == [f"{count} booking{'s'[: count - 1]} cancelled."]
    cancelled = Booking.objects.filter(status=Status.CANCELLED).order_by("original_start")
    assert list(cancelled) == [rides[place] for place in changed]
    for ride in cancelled:  # the log and the history go by the same set as the change
        assert ride.logs.first().action_code == "bookings.cancel"
        assert ride.history.first().status == Status.CANCELLED


def test_the_dialog_says_what_the_scope_brings_in(desk, rides):
    asked = desk.post(url_of("cancel"), picked(rides[2]) | {"scope": "following"})
    assert asked.context["preview"].total == 3
    assert "2 added: following rides of the series" in asked.content.decode()


def test_the_scopes_of_a_series_are_offered_where_there_is_one(desk, rides):
    plain = Booking.objects.get(series=None)
    for ride, expected in (
        (plain, ["segment", "round_trip"]),
        (rides[0], ["segment", "round_trip", "following", "series"]),
    ):
        asked = desk.post(url_of("cancel"), picked(ride))
        assert [scope["value"] for scope in asked.context["scopes"]] == expected


def test_undo_restores_all_that_the_scope_took(desk, bureau, rides):
    services.cancel(only(rides[4]), by=bureau, kind=CancellationKind.LATE, reason="Alone")
    act(desk, url_of("cancel"), picked(rides[1]) | REASON | {"scope": "series"})
    batch = Batch.objects.filter(action="bookings.cancel").latest("created_at")
    assert (batch.changed, batch.refused) == (4, 1)
    assert undo(batch, by=bureau).changed == 4
    assert list(Booking.objects.filter(status=Status.CANCELLED)) == [rides[4]]
