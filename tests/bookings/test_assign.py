from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from bookings import services
from bookings.actions import ASSIGN
from bookings.states import Status
from tests.bookings.conftest import assert_recorded, codes, only
from tests.factories import make_booking, make_driver, make_partner

pytestmark = pytest.mark.django_db
NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=2)


def at(hours, **fields):
    return make_booking(pickup_at=NOON + timedelta(hours=hours), **fields)


def test_it_gives_bookings_to_a_driver_and_takes_them_from_a_partner(bureau):
    driver, booking = make_driver("Ousmane Sarr"), at(0, partner=make_partner())
    outcome = services.assign(only(booking), by=bureau, driver=driver)
    entry = assert_recorded(booking, outcome, "bookings.assign", bureau)
    assert (booking.driver, booking.partner) == (driver, None)
    assert entry.changes["driver"] == [None, driver.pk]
    assert "Ousmane Sarr" in entry.action


def test_it_gives_bookings_to_a_partner(bureau):
    partner, booking = make_partner(), at(0, driver=make_driver())
    services.assign(only(booking), by=bureau, partner=partner)
    booking.refresh_from_db()
    assert (booking.driver, booking.partner) == (None, partner)


def test_never_both_and_never_none(bureau):
    booking = at(0)
    for given in ({}, {"driver": make_driver(), "partner": make_partner()}):
        with pytest.raises(ValidationError):
            services.assign(only(booking), by=bureau, **given)
    assert booking.logs.count() == 1


def test_it_refuses_what_is_over_archived_or_theirs_already(bureau):
    driver = make_driver()
    theirs = at(0, driver=driver)
    over = at(2, status=Status.COMPLETED)
    archived = at(4, status=Status.CANCELLED, archived_at=timezone.now())
    outcome = services.assign(only(theirs, over, archived), by=bureau, driver=driver)
    assert codes(outcome) == {"same": 1, "closed": 1, "archived": 1}


@pytest.mark.parametrize(
    ("hours", "clashes"),
    [(-1, False), (-0.5, True), (0, True), (0.5, True), (1, False), (-1.01, False)],
)
def test_rides_overlap_by_any_moment_and_back_to_back_is_fine(bureau, hours, clashes):
    driver = make_driver()
    at(0, driver=driver)
    outcome = services.assign(only(at(hours)), by=bureau, driver=driver)
    assert codes(outcome) == ({"driver_busy": 1} if clashes else {})


def test_the_duration_counts_not_only_the_start(bureau):
    driver = make_driver()
    at(0, driver=driver, duration_minutes=300)
    assert codes(services.assign(only(at(4)), by=bureau, driver=driver)) == {"driver_busy": 1}


def test_a_cancelled_ride_takes_nobodys_time(bureau):
    driver = make_driver()
    at(0, driver=driver, status=Status.CANCELLED)
    assert services.assign(only(at(0)), by=bureau, driver=driver).changed == 1


def test_it_sees_overlaps_inside_the_selection(bureau):
    driver = make_driver()
    first, second, third = at(0), at(0.5), at(3)
    outcome = services.assign(only(first, second, third), by=bureau, driver=driver)
    assert (outcome.changed, codes(outcome)) == (2, {"doubled": 1})
    assert outcome.refusals().get().object_id == second.pk


def test_what_is_refused_anyway_takes_no_time_in_the_selection(bureau):
    driver = make_driver()
    cancelled, ready = at(0, status=Status.CANCELLED), at(0.5)
    outcome = services.assign(only(cancelled, ready), by=bureau, driver=driver)
    assert (outcome.changed, codes(outcome)) == (1, {"closed": 1})


def test_nobody_inactive_is_given_a_ride(bureau):
    for given in (
        {"driver": make_driver(is_active=False)},
        {"partner": make_partner(is_active=False)},
    ):
        assert codes(services.assign(only(at(0)), by=bureau, **given)) == {"inactive": 1}


def test_a_partner_may_have_as_many_as_they_like(bureau):
    partner = make_partner()
    outcome = services.assign(only(at(0), at(0), at(0)), by=bureau, partner=partner)
    assert outcome.changed == 3


def test_going_ahead_needs_the_permission_and_is_logged_where_it_overlaps(bureau, gestion):
    driver = make_driver()
    at(0, driver=driver)
    clashing, free = at(0.5), at(9)
    selection = only(clashing, free)
    with pytest.raises(PermissionDenied):
        ASSIGN.run(selection, by=bureau, driver=driver, partner=None, override="Two vans")
    assert clashing.logs.count() == 1
    outcome = ASSIGN.run(selection, by=gestion, driver=driver, partner=None, override="Two vans")
    assert outcome.changed == 2
    told = assert_recorded(clashing, outcome, "bookings.assign", gestion).action
    plain = assert_recorded(free, outcome, "bookings.assign", gestion).action
    assert "Two vans" in told
    assert "Two vans" not in plain


def test_unassign_takes_it_back(bureau):
    booking, nobody = at(0, driver=make_driver()), at(1)
    moving = at(5, status=Status.IN_PROGRESS)
    outcome = services.unassign(only(booking, nobody, moving), by=bureau)
    assert (outcome.changed, codes(outcome)) == (1, {"nobody": 1, "under_way": 1})
    assert_recorded(booking, outcome, "bookings.unassign", bureau)
    assert booking.driver is None
