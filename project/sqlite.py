"""What SQLite has not: functions, written in Python and given to each of its connections; large
sorts outside memory; somebody who brings its log into the database; and turns in writing to it."""

import time
from contextlib import contextmanager

from django.db.backends.signals import connection_created

# Who waits for the write lock looks for it every 0.1 s; nobody is called when it is free.
TURN = 0.12

_functions = {}


def teach(name, arity, function):
    """Let SQL on SQLite call `function` (deterministic) as `name`; an arity of -1 is any."""
    _functions[name] = (arity, function)


def give(sender, connection, **kwargs):
    if connection.vendor == "sqlite":
        for name, (arity, function) in _functions.items():
            connection.connection.create_function(name, arity, function, deterministic=True)


connection_created.connect(give, dispatch_uid="project.sqlite")


@contextmanager
def sorting_on_disk(connection):
    """Let large sorts of this connection go to a file, as PostgreSQL's do by themselves.

    Usually they stay in memory, where those of a list belong: 300 bytes for each row of an export.
    Inside a transaction it is left as it is, since SQLite then changes nothing.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    usual = [value_of(connection, name) for name in ("temp_store", "cache_size")]
    set_up(connection, temp_store=1, cache_size=-1_000)  # a file, beyond 1 MB
    try:
        yield
    finally:
        set_up(connection, temp_store=usual[0], cache_size=usual[1])


def bring_log_in(connection):
    """Copy into the database what its log holds, as far as no reader needs it there; nobody waits.

    Left to commits, every so many pages one of them would wait for the disk: 0.15 s for 32 MB.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")


def give_way(connection):
    """Let others write, between two of a job's transactions: they would find each time that it has
    the lock again, and who wants it stopped would be heard when it is over."""
    if connection.vendor == "sqlite":
        time.sleep(TURN)


def value_of(connection, name):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return cursor.fetchone()[0]


def set_up(connection, **values):
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute(f"PRAGMA {name} = {value}")
