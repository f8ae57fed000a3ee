"""The stream of events as a raw ASGI application: one coroutine and one queue for each open page.

A Django view would keep a thread, and on PostgreSQL a connection, for as long as the page is open.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

from django.db import close_old_connections

from . import reading
from .hub import CLOSE, Stream, event, events_of, hub, place
from .turns import is_point

PATH = "/live/stream/"
RETRY = 2000  # ms after which a browser reconnects
PATIENCE = 30  # seconds that a client may take to accept an event
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
)

# Who opens a stream is looked up here, a few at a time: after a restart all come back at once.
_openers = ThreadPoolExecutor(2, thread_name_prefix="live-opener")


def with_stream(pages):
    """The ASGI application that serves the stream itself and leaves the rest to `pages`."""

    async def application(scope, receive, send):
        if scope["type"] == "lifespan":
            await live_and_end(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == PATH:
            await serve(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return application


async def live_and_end(scope, receive, send):
    """Leave with the server what it has to call before it waits for open responses to end."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            scope.get("state", {})["close_streams"] = hub.close
            await send({"type": "lifespan.startup.complete"})
        else:
            hub.close()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def serve(scope, receive, send):
    """One stream, from the look at its session cookie to its end."""
    if scope["method"] != "GET":
        return await refuse(send, 405)
    headers = dict(scope["headers"])
    cookies = headers.get(b"cookie", b"").decode("latin-1")
    visitor = await in_thread(reading.visitor, cookies)
    if visitor is None:
        return await refuse(send, 403)
    stream = Stream(visitor)
    hub.join(stream)  # before it recalls: from here on nothing passes unseen
    gone = asyncio.create_task(wait_until_gone(receive, stream))
    try:
        opening = await in_thread(recall, stream, *where_from(scope, headers))
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await say(send, f"retry: {RETRY}\n\n".encode() + opening)
        while (some := await stream.queue.get()) is not CLOSE:
            await say(send, some)
        await say(send, b"", more=False)
    except TimeoutError:
        pass  # it takes nothing any more; the server cuts the connection
    except asyncio.CancelledError:  # a server that can't ask for it stops: end in order
        await send({"type": "http.response.body", "body": b""})
    finally:
        hub.leave(stream)
        gone.cancel()


def where_from(scope, headers):
    """(point or None, whether the page itself gave it): a reconnecting browser knows better."""
    place = headers.get(b"last-event-id", b"").decode("latin-1")
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("last", [""])[0]
    text = place or asked
    return (text if is_point(text) else None), not place


def recall(stream, point, for_page):
    """The events that a page missed since `point`, or the word that it missed too many."""
    hub.reading.wait()
    if point is None:
        return b""
    missed = reading.recalled(point, for_page=for_page)
    if missed is None:
        return event("missed", {}) + place(hub.delivered)
    news, point_now = missed
    events, gone = events_of(news, [stream])
    if gone:
        return b""
    return b"".join(events[stream]) + place(point_now or point)


async def wait_until_gone(receive, stream):
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.close()


async def say(send, body, *, more=True):
    message = {"type": "http.response.body", "body": body, "more_body": more}
    await asyncio.wait_for(send(message), PATIENCE)


async def refuse(send, status):
    plain = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": plain})
    await send({"type": "http.response.body", "body": b""})


async def in_thread(function, *arguments):
    return await asyncio.get_running_loop().run_in_executor(
        _openers, with_connection, function, arguments
    )


def with_connection(function, arguments):
    try:
        return function(*arguments)
    finally:
        close_old_connections()
