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


@pytest.fixture
def sarah(db):
    return make_engineer("Sarah", email="sarah@example.org")


@pytest.fixture
def moussa(db):
    account = make_user("moussa", language="en")
    return make_engineer("Moussa", email="moussa@example.org", user=account)


def news():
    """{whom: (the status of the entry, when it is)} of what is sent now."""
    found = {}
    for message in sent():
        entry = entry_of(message)
        assert message["To"] not in found
        found[message["To"].partition(" ")[0]] = (str(entry["STATUS"]), entry.start)
    return found


def test_an_engineer_is_told_of_a_visit_gained_moved_and_lost(user, order, sarah, moussa):
    schedule(order, sarah, user)
    assert news() == {"Sarah": ("CONFIRMED", tomorrow())}
    scheduling.reschedule(only(order), by=user, start=tomorrow(15))
    assert news() == {"Sarah": ("CONFIRMED", tomorrow(15))}
    scheduling.reassign(only(order), by=user, engineer=moussa)
    assert news() == {
        "Sarah": ("CANCELLED", tomorrow(15)),
        "Moussa": ("CONFIRMED", tomorrow(15)),
    }
    scheduling.unschedule(only(order), by=user)
    assert news() == {"Moussa": ("CANCELLED", tomorrow(15))}
    schedule(order, moussa, user)
    services.cancel(only(order), by=user, reason="Sold")
    assert news() == {"Moussa": ("CANCELLED", tomorrow())}
    services.restore(only(order), by=user)
    assert news() == {"Moussa": ("CONFIRMED", tomorrow())}


def test_an_engineer_reads_where_to_go_and_what_is_new(user, john, moussa):
    schedule(john, moussa, user)
    sent()
    scheduling.reschedule(only(john), by=user, start=tomorrow(15))
    [message] = sent()
    assert message["Subject"].startswith("In your diary")
    for text in texts_of(message):
        for said in ("12 rue Carnot, Dakar", "DK 4521 B", "John", "10:00", "15:00"):
            assert said in text


def test_an_undo_tells_engineers_the_contrary_of_what_left(user, order, sarah, moussa):
    schedule(order, sarah, user)
    sent()
    moved = scheduling.reassign(only(order), by=user, engineer=moussa)
    assert news().keys() == {"Sarah", "Moussa"}
    undone = undo(moved.batch, by=user)
    assert news() == {
        "Sarah": ("CONFIRMED", tomorrow()),
        "Moussa": ("CANCELLED", tomorrow()),
    }
    undo(undone.batch, by=user)  # nothing has left of this one yet
    again = scheduling.unschedule(only(order), by=user)
    undo(again.batch, by=user)
    assert news().keys() == {"Sarah", "Moussa"}


def test_the_customer_hears_of_another_engineer_and_of_a_visit_put_off(user, john, engineer):
    schedule(john, engineer, user, tell=True)
    sent()
    scheduling.reassign(only(john), by=user, engineer=make_engineer("Awa Ba"), tell=True)
    [message] = sent()
    for text in texts_of(message):
        assert "Sarah Ndiaye" in text and "Awa Ba" in text
    first = entry_of(message)
    scheduling.unschedule(only(john), by=user, tell=True)
    [message] = sent()
    off = entry_of(message)
    assert (off["UID"], off["STATUS"]) == (first["UID"], "CANCELLED")


def test_an_undo_takes_back_what_waits_and_tells_the_contrary_of_what_left(user, john, engineer):
    outcome = schedule(john, engineer, user, tell=True)
    undone = undo(outcome.batch, by=user)
    assert sent() == []
    undo(undone.batch, by=user)  # so that the appointment stands after all
    [message] = sent()
    assert (entry_of(message)["STATUS"], entry_of(message).start) == ("CONFIRMED", tomorrow())
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
