"""From the order to the completed installation: the states of all move together."""

import pytest

from bookings.installations import scheduling, services, work
from bookings.installations.models import Fitting
from inventory.models import MouvementStock
from tests.factories import make_user
from tests.installations.conftest import begin, fittings_for, only, schedule, states, tomorrow

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(db):
    return make_user("awa", is_superuser=True)


def test_from_order_to_completed(user, order, engineer):
    assert states(order) == ("pending", ["pending"], None)
    schedule(order, engineer, user)
    assert states(order) == ("scheduled", ["scheduled"], "scheduled")
    assert order.services.get().engineer == engineer
    work.start(only(order), by=user)
    assert states(order) == ("in_progress", ["in_progress"], "in_progress")
    outcome = work.complete(only(order), by=user, fittings=fittings_for(order))
    assert outcome.changed == 1, outcome.refused
    assert states(order) == ("completed", ["completed"], "completed")
    article = order.lines.get().article
    assert article.quantite_stock == 9
    movement = MouvementStock.objects.get(article=article, reference_document=order.number)
    assert (movement.quantite, movement.type_mouvement) == (-1, "SORTIE")
    assert Fitting.objects.get().vehicle_registration == "DK 4521 B"
    reopened = work.reopen(only(order), by=user, reason="Slip")
    assert reopened.changed == 1
    article.refresh_from_db()
    assert article.quantite_stock == 10
    assert states(order) == ("in_progress", ["in_progress"], "in_progress")


def test_it_moves_and_is_cancelled_and_restored(user, order, engineer):
    schedule(order, engineer, user)
    outcome = scheduling.reschedule(only(order), by=user, start=tomorrow(14))
    assert outcome.changed == 1
    order.booking.refresh_from_db()
    assert order.booking.start == tomorrow(14)
    services.cancel(only(order), by=user, reason="Sold the car")
    assert states(order) == ("cancelled", ["cancelled"], "cancelled")
    services.restore(only(order), by=user)
    assert states(order) == ("scheduled", ["scheduled"], "scheduled")
    scheduling.unschedule(only(order), by=user)
    assert states(order) == ("pending", ["pending"], "cancelled")
    services.cancel(only(order), by=user, reason="Sold the car")
    services.restore(only(order), by=user)
    assert states(order) == ("pending", ["pending"], "cancelled")
    begin(order, engineer, user)
    assert states(order) == ("in_progress", ["in_progress"], "in_progress")
