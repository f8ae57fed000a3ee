import pytest
from django.utils import timezone

from bookings.models import Booking
from bookings.queries import address_search, free_search
from bookings.states import Status
from project.search import index
from tests.factories import make_booking, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def bookings():
    ndiaye = make_customer("Société N'Diaye & Fils", billing_address="Rue de Thiong")
    return [
        make_booking(customer=ndiaye, passenger_name="Aïssatou Sène"),
        make_booking(
            customer=ndiaye,
            passenger_name="Moussa Fall",
            status=Status.COMPLETED,
            archived_at=timezone.now(),
        ),
        make_booking(passenger_name="Fatou Ndiaye", transport_number="AF718"),
        make_booking(pickup_address="Place de l'Indépendance", stops=["Gorée"]),
    ]


def found(result):
    return list(result.queryset.order_by("pk"))


QUERIES = {
    "ndiaye": [0, 1, 2],
    "n'diaye fils": [0, 1],
    "thiong": [0, 1],
    "SENE aissatou": [0],
    "af718": [2],
    "goree": [3],
    "fils fatou": [],
    "so": [0, 1],
    "ai": [],
    "R-": [0, 1, 2, 3],
}


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("most_found", [index.MOST_FOUND, 1, 0])
def test_it_finds_in_the_booking_or_in_its_customer(bookings, monkeypatch, query, most_found):
    monkeypatch.setattr(index, "MOST_FOUND", most_found)
    wanted = [bookings[position] for position in QUERIES[query]]

    result = free_search(Booking.objects.all(), query)

    assert found(result) == wanted
    assert result.capped == (len(wanted) > most_found)
    assert result.count == (None if result.capped else len(wanted))


@pytest.mark.parametrize("most_found", [index.MOST_FOUND, 0])
def test_it_keeps_the_filters_and_the_order(bookings, monkeypatch, most_found):
    monkeypatch.setattr(index, "MOST_FOUND", most_found)
    active = Booking.objects.active().order_by("-reference")

    assert list(free_search(active, "ndiaye").queryset) == [bookings[2], bookings[0]]


@pytest.mark.parametrize("query", ["ndiaye", "nobody", "R-", "af"])
def test_it_takes_two_statements_whatever_is_found(bookings, django_assert_num_queries, query):
    with django_assert_num_queries(2):
        free_search(Booking.objects.all(), query)


def test_addresses_are_searched_alone(bookings):
    bookings[0].passenger_name = "Gorée Diop"
    bookings[0].save()

    assert found(address_search(Booking.objects.all(), "gorée")) == [bookings[3]]
    assert found(address_search(Booking.objects.all(), "indépendance goree")) == [bookings[3]]
    assert not found(address_search(Booking.objects.all(), "ndiaye"))


def test_an_address_is_not_looked_for_under_three_letters():
    make_booking(pickup_address="Rue R, Dakar")
    for letters in ("r", "ru"):
        assert not address_search(Booking.objects.all(), letters).queryset.exists()


def test_a_phone_is_found_with_and_without_its_country_code():
    short = make_booking(passenger_phone="77 123 45 67")
    long = make_booking(passenger_phone="+221 77 123 45 67")
    for asked in ("+221 77 123 45 67", "+221771234567", "77 123 45 67", "771234567"):
        assert {*free_search(Booking.objects.all(), asked).queryset} == {short, long}, asked
