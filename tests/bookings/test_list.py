"""The list of bookings: page and part, rows, columns, sorts, who sees what, at what cost."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings.models import Booking
from bookings.states import Status
from bookings.tables import BookingTable
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_partner,
    make_round_trip,
    make_user,
)

pytestmark = pytest.mark.django_db

URL = "/bookings/"
HTMX = {"HX-Request": "true"}
MOST_STATEMENTS = 8


@pytest.fixture
def office(client):
    user = make_user(groups=["Bureau"], language="en")
    client.force_login(user)
    return user


def references(response):
    return re.findall(r'data-href="/bookings/([^/]+)/"', response.content.decode())


def text(response):
    return response.content.decode()


def row_of(response, booking):
    return re.search(rf'<tr data-pk="{booking.pk}".*?</tr>', text(response), re.S)[0]


def links(response):
    """{label: URL} of the pager."""
    pager = re.search(r'<nav class="foot".*?</nav>', text(response), re.S)[0]
    found = re.findall(r'href="([^"]+)"[^>]*>(\w+)</a>', pager)
    return {label: url.replace("&amp;", "&") for url, label in found}


# ------------------------------------------------------------------------------------ who
def test_a_visitor_is_sent_to_sign_in(client):
    response = client.get(URL)
    assert response.status_code == 302
    assert response.url.startswith(reverse("login"))


def test_it_is_refused_without_the_permission(client):
    client.force_login(make_user())
    assert client.get(URL).status_code == 403


def test_home_leads_to_it(client, office):
    assert client.get("/").url == URL


def test_only_who_may_add_is_offered_a_new_one(client, office):
    assert "data-new" in text(client.get(URL))
    reader = make_user()
    reader.user_permissions.add(permission("view_booking"))
    client.force_login(reader)
    response = client.get(URL)
    assert response.status_code == 200
    assert "data-new" not in text(response)


def test_only_allowed_actions_are_in_the_bar(client, office):
    make_booking()
    page = text(client.get(URL))
    assert '"/actions/bookings/cancel/"' in page
    assert '"/actions/bookings/assign/"' in page
    clerk = make_user()
    clerk.user_permissions.add(permission("view_booking"), permission("archive_booking"))
    client.force_login(clerk)
    page = text(client.get(URL))
    assert '"/actions/bookings/archive/"' in page
    assert '"/actions/bookings/cancel/"' not in page


def permission(codename):
    return Permission.objects.get(codename=codename)


# ------------------------------------------------------------------------- page and part
def test_it_is_a_whole_page_without_scripts(client, office):
    booking = make_booking()
    page = text(client.get(URL))
    assert page.lstrip().startswith("<!doctype html>")
    assert f'name="pk" value="{booking.pk}"' in page
    assert '<form class="filters" id="filters" method="get"' in page
    assert re.search(r"<button[^>]*formaction=\"/actions/bookings/cancel/\"", page)
    assert 'href="/bookings/?period=upcoming&amp;sort=price"' in page


def test_htmx_gets_the_list_alone(client, office):
    booking = make_booking()
    response = client.get(URL, headers=HTMX)
    part = text(response)
    assert part.lstrip().startswith('<form id="desk"')
    assert "<html" not in part
    assert references(response) == [booking.reference]
    assert re.search(r'id="matching"[^>]*hx-swap-oob="true"', part)
    assert re.search(r'id="filter-error-period"[^>]*hx-swap-oob="true"', part)


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_a_boosted_or_restored_page_is_whole(client, office, header):
    assert "<html" in text(client.get(URL, headers=HTMX | {header: "true"}))


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_caches_are_told_that_it_varies(client, office, headers):
    assert "HX-Request" in client.get(URL, headers=headers)["Vary"]


def test_the_filter_form_puts_a_clean_url_into_the_address_bar(client, office):
    form = URL + "?sort=&q=Awa&period=today&since=&customer_text=&customer=&references="
    response = client.get(form, headers=HTMX | {"HX-Trigger": "filters"})
    assert response["HX-Push-Url"] == URL + "?q=Awa&period=today"


def test_the_same_filter_again_is_no_step_of_the_history(client, office):
    here = "http://testserver" + URL + "?q=Awa&period=any"
    headers = HTMX | {"HX-Trigger": "filters", "HX-Current-URL": here}
    assert client.get(URL + "?q=Awa&period=any", headers=headers)["HX-Push-Url"] == "false"


def test_the_list_refreshes_itself_where_it_is(client, office):
    for _ in range(30):
        make_booking()
    office.preferences = {"bookings": {"size": 25}}
    office.save()
    url = links(client.get(URL + "?period=any&sort=-departure"))["Next"]
    part = text(client.get(url, headers=HTMX))
    again = re.search(r'hx-get="([^"]+)" hx-trigger="bookings-changed from:body"', part)[1]
    assert again.replace("&amp;", "&") == url


def test_the_selection_form_carries_the_filter_it_shows(client, office):
    make_booking()
    page = text(client.get(URL + "?q=&period=any&status=pending&after="))
    assert '<input type="hidden" name="filter" value="period=any&amp;status=pending">' in page


# ----------------------------------------------------------------------------------- rows
def test_a_row_says_who_where_when_and_how_much(client, office):
    driver = make_driver("Ousmane Sarr")
    booking = make_booking(
        passenger_name="Awa <Ndiaye>",
        passenger_count=3,
        transport_number="AF719",
        duration_minutes=70,
        driver=driver,
        price=Decimal(35000),
        currency="XOF",
        pickup_at=timezone.localtime().replace(hour=6, minute=15) + timedelta(days=2),
    )
    row = row_of(client.get(URL), booking)
    assert f'href="/bookings/{booking.reference}/"' in row
    assert "06:15" in row
    assert "1 h 10" in row
    assert "Awa &lt;Ndiaye&gt;" in row
    assert "3 pers." in row
    assert "12 rue Carnot, Dakar, AF719" in row
    assert "Ousmane Sarr" in row
    assert "status-pending" in row
    assert "35,000" in row


def test_what_is_missing_is_said_while_it_matters(client, office):
    waiting = make_booking()
    cancelled = make_booking(status=Status.CANCELLED)
    outsourced = make_booking(partner=make_partner("Sahel Cars"))
    response = client.get(URL)
    assert 'class="missing"' in row_of(response, waiting)
    assert 'class="missing"' not in row_of(response, cancelled)
    assert "Sahel Cars" in row_of(response, outsourced)


def test_a_billable_cancellation_says_so(client, office):
    booking = make_booking(status=Status.CANCELLED, billable=True, fee=Decimal(5000))
    assert "Cancelled · billable" in row_of(client.get(URL), booking)


def test_the_price_of_a_ride_that_does_not_take_place_is_struck(client, office):
    gone = make_booking(status=Status.CANCELLED, price=12_345)
    there, free = make_booking(price=23_456), make_booking(status=Status.CANCELLED, price=None)
    response = client.get(URL)
    assert re.search(r"<del>[^<]*12,345</del>", row_of(response, gone))
    assert "<del>" not in row_of(response, there) + row_of(response, free)


def test_the_segments_of_a_round_trip_are_marked(client, office):
    out, back = make_round_trip()
    response = client.get(URL)
    assert "⇄ 1/2" in row_of(response, out)
    assert "⇄ 2/2" in row_of(response, back)


def test_each_day_has_a_line_that_counts(client, office):
    noon = timezone.localtime().replace(hour=12, minute=0) + timedelta(days=3)
    for at in (noon, noon + timedelta(hours=2), noon + timedelta(days=1)):
        make_booking(pickup_at=at)
    page = text(client.get(URL))
    days = re.findall(r'<tr class="day">.*?· (.*?)</span>', page)
    assert days == ["2 rides", "1 ride"]
    assert 'class="day"' not in text(client.get(URL + "?period=any&sort=price"))


def test_a_day_that_goes_on_says_that_it_counts_this_page(client, office):
    noon = timezone.localtime().replace(hour=12, minute=0) + timedelta(days=3)
    for minutes in range(30):
        make_booking(pickup_at=noon + timedelta(minutes=minutes))
    office.preferences = {"bookings": {"size": 25}}
    office.save()
    first = client.get(URL)
    assert re.findall(r'class="day">.*?· (.*?)<', text(first)) == ["25 rides on this page"]
    second = client.get(links(first)["Next"])
    assert re.findall(r'class="day">.*?· (.*?)<', text(second)) == ["5 rides on this page"]


def test_amounts_and_days_follow_the_language(client, office):
    booking = make_booking(price=Decimal("1234.50"), currency="EUR", pickup_at=timezone.now())
    assert "€1,234.50" in row_of(client.get(URL), booking)
    office.language = "fr"
    office.save()
    assert "1\u202f234,50\xa0€" in row_of(client.get(URL), booking)


# --------------------------------------------------------------------------------- sorts
def test_it_opens_on_what_departs_next(client, office):
    later = make_booking(pickup_at=timezone.now() + timedelta(days=2))
    sooner = make_booking(pickup_at=timezone.now() + timedelta(hours=1))
    make_booking(pickup_at=timezone.now() - timedelta(days=3))
    assert references(client.get(URL)) == [sooner.reference, later.reference]


@pytest.mark.parametrize(
    ("code", "order"),
    [
        ("departure", "ABC"),
        ("-departure", "CBA"),
        ("reference", "BAC"),
        ("-reference", "CAB"),
        ("price", "CBA"),
        ("-price", "ABC"),
        ("nonsense", "ABC"),
    ],
)
def test_it_sorts(client, office, code, order):
    day, made = timezone.now() + timedelta(days=1), {}
    for name, hours, price in (("B", 2, 500), ("A", 1, 9000), ("C", 3, None)):
        made[name] = make_booking(
            pickup_at=day + timedelta(hours=hours), price=price and Decimal(price)
        ).reference
    shown = references(client.get(f"{URL}?period=any&sort={code}"))
    assert shown == [made[name] for name in order]


def test_a_heading_sorts_and_then_turns_round(client, office):
    make_booking()
    page = text(client.get(URL + "?period=any"))
    assert 'href="/bookings/?period=any&amp;sort=price"' in page
    assert re.search(
        r'aria-sort="ascending">\s*<a href="/bookings/\?period=any&amp;sort=-dep', page
    )
    page = text(client.get(URL + "?period=any&sort=price"))
    assert re.search(
        r'aria-sort="ascending">\s*<a href="/bookings/\?period=any&amp;sort=-price', page
    )
    assert 'href="/bookings/?period=any"' in page


@pytest.mark.parametrize("sort", ["departure", "-departure", "reference", "price", "-price"])
def test_every_row_is_on_one_page_of_each_sort(client, office, sort):
    at, price = timezone.now() + timedelta(days=1), [None, Decimal(500), Decimal(2500)]
    made = {
        make_booking(pickup_at=at + timedelta(hours=n // 20), price=price[n % 3]).reference
        for n in range(60)
    }
    office.preferences = {"bookings": {"size": 25}}
    office.save()
    for start, step in (("", "Next"), ("&before=end", "Previous")):
        response = client.get(f"{URL}?period=any&sort={sort}{start}")
        seen = references(response)
        while step in links(response):
            response = client.get(links(response)[step])
            seen += references(response)
        assert set(seen) == made
        assert len(seen) <= 75  # walking back ends with a whole first page


def test_a_stale_link_shows_the_nearest_page_with_a_word(client, office):
    made = [make_booking(pickup_at=timezone.now() + timedelta(hours=n)) for n in range(1, 31)]
    office.preferences = {"bookings": {"size": 25}}
    office.save()
    url = links(client.get(URL))["Next"]
    made[24].pickup_at += timedelta(days=30)
    made[24].save()
    response = client.get(url)
    assert response.status_code == 200
    assert "The list has changed in the meantime" in text(response)
    assert references(response)[0] == made[25].reference


@pytest.mark.parametrize("cursor", ["after=x", "before=x", "after=%00", "before=%F0%9F%9A%95"])
def test_a_broken_link_shows_the_first_page_with_a_word(client, office, cursor):
    booking = make_booking()
    response = client.get(f"{URL}?{cursor}")
    assert references(response) == [booking.reference]
    assert "This link is no longer valid" in text(response)


def test_the_position_is_said(client, office):
    for _ in range(30):
        make_booking()
    office.preferences = {"bookings": {"size": 25}}
    office.save()
    first = client.get(URL)
    assert "1–25 of 30" in text(first)
    assert "26–30 of 30" in text(client.get(links(first)["Next"]))
    assert "6–30 of 30" in text(client.get(links(first)["Last"]))


# ------------------------------------------------------------------------------- columns
def choose(client, **data):
    return client.post("/desks/bookings/columns/", {"next": URL} | data)


def headings(response):
    head = re.search(r"<thead.*?</thead>", text(response), re.S)[0]
    return re.findall(r'<th scope="col".*?>\s*(?:<a.*?>)?([\w-]+(?: \w+)?)', head)


def test_it_offers_at_least_twelve_columns():
    assert len(BookingTable.base_columns) >= 12


def test_columns_are_chosen_and_kept(client, office):
    make_booking(customer=make_customer("Hôtel Téranga"))
    assert "Customer" not in headings(client.get(URL))
    assert choose(client, column=["customer", "departure", "price"], size="100").url == URL
    response = client.get(URL)
    assert headings(response) == ["Departure", "Reference", "Customer", "Price"]
    assert "Hôtel Téranga" in text(response)
    office.refresh_from_db()
    assert office.preferences["bookings"]["size"] == 100


def test_every_column_can_be_shown(client, office):
    make_booking(
        stops=["Gare <de> Thiès"],
        distance_km=Decimal("12.5"),
        price=Decimal(500),
        payout=Decimal(300),
        luggage_count=2,
        passenger_email="awa@example.org",
        driver=make_driver(),
    )
    choose(client, column=list(BookingTable.base_columns), size="50")
    response = client.get(URL)
    assert len(headings(response)) == len(BookingTable.base_columns)
    assert "Gare &lt;de&gt; Thiès" in text(response)
    assert "12.5 km" in text(response)


def test_unknown_columns_and_sizes_are_dropped(client, office):
    make_booking()
    choose(client, column=["price", "password"], size="100000")
    office.refresh_from_db()
    assert office.preferences["bookings"] == {"columns": ["price"], "size": 50}
    office.preferences = {"bookings": {"columns": ["gone"], "size": 7}}
    office.save()
    assert len(references(client.get(URL))) == 1


def test_no_column_at_all_means_the_usual_ones(client, office):
    make_booking()
    usual = headings(client.get(URL))
    choose(client, size="50")
    assert headings(client.get(URL)) == usual


def test_choosing_columns_leads_back_only_into_this_site(client, office):
    assert choose(client, next="https://elsewhere.example/").url == "/"
    assert client.get("/desks/bookings/columns/").status_code == 405
    assert client.post("/desks/nothing/columns/").status_code == 404


# ---------------------------------------------------------------------------------- cost
@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    "query", ["", "?period=any&before=end", "?status=pending&status=confirmed"]
)
def test_its_statements_do_not_grow_with_the_page(client, office, headers, query):
    for n in range(60):
        make_booking(driver=make_driver() if n % 2 else None)
    counts = []
    for size in (25, 200):
        office.preferences = {"bookings": {"size": size}}
        office.save()
        with CaptureQueriesContext(connection) as statements:
            response = client.get(URL + query, headers=headers)
        assert len(references(response)) == min(size, 60)
        counts.append(len(statements))
    assert max(counts) <= MOST_STATEMENTS
    assert counts[1] <= counts[0]


@pytest.mark.parametrize("references", [False, True])
@pytest.mark.parametrize("carrier", ["driver", "partner"])
def test_it_stays_under_the_limit_with_every_filter_at_once(client, office, carrier, references):
    someone, customer = {"driver": make_driver, "partner": make_partner}[carrier](), make_customer()
    rides = [
        make_booking(customer=customer, passenger_name="Awa Ndiaye", **{carrier: someone})
        for _ in range(60)
    ]
    query = (
        f"?q=awa&period=upcoming&status=pending&status=confirmed&customer={customer.pk}"
        f"&{carrier}={someone.pk}&address=carnot"
    )
    if references:
        query += f"&references={'+'.join(ride.reference for ride in rides)}"
    with CaptureQueriesContext(connection) as statements:
        response = client.get(URL + query)
    assert "1–50 of 60" in text(response)
    assert len(statements) <= MOST_STATEMENTS, [each["sql"][:80] for each in statements]


# --------------------------------------------------------------------------------- empty
def test_an_empty_desk_says_what_to_do(client, office):
    page = text(client.get(URL + "?period=any"))
    assert "There is nothing here yet." in page
    assert reverse("bookings:create") in page
    assert not Booking.objects.exists()


def test_a_filter_without_match_offers_to_clear_it(client, office):
    booking = make_booking()
    response = client.get(URL + "?status=completed")
    assert references(response) == []
    assert "Nothing matches this filter." in text(response)
    clear = re.search(r'<a class="btn" href="([^"]+)">Show everything', text(response))[1]
    assert references(client.get(clear)) == [booking.reference]
