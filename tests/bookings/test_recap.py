"""The text recap: all that is known of bookings at this moment, read by a log that keeps count."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from bookings import services
from bookings.models import Booking
from bookings.states import Status
from project.audit.models import Batch
from tests.asking import HTMX, picked, url_of
from tests.bookings.conftest import browser_of, only
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_partner,
    make_round_trip,
    make_user,
)

pytestmark = pytest.mark.django_db
RECAP = url_of("recap")
TEXT = {"as": "text"}


def clean(text):
    return text.replace("\u202f", " ").replace("\xa0", " ")


def recap_of(client, *bookings):
    return clean(client.post(RECAP, picked(*bookings) | TEXT).content.decode())


def copies(bureau, count):
    """So many bookings, made in few statements."""
    make_booking()
    while (missing := count - Booking.objects.count()) > 0:
        some = Booking.objects.filter(pk__in=Booking.objects.values("pk")[:missing])
        services.duplicate(some, by=bureau, date=timezone.localdate())
    return Booking.objects.all()


def test_it_is_plain_text_that_says_its_charset(desk):
    response = desk.post(RECAP, picked(make_booking(passenger_name="N'Deye <Fall>")) | TEXT)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "N'Deye <Fall>" in response.content.decode()


def test_it_says_all_that_is_known(desk, bureau, settings):
    settings.TIME_ZONE = "Europe/Paris"
    booking = make_booking(
        by=bureau,
        customer=make_customer("Hôtel Téranga", phone="+221 33 111 11 11"),
        driver=make_driver("Ousmane Sarr", phone="+221 70 222 22 22"),
        passenger_name="Awa Ndiaye",
        passenger_phone="+221 77 123 45 67",
        passenger_email="awa@example.org",
        passenger_count=3,
        luggage_count=4,
        transport_number="AF719",
        pickup_at=datetime(2026, 7, 1, 20, 30, tzinfo=UTC),
        duration_minutes=90,
        stops=["Colobane", "Médina"],
        vehicle_class="van",
        distance_km=Decimal("52.5"),
        price=Decimal("120.50"),
        payout=Decimal("60.25"),
        currency="EUR",
        payment_state="invoiced",
        driver_notes="Sign: Awa",
        office_notes="Calls at night",
    )
    services.cancel(
        only(booking), by=bureau, kind="late", reason="Flight missed", billable=True, fee_percent=50
    )
    services.archive(only(booking), by=bureau)
    text = recap_of(desk, booking)
    for fact in (
        booking.reference,
        "Cancelled · billable",
        "Wednesday 1 July 2026 22:30 (1 h 30)",
        "Aéroport Blaise-Diagne, Diass",
        "Stop 1: Colobane",
        "Stop 2: Médina",
        "12 rue Carnot, Dakar",
        "AF719",
        "52.5 km",
        "Awa Ndiaye, +221 77 123 45 67, awa@example.org",
        "Passengers: 3 · Luggage: 4",
        "Hôtel Téranga, +221 33 111 11 11",
        "Van",
        "Ousmane Sarr, +221 70 222 22 22",
        "€120.50 (Invoiced)",
        "€60.25",
        "€60.25",
        "By the customer, too late, Flight missed (awa)",
        "Archived",
        "Sign: Awa",
        "Calls at night",
        "As known on",
    ):
        assert fact in text, fact
    assert text.count("awa  ") == 3  # its log: created, cancelled, archived


def test_what_is_not_known_is_not_claimed(desk):
    text = recap_of(desk, make_booking())
    assert "to assign" in text
    assert "None" not in text
    for label in ("Flight or train", "Distance", "Fee", "Cancelled", "Archived", "Notes"):
        assert label not in text


def test_a_partner_and_a_leg_are_named(desk):
    out, back = make_round_trip(partner=make_partner("Sahel Cars", phone="+221 33 333 33 33"))
    text = recap_of(desk, out)
    assert "Partner: Sahel Cars, +221 33 333 33 33" in text
    assert f"Outbound · Return {back.reference}" in text


def test_it_says_when_and_for_whom_it_was_true(bureau):
    at = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
    with translation.override("en"):
        report = services.recap(only(make_booking()), by=bureau, at=at).report
    assert "4 Mar 2026, 05:06, awa" in clean(report)


def test_it_speaks_the_readers_language(client, bureau):
    booking = make_booking()
    bureau.language = "fr"
    bureau.save()
    client.force_login(bureau)
    with translation.override("fr"):
        status = Status.PENDING.label
    assert f"{booking.reference} — {status}" in recap_of(client, booking)


def test_several_come_in_the_order_of_their_departures(desk):
    later = make_booking(pickup_at=timezone.now() + timedelta(days=3))
    sooner = make_booking(pickup_at=timezone.now() + timedelta(days=2))
    text = recap_of(desk, later, sooner)
    assert text.index(sooner.reference) < text.index(later.reference)
    assert text.count("-" * 72) == 1


def test_reading_is_logged_for_each_and_changes_nothing(desk, bureau):
    bookings = [make_booking(), make_booking(status=Status.CANCELLED, archived_at=timezone.now())]
    recap_of(desk, *bookings)
    batch = Batch.objects.get(action="bookings.recap")
    assert (batch.changed, batch.refused, batch.user) == (2, 0, bureau)
    for booking in bookings:
        before = booking.version, booking.updated_at
        booking.refresh_from_db()
        line = booking.logs.get(action_code="bookings.recap")
        assert (line.user, line.batch, line.changes) == (bureau, batch, {})
        assert (booking.version, booking.updated_at) == before
        assert booking.history.count() == 1


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_it_is_shown_with_a_button_to_copy_it_and_one_to_open_it_as_text(desk, headers):
    booking = make_booking(passenger_name="N'Deye <Fall>")
    page = desk.post(RECAP, picked(booking), headers=headers)
    shown = page.content.decode()
    assert ("<html" in shown) == (not headers)
    assert "N&#x27;Deye &lt;Fall&gt;" in shown
    assert 'data-copy="#recap"' in shown and 'name="as" value="text"' in shown
    assert ("pk", str(booking.pk)) in page.context["hidden"]


def test_all_that_match_a_filter_can_be_read(desk):
    here, there = make_booking(pickup_address="Saly"), make_booking(pickup_address="Thiès")
    chosen = {"all": "1", "filter": "period=any&address=saly"}
    text = desk.post(RECAP, chosen | TEXT).content.decode()
    assert here.reference in text and there.reference not in text


def test_its_statements_do_not_grow_with_the_selection(bureau):
    counts = []
    for number in (10, 100):
        some = Booking.objects.filter(pk__in=copies(bureau, number).values("pk")[:number])
        with CaptureQueriesContext(connection) as statements:
            assert services.recap(some, by=bureau).changed == number
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 12


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_more_than_it_holds_are_refused_and_nothing_is_logged(desk, bureau, headers):
    copies(bureau, services.MOST_RECAPPED + 1)
    chosen = {"all": "1", "filter": "period=any"}
    refused = desk.post(RECAP, chosen | TEXT, headers=headers)
    assert refused.status_code == 422
    told = "A text recap holds at most 1000 bookings: choose fewer."
    assert told in refused.content.decode()
    assert not Batch.objects.filter(action="bookings.recap").exists()


def test_it_takes_its_permission(bureau):
    reader = make_user()
    office = bureau.groups.get().permissions.exclude(codename="recap_booking")
    reader.user_permissions.set(office)
    booking = make_booking()
    assert browser_of(reader).post(RECAP, picked(booking) | TEXT).status_code == 403
    assert booking.logs.count() == 1
