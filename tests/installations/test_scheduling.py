"""Who is free when, and what is refused; each refusal leaves everything as it was."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.installations import availability, scheduling, services, staff
from bookings.installations.models import InstallationBooking
from bookings.installations.services import Task
from tests.factories import make_engineer, make_order, make_user
from tests.installations.conftest import begin, codes, only, schedule, states, tomorrow

pytestmark = pytest.mark.django_db
OFFICE_HOURS = [[["08:00", "12:00"], ["14:00", "18:00"]]] * 7


@pytest.fixture
def user(db):
    return make_user("awa", is_superuser=True)


def refused(order, user, engineer, start=None):
    outcome = scheduling.schedule(
        only(order), by=user, engineer=engineer, start=start or tomorrow()
    )
    assert outcome.changed == 0
    assert states(order) == ("pending", ["pending"], None)
    return codes(outcome)


def test_who_lacks_a_skill_is_refused(user):
    order = make_order(tasks=[Task("installation", "tachograph"), Task("inspection", "tracker")])
    assert refused(order, user, make_engineer(skills=["tracker"])) == {"unskilled": 1}


def test_who_is_away_off_busy_or_gone_is_refused(user, order):
    engineer = make_engineer(working_hours=OFFICE_HOURS)
    day = tomorrow().date()
    assert refused(order, user, engineer, tomorrow(12)) == {"off_hours": 1}
    assert refused(order, user, engineer, tomorrow(11, 30)) == {"off_hours": 1}
    schedule(make_order(), engineer, user, tomorrow(10))
    assert refused(order, user, engineer, tomorrow(10, 30)) == {"busy": 1}
    assert refused(order, user, engineer, tomorrow(9, 1)) == {"busy": 1}
    away = make_engineer()
    staff.note_leave(only(away), by=user, first_day=day, last_day=day)
    assert refused(order, user, away) == {"on_leave": 1}
    assert refused(order, user, make_engineer(is_active=False)) == {"engineer_inactive": 1}
    # Back to back is fine.
    schedule(order, engineer, user, tomorrow(9))


def test_a_moment_that_has_passed_is_refused_at_its_field(user, order):
    always = make_engineer(working_hours=[[["00:00", "24:00"]]] * 7)
    for start in (tomorrow(days=-1), timezone.now() - timedelta(minutes=1)):
        with pytest.raises(ValidationError) as refusal:
            scheduling.schedule(only(order), by=user, engineer=always, start=start)
        assert list(refusal.value.message_dict) == ["start"]
        assert states(order) == ("pending", ["pending"], None)
    schedule(order, always, user)
    with pytest.raises(ValidationError):
        scheduling.reschedule(only(order), by=user, start=timezone.now() - timedelta(minutes=1))


def test_several_orders_are_laid_one_after_the_other(user):
    engineer = make_engineer(working_hours=OFFICE_HOURS)
    orders = [make_order() for _ in range(3)]
    outcome = scheduling.schedule(only(*orders), by=user, engineer=engineer, start=tomorrow(10))
    assert (outcome.changed, codes(outcome)) == (2, {"off_hours": 1})
    starts = InstallationBooking.objects.order_by("start").values_list("start", flat=True)
    assert list(starts) == [tomorrow(10), tomorrow(11)]


def test_free_slots_leave_out_what_is_taken(user, order):
    engineer = make_engineer(working_hours=OFFICE_HOURS)
    make_engineer(skills=[])
    day = tomorrow().date()
    schedule(make_order(), engineer, user, tomorrow(10))
    slots = availability.free_slots_for(order, first_day=day, days=1)
    times = [(slot.start, slot.end) for slot in slots]
    assert times[:3] == [
        (tomorrow(8), tomorrow(9)),
        (tomorrow(8, 30), tomorrow(9, 30)),
        (tomorrow(9), tomorrow(10)),
    ]
    assert times[3] == (tomorrow(11), tomorrow(12))
    assert times[-1] == (tomorrow(17), tomorrow(18))
    staff.note_leave(
        only(engineer), by=user, first_day=day + timedelta(days=1), last_day=day + timedelta(days=1)
    )
    assert availability.free_slots_for(order, first_day=day + timedelta(days=1), days=1) == []


def test_who_is_near_comes_first(order):
    make_engineer("Far")
    near = make_engineer("Near", region="thiès")
    order.region = "Thiès"
    assert availability.free_slots_for(order)[0].engineer == near


def test_it_moves_into_its_own_time(user, order, engineer):
    schedule(order, engineer, user, tomorrow(10))
    outcome = scheduling.reschedule(only(order), by=user, start=tomorrow(10, 30))
    assert outcome.changed == 1
    again = scheduling.reschedule(only(order), by=user, start=tomorrow(10, 30))
    assert (again.changed, codes(again)) == (0, {"same": 1})


def test_reassigning_asks_the_other_engineers_time(user, order, engineer):
    other = make_engineer("Moussa")
    schedule(order, engineer, user)
    schedule(make_order(), other, user)
    outcome = scheduling.reassign(only(order), by=user, engineer=other)
    assert codes(outcome) == {"busy": 1}
    third = make_engineer("Awa")
    outcome = scheduling.reassign(only(order), by=user, engineer=third, reason="Ill")
    assert outcome.changed == 1
    order.booking.refresh_from_db()
    assert order.booking.engineer == third
    assert order.services.get().engineer == third
    entry = order.logs.get(batch=outcome.batch)
    assert entry.user == user
    assert "Awa" in entry.action and "Ill" in entry.action
    assert order.history.get(batch_id=outcome.batch.pk).history_user == user
    moved = order.booking.logs.get(batch=outcome.batch)
    assert moved.changes["engineer"] == [engineer.pk, third.pk]


def test_restoring_asks_for_its_slot_again(user, order, engineer):
    schedule(order, engineer, user)
    services.cancel(only(order), by=user, reason="Sold")
    schedule(make_order(), engineer, user)
    outcome = services.restore(only(order), by=user)
    assert codes(outcome) == {"busy": 1}
    assert states(order) == ("cancelled", ["cancelled"], "cancelled")


def test_restoring_asks_whether_the_engineer_is_there(user, order, engineer):
    schedule(order, engineer, user)
    services.cancel(only(order), by=user, reason="Sold")
    day = tomorrow().date()
    staff.note_leave(only(engineer), by=user, first_day=day, last_day=day)
    outcome = services.restore(only(order), by=user)
    assert codes(outcome) == {"on_leave": 1}
    assert states(order) == ("cancelled", ["cancelled"], "cancelled")


def test_leave_waits_for_appointments_to_be_moved(user, order, engineer):
    schedule(order, engineer, user)
    day = tomorrow().date()
    outcome = staff.note_leave(only(engineer), by=user, first_day=day, last_day=day)
    assert codes(outcome) == {"appointments": 1}


def test_only_what_is_in_the_diary_moves_or_starts(user, order, engineer):
    for outcome in (
        scheduling.reschedule(only(order), by=user, start=tomorrow()),
        scheduling.reassign(only(order), by=user, engineer=engineer),
        scheduling.unschedule(only(order), by=user),
    ):
        assert codes(outcome) == {"not_scheduled": 1}
    begin(order, engineer, user)
    assert codes(scheduling.unschedule(only(order), by=user)) == {"not_scheduled": 1}


def test_one_that_was_out_of_the_diary_goes_back_beside_a_new_one(user, order, engineer):
    schedule(order, engineer, user)
    scheduling.unschedule(only(order), by=user)
    other = make_order()
    outcome = scheduling.schedule(only(order, other), by=user, engineer=engineer, start=tomorrow(8))
    assert outcome.changed == 2
    for visit, versions in ((order.booking, [1, 2, 3]), (other.booking, [1])):
        history = visit.history.order_by("history_id")
        assert list(history.values_list("version", flat=True)) == versions
        assert visit.logs.filter(batch=outcome.batch).count() == 1


def test_its_statements_do_not_grow(user):
    counts = []
    for many in (2, 9):
        engineer = make_engineer()
        orders = [make_order() for _ in range(many)]
        with CaptureQueriesContext(connection) as statements:
            outcome = scheduling.schedule(
                only(*orders), by=user, engineer=engineer, start=tomorrow(8)
            )
        assert outcome.changed == many
        counts.append(len(statements))
    assert counts[0] == counts[1]
