"""Who may make a ride recur, give a series another rule, and have its rides driven."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from bookings import series_services
from bookings.models import Booking, Series
from bookings.recurrence import Rule
from project.audit.models import Batch
from tests.bookings.conftest import browser_of
from tests.bookings.posting import text_of
from tests.factories import make_booking, make_driver, make_user

pytestmark = pytest.mark.django_db
SIX_DAYS = Rule("DAILY", count=6)


@pytest.fixture
def ride(bureau):
    """The first of six days in a row."""
    ride = make_booking(pickup_at=datetime(2027, 1, 4, 8, 30, tzinfo=UTC))
    series_services.repeat(ride, by=bureau, rule=SIX_DAYS)
    return ride


def clerk_with(*codenames):
    """The browser, in English, of someone who sees bookings and has these rights."""
    clerk = make_user("clerk")
    clerk.user_permissions.set(Permission.objects.filter(codename__in=("view_booking", *codenames)))
    return browser_of(clerk)


def url_of(ride):
    return reverse("bookings:reschedule", args=[ride.reference])


def sent(client, ride, count):
    """What the page sends to make of it as many days, from this one on."""
    hidden = dict(client.get(url_of(ride)).context["hidden"])
    asked = {"scope": "following", "frequency": "DAILY", "interval": "1", "month": "date"}
    return asked | {"ends": "count", "count": str(count)} | hidden


def left_as_it_was():
    made = Batch.objects.filter(action="bookings.reschedule")
    return (Series.objects.get().rule, Booking.objects.count(), made.count()) == (
        str(SIX_DAYS),
        6,
        0,
    )


def test_another_rule_takes_the_permission_to_make_rides_recur(desk, ride):
    clerk, given = clerk_with("change_booking", "cancel_booking"), sent(desk, ride, count=8)
    assert clerk.get(url_of(ride)).status_code == 403
    assert clerk.post(url_of(ride), given).status_code == 403
    assert clerk.post(url_of(ride), given | {"preview": "1"}).status_code == 403
    assert url_of(ride) not in text_of(clerk.get(ride.get_absolute_url()))
    assert left_as_it_was()


def test_one_that_cancels_rides_takes_the_permission_to_cancel_as_well(ride):
    clerk = clerk_with("repeat_booking")
    assert clerk.post(url_of(ride), sent(clerk, ride, count=2)).status_code == 403
    assert left_as_it_was()
    assert clerk.post(url_of(ride), sent(clerk, ride, count=8)).status_code == 302
    assert Booking.objects.filter(series__isnull=False).count() == 8


def test_who_may_not_assign_makes_no_rides_that_are_given_to_a_driver(bureau):
    """Ticked all the same, the box is not there: the copies are made, to be assigned."""
    ride = make_booking(pickup_at=datetime(2027, 1, 4, 8, 30, tzinfo=UTC), driver=make_driver())
    url = reverse("bookings:repeat", args=[ride.reference])
    asked = {"frequency": "DAILY", "interval": "1", "month": "date", "ends": "count", "count": "3"}
    clerk = clerk_with("repeat_booking")
    page = clerk.get(url)
    assert "Keep the driver" not in text_of(page)
    hidden = dict(page.context["hidden"])
    assert clerk.post(url, asked | {"same_driver": "on"} | hidden).status_code == 302
    assert Booking.objects.count() == 3
    assert Booking.objects.exclude(pk=ride.pk).filter(driver__isnull=True).count() == 2


def test_nor_does_another_rule(bureau):
    ride = make_booking(pickup_at=datetime(2027, 1, 4, 8, 30, tzinfo=UTC), driver=make_driver())
    series_services.repeat(ride, by=bureau, rule=SIX_DAYS, same_driver=True)
    ride.refresh_from_db()
    clerk = clerk_with("repeat_booking", "cancel_booking", "change_booking")
    assert "keep the driver" not in text_of(clerk.get(url_of(ride)))
    given = sent(clerk, ride, count=8) | {"same_driver": "on"}
    assert clerk.post(url_of(ride), given).status_code == 302
    assert Booking.objects.filter(driver__isnull=True).count() == 2
    boss = browser_of(bureau)
    assert "keep the driver" in text_of(boss.get(url_of(ride)))
