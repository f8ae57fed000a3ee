"""Workbooks are read in a process of its own, which may use so much memory and time and no more.

The reader is not ours: where it finds no room, its whole process ends, and the looks that are taken
beforehand can't know all that a file may hold. What ends here is one reading, not the server.
"""

import atexit
import logging
import pickle
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from threading import Lock, Timer

from django.conf import settings

from .limits import MEGABYTE, damaged, unbearable
from .pages import Wanted
from .reader import __name__ as READER
from .reader import say
from .reading import ZIP, read_wanted

LIMITS = {
    "RLIMIT_AS": 1_000 * MEGABYTE,
    "RLIMIT_CPU": 20,  # seconds
    "RLIMIT_CORE": 0,
}
MOST_SECONDS = 120  # on the clock, where others want the processor too

logger = logging.getLogger(__name__)
_spare, _lock = [], Lock()


def read(name, data, sheet="", **wanted):
    """As `reading.read`, which it is for what is no workbook."""
    wanted = Wanted(sheet, **wanted)
    if not data.startswith(ZIP):
        return read_wanted(name, data, wanted)
    process = _started()
    watch = Timer(MOST_SECONDS, process.kill)
    watch.start()
    try:
        return _told(process, name, data, wanted)
    except (EOFError, OSError, pickle.UnpicklingError) as error:
        process.kill()
        logger.warning("Reading %r ended its process (%s)", name, process.wait())
        raise unbearable() from error
    finally:
        watch.cancel()
        _end(process)


def _told(process, name, data, wanted):
    """What the process reads; which sheets are alike is for us to say."""
    alike = wanted.alike
    say(process.stdin, (LIMITS, name, data, replace(wanted, alike=None), alike is not None))
    while True:
        what, told = pickle.load(process.stdout)
        if what == "first":
            is_like = alike(told)
        elif what == "like":
            say(process.stdin, is_like(told))
        elif what == "refused":
            raise told
        elif what == "failed":
            logger.error("Reading %r failed: %s", name, told)
            raise damaged()
        else:
            return told


def _started():
    """A process that waits for a file; the next one gets ready behind it, which takes a moment."""
    with _lock:
        process = _spare.pop() if _spare else _start()
        _spare.append(_start())
    if process.poll() is None:
        return process
    _end(process)  # what waited is gone
    return _start()


def _start():
    return subprocess.Popen(
        [sys.executable, "-m", READER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
    )


def _end(process):
    process.kill()
    with suppress(BrokenPipeError), process:  # closes what leads there, and waits
        pass


@atexit.register
def _end_spare():
    while _spare:
        _end(_spare.pop())
