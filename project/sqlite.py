"""What SQLite has not: functions, written in Python and given to each of its connections; and large
sorts outside memory."""

from contextlib import contextmanager

from django.db.backends.signals import connection_created

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


def value_of(connection, name):
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return cursor.fetchone()[0]


def set_up(connection, **values):
    with connection.cursor() as cursor:
        for name, value in values.items():
            cursor.execute(f"PRAGMA {name} = {value}")
