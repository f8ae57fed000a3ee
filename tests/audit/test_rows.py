"""Rows that Python worked out, inserted in one statement."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.entries import DEFAULTS, FIELDS, FOLLOWING
from bookings.models import Booking, following
from project.audit.rows import insert_rows
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

COLUMNS = {"reference": "text", **FIELDS, **FOLLOWING}
# What means something to a database, or to a file that it copies from.
AWKWARD = ("\\N", "\\.", "a\tb\nc\r\nd", 'a "quote" and l\'autre', "100 % {x} \\t", "", "Ζωή 🚕")


def ride(reference, customer, **values):
    given = {
        **DEFAULTS,
        "reference": reference,
        "pickup_at": timezone.now(),
        "customer_id": customer.pk,
        "passenger_name": "Awa",
        "pickup_address": "Gare",
        "dropoff_address": "Port",
        **values,
    }
    return given | following(given)


def insert(rows):
    now = timezone.now()
    empty = ("status_before", "cancellation_kind", "cancellation_reason", "leg")
    no = dict.fromkeys(("billable", "planned_return"), False)
    same = {"status": "pending", "version": 1, **no, **dict.fromkeys(empty, "")}
    insert_rows(Booking, COLUMNS, rows, {**same, "created_at": now, "updated_at": now})


def test_it_inserts_every_value_as_it_is():
    customer = make_customer()
    rows = [
        ride(f"R-{number}", customer, office_notes=text, stops=[text, "Marché"], price=number)
        for number, text in enumerate(AWKWARD)
    ]
    insert(rows)
    names = ("reference", "office_notes", "stops", "price", "driver_id", "pickup_at", "search_text")
    found = Booking.objects.filter(customer=customer).order_by("pk").values(*names)
    assert list(found) == [{name: row[name] for name in names} for row in rows]


def test_its_statements_do_not_grow_with_the_rows():
    customer = make_customer()
    for count in (1, 50):
        with CaptureQueriesContext(connection) as queries:
            insert(ride(f"R-{count}-{number}", customer) for number in range(count))
        assert len(queries) == (4 if connection.vendor == "sqlite" else 1)
    assert Booking.objects.count() == 51


def test_a_row_that_the_database_refuses_leaves_none():
    customer = make_customer()
    rows = [ride("R-1", customer), ride("R-2", customer, passenger_count=0)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(rows)
    assert not Booking.objects.exists()


def test_after_a_refusal_the_same_connection_inserts_again():
    customer = make_customer()
    with pytest.raises(IntegrityError), transaction.atomic():
        insert([ride("R-1", customer, passenger_count=0)])
    insert([ride("R-1", customer)])
    assert Booking.objects.get().reference == "R-1"


def test_a_row_that_fails_while_it_is_worked_out_leaves_none():
    customer = make_customer()

    def rows():
        yield ride("R-1", customer)
        raise LookupError

    with pytest.raises(LookupError), transaction.atomic():
        insert(rows())
    assert not Booking.objects.exists()
