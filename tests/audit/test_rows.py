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
    same = {"status": "pending", "billable": False, "version": 1, **dict.fromkeys(empty, "")}
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


def test_it_takes_one_statement_for_any_number_of_rows():
    customer = make_customer()
    for count in (1, 50):
        with CaptureQueriesContext(connection) as queries:
            insert(ride(f"R-{count}-{number}", customer) for number in range(count))
        assert len(queries) == 1
    assert Booking.objects.count() == 51


def test_a_row_that_the_database_refuses_leaves_none():
    customer = make_customer()
    rows = [ride("R-1", customer), ride("R-2", customer, passenger_count=0)]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(rows)
    assert not Booking.objects.exists()


def test_a_row_that_fails_while_it_is_worked_out_leaves_none():
    customer = make_customer()

    def rows():
        yield ride("R-1", customer)
        raise LookupError

    with pytest.raises(LookupError), transaction.atomic():
        insert(rows())
    assert not Booking.objects.exists()
