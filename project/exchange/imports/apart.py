"""Workbooks are read in a process of its own, which may use so much memory and time and no more.

The reader is not ours: where it finds no room, its whole process ends, and the looks that are taken
beforehand can't know all that a file may hold. What ends here is one reading, not the server.
"""

import atexit
import logging
import os
import pickle
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from threading import Lock, Timer

from django.conf import settings

from .limits import MEGABYTE, damaged, not_read, unbearable
from .pages import Wanted
from .reader import NO_ROOM, say
from .reader import __name__ as READER
from .reading import ZIP, read_wanted

LIMITS = {
    "RLIMIT_AS": 1_000 * MEGABYTE,
    "RLIMIT_CPU": 20,  # seconds
    "RLIMIT_CORE": 0,
}
MOST_SECONDS = 25  # on the clock: gunicorn ends a worker that is silent for 30

logger = logging.getLogger(__name__)
_spare, _lock = [], Lock()


class Ended(Exception):
    """The process has gone in the middle of a reading."""


def read(name, data, sheet="", **wanted):
    """As `reading.read`, which it is for what is no workbook."""
    wanted = Wanted(sheet, **wanted)
    if not data.startswith(ZIP):
        return read_wanted(name, data, wanted)
    try:
        process = _started()
    except OSError as error:
        logger.exception("No process to read %r", name)
        raise not_read() from error
    watch = Timer(MOST_SECONDS, process.kill)
    try:
        watch.start()
        return _told(process, name, data, wanted)
    except Ended as error:
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        raise _why(process, name) from error
    finally:
        watch.cancel()
        _end(process)


def _told(process, name, data, wanted):
    """What the process reads; which sheets are alike is for us to say."""
    alike = wanted.alike
    _say(process, (LIMITS, name, data, replace(wanted, alike=None), alike is not None))
    while True:
        what, told = _hear(process)
        if what == "first":
            is_like = alike(told)
        elif what == "like":
            _say(process, is_like(told))
        elif what == "refused":
            raise told
        elif what == "failed":
            logger.error("Reading %r failed: %s", name, told)
            raise damaged()
        else:
            return told


def _say(process, told):
    try:
        say(process.stdin, told)
    except OSError as error:
        raise Ended from error


def _hear(process):
    try:
        return pickle.load(process.stdout)
    except (EOFError, OSError, pickle.UnpicklingError) as error:
        raise Ended from error


def _why(process, name):
    """The refusal of a file whose reading ended its process: by the system, or for want of room; or
    by itself, which is no fault of the file."""
    status = process.returncode
    if status is not None and status >= 0 and status != NO_ROOM:
        logger.error("Reading %r ended its process with the status %s", name, status)
        return not_read()
    logger.warning("Reading %r took more than it may: %s", name, status)
    return unbearable()


def _started():
    """A process that waits for a file; the next one gets ready behind it, which takes a moment."""
    with _lock:
        process = _spare.pop() if _spare else _start()
        with suppress(OSError):  # then the next one starts when it is asked for
            _spare.append(_start())
    if process.poll() is None:
        return process
    _end(process)  # what waited is gone
    return _start()


def _start():
    path = [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-m", READER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path)), "RUST_BACKTRACE": "0"},
    )


def _end(process):
    process.kill()
    with suppress(BrokenPipeError), process:  # closes what leads there, and waits
        pass


@atexit.register
def _end_spare():
    while _spare:
        _end(_spare.pop())
