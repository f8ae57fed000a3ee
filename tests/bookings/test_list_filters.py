"""What the list of bookings is filtered by: each filter, some together, and what is wrong input."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.http import QueryDict
from django.utils import timezone

from bookings.filters import PERIODS, BookingFilter, days_of
from bookings.models import Booking
from bookings.states import Status
from project.actions import desk as desks
from project.actions import selection
from tests.factories import make_booking, make_customer, make_driver, make_partner, make_user

pytestmark = pytest.mark.django_db

URL = "/bookings/"


@pytest.fixture
def office(client):
    user = make_user(groups=["Bureau"], language="en")
    client.force_login(user)
    return user


@pytest.fixture
def shown(client, office):
    """The references that a query string shows, in the list's order."""

    def ask(query=""):
        page = client.get(f"{URL}?{query}").content.decode()
        return re.findall(r'data-href="/bookings/([^/]+)/"', page)

    return ask


@pytest.fixture
def read(client, office):
    def ask(query, **headers):
        return client.get(f"{URL}?{query}", headers=headers).content.decode()

    return ask


def error_at(name, page):
    return re.search(rf'id="filter-error-{name}"[^>]*>(.*?)</div>', page)[1].strip()


def chips(page):
    """{label: the query string without it}"""
    found = re.findall(r'<span class="chip">(.*?) <a href="/bookings/(?:\?(.*?))?"', page)
    return {label: query.replace("&amp;", "&") for label, query in found}


def names(*bookings):
    return [booking.reference for booking in bookings]


def at(day, hour=12, minute=0):
    return timezone.make_aware(datetime(day.year, day.month, day.day, hour, minute))


# --------------------------------------------------------------------------------- period
@pytest.mark.parametrize(
    ("period", "first", "end"),
    [
        ("any", None, None),
        ("upcoming", "2026-03-01", None),
        ("today", "2026-03-01", "2026-03-02"),
        ("tomorrow", "2026-03-02", "2026-03-03"),
        ("yesterday", "2026-02-28", "2026-03-01"),
        ("week", "2026-02-23", "2026-03-02"),
        ("next_week", "2026-03-02", "2026-03-09"),
        ("last_week", "2026-02-16", "2026-02-23"),
        ("month", "2026-03-01", "2026-04-01"),
        ("last_month", "2026-02-01", "2026-03-01"),
    ],
)
def test_a_period_is_whole_days(period, first, end):
    sunday = date(2026, 3, 1)
    assert days_of(period, sunday) == tuple(day and date.fromisoformat(day) for day in (first, end))


def test_every_period_that_is_offered_is_known():
    for period, _label in PERIODS:
        first, end = days_of(period, date(2026, 12, 31))
        assert first is None or end is None or first < end


def test_last_month_of_january_is_december():
    assert days_of("last_month", date(2026, 1, 31)) == (date(2025, 12, 1), date(2026, 1, 1))


def test_a_day_is_the_local_one(shown, settings):
    settings.TIME_ZONE = "America/New_York"
    today = timezone.localdate()
    first = make_booking(pickup_at=at(today, 0, 0))
    last = make_booking(pickup_at=at(today, 23, 59))
    make_booking(pickup_at=at(today + timedelta(days=1), 0, 0))
    assert shown("period=today") == names(first, last)


def test_chosen_dates_include_both(shown):
    day = timezone.localdate() + timedelta(days=40)
    made = [make_booking(pickup_at=at(day + timedelta(days=n))) for n in range(4)]
    dates = f"since={day + timedelta(days=1)}&until={day + timedelta(days=2)}"
    assert shown(dates) == names(*made[1:3])
    assert shown(f"since={day + timedelta(days=3)}") == names(made[3])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=2026-13-40", "since"),
        ("until=tomorrow", "until"),
        ("since=0001-01-01", "since"),
        ("until=9999-12-31", "until"),
        ("since=2026-05-02&until=2026-05-01", "until"),
        ("period=someday", "period"),
        ("status=lost", "status"),
        ("status=pending&status=lost", "status"),
        ("customer=999999", "customer"),
        ("customer=abc", "customer"),
        ("driver=-1", "driver"),
        ("partner=99999999999999999999999", "partner"),
        ("customer=&customer_text=Nobody+of+that+name", "customer"),
        ("q=" + "x" * 201, "q"),
        ("q=a%00b", "q"),
    ],
)
def test_wrong_input_is_named_at_its_field_and_shows_nothing(read, query, field):
    make_booking()
    answer = read(query)
    assert error_at(field, answer)
    assert "data-pk" not in answer
    assert "The filter has a mistake." in answer


def test_wrong_input_is_named_in_a_refreshed_list_too(read):
    answer = read("since=2026-13-40", **{"HX-Request": "true"})
    assert error_at("since", answer)
    assert error_at("until", answer) == ""


def test_all_that_match_a_wrong_filter_are_none(office):
    make_booking()
    data = QueryDict("all=1&filter=period%3Dsomeday")
    with pytest.raises(selection.NoSelection):
        selection.read(desks.get("bookings"), data, office)


# --------------------------------------------------------------------------------- choices
def test_one_status_or_several(shown):
    pending = make_booking(pickup_at=timezone.now() + timedelta(hours=1))
    confirmed = make_booking(status=Status.CONFIRMED, pickup_at=timezone.now() + timedelta(hours=2))
    late = make_booking(pickup_at=timezone.now() + timedelta(hours=3))
    make_booking(status=Status.CANCELLED)
    assert shown("status=confirmed") == names(confirmed)
    assert shown("status=pending&status=confirmed") == names(pending, confirmed, late)
    assert shown("status=pending&status=confirmed&sort=-departure") == names(
        late, confirmed, pending
    )


def test_a_customer_a_driver_a_partner(shown):
    customer, driver, partner = make_customer(), make_driver(), make_partner()
    ours = make_booking(customer=customer)
    driven = make_booking(driver=driver)
    given = make_booking(partner=partner)
    assert shown(f"customer={customer.pk}") == names(ours)
    assert shown(f"driver={driver.pk}") == names(driven)
    assert shown(f"partner={partner.pk}") == names(given)
    assert shown(f"driver={driver.pk}&partner={partner.pk}") == []


def test_a_party_is_found_by_its_typed_name_without_scripts(shown, read):
    customer = make_customer("Hôtel Téranga")
    booking = make_booking(customer=customer)
    make_booking()
    assert shown("customer=&customer_text=hotel+teranga") == names(booking)
    answer = read("period=any&customer=&customer_text=hotel+teranga")
    assert f'name="filter" value="period=any&amp;customer={customer.pk}"' in answer
    assert "Customer: Hôtel Téranga" in chips(answer)


def test_only_what_is_to_assign(shown):
    waiting = make_booking()
    make_booking(driver=make_driver())
    make_booking(partner=make_partner())
    assert shown("unassigned=1") == names(waiting)
    assert len(shown("unassigned=0")) == 3


def test_archived_ones_are_apart(shown):
    current = make_booking()
    archived = make_booking(status=Status.CANCELLED, archived_at=timezone.now())
    assert shown() == names(current)
    assert shown("period=any&archived=1") == names(archived)
    assert shown("period=any&archived=all") == names(current, archived)


# ------------------------------------------------------------------------------------ text
def test_a_free_search_finds_passenger_phone_flight_and_customer(shown):
    booking = make_booking(
        passenger_name="Aïssatou Diène",
        passenger_phone="+221 77 123 45 67",
        transport_number="AF719",
        customer=make_customer("Sahel Conseil"),
    )
    make_booking()
    for text in ("aissatou", "DIENE", "771234567", "af719", "sahel+conseil", booking.reference):
        assert shown(f"q={text}") == names(booking), text
    assert shown("q=nobody+at+all") == []


def test_an_address_is_looked_for_in_the_addresses_alone(shown):
    there = make_booking(pickup_address="Gare de Thiès", passenger_name="Awa")
    make_booking(passenger_name="Thiès Thiam")
    assert shown("address=thies") == names(there)


def test_a_pasted_list_of_references_in_any_form(shown, read):
    made = [make_booking(pickup_at=timezone.now() + timedelta(hours=n)) for n in (1, 2, 3)]
    one, two, _three = names(*made)
    assert shown(f"references={one.lower()}%0A%20{two};;") == [one, two]
    answer = read(f"references={one},R-99-999999,foo")
    assert error_at("references", answer) == "Unknown: FOO, R-99-999999."
    assert one in answer


def test_references_that_other_filters_leave_out_are_named(read):
    shown = make_booking()
    archived = make_booking(status=Status.CANCELLED, archived_at=timezone.now())
    answer = read(f"period=any&references={shown.reference}+{archived.reference}")
    assert error_at("references", answer) == f"Left out by the other filters: {archived.reference}."


def test_too_many_references_are_refused(read):
    many = "+".join(f"R-26-{n}" for n in range(501))
    assert "At most 500" in error_at("references", read(f"references={many}"))


# ---------------------------------------------------------------------------- URL and chips
def test_filters_narrow_each_other(shown):
    customer = make_customer()
    tomorrow = timezone.now() + timedelta(days=1)
    wanted = make_booking(customer=customer, status=Status.CONFIRMED, pickup_at=tomorrow)
    make_booking(customer=customer, pickup_at=tomorrow)
    make_booking(status=Status.CONFIRMED, pickup_at=tomorrow)
    make_booking(customer=customer, status=Status.CONFIRMED, pickup_at=tomorrow + timedelta(days=3))
    query = f"period=tomorrow&status=confirmed&customer={customer.pk}&unassigned=1"
    assert shown(query) == names(wanted)


def test_each_filter_in_force_is_a_chip_that_can_be_taken_out(read):
    driver = make_driver("Ousmane Sarr")
    query = f"q=awa&period=today&status=pending&status=confirmed&unassigned=1&driver={driver.pk}"
    found = chips(read(query))
    assert set(found) == {
        "Search: awa",
        "Today",
        "Pending",
        "Confirmed",
        "To assign",
        "Driver: Ousmane Sarr",
    }
    left = QueryDict(found["Pending"])
    assert left.getlist("status") == ["confirmed"]
    assert left["driver"] == str(driver.pk)
    assert "driver" not in QueryDict(found["Driver: Ousmane Sarr"])


def test_a_bare_url_opens_on_what_is_to_come_and_its_chip_leads_to_all(shown, read):
    past = make_booking(pickup_at=timezone.now() - timedelta(days=9))
    coming = make_booking()
    assert shown() == names(coming)
    without = chips(read(""))["From today"]
    assert without
    assert shown(without) == names(past, coming)


def test_empty_fields_of_the_form_filter_nothing(shown):
    booking = make_booking(pickup_at=timezone.now() - timedelta(days=9))
    form = "q=&period=any&since=&until=&customer=&customer_text=&driver=&driver_text=&references="
    assert shown(form) == names(booking)


def test_the_form_shows_what_it_filters_by(read):
    customer = make_customer("Hôtel Téranga")
    answer = read(f"period=week&status=confirmed&q=awa&customer={customer.pk}&since=2026-05-01")
    assert '<option value="week" selected>' in answer
    assert re.search(r'<input type="checkbox"[^>]*value="confirmed"[^>]*checked', answer)
    assert re.search(r'<input type="search"[^>]*value="awa"', answer)
    assert 'name="customer_text" value="Hôtel Téranga"' in answer
    assert re.search(r'<input type="date"[^>]*value="2026-05-01"', answer)
    assert '<option value="any" selected>' in read("q=awa")


def test_the_filter_keeps_the_sort(read):
    found = chips(read("period=today&sort=-price"))
    assert QueryDict(found["Today"])["sort"] == "-price"


def test_nobody_sees_through_a_filter_what_they_may_not_view():
    make_booking()
    everything = QueryDict("period=any")
    assert BookingFilter(everything, user=make_user()).qs.count() == 0
    assert BookingFilter(everything, user=make_user(groups=["Bureau"])).qs.count() == 1


def test_all_that_match_is_what_the_list_shows(office, shown):
    make_booking(status=Status.CONFIRMED)
    make_booking()
    data = QueryDict("all=1&filter=period%3Dany%26status%3Dconfirmed")
    chosen = selection.read(desks.get("bookings"), data, office).queryset
    assert names(*chosen) == shown("period=any&status=confirmed")
    assert Booking.objects.count() == 2


def test_a_filter_tells_no_name_to_those_who_may_not_see_it(client):
    user = make_user()
    user.user_permissions.add(Permission.objects.get(codename="view_booking"))
    client.force_login(user)
    customer = make_customer("Secret Society")
    for query in (f"customer={customer.pk}", "customer_text=Secret", "customer_text=Nobody"):
        page = client.get(f"{URL}?{query}").content.decode()
        assert "Society" not in page
