"""What customers read of their appointment, and what their calendar makes of it."""

import pytest

from bookings.installations import scheduling, services
from project.actions.undo import undo
from tests.bookings.mailbox import entry_of, sent, texts_of
from tests.factories import make_customer, make_engineer, make_order, make_user
from tests.installations.conftest import only, schedule, tomorrow

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(db):
    return make_user("awa", is_superuser=True)


@pytest.fixture
def john(db):
    return make_order(
        customer=make_customer("John", email="john@example.org", language="en"),
        vehicle_registration="DK 4521 B",
    )


def test_the_life_of_an_appointment_in_letters(user, john, engineer):
    schedule(john, engineer, user, tell=True)
    [message] = sent()
    assert message["To"] == "John <john@example.org>"
    assert john.number in message["Subject"]
    for text in texts_of(message):
        for said in ("Sarah Ndiaye", "12 rue Carnot, Dakar", "DK 4521 B", "10"):
            assert said in text
    first = entry_of(message)
    assert first.start == tomorrow()
    assert (first["STATUS"], first.end - first.start) == ("CONFIRMED", first.duration)

    other = make_engineer("Moussa Ba")
    scheduling.reschedule(only(john), by=user, start=tomorrow(15), engineer=other, tell=True)
    [message] = sent()
    for text in texts_of(message):
        assert "Sarah Ndiaye" in text and "Moussa Ba" in text
    second = entry_of(message)
    assert second["UID"] == first["UID"]
    assert second["SEQUENCE"] > first["SEQUENCE"]
    assert second.start == tomorrow(15)

    services.cancel(only(john), by=user, reason="Sold", tell=True)
    [message] = sent()
    gone = entry_of(message)
    assert (gone["UID"], gone["STATUS"]) == (first["UID"], "CANCELLED")
    services.restore(only(john), by=user, tell=True)
    [message] = sent()
    assert entry_of(message)["STATUS"] == "CONFIRMED"


def test_an_undo_takes_back_what_waits_and_tells_the_contrary_of_what_left(user, john, engineer):
    outcome = schedule(john, engineer, user, tell=True)
    undone = undo(outcome.batch, by=user)
    assert sent() == []
    undo(undone.batch, by=user)
    moved = scheduling.reschedule(only(john), by=user, start=tomorrow(15), tell=True)
    [message] = sent()
    assert entry_of(message).start == tomorrow(15)
    undo(moved.batch, by=user)
    [message] = sent()
    assert entry_of(message).start == tomorrow()


def test_nobody_is_told_without_an_address_or_a_booking(user, john, order, engineer):
    schedule(order, engineer, user, tell=True)
    services.cancel(only(john), by=user, reason="Sold", tell=True)
    assert sent() == []
