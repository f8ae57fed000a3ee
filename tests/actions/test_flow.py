"""How an action is asked for, shown and done, from the desk, with htmx and without any script."""

import sqlite3
import uuid
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import escape

from bookings.actions import ACTIONS
from bookings.models import Booking
from bookings.states import Status
from project.actions.selection import MOST_PICKED
from project.audit.models import Batch
from tests.asking import HTMX, act, picked, ticket_of, toasts, url_of
from tests.factories import make_booking, make_driver, make_partner, make_round_trip, make_user

pytestmark = pytest.mark.django_db
CANCEL = url_of("cancel")
REASON = {"kind": "customer", "reason": "Flight cancelled"}
BOTH = pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])


def many(count, **fields):
    """Bookings of one customer and one driver, an hour apart each."""
    start = timezone.now() + timedelta(days=1)
    first = make_booking(pickup_at=start, duration_minutes=30, **fields)
    fields["customer"] = first.customer
    if first.driver:
        fields["driver"] = first.driver
    return [first] + [
        make_booking(pickup_at=start + timedelta(hours=hour), duration_minutes=30, **fields)
        for hour in range(1, count)
    ]


def statuses(*bookings):
    for booking in bookings:
        booking.refresh_from_db()
    return [booking.status for booking in bookings]


def acts():
    """The batches of what was done, the making of the test's records apart."""
    return Batch.objects.exclude(action__endswith=".create")


# --------------------------------------------------------------------------------------- preview
@BOTH
def test_the_dialog_says_what_will_happen_and_that_happens(desk, bureau, headers):
    bookings = many(12) + many(3, status=Status.CANCELLED)
    data = picked(*bookings) | REASON
    asked = desk.post(CANCEL, data, headers=headers)
    preview = asked.context["preview"]
    assert (preview.total, preview.ready) == (15, 12)
    assert [(reason.code, reason.count) for reason in preview.refused] == [("cancelled", 3)]
    assert [example["label"] for example in preview.refused[0].examples] == [
        booking.reference for booking in bookings[12:]
    ]
    assert "12 <span" in asked.content.decode() and "of 15" in asked.content.decode()
    assert not acts().exists()

    done = desk.post(CANCEL, data | ticket_of(asked), headers=headers)
    batch = acts().get()
    assert (batch.changed, batch.refused, batch.user) == (12, 3, bureau)
    assert set(statuses(*bookings)) == {Status.CANCELLED}
    assert toasts(done) == ["12 bookings cancelled. 3 refused: 3 already cancelled."]


def test_htmx_gets_the_dialog_alone_and_a_browser_a_whole_page(desk):
    data = picked(make_booking())
    part, page = desk.post(CANCEL, data, headers=HTMX), desk.post(CANCEL, data)
    assert "<html" not in part.content.decode() and 'id="dialog-title"' in part.content.decode()
    assert "<html" in page.content.decode() and 'id="dialog-title"' in page.content.decode()
    assert "HX-Request" in part["Vary"]


def test_each_reason_has_examples_however_many_another_has(desk):
    many(25, status=Status.CANCELLED)
    over = make_booking(status=Status.COMPLETED)
    asked = desk.post(CANCEL, picked(*Booking.objects.all()))
    examples = {reason.code: reason.examples for reason in asked.context["preview"].refused}
    assert len(examples["cancelled"]) == 5
    assert [example["label"] for example in examples["over"]] == [over.reference]


@BOTH
def test_asking_for_the_counts_again_never_writes_nor_scolds(desk, headers):
    priced, free = make_booking(price=1000), make_booking()
    data = picked(priced, free)
    ticket = ticket_of(desk.post(CANCEL, data, headers=headers))
    asked = desk.post(CANCEL, data | ticket | {"billable": "on", "preview": "1"}, headers=headers)
    preview = asked.context["preview"]
    assert asked.status_code == 200
    assert (preview.ready, [reason.code for reason in preview.refused]) == (1, ["no_price"])
    assert asked.context["form"].errors == {}
    assert not acts().exists()


@BOTH
def test_what_is_already_so_is_no_refusal(desk, headers):
    there, other = make_booking(passenger_name="Awa"), make_booking(status=Status.CONFIRMED)
    data = picked(there, other) | {"status": "confirmed"}
    url = url_of("set_status")
    asked = desk.post(url, data, headers=headers)
    preview = asked.context["preview"]
    assert (preview.total, preview.ready, preview.refused) == (2, 1, [])
    assert [(reason.code, reason.count) for reason in preview.idle] == [("same", 1)]
    shown = asked.content.decode()
    assert "Nothing to do" in shown and "Refused" not in shown
    done = desk.post(url, data | ticket_of(asked), headers=headers)
    assert toasts(done) == ["Status of 1 booking changed. 1 already “Confirmed”: nothing to do."]
    batch = acts().get()
    assert (batch.changed, batch.refused) == (1, 1)
    page = desk.get(reverse("batch", args=[batch.pk])).content.decode()
    assert "Already so" in page and "Refused" not in page
    assert [refusal.idle for refusal in batch.refusals.all()] == [True]


def test_what_is_already_so_may_still_get_another_answer(desk):
    booking = make_booking(price=1000)
    data = picked(booking) | {"picked": ["price"], "price": "1000"}
    asked = desk.post(url_of("change"), data | {"preview": "1"})
    assert (asked.context["preview"].ready, asked.context["can_submit"]) == (0, True)
    done = desk.post(url_of("change"), data | ticket_of(asked) | {"price": "2000"})
    assert toasts(done) == ["1 booking changed."]
    over = desk.post(url_of("archive"), picked(make_booking(status=Status.PENDING)))
    assert not over.context["can_submit"]


def test_a_refusal_and_what_is_already_so_are_told_apart(desk):
    archived = make_booking(status=Status.COMPLETED, archived_at=timezone.now())
    done = act(desk, url_of("archive"), picked(archived, make_booking()))
    assert toasts(done) == [
        "0 bookings archived. 1 refused: 1 still open: complete or cancel it first. "
        "1 already archived: nothing to do."
    ]


def test_what_nothing_can_be_done_with_can_not_be_confirmed(desk):
    asked = desk.post(CANCEL, picked(make_booking(status=Status.COMPLETED)))
    assert not asked.context["can_submit"]


def test_its_statements_do_not_grow_with_the_selection(desk):
    counts = set()
    for number in (2, 40):
        bookings = many(number) + many(number, status=Status.CANCELLED)
        with CaptureQueriesContext(connection) as statements:
            desk.post(CANCEL, picked(*bookings))
        counts.add(len(statements))
    assert len(counts) == 1


# ------------------------------------------------------------------------------------- selection
@BOTH
@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({}, "Select at least one record first."),
        ({"pk": " , "}, "Select at least one record first."),
        ({"pk": "1,x"}, "The selection is not valid: choose again."),
        ({"pk": "1_0"}, "The selection is not valid: choose again."),
        ({"pk": "-1"}, "The selection is not valid: choose again."),
        ({"pk": str(2**63)}, "The selection is not valid: choose again."),
        ({"pk": "9" * 5000}, "The selection is not valid: choose again."),
        ({"pk": "999999"}, "None of the selected records exists any more."),
        (
            {"pk": ",".join(map(str, range(1, MOST_PICKED + 2)))},
            "More than 5000 records picked one by one: choose all that match instead.",
        ),
        (
            {"all": "1", "filter": "since=never"},
            "The filter is not valid: correct it first.",
        ),
        ({"all": "1", "filter": "period=any&q=zzzz"}, "Nothing matches the filter any more."),
    ],
)
def test_a_selection_that_makes_no_sense_is_told_and_nothing_is_done(desk, headers, chosen, told):
    make_booking()
    chosen = chosen | REASON | {"confirm": "1", "token": str(uuid.uuid4()), "digest": "x"}
    response = desk.post(CANCEL, chosen, headers=headers)
    assert response.status_code == (200 if headers else 302)
    assert toasts(response) == [told]
    assert not acts().exists()


def test_it_says_which_part_of_a_selection_is_gone_and_goes_on_with_the_rest(desk):
    booking = make_booking()
    data = {"pk": [str(booking.pk), "999998,999999", str(booking.pk)]} | REASON
    asked = desk.post(CANCEL, data)
    assert "2 selected records do not exist or are not yours to see." in asked.content.decode()
    assert asked.context["preview"].total == 1
    desk.post(CANCEL, data | ticket_of(asked))
    assert acts().get().changed == 1


@BOTH
def test_all_that_match_is_what_the_filter_finds(desk, headers):
    here, elsewhere = many(3, pickup_address="Saly"), many(2, pickup_address="Thiès")
    chosen = {"all": "1", "filter": "period=any&address=saly"}
    asked = desk.post(CANCEL, chosen, headers=headers)
    assert asked.context["preview"].total == 3
    assert {("all", "1"), ("filter", chosen["filter"])} < set(asked.context["hidden"])
    desk.post(CANCEL, chosen | REASON | ticket_of(asked), headers=headers)
    assert set(statuses(*here)) == {Status.CANCELLED}
    assert set(statuses(*elsewhere)) == {Status.PENDING}


def test_as_many_as_may_be_picked_fit_into_every_statement(desk):
    driver, booking = make_driver(), make_booking()
    if connection.vendor == "sqlite":  # what the library is built with by default
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
    keys = [booking.pk, *range(booking.pk + 1, booking.pk + MOST_PICKED)]
    data = {"pk": ",".join(map(str, keys)), "driver": driver.pk, "scope": "round_trip"}
    act(desk, url_of("assign"), data)
    booking.refresh_from_db()
    assert booking.driver == driver


# ------------------------------------------------------------------- what changes before the answer
def changed_since(first, second):
    first.passenger_name = "Someone else"
    first.save()


def came(first, second):
    make_booking(pickup_address="Saly")


def went(first, second):
    second.pickup_address = "Thiès"
    second.save()


def swapped(first, second):
    went(first, second)
    came(first, second)


@BOTH
@pytest.mark.parametrize("meanwhile", [changed_since, came, went, swapped])
def test_it_asks_again_when_the_selection_is_no_longer_what_was_seen(desk, headers, meanwhile):
    first, second = make_booking(pickup_address="Saly"), make_booking(pickup_address="Saly")
    chosen = {"all": "1", "filter": "period=any&address=saly"} | REASON
    stale = ticket_of(desk.post(CANCEL, chosen, headers=headers))
    meanwhile(first, second)
    edits = Batch.objects.count()

    again = desk.post(CANCEL, chosen | stale, headers=headers)
    assert again.status_code == 409
    assert "The selection has changed since you saw it." in again.content.decode()
    assert again.context["form"]["reason"].value() == REASON["reason"]
    assert Batch.objects.count() == edits
    assert Status.CANCELLED not in statuses(first, second)

    desk.post(CANCEL, chosen | ticket_of(again), headers=headers)
    matching = Booking.objects.filter(pickup_address="Saly")
    assert Batch.objects.get(action="bookings.cancel").changed == matching.count()
    assert {booking.status for booking in matching} == {Status.CANCELLED}


@pytest.mark.parametrize("left_out", ["token", "digest"])
@pytest.mark.parametrize("value", ["", None])
def test_an_answer_without_its_dialog_is_taken_as_a_question(desk, left_out, value):
    booking = make_booking()
    data = picked(booking) | REASON
    ticket = ticket_of(desk.post(CANCEL, data))
    del ticket[left_out]
    asked = desk.post(CANCEL, data | ticket | ({} if value is None else {left_out: value}))
    assert asked.status_code == 200 and asked.context["preview"].ready == 1
    assert not acts().exists()


@pytest.mark.parametrize("forged", [{"digest": "1-0-0"}, {"digest": "%s"}, {"token": "x"}])
def test_a_forged_ticket_opens_nothing(desk, forged):
    data = picked(make_booking()) | REASON
    asked = desk.post(CANCEL, data | ticket_of(desk.post(CANCEL, data)) | forged)
    assert asked.context["preview"].ready == 1
    assert not acts().exists()


@BOTH
def test_a_double_click_does_it_once_and_tells_the_same(desk, headers):
    bookings = many(2) + many(1, status=Status.CANCELLED)
    data = picked(*bookings) | REASON
    data |= ticket_of(desk.post(CANCEL, data, headers=headers))
    first, second = (desk.post(CANCEL, data, headers=headers) for _ in range(2))
    assert acts().count() == 1
    assert bookings[0].logs.count() == 2
    assert toasts(second)[-1] == "2 bookings cancelled. 1 refused: 1 already cancelled."
    assert second.status_code == first.status_code


def test_a_double_click_on_what_makes_a_record_leads_to_the_one_that_was_made(desk):
    data = picked(make_booking()) | {"date": timezone.localdate().isoformat()}
    data |= ticket_of(desk.post(url_of("duplicate"), data))
    plain = desk.post(url_of("duplicate"), data)
    again = desk.post(url_of("duplicate"), data, headers=HTMX)
    copy = Booking.objects.latest("pk")
    assert Booking.objects.count() == 2
    assert plain.url == again["HX-Redirect"] == copy.get_edit_url()


# --------------------------------------------------------------------------------------- answers
@BOTH
@pytest.mark.parametrize(
    ("name", "answers", "field"),
    [
        ("cancel", {"kind": "customer", "reason": " "}, "reason"),
        ("cancel", {"kind": "mistake", "reason": "x"}, "kind"),
        ("cancel", REASON | {"reason": "x" * 201}, "reason"),
        ("cancel", REASON | {"fee_percent": "101"}, "fee_percent"),
        ("cancel", REASON | {"fee_percent": "half"}, "fee_percent"),
        ("set_status", {"status": "cancelled"}, "status"),
        ("set_status", {"status": "confirmed", "fee": "5"}, "fee"),
        ("set_status", {"status": "no_show", "fee": "0.5"}, "fee"),
        ("set_status", {"status": "no_show", "fee": "-1"}, "fee"),
        ("assign", {}, "driver"),
        ("assign", {"driver_text": "Nobody at all"}, "driver"),
        ("assign", {"driver": "999999", "driver_text": "x"}, "driver"),
        ("duplicate", {"date": "31/02/2026"}, "date"),
        ("duplicate", {"date": "9999-12-31"}, "date"),
        ("duplicate", {}, "date"),
    ],
)
def test_a_wrong_answer_is_told_at_its_field_and_nothing_is_written(
    desk, headers, name, answers, field
):
    booking = make_booking()
    data = picked(booking) | answers
    data |= ticket_of(desk.post(url_of(name), picked(booking), headers=headers))
    refused = desk.post(url_of(name), data, headers=headers)
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == [field]
    with translation.override("en"):
        told = escape(refused.context["form"].errors[field][0])
    assert told in refused.content.decode()
    assert not acts().exists() and Booking.objects.get().version == 1


def test_only_one_may_drive(desk):
    booking, driver, partner = make_booking(), make_driver(), make_partner()
    data = picked(booking) | {"driver": driver.pk, "partner": partner.pk}
    refused = act(desk, url_of("assign"), data)
    assert refused.status_code == 422 and "partner" in refused.context["form"].errors


def test_who_no_longer_works_here_is_not_assigned(desk):
    booking, driver = make_booking(), make_driver(is_active=False)
    refused = act(desk, url_of("assign"), picked(booking) | {"driver": driver.pk})
    assert refused.status_code == 422 and "driver" in refused.context["form"].errors


# ------------------------------------------------------------------------------------ who and where
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
@BOTH
def test_each_action_takes_its_own_permission(client, headers, action):
    booking, user = make_booking(), make_user()
    app, codename = action.permission.split(".")
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label=app).exclude(codename=codename)
    )
    client.force_login(user)
    data = picked(booking) | {"confirm": "1", "token": str(uuid.uuid4()), "digest": "1"}
    for given in ({}, data):
        given = picked(booking) | given
        assert client.post(url_of(action.name), given, headers=headers).status_code == 403
    assert not acts().exists() and booking.logs.count() == 1


def test_who_may_not_see_bookings_may_not_touch_them(client):
    user = make_user()
    user.user_permissions.set(Permission.objects.filter(codename="cancel_booking"))
    client.force_login(user)
    assert client.post(CANCEL, picked(make_booking()) | REASON).status_code == 403


def test_a_visitor_is_sent_to_sign_in():
    asked = picked(make_booking())
    assert Client().post(CANCEL, asked).url.startswith(reverse("login"))
    assert Client().post(CANCEL, asked, headers=HTMX)["HX-Redirect"].startswith(reverse("login"))


@pytest.mark.parametrize(
    ("slug", "name"),
    [("nothing", "cancel"), ("bookings", "explode"), ("bookings", "edit"), ("bookings", "copied")],
)
def test_an_action_that_is_none_is_not_found(desk, slug, name):
    assert desk.post(url_of(name, slug), picked(make_booking())).status_code == 404


def test_an_action_is_never_a_link(desk):
    """What is left of a dialog after signing in again leads to the list."""
    assert desk.get(CANCEL).url == reverse("bookings:list")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil"]
)
def test_it_never_leads_to_another_site(desk, elsewhere):
    data = picked(make_booking()) | REASON | {"back": elsewhere}
    asked = desk.post(CANCEL, data)
    assert asked.context["back_url"] == reverse("bookings:list")
    done = desk.post(CANCEL, data | ticket_of(asked))
    assert done.url == reverse("bookings:list")


def test_it_leads_back_to_where_one_was(desk):
    where = "http://testserver/bookings/?period=today"
    data = picked(make_booking()) | REASON
    asked = desk.post(CANCEL, data, headers={"Referer": where})
    assert dict(asked.context["hidden"])["back"] == where
    done = desk.post(CANCEL, data | ticket_of(asked) | {"back": where})
    assert done.url == where


# ----------------------------------------------------------------------------------------- scopes
@BOTH
def test_the_whole_round_trip_is_the_other_leg_too_and_the_dialog_says_so(desk, headers):
    out, back = make_round_trip()
    narrow = desk.post(CANCEL, picked(out), headers=headers)
    assert (narrow.context["preview"].total, narrow.context["preview"].widened) == (1, 0)

    data = picked(out) | REASON | {"scope": "round_trip"}
    wide = desk.post(CANCEL, data, headers=headers)
    assert (wide.context["preview"].total, wide.context["preview"].widened) == (2, 1)
    assert "1 added: the other segment" in wide.content.decode()
    assert [scope["value"] for scope in wide.context["scopes"] if scope["checked"]] == [
        "round_trip"
    ]
    desk.post(CANCEL, data | ticket_of(wide), headers=headers)
    assert statuses(out, back) == [Status.CANCELLED] * 2


@pytest.mark.parametrize("scope", ["segment", "round_trip"])
def test_of_one_ride_the_narrowest_scope_says_so(desk, scope):
    out, _back = make_round_trip()
    for rides, label in (
        ([out], "This ride only"),
        ([out, make_booking()], "Only what is selected"),
    ):
        asked = desk.post(CANCEL, picked(*rides) | {"scope": scope})
        assert f"> {label}</label>" in asked.content.decode()


def test_one_leg_stays_one_leg(desk):
    out, back = make_round_trip()
    act(desk, CANCEL, picked(out) | REASON | {"scope": "segment"})
    assert statuses(out, back) == [Status.CANCELLED, Status.PENDING]


def test_an_unknown_scope_is_refused_and_none_is_the_narrowest(desk):
    out, back = make_round_trip()
    data = picked(out) | REASON
    assert desk.post(CANCEL, data | {"scope": "everything"}).status_code == 400
    act(desk, CANCEL, data | {"scope": ""})
    assert statuses(out, back) == [Status.CANCELLED, Status.PENDING]


def test_what_the_scope_adds_is_refused_by_the_same_rules(desk):
    out, back = make_round_trip(inbound={"status": Status.COMPLETED, "driver": make_driver()})
    data = picked(out) | REASON | {"scope": "round_trip"}
    asked = desk.post(CANCEL, data)
    assert [reason.code for reason in asked.context["preview"].refused] == ["over"]
    desk.post(CANCEL, data | ticket_of(asked))
    assert statuses(out, back) == [Status.CANCELLED, Status.COMPLETED]
    assert acts().get().refusals.get().object_id == back.pk


def test_a_digest_of_one_leg_does_not_open_the_whole_trip(desk):
    out, back = make_round_trip()
    data = picked(out) | REASON
    ticket = ticket_of(desk.post(CANCEL, data))
    assert desk.post(CANCEL, data | ticket | {"scope": "round_trip"}).status_code == 409
    assert statuses(out, back) == [Status.PENDING] * 2


# --------------------------------------------------------------------------------------- overlaps
@pytest.fixture
def clash():
    """A driver's ride, and another booking at the same time."""
    ride = make_booking(driver=make_driver("Ousmane Sarr"))
    return ride.driver, make_booking(pickup_at=ride.pickup_at)


def warned(response):
    return [reason.code for reason in response.context["preview"].warnings]


@BOTH
def test_an_overlap_is_a_warning_that_the_office_can_not_pass(desk, clash, headers):
    driver, booking = clash
    data = picked(booking) | {"driver": driver.pk}
    asked = desk.post(url_of("assign"), data | {"preview": "1"}, headers=headers)
    assert warned(asked) == ["driver_busy"]
    assert asked.context["override"] is None
    assert "takes a permission that you do not have" in asked.content.decode()
    forced = data | ticket_of(asked) | {"override": "on", "override_reason": "Two vans"}
    assert desk.post(url_of("assign"), forced, headers=headers).status_code == 403
    booking.refresh_from_db()
    assert booking.driver is None


def clashes_told(response):
    """{reference: (that of the ride in its way, its address)} as the dialog tells it."""
    return {
        each["label"]: (each["other"].label, each["other"].url)
        for reason in response.context["preview"].warnings
        for each in reason.examples
    }


def test_a_refusal_names_the_ride_that_is_in_the_way(desk):
    driver = make_driver("Ousmane Sarr")
    at = timezone.make_aware(datetime(2031, 1, 1, 9, 30))
    taken = [make_booking(driver=driver, pickup_at=at + timedelta(hours=2 * n)) for n in range(4)]
    wanted = [make_booking(pickup_at=each.pickup_at) for each in taken]
    counts = []
    for some in (wanted[:1], wanted):
        data = picked(*some) | {"driver": driver.pk, "preview": "1"}
        with CaptureQueriesContext(connection) as statements:
            asked = desk.post(url_of("assign"), data)
        counts.append(len(statements))
        told = clashes_told(asked)
        page = " ".join(asked.content.decode().split())
        assert all(f'href="{each.get_absolute_url()}"' in page for each in taken[: len(some)])
    assert counts[0] == counts[1]
    assert told[wanted[1].reference] == (
        taken[1].reference,
        taken[1].get_absolute_url(),
    )
    assert len(told) == 4
    assert "</a>, 1 Jan 2031, 09:30–10:30" in page


def test_of_two_of_a_selection_that_overlap_the_later_names_the_other(desk):
    first = make_booking()
    later = make_booking(pickup_at=first.pickup_at + timedelta(minutes=30))
    data = picked(first, later) | {"driver": make_driver().pk, "preview": "1"}
    told = clashes_told(desk.post(url_of("assign"), data))
    assert {key: other for key, (other, _url) in told.items()} == {later.reference: first.reference}


def test_a_ride_that_moves_names_what_it_meets(desk):
    driver = make_driver()
    first = make_booking(driver=driver)
    meets = make_booking(driver=driver, pickup_at=first.pickup_at + timedelta(hours=2))
    given = {"picked": ["duration_minutes"], "duration_minutes": "180", "preview": "1"}
    told = clashes_told(desk.post(url_of("change"), picked(first) | given))
    assert told[first.reference][0] == meets.reference


@BOTH
def test_a_manager_goes_ahead_for_a_reason_that_is_logged(boss, gestion, clash, headers):
    driver, booking = clash
    data = picked(booking) | {"driver": driver.pk}
    asked = boss.post(url_of("assign"), data | {"preview": "1"}, headers=headers)
    assert 'name="override"' in asked.content.decode()
    assert not asked.context["can_submit"]

    data |= {"override": "on"}
    asked = boss.post(url_of("assign"), data | {"preview": "1"}, headers=headers)
    assert asked.context["can_submit"] and asked.context["override"].errors == {}
    refused = boss.post(url_of("assign"), data | ticket_of(asked), headers=headers)
    assert refused.status_code == 422
    assert "Say why you go ahead all the same." in refused.content.decode()
    assert not acts().exists()

    data |= {"override_reason": "Two vans"}
    boss.post(url_of("assign"), data | ticket_of(refused), headers=headers)
    booking.refresh_from_db()
    assert booking.driver == driver
    line = booking.logs.get(action_code="bookings.assign")
    assert (line.user, line.batch.reason) == (gestion, "Two vans")
    assert "Two vans" in line.action


def test_without_a_word_about_it_who_may_override_an_overlap_is_asked(boss, clash):
    driver, booking = clash
    asked = act(boss, url_of("assign"), picked(booking) | {"driver": driver.pk})
    booking.refresh_from_db()
    assert booking.driver is None
    assert asked.status_code == 422
    assert "the driver has another ride at that time" in asked.content.decode()
    assert 'name="override"' in asked.content.decode()


def test_no_warning_no_question(boss, clash):
    _driver, booking = clash
    asked = boss.post(
        url_of("assign"), picked(booking) | {"driver": make_driver().pk, "preview": "1"}
    )
    assert 'name="override"' not in asked.content.decode()
