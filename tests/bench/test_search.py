"""Free search among all bookings: a rare word against a scan, a broad one against the plain page.

A scan reads the same text and cuts the same page. Fifty rows, by the order of departure.
"""

import time

import pytest
from django.test import Client

from bookings.models import Booking
from bookings.queries import address_search, free_search
from project.search.text import normalise
from tests.factories import make_booking, make_customer

RARE, BROAD = "Zwartebol", "Dakar"


@pytest.fixture(scope="module")
def desk(crowd, django_db_blocker):
    """(user, one booking with a rare passenger, one with a rare customer) among all the rows."""
    with django_db_blocker.unblock():
        crowd.grow()
        rare = make_booking(passenger_name=RARE, pickup_address=f"Rue {RARE}, Dakar")
        theirs = make_booking(customer=make_customer(f"{RARE} SARL"))
        return crowd.user, rare, theirs


@pytest.fixture(autouse=True)
def access(desk, db):
    pass


def page_of(queryset):
    return list(queryset.order_by("pickup_at", "id")[:50].values_list("pk", flat=True))


def fastest(work, runs=5):
    """(seconds, result) of the fastest run; the first one, that warms the caches, is not timed."""
    times = []
    result = work()
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return min(times), result


@pytest.mark.parametrize(
    ("search", "column"), [(free_search, "search_text"), (address_search, "address_text")]
)
def test_a_rare_word_is_found_without_a_scan(bench, desk, search, column):
    _user, rare, theirs = desk
    active = Booking.objects.active()
    scanning, scanned = fastest(
        lambda: page_of(active.filter(**{f"{column}__icontains": RARE.lower()})), runs=2
    )
    searching, found = fastest(lambda: page_of(search(active, RARE).queryset))

    assert scanned == [rare.pk]
    assert sorted(found) == ([rare.pk, theirs.pk] if search is free_search else [rare.pk])
    bench.report(f"rare word in {column} / icontains scan", searching / scanning, 1 / 20)


def test_a_broad_word_costs_little_more_than_no_word(bench, desk):
    user, _rare, _theirs = desk
    client = Client(headers={"HX-Request": "true"})
    client.force_login(user)
    plain, response = fastest(lambda: client.get("/bookings/", {"period": "any"}))
    assert response.content.count(b"data-href=") == 50
    searching, response = fastest(lambda: client.get("/bookings/", {"period": "any", "q": BROAD}))
    assert response.content.count(b"data-href=") == 50
    active = Booking.objects.active()
    assert page_of(free_search(active, BROAD).queryset) == page_of(
        active.filter(search_text__contains=normalise(BROAD))
    )
    bench.report("page of the search for a broad word / unfiltered page", searching / plain, 2)
