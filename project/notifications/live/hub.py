"""The open streams of this process, and the one thread that reads for all of them.

The thread waits for commits, reads what is new once, works out who may know of it, and hands the
finished events to the event loop. A stream holds no thread and no database connection.
"""

import asyncio
import json
import logging
import threading
from collections import defaultdict
from time import monotonic, sleep

from django.db import connection, reset_queries
from django.urls import reverse
from django.utils import translation

from . import reading, words
from .turns import present_point
from .wake import REST, Commits

logger = logging.getLogger(__name__)

MOST_WAITING = 100  # events; a client that takes no more is sent off, and comes back for them
CLOSE = None  # in a queue: the stream ends
PAUSE = 1  # second before a lost database is asked again


class Stream:
    """One open page. Only the event loop's thread touches its queue."""

    __slots__ = ("queue", "visitor")

    def __init__(self, visitor):
        self.visitor = visitor
        self.queue = asyncio.Queue(MOST_WAITING)

    def put(self, event):
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.close()

    def close(self):
        """End once the event at hand is sent: what waits will be recalled on reconnecting."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(CLOSE)


class Hub:
    def __init__(self):
        self.streams = set()
        self.loop = None
        self.point = None  # from where the reader goes on
        self.delivered = None  # from where a stream would, once it has sent what waits
        self.reading = threading.Event()  # the first point is taken
        self.closing = False

    # ------------------------------------------------------------------- on the event loop
    def join(self, stream):
        if self.loop is None:
            self.loop = asyncio.get_running_loop()
            threading.Thread(target=self.read_for_ever, name="live", daemon=True).start()
            self.beat()
        self.streams.add(stream)
        if self.closing:
            stream.close()

    def leave(self, stream):
        self.streams.discard(stream)

    def beat(self):
        """A sign of life, by which proxies keep a quiet stream open and the browser its place."""
        for stream in tuple(self.streams):
            stream.put(place(self.delivered))
        if not self.closing:
            self.loop.call_later(REST, self.beat)

    def close(self):
        """End every stream, so that the server can stop; called from a signal handler too."""
        self.closing = True
        if self.loop is not None:
            self.loop.call_soon_threadsafe(lambda: [stream.close() for stream in self.streams])

    def deliver(self, events, gone, point):
        self.delivered = point
        for stream in gone:
            stream.close()
        for stream, some in events.items():
            if stream in self.streams:
                stream.put(b"".join(some) + place(point))

    # ------------------------------------------------------------------ on the reader's thread
    def read_for_ever(self):
        while not self.closing:
            try:
                commits = Commits()
                if self.point is None:
                    self.point = self.delivered = present_point()
                self.reading.set()
                checked = monotonic()
                while not self.closing:
                    due = monotonic() - checked >= REST
                    checked = monotonic() if due else checked
                    self.read(check=due)
                    commits.wait()
                    reset_queries()  # which DEBUG collects
            except Exception:  # whatever it was: without this thread every page would be deaf
                logger.exception("The streams could not be fed; trying again")
                connection.close()
                sleep(PAUSE)

    def read(self, *, check):
        """Read what is new and hand it over; `check` who is still signed in if nothing is."""
        if not self.streams:
            point = present_point()
            if not self.streams:  # whoever joins from now on recalls by themselves what came before
                self.point = point
                self.loop.call_soon_threadsafe(self.deliver, {}, [], point)
                return
        news, point = reading.news_since(self.point)
        point = point or self.point
        if news or check:
            # The streams after the news: one that isn't among them has yet to recall these.
            events, gone = events_of(news, tuple(self.streams))
            self.loop.call_soon_threadsafe(self.deliver, events, gone, point)
        self.point = point


def events_of(news, streams):
    """({stream: events}, streams whose visitor may no longer look)."""
    seen = reading.standing({stream.visitor for stream in streams})
    gone = [stream for stream in streams if stream.visitor not in seen]
    streams = [stream for stream in streams if stream.visitor in seen]
    events = defaultdict(list)
    if not (news and streams):
        return events, gone
    users = {stream.visitor.user_id for stream in streams}
    bells = reading.rung([each for each in news if not each.heard], users)
    unread = reading.unread_of({user for some in bells.values() for user in some})
    records = words.records_of([each.batch for each in news if each.id in bells])
    concerned = reading.concerned(news, users)
    for each in news:
        changed = [event("changed", change_of(each, mine)) for mine in (False, True)]
        rings = {}
        for stream in streams:
            visitor = stream.visitor
            sees = each.slug in seen[visitor]
            theirs = sees or visitor.user_id in concerned.get(each.batch.pk, ())
            if each.page and theirs and each.page.slug in seen[visitor]:
                events[stream].append(event("changed", change_of_page(each)))
            if not sees:
                continue
            events[stream].append(changed[visitor.user_id == each.batch.user_id])
            if not each.heard and visitor.user_id in bells[each.id]:
                said = visitor.language
                if said not in rings:
                    rings[said] = ring_of(each, said, records.get(each.batch.pk))
                count = unread.get(visitor.user_id, 0)
                events[stream].append(event("bell", rings[said] | {"unread": count}))
    return events, gone


def change_of(news, mine):
    """What a page has to know to find out whether it shows what was changed."""
    return {"id": news.id, "desk": news.slug, "mine": mine, "keys": news.keys}


def change_of_page(news):
    """The same for a page: that it should ask. Of the records that were changed, not all may be
    known to whom it is told."""
    return {"id": news.id, "desk": news.page.slug, "mine": False, "keys": None}


def ring_of(news, language, record):
    with translation.override(language):
        text = words.sentence(news.batch, str(record or ""))
        return {"id": news.id, "text": text, "url": reverse("notification", args=[news.id])}


def event(name, data):
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def place(point):
    """Where a client that comes back goes on; after the events that led there.

    A browser keeps an id without data to itself, for this stream: a page that closes its stream and
    opens another later has to be told.
    """
    return b":\n\n" if point is None else f"id: {point}\n".encode() + event("at", {})


hub = Hub()
