"""Messages of what was undone before they left, and then done again: by the undo of the undo."""

import re
from datetime import date

import pytest

from bookings import changes, services
from bookings.changes import To
from bookings.states import Status
from project.actions.undo import undo
from tests.bookings.conftest import only
from tests.bookings.mailbox import cancel, edit, sent
from tests.factories import make_booking, make_customer, make_round_trip

pytestmark = pytest.mark.django_db


def cancelled(booking, by):
    return cancel(only(booking), by).batch


def confirmed(booking, by):
    return services.set_status(only(booking), by=by, status=Status.CONFIRMED, tell=True).batch


def changed(booking, by):
    values = {"dropoff_address": To("Port de Dakar")}
    return changes.change(only(booking), by=by, values=values, tell=True).batch


def edited(booking, by):
    return edit(booking, by, pickup_address="Port de Dakar")


def given_to_another(booking, by):
    other = make_customer("Sarr", email="sarr@example.org", language="en")
    return edit(booking, by, customer=other)


ACTS = [cancelled, confirmed, changed, edited, given_to_another]


def told():
    """(to whom, about what) of the messages that leave now, whichever ride it is."""
    return sorted(
        (message["To"].addresses[0].addr_spec, re.sub(r"R-\d\d-\d+", "R", message["Subject"]))
        for message in sent()
    )


@pytest.mark.parametrize("act", ACTS)
def test_what_is_done_again_is_told_after_all(bureau, hotel, act):
    first = make_booking(customer=hotel, status=Status.PENDING)
    act(first, bureau)
    expected = told()
    assert expected
    booking = make_booking(customer=hotel, status=Status.PENDING)
    undone = undo(act(booking, bureau), by=bureau)
    again = undo(undone.batch, by=bureau)
    assert again.changed == 1
    assert told() == expected


@pytest.mark.parametrize("act", ACTS)
def test_what_is_undone_a_second_time_is_told_if_it_had_left(bureau, hotel, act):
    booking = make_booking(customer=hotel, status=Status.PENDING)
    undone = undo(act(booking, bureau), by=bureau)
    again = undo(undone.batch, by=bureau)
    back = undo(again.batch, by=bureau)
    assert told() == []  # nobody had heard of anything
    once_more = undo(back.batch, by=bureau)
    count = len(told())
    assert count == (2 if act is given_to_another else 1)
    undo(once_more.batch, by=bureau)
    assert len(told()) == count


def test_only_what_came_about_again_is_told(bureau, hotel):
    other = make_customer("Sarr", email="sarr@example.org", language="en")
    out, back = make_round_trip(customer=hotel)
    alone = make_booking(customer=other)
    undone = undo(cancel(only(out, back, alone), bureau).batch, by=bureau)
    edit(alone, bureau, tell=False, office_notes="Called back")
    again = undo(undone.batch, by=bureau)
    assert again.changed == 2
    assert [to for to, _subject in told()] == ["hotel@example.org"]


def test_what_was_made_and_told_together_is_called_off_together_and_nothing_else_with_it(bureau):
    customer = make_customer(email="awa@example.org", language="en")
    rides = [*make_round_trip(customer=customer), *make_round_trip(customer=customer)]
    rides.append(make_booking(customer=customer))
    copied = services.duplicate(only(*rides), by=bureau, date=date(2030, 1, 1), tell=True)
    made = [subject for _to, subject in told()]
    assert made == [
        "Your 2 rides from 1 Jan 2030 (R)",
        "Your 2 rides from 1 Jan 2030 (R)",
        "Your ride on 1 Jan 2030 (R)",
    ]
    undo(copied.batch, by=bureau)
    assert [subject for _to, subject in told()] == [
        "Cancelled: your 2 rides from 1 Jan 2030 (R)",
        "Cancelled: your 2 rides from 1 Jan 2030 (R)",
        "Cancelled: your ride on 1 Jan 2030 (R)",
    ]
