"""A mail server that can die, and bookings whose customers are to be told."""

import socket
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.utils import timezone

from bookings import services
from bookings.states import CancellationKind
from project.notifications.models import OutgoingMail
from project.utilisateurs.groups import BUREAU
from tests.bookings.conftest import only
from tests.factories import make_booking, make_customer, make_user
from tests.jobs.conftest import site  # noqa: F401
from tests.jobs.waiting import lines_of, wait_for


class MailServer:
    def __init__(self, folder):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = None

    def start(self, *, hold=0):
        script = Path(__file__).with_name("mail_server.py")
        arguments = [str(self.port), str(self.folder), *([str(hold)] if hold else [])]
        self.process = subprocess.Popen([sys.executable, script, *arguments])
        wait_for(self.answers)

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def received(self):
        return [
            message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted(self.folder.glob("*.eml"))
        ]

    @property
    def ids(self):
        return [message["Message-ID"] for message in self.received]

    @property
    def connections(self):
        return len(lines_of(self.folder / "connections"))


@pytest.fixture
def mail_server(tmp_path, settings, monkeypatch):
    folder = tmp_path / "received"
    folder.mkdir()
    server = MailServer(folder)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{server.port}")  # for other processes
    yield server
    server.kill()


@pytest.fixture
def bureau(db):
    return make_user("awa", groups=[BUREAU], language="en")


@pytest.fixture
def cancelled(bureau):
    """A function that cancels bookings of customers with these addresses, and tells them."""

    def cancel(*addresses):
        bookings = [
            make_booking(customer=make_customer(email=address, language="en"))
            for address in addresses
        ]
        outcome = services.cancel(
            only(*bookings), by=bureau, kind=CancellationKind.CUSTOMER, reason="Ill", tell=True
        )
        return list(OutgoingMail.objects.filter(batch=outcome.batch).order_by("pk"))

    return cancel


def many(count):
    return [f"customer{number}@example.org" for number in range(count)]


def let_time_pass():
    """As if all waits and leases were over."""
    OutgoingMail.objects.waiting().update(due_at=timezone.now())


def states():
    return {*OutgoingMail.objects.values_list("state", flat=True)}
