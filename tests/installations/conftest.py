from datetime import timedelta

import pytest
from django.utils import timezone

from bookings.installations import scheduling, work
from bookings.installations.models import Order
from tests.bookings.conftest import boss, browser_of, bureau, codes, desk, gestion
from tests.factories import make_engineer, make_order

__all__ = ["boss", "browser_of", "bureau", "codes", "desk", "gestion"]


@pytest.fixture
def engineer(db):
    return make_engineer("Sarah Ndiaye")


@pytest.fixture
def order(db):
    return make_order()


def tomorrow(hour=10, minute=0, days=1):
    """A moment of a coming day, local time."""
    day = timezone.localtime() + timedelta(days=days)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def only(*orders):
    """A selection of just these."""
    return type(orders[0]).objects.filter(pk__in=[order.pk for order in orders])


def schedule(order, engineer, by, start=None, **more):
    outcome = scheduling.schedule(
        only(order), by=by, engineer=engineer, start=start or tomorrow(), **more
    )
    assert outcome.changed == 1, outcome.refused
    return outcome


def begin(order, engineer, by, start=None):
    schedule(order, engineer, by, start)
    return work.start(only(order), by=by)


def fittings_for(order, serial="SN-1", vehicle="DK 4521 B"):
    """What completes an order: a serial number for each of its pieces."""
    return [
        {
            "line": line,
            "serial_number": f"{serial}-{line.pk}-{piece}",
            "vehicle_registration": vehicle,
        }
        for line in order.lines.filter(serialised=True)
        for piece in range(line.quantity)
    ]


def fittings_with(serial, order):
    """What completes an order of one piece: this serial number."""
    line = order.lines.get()
    return [{"line": line, "serial_number": serial, "vehicle_registration": "DK 4521 B"}]


def states(order):
    """(of the order, of its services, of its booking)"""
    order = Order.objects.get(pk=order.pk)
    booking = getattr(order, "booking", None)
    services = sorted(set(order.services.values_list("status", flat=True)))
    return order.status, services, booking and booking.status
