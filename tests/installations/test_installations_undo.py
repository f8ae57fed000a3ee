"""Every act is taken back exactly, with what went along."""

import pytest
from django.db import IntegrityError, transaction

from bookings.installations import scheduling, services, staff, work
from bookings.installations.models import Fitting, InstallationBooking, Leave
from bookings.installations.queries import evidence_of
from bookings.installations.services import FITTED_SINCE, Line
from inventory.models import MouvementStock
from project.actions.undo import undo
from tests.factories import make_article, make_boutique, make_engineer, make_order, make_user
from tests.installations.conftest import (
    begin,
    fittings_for,
    fittings_with,
    only,
    schedule,
    states,
    tomorrow,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(db):
    return make_user("awa", is_superuser=True)


def children(order):
    """What the services and the booking say, but for versions and clocks."""
    order.refresh_from_db()
    fields = ("status", "status_before", "engineer_id")
    booking = InstallationBooking.objects.filter(order=order)
    return (
        order.status,
        list(order.services.values_list(*fields)),
        list(booking.values_list(*fields, "start", "ends_at", "started_at", "completed_at")),
    )


def test_what_was_scheduled_waits_again(user, order, engineer):
    outcome = schedule(order, engineer, user)
    undone = undo(outcome.batch, by=user)
    assert undone.changed == 1
    assert states(order) == ("pending", ["pending"], "cancelled")
    assert order.services.get().engineer is None
    again = undo(undone.batch, by=user)
    assert again.changed == 1
    assert states(order) == ("scheduled", ["scheduled"], "scheduled")


def test_each_act_goes_back_to_what_was_before(user, order, engineer):
    other = make_engineer()
    schedule(order, engineer, user)
    acts = (
        lambda: scheduling.reschedule(only(order), by=user, start=tomorrow(15)),
        lambda: scheduling.reassign(only(order), by=user, engineer=other),
        lambda: scheduling.unschedule(only(order), by=user),
        lambda: services.cancel(only(order), by=user, reason="Sold"),
        lambda: work.start(only(order), by=user),
    )
    for act in acts:
        before = children(order)
        outcome = act()
        assert outcome.changed == 1
        assert children(order) != before
        assert undo(outcome.batch, by=user).changed == 1
        assert children(order) == before


def test_a_completion_taken_back_brings_the_kit_in_again(user, order, engineer):
    begin(order, engineer, user)
    before = children(order)
    outcome = work.complete(only(order), by=user, fittings=fittings_for(order))
    article = order.lines.get().article
    undone = undo(outcome.batch, by=user)
    assert children(order) == before
    article.refresh_from_db()
    assert article.quantite_stock == 10
    assert not Fitting.objects.filter(voided_in=None).exists()
    undo(undone.batch, by=user)
    article.refresh_from_db()
    assert article.quantite_stock == 9
    assert Fitting.objects.filter(voided_in=None).count() == 1
    moves = MouvementStock.objects.filter(reference_document=order.number).order_by("pk")
    assert list(moves.values_list("quantite", flat=True)) == [-1, 1, -1]


def test_it_does_not_go_back_to_a_time_that_is_taken(user, order, engineer):
    schedule(order, engineer, user)
    outcome = scheduling.reschedule(only(order), by=user, start=tomorrow(15))
    schedule(make_order(), engineer, user)
    refused = undo(outcome.batch, by=user)
    assert refused.changed == 0
    assert [each.code for each in refused.refused] == ["busy"]
    order.booking.refresh_from_db()
    assert order.booking.start == tomorrow(15)


def test_it_does_not_go_back_to_a_day_of_leave(user, order, engineer):
    schedule(order, engineer, user)
    outcome = scheduling.reschedule(only(order), by=user, start=tomorrow(days=2))
    day = tomorrow().date()
    staff.note_leave(only(engineer), by=user, first_day=day, last_day=day)
    refused = undo(outcome.batch, by=user)
    assert [each.code for each in refused.refused] == ["on_leave"]
    order.booking.refresh_from_db()
    assert order.booking.start == tomorrow(days=2)


def test_leave_noted_afterwards_does_not_keep_what_stays_where_it_is(user, order, engineer):
    begin(order, engineer, user)
    work.complete(only(order), by=user, fittings=fittings_for(order))
    reopened = work.reopen(only(order), by=user, reason="Wrong kit")
    work.complete(only(order), by=user, fittings=fittings_for(order))
    day = tomorrow().date()
    assert staff.note_leave(only(engineer), by=user, first_day=day, last_day=day).changed == 1
    completed = order.logs.filter(action_code=work.COMPLETE).latest("pk").batch
    assert undo(completed, by=user).changed == 1
    assert undo(reopened.batch, by=user).changed == 0  # changed since
    assert states(order)[0] == "in_progress"


def two_of_one_article():
    """Two orders of a piece each, of one article."""
    article = make_article(make_boutique(currency="XOF"), 5)
    return [make_order(lines=[Line(article)]) for _ in range(2)]


def test_a_reopening_is_not_undone_once_its_piece_is_in_another_vehicle(user, engineer):
    order, other = two_of_one_article()
    begin(order, engineer, user)
    work.complete(only(order), by=user, fittings=fittings_with("SN-7", order))
    reopened = work.reopen(only(order), by=user, reason="Wrong kit")
    begin(other, engineer, user, tomorrow(14))
    work.complete(only(other), by=user, fittings=fittings_with("SN-7", other))
    [refused] = undo(reopened.batch, by=user).refused
    assert (refused.code, refused.message) == ("fitted_since", FITTED_SINCE)
    assert states(order)[0] == "in_progress"
    assert list(Fitting.objects.filter(voided_in=None).values_list("line__order", flat=True)) == [
        other.pk
    ]


def test_the_database_itself_refuses_a_serial_number_that_is_fitted(user, engineer):
    order, other = two_of_one_article()
    begin(order, engineer, user)
    work.complete(only(order), by=user, fittings=fittings_with("SN-7", order))
    fitting, line = Fitting.objects.get(), other.lines.get()
    fitting.pk, fitting.line = None, line
    with pytest.raises(IntegrityError), transaction.atomic():
        fitting.save(force_insert=True)
    work.reopen(only(order), by=user, reason="Wrong kit")
    fitting.save(force_insert=True)
    assert fitting.article == line.article


def test_photo_and_signature_go_and_come_with_the_completion(user, order, engineer):
    def kept():
        return list(evidence_of(order).values_list("kind", flat=True))

    begin(order, engineer, user)
    shown = [
        {"kind": kind, "media_type": "image/png", "content": b"picture", "name": ""}
        for kind in ("photo", "signature")
    ]
    done = work.complete(only(order), by=user, fittings=fittings_for(order), evidence=shown)
    assert kept() == ["photo", "signature"]
    undone = undo(done.batch, by=user)
    assert kept() == []
    undo(undone.batch, by=user)
    assert kept() == ["photo", "signature"]
    reopened = work.reopen(only(order), by=user, reason="Wrong kit")
    assert kept() == []
    undo(reopened.batch, by=user)
    assert kept() == ["photo", "signature"]


def test_what_was_changed_since_stays(user, order, engineer):
    outcome = schedule(order, engineer, user)
    scheduling.reschedule(only(order), by=user, start=tomorrow(15))
    assert [each.code for each in undo(outcome.batch, by=user).refused] == ["touched_since"]


def test_an_order_placed_by_mistake_is_cancelled(user):
    order = make_order(by=user)
    batch = order.logs.get().batch
    assert undo(batch, by=user).changed == 1
    assert states(order) == ("cancelled", ["cancelled"], None)


def test_leave_is_lifted_and_put_back(user, engineer):
    day = tomorrow().date()
    noted = staff.note_leave(only(engineer), by=user, first_day=day, last_day=day)
    undone = undo(noted.batch, by=user)
    assert not Leave.objects.in_force().exists()
    undo(undone.batch, by=user)
    assert Leave.objects.in_force().count() == 1
    lifted = staff.lift_leave(only(engineer), by=user, from_day=day)
    assert not Leave.objects.in_force().exists()
    schedule(make_order(), engineer, user)
    assert [each.code for each in undo(lifted.batch, by=user).refused] == ["appointments"]
