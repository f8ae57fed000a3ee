"""Real servers on the tests' own database, and clients that read their streams."""

import http.client
import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from project.notifications.live.stream import PATH
from project.utilisateurs.groups import BUREAU, GESTION
from tests.factories import make_user
from tests.jobs.waiting import wait_for

PATIENCE = 18  # seconds in which an event has to come: a reader that nobody wakes looks after 20


class Place:
    """Where a server will be, or is."""

    def __init__(self, port=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = port or free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "DATABASE_URL": database_url()}

    def answers(self):
        try:
            return urlopen(f"{self.url}/accounts/login/", timeout=10).status == 200
        except HTTPError:
            raise  # it answers, wrongly
        except URLError:
            return False


class Server(Place):
    """A uvicorn process of its own, on the database that the test itself sees."""

    def __init__(self, *options, port=None):
        super().__init__(port)
        command = ["-m", "uvicorn", "project.asgi:application", f"--port={self.port}"]
        self.process = subprocess.Popen(
            [sys.executable, *command, "--log-level=warning", *options],
            cwd=settings.BASE_DIR,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        wait_for(self.answers)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def database_url():
    where = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{where['NAME']}"
    address = f"{where['HOST']}:{where['PORT'] or 5432}"
    return f"postgres://{where['USER']}:{where['PASSWORD']}@{address}/{where['NAME']}"


class Listener:
    """A client of the stream: its events as (name, data), read as they come."""

    def __init__(self, server, client, last="", heard=""):
        self.place = last
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie.value}"} if cookie else {}
        if heard:
            headers["Last-Event-ID"] = heard
        self.connection.request("GET", f"{PATH}?last={last}", headers=headers)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        if self.status == 200:
            assert self.block() == {"retry": "2000"}  # from here on it is registered

    def block(self):
        """The fields of the next block; None at the end of the stream."""
        fields = {}
        while line := self.response.readline().decode():
            name, _colon, value = line.rstrip("\n").partition(": ")
            if not name:
                return fields
            fields[name] = value
        return None

    def next(self, *names):
        """The data of the next event of these names; where one would go on is noted."""
        while (block := self.block()) is not None:
            if "id" in block:
                self.place = block["id"]
            if block.get("event") in names:
                return json.loads(block["data"])
        return None

    def until_place(self):
        """The events up to the next place: all that one read of the server found."""
        events = []
        while (block := self.block()) is not None:
            if "id" in block:
                self.place = block["id"]
                return events
            events.append((block["event"], json.loads(block["data"])))
        raise EOFError

    def close(self):
        self.response.close()
        self.connection.close()


@pytest.fixture
def awa(transactional_db):
    return make_user("awa", groups=[BUREAU], first_name="Awa", language="en")


@pytest.fixture
def moussa(transactional_db):
    return make_user("moussa", groups=[GESTION], first_name="Moussa", language="en")


@pytest.fixture
def serve(transactional_db):
    """A function that starts a server."""
    with ExitStack() as stack:

        def start(*options):
            server = Server(*options)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def unused_port(transactional_db):
    return Place()


@pytest.fixture
def listen(transactional_db):
    """A function that opens a user's stream on a server: (server, user or client, …)."""
    with ExitStack() as stack:

        def start(server, user=None, **options):
            client = Client()
            if user is not None:
                client.force_login(user)
            listener = Listener(server, client, **options)
            listener.client = client
            stack.callback(listener.close)
            return listener

        yield start
