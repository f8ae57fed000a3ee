"""Sending what waits in the outbox: one message at a time, each settled before the next.

A message is claimed in a short transaction: counted as an attempt, in doubt until it is known that
the server did not accept it, and due again once its lease has run out. It is then written and
handed to the server outside any transaction, and marked sent in one of its own. So nothing waits on
a lock while a server thinks. Where the process dies between the server's yes and that mark, this
one message is sent again once its lease is over; it bears the same Message-ID, by which a receiver
can drop the second.
"""

import logging
import smtplib
from datetime import timedelta
from email.utils import formataddr

from django.core.mail import EmailMultiAlternatives, SafeMIMEText, get_connection
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from project.jobs.declare import job

from . import letters
from .models import OutgoingMail

logger = logging.getLogger(__name__)

State, Trouble = OutgoingMail.State, OutgoingMail.Trouble

# Longer than a server that answers may take for one message.
LEASE = timedelta(minutes=5)
# Then another job has its turn.
MOST_AT_A_TIME = 50
# The waits between attempts: about a day in all, then somebody has to look at it.
WAITS = [timedelta(minutes=minutes) for minutes in (1, 4, 15, 60, 180, 360, 360, 360)]
MOST_ATTEMPTS = len(WAITS) + 1

# What an attempt comes to that has surely not sent the message.
NOT_ACCEPTED = {"in_doubt": F("in_doubt") - 1}


@job()
def send_due():
    """Send what is due; what is left over is a job of its own."""
    if send_waiting():
        send_due.enqueue()


def send_waiting(*, most=MOST_AT_A_TIME):
    """Send up to `most` due messages over one connection. Returns whether more may be due."""
    if not OutgoingMail.objects.due(timezone.now()).exists():
        return False
    connection = get_connection()
    try:
        if not reach(connection):
            return False
        for _ in range(most):
            mail = claim()
            if mail is None:
                return False
            if not deliver(mail, connection):
                connection.close()
                if not reach(connection):
                    return False
        return True
    finally:
        connection.close()


def reach(connection):
    """Connect. If that fails, all that is due waits; if not, what waited for it is due."""
    try:
        connection.open()
    except OSError as error:  # SMTPException is one too: a sign-in that is refused
        logger.warning("The mail server could not be reached", exc_info=True)
        due = OutgoingMail.objects.due(timezone.now())
        keys = due.values("pk")
        put_off(
            OutgoingMail.objects.filter(pk__in=keys), Trouble.UNREACHABLE, words_of(error), tried=1
        )
        return False
    OutgoingMail.objects.waiting().filter(trouble=Trouble.UNREACHABLE).update(
        due_at=timezone.now(), trouble=""
    )
    return True


def claim():
    """The next message that is due, for this worker alone until its lease is over; or None."""
    while True:
        with transaction.atomic():
            due = OutgoingMail.objects.due(timezone.now()).select_related("batch")
            due = due.select_for_update(of=("self",), skip_locked=True)
            mail = due.order_by("due_at", "pk").first()
            if mail is None or not drop_overtaken(mail):
                return mail and claimed(mail)


def claimed(mail):
    """The same message, with an attempt that begins now."""
    mail.attempts += 1
    mail.in_doubt += 1
    mail.due_at = timezone.now() + LEASE
    mail.trouble = ""
    mail.save(update_fields=["attempts", "in_doubt", "due_at", "trouble"])
    return mail


def drop_overtaken(mail):
    """Drop a message that others did not wait for (see `due`), where one of them tells something
    later about the same: the rule of what is sent again by hand. Returns whether it was dropped.

    What waits for any other reason keeps its turn, and what is later comes after it.
    """
    if mail.trouble != Trouble.UNWRITTEN:
        return False
    outdated = OutgoingMail.objects.filter(pk=mail.pk).outdated()
    return bool(outdated.update(state=State.DROPPED, trouble=Trouble.OUTDATED))


def deliver(mail, connection):
    """Send a claimed message and settle what came of it. Returns whether the connection holds."""
    mine = OutgoingMail.objects.waiting().filter(pk=mail.pk, due_at=mail.due_at)
    if mail.attempts > MOST_ATTEMPTS:  # each of them ended with its worker
        mine.update(state=State.FAILED, trouble=Trouble.INTERRUPTED)
        return True
    try:
        letter = letters.kind(mail.kind).write(mail)
        message = message_of(mail, letter, connection) if letter and letter.address else None
    except Exception as error:  # one that can't be written must not hold up the others
        logger.exception("E-mail %s could not be written", mail.pk)
        put_off(mine, Trouble.UNWRITTEN, words_of(error), told=NOT_ACCEPTED)
        return True
    if message is None:
        trouble = Trouble.NO_ADDRESS if letter else Trouble.NOTHING_NEW
        mine.update(state=State.DROPPED, trouble=trouble, **NOT_ACCEPTED)
        return True
    told = {
        "recipient": letter.address,
        "language": letter.language,
        "subject": letter.subject[:255],
    }
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        refuse(mine, code, words, Trouble.BAD_ADDRESS, told)
        return code != 421
    except smtplib.SMTPResponseException as error:
        refuse(mine, error.smtp_code, error.smtp_error, Trouble.REFUSED, told)
        return error.smtp_code != 421
    except smtplib.SMTPNotSupportedError as error:  # an address in letters that it can't take
        refuse(mine, 550, str(error), Trouble.BAD_ADDRESS, told)
        return True
    except OSError as error:
        put_off(mine, Trouble.BROKEN_OFF, words_of(error), told=told)
        return False
    # Whoever has the claim by now, it was sent.
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=State.SENT, sent_at=timezone.now(), trouble="", error="", **told
    )
    return True


def message_of(mail, letter, connection):
    """The letter as it travels. Whatever is wrong with it is raised here."""
    message = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        to=[formataddr((letter.name, letter.address))],
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
        connection=connection,
    )
    message.attach_alternative(letter.html, "text/html")
    for file in letter.calendars:
        part = SafeMIMEText(file.text, "calendar", "utf-8")
        part.set_param("method", file.method)
        part.add_header("Content-Disposition", "attachment", filename=file.name)
        message.attach(part)
    message.message()
    return message


def refuse(mails, code, words, trouble, told):
    """What the server answered to a message: 5xx is for good, anything else for now."""
    told = told | NOT_ACCEPTED
    words = words.decode(errors="replace") if isinstance(words, bytes) else words
    error = f"{code} {words}"
    if 500 <= code < 600:
        mails.update(state=State.FAILED, trouble=trouble, error=error, **told)
    else:
        put_off(mails, Trouble.BUSY, error, told=told)


def put_off(mails, trouble, error, *, tried=0, told=None):
    """Let messages wait for their next attempt, longer each time, until the last has failed.

    `tried` is how many attempts are still to be counted.
    """
    now = timezone.now()
    attempts = {count: count - tried for count in range(1, MOST_ATTEMPTS)}
    mails.update(
        attempts=F("attempts") + tried,
        state=Case(
            When(attempts__gte=MOST_ATTEMPTS - tried, then=Value(State.FAILED)),
            default=Value(State.WAITING),
        ),
        due_at=Case(
            *(
                When(attempts=before, then=Value(now + WAITS[count - 1]))
                for count, before in attempts.items()
            ),
            default=Value(now),
        ),
        trouble=trouble,
        error=error,
        **(told or {}),
    )


def words_of(error):
    return f"{type(error).__name__}: {error}"
