from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from bookings import services
from bookings.models import Booking
from bookings.states import PaymentState, Status
from bookings.wall_time import on_date
from project.audit.models import NumberRange
from project.search.index import matching
from tests.bookings.conftest import codes, only
from tests.factories import make_booking, make_customer, make_driver

pytestmark = pytest.mark.django_db


def copies():
    return Booking.objects.filter(logs__action_code="bookings.duplicate").order_by("pk")


def test_it_copies_the_ride_and_never_what_came_of_it(bureau):
    original = make_booking(
        status=Status.NO_SHOW,
        driver=make_driver(),
        price=Decimal(9000),
        payout=Decimal(4000),
        billable=True,
        fee=Decimal(500),
        payment_state=PaymentState.PAID,
        stops=["Colobane"],
        passenger_name="Awa Ndiaye",
        archived_at=timezone.now(),
    )
    outcome = services.duplicate(only(original), by=bureau, date=date(2030, 3, 4))
    assert outcome.changed == 1
    copy = copies().get()
    assert (copy.passenger_name, copy.customer, copy.stops) == (
        "Awa Ndiaye",
        original.customer,
        ["Colobane"],
    )
    assert (copy.status, copy.driver, copy.payment_state) == (
        Status.PENDING,
        None,
        PaymentState.UNPAID,
    )
    assert (copy.billable, copy.fee, copy.archived_at, copy.version) == (False, None, None, 1)
    assert (copy.price, copy.payout) == (9000, 4000)
    assert timezone.localdate(copy.pickup_at) == date(2030, 3, 4)
    assert (
        timezone.localtime(copy.pickup_at).time() == timezone.localtime(original.pickup_at).time()
    )
    assert copy.ends_at - copy.pickup_at == original.ends_at - original.pickup_at
    assert copy.history.get().history_type == "+"
    assert copy.logs.get().user == bureau
    assert original.logs.filter(batch=outcome.batch, action_code="bookings.copied").exists()


def test_the_copy_is_found_by_its_own_reference(bureau):
    services.duplicate(only(make_booking()), by=bureau, date=date(2030, 3, 4))
    copy = copies().get()
    assert list(matching(Booking.objects.all(), copy.reference).queryset) == [copy]


def test_references_are_new_and_the_next_booking_goes_on_after_them(bureau):
    originals = [make_booking() for _ in range(3)]
    services.duplicate(only(*originals), by=bureau, date=date(2030, 3, 4))
    references = [*Booking.objects.order_by("pk").values_list("reference", flat=True)]
    references.append(make_booking().reference)
    assert len(set(references)) == 7
    numbers = [int(reference.rpartition("-")[2]) for reference in references]
    assert numbers == list(range(numbers[0], numbers[0] + 7))


@pytest.mark.parametrize(
    ("moment", "day", "expected"),
    [
        # 08:30 in Paris in winter, copied into summer: still 08:30 there.
        (datetime(2026, 1, 15, 7, 30, tzinfo=UTC), date(2026, 7, 1), "2026-07-01T08:30+0200"),
        # The night the clocks go forward has no 02:30.
        (datetime(2026, 1, 15, 1, 30, tzinfo=UTC), date(2026, 3, 29), "2026-03-29T03:30+0200"),
        # The night they go back has two: the second.
        (datetime(2026, 1, 15, 1, 30, tzinfo=UTC), date(2026, 10, 25), "2026-10-25T02:30+0100"),
    ],
)
def test_wall_time_is_kept_across_changes_of_clocks(bureau, settings, moment, day, expected):
    settings.TIME_ZONE = "Europe/Paris"
    wanted = datetime.strptime(expected, "%Y-%m-%dT%H:%M%z")
    services.duplicate(only(make_booking(pickup_at=moment)), by=bureau, date=day)
    assert copies().get().pickup_at == wanted
    assert on_date(moment, day, ZoneInfo("Europe/Paris")) == wanted


def test_on_its_own_day_a_copy_is_at_the_very_moment(bureau, settings):
    settings.TIME_ZONE = "Europe/Paris"
    first_of_two = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in summer time
    services.duplicate(
        only(make_booking(pickup_at=first_of_two)), by=bureau, date=date(2026, 10, 25)
    )
    assert copies().get().pickup_at == first_of_two


def test_copies_of_all_that_match_are_not_told_as_originals(bureau):
    for _ in range(3):
        make_booking()
    services.duplicate(Booking.objects.all(), by=bureau, date=date(2030, 3, 4))
    assert Booking.objects.count() == 6
    assert Booking.objects.filter(logs__action_code="bookings.copied").count() == 3


def test_it_refuses_a_customer_who_left(bureau):
    booking = make_booking(customer=make_customer(is_active=False))
    outcome = services.duplicate(only(booking, make_booking()), by=bureau, date=date(2030, 3, 4))
    assert (outcome.changed, codes(outcome)) == (1, {"customer_inactive": 1})
    assert copies().count() == 1


def test_a_full_series_refuses_and_copies_nothing(bureau):
    booking = make_booking()
    NumberRange.objects.update(last=999_999)
    with pytest.raises(ValidationError):
        services.duplicate(only(booking), by=bureau, date=date(2030, 3, 4))
    assert Booking.objects.count() == 1
