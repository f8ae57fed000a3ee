"""What a dialog says will become of the records: before → after, and nothing of it stays."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult

from bookings import round_trips, series_services
from bookings.models import Booking, BookingLog, RoundTrip
from bookings.recurrence import Rule
from bookings.states import Status
from project.audit.models import Batch, NumberRange
from project.notifications.models import Announcement, Notification, OutgoingMail
from project.ui import formats
from tests.asking import HTMX, act, picked, ticket_of, url_of
from tests.bookings.conftest import only
from tests.bookings.posting import text_of
from tests.factories import make_booking, make_customer, make_driver, make_partner, make_round_trip

pytestmark = pytest.mark.django_db
AT = timezone.now().replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=9)


def ask(client, name, data):
    return client.post(url_of(name), data, headers=HTMX)


def again(client, name, data):
    """The dialog refreshed with these answers."""
    return ask(client, name, {**data, "preview": "1"})


def told(response):
    """{reference: {field: (before, after)}} as the dialog shows it, new records under ''."""
    foresight = response.context["preview"].foresight
    return {
        line.name: {
            change.field: (plain(change.before), plain(change.after)) for change in line.changes
        }
        for line in (*foresight.lines, *foresight.also)
    }


def plain(text):
    return text.replace("\u202f", " ").replace("\xa0", " ")


def amount(value):
    with translation.override("en"):
        return plain(formats.amount(Decimal(value), "XOF"))


def counts():
    kinds = (Booking, Booking.history, BookingLog, RoundTrip, Batch)
    kinds += (OutgoingMail, Announcement, Notification, DBTaskResult)
    return (
        [getattr(kind, "objects", kind).count() for kind in kinds],
        list(NumberRange.objects.values_list()),
        list(Booking.objects.order_by("pk").values_list()),
    )


@pytest.mark.django_db(transaction=True)
def test_a_dialog_does_without_while_another_writes_for_long(desk):
    booking, partner = make_booking(), make_partner("Sahel Cars")
    answers = picked(booking) | {"partner": partner.pk}
    assert told(again(desk, "assign", answers))
    writer = connection.copy()
    try:
        if connection.vendor == "sqlite":
            patience, default = "PRAGMA busy_timeout = %d", 20_000
            writer.cursor().execute("BEGIN IMMEDIATE")
        else:
            patience, default = "SET lock_timeout = %d", 0
            writer.set_autocommit(False)
            writer.cursor().execute(
                "SELECT 1 FROM bookings_booking WHERE id = %s FOR UPDATE", [booking.pk]
            )
        with connection.cursor() as cursor:
            cursor.execute(patience % 50)
        asked = again(desk, "assign", answers)
    finally:
        writer.close()
        with connection.cursor() as cursor:
            cursor.execute(patience % default)
    assert asked.status_code == 200
    assert (asked.context["preview"].ready, asked.context["preview"].foresight) == (1, None)
    assert told(again(desk, "assign", answers))


# ------------------------------------------------------------------------------------ what it says
def test_a_dialog_says_before_and_after_of_each_field(desk):
    booking = make_booking(price=Decimal(35_000), driver=make_driver("Ousmane Sarr"))
    partner = make_partner("Sahel Cars")
    asked = again(desk, "assign", picked(booking) | {"partner": partner.pk})
    assert told(asked) == {
        booking.reference: {"driver": ("Ousmane Sarr", "—"), "partner": ("—", "Sahel Cars")}
    }
    shown = text_of(asked)
    assert "<del>" in shown and "Ousmane Sarr" in shown
    assert booking.passenger_name in shown


def test_amounts_have_their_currency(desk):
    booking = make_booking(price=Decimal("1250.50"), currency="EUR")
    asked = again(desk, "cancel", picked(booking) | {"kind": "customer", "billable": "on"})
    assert told(asked)[booking.reference]["fee"] == ("—", "€1,250.50")


def test_what_is_asked_and_not_typed_yet_is_not_in_the_way(desk):
    booking = make_booking()
    asked = ask(desk, "cancel", picked(booking))
    changes = told(asked)[booking.reference]
    assert changes["status"] == ("Pending", "Cancelled")
    assert "reason of the cancellation" not in changes


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("assign", {}),
        ("cancel", {"kind": "whim", "reason": "x"}),
        ("cancel", {"kind": "customer", "reason": "x", "billable": "on", "fee": "much"}),
        ("settle", {"date": "31/31/2026"}),
        ("settle", {"date": ""}),
    ],
)
def test_nothing_is_foretold_while_the_answers_are_wrong(desk, boss, name, answers):
    booking = make_booking(price=Decimal(5), payout=Decimal(3), driver=make_driver())
    client = boss if name == "settle" else desk
    asked = again(client, name, picked(booking) | answers)
    assert asked.status_code == 200
    assert asked.context["preview"].foresight is None
    refused = client.post(url_of(name), picked(booking) | ticket_of(asked) | answers, headers=HTMX)
    assert refused.status_code == 422
    assert refused.context["preview"].foresight is None


def test_what_is_foretold_is_what_happens(desk):
    out, back = make_round_trip(price=Decimal(1001))
    data = picked(back) | {"scope": "round_trip", "kind": "operator", "reason": "Storm"}
    data |= {"billable": "on", "fee": "999"}
    foretold = told(again(desk, "cancel", data))
    act(desk, url_of("cancel"), data, headers=HTMX)
    for segment in (out, back):
        segment.refresh_from_db()
        assert foretold[segment.reference]["fee"] == ("—", amount(segment.fee))
    assert out.fee + back.fee == 999


def test_a_shared_amount_is_right_though_only_a_few_are_tried(desk):
    lone = make_booking(price=Decimal(100))
    trips = [make_round_trip(price=Decimal(100)) for _ in range(12)]
    # The twentieth is the outbound ride of a trip.
    data = picked(lone, *(segment for trip in trips for segment in trip)) | {
        "kind": "customer",
        "billable": "on",
        "fee": "51",
    }
    asked = again(desk, "cancel", data)
    fees = {name: changes["fee"][1] for name, changes in told(asked).items()}
    assert len(fees) == 20
    for out, back in trips:
        for segment, fee in ((out, amount(26)), (back, amount(25))):
            assert fees.get(segment.reference, fee) == fee
    assert asked.context["preview"].foresight.others == 25 - 20
    assert "and 5 others" in text_of(asked)


def test_only_what_will_change_is_named(desk):
    open_one, over = make_booking(), make_booking(status=Status.COMPLETED)
    assert list(told(ask(desk, "cancel", picked(over, open_one)))) == [open_one.reference]
    asked = ask(desk, "cancel", picked(over))
    assert asked.context["preview"].foresight is None


def test_rides_that_make_room_for_each_other_are_told_past_the_first_twenty(desk):
    driver, customer = make_driver(), make_customer()
    rides = [
        make_booking(
            driver=driver,
            customer=customer,
            duration_minutes=14 * 60,
            pickup_at=AT + timedelta(days=day),
        )
        for day in range(22)
    ]
    # Each goes to where the next one still is, which the next one leaves.
    late = timezone.localtime(AT + timedelta(hours=11))
    asked = again(desk, "change", picked(*rides) | {"picked": ["clock"], "clock": f"{late:%H:%M}"})
    assert asked.context["preview"].ready == 22
    assert len(told(asked)) == 20


def test_a_ride_is_told_with_its_other_segment_past_the_first_twenty(boss, gestion):
    outbounds = [make_booking(pickup_at=AT) for _ride in range(25)]
    back = {"date": AT.date(), "clock": (AT + timedelta(hours=5)).time()}
    round_trips.create_return(only(*outbounds), by=gestion, **back)
    rides = Booking.objects.all()
    day = {"picked": ["day"], "day": f"{AT + timedelta(days=7):%Y-%m-%d}"}
    asked = again(boss, "change", picked(*rides) | day)
    foresight = asked.context["preview"].foresight
    assert (len(foresight.lines), foresight.others) == (20, 30)


def test_so_it_is_with_the_rides_of_a_series(boss, gestion):
    outbound, _back = make_round_trip(pickup_at=AT)
    series_services.repeat(outbound, by=gestion, rule=Rule("DAILY", count=15))
    # Where the outbound takes so long, the return has to begin so late.
    longer = {"duration_minutes": "360", "duration_minutes_leg": "outbound"}
    later = {"clock": "20:00", "clock_leg": "return"}
    fields = {"picked": ["duration_minutes", "clock"], **longer, **later}
    rides = Booking.objects.order_by("pk")[1:]  # the twentieth is cut off from its other segment
    asked = again(boss, "change_series", picked(*rides) | fields)
    assert asked.context["preview"].ready == 29
    assert len(asked.context["preview"].foresight.lines) == 20


def test_a_new_record_is_told_beside_what_it_is_made_from(desk):
    booking = make_booking(price=Decimal(35_001), pickup_at=AT)
    answers = {"date": f"{AT + timedelta(days=2):%Y-%m-%d}", "clock": "18:30", "pricing": "split"}
    asked = again(desk, "return", picked(booking) | answers)
    changes = told(asked)
    assert changes[booking.reference]["price"] == (amount(35_001), amount(17_501))
    assert changes[""]["pickup time"][1].endswith("18:30")
    assert "reference" not in changes[""]  # another may take that number first


@pytest.mark.parametrize(
    ("pricing", "given", "price", "payout"),
    [
        ("same", {}, 35_001, 20_001),
        ("split", {}, 17_500, 10_000),
        ("other", {"price": "9000"}, 9_000, None),
        ("other", {"price": "9000", "payout": "5000"}, 9_000, 5_000),
    ],
)
def test_a_return_is_told_with_its_amounts(desk, pricing, given, price, payout):
    booking = make_booking(price=Decimal(35_001), payout=Decimal(20_001), pickup_at=AT)
    answers = {"date": f"{AT + timedelta(days=2):%Y-%m-%d}", "clock": "18:30", "pricing": pricing}
    new = told(again(desk, "return", picked(booking) | answers | given))[""]
    assert new["price"] == ("—", amount(price))
    assert new.get("payout") == (payout and ("—", amount(payout)))


def test_a_pair_is_told_by_the_references_of_both(desk):
    customer = make_customer()
    out, back = (
        make_booking(customer=customer, passenger_name="Awa", pickup_at=AT + timedelta(hours=hour))
        for hour in (0, 6)
    )
    changes = told(ask(desk, "pair", picked(out, back)))
    assert changes[back.reference]["round trip"] == ("—", f"{out.reference} ⇄ {back.reference}")


# ----------------------------------------------------------------------------------- what it costs
@pytest.mark.parametrize("name", ["cancel", "duplicate", "return", "archive", "pair", "settle"])
def test_nothing_of_it_stays(desk, boss, name):
    customer = make_customer(email="hotel@example.org")
    state = Status.COMPLETED if name in ("archive", "settle") else Status.CONFIRMED
    rides = [
        make_booking(
            customer=customer,
            passenger_name="Awa",
            status=state,
            price=Decimal(10),
            payout=Decimal(5),
            pickup_at=AT + timedelta(hours=hour),
        )
        for hour in (0, 6)
    ]
    before = counts()
    data = picked(*rides) | {"tell": "on", "kind": "customer", "clock": "23:30"}
    data |= {
        "date": f"{timezone.localdate() if name == 'settle' else AT + timedelta(days=3):%Y-%m-%d}"
    }
    data |= {"pricing": "same"}
    asked = again(boss if name == "settle" else desk, name, data)
    assert told(asked)
    assert counts() == before


def test_the_token_of_the_dialog_is_still_good(desk):
    booking = make_booking()
    data = picked(booking) | {"kind": "customer", "reason": "Flight"}
    asked = ask(desk, "cancel", data)
    for _ in range(2):
        ask(desk, "cancel", data | ticket_of(asked) | {"preview": "1"})
    desk.post(url_of("cancel"), data | ticket_of(asked), headers=HTMX)
    booking.refresh_from_db()
    assert booking.status == Status.CANCELLED


def test_its_statements_do_not_grow_with_the_selection(desk):
    counted = set()
    for number in (2, 40):
        trips = [make_round_trip(price=Decimal(9)) for _ in range(number)]
        data = picked(*(each for pair in trips for each in pair)) | {"kind": "customer"}
        with CaptureQueriesContext(connection) as statements:
            again(desk, "cancel", data | {"billable": "on"})
        counted.add(len(statements))
    assert len(counted) == 1
    assert counted.pop() <= 30


def test_django_admin_tells_the_same(client, gestion):
    gestion.is_staff = gestion.is_superuser = True
    gestion.language = "en"
    gestion.save()
    client.force_login(gestion)
    booking = make_booking()
    data = {"action": "cancel", "index": "0", "_selected_action": [booking.pk]}
    asked = client.post("/admin/bookings/booking/", data)
    assert told(asked)[booking.reference]["status"] == ("Pending", "Cancelled")
    assert "Before → after" in text_of(asked)


def test_a_copy_is_told_with_its_amounts(desk):
    booking = make_booking(price=Decimal(35_001), payout=Decimal(20_001), pickup_at=AT)
    answers = {"date": f"{AT + timedelta(days=2):%Y-%m-%d}"}
    new = told(again(desk, "duplicate", picked(booking) | answers))[""]
    assert (new["price"], new["payout"]) == (("—", amount(35_001)), ("—", amount(20_001)))
