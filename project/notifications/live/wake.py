"""How a process learns that there is something to read: by NOTIFY, or by looking at the file."""

import threading
from time import monotonic

from django.db import connection

CHANNEL = "carnet_live"
LOOK = 0.05  # seconds between two looks at SQLite's counter of commits, some microseconds each
REST = 20  # seconds after which PostgreSQL is asked even if it said nothing

_committed = threading.Event()  # in this process


def up():
    """Something was committed here."""
    _committed.set()


class Commits:
    """Waits for commits of any process. Belongs to one thread, and uses its connection."""

    def __init__(self):
        connection.ensure_connection()
        self.waits_for_notify = connection.vendor == "postgresql"
        if self.waits_for_notify:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
        else:
            self.version = self.look()

    def wait(self):
        """Return when something may have been committed, or after a rest."""
        if self.waits_for_notify:
            for _notify in connection.connection.notifies(timeout=REST, stop_after=1):
                pass
            return
        end = monotonic() + REST
        while monotonic() < end:
            here = _committed.wait(LOOK)
            _committed.clear()
            before, self.version = self.version, self.look()
            if here or self.version != before:
                return

    def look(self):
        """A number that changes with every commit of another connection."""
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA data_version").fetchone()[0]
