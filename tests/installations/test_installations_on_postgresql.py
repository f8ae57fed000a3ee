"""What PostgreSQL holds by itself, beside the services."""

import pytest
from django.db import IntegrityError, connection, models

from bookings.installations.models import InstallationBooking
from tests.factories import make_order, make_user
from tests.installations.conftest import schedule, tomorrow

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def test_an_engineer_in_two_places_is_refused_by_the_database(engineer):
    clerk = make_user("awa", is_superuser=True)
    schedule(make_order(), engineer, clerk, tomorrow(8))
    later = make_order()
    schedule(later, engineer, clerk, tomorrow(10))
    bookings = models.QuerySet(InstallationBooking).filter(order=later)
    bookings.update(start=tomorrow(9), ends_at=tomorrow(10))  # back to back is fine
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="installation_no_overlap"):
        bookings.update(start=tomorrow(8, 59))
