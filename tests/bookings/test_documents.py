"""What each printed document says of bookings, read back from the PDF."""

import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pypdf import PdfReader

from bookings import documents, parties
from bookings.actions import PRINT
from bookings.filters import BookingFilter
from bookings.models import Booking
from bookings.services import archive
from bookings.states import CancellationKind, PaymentState, Status
from project.exchange.formats import Content
from project.exchange.models import Export
from project.utilisateurs.groups import GESTION
from tests.bookings.conftest import only
from tests.exchange.pdf.reading import fonts_of, pages_of, sizes_of, squeezed, text_of, words_of
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_partner,
    make_round_trip,
    make_user,
)

pytestmark = [pytest.mark.django_db, pytest.mark.poppler]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
WIDE = (842, 595)


@pytest.fixture
def printed(bureau):
    """Prints a document about bookings in a language; the PDF."""

    def printed(name, selection, *, language="en", **options):
        with translation.override(language):
            outcome = PRINT.service(selection, by=bureau, document=name, **options)
        export = Export.objects.get(batch=outcome.batch)
        assert export.job is None
        with export.file.open() as file:
            return file.read()

    return printed


def make_at(hour, day=21, **fields):
    return make_booking(pickup_at=NOON.replace(day=day, hour=hour), **fields)


def make_charged(customer, price, *, paid=PaymentState.UNPAID, currency="XOF", **fields):
    given = {"status": Status.COMPLETED, "price": price and Decimal(price)}
    return make_booking(customer=customer, currency=currency, payment_state=paid, **given | fields)


def make_no_show(customer, fee, **fields):
    billing = {"billable": fee is not None, "fee": fee and Decimal(fee)}
    return make_booking(customer=customer, status=Status.NO_SHOW, price=90_000, **billing, **fields)


# ---------------------------------------------------------------------------------------- recaps
def test_a_recap_tells_all_that_a_ride_needs(printed):
    booking = make_at(
        8,
        passenger_name="Éloïse N’Diaye-Müller",
        passenger_phone="+221 77 123 45 67",
        passenger_count=3,
        luggage_count=2,
        transport_number="AF718",
        pickup_address="Aéroport Blaise-Diagne, Diass",
        stops=["Œuvres sociales, Thiès"],
        dropoff_address="12 rue Carnot, Dakar",
        customer=make_customer("Hôtel Téranga", phone="+221 33 111 11 11"),
        driver=make_driver("Moussa Cissé", phone="+221 77 000 00 00"),
        driver_notes="Sonner au portail bleu.\n\nPuis attendre.",
        price=35_000,
        currency="XOF",
        distance_km=Decimal("52.5"),
    )
    text = text_of(printed("recaps", only(booking)))
    for words in (
        booking.reference,
        "Saturday 21 November 2026, 08:00 – 09:00",
        "Aéroport Blaise-Diagne, Diass",
        "Stop 1 Œuvres sociales, Thiès",
        "12 rue Carnot, Dakar",
        "Éloïse N’Diaye-Müller · +221 77 123 45 67",
        "3 passengers, 2 pieces of luggage",
        "AF718",
        "Sedan · 52.5 km",
        "Hôtel Téranga · +221 33 111 11 11",
        "Moussa Cissé · +221 77 000 00 00",
        "35,000",
        "Unpaid",
        "Sonner au portail bleu. Puis attendre.",
    ):
        assert words in text
    assert "Printed on" in text and "by awa" in text


def test_a_recap_keeps_to_itself_what_only_the_office_knows(printed):
    booking = make_booking(
        status=Status.CANCELLED,
        cancellation_kind=CancellationKind.LATE,
        cancellation_reason="Client injoignable",
        status_before=Status.PENDING,
        cancelled_at=timezone.now(),
        office_notes="Mauvais payeur",
        payout=12_345,
    )
    outside = text_of(printed("recaps", only(booking)))
    inside = text_of(printed("recaps", only(booking), internal=True))
    for secret in ("Client injoignable", "Mauvais payeur", "12,345"):
        assert secret not in outside
        assert secret in inside
    assert "too late" in outside


def test_each_ride_has_a_page_of_its_own(printed):
    bookings = [make_at(hour) for hour in (9, 7, 8)]
    pages = pages_of(printed("recaps", only(*bookings)))
    in_order = [bookings[1], bookings[2], bookings[0]]
    assert len(pages) == 3
    for page, booking in zip(pages, in_order, strict=True):
        assert f"{booking.reference} · page 1 of 1" in page


def test_a_round_trip_stands_on_one_page_with_its_totals(printed):
    going, coming = make_round_trip(
        outbound={"price": 20_000}, inbound={"price": 15_000}, currency="XOF"
    )
    (page,) = pages_of(printed("recaps", only(going, coming)))
    assert f"Outbound · {going.reference}" in page
    assert f"Return · {coming.reference}" in page
    assert re.search(r"Total of the round trip\s+XOF\s+F\sCFA\s?35,000", page)


def test_one_segment_alone_says_which_it_is_and_no_total(printed):
    going, coming = make_round_trip(price=20_000)
    text = text_of(printed("recaps", only(coming)))
    assert f"Return · {coming.reference}" in text
    assert going.reference not in text and "Total" not in text


def test_amounts_in_two_currencies_are_not_added(printed):
    trip = make_round_trip(
        outbound={"price": 20_000, "currency": "XOF"}, inbound={"price": 30, "currency": "EUR"}
    )
    text = text_of(printed("recaps", only(*trip)))
    assert text.index("€30.00") < text.index("Total of the round trip")
    assert re.search(r"round trip EUR €30.00 XOF F.CFA.20,000", text)


def test_long_notes_go_on_on_the_next_page(printed):
    notes = "\n".join(f"Ligne {number:03} de la note, assez longue." for number in range(150))
    pdf = printed("recaps", only(make_booking(driver_notes=notes)))
    found = re.findall(r"Ligne (\d{3})", text_of(pdf))
    assert found == [f"{number:03}" for number in range(150)]
    pages = pages_of(pdf)
    assert len(pages) > 2 and "Ligne 000" in pages[0]
    assert f"page 2 of {len(pages)}" in pages[1]


def test_names_and_addresses_as_long_as_can_be_are_whole(printed):
    long = {
        "passenger_name": "Ndéye " + "N" * 114,
        "pickup_address": "A" * 255,
        "dropoff_address": ("Quartier " * 28).strip(),
        "customer": make_customer("C" * 120),
    }
    booking = make_booking(**long, driver=make_driver("D" * 120))
    for name in ("recaps", "day_sheets", "list"):
        found = words_of(printed(name, only(booking)))
        letters = {letter: found.count(letter) for letter in "ANCD"}
        assert letters["A"] >= 255 and letters["N"] >= 115, name
        assert found.count("Quartier") == 28, name
        assert letters["C"] >= 120 or name == "day_sheets", name
        assert letters["D"] >= 120, name


# ------------------------------------------------------------------------------------ day sheets
def test_a_sheet_lists_the_rides_of_a_driver_and_day_in_the_order_of_time(printed):
    driver = make_driver("Moussa Cissé", phone="+221 77 000 00 00")
    late, early = (make_at(hour, driver=driver) for hour in (15, 7))
    (page,) = pages_of(printed("day_sheets", only(late, early)))
    assert "Moussa Cissé" in page and "+221 77 000 00 00" in page
    assert "Saturday 21 November 2026 · 2 rides · 07:00 – 16:00" in page
    assert page.index(early.reference) < page.index(late.reference)
    assert page.count("☐") == 2


def test_a_long_name_leaves_room_for_the_number_of_the_page(printed):
    driver = make_driver("Mouhamadou " * 10)
    (page,) = pages_of(printed("day_sheets", only(make_at(8, driver=driver))))
    assert re.search(r"Mouhamadou.*… · page 1 of 1", page)
    assert "by awa" in page


def test_a_sheet_tells_a_driver_what_a_ride_takes(printed):
    booking = make_at(
        23,
        driver=make_driver(),
        customer=make_customer("Hôtel Téranga"),
        duration_minutes=90,
        passenger_name="Éloïse Ndiaye",
        passenger_phone="+221 77 123 45 67",
        passenger_count=2,
        luggage_count=3,
        transport_number="AF718",
        pickup_address="Aéroport",
        stops=["Thiès"],
        dropoff_address="Dakar",
        driver_notes="Siège enfant",
        office_notes="Mauvais payeur",
        price=35_000,
    )
    text = text_of(printed("day_sheets", only(booking)))
    for words in (
        "23:00",
        "00:30 +1",
        "Aéroport",
        "→ Thiès",
        "→ Dakar",
        "Éloïse Ndiaye",
        "+221 77 123 45 67",
        "Customer: Hôtel Téranga",
        "Flight or train: AF718",
        "2 passengers",
        "3 pieces of luggage",
        "Reference and notes",
        "Siège enfant",
    ):
        assert words in text
    assert "Mauvais payeur" not in text and "35,000" not in text


def test_documents_of_several_parts_are_called_by_what_they_are(printed):
    rides = [make_charged(make_customer(name), 35_000) for name in ("Awa", "Bineta")]
    told = PdfReader(io.BytesIO(printed("statements", only(*rides)))).metadata
    assert told.title == "Statements of customers"


def test_each_driver_and_each_day_has_a_sheet(printed):
    awa, moussa = make_driver("Awa"), make_driver("Moussa")
    rides = [make_at(8, 21, driver=moussa), make_at(8, 22, driver=awa), make_at(8, 21, driver=awa)]
    rides.append(make_at(8, 21, partner=make_partner("Yaatal")))
    pages = pages_of(printed("day_sheets", only(*rides)))
    found = [re.search(r"(\w+) · \w+ (\d+) November 2026 · page 1 of 1", page) for page in pages]
    assert [match.groups() for match in found] == [
        ("Awa", "21"),
        ("Awa", "22"),
        ("Moussa", "21"),
        ("Yaatal", "21"),
    ]


def test_sheets_come_by_name_as_people_sort_it(printed):
    names = ("Zoé Diop", "Youssouf Fall", "Élodie Sarr", "adama Ba", "Taxi Océan")
    rides = [make_at(8, driver=make_driver(name=name)) for name in names[:4]]
    rides.append(make_at(8, partner=make_partner(name=names[4])))
    pages = pages_of(printed("day_sheets", only(*rides)))
    found = [next(name for name in names if name in page) for page in pages]
    assert found == ["adama Ba", "Élodie Sarr", "Taxi Océan", "Youssouf Fall", "Zoé Diop"]


def test_two_drivers_of_one_name_and_number_have_a_sheet_each(printed):
    twins = [make_driver("Awa", phone="+221 77 000 00 00") for _ in range(2)]
    rides = [make_at(hour, driver=twins[hour % 2]) for hour in (8, 9, 10)]
    pages = pages_of(printed("day_sheets", only(*rides)))
    assert [page.count("☐") for page in pages] == [2, 1]


def test_a_day_is_that_of_the_clock_here(printed, settings):
    settings.TIME_ZONE = "Africa/Nairobi"
    with timezone.override("Africa/Nairobi"):
        text = text_of(printed("day_sheets", only(make_at(22, 21, driver=make_driver()))))
    assert "Sunday 22 November 2026" in text and "01:00" in text


def test_a_sheet_shows_neither_the_cancelled_nor_what_nobody_drives(printed):
    driven = make_at(8, driver=make_driver("Awa"))
    cancelled = make_at(9, driver=make_driver("Moussa"), status=Status.CANCELLED)
    nobodys = make_at(10)
    text = text_of(printed("day_sheets", only(driven, cancelled, nobodys)))
    assert driven.reference in text
    assert cancelled.reference not in text and nobodys.reference not in text


# ------------------------------------------------------------------------------------------ list
def test_a_list_says_its_filter_and_sums_by_currency(printed):
    customer = make_customer("Hôtel Téranga")
    make_at(8, customer=customer, price=20_000, currency="XOF")
    make_at(9, customer=customer, price=15_000, currency="XOF")
    make_at(9, customer=customer, price=Decimal("49.90"), currency="EUR")
    make_at(9, customer=customer)
    query = f"period=any&customer={customer.pk}"
    pdf = printed("list", Booking.objects.all(), filter=query)
    text = text_of(pdf)
    assert "Customer: Hôtel Téranga" in text
    assert "4 rides" in text
    assert re.search(r"Total EUR €49.90 Total XOF F.CFA.35,000", text)
    assert sizes_of(pdf) == {WIDE}


def test_a_list_of_many_has_every_row_under_a_head_on_every_page(printed):
    customer = make_customer("Hôtel Téranga")
    bookings = [
        make_at(number % 24, 1 + number // 24, customer=customer, passenger_name=f"Zoé {number:03}")
        for number in range(200)
    ]
    pdf = printed("list", Booking.objects.all())
    pages, text = pages_of(pdf), text_of(pdf)
    assert re.findall(r"Zoé (\d{3})", text) == [f"{number:03}" for number in range(200)]
    assert all(booking.reference in text for booking in bookings)
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert re.search(r"Departure +Reference +Passenger +Customer", page)
        assert f"page {number} of {len(pages)}" in page
    assert "Sunday 1 November 2026 · 24 rides" in text
    assert all(fonts_of(pdf).values())


def test_a_list_says_what_its_totals_leave_out(printed):
    customer = make_customer()
    make_charged(customer, 10_000)
    make_no_show(customer, 15_000)
    text = text_of(printed("list", Booking.objects.all()))
    assert re.search(r"Total.*F.CFA.15,000 F.CFA.10,000", text)
    assert "The prices of cancelled rides and no-shows are left out" in text
    without = text_of(printed("list", Booking.objects.all(), columns=["reference", "passenger"]))
    assert "are left out" not in without


def test_a_list_leaves_out_columns_in_which_nothing_stands(printed):
    text = text_of(printed("list", only(make_at(8, driver=make_driver("Awa")))))
    assert "Driver" in text and "Partner" not in text and "Price" not in text
    assert "21" in text and "Total" not in text


# ------------------------------------------------------------------------------------ statements
def test_a_statement_charges_what_was_done_and_what_is_billable_all_the_same(printed):
    customer = make_customer("Clinique Kaarta", language="en", billing_address="BP 12\nThiès")
    done = make_charged(customer, 35_000, pickup_at=NOON)
    missed = make_no_show(customer, 10_000, pickup_at=NOON + timedelta(days=2))
    late = make_booking(
        customer=customer,
        pickup_at=NOON + timedelta(days=1),
        status=Status.CANCELLED,
        status_before=Status.CONFIRMED,
        cancelled_at=NOON,
        cancellation_kind=CancellationKind.LATE,
        cancellation_reason="x",
        price=70_000,
        billable=True,
        fee=5_000,
    )
    free = make_no_show(customer, None)
    planned = make_booking(customer=customer, price=80_000)
    text = text_of(printed("statements", Booking.objects.all()))
    assert "Clinique Kaarta" in text and "BP 12 Thiès" in text
    places = [text.index(booking.reference) for booking in (done, late, missed)]
    assert places == sorted(places)
    assert free.reference not in text and planned.reference not in text
    assert "70,000" not in text and "90,000" not in text
    assert "Cancelled (fee)" in text and "No-show (fee)" in text and "Completed (fee)" not in text
    assert re.search(r"Total F.CFA.50,000", text)


def test_a_statement_says_what_is_paid_and_what_is_due(printed):
    customer = make_customer(language="en")
    make_charged(customer, 10_000, paid=PaymentState.PAID)
    make_charged(customer, 20_000, paid=PaymentState.INVOICED)
    make_charged(customer, 40_000)
    make_charged(customer, "12.50", paid=PaymentState.PAID, currency="EUR")
    make_charged(customer, "7.25", currency="EUR")
    text = text_of(printed("statements", Booking.objects.all()))
    due = text.partition("What is due")[2]
    for head in ("Charged", "Paid", "Invoiced, not paid", "Not invoiced yet", "Due"):
        assert head in due
    assert "EUR €19.75 €12.50 €0.00 €7.25 €7.25" in due
    assert re.search("XOF " + " ".join(f"F.CFA.{sum},000" for sum in (70, 10, 20, 40, 60)), due)


def test_a_ride_without_a_price_is_named_as_such(printed):
    customer = make_customer(language="en")
    make_charged(customer, 10_000)
    make_charged(customer, None)
    text = text_of(printed("statements", Booking.objects.all()))
    assert "1 ride has no price yet and is not in the sum." in text
    assert re.search(r"Total F.CFA.10,000", text)


def test_a_statement_counts_the_rides_of_its_days_that_it_leaves_out(printed):
    customer, other = make_customer(language="en"), make_customer(language="en")
    days = [NOON + timedelta(days=day) for day in range(5)]
    first, archived, last, later = (
        make_charged(customer, 10_000, pickup_at=days[day]) for day in (0, 1, 2, 4)
    )
    make_charged(other, 10_000, pickup_at=days[1])
    make_no_show(customer, None, pickup_at=days[1])
    archive(only(archived), by=make_user(groups=[GESTION]))
    text = text_of(printed("statements", only(first, last)))
    assert "1 other ride of these days is not on this statement." in text
    for whole in (only(first, archived, last), only(later)):
        assert "not on this statement" not in text_of(printed("statements", whole))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("period=any&since=2026-11-01&until=2026-11-30", "Rides from 1 Nov 2026 to 30 Nov 2026"),
        ("period=any&since=2026-11-01", "Rides from 1 Nov 2026 to 22 Nov 2026"),
        ("period=any&until=2026-11-30", "Rides from 21 Nov 2026 to 30 Nov 2026"),
        # A scope brings in the way back, from beyond the filter.
        ("period=any&since=2026-11-01&until=2026-11-21", "Rides from 1 Nov 2026 to 22 Nov 2026"),
        ("period=any", "Rides from 21 Nov 2026 to 22 Nov 2026"),
        (None, "Rides from 21 Nov 2026 to 22 Nov 2026"),
    ],
)
def test_a_statement_is_about_the_days_of_its_filter(printed, query, told):
    customer = make_customer(language="en")
    for day in (21, 22):
        make_charged(customer, 1_000, pickup_at=NOON.replace(day=day))
    text = text_of(printed("statements", Booking.objects.all(), filter=query))
    assert told in text


def test_a_statement_of_a_month_counts_what_it_leaves_out_of_it(printed):
    customer = make_customer(language="en")
    shown = make_charged(customer, 1_000, pickup_at=NOON.replace(day=21))
    make_charged(customer, 1_000, pickup_at=NOON.replace(day=29))
    query = "period=any&since=2026-11-01&until=2026-11-30"
    text = text_of(printed("statements", only(shown), filter=query))
    assert "1 other ride of these days is not on this statement." in text


def test_a_customer_s_page_asks_for_a_statement_with_the_archived(printed):
    customer = make_customer(language="en")
    shown, archived = (make_charged(customer, amount) for amount in (1_000, 2_000))
    archive(only(archived), by=make_user(groups=[GESTION]))
    gestion = make_user(groups=[GESTION])
    query = parties.statement_of(customer, gestion).fields["filter"]
    found = BookingFilter(QueryDict(query), user=gestion).qs
    assert set(found) == {shown, archived}
    assert re.search(r"Total F.CFA.3,000", text_of(printed("statements", found)))


def test_each_customer_has_a_statement_in_its_language(printed):
    english, french = make_customer("Agnes", language="en"), make_customer("Zoé", language="fr")
    for customer in (english, french):
        make_charged(customer, 10_000)
    pages = pages_of(printed("statements", Booking.objects.all(), language="fr"))
    assert len(pages) == 2
    assert "Agnes · page 1 of 1" in pages[0] and "What is due" in pages[0]
    assert "Zoé · page 1 sur 1" in pages[1] and "Relevé" in pages[1]


# ----------------------------------------------------------------------------------- all of them
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("recaps", "There is no booking to show."),
        ("day_sheets", "There is no ride to drive."),
        ("list", "There is no booking to show."),
        ("statements", "There is nothing to charge."),
    ],
)
def test_one_about_nothing_says_so(bureau, name, words):
    """As when what a job should print is gone by then."""
    content = Content(Export(owner=bureau), Booking.objects.none())
    file = io.BytesIO()
    with translation.override("en"):
        documents.DOCUMENTS[name].write(content, file)
    (page,) = pages_of(file.getvalue())
    assert words in page


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_it_is_in_the_users_language(printed, name):
    customer = make_customer("Hôtel", language="fr")
    people = {"passenger_name": "Awa", "driver": make_driver("Moussa"), "stops": ["Thiès"]}
    make_charged(customer, 10_000, **people)
    text = text_of(printed(name, Booking.objects.all(), language="fr"))
    assert "page 1 sur 1" in text
    for english in ("Printed", "Passenger", "Reference", "Customer", "Driver", "page 1 of"):
        assert english not in text


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_what_people_typed_is_text(printed, name):
    typed = '</td><pdf:nextpage><img src="file:///etc/passwd"> & <b>'
    customer = make_customer(typed[:100], language="en", billing_address=typed)
    booking = make_charged(
        customer,
        10_000,
        passenger_name=typed,
        pickup_address=typed,
        stops=[typed],
        driver_notes=typed,
        driver=make_driver(typed[:100]),
    )
    pdf = printed(name, only(booking))
    assert len(pages_of(pdf)) == 1
    assert re.sub(r"\s", "", '<pdf:nextpage><img src="file') in words_of(pdf)
    assert squeezed(booking.reference) in text_of(pdf)


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_its_statements_do_not_grow_with_the_bookings(printed, name):
    def statements(selection):
        with CaptureQueriesContext(connection) as captured:
            printed(name, selection)
        return len(captured)

    rides = [
        make_charged(make_customer(language="en"), 10_000, driver=make_driver()) for _ in range(21)
    ]
    few, many = only(*rides[:2]), only(*rides)
    assert statements(many) <= statements(few)
