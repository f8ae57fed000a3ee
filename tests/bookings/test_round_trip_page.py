"""The page of a round trip."""

from datetime import date, time, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from bookings import payouts, round_trips, series_services, services
from bookings.recurrence import Rule
from bookings.states import Status
from tests.asking import HTMX, act, picked, ticket_of, url_of
from tests.bookings.conftest import only
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_round_trip,
    make_user,
)

pytestmark = pytest.mark.django_db


def test_the_page_shows_both_segments_their_sums_and_one_life(desk, bureau):
    out, back = make_round_trip(
        price=Decimal(35_000), outbound={"driver": make_driver("Ibou Sarr")}
    )
    services.set_status(only(out), by=bureau, status=Status.CONFIRMED)
    response = desk.get(out.round_trip.get_absolute_url())
    page = response.content.decode()
    for text in (out.reference, back.reference, "Ibou Sarr", "Confirmed", "Pending", "70,000"):
        assert text in page
    assert [entry.record for entry in response.context["entries"]] == [
        out.reference,
        back.reference,
        out.reference,
    ]
    assert f'name="pk" value="{out.pk},{back.pk}"' in page
    address = out.round_trip.get_absolute_url()
    ride = desk.get(out.get_absolute_url()).content.decode()
    assert f'<a class="btn" href="{address}">See both segments</a>' in ride


def test_a_round_trip_is_made_recurring_from_its_page(desk, bureau):
    out, back = make_round_trip()
    address = out.round_trip.get_absolute_url()

    def ways():
        return [way["url"] for way in desk.get(address).context["editing"]]

    assert ways() == [reverse("bookings:repeat", args=[out.reference])]
    page = desk.get(address).content.decode()
    assert page.count("Make recurring") == 1
    asked = desk.get(ways()[0])
    assert [ride.reference for ride in asked.context["form"].segments] == [
        out.reference,
        back.reference,
    ]
    services.cancel(only(out), by=bureau, kind="customer", reason="Storm")
    assert ways() == [reverse("bookings:repeat", args=[back.reference])]
    services.cancel(only(back), by=bureau, kind="customer", reason="Storm")
    assert ways() == []


def test_what_recurs_has_another_rule_from_its_page(desk, bureau):
    out, _back = make_round_trip()
    rule = Rule("DAILY", count=2)
    series_services.repeat(out, by=bureau, rule=rule, both=True)
    page = desk.get(out.round_trip.get_absolute_url())
    assert [way["action"].code for way in page.context["editing"]] == ["bookings.reschedule"]


def test_only_who_may_makes_a_round_trip_recurring(client):
    out, _back = make_round_trip()
    user = make_user(language="en")
    user.user_permissions.add(Permission.objects.get(codename="view_booking"))
    client.force_login(user)
    assert "Make recurring" not in client.get(out.round_trip.get_absolute_url()).content.decode()


def test_a_return_has_one_title_in_the_life_of_both_its_segments(desk, bureau):
    out = make_booking()
    answers = {"date": date(2030, 3, 4), "clock": time(18)}
    round_trips.create_return(only(out), by=bureau, **answers)
    out.refresh_from_db()
    entries = desk.get(out.round_trip.get_absolute_url()).context["entries"]
    assert [entry.label for entry in entries] == ["Create return", "Create return", "Create"]


def test_a_segment_that_is_off_counts_its_fee_or_nothing(desk, bureau):
    out, back = make_round_trip(price=Decimal(35_000), payout=Decimal(20_000))
    url = out.round_trip.get_absolute_url()
    services.cancel(only(back), by=bureau, kind="customer", reason="Storm")
    page = desk.get(url)
    assert page.context["totals"] == {
        "price": [(35_000, "XOF")],
        "payout": [(20_000, "XOF")],
        "settled_amount": [],
        "fee": [],
        "due": [(35_000, "XOF")],
    }
    assert page.content.decode().count('class="missing"') == 1  # nobody drives what is off
    assert "The customer pays" not in page.content.decode()
    billed = {"kind": "late", "reason": "Storm", "billable": True, "fee_percent": 50}
    services.cancel(only(out), by=bureau, **billed)
    page = desk.get(url)
    assert page.context["totals"]["price"] == page.context["totals"]["payout"] == []
    assert page.context["totals"]["fee"] == page.context["totals"]["due"] == [(17_500, "XOF")]
    assert "The customer pays" in page.content.decode()
    assert 'class="missing"' not in page.content.decode()


def test_its_page_says_why_a_segment_is_off_and_who_validated_which_payout(boss, gestion):
    out, back = make_round_trip(payout=Decimal(20_000), driver=make_driver())
    services.cancel(only(back), by=gestion, kind="late", reason="Harmattan")
    payouts.settle(only(out), by=gestion, date=date(2026, 3, 4))
    page = unescape(boss.get(out.round_trip.get_absolute_url()).content.decode())
    facts = page.partition('id="timeline"')[0]
    for text in ("By the customer, too late", "<dd>Harmattan</dd>", f"2026 · {gestion}</span>"):
        assert text in facts
    assert facts.count("Cancellation") == 1
    assert "Harmattan" in boss.get(back.get_absolute_url()).content.decode()


def test_a_field_is_emptied_on_one_segment(desk):
    out, back = make_round_trip(transport_number="AF718")
    given = {"picked": ["transport_number"], "transport_number_leg": "return"}
    act(desk, url_of("change"), picked(out, back) | given)
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.transport_number, back.transport_number) == ("AF718", "")


@pytest.mark.parametrize("url", ["/bookings/trips/{}/", "/bookings/series/{}/", "/mails/{}/"])
def test_a_key_that_no_database_holds_is_not_found(desk, url):
    assert desk.get(url.format("9" * 19)).status_code == 404
    assert desk.get(url.format("9" * 400)).status_code == 404


def test_its_form_asks_before_it_changes_one_segment(desk):
    out, back = make_round_trip(price=Decimal(10))
    given = picked(out, back) | {
        "confirm": "1",
        "picked": "price",
        "price": "12",
        "price_leg": "return",
    }
    asked = desk.post(url_of("change"), given, headers=HTMX)
    assert asked.status_code == 200
    assert asked.context["preview"].ready == 1
    assert desk.post(url_of("change"), given | ticket_of(asked), headers=HTMX).status_code == 200
    out.refresh_from_db(), back.refresh_from_db()
    assert (out.price, back.price) == (10, 12)


def test_the_page_costs_the_same_whatever_happened(desk, bureau, django_assert_max_num_queries):
    out, back = make_round_trip()
    for status in (Status.CONFIRMED, Status.CONFIRMED):
        services.set_status(only(out, back), by=bureau, status=status)
    with django_assert_max_num_queries(12):
        desk.get(out.round_trip.get_absolute_url())


def test_the_page_of_a_trip_that_was_untied_leads_to_its_rides(desk, bureau, client):
    url = "/bookings/trips/1/"
    client.force_login(make_user())
    assert client.get(url).status_code == 403
    assert desk.get(url).status_code == 404
    same = {"customer": make_customer(), "passenger_name": "Awa"}
    at = timezone.now() + timedelta(days=1)
    out, back = (make_booking(**same, pickup_at=at + timedelta(days=days)) for days in (0, 1))
    round_trips.pair(only(out, back), by=bureau)
    out.refresh_from_db()
    url = out.round_trip.get_absolute_url()
    assert desk.get(url).context["segments"] == [out, back]
    round_trips.unpair(only(out, back), by=bureau)
    page = desk.get(url)
    assert page.context["rides"] == [out, back]
    assert 'id="record"' in page.content.decode()  # which an open page is drawn anew from
    assert out.get_absolute_url() in page.content.decode()
    assert "Untie round trip" in [entry.label for entry in page.context["entries"]]


def test_who_may_not_change_is_shown_no_form(client):
    onlooker = make_user()
    onlooker.user_permissions.add(Permission.objects.get(codename="view_booking"))
    client.force_login(onlooker)
    out, _back = make_round_trip()
    response = client.get(out.round_trip.get_absolute_url())
    assert response.context["form"] is None
    assert url_of("change") not in response.content.decode()
