"""Servers and workers that die: nothing is lost, and what comes twice says that it does.

A real mail server in a process of its own, real workers, SIGKILL for a crash.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import Booking
from project.actions.undo import undo
from project.notifications import outbox, sending
from project.notifications.models import OutgoingMail
from project.notifications.sending import MOST_ATTEMPTS, send_due, send_waiting
from tests.jobs.waiting import wait_for
from tests.notifications.conftest import let_time_pass, many, states

State, Trouble = OutgoingMail.State, OutgoingMail.Trouble
MANY = 12


def on_a_connection_of_its_own(work):
    try:
        return work()
    finally:
        connection.close()


def test_all_leave_over_one_connection(db, mail_server, cancelled):
    mails = cancelled(*many(MANY))
    mail_server.start()
    assert not send_waiting()
    assert mail_server.ids == [mail.message_id for mail in mails]
    assert mail_server.connections == 1
    assert states() == {State.SENT}


def test_a_server_that_dies_in_the_middle_loses_nothing(transactional_db, mail_server, cancelled):
    mails = cancelled(*many(MANY))
    mail_server.start(hold=5)
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(on_a_connection_of_its_own, send_waiting)
        wait_for(lambda: len(mail_server.ids) == 5)
        mail_server.kill()
        assert run.result(30) is False
    troubles = Counter(OutgoingMail.objects.values_list("state", "trouble"))
    assert troubles == {
        (State.SENT, ""): 4,
        (State.WAITING, Trouble.BROKEN_OFF): 1,
        (State.WAITING, Trouble.UNREACHABLE): MANY - 5,
    }

    assert not send_waiting()  # nothing is due yet
    let_time_pass()
    mail_server.start()
    assert not send_waiting()

    assert states() == {State.SENT}
    assert set(mail_server.ids) == {mail.message_id for mail in mails}
    twice = [key for key, count in Counter(mail_server.ids).items() if count > 1]
    assert twice == [mails[4].message_id]  # it had taken that one and died before it said so
    assert len(mail_server.ids) == MANY + 1


def test_a_worker_that_dies_in_the_middle_loses_nothing(site, mail_server, cancelled):
    mails = cancelled(*many(MANY))
    mail_server.start(hold=5)
    doomed = site.start_worker(stale_after=1)
    wait_for(lambda: len(mail_server.ids) == 5)
    doomed.kill()
    doomed.wait()
    assert OutgoingMail.objects.filter(state=State.SENT).count() == 4
    mail_server.kill()

    mail_server.start()
    let_time_pass()
    send_due.enqueue()
    site.start_worker(stale_after=1)
    wait_for(lambda: states() == {State.SENT})

    assert set(mail_server.ids) == {mail.message_id for mail in mails}
    assert Counter(mail_server.ids)[mails[4].message_id] == 2
    assert len(mail_server.ids) == MANY + 1


def test_what_a_dead_worker_holds_is_nobody_elses_before_its_lease_is_over(
    db, mail_server, cancelled
):
    (mail,) = cancelled("awa@example.org")
    mail_server.start()
    assert sending.claim() == mail
    assert not send_waiting()
    assert mail_server.ids == []
    let_time_pass()
    send_waiting()
    assert mail_server.ids == [mail.message_id]


def test_two_workers_send_each_message_once(transactional_db, mail_server, cancelled):
    mails = cancelled(*many(4 * MANY))
    mail_server.start()
    barrier = Barrier(2)

    def work():
        connection.ensure_connection()
        barrier.wait(10)
        return send_waiting()

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(on_a_connection_of_its_own, work) for _ in range(2)]
        assert [run.result(60) for run in runs] == [False, False]
    assert sorted(mail_server.ids) == sorted(mail.message_id for mail in mails)
    assert mail_server.connections == 2
    assert states() == {State.SENT}


def test_without_a_server_all_wait_longer_each_time_and_fail_in_the_end(db, mail_server, cancelled):
    cancelled(*many(3))
    waits = []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        with CaptureQueriesContext(connection) as statements:
            assert not send_waiting()
        assert len(statements) <= 3
        (mail, *_others) = OutgoingMail.objects.all()
        assert mail.attempts == attempt
        assert mail.trouble == Trouble.UNREACHABLE
        assert "ConnectionRefusedError" in mail.error
        if attempt < MOST_ATTEMPTS:
            waits.append(mail.due_at)
            assert states() == {State.WAITING}
            let_time_pass()
    assert states() == {State.FAILED}
    assert len(waits) == MOST_ATTEMPTS - 1
    assert waits[1] - waits[0] < waits[3] - waits[2]


def test_once_the_server_is_back_nothing_waits_for_its_turn(db, mail_server, cancelled):
    cancelled(*many(3))
    for _ in range(4):
        send_waiting()
        let_time_pass()
    send_waiting()
    mail_server.start()
    assert not send_waiting()
    assert mail_server.ids == []  # it is not asked about what is due in hours
    cancelled("late@example.org")
    send_waiting()
    assert len(mail_server.ids) == 4
    assert states() == {State.SENT}


def test_an_address_that_does_not_exist_fails_at_once_with_the_servers_words(
    db, mail_server, cancelled
):
    bad, good = cancelled("nobody@example.org", "awa@example.org")
    mail_server.start()
    send_waiting()
    bad.refresh_from_db()
    assert (bad.state, bad.trouble, bad.attempts) == (State.FAILED, Trouble.BAD_ADDRESS, 1)
    assert bad.error == "550 5.1.1 No such user here"
    assert bad.recipient == "nobody@example.org"
    assert mail_server.ids == [good.message_id]


def test_a_busy_server_is_asked_again(db, mail_server, cancelled):
    later, good = cancelled("later@example.org", "awa@example.org")
    mail_server.start()
    send_waiting()
    later.refresh_from_db()
    assert (later.state, later.trouble, later.attempts) == (State.WAITING, Trouble.BUSY, 1)
    assert mail_server.ids == [good.message_id]
    customer = Booking.objects.get(pk=later.object_id).customer
    customer.email = "fatou@example.org"
    customer.save()
    let_time_pass()
    send_waiting()
    later.refresh_from_db()
    assert (later.state, later.trouble, later.error) == (State.SENT, "", "")


def test_a_message_that_kills_its_workers_fails_in_the_end(db, mail_server, cancelled):
    cancelled("awa@example.org")
    mail_server.start()
    for _ in range(MOST_ATTEMPTS):
        assert sending.claim() is not None
        let_time_pass()
    send_waiting()
    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.trouble) == (State.FAILED, Trouble.INTERRUPTED)
    assert mail_server.ids == []


def test_a_long_queue_lets_other_jobs_have_their_turn(db, mail_server, cancelled):
    cancelled(*many(3))
    mail_server.start()
    assert send_waiting(most=2)
    assert len(mail_server.ids) == 2
    assert not send_waiting(most=2)
    assert len(mail_server.ids) == 3


# ---------------------------------------------------------- undone while the server is out of reach
def undo_and_send(mail, by):
    """Undo what a message tells of, and send all that there is to say by then."""
    undo(mail.batch, by=by)
    let_time_pass()
    while send_waiting():
        pass


def test_what_no_server_was_there_to_take_is_undone_in_silence(db, bureau, mail_server, cancelled):
    (mail,) = cancelled("awa@example.org")
    for _ in range(2):
        send_waiting()
        let_time_pass()
    mail_server.start()
    undo_and_send(mail, bureau)
    mail.refresh_from_db()
    assert (mail.state, mail.trouble, mail.attempts) == (State.DROPPED, Trouble.UNDONE, 2)
    assert mail_server.ids == []


def test_what_the_server_put_off_is_undone_in_silence(db, bureau, mail_server, cancelled):
    (mail,) = cancelled("later@example.org")
    mail_server.start()
    send_waiting()
    undo_and_send(mail, bureau)
    mail.refresh_from_db()
    assert (mail.state, mail.trouble) == (State.DROPPED, Trouble.UNDONE)
    assert mail_server.ids == []


def test_what_may_have_left_before_the_server_went_is_told_with_its_undo(
    db, bureau, mail_server, cancelled
):
    (mail,) = cancelled("awa@example.org")
    sending.claim()  # and the worker dies, nobody knows how far it came
    let_time_pass()
    send_waiting()
    mail.refresh_from_db()
    assert (mail.trouble, mail.attempts) == (Trouble.UNREACHABLE, 2)
    mail_server.start()
    undo_and_send(mail, bureau)
    assert len(mail_server.ids) == 2
    assert states() == {State.SENT}


def test_what_may_have_left_stays_so_when_it_is_sent_again(db, bureau, mail_server, cancelled):
    (mail,) = cancelled("awa@example.org")
    sending.claim()
    OutgoingMail.objects.update(state=State.FAILED, trouble=Trouble.INTERRUPTED)
    assert outbox.resend(OutgoingMail.objects.all()) == (1, 0)
    undo(mail.batch, by=bureau)
    assert [*OutgoingMail.objects.values_list("state", flat=True)] == [State.WAITING] * 2
