"""The bell's pages, what rings it, and what an open page asks after it heard of a change."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings import services
from bookings.models import Booking
from project.audit.models import Batch
from project.notifications.live import words
from project.notifications.models import Announcement, Notification, OutgoingMail
from project.utilisateurs.backends import OneQueryBackend
from project.utilisateurs.groups import BUREAU, GESTION
from tests.asking import HTMX
from tests.bookings.conftest import only
from tests.factories import make_booking, make_customer, make_user

pytestmark = pytest.mark.django_db
LIST, LATEST = "/notifications/", "/notifications/latest/"
READ, KINDS, CHANGES = "/notifications/read/", "/notifications/kinds/", "/live/changes/"


@pytest.fixture
def awa():
    return make_user("awa", groups=[BUREAU], first_name="Awa", language="en")


@pytest.fixture
def moussa():
    return make_user("moussa", groups=[GESTION], first_name="Moussa", language="en")


@pytest.fixture
def desk(moussa):
    client = Client()
    client.force_login(moussa)
    return client


def cancel(by, *bookings):
    return services.cancel(only(*bookings), by=by, kind="customer", reason="Flight").batch


def made(count, **fields):
    customer = make_customer()
    return [make_booking(customer=customer, **fields) for _n in range(count)]


def quiet():
    """Forget what the making of records announced."""
    Notification.objects.all().delete()


def badge(response):
    """What the bell shows: its text, or None where it is hidden."""
    found = re.search(
        r"data-unread=\"\d+\"( hidden)?><span>(.*?)</span>", response.content.decode()
    )
    return None if found[1] else found[2]


def mine(user):
    return Notification.objects.filter(user=user)


# ------------------------------------------------------------------------------------- the count
def test_every_page_counts_without_a_script(desk, awa):
    bookings = made(3)
    quiet()
    assert badge(desk.get("/bookings/")) is None
    for booking in bookings:
        cancel(awa, booking)
    for url in ("/bookings/", "/jobs/", "/accounts/profile/", LIST):
        assert badge(desk.get(url)) == "3"


def test_the_bell_comes_with_the_user_in_no_statement_of_its_own(desk, awa):
    cancel(awa, *made(2))
    desk.get("/bookings/")
    with CaptureQueriesContext(connection) as page:
        desk.get("/bookings/")
    with CaptureQueriesContext(connection) as part:
        desk.get("/bookings/", headers=HTMX)
    for statements in (page, part):
        told = [each["sql"] for each in statements if "notification" in each["sql"]]
        assert len(told) == 1
        assert "session" not in told[0] and "utilisateurs_customuser" in told[0]


def test_the_count_stops_at_a_hundred(desk, moussa):
    batches = Batch.objects.bulk_create(
        Batch(action="bookings.cancel", model="bookings.booking", created_at=timezone.now())
        for _n in range(130)
    )
    rows = Announcement.objects.bulk_create(
        Announcement(batch=batch, kind="x", created_at=batch.created_at, turn=1)
        for batch in batches
    )
    Notification.objects.bulk_create(Notification(user=moussa, announcement=row) for row in rows)
    OutgoingMail.objects.bulk_create(
        OutgoingMail(
            batch=batch,
            object_id=1,
            records=[1],
            kind="x",
            state="failed",
            trouble="refused",
            due_at=batch.created_at,
            created_at=batch.created_at,
        )
        for batch in batches
    )
    user = OneQueryBackend().get_user(moussa.pk)
    assert (user.unread, user.failed_mails) == (100, 100)
    page = desk.get("/bookings/")
    assert badge(page) == "99+"
    assert 'class="count alert">99+<' in page.content.decode()


def test_a_page_for_strangers_has_no_bell(client):
    assert b"data-unread" not in client.get("/accounts/login/").content
    assert client.get(LIST).status_code == 302


# -------------------------------------------------------------------------------------- the lists
def test_the_list_says_who_did_what_to_which_record_and_why(desk, awa):
    [booking, *others] = made(3)
    quiet()
    cancel(awa, booking)
    cancel(awa, *others)
    page = desk.get(LIST).content.decode()
    text = re.sub(r"\s+", " ", re.sub(r"<.*?>", " ", page))
    assert f"Unread: {booking.reference} · 1 booking cancelled. Awa ·" in text
    names = ", ".join(other.reference for other in others)
    assert f"{names} · 2 bookings cancelled. Awa ·" in text
    assert "Flight" in text
    latest = desk.get(LATEST).content.decode()
    assert booking.reference in latest and "2 bookings cancelled." in latest


@pytest.mark.parametrize(("count", "rest"), [(2, ""), (3, " and 1 other"), (5, " and 3 others")])
def test_a_change_of_several_names_the_first(desk, awa, count, rest):
    bookings = made(count)
    quiet()
    cancel(awa, *bookings)
    named = f"{bookings[0].reference}, {bookings[1].reference}{rest}"
    for url in (LIST, LATEST):
        assert f'<span class="ref">{named}</span>' in desk.get(url).content.decode()


def test_a_change_of_very_many_names_none(desk, awa, monkeypatch):
    monkeypatch.setattr(words, "MOST_NAMED", 2)
    bookings = made(3)
    quiet()
    cancel(awa, *bookings)
    page = desk.get(LIST).content.decode()
    assert "3 bookings cancelled." in page
    assert not any(booking.reference in page for booking in bookings)


def test_an_empty_list_says_what_will_be_there(desk):
    assert "No notification yet." in desk.get(LIST).content.decode()
    assert "Nothing yet" in desk.get(LATEST).content.decode()


def test_a_long_list_has_pages(desk, awa):
    for booking in made(60):
        cancel(awa, booking)
    first, second = desk.get(LIST), desk.get(f"{LIST}?page=2")
    assert [len(page.context["page"].object_list) for page in (first, second)] == [50, 50]
    assert "?page=2#page" in first.content.decode()


def test_all_are_marked_as_read_from_any_page_of_the_list(desk, moussa, awa):
    for booking in made(60):
        cancel(awa, booking)
    second = desk.get(f"{LIST}?page=2")
    newest = re.search(r'name="newest" value="(\d+)"', second.content.decode())[1]
    desk.post(READ, {"newest": newest})
    assert not mine(moussa).filter(read_at=None).exists()


def test_its_statements_do_not_grow(desk, awa):
    counts = []
    for count in (1, 20):
        bookings = made(count)
        quiet()
        for booking in bookings:
            cancel(awa, booking)
        for url in (LIST, LATEST):
            desk.get(url)
            with CaptureQueriesContext(connection) as statements:
                desk.get(url)
            counts.append(len(statements))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 10


def test_one_reads_it_by_opening_it(desk, moussa, awa):
    [booking, *others] = made(3)
    quiet()
    one = cancel(awa, booking).announcement
    many = cancel(awa, *others)
    answer = desk.get(f"/notifications/{one.pk}/")
    assert answer.url == booking.get_absolute_url()
    assert badge(desk.get("/jobs/")) == "1"
    answer = desk.get(f"/notifications/{many.announcement.pk}/")
    assert answer.url == reverse("batch", args=[many.pk])
    read_at = mine(moussa).values_list("read_at", flat=True)
    before = list(read_at)
    assert None not in before
    desk.get(f"/notifications/{one.pk}/")
    assert list(read_at.all()) == before  # when it was first read


def test_one_or_all_are_marked_as_read(desk, moussa, awa):
    bookings = made(4)
    quiet()
    announcements = [cancel(awa, booking).announcement for booking in bookings[:3]]
    newest = mine(moussa).first().pk
    assert desk.post(READ, {"one": announcements[0].pk}).url == LIST
    assert badge(desk.get("/jobs/")) == "2"
    cancel(awa, bookings[3])  # came after what the user saw
    answer = desk.post(READ, {"newest": newest}, headers=HTMX)
    assert 'data-unread-now="1"' in answer.content.decode()
    assert badge(desk.get("/jobs/")) == "1"


@pytest.mark.parametrize("data", [{}, {"one": "x"}, {"newest": "-1"}, {"one": ""}])
def test_what_no_page_sends_marks_nothing(desk, moussa, awa, data):
    cancel(awa, *made(1))
    unread = mine(moussa).filter(read_at=None).count()
    assert desk.post(READ, data).status_code == 404
    assert mine(moussa).filter(read_at=None).count() == unread


def test_nobody_reads_or_opens_those_of_others(desk, moussa, awa):
    by_moussa = cancel(moussa, *made(1)).announcement
    assert mine(awa).filter(announcement=by_moussa).exists()
    assert desk.get(f"/notifications/{by_moussa.pk}/").status_code == 404
    desk.post(READ, {"one": by_moussa.pk})
    desk.post(READ, {"newest": 10**9})
    assert not mine(awa).exclude(read_at=None).exists()
    assert not mine(moussa).filter(read_at=None).exists()


def test_what_one_may_no_longer_see_is_neither_listed_nor_counted_nor_opened(desk, moussa, awa):
    [booking] = made(1)
    quiet()
    announcement = cancel(awa, booking).announcement
    make_customer("Hôtel Teranga", by=awa)
    moussa.groups.clear()
    moussa.user_permissions.add(Permission.objects.get(codename="view_customer"))
    page = desk.get(LIST)
    assert badge(page) == "1"
    assert "Hôtel Teranga" in page.content.decode()
    assert booking.reference not in page.content.decode()
    assert desk.get(f"/notifications/{announcement.pk}/").status_code == 404


# -------------------------------------------------------------------------------------- the kinds
def test_the_profile_offers_the_kinds_of_what_one_may_see(desk, moussa):
    page = desk.get("/accounts/profile/").content.decode()
    assert page.count('name="kind"') == page.count(" checked") == 23
    moussa.groups.clear()
    moussa.user_permissions.add(Permission.objects.get(codename="view_customer"))
    assert desk.get("/accounts/profile/").content.decode().count('name="kind"') == 1
    moussa.user_permissions.clear()
    assert 'id="kinds"' not in desk.get("/accounts/profile/").content.decode()


def test_what_is_not_ticked_rings_no_longer(desk, moussa, awa):
    moussa.preferences = {"bookings": {"size": 25}, "muted": {"left.by.another.room": True}}
    moussa.save()
    answer = desk.post(KINDS, {"kind": ["bookings.new", "bookings.status", "made.up"]})
    assert answer.url == "/accounts/profile/"
    moussa.refresh_from_db()
    assert moussa.preferences["bookings"] == {"size": 25}
    assert set(moussa.preferences["muted"]) == {
        "left.by.another.room",
        "bookings.assignments",
        "bookings.cancellations",
        "bookings.changes",
        "bookings.payouts",
        "bookings.rest",
        "directory",
        "installations.cancellations",
        "installations.diary",
        "installations.engineers",
        "installations.new",
        "installations.rest",
        "installations.work",
        "inventory.articles",
        "inventory.low_stock",
        "inventory.quarantine",
        "inventory.setup",
        "transport.cancellations",
        "transport.deadlines",
        "transport.money",
        "transport.reminders",
        "transport.rest",
    }
    page = desk.get("/accounts/profile/").content.decode()
    assert page.count(" checked") == 2
    [booking] = made(1)
    rung = mine(moussa).values_list("announcement__kind", flat=True)
    cancel(awa, booking)
    assert list(rung) == ["bookings.new"]


# --------------------------------------------------------------- what differs from what is shown
def shown(*bookings):
    return ",".join(f"{booking.pk}:{booking.version}" for booking in bookings)


def test_rows_that_changed_are_counted_and_others_are_not(desk, awa):
    bookings = made(4)
    before = shown(*bookings)
    answer = desk.post(CHANGES, {"desk": "bookings", "shown": before})
    assert (answer.status_code, answer.content) == (204, b"")
    cancel(awa, *bookings[:3])
    answer = desk.post(CHANGES, {"desk": "bookings", "shown": before})
    text = answer.content.decode()
    assert "3 rows changed." in text
    assert 'data-refresh="bookings-changed"' in text
    now = Booking.objects.filter(pk__in=[booking.pk for booking in bookings])
    again = {"desk": "bookings", "shown": shown(*now)}
    assert desk.post(CHANGES, again).status_code == 204


def test_those_that_the_page_would_show_by_now_are_counted_too(desk):
    [listed] = made(1, passenger_name="Awa Ndiaye")
    new, other = make_booking(passenger_name="Awa Sarr"), make_booking(passenger_name="Binta")
    data = {
        "desk": "bookings",
        "shown": shown(listed),
        "touched": f"{new.pk},{other.pk},{listed.pk}",
        "page": "q=awa",
    }
    answer = desk.post(CHANGES, data)
    assert "1 new row." in answer.content.decode()
    assert desk.post(CHANGES, data | {"page": "q=nobody"}).status_code == 204
    assert desk.post(CHANGES, data | {"touched": str(other.pk)}).status_code == 204
    assert "1 new row." in desk.post(CHANGES, data | {"touched": "*"}).content.decode()
    made(50, passenger_name="Awa Ba", pickup_at=timezone.now() + timedelta(hours=1))
    assert desk.post(CHANGES, data).status_code == 204  # it matches, but on the next page


@pytest.mark.parametrize("what", ["record", "form"])
def test_a_record_that_changed_says_who_did_what(desk, awa, what):
    [booking] = made(1)
    data = {"desk": "bookings", "what": what, "shown": shown(booking)}
    cancel(awa, booking)
    text = re.sub(r"\s+", " ", desk.post(CHANGES, data).content.decode())
    assert "Changed by Awa in the meantime" in text
    assert "1 booking cancelled. <q>Flight</q>" in text
    assert ("which version stays" in text) == (what == "form")
    assert ("data-refresh" in text) == (what == "record")


def test_what_one_changed_oneself_is_not_told_as_the_act_of_another(desk, moussa):
    [booking] = made(1)
    data = {"desk": "bookings", "what": "form", "shown": shown(booking)}
    cancel(moussa, booking)
    text = re.sub(r"\s+", " ", desk.post(CHANGES, data).content.decode())
    assert "You changed it in the meantime, at" in text
    assert moussa.get_full_name() not in text


def test_the_pages_carry_what_they_show(desk):
    [booking] = made(1)
    carried = f'data-pk="{booking.pk}" data-version="1"'
    for url in ("/bookings/", booking.get_absolute_url(), booking.get_edit_url()):
        assert carried in desk.get(url).content.decode(), url


def test_changes_are_for_those_who_may_see_the_records(client, desk):
    assert desk.post(CHANGES, {"desk": "nothing"}).status_code == 404
    assert desk.post(CHANGES, {}).status_code == 404
    client.force_login(make_user())
    assert client.post(CHANGES, {"desk": "bookings"}).status_code == 403


@pytest.mark.parametrize("text", ["", "x", "1:x,:,2", "1:1:1", f"{'9' * 30}:1", "²:1", "1:²"])
def test_what_no_page_sends_is_passed_over(desk, text):
    data = {"desk": "bookings", "shown": text, "touched": text, "page": text}
    assert desk.post(CHANGES, data).status_code == 204


def test_a_change_of_many_takes_as_many_statements_as_of_one(desk, awa):
    counts = []
    for count in (1, 100):
        bookings = made(count)
        data = {"desk": "bookings", "shown": shown(*bookings)}
        cancel(awa, *bookings)
        desk.post(CHANGES, data)
        with CaptureQueriesContext(connection) as statements:
            desk.post(CHANGES, data)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 4
