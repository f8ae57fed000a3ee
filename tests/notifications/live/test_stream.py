"""The stream of events, on a real server and a database that other processes write to."""

import asyncio
import http.client
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from bookings import services
from bookings.models import Booking
from project.audit.models import Batch
from project.notifications.live.hub import CLOSE, MOST_WAITING, Stream
from project.notifications.live.reading import MOST_RECALLED
from project.notifications.live.stream import PATH
from project.notifications.live.turns import Turn, present_point
from project.notifications.models import Announcement, Notification
from tests.factories import (
    make_booking,
    make_caution,
    make_customer,
    make_paiement,
    make_user,
)
from tests.jobs.waiting import wait_for
from transport import services as contracts
from transport.models import ContratTransport

pytestmark = pytest.mark.django_db(transaction=True)


def cancel(booking, by):
    """Cancel a booking; the announcement of that."""
    selection = Booking.objects.filter(pk=booking.pk)
    batch = services.cancel(selection, by=by, kind="customer", reason="Flight").batch
    return batch.announcement


def may_only(user, *codenames):
    user.groups.clear()
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


# ------------------------------------------------------------------------------------- who is told
def test_a_commit_of_another_process_reaches_the_open_pages(serve, listen, awa, moussa):
    booking = make_booking()
    page = listen(serve(), moussa)
    announcement = cancel(booking, awa)
    events = dict(page.until_place())
    assert events["changed"] == {
        "id": announcement.pk,
        "desk": "bookings",
        "mine": False,
        "keys": [booking.pk],
    }
    assert events["bell"] == {
        "id": announcement.pk,
        "text": f"Awa — {booking.reference}: 1 booking cancelled.",
        "url": f"/notifications/{announcement.pk}/",
        "unread": Notification.objects.filter(user=moussa).count(),
    }


def test_what_went_along_is_told_to_its_own_pages(serve, listen, awa, moussa):
    paiement = make_paiement(valide=True)
    mission = paiement.mission
    caution = make_caution(mission.contrat)
    page = listen(serve(), moussa)
    selection = ContratTransport.objects.filter(pk=mission.contrat_id)
    batch = contracts.annuler(selection, by=awa, raison="Storm").batch
    events = page.until_place()
    told = {data["desk"]: data["keys"] for name, data in events if name == "changed"}
    assert told == {
        "contrats": [mission.contrat_id],
        "missions": [mission.pk],
        "paiements": [paiement.pk],
        "cautions": [caution.pk],
    }
    [bell] = [data for name, data in events if name == "bell"]
    assert (bell["id"], batch.changed) == (batch.announcement.pk, 1)


def test_who_may_see_only_what_went_along_hears_of_that_alone(serve, listen, awa, moussa):
    paiement = make_paiement()
    may_only(moussa, "view_paiementmission")
    page = listen(serve(), moussa)
    selection = ContratTransport.objects.filter(pk=paiement.mission.contrat_id)
    contracts.annuler(selection, by=awa, raison="Storm")
    events = page.until_place()
    assert [(name, data["desk"]) for name, data in events] == [("changed", "paiements")]


def test_who_did_it_is_told_on_their_other_pages_but_their_bell_stays_still(serve, listen, awa):
    booking = make_booking()
    page = listen(serve(), awa)
    cancel(booking, awa)
    [(name, data)] = page.until_place()
    assert (name, data["mine"]) == ("changed", True)


def test_the_bell_speaks_the_language_of_its_owner(serve, listen, awa):
    moussa = make_user("moussa", groups=["Gestion"], language="fr")
    booking = make_booking()
    page = listen(serve(), moussa)
    cancel(booking, awa)
    assert "annulée" in page.next("bell")["text"]


def test_a_kind_that_was_switched_off_changes_pages_and_rings_no_bell(serve, listen, awa, moussa):
    moussa.preferences["muted"] = {"bookings.cancellations": True}
    moussa.save()
    booking = make_booking()
    page = listen(serve(), moussa)
    cancel(booking, awa)
    assert [name for name, _data in page.until_place()] == ["changed"]


def test_who_may_not_see_the_records_hears_nothing_of_them(serve, listen, awa, moussa):
    may_only(moussa, "view_customer")
    booking = make_booking()
    page = listen(serve(), moussa)
    cancel(booking, awa)
    customer = make_customer()
    assert page.next("changed") | {"id": 0} == {
        "id": 0,
        "desk": "customers",
        "mine": False,
        "keys": [customer.pk],
    }


def test_a_permission_taken_away_counts_at_once(serve, listen, awa, moussa):
    first, second = make_booking(), make_booking()
    page = listen(serve(), moussa)
    cancel(first, awa)
    assert page.next("changed")["keys"] == [first.pk]
    may_only(moussa, "view_customer")
    cancel(second, awa)
    make_customer()
    assert page.next("changed")["desk"] == "customers"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stream_takes_a_session(serve, method):
    server = serve()
    for cookie in ("", "sessionid=", "sessionid=made-up", "sessionid=é; x"):
        browser = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        browser.request(method, PATH, headers={"Cookie": cookie.encode()})
        answer = browser.getresponse()
        assert (answer.status, answer.read()) == (403 if method == "GET" else 405, b"")
        browser.close()


def test_nobody_inactive_gets_a_stream(serve, listen, moussa):
    server = serve()
    page = listen(server, moussa)
    moussa.is_active = False
    moussa.save()
    make_booking()
    assert page.next("changed") is None  # it ended, and told nothing
    assert listen(server, moussa).status == 403


@pytest.mark.parametrize("how", ["sign out", "session expired", "password changed"])
def test_a_session_that_ends_ends_its_streams(serve, listen, awa, moussa, how):
    booking = make_booking()
    page, other = (listen(serve(), moussa) for _n in range(2))
    if how == "sign out":
        page.client.logout()
    elif how == "session expired":
        key = page.client.session.session_key
        Session.objects.filter(pk=key).update(expire_date=timezone.now())
    else:
        moussa.set_password("another-9-lives")
        moussa.save()
    cancel(booking, awa)
    assert page.next("changed", "bell") is None
    told = other.next("changed")
    assert told is None if how == "password changed" else told["keys"] == [booking.pk]


# --------------------------------------------------------------------------------- nothing is lost
def test_what_rolls_back_was_never_told(serve, listen, awa, moussa):
    first, second = make_booking(), make_booking()
    page = listen(serve(), moussa)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        cancel(first, awa)
        raise ZeroDivisionError
    cancel(second, awa)
    assert page.next("changed")["keys"] == [second.pk]


def test_a_client_that_reconnects_is_told_what_it_missed(serve, listen, awa, moussa):
    bookings = [make_booking() for _n in range(4)]
    server = serve()
    page = listen(server, moussa)
    cancel(bookings[0], awa)
    page.until_place()
    page.close()
    missed = [cancel(booking, awa) for booking in bookings[1:3]]

    page = listen(server, moussa, heard=page.place)
    events = page.until_place()
    assert [data["id"] for name, data in events if name == "changed"] == [
        announcement.pk for announcement in missed
    ]
    assert [data["id"] for name, data in events if name == "bell"] == [
        announcement.pk for announcement in missed
    ]
    last = cancel(bookings[3], awa)
    heard = [page.next("changed")["id"]]
    while heard[-1] != last.pk:  # the reader may have been about to tell the others by itself
        heard.append(page.next("changed")["id"])
    assert set(heard[:-1]) <= {announcement.pk for announcement in missed}


@pytest.mark.postgresql
def test_who_writes_for_long_makes_nobody_hear_a_thing_twice(serve, listen, awa, moussa):
    """A transaction that stays open, a backup's or another database's, holds no reader back."""
    first, second, third = (make_booking() for _n in range(3))
    page = listen(serve(), moussa)
    writer = connection.copy()
    try:
        with writer.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_current_xact_id()")
        for booking in (first, second):
            cancel(booking, awa)
            assert page.next("changed")["keys"] == [booking.pk]
            page.until_place()
        back = listen(serve(), moussa, heard=page.place)
        cancel(third, awa)
        assert back.next("changed")["keys"] == [third.pk]
    finally:
        writer.close()


def test_a_server_killed_in_the_middle_loses_nothing(serve, listen, awa, moussa):
    bookings = [make_booking() for _n in range(3)]
    server = serve()
    page = listen(server, moussa)
    cancel(bookings[0], awa)
    page.until_place()
    server.process.kill()
    server.process.wait()
    cancel(bookings[1], awa)
    page = listen(serve(), moussa, heard=page.place)
    assert page.next("changed")["keys"] == [bookings[1].pk]
    cancel(bookings[2], awa)
    assert page.next("changed")["keys"] == [bookings[2].pk]


def test_nothing_falls_between_a_page_and_its_stream(serve, listen, awa, moussa, client):
    """The place that a page carries is older than its stream; what it read may be older still."""
    before, after = make_booking(), make_booking()
    client.force_login(moussa)
    cancel(before, awa)  # as if after the rows were read, and before the place was taken
    point = client.get("/bookings/").context["shell"]["bell"]["point"]
    ring = cancel(after, awa)
    events = listen(serve(), moussa, last=point).until_place()
    keys = [data["keys"] for name, data in events if name == "changed"]
    assert keys[-2:] == [[before.pk], [after.pk]]
    assert [data["id"] for name, data in events if name == "bell"] == [ring.pk]


def test_who_missed_too_much_is_told_just_that(serve, listen, awa, moussa):
    point = present_point()
    now = timezone.now()
    batches = Batch.objects.bulk_create(
        Batch(action="bookings.edit", model="bookings.booking", created_at=now, changed=1)
        for _n in range(MOST_RECALLED + 1)
    )
    Announcement.objects.bulk_create(
        Announcement(batch=batch, kind="bookings.changes", created_at=now, turn=Turn())
        for batch in batches
    )
    page = listen(serve(), moussa, heard=point)
    assert [name for name, _data in page.until_place()] == ["missed"]
    booking = make_booking()
    page.next("changed")  # its customer
    assert page.next("changed")["keys"] == [booking.pk]


@pytest.mark.parametrize(
    "place", ["yesterday", "-1", "9" * 40, "1.5", "²", "1:2", "5:3:", "1:3:7", "1:9:4,2"]
)
def test_a_place_that_no_page_gave_out_begins_now(serve, listen, awa, moussa, place):
    booking = make_booking()
    page = listen(serve(), moussa, heard=place.encode())
    cancel(booking, awa)
    assert page.next("changed")["keys"] == [booking.pk]


@pytest.mark.postgresql
def test_what_commits_later_than_what_came_after_it_is_told_too(serve, listen, awa, moussa):
    """Two writers, whose announcements commit in the opposite order of their ids."""
    slow, quick = make_booking(), make_booking()
    server = serve()
    page = listen(server, moussa)
    written, go_on = Event(), Event()

    def dawdle():
        try:
            with transaction.atomic():
                written.announcement = cancel(slow, awa)
                written.set()
                go_on.wait(30)
        finally:
            connection.close()

    writer = Thread(target=dawdle)
    writer.start()
    try:
        assert written.wait(30)
        after = cancel(quick, awa)
        assert after.pk > written.announcement.pk
        assert page.next("changed")["keys"] == [quick.pk]
        page.until_place()
        page.close()
        awake = listen(server, moussa)
    finally:
        go_on.set()
        writer.join()
    assert awake.next("changed")["keys"] == [slow.pk]
    back = listen(server, moussa, heard=page.place)
    keys = [data["keys"] for name, data in back.until_place() if name == "changed"]
    assert [slow.pk] in keys


@pytest.mark.postgresql
def test_a_reader_that_was_cut_off_from_the_database_comes_back(serve, listen, awa, moussa):
    booking = make_booking()
    page = listen(serve(), moussa)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.rowcount
    cancel(booking, awa)
    assert page.next("changed")["keys"] == [booking.pk]


# ------------------------------------------------------------------------------ several processes
def test_an_act_in_one_process_is_told_by_another(serve, listen, awa, moussa, client):
    """Through the pages of the one, which are all that it serves; the stream is the other's."""
    booking = make_booking()
    batch = cancel(booking, awa).batch
    first, second = serve(), serve()
    page = listen(second, moussa)
    client.force_login(awa)
    secret = "c" * 32
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    browser = http.client.HTTPConnection("127.0.0.1", first.port, timeout=10)
    browser.request(
        "POST",
        f"/actions/undo/{batch.pk}/",
        headers={
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={secret}",
            "X-CSRFToken": secret,
            "HX-Request": "true",
        },
    )
    answer = browser.getresponse()
    assert (answer.status, answer.getheader("HX-Trigger")) == (
        200,
        '{"bookings-changed": {}, "dialog-close": {}}',
    )
    browser.close()
    assert page.next("bell")["text"] == f"Awa — {booking.reference}: 1 booking restored."


def test_open_streams_do_not_keep_the_server_from_stopping(serve, listen, moussa, unused_port):
    run = subprocess.Popen(
        [sys.executable, "manage.py", "run", f"--port={unused_port.port}"],
        cwd=settings.BASE_DIR,
        env=unused_port.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_for(unused_port.answers)
        page = listen(unused_port, moussa)
        run.send_signal(signal.SIGINT)
        assert page.next("changed") is None  # ended in order, by the server
        output, _ = run.communicate(timeout=8)  # less than what it grants a page
        assert run.returncode == 0, output
        assert "Traceback" not in output and "Cancel" not in output
    finally:
        run.kill()


def test_nor_do_they_break_off_where_uvicorn_alone_serves_them(serve, listen, moussa):
    server = serve("--timeout-graceful-shutdown=1")
    page = listen(server, moussa)
    server.process.terminate()
    assert page.next("changed") is None
    output, _ = server.process.communicate(timeout=8)
    assert "Traceback" not in output and "Exception" not in output, output


# ------------------------------------------------------------------------------------- one stream
def test_a_client_that_takes_nothing_is_sent_off():
    async def fill():
        stream = Stream(None)
        for number in range(MOST_WAITING):
            stream.put(number)
        assert stream.queue.qsize() == MOST_WAITING
        stream.put("one too many")
        return [stream.queue.get_nowait() for _n in range(stream.queue.qsize())]

    with ThreadPoolExecutor() as elsewhere:  # a browser's loop may be running in this thread
        assert elsewhere.submit(asyncio.run, fill()).result() == [CLOSE]


def test_without_an_asgi_server_there_is_no_stream_and_no_error(client):
    answer = client.get(PATH)
    assert (answer.status_code, answer.content) == (204, b"")
