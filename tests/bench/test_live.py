"""From commit to event, and what an open stream costs: on a real server, with real connections.

Times are divided by that of a plain page of the same server, asked for in turns. How many rows
there are plays no part: the bars hold at any size.
"""

import http.client
import re
import selectors
import socket
import statistics
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from bookings import services
from bookings.models import Booking
from project.notifications.live.stream import PATH
from project.utilisateurs.groups import GESTION
from tests.factories import make_booking, make_user
from tests.notifications.live.conftest import Listener, Server

pytestmark = pytest.mark.django_db(transaction=True)

STREAMS = 500
ROUNDS = 30
PAGE = "/jobs/"  # a list without rows in the frame of every page: five statements
# What is committed here is told after a NOTIFY and the six statements of a read: about a page, or
# two on a busy machine. On SQLite another process is noticed at the next look only (LOOK, 50 ms).
OTHER_PROCESS = {"postgresql": 2.5, "sqlite": 8.0}
# The same until the browser has drawn it: on top of it comes what a script and a repaint take.
IN_A_BROWSER = {"postgresql": 3.5, "sqlite": 9.0}
# In the same process the colleague's page should hear of it about when one's own has its answer.
SAME_PROCESS = 1.5
ALL_STREAMS = 25  # the last of five hundred, each of which takes a write to its socket
KILOBYTES = 60
THREADS = 12
# When the toast about a record stands in the page, in ms of the clock that Python reads too.
AWAITED = """reference => {
  const toasts = document.getElementById("toasts");
  window.shown = new Promise((done) => {
    new MutationObserver((_changes, observer) => {
      if (!toasts.textContent.includes(reference)) return;
      observer.disconnect();
      done(performance.timeOrigin + performance.now());
    }).observe(toasts, { childList: true, subtree: true });
  });
}"""


@pytest.fixture
def server(transactional_db):
    server = Server()
    yield server
    server.close()


class Office:
    """A user's browser: a signed-in keep-alive connection."""

    def __init__(self, server, user):
        self.client = Client()
        self.client.force_login(user)
        session = self.client.cookies[settings.SESSION_COOKIE_NAME].value
        self.jar = {settings.SESSION_COOKIE_NAME: session, "csrftoken": "c" * 32}
        self.cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def ask(self, method, path):
        """How long it took, in seconds."""
        headers = {"Cookie": self.cookies, "X-CSRFToken": "c" * 32, "HX-Request": "true"}
        if method == "GET":
            del headers["HX-Request"]
        start = time.perf_counter()
        self.connection.request(method, path, headers=headers)
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status == 200
        return time.perf_counter() - start

    def close(self):
        self.connection.close()


def cancel(booking, by):
    selection = Booking.objects.filter(pk=booking.pk)
    return services.cancel(selection, by=by, kind="customer", reason="Flight").batch


def test_from_commit_to_event(bench, server):
    awa, moussa = (make_user(groups=[GESTION], is_superuser=True) for _n in range(2))
    bookings = [make_booking() for _n in range(2 * ROUNDS)]
    office = Office(server, awa)
    page = Listener(server, Office(server, moussa).client)
    pages, events, answers, heard = [], [], [], []
    for booking in bookings[:ROUNDS]:
        pages.append(office.ask("GET", PAGE))
        cancel(booking, awa)
        start = time.perf_counter()
        while page.next("bell")["text"].find(booking.reference) < 0:
            pass
        events.append(time.perf_counter() - start)
    for booking in bookings[ROUNDS:]:
        batch = cancel(booking, awa)
        page.next("bell")
        start = time.perf_counter()
        answers.append(office.ask("POST", f"/actions/undo/{batch.pk}/"))
        page.next("bell")
        heard.append(time.perf_counter() - start)
    page.close()
    office.close()
    plain, event = statistics.median(pages), statistics.median(events)
    bench.report(
        f"live: commit to event ({event * 1000:.0f} ms) / page ({plain * 1000:.0f} ms)",
        event / plain,
        OTHER_PROCESS[connection.vendor],
    )
    answer, told = statistics.median(answers), statistics.median(heard)
    bench.report(
        f"live: act to others' event ({told * 1000:.0f} ms) / to own answer",
        told / answer,
        SAME_PROCESS,
    )


@pytest.mark.chromium
def test_from_commit_to_a_browser(bench, server, browser):
    """Until the toast stands in a page that somebody has open."""
    awa, moussa = (make_user(groups=[GESTION], is_superuser=True) for _n in range(2))
    office = Office(server, moussa)
    context = browser.new_context()
    context.add_cookies(
        [{"name": name, "value": value, "url": server.url} for name, value in office.jar.items()]
    )
    page = context.new_page()
    with page.expect_response(f"**{PATH}**"):
        page.goto(f"{server.url}{PAGE}")
    plain, shown = [], []
    for booking in [make_booking() for _n in range(ROUNDS)]:
        plain.append(office.ask("GET", PAGE))
        page.evaluate(AWAITED, booking.reference)
        cancel(booking, awa)
        start = time.time()
        shown.append(page.evaluate("window.shown") / 1000 - start)
    context.close()
    office.close()
    one, toast = statistics.median(plain), statistics.median(shown)
    bench.report(
        f"live: commit to toast ({toast * 1000:.0f} ms) / page ({one * 1000:.0f} ms)",
        toast / one,
        IN_A_BROWSER[connection.vendor],
    )


def test_five_hundred_open_streams(bench, server):
    awa, moussa = (make_user(groups=[GESTION], is_superuser=True) for _n in range(2))
    booking = make_booking()
    office = Office(server, moussa)
    warm = [open_stream(server, office) for _n in range(5)]
    pages = [office.ask("GET", PAGE) for _n in range(ROUNDS)]
    before, _threads = status(server)
    streams = warm + [open_stream(server, office) for _n in range(STREAMS)]
    after, threads = status(server)
    cancel(booking, awa)
    start = time.perf_counter()
    hear(streams, booking.reference)
    last = time.perf_counter() - start
    for closed in (*streams, office):
        closed.close()
    bench.report(
        "live: kilobytes of memory for an open stream", (after - before) / STREAMS, KILOBYTES
    )
    bench.report(f"live: threads with {STREAMS} streams", threads, THREADS)
    bench.report(
        f"live: commit to the last of {STREAMS} streams ({last * 1000:.0f} ms) / page",
        last / statistics.median(pages),
        ALL_STREAMS,
    )


def open_stream(server, office):
    """A raw connection whose stream has begun."""
    stream = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    stream.sendall(
        f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nCookie: {office.cookies}\r\n\r\n".encode()
    )
    begun = b""
    while b"retry:" not in begun:
        some = stream.recv(4096)
        assert some, begun
        begun += some
    return stream


def hear(streams, reference):
    """Return once each of them was told of this record."""
    waiting, heard = selectors.DefaultSelector(), {}
    for stream in streams:
        waiting.register(stream, selectors.EVENT_READ)
        heard[stream] = b""
    while heard:
        ready = waiting.select(timeout=30)
        assert ready, f"{len(heard)} streams heard nothing"
        for key, _events in ready:
            heard[key.fileobj] += key.fileobj.recv(65536)
            if reference.encode() in heard[key.fileobj]:
                waiting.unregister(key.fileobj)
                del heard[key.fileobj]


def status(server):
    """(kilobytes of memory, threads) of the server's process."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    return tuple(int(re.search(rf"{name}:\s+(\d+)", text)[1]) for name in ("VmRSS", "Threads"))
