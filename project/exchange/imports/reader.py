"""The process in which a workbook is read: `python -m project.exchange.imports.reader`.

It is given one file, asks which sheets are alike, tells what it has read or why it can't, and ends.
"""

import pickle
import sys
import traceback
from contextlib import suppress
from dataclasses import replace

from .limits import Unreadable, unbearable
from .reading import read_wanted

try:
    import resource
except ImportError:  # Windows has no such limits: there `apart` ends it by the clock alone
    resource = None


def answer(hear, tell):
    """Read the file that is heard of, within the limits that come with it."""
    limits, name, data, wanted, asks = pickle.load(hear)
    if resource:
        for limit, most in limits.items():
            resource.setrlimit(getattr(resource, limit), (most, most))

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
        found = "refused", unbearable()
    except Exception:  # of what a file holds that nobody has thought of: told there, and logged
        found = "failed", traceback.format_exc()
    say(tell, found)


def say(pipe, told):
    pickle.dump(told, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


if __name__ == "__main__":
    with suppress(EOFError):  # whoever started it is gone, and has no file for it
        answer(sys.stdin.buffer, sys.stdout.buffer)
