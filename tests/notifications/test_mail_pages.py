"""The pages about e-mails: who may see them, what they show, and sending again what failed."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core import mail
from django.urls import reverse
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult

from bookings import services
from bookings.models import Booking, RoundTrip
from bookings.states import CancellationKind, Leg
from project.notifications import outbox
from project.notifications.models import OutgoingMail
from project.notifications.sending import send_due, send_waiting
from tests.asking import only, toasts
from tests.bookings.posting import text_of
from tests.factories import make_booking, make_customer, make_user
from tests.notifications.conftest import many

pytestmark = pytest.mark.django_db
State, Trouble = OutgoingMail.State, OutgoingMail.Trouble
LIST, RESEND = reverse("mails:list"), reverse("mails:resend")


@pytest.fixture
def office(client, bureau):
    client.force_login(bureau)
    return client


def fail(*mails, trouble=Trouble.BAD_ADDRESS):
    OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(
        state=State.FAILED, trouble=trouble, attempts=1, error="550 5.1.1 No such user here"
    )


def with_permission(client, *codenames):
    user = make_user(language="en")
    for codename in codenames:
        user.user_permissions.add(Permission.objects.get(codename=codename))
    client.force_login(user)
    return client


def test_the_list_shows_what_became_of_each(office, cancelled):
    bad, good = cancelled("nobody@example.org", "awa@example.org")
    fail(bad)
    while send_waiting():
        pass
    page = text_of(office.get(LIST))
    assert "The mail server does not take messages for this address." in page
    assert "awa@example.org" in page
    assert page.count("Cancellation") == 3  # in what selects the one that has no subject, too
    assert "Select Cancellation R-" in page
    assert [row["mail"] for row in office.get(LIST).context["rows"]] == [good, bad]
    rows = office.get(LIST, {"state": "failed"}).context["rows"]
    assert [row["mail"] for row in rows] == [bad]
    assert rows[0]["about"][1].startswith("/bookings/R-")


def test_it_says_what_each_is_about_before_and_after_it_is_written(office, bureau):
    customer = make_customer(email="awa@example.org", language="en")
    late, early = (
        make_booking(customer=customer, pickup_at=timezone.now() + timedelta(days=days))
        for days in (9, 3)
    )
    trip = RoundTrip.objects.create()
    for ride, leg in ((early, Leg.OUTBOUND), (late, Leg.RETURN)):
        ride.round_trip, ride.leg = trip, leg
        ride.save(by=bureau)
    given = {"kind": CancellationKind.CUSTOMER, "reason": "Ill", "tell": True}
    services.cancel(only(late, early), by=bureau, **given)
    assert OutgoingMail.objects.get().object_id == late.pk  # by its key the first, not by its time
    page = text_of(office.get(LIST))
    assert f"Not written yet: about 2 records, {early.reference} first" in page
    assert "and 1 other" in page
    while send_waiting():
        pass
    (row,) = office.get(LIST).context["rows"]
    assert row["about"][0] in row["mail"].subject
    assert (row["about"][0], row["others"]) == (early.reference, 1)
    assert "Not written yet" not in text_of(office.get(LIST))


def test_its_statements_do_not_grow_with_the_mails(office, cancelled, django_assert_num_queries):
    cancelled(*many(5))
    with django_assert_num_queries(7):
        office.get(LIST)
    cancelled(*many(60))
    with django_assert_num_queries(8):  # there are more pages now: they are counted
        office.get(LIST)


def test_an_empty_list_says_what_will_be_there(office, cancelled):
    assert "No e-mail has been written yet." in text_of(office.get(LIST))
    assert "No e-mail is in this state." in text_of(office.get(LIST, {"state": "failed"}))
    cancelled("awa@example.org")
    assert len(office.get(LIST, {"state": "nonsense"}).context["rows"]) == 1


def test_a_page_shows_the_words_before_and_after_it_left(office, cancelled):
    (one,) = cancelled("awa@example.org")
    for _ in range(2):
        page = text_of(office.get(one.get_absolute_url()))
        assert "Your ride is cancelled" in page
        assert "awa@example.org" in page
        send_waiting()
    assert office.get(reverse("mails:detail", args=[10**9])).status_code == 404


@pytest.mark.parametrize("trouble", [Trouble.UNWRITTEN, Trouble.UNREACHABLE])
def test_a_page_of_one_that_failed_says_why(office, cancelled, trouble):
    (one,) = cancelled("awa@example.org")
    fail(one, trouble=trouble)
    page = text_of(office.get(one.get_absolute_url()))
    with translation.override("en"):
        assert str(trouble.label) in page
    assert "550 5.1.1 No such user here" in page
    assert "Send again" in page


def test_one_that_can_not_be_written_has_a_page_before_and_after_it_is_sent_again(
    office, cancelled
):
    (one,) = cancelled("awa@example.org")
    OutgoingMail.objects.update(object_id=10**9, records=[10**9])  # a ride that there is none of
    fail(one, trouble=Trouble.UNWRITTEN)
    office.post(RESEND, {"pk": [one.pk]})
    page = office.get(one.get_absolute_url())
    assert page.status_code == 200
    assert "The message could not be written: tell an administrator." in text_of(page)
    send_waiting()
    assert office.get(one.get_absolute_url()).status_code == 200


def test_one_of_a_kind_that_is_gone_has_a_page_all_the_same(office, cancelled):
    (one,) = cancelled("awa@example.org")
    OutgoingMail.objects.update(kind="bookings.forgotten")
    assert office.get(LIST).status_code == office.get(one.get_absolute_url()).status_code == 200


def test_what_failed_is_sent_again_one_some_or_all(office, cancelled):
    mails = cancelled(*many(5))
    fail(*mails[:4])
    response = office.post(RESEND, {"pk": [mails[0].pk]})
    assert response.url == LIST
    assert toasts(response) == ["1 e-mail will be sent again."]
    office.post(RESEND, {"pk": [mails[1].pk, mails[4].pk], "back": f"{LIST}?state=failed"})
    assert {*OutgoingMail.objects.failed()} == {*mails[2:4]}
    office.post(RESEND, {"all": "1", "back": "https://elsewhere.example/"})
    assert not OutgoingMail.objects.failed().exists()
    send_waiting()
    assert len(mail.outbox) == 5
    again = OutgoingMail.objects.get(pk=mails[0].pk)
    assert (again.state, again.trouble, again.error, again.attempts) == (State.SENT, "", "", 1)


@pytest.mark.parametrize("sent", [{}, {"pk": "x"}, {"pk": "9" * 30}, {"pk": "-1"}])
def test_nothing_to_send_again_is_said(office, cancelled, sent):
    cancelled("awa@example.org")
    response = office.post(RESEND, sent)
    assert toasts(response) == ["Choose at least one e-mail that failed."]
    assert OutgoingMail.objects.get().attempts == 0


def rides_of(one):
    return Booking.objects.filter(pk__in=one.records)


def test_what_a_later_message_has_overtaken_is_not_sent_again(office, bureau, cancelled):
    old, other = cancelled(*many(2))
    fail(old, other)
    services.restore(rides_of(old), by=bureau, tell=True)
    send_waiting()
    response = office.post(RESEND, {"all": "1"})
    said = "Out of date: a later message about the same has been sent or is waiting."
    assert toasts(response) == [said, "1 e-mail will be sent again."]
    send_waiting()
    assert [each.to[0].partition("@")[0][-1] for each in mail.outbox] == ["0", "1"]
    old.refresh_from_db()
    assert (old.state, old.trouble) == (State.DROPPED, Trouble.OUTDATED)
    page = text_of(office.get(old.get_absolute_url()))
    assert (said in page, "Send again" in page) == (True, False)
    assert toasts(office.post(RESEND, {"pk": [old.pk]}))[-1].startswith("Choose")


def test_what_waits_overtakes_as_well_and_what_failed_too_does_not(bureau, cancelled):
    (old,) = cancelled("awa@example.org")
    fail(old)
    services.restore(rides_of(old), by=bureau, tell=True)
    fail(OutgoingMail.objects.exclude(pk=old.pk).get())
    assert outbox.resend(OutgoingMail.objects.all()) == (2, 0)  # they leave in their order
    fail(old)
    assert outbox.resend(OutgoingMail.objects.all()) == (0, 1)


def test_news_for_others_or_of_another_ride_overtakes_nothing(bureau, cancelled):
    old, other = cancelled(*many(2))
    fail(old)
    services.restore(rides_of(other), by=bureau, tell=True)
    alone = only(make_booking(customer=rides_of(old).get().customer))
    services.cancel(alone, by=bureau, kind=CancellationKind.CUSTOMER, reason="Ill", tell=True)
    assert outbox.resend(OutgoingMail.objects.all()) == (1, 0)


def test_sending_again_is_two_updates_and_one_job(office, cancelled, django_assert_num_queries):
    fail(*cancelled(*many(20)))
    DBTaskResult.objects.all().delete()
    with django_assert_num_queries(5):  # with its savepoint
        assert outbox.resend(OutgoingMail.objects.all()) == (20, 0)
    (task,) = DBTaskResult.objects.all()
    assert task.task_path == send_due.module_path


def test_hundreds_for_one_customer_are_asked_about_at_once(cancelled, django_assert_num_queries):
    (one,) = cancelled("awa@example.org")
    given = {name: getattr(one, name) for name in ("batch", "addressee", "due_at")}
    given["created_at"] = one.created_at
    failed = {"kind": one.kind, "state": State.FAILED, "trouble": Trouble.BUSY}
    left = {"kind": "bookings.restored", "state": State.SENT, "sent_at": one.created_at}
    many, outdated = 200, 10
    OutgoingMail.objects.bulk_create(
        OutgoingMail(object_id=10**6 + number, records=[10**6 + number], **given, **failed)
        for number in range(many)
    )
    OutgoingMail.objects.bulk_create(  # the first are about the same records as the last of those
        OutgoingMail(object_id=key, records=[key], **given, **left)
        for key in range(10**6 + many - outdated, 10**6 + 2 * many)
    )
    with django_assert_num_queries(5):
        assert outbox.resend(OutgoingMail.objects.failed()) == (many - outdated, outdated)


def test_each_page_asks_for_its_permission(client, cancelled):
    (one,) = cancelled("awa@example.org")
    fail(one)
    with_permission(client, "view_booking")
    assert client.get(LIST).status_code == client.get(one.get_absolute_url()).status_code == 403
    assert "E-mails" not in text_of(client.get("/bookings/"))
    with_permission(client, "view_outgoingmail")
    assert client.get(LIST).status_code == 200
    assert "Send again" not in text_of(client.get(one.get_absolute_url()))
    assert client.post(RESEND, {"pk": [one.pk]}).status_code == 403
    with_permission(client, "resend_outgoingmail")
    assert client.post(RESEND, {"pk": [one.pk]}).status_code == 403
    one.refresh_from_db()
    assert one.state == State.FAILED
    with_permission(client, "view_outgoingmail", "resend_outgoingmail")
    assert client.post(RESEND, {"pk": [one.pk]}).status_code == 302
    one.refresh_from_db()
    assert one.state == State.WAITING


def test_the_menu_counts_what_failed(office, cancelled):
    def badge():
        return re.findall(
            r'class="count alert">(\d+)<span', office.get("/bookings/").content.decode()
        )

    mails = cancelled(*many(3))
    assert badge() == []
    fail(*mails[:2])
    assert badge() == ["2"]


def test_the_admin_reads_and_sends_again(client, cancelled):
    bad, waiting = cancelled(*many(2))
    fail(bad)
    client.force_login(make_user(is_superuser=True, is_staff=True, language="en"))
    url = reverse("admin:notifications_outgoingmail_changelist")
    assert client.get(url).status_code == 200
    change = reverse("admin:notifications_outgoingmail_change", args=[bad.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"state": "sent"}).status_code == 403
    response = client.post(url, {"action": "resend", "_selected_action": [bad.pk, waiting.pk]})
    assert toasts(response) == ["1 e-mail will be sent again."]
    bad.refresh_from_db()
    assert (bad.state, bad.attempts) == (State.WAITING, 0)
    many_more = cancelled(*many(1_000))
    fail(*many_more)
    chosen = {"action": "resend", "_selected_action": [bad.pk], "select_across": "1"}
    assert toasts(client.post(url, chosen))[-1] == "1,000 e-mails will be sent again."


def test_no_style_sheet_takes_the_state_of_an_email_for_a_part_of_a_page():
    """On a timeline the state is a class of the line; a sheet's own class of that name hits it."""
    for sheet in (settings.BASE_DIR / "static" / "css").glob("*.css"):
        found = re.findall(r"^\.(\w+) *[{,]", sheet.read_text(), re.MULTILINE)
        assert not {*State.values} & {*found}, sheet.name
