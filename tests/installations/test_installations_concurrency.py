"""Two writers at once, on two connections and in real transactions."""

import itertools

import pytest
from django.core.exceptions import ValidationError

from bookings.installations import scheduling, services, staff, work
from bookings.installations.models import Fitting, InstallationBooking, Order
from bookings.installations.services import Line
from inventory import movements
from inventory.models import Article
from project.actions.undo import undo
from tests.at_once import at_once
from tests.factories import make_article, make_boutique, make_engineer, make_order, make_user
from tests.installations.conftest import (
    begin,
    fittings_with,
    only,
    schedule,
    states,
    tomorrow,
)

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3


@pytest.fixture
def user(db):
    return make_user("awa", is_superuser=True)


def overlaps(engineer):
    bookings = list(
        InstallationBooking.objects.filter(engineer=engineer).occupying().order_by("start")
    )
    return [
        (one, other) for one, other in itertools.pairwise(bookings) if other.start < one.ends_at
    ]


def test_a_slot_is_given_once(user):
    for _ in range(ROUNDS):
        engineer, orders = make_engineer(), [make_order(), make_order()]
        outcomes = at_once(
            *(
                lambda order=order, engineer=engineer: scheduling.schedule(
                    only(order), by=user, engineer=engineer, start=tomorrow()
                )
                for order in orders
            )
        )
        assert sorted(outcome.changed for outcome in outcomes) == [0, 1], outcomes
        assert overlaps(engineer) == []
        told = sorted(states(order)[0] for order in orders)
        assert told == ["pending", "scheduled"]


def test_nor_by_a_move_and_a_restore(user):
    for _ in range(ROUNDS):
        engineer, other = make_engineer(), make_engineer()
        gone, moving = make_order(), make_order()
        schedule(gone, engineer, user)
        services.cancel(only(gone), by=user, reason="Sold")
        schedule(moving, other, user)
        outcomes = at_once(
            lambda gone=gone: services.restore(only(gone), by=user),
            lambda moving=moving, engineer=engineer: scheduling.reassign(
                only(moving), by=user, engineer=engineer
            ),
        )
        assert sorted(outcome.changed for outcome in outcomes) == [0, 1], outcomes
        assert overlaps(engineer) == []


def test_nor_on_leave(user):
    for _ in range(ROUNDS):
        engineer, order = make_engineer(), make_order()
        day = tomorrow().date()
        outcomes = at_once(
            lambda engineer=engineer, order=order: scheduling.schedule(
                only(order), by=user, engineer=engineer, start=tomorrow()
            ),
            lambda engineer=engineer, day=day: staff.note_leave(
                only(engineer), by=user, first_day=day, last_day=day
            ),
        )
        assert sorted(outcome.changed for outcome in outcomes) == [0, 1], outcomes


def test_nor_by_a_restore(user):
    for _ in range(ROUNDS):
        engineer, order = make_engineer(), make_order()
        schedule(order, engineer, user)
        services.cancel(only(order), by=user, reason="Sold")
        day = tomorrow().date()
        outcomes = at_once(
            lambda order=order: services.restore(only(order), by=user),
            lambda engineer=engineer, day=day: staff.note_leave(
                only(engineer), by=user, first_day=day, last_day=day
            ),
        )
        assert sorted(outcome.changed for outcome in outcomes) == [0, 1], outcomes


def test_the_last_kit_is_promised_once(user):
    for _ in range(ROUNDS):
        kit = make_article(make_boutique(currency="XOF"), 1)
        outcomes = at_once(*[lambda kit=kit: make_order(lines=[Line(kit, 1)])] * 2)
        assert sum(isinstance(each, Order) for each in outcomes) == 1, outcomes


def test_the_office_does_not_take_what_is_being_promised(user):
    for _ in range(ROUNDS):
        kit = make_article(make_boutique(currency="XOF"), 1)
        placed, issued = at_once(
            lambda kit=kit: make_order(lines=[Line(kit, 1)]),
            lambda kit=kit: movements.issue(
                Article.objects.filter(pk=kit.pk), by=user, quantity=1, reference="BS"
            ),
        )
        assert isinstance(placed, Order) == (issued.changed == 0)


def test_it_is_completed_or_taken_back_but_not_both(user):
    for _ in range(ROUNDS):
        kit = make_article(make_boutique(currency="XOF"), 1)
        order = make_order(lines=[Line(kit, 1, serialised=False)])
        begin(order, make_engineer(), user)
        done, cancelled = at_once(
            lambda order=order: work.complete(only(order), by=user),
            lambda order=order: services.cancel(only(order), by=user, reason="Sold"),
        )
        assert done.changed + cancelled.changed == 1, (done, cancelled)
        kit.refresh_from_db()
        assert kit.quantite_stock == (0 if done.changed else 1)
        order_state, [service], booking = states(order)
        assert order_state == service == booking


def test_a_serial_number_stands_once_whoever_comes_first(user):
    """An undone reopening would fit it again, while another order is completed with it."""
    for number in range(ROUNDS):
        serial = f"SN-{number}"
        article = make_article(make_boutique(currency="XOF"), 5)
        order, other = (make_order(lines=[Line(article)]) for _ in range(2))
        begin(order, make_engineer(), user)
        work.complete(only(order), by=user, fittings=fittings_with(serial, order))
        reopened = work.reopen(only(order), by=user, reason="Wrong kit").batch
        begin(other, make_engineer(), user)
        undone, done = at_once(
            lambda reopened=reopened: undo(reopened, by=user),
            lambda other=other, serial=serial: work.complete(
                only(other), by=user, fittings=fittings_with(serial, other)
            ),
        )
        if isinstance(done, ValidationError):
            assert undone.changed == 1
        else:
            assert (done.changed, undone.refused[0].code) == (1, "fitted_since")
        assert Fitting.objects.filter(serial_number=serial, voided_in=None).count() == 1
