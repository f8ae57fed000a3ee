"""The process in which a workbook is read: `python -m project.exchange.imports.reader`.

It is given one file, asks which sheets are alike, tells what it has read or why it can't, and ends.
Where there is no room for that it ends with the status `NO_ROOM`, if it is not ended by the system.
"""

import pickle
import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import replace

from .limits import Unreadable
from .reading import read_wanted

try:
    import resource
except ImportError:  # Windows has no such limits: there `apart` ends it by the clock alone
    resource = None

NO_ROOM = 3
# Whoever stops the server waits for its requests, and so for this: it ends when it has answered, or
# when nobody can hear it any more.
STOPS = ("SIGINT", "SIGTERM", "SIGHUP")


def answer(hear, tell):
    """Read the file that is heard of, within the limits that come with it."""
    limits, name, data, wanted, asks = pickle.load(hear)
    for name_of_limit, most in limits.items():
        limit_to(name_of_limit, most)

    def alike(first):
        say(tell, ("first", first))
        return is_like

    def is_like(rows):
        say(tell, ("like", rows))
        return pickle.load(hear)

    try:
        found = "table", read_wanted(name, data, replace(wanted, alike=alike if asks else None))
    except Unreadable as refused:
        found = "refused", refused
    except MemoryError:
        raise
    except Exception:  # of what a file holds that nobody has thought of: told there, and logged
        found = "failed", traceback.format_exc()
    say(tell, found)


def limit_to(name, most):
    """Set a limit of this process, no higher than it may be; some systems refuse to set one."""
    with suppress(AttributeError, ValueError, OSError):
        limit = getattr(resource, name)
        _soft, hard = resource.getrlimit(limit)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))


def say(pipe, told):
    pickle.dump(told, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


if __name__ == "__main__":
    for stop in STOPS:
        if hasattr(signal, stop):
            signal.signal(getattr(signal, stop), signal.SIG_IGN)
    with suppress(EOFError):  # whoever started it is gone, and has no file for it
        try:
            answer(sys.stdin.buffer, sys.stdout.buffer)
        except MemoryError:
            sys.exit(NO_ROOM)
