"""The bookings' list: a million against ten thousand, and rows against a page without any.

What is timed is the part that HTMX refreshes, 50 rows, with everything that a request costs. The
machine may be faster or slower at one size than at the other, so each time is first divided by
that of an empty page, asked for in turns with it.
"""

import time
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.db.models import F, Q
from django.http import HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils import timezone

from bookings.models import Booking
from bookings.querysets import UNASSIGNED, OrMinusOne
from project.directory.models import Customer, Driver, Partner

pytestmark = pytest.mark.django_db  # also what makes there be a test database

ROWS = 50
COLUMNS = [
    *("departure", "reference", "passenger", "customer", "phone", "pickup"),
    *("dropoff", "vehicle", "driver", "status", "payment", "price"),
]
MOST_STATEMENTS = 8
LARGE_TO_SMALL = 1.2
RENDER = 6
ROUNDS = 40

ACTIVE, ARCHIVED = Q(archived_at__isnull=True), Q(archived_at__isnull=False)


def empty_page(request):
    page = engines["django"].from_string("{% extends 'base.html' %}")
    return HttpResponse(page.render({}, request))


urlpatterns = [path("empty/", empty_page), path("", include("project.urls"))]


class Case(NamedTuple):
    """A query string, and by the model alone what it shows."""

    name: str
    query: str
    matching: Any
    key: Any = F("pickup_at")
    descending: bool = False
    last: bool = False

    @property
    def url(self):
        return f"/bookings/?{self.query}"

    def rows(self):
        turned = self.descending != self.last
        order = [part.desc() if turned else part.asc() for part in (self.key, F("pk"))]
        rides = Booking.objects.filter(self.matching).order_by(*order)[:ROWS]
        keys = [str(pk) for pk in rides.values_list("pk", flat=True)]
        return keys[::-1] if self.last else keys


def cases():
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=60)
    tomorrow = today + timedelta(days=1)
    customer, driver, partner = (
        model.objects.order_by("pk").first().pk for model in (Customer, Driver, Partner)
    )
    pasted = (
        Booking.objects.filter(ACTIVE).order_by("pk").values_list("reference", flat=True)[:ROWS]
    )
    statuses = ["pending", "completed"]
    for name, query, matching in (
        ("first page", "", Q(pickup_at__gte=today)),
        ("period", "period=today", Q(pickup_at__gte=today, pickup_at__lt=tomorrow)),
        (
            "dates",
            f"since={since.date()}&until={today.date()}",
            Q(pickup_at__gte=since, pickup_at__lt=tomorrow),
        ),
        ("status", "status=confirmed", Q(status="confirmed")),
        ("two statuses", "status=pending&status=completed", Q(status__in=statuses)),
        ("customer", f"customer={customer}", Q(customer=customer)),
        ("driver", f"driver={driver}", Q(driver=driver)),
        ("partner", f"partner={partner}", Q(partner=partner)),
        ("unassigned", "unassigned=1", Q(UNASSIGNED)),
        ("references", f"references={'+'.join(pasted)}", Q(reference__in=list(pasted))),
        ("address", "address=aeroport", Q(address_text__contains="aeroport")),
    ):
        yield Case(name, query, ACTIVE & matching)
    yield Case("archived", "archived=1", ARCHIVED)
    for name, key in (
        ("departure", F("pickup_at")),
        ("reference", F("reference")),
        ("price", OrMinusOne("price")),
    ):
        for code, down in ((name, False), (f"-{name}", True)):
            query = f"period=any&sort={code}"
            yield Case(f"sort {code}", query, ACTIVE, key, down)
            yield Case(f"sort {code}, deepest", f"{query}&before=end", ACTIVE, key, down, last=True)


NAMES = (
    *("first page", "period", "dates", "status", "two statuses", "customer", "driver", "partner"),
    *("unassigned", "references", "address", "archived"),
    *(
        f"sort {sign}{name}{page}"
        for name in ("departure", "reference", "price")
        for sign in ("", "-")
        for page in ("", ", deepest")
    ),
)


class Measured(NamedTuple):
    """Times in those of an empty page, and what was shown, what should have been, at what cost."""

    time: float
    shown: list
    expected: list
    statements: int


def measure(client):
    """{name: Measured} at the size that the table has now; all is asked once before it is timed."""
    asked = [(case, *ask(client, case)) for case in cases()]
    return {
        case.name: Measured(
            turns(partial(client.get, case.url), partial(client.get, "/empty/")),
            shown,
            case.rows(),
            statements,
        )
        for case, shown, statements in asked
    }


def ask(client, case):
    """The keys that the page shows, and how many statements it took."""
    with CaptureQueriesContext(connection) as statements:
        page = client.get(case.url).content.decode()
    return [part.split('"', 1)[0] for part in page.split('data-pk="')[1:]], len(statements)


def turns(work, other):
    """The fastest run of `work` in those of `other`, which take turns."""
    times = ([], [])
    for _ in range(ROUNDS):
        for each, spent in zip((work, other), times, strict=True):
            start = time.perf_counter()
            each()
            spent.append(time.perf_counter() - start)
    return min(times[0]) / min(times[1])


@pytest.fixture(scope="module")
def measured(crowd, django_db_blocker):
    """The measures at ten thousand bookings and at all of them."""
    with django_db_blocker.unblock(), override_settings(ROOT_URLCONF=__name__):
        crowd.user.preferences = {"bookings": {"columns": COLUMNS}}
        crowd.user.save()
        client = Client(headers={"HX-Request": "true"})
        client.force_login(crowd.user)
        small = measure(client)
        crowd.grow()
        return small, measure(client)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_costs_the_same_among_a_million(bench, measured, name):
    small, large = (each[name] for each in measured)
    for each in (small, large):
        assert each.shown == each.expected
        assert len(each.shown) == ROWS
        assert each.statements <= MOST_STATEMENTS
    bench.report(f"list, {name}: large / small", large.time / small.time, LARGE_TO_SMALL)


def test_a_refresh_costs_little_more_than_an_empty_page(bench, measured):
    _small, large = measured
    bench.report(
        f"refresh of {ROWS} rows x {len(COLUMNS)} / empty page", large["first page"].time, RENDER
    )
