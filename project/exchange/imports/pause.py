"""No search for garbage while thousands of rows are built, none of which is garbage."""

import gc
from contextlib import contextmanager


@contextmanager
def collector_paused():
    """Each new crowd of lists would set off a look through all that this process holds: a third of
    the time of an import. It lasts less than a second; another thread that does the same at that
    time only has it resumed a little early."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
