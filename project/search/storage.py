"""The index itself: a table beside the model's, kept by triggers.

SQLite: an FTS5 table of trigrams over the model's own text. PostgreSQL: a copy of the text columns
under a pg_trgm index; on the model's table itself that index would be written anew at every change
of a status, 30 times the price of the change.

The triggers write only where a text changed, so set-based updates of anything else cost nothing.

On PostgreSQL what is new stands in a second table, `_recent`, without that index, until the worker
settles it: taking a text apart into trigrams costs more than all else that is written of a record.
A search looks through both, in one statement.
"""

from contextlib import contextmanager

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, Error, connections, transaction

from .folding import function_for_postgresql

TUNED = "('hashsize', 4194304), ('automerge', 8)"
SQLITE = {
    "create": (
        "CREATE VIRTUAL TABLE {index} USING fts5({columns}, content={table_text}, "
        "content_rowid={key_text}, tokenize='trigram case_sensitive 1')",
    ),
    "fill": (
        # How many bytes are gathered before they are written, and how many such pieces are merged
        # into one. By default 1 MB and 4: of what 2,000 new records take a third would be merging.
        f"INSERT INTO {{index}}({{index}}, rank) VALUES {TUNED}",
        "INSERT INTO {index}({index}) VALUES ('rebuild')",
    ),
    "watch": (
        "CREATE TRIGGER {inserted} AFTER INSERT ON {table} BEGIN "
        "INSERT INTO {index}(rowid, {columns}) VALUES (new.{key}, {new}); END",
        "CREATE TRIGGER {deleted} AFTER DELETE ON {table} BEGIN "
        "INSERT INTO {index}({index}, rowid, {columns}) VALUES ('delete', old.{key}, {old}); END",
        "CREATE TRIGGER {updated} AFTER UPDATE OF {columns} ON {table} "
        "WHEN ({old}) IS NOT ({new}) BEGIN "
        "INSERT INTO {index}({index}, rowid, {columns}) VALUES ('delete', old.{key}, {old}); "
        "INSERT INTO {index}(rowid, {columns}) VALUES (new.{key}, {new}); END",
    ),
    "unwatch": (
        "DROP TRIGGER IF EXISTS {inserted}",
        "DROP TRIGGER IF EXISTS {deleted}",
        "DROP TRIGGER IF EXISTS {updated}",
    ),
    "drop": ("DROP TABLE IF EXISTS {index}",),
    "watched": "SELECT COUNT(*) = 3 FROM sqlite_master WHERE type = 'trigger' "
    "AND name IN ({inserted_text}, {deleted_text}, {updated_text}) "
    f"AND (SELECT COUNT(*) = 2 FROM {{tuning}} WHERE (k, v) IN (VALUES {TUNED}))",
    "size": "SELECT COUNT(*) FROM {sizes}",
}

POSTGRESQL = {
    "create": (
        "CREATE TABLE {index} AS SELECT {key}, {columns} FROM {table} WITH NO DATA",
        "ALTER TABLE {index} ADD PRIMARY KEY ({key})",
    ),
    "fill": (
        "DROP INDEX IF EXISTS {trigrams}",
        "CREATE TABLE IF NOT EXISTS {recent} (LIKE {index} INCLUDING INDEXES)",
        "TRUNCATE {index}, {recent}",
        "INSERT INTO {index} SELECT {key}, {columns} FROM {table}",
        "SET LOCAL maintenance_work_mem = '256MB'",
        "CREATE INDEX {trigrams} ON {index} USING gin ({operators})",
        "ANALYZE {index}",
    ),
    "watch": (
        "SET CONSTRAINTS ALL IMMEDIATE",  # no row may wait for its check while a trigger changes
        "SET CONSTRAINTS ALL DEFERRED",
        "CREATE OR REPLACE FUNCTION {follow}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'TRUNCATE' THEN TRUNCATE {index}, {recent}; RETURN NULL; END IF; "
        "IF TG_OP = 'INSERT' THEN INSERT INTO {recent} ({key}, {columns}) "
        "SELECT {key}, {columns} FROM made; RETURN NULL; END IF; "
        # In this order: what is being settled is waited for, and found where it went.
        "DELETE FROM {recent} WHERE {key} = old.{key}; "
        "DELETE FROM {index} WHERE {key} = old.{key}; "
        "IF TG_OP = 'UPDATE' THEN "
        "INSERT INTO {recent} ({key}, {columns}) VALUES (new.{key}, {new}); END IF; "
        "RETURN NULL; END $$",
        "CREATE TRIGGER {inserted} AFTER INSERT ON {table} REFERENCING NEW TABLE AS made "
        "FOR EACH STATEMENT EXECUTE FUNCTION {follow}()",
        "CREATE TRIGGER {deleted} AFTER DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {follow}()",
        "CREATE TRIGGER {updated} AFTER UPDATE OF {columns} ON {table} FOR EACH ROW "
        "WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION {follow}()",
        "CREATE TRIGGER {emptied} AFTER TRUNCATE ON {table} EXECUTE FUNCTION {follow}()",
    ),
    "unwatch": (
        "SET CONSTRAINTS ALL IMMEDIATE",  # no row may wait for its check while a trigger changes
        "SET CONSTRAINTS ALL DEFERRED",
        "DROP TRIGGER IF EXISTS {inserted} ON {table}",
        "DROP TRIGGER IF EXISTS {updated} ON {table}",
        "DROP TRIGGER IF EXISTS {deleted} ON {table}",
        "DROP TRIGGER IF EXISTS {emptied} ON {table}",
    ),
    "drop": (
        "DROP TABLE IF EXISTS {index}",
        "DROP TABLE IF EXISTS {recent}",
        "DROP FUNCTION IF EXISTS {follow}()",
    ),
    # Who changes a text at this moment holds its row here: that row waits for the next time.
    "settle": (
        "WITH settled AS (DELETE FROM {recent} WHERE {key} IN "
        "(SELECT {key} FROM {recent} ORDER BY {key} LIMIT {most} FOR UPDATE SKIP LOCKED) "
        "RETURNING {key}, {columns}) "
        "INSERT INTO {index} ({key}, {columns}) SELECT {key}, {columns} FROM settled",
    ),
    "watched": "SELECT to_regclass({recent_text}) IS NOT NULL AND COUNT(*) = 4 FROM pg_trigger "
    "WHERE tgrelid = {table_text}::regclass "
    "AND tgname IN ({inserted_text}, {deleted_text}, {updated_text}, {emptied_text})",
    "size": "SELECT (SELECT COUNT(*) FROM {index}) + (SELECT COUNT(*) FROM {recent})",
}
# Records that are settled in one transaction.
MOST_SETTLED = 2_000


def index_table(model):
    return f"{model._meta.db_table}_search"


def tables_of(model, connection):
    """The tables to look through."""
    index = index_table(model)
    return [index] if connection.vendor == "sqlite" else [index, f"{index}_recent"]


def ensure(model, columns, using=DEFAULT_DB_ALIAS):
    """Build the index where it is missing, has other columns, no triggers, or not every record.

    A migration that remakes a table on SQLite drops its triggers: hence not once, but each time.
    """
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _require_trigrams(connection, cursor)
            cursor.execute(function_for_postgresql())
        present = index_table(model) in connection.introspection.table_names(cursor)
        if present and _columns(connection, cursor, model) != list(columns):
            _run(cursor, connection, model, columns, "unwatch", "drop")
            present = False
        if not present:
            _run(cursor, connection, model, columns, "create")
        elif _is_whole(cursor, connection, model, columns):
            return
        _run(cursor, connection, model, columns, "unwatch", "fill", "watch")


@contextmanager
def suspended(model, columns, using=DEFAULT_DB_ALIAS):
    """Load millions of records without the triggers, and index them in one go at the end."""
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        _run(cursor, connection, model, columns, "unwatch")
        yield
        _run(cursor, connection, model, columns, "fill", "watch")


def settle(model, columns, using=DEFAULT_DB_ALIAS):
    """Index what is new since the last time, some thousand records a transaction.

    Returns how many there were. On SQLite none wait.
    """
    connection = connections[using]
    if connection.vendor == "sqlite":
        return 0
    settled = 0
    with connection.cursor() as cursor:
        while True:
            with transaction.atomic(using=using):
                _run(cursor, connection, model, columns, "settle")
            settled += cursor.rowcount
            if cursor.rowcount < MOST_SETTLED:
                return settled


def _require_trigrams(connection, cursor):
    cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
    if cursor.fetchone():
        return
    try:
        with transaction.atomic(using=connection.alias):
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except Error as error:
        raise ImproperlyConfigured(
            "Search needs the PostgreSQL extension pg_trgm, and this user may not create it "
            f"({error}). Have the database's owner run: CREATE EXTENSION pg_trgm;"
        ) from error


def _columns(connection, cursor, model):
    described = connection.introspection.get_table_description(cursor, index_table(model))
    return [column.name for column in described if column.name != model._meta.pk.column]


def _is_whole(cursor, connection, model, columns):
    names = _names(connection, model, columns)
    statements = _statements(connection)
    cursor.execute(statements["watched"].format_map(names))
    if not cursor.fetchone()[0]:
        return False
    cursor.execute(
        f"SELECT ({statements['size']}) = (SELECT COUNT(*) FROM {{table}})".format_map(names)
    )
    return bool(cursor.fetchone()[0])


def _run(cursor, connection, model, columns, *steps):
    names = _names(connection, model, columns)
    for step in steps:
        for statement in _statements(connection)[step]:
            cursor.execute(statement.format_map(names))


def _statements(connection):
    return {"sqlite": SQLITE, "postgresql": POSTGRESQL}[connection.vendor]


def _names(connection, model, columns):
    """The names in the statements: quoted as identifiers, and as text where so called."""
    quote = connection.ops.quote_name
    index = index_table(model)
    plain = {
        "table": model._meta.db_table,
        "key": model._meta.pk.column,
        "index": index,
        "sizes": f"{index}_docsize",
        "tuning": f"{index}_config",
        "trigrams": f"{index}_trigrams",
        "recent": f"{index}_recent",
        "follow": f"{index}_follow",
        "inserted": f"{index}_inserted",
        "deleted": f"{index}_deleted",
        "updated": f"{index}_updated",
        "emptied": f"{index}_emptied",
    }
    columns = [quote(model._meta.get_field(column).column) for column in columns]
    return {
        **{name: quote(value) for name, value in plain.items()},
        **{f"{name}_text": f"'{value}'" for name, value in plain.items()},
        "most": MOST_SETTLED,
        "columns": ", ".join(columns),
        "new": ", ".join(f"new.{column}" for column in columns),
        "old": ", ".join(f"old.{column}" for column in columns),
        "operators": ", ".join(f"{column} gin_trgm_ops" for column in columns),
    }
