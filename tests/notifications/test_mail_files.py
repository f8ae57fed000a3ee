"""Development's mails: files in a folder, which a mail program opens."""

from email import message_from_bytes, policy

import pytest
from django.core.mail import EmailMessage, get_connection
from icalendar import Calendar

from project.notifications.sending import send_waiting
from tests.bookings.conftest import only
from tests.bookings.mailbox import cancel
from tests.factories import make_booking, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path):
    settings.EMAIL_BACKEND = "project.notifications.files.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "not there yet" / "mails"
    return settings.EMAIL_FILE_PATH


def mails_in(folder):
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(folder.iterdir())
    ]


def test_each_mail_is_a_file_of_its_own(bureau, folder):
    rides = [
        make_booking(customer=make_customer(email=f"{name}@example.org", language="en"))
        for name in ("hotel", "agency")
    ]
    cancel(only(*rides), bureau)
    while send_waiting():
        pass
    assert {path.suffix for path in folder.iterdir()} == {".eml"}
    mails = {mail["To"].addresses[0].username: mail for mail in mails_in(folder)}
    assert len(list(folder.iterdir())) == len(mails) == 2
    for name, ride in zip(("hotel", "agency"), rides, strict=True):
        parts = {part.get_content_type(): part for part in mails[name].walk()}
        assert ride.reference in parts["text/plain"].get_content()
        assert ride.reference in parts["text/html"].get_content()
        calendar = Calendar.from_ical(parts["text/calendar"].get_payload(decode=True))
        assert (calendar["METHOD"], len(calendar.events)) == ("CANCEL", 1)
        assert str(calendar.events[0]["UID"]).startswith(ride.reference)


def test_another_mail_to_the_same_overwrites_none_and_the_same_twice_is_there_once(folder):
    first, second = (
        EmailMessage("Hello", "It is " + said, to=["hotel@example.org"]) for said in ("me", "I")
    )
    first.extra_headers["Message-ID"] = "<first@carnet>"
    backend = get_connection()
    assert backend.send_messages([first, second]) == 2
    assert backend.send_messages([first]) == 1
    said = sorted(mail.get_content().strip() for mail in mails_in(folder))
    assert said == ["It is I", "It is me"]
