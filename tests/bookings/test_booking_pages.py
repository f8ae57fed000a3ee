"""The page of a booking, and the form that creates one."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings import services
from bookings.models import Booking
from bookings.states import Status
from project.actions import pages
from project.audit.models import Batch
from tests.asking import toasts
from tests.bookings.conftest import only
from tests.bookings.posting import answers, text_of
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_round_trip,
    make_user,
)

pytestmark = pytest.mark.django_db
NEW = "/bookings/new/"
SUMMER = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)


# ----------------------------------------------------------------------------------------- detail
def test_the_page_tells_all_that_is_known(desk):
    booking = make_booking(
        customer=make_customer("Hôtel Téranga"),
        driver=make_driver("Ousmane Sarr"),
        passenger_name="N'Deye <Fall>",
        passenger_phone="+221 77 123 45 67",
        passenger_email="ndeye@example.org",
        passenger_count=3,
        luggage_count=1,
        transport_number="AF719",
        stops=["Colobane"],
        price=35000,
        payout=20000,
        distance_km=Decimal("52.5"),
        driver_notes="Sign: Fall",
        office_notes="Calls at night",
        pickup_at=SUMMER,
    )
    page = desk.get(booking.get_absolute_url())
    shown = text_of(page)
    for fact in (
        booking.reference,
        "Hôtel Téranga",
        "Ousmane Sarr",
        "N'Deye <Fall>",
        "tel:+221771234567",
        "mailto:ndeye@example.org",
        "3 passengers, 1 piece of luggage",
        "AF719",
        "Colobane",
        "Aéroport Blaise-Diagne, Diass",
        "12 rue Carnot, Dakar",
        "F CFA 35,000",
        "F CFA 20,000",
        "52.5 km",
        "Sign: Fall",
        "Calls at night",
        "1 July 2026",
        "Pending",
    ):
        assert fact in shown, fact
    assert "N&#x27;Deye &lt;Fall&gt;" in page.content.decode()


def test_times_are_those_of_the_desk(desk, settings):
    settings.TIME_ZONE = "Europe/Paris"
    booking = make_booking(pickup_at=SUMMER)
    assert "22:30" in text_of(desk.get(booking.get_absolute_url()))


def test_a_cancelled_ride_says_how_and_by_whom(desk, bureau):
    booking = make_booking(price=1000, status=Status.CONFIRMED)
    services.cancel(
        only(booking), by=bureau, kind="late", reason="Flight missed", billable=True, fee_percent=50
    )
    shown = text_of(desk.get(booking.get_absolute_url()))
    for fact in (
        "By the customer, too late",
        "Flight missed",
        "Confirmed",
        "billable",
        "F CFA 500",
    ):
        assert fact in shown, fact


def test_a_leg_leads_to_the_other(desk):
    out, back = make_round_trip()
    assert f'href="{back.get_absolute_url()}"' in text_of(desk.get(out.get_absolute_url()))
    assert f'href="{out.get_absolute_url()}"' in text_of(desk.get(back.get_absolute_url()))


def test_it_speaks_french_and_english(client, desk, bureau):
    booking = make_booking(status=Status.CANCELLED)
    english = desk.get(booking.get_absolute_url())
    assert english["Content-Language"] == "en" and "Cancelled" in text_of(english)
    bureau.language = "fr"
    bureau.save()
    client.force_login(bureau)
    for url in (booking.get_absolute_url(), booking.get_edit_url(), NEW):
        french = client.get(url)
        assert french["Content-Language"] == "fr" and '<html lang="fr"' in text_of(french)


def test_its_life_is_told_in_words(desk, bureau, settings):
    settings.TIME_ZONE = "Europe/Paris"
    first, second = make_driver("Ousmane Sarr"), make_driver("Ibou Fall")
    booking = make_booking(pickup_at=SUMMER, driver=first, by=bureau)
    services.assign(only(booking), by=bureau, driver=second)
    services.set_status(only(booking), by=bureau, status=Status.CONFIRMED)
    booking.refresh_from_db()
    booking.pickup_at += timedelta(days=1)
    services.edit(booking, by=bureau)
    entries = desk.get(booking.get_absolute_url()).context["entries"]
    told = [
        (entry.label, [(change.field, change.before, change.after) for change in entry.changes])
        for entry in entries
    ]
    assert told == [
        ("Edit the booking", [("pickup time", "1 Jul 2026, 22:30", "2 Jul 2026, 22:30")]),
        ("Change status", [("status", "Pending", "Confirmed")]),
        ("Assign", [("driver", "Ousmane Sarr", "Ibou Fall")]),
        ("Create", []),
    ]
    assert {entry.who for entry in entries} == {bureau}


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, "assign set_status cancel change return duplicate recap export print"),
        (
            {"driver": make_driver},
            "assign set_status cancel unassign change return duplicate recap export print",
        ),
        (
            {"status": Status.IN_PROGRESS},
            "assign set_status cancel change return duplicate recap export print",
        ),
        ({"status": Status.COMPLETED}, "archive change return duplicate recap export print"),
        ({"status": Status.CANCELLED}, "archive restore change duplicate recap export print"),
        (
            {"status": Status.CANCELLED, "archived_at": timezone.now()},
            "unarchive duplicate recap export print",
        ),
    ],
    ids=["pending", "assigned", "in_progress", "completed", "cancelled", "archived"],
)
def test_it_offers_what_can_be_done_and_nothing_else(desk, fields, names):
    booking = make_booking(**{k: v() if callable(v) else v for k, v in fields.items()})
    page = desk.get(booking.get_absolute_url())
    assert {item["action"].name for item in page.context["actions"]} == set(names.split())
    for item in page.context["actions"]:
        assert f'formaction="{item["url"]}"' in text_of(page)


def test_what_only_a_warning_holds_back_is_offered(desk, bureau):
    driver = make_driver()
    booking = make_booking(driver=driver)
    services.cancel(only(booking), by=bureau, kind="customer", reason="x")
    make_booking(driver=driver, pickup_at=booking.pickup_at)
    page = desk.get(booking.get_absolute_url())
    assert "restore" in {item["action"].name for item in page.context["actions"]}


def test_an_action_is_offered_to_who_may(client):
    reader = make_user()
    reader.user_permissions.add(permission("view_booking"))
    client.force_login(reader)
    page = client.get(make_booking().get_absolute_url())
    assert page.context["actions"] == []
    assert "/edit/" not in text_of(page)


def test_its_statements_do_not_grow_with_its_life(desk, bureau):
    counts = []
    for number in (5, 50):
        booking = make_booking(by=bureau)
        for _turn in range(number):
            services.assign(only(booking), by=bureau, driver=make_driver())
        with CaptureQueriesContext(connection) as statements:
            page = desk.get(booking.get_absolute_url())
        assert len(page.context["entries"]) == number + 1
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12


def permission(codename):
    return Permission.objects.get(codename=codename)


# -------------------------------------------------------------------------------------- who may
@pytest.mark.parametrize("page", ["detail", "create", "edit"])
def test_each_page_takes_its_own_permission(client, page):
    booking = make_booking()
    url = {"detail": booking.get_absolute_url(), "create": NEW, "edit": booking.get_edit_url()}
    needed = {"detail": "view_booking", "create": "add_booking", "edit": "change_booking"}
    assert client.get(url[page]).url.startswith(reverse("login"))
    without = make_user()
    client.force_login(without)
    assert client.get(url[page]).status_code == 403
    for codename in {"view_booking", needed[page]}:
        without.user_permissions.add(permission(codename))
    opened = {name: client.get(url[name]).status_code for name in url}
    assert opened == {"detail": 200, "create": 403, "edit": 403} | {page: 200}
    assert client.post(url["create" if page != "create" else "edit"], answers()).status_code == 403


@pytest.mark.parametrize("reference", ["R-99-999999", "x", "%00", "a" * 300])
def test_a_reference_of_nothing_is_not_found(desk, reference):
    make_booking()
    assert desk.get(f"/bookings/{reference}/").status_code == 404
    assert desk.get(f"/bookings/{reference}/edit/").status_code == 404


# ----------------------------------------------------------------------------------------- create
def test_it_creates_a_booking_with_log_and_history(desk, bureau, customer):
    done = desk.post(NEW, answers(customer))
    booking = Booking.objects.get()
    assert done.url == booking.get_absolute_url()
    assert (booking.customer, booking.passenger_name) == (customer, "Awa Ndiaye")
    assert (booking.pickup_at, booking.ends_at) == (SUMMER, SUMMER + timedelta(minutes=90))
    assert booking.stops == ["Colobane", "Médina"]
    assert (booking.price, booking.distance_km) == (35000, Decimal("52.5"))
    assert (booking.status, booking.version) == (Status.PENDING, 1)
    line = booking.logs.get()
    assert (line.action_code, line.user) == ("bookings.create", bureau)
    assert [(row.history_type, row.history_user) for row in booking.history.all()] == [
        ("+", bureau)
    ]
    assert toasts(done) == ["1 booking created."]


def test_what_is_typed_is_local_time(desk, customer, settings):
    settings.TIME_ZONE = "Europe/Paris"
    desk.post(NEW, answers(customer))
    assert Booking.objects.get().pickup_at == SUMMER - timedelta(hours=2)


def test_numbers_are_read_as_the_users_language_writes_them(client, bureau, customer):
    client.force_login(bureau)
    client.post(NEW, answers(customer, price="1 250,50", payout="", currency="EUR"))
    assert Booking.objects.get().price == Decimal("1250.50")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pickup_at", ""),
        ("pickup_at", "tomorrow"),
        ("pickup_at", "2026-02-30T10:00"),
        ("pickup_at", "9999-12-31T23:59"),
        ("pickup_at", "0206-07-01T20:30"),
        ("passenger_name", ""),
        ("passenger_name", "x" * 121),
        ("passenger_name", "a\x00b"),
        ("passenger_count", "0"),
        ("passenger_count", "-1"),
        ("passenger_count", "100"),
        ("passenger_count", "two"),
        ("luggage_count", "-1"),
        ("luggage_count", "200"),
        ("passenger_phone", "call me"),
        ("passenger_email", "awa@"),
        ("duration_minutes", "0"),
        ("duration_minutes", "99999999999"),
        ("distance_km", "-1"),
        ("distance_km", "far"),
        ("price", "12.50"),
        ("price", "-1"),
        ("price", "NaN"),
        ("price", "999999999999999"),
        ("payout", "0.001"),
        ("currency", "BTC"),
        ("vehicle_class", "rocket"),
        ("payment_state", "gift"),
        ("pickup_address", " "),
        ("dropoff_address", "x" * 256),
        ("stops", "\n".join("abcdefghijklmnopqrstu")),
        ("stops", "x" * 256),
        ("customer_text", ""),
        ("customer_text", "Nobody of that name"),
    ],
)
def test_bad_input_is_told_at_its_field_keeps_the_rest_and_saves_nothing(
    desk, customer, field, value
):
    given = {field: value}
    if field == "customer_text":
        given["customer"] = ""
    refused = desk.post(NEW, answers(customer, **given))
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == [field.removesuffix("_text")]
    assert f'href="#id_{field.removesuffix("_text")}"' in text_of(refused)
    if field != "passenger_email":
        assert 'value="awa@example.org"' in text_of(refused)
    if value and "\x00" not in value:
        assert value in text_of(refused)
    assert not Booking.objects.exists()
    assert not Batch.objects.exclude(model="directory.customer").exists()


def test_paid_without_a_price_is_told_at_the_price(desk, customer):
    refused = desk.post(NEW, answers(customer, price="", payment_state="paid"))
    assert list(refused.context["form"].errors) == ["price"]


def test_a_name_typed_that_only_one_has_is_enough(desk, customer):
    desk.post(NEW, answers(customer, customer="", customer_text="hotel teranga"))
    assert Booking.objects.get().customer == customer


def test_a_name_that_two_have_is_asked_about(desk, customer):
    make_customer("Hôtel Téranga", phone="+221 33 222 22 22")
    refused = desk.post(NEW, answers(customer, customer=""))
    assert list(refused.context["form"].errors) == ["customer"]
    assert "Hôtel Téranga" in text_of(refused)
    assert not Booking.objects.exists()


@pytest.mark.parametrize("key", ["999999", "x", "-1", "9" * 30])
def test_a_customer_that_is_none_is_refused(desk, customer, key):
    refused = desk.post(NEW, answers(customer, customer=key, customer_text="Hôtel"))
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["customer"]


def test_who_is_no_longer_a_customer_orders_nothing(desk):
    gone = make_customer("Gone & Co", is_active=False)
    assert list(desk.post(NEW, answers(gone)).context["form"].errors) == ["customer"]


def test_the_form_opens_with_the_customer_it_was_asked_for(desk, customer):
    page = desk.get(NEW, {"customer": customer.pk})
    assert 'value="Hôtel Téranga"' in text_of(page)
    for nonsense in ("x", "999999", "9" * 30):
        assert desk.get(NEW, {"customer": nonsense}).status_code == 200


def test_a_form_posted_twice_makes_one_booking_and_leads_to_it(desk, customer):
    token = dict(desk.get(NEW).context["hidden"])["token"]
    first, second = (desk.post(NEW, answers(customer, token=token)) for _ in range(2))
    assert first.url == second.url == Booking.objects.get().get_absolute_url()


def test_a_token_survives_a_refusal_and_a_forged_one_hurts_nobody(desk, customer):
    token = str(uuid.uuid4())
    refused = desk.post(NEW, answers(customer, price="-1", token=token))
    assert str(dict(refused.context["hidden"])["token"]) == token
    assert desk.post(NEW, answers(customer, token="x")).status_code == 302


def test_nothing_that_the_form_does_not_ask_can_be_set(desk, customer):
    forged = {"status": "completed", "driver": make_driver().pk, "reference": "R-00-1", "fee": "9"}
    desk.post(NEW, answers(customer, **forged))
    booking = Booking.objects.get()
    assert (booking.status, booking.driver, booking.fee) == (Status.PENDING, None, None)
    assert booking.reference != "R-00-1"


def test_the_undo_of_an_act_on_several_says_of_how_many(desk, bureau):
    booking, _other, _third = (make_booking() for _ in range(3))
    assert "Undo</button>" in text_of(desk.get(booking.get_absolute_url()))
    services.set_status(Booking.objects.all(), by=bureau, status=Status.CONFIRMED)
    shown = text_of(desk.get(booking.get_absolute_url()))
    assert "Undo for 3 bookings</button>" in shown
    booking.refresh_from_db()
    booking.price = 9000
    booking.save(by=bureau)
    shown = text_of(desk.get(booking.get_absolute_url()))
    assert "Undo</button>" in shown
    assert "Undo for" not in shown


def test_a_long_life_is_cut_and_says_so(desk, monkeypatch):
    booking = make_booking()
    for name in ("Awa", "Fatou"):
        booking.passenger_name = name
        booking.save()
    page = desk.get(booking.get_absolute_url())
    assert len(page.context["entries"]) == 3
    assert not page.context["older"]
    monkeypatch.setattr(pages, "MOST_ENTRIES", 2)
    page = desk.get(booking.get_absolute_url())
    assert len(page.context["entries"]) == 2
    assert page.context["older"]
