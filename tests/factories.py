"""The records that tests need, each valid as it comes: give only what the test is about."""

from datetime import timedelta
from itertools import count

from django.contrib.auth.models import Group
from django.utils import timezone

from bookings.models import Booking, RoundTrip
from bookings.states import CancellationKind, Leg, Status
from project.directory.models import Customer, Driver, Partner
from project.utilisateurs.models import CustomUser

number = count(1)


def make_user(username=None, *, groups=(), password=None, **fields):
    """A user in the named groups ("Bureau", …). Without a password: use `client.force_login`."""
    user = CustomUser(username=username or f"user{next(number)}", **fields)
    user.set_password(password)
    user.save()
    user.groups.set([Group.objects.get(name=name) for name in groups])
    return user


def make_customer(name=None, *, by=None, **fields):
    return make(Customer(name=name or f"Customer {next(number)}", **fields), by)


def make_driver(name=None, *, by=None, **fields):
    return make(Driver(name=name or f"Driver {next(number)}", **fields), by)


def make_partner(name=None, *, by=None, **fields):
    return make(Partner(name=name or f"Partner {next(number)}", **fields), by)


def make_booking(*, by=None, **fields):
    """A pending booking tomorrow; what a status needs to be possible is filled in with it."""
    status = fields.get("status", Status.PENDING)
    given = {
        "passenger_name": f"Passenger {next(number)}",
        "pickup_address": "Aéroport Blaise-Diagne, Diass",
        "dropoff_address": "12 rue Carnot, Dakar",
        "pickup_at": timezone.now() + timedelta(days=1),
    }
    if status in (Status.IN_PROGRESS, Status.COMPLETED, Status.NO_SHOW):
        if not fields.get("partner"):
            fields.setdefault("driver", make_driver())
    elif status == Status.CANCELLED:
        given |= {
            "status_before": Status.PENDING,
            "cancelled_at": timezone.now(),
            "cancellation_kind": CancellationKind.CUSTOMER,
            "cancellation_reason": "Flight cancelled",
        }
    if "customer" not in fields:
        fields["customer"] = make_customer()
    return make(Booking(**given | fields), by)


def make_round_trip(*, by=None, outbound=None, inbound=None, **fields):
    """An outbound ride and its return five hours later; `fields` go to both. Returns the pair."""
    trip = RoundTrip.objects.create()
    fields.setdefault("customer", make_customer())
    start = fields.pop("pickup_at", timezone.now() + timedelta(days=1))
    return (
        make_booking(
            by=by,
            **fields
            | {"round_trip": trip, "leg": Leg.OUTBOUND, "pickup_at": start}
            | (outbound or {}),
        ),
        make_booking(
            by=by,
            **fields
            | {"round_trip": trip, "leg": Leg.RETURN, "pickup_at": start + timedelta(hours=5)}
            | (inbound or {}),
        ),
    )


def make(record, by):
    record.save(by=by)
    return record
