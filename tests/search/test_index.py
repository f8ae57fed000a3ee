"""The index against a plain scan of the same text, on whichever database the tests run."""

import pytest
from django.core.management import call_command
from django.db import connection, models, transaction

from project.directory.models import Customer
from project.search import index
from project.search.index import matching
from project.search.text import words
from tests.factories import make_booking, make_customer

pytestmark = pytest.mark.django_db

NAMES = [
    "Élodie N'Diaye",
    "Aïssatou Sène",
    'Le "Grand" Hôtel',
    "100 % Dakar_Nord",
    r"Back\slash * étoile",
    "AND OR NEAR NOT",
    "Ndiaye & Frères",
    "Zoë 東京タワー",
]

EMPTY_INDEX = {
    "sqlite": "INSERT INTO directory_customer_search(directory_customer_search) "
    "VALUES ('delete-all')",
    "postgresql": "TRUNCATE directory_customer_search, directory_customer_search_recent",
}


def names(result):
    return set(result.queryset.values_list("name", flat=True))


def scan(query):
    """What a scan with `icontains` finds: every word of the query somewhere in the text."""
    customers = Customer.objects.all()
    for word in words(query):
        customers = customers.filter(search_text__icontains=word)
    return set(customers.values_list("name", flat=True))


@pytest.fixture
def customers():
    return [make_customer(name, phone="+221 77 123 45 67") for name in NAMES]


@pytest.mark.parametrize(
    "query",
    [
        "elodie",
        "ÉLODIE",
        "ndiaye",
        "n'diaye",
        "sene aissatou",
        "tou ène",
        "77 123 45 67",
        "77.123.45.67",
        "+221771234567",
        '"grand"',
        'a"b',
        "dakar_nord",
        "dakar%nord",
        "100 %",
        "_nord",
        r"back\slash",
        "* étoile",
        "slash*",
        "AND OR",
        "AND NEAR",
        "NEAR(and or)",
        "search_text : elodie",
        "-elodie",
        "^elodie",
        "東京タワー",
        "zoe 東京",
        "elodie absent",
        "'; DROP TABLE directory_customer; --",
        "e " * 100 + "elodie",
        "elo " * 200,
        "x" * 5000,
    ],
)
def test_it_finds_what_a_scan_finds(customers, query):
    result = matching(Customer.objects.all(), query)

    assert names(result) == scan(query)
    assert result.count == len(scan(query))
    assert not result.capped


@pytest.mark.parametrize("query", ["elodie", "sene aissatou", "100 %", "_nord", "el", "é", "77 *"])
def test_it_finds_the_same_for_a_broad_query_as_for_a_rare_one(customers, monkeypatch, query):
    rare = names(matching(Customer.objects.all(), query))
    monkeypatch.setattr(index, "MOST_FOUND", 0)

    broad = matching(Customer.objects.all(), query)

    assert names(broad) == rare
    assert broad.capped == bool(rare)
    assert broad.count == (None if rare else 0)


def test_it_caps_the_count_of_a_broad_query(customers, monkeypatch):
    monkeypatch.setattr(index, "MOST_FOUND", len(NAMES) - 1)

    result = matching(Customer.objects.all(), "771234567")

    assert result.capped
    assert result.count is None
    assert names(result) == set(NAMES)


@pytest.mark.parametrize(
    ("query", "found"),
    [("él", {"Élodie N'Diaye"}), ("A", {"Aïssatou Sène", "AND OR NEAR NOT"}), ("di", set())],
)
def test_it_looks_at_the_beginning_for_fewer_than_three_letters(customers, query, found):
    assert names(matching(Customer.objects.all(), query)) == found


@pytest.mark.parametrize("query", ["", "   ", "\0"])
def test_it_finds_everything_for_an_empty_query(customers, query):
    result = matching(Customer.objects.all(), query)

    assert names(result) == set(NAMES)
    assert not result.capped


def test_it_keeps_the_filters_of_the_queryset(customers):
    companies = Customer.objects.filter(kind=Customer.Kind.COMPANY)

    assert not matching(companies, "elodie").queryset.exists()


def test_it_takes_one_statement_to_look_up(customers, django_assert_num_queries):
    with django_assert_num_queries(1):
        matching(Customer.objects.all(), "elodie")


def test_it_follows_a_save(customers):
    customers[0].name = "Rokhaya Fall"
    customers[0].save()

    assert not names(matching(Customer.objects.all(), "elodie"))
    assert names(matching(Customer.objects.all(), "rokhaya")) == {"Rokhaya Fall"}


def test_it_follows_a_set_based_update_and_a_delete(customers):
    plain = models.QuerySet(Customer)
    plain.filter(pk=customers[0].pk).update(search_text="rokhaya")
    assert matching(Customer.objects.all(), "rokhaya").count == 1
    assert matching(Customer.objects.all(), "elodie").count == 0

    plain.filter(pk=customers[1].pk).delete()
    assert matching(Customer.objects.all(), "aissatou").count == 0


def test_it_follows_a_rollback(customers):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_customer("Rokhaya Fall")
        assert matching(Customer.objects.all(), "rokhaya").count == 1
        raise ZeroDivisionError

    assert matching(Customer.objects.all(), "rokhaya").count == 0


def test_an_update_of_anything_else_does_not_touch_the_index(customers):
    with connection.cursor() as cursor:
        cursor.execute(EMPTY_INDEX[connection.vendor])
    models.QuerySet(Customer).update(notes="called", search_text=models.F("search_text"))

    assert matching(Customer.objects.all(), "elodie").count == 0


@pytest.mark.parametrize("query", ["R-", "r"])
def test_it_looks_at_the_prefix_field_where_there_is_one(query):
    booking = make_booking()

    assert matching(type(booking).objects.all(), query).queryset.get() == booking
    assert matching(type(booking).objects.all(), "26").count == 0


def test_it_stays_true_on_a_table_emptied_between_tests(transactional_db):
    """Both the emptying, and what is found afterwards."""
    make_customer("Rokhaya Fall")
    call_command("flush", interactive=False, verbosity=0)
    assert matching(Customer.objects.all(), "rokhaya").count == 0

    make_customer("Rokhaya Fall")
    assert matching(Customer.objects.all(), "rokhaya").count == 1
