"""What one sees of a batch afterwards: the toast, its page, and undoing it from there."""

from datetime import timedelta

import pytest
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings import services
from bookings.models import Booking
from bookings.states import Status
from project.actions.views import PAGE
from project.audit.models import Batch
from project.utilisateurs.groups import BUREAU
from tests.asking import HTMX, act, picked, toasts, url_of
from tests.bookings.conftest import browser_of, only
from tests.factories import make_booking, make_customer, make_driver, make_user

pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
REASON = {"kind": "customer", "reason": "Flight cancelled"}


def cancel(by, *bookings, reason="Flight cancelled"):
    return services.cancel(only(*bookings), by=by, kind="customer", reason=reason).batch


def page_of(batch):
    return reverse("batch", args=[batch.pk])


def undo_of(batch):
    return reverse("undo", args=[batch.pk])


def allowed(*codenames):
    """The browser of someone of the office without these permissions."""
    user = make_user()
    office = make_user(groups=[BUREAU]).groups.get()
    user.user_permissions.set(office.permissions.exclude(codename__in=codenames))
    return browser_of(user)


def status(booking):
    return Booking.objects.get(pk=booking.pk).status


# ----------------------------------------------------------------------------------------- toasts
@BOTH
def test_the_toast_leads_to_the_batch_and_to_its_undo(desk, headers):
    done = act(desk, url_of("cancel"), picked(make_booking()) | REASON, headers=headers)
    batch = Batch.objects.get(action="bookings.cancel")
    page = done if headers else desk.get(done.url)
    shown = page.content.decode()
    assert "1 booking cancelled." in shown
    assert f'href="{page_of(batch)}"' in shown
    assert f'action="{undo_of(batch)}"' in shown


def test_an_htmx_answer_closes_the_dialog_and_calls_the_lists(desk):
    done = act(desk, url_of("cancel"), picked(make_booking()) | REASON, headers=HTMX)
    assert done.status_code == 200
    assert "bookings-changed" in done["HX-Trigger"] and "dialog-close" in done["HX-Trigger"]
    assert 'hx-swap-oob="beforeend"' in done.content.decode()


def test_a_toast_offers_no_undo_to_who_may_not(client):
    office = allowed("restore_booking")
    done = act(office, url_of("cancel"), picked(make_booking()) | REASON, headers=HTMX)
    batch = Batch.objects.get(action="bookings.cancel")
    assert page_of(batch) in done.content.decode()
    assert undo_of(batch) not in done.content.decode()


def test_a_toast_that_tells_of_refusals_is_no_plain_success(desk):
    bookings = [make_booking(), make_booking(status=Status.CANCELLED)]
    done = act(desk, url_of("cancel"), picked(*bookings) | REASON, headers=HTMX)
    assert 'data-toast="warning"' in done.content.decode()
    fine = act(desk, url_of("cancel"), picked(make_booking()) | REASON, headers=HTMX)
    assert 'data-toast="success"' in fine.content.decode()


# ------------------------------------------------------------------------------------------- page
def test_it_says_who_did_what_when_and_why_and_names_each(desk, bureau):
    done, refused = make_booking(), make_booking(status=Status.CANCELLED)
    batch = cancel(bureau, done, refused, reason="<b>Flight</b>")
    page = desk.get(page_of(batch))
    shown = page.content.decode()
    assert "awa" in shown and "&lt;b&gt;Flight&lt;/b&gt;" in shown
    assert [row["label"] for row in page.context["changed"]] == [done.reference]
    assert [(row["label"], row["reason"]) for row in page.context["refused"]] == [
        (refused.reference, batch.refusals.get().message)
    ]
    assert f'href="{done.get_absolute_url()}"' in shown
    assert f'href="{refused.get_absolute_url()}"' in shown
    assert page.context["can_undo"]


def test_its_time_is_that_of_the_desk(desk, bureau, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    batch = cancel(bureau, make_booking())
    batch.created_at = timezone.now().replace(hour=20, minute=15)
    batch.save()
    assert "05:15" in desk.get(page_of(batch)).content.decode()


@pytest.fixture
def long_batch(bureau):
    """A batch that changed more than a page holds, and refused as many."""
    some = make_booking(status=Status.CONFIRMED)
    services.duplicate(only(*[some]), by=bureau, date=timezone.localdate())
    while Booking.objects.count() < 2 * PAGE + 20:
        services.duplicate(Booking.objects.all(), by=bureau, date=timezone.localdate())
    half = Booking.objects.order_by("pk")[: PAGE + 10]
    cancel(bureau, *half)
    return services.cancel(
        Booking.objects.all(), by=bureau, kind="customer", reason="All of them"
    ).batch


@pytest.mark.parametrize("which", ["changed", "refused"])
def test_both_lists_go_on_over_pages(desk, long_batch, which):
    total = getattr(long_batch, which)
    assert total > PAGE
    seen = set()
    for number in range(1, total // PAGE + 2):
        page = desk.get(page_of(long_batch), {which: number})
        seen |= {row["label"] for row in page.context[which]}
        more = f"?{which}={number + 1}#{which}" in page.content.decode()
        assert more == (len(seen) < total)
    assert len(seen) == total


@pytest.mark.parametrize("number", ["0", "-3", "x", "99999"])
def test_a_page_that_is_not_there_is_the_nearest_one(desk, long_batch, number):
    page = desk.get(page_of(long_batch), {"changed": number, "refused": number})
    assert page.status_code == 200
    assert page.context["changed"].object_list and page.context["refused"].object_list


def test_its_statements_do_not_grow_with_the_batch(desk, bureau, long_batch):
    counts = []
    for batch in (
        cancel(bureau, make_booking(), make_booking(status=Status.CANCELLED)),
        long_batch,
    ):
        with CaptureQueriesContext(connection) as statements:
            desk.get(page_of(batch))
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_it_takes_the_permission_to_see_the_records(client, bureau):
    batch = cancel(bureau, make_booking())
    assert Client().get(page_of(batch)).url.startswith(reverse("login"))
    client.force_login(make_user())
    assert client.get(page_of(batch)).status_code == 403


def test_a_batch_that_is_none_is_not_found(desk):
    unknown = Batch(action="x.y", model="no.model", created_at=timezone.now())
    for url in (page_of(unknown), undo_of(unknown)):
        assert desk.post(url).status_code in (404, 405)
    assert desk.get(page_of(unknown)).status_code == 404
    unknown.save()
    assert desk.get(page_of(unknown)).status_code == 404
    assert desk.post(undo_of(unknown)).status_code == 404


def test_the_making_of_a_customer_has_its_page_too(desk, bureau):
    customer = make_customer("Hôtel Téranga", by=bureau)
    page = desk.get(page_of(customer.logs.get().batch))
    assert f'href="{customer.get_absolute_url()}"' in page.content.decode()


# ------------------------------------------------------------------------------------------- undo
@BOTH
def test_undo_brings_it_all_back_and_says_so(desk, bureau, headers):
    booking = make_booking(status=Status.CONFIRMED)
    batch = cancel(bureau, booking)
    done = desk.post(
        undo_of(batch), headers=headers | {"Referer": f"http://testserver{page_of(batch)}"}
    )
    assert status(booking) == Status.CONFIRMED
    assert toasts(done) == ["1 record is as it was."]
    if headers:
        assert "bookings-changed" in done["HX-Trigger"]
    else:
        assert done.url.endswith(page_of(batch))


def test_the_page_says_by_whom_it_was_undone_and_offers_it_no_more(desk, boss, bureau):
    batch = cancel(bureau, make_booking())
    boss.post(undo_of(batch))
    page = desk.get(page_of(batch))
    assert "Undone by moussa" in page.content.decode()
    assert undo_of(batch) not in page.content.decode()


@BOTH
def test_the_second_undo_says_that_it_was_the_second(desk, bureau, headers):
    booking = make_booking()
    batch = cancel(bureau, booking)
    desk.post(undo_of(batch), headers=headers)
    again = desk.post(undo_of(batch), headers=headers)
    assert toasts(again)[-1] == "Already undone."
    assert booking.logs.count() == 3
    assert Batch.objects.filter(undo_of=batch).count() == 1


def test_after_a_day_it_is_too_late(desk, bureau):
    booking = make_booking()
    batch = cancel(bureau, booking)
    models.QuerySet(Batch).filter(pk=batch.pk).update(
        created_at=timezone.now() - timedelta(days=1, minutes=1)
    )
    assert not desk.get(page_of(batch)).context["can_undo"]
    assert toasts(desk.post(undo_of(batch))) == ["Too long ago: an act can be undone for a day."]
    assert status(booking) == Status.CANCELLED


def touch(user, booking):
    booking.refresh_from_db()
    booking.passenger_name = "Someone else"
    booking.save(by=user)


def test_undo_is_not_offered_where_all_was_changed_since(desk, bureau):
    one, other = make_booking(), make_booking()
    batch = cancel(bureau, one, other)
    touch(bureau, one)
    assert desk.get(page_of(batch)).context["can_undo"]
    touch(bureau, other)
    assert not desk.get(page_of(batch)).context["can_undo"]
    assert desk.post(undo_of(batch)).status_code == 302  # from a page that was open before
    assert status(one) == Status.CANCELLED


def test_what_was_changed_since_is_left_alone_and_named(desk, bureau):
    kept, touched = make_booking(), make_booking()
    batch = cancel(bureau, kept, touched)
    touch(bureau, touched)
    assert desk.get(page_of(batch)).context["can_undo"]
    done = desk.post(undo_of(batch))
    assert toasts(done) == ["1 record is as it was. 1 refused: 1 changed since."]
    assert (status(kept), status(touched)) == (Status.PENDING, Status.CANCELLED)


@BOTH
def test_undoing_takes_the_permission_of_the_inverse(bureau, headers):
    booking = make_booking()
    batch = cancel(bureau, booking)
    refused = allowed("restore_booking").post(undo_of(batch), headers=headers)
    assert toasts(refused) == ["You may not undo this."]
    assert status(booking) == Status.CANCELLED
    assert allowed("view_booking").post(undo_of(batch), headers=headers).status_code == 403
    assert status(booking) == Status.CANCELLED


def test_undoing_is_never_a_link(desk, bureau):
    assert desk.get(undo_of(cancel(bureau, make_booking()))).status_code == 405


def test_what_only_read_has_nothing_to_undo(desk, bureau):
    batch = services.recap(only(make_booking()), by=bureau).batch
    assert not desk.get(page_of(batch)).context["can_undo"]
    assert toasts(desk.post(undo_of(batch))) == ["What was done here has no undo."]


@BOTH
def test_an_edit_whose_time_the_driver_gave_away_since_stays_and_is_told(desk, bureau, headers):
    booking = make_booking(driver=make_driver())
    former = booking.pickup_at
    booking.pickup_at = former + timedelta(hours=6)
    batch = services.edit(booking, by=bureau)
    other = make_booking(driver=booking.driver, pickup_at=former)
    refused = desk.post(undo_of(batch), headers=headers)
    assert refused.status_code == (200 if headers else 302)
    assert other.reference in toasts(refused)[0]
    booking.refresh_from_db()
    assert booking.pickup_at == former + timedelta(hours=6)
    assert not Batch.objects.filter(undo_of=batch).exists()


def test_an_edit_changed_again_since_stays_and_is_told(desk, bureau):
    booking = make_booking()
    booking.passenger_name = "First"
    batch = services.edit(booking, by=bureau)
    booking.passenger_name = "Second"
    services.edit(booking, by=bureau)
    assert toasts(desk.post(undo_of(batch))) == ["It was changed again since."]


def test_an_undo_that_could_do_nothing_can_be_tried_again(desk, bureau):
    driver, booking = make_driver(), make_booking()
    services.assign(only(booking), by=bureau, driver=driver)
    batch = services.unassign(only(booking), by=bureau).batch
    ride = make_booking(driver=driver, pickup_at=booking.pickup_at)
    refused = desk.post(undo_of(batch))
    assert "1 refused: 1 the driver has another ride at that time." in toasts(refused)[0]
    cancel(bureau, ride)
    desk.post(undo_of(batch))
    booking.refresh_from_db()
    assert booking.driver == driver


# ------------------------------------------ undoing what one was led to the form of
RETURN = {"date": "2030-03-04", "clock": "18:15", "pricing": "same"}


def undone_from(desk, url, batch, headers):
    """Where the undo of a batch leads whom it is asked by on this page; None for nowhere else."""
    seen = {"HX-Current-URL": f"http://testserver{url}"} if headers else {}
    answer = desk.post(
        undo_of(batch), headers={**headers, **seen, "Referer": f"http://testserver{url}"}
    )
    return answer.get("HX-Redirect") if headers else answer.url


@BOTH
@pytest.mark.parametrize("name", ["return", "duplicate"])
def test_undoing_from_the_form_of_what_was_made_leads_to_what_it_was_made_from(desk, name, headers):
    booking = make_booking()
    act(desk, url_of(name), picked(booking) | RETURN)
    made = Booking.objects.latest("pk")
    led = undone_from(desk, made.get_edit_url(), Batch.objects.latest("created_at"), headers)
    assert status(made) == Status.CANCELLED
    assert led == booking.get_absolute_url()


def test_undoing_it_elsewhere_or_in_vain_leads_nowhere(desk, bureau):
    booking = make_booking()
    for _turn in range(2):
        act(desk, url_of("duplicate"), picked(booking) | RETURN)
    second, first = Booking.objects.order_by("-pk")[:2]
    *_others, earlier, later = Batch.objects.order_by("created_at")
    assert undone_from(desk, first.get_absolute_url(), earlier, HTMX) is None
    assert status(first) == Status.CANCELLED
    services.set_status(only(second), by=bureau, status=Status.CONFIRMED)
    assert undone_from(desk, second.get_edit_url(), later, HTMX) is None
    assert status(second) == Status.CONFIRMED


def test_undoing_a_creation_from_its_form_leads_to_its_page(desk, bureau):
    booking = make_booking(by=bureau)
    batch = Batch.objects.latest("created_at")
    assert undone_from(desk, booking.get_edit_url(), batch, HTMX) == booking.get_absolute_url()
