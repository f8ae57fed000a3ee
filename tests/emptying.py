"""Emptying the tables after a test that commits, of what it wrote and nothing else.

Django truncates all of them and makes the permissions anew, which takes a second or two a test;
here only tables with rows are emptied, and what a migration left behind stays.
"""

from django.db import connections
from django.test import TransactionTestCase

MIGRATED = (
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
    "utilisateurs_grant",
)
OF_SQLITE = (
    "SELECT name FROM pragma_table_list "
    "WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%%'"
)
OF_POSTGRESQL = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
GUARDS = (
    "SELECT name, tbl_name, sql FROM sqlite_master "
    "WHERE type = 'trigger' AND name LIKE '%%_no_delete'"
)

_flush = TransactionTestCase._fixture_teardown
_migrated = {}


def install():
    """From here on tests that commit are followed by this."""
    TransactionTestCase._fixture_teardown = empty_all


def note(connection):
    """What migrations left in a database that was just made."""
    with connection.cursor() as cursor:
        _migrated[connection.alias] = left_by_migrations(cursor)


def empty_all(case):
    for alias in case._databases_names(include_mirrors=False):
        connection = connections[alias]
        with connection.cursor() as cursor:
            if may_empty(connection, cursor):
                {"sqlite": empty_sqlite, "postgresql": empty_postgresql}[connection.vendor](cursor)
            if left_by_migrations(cursor) == _migrated[alias]:
                return
    _flush(case)


def may_empty(connection, cursor):
    """PostgreSQL lets superusers alone pass by the foreign keys."""
    if connection.vendor == "sqlite":
        return True
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    return cursor.fetchone()[0]


def left_by_migrations(cursor):
    """What would differ if a test had changed permissions or groups."""
    cursor.execute(
        " UNION ALL ".join(
            f"SELECT '{table}', COUNT(*), SUM(id) FROM {table}" for table in MIGRATED
        )
    )
    counts = sorted(cursor.fetchall())
    cursor.execute("SELECT name FROM auth_group ORDER BY name")
    return counts, cursor.fetchall()


def with_rows(cursor, tables):
    """The tables among these that have any; one statement."""
    cursor.execute(tables)
    names = [name for (name,) in cursor.fetchall() if name not in MIGRATED]
    asked = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in names)
    cursor.execute(" UNION ALL ".join(asked))
    return [name for (name,) in cursor.fetchall()]


def empty_sqlite(cursor):
    """The triggers that keep the indexes for search go along; those of the ledger must not."""
    full = with_rows(cursor, OF_SQLITE)
    cursor.execute(GUARDS)
    guards = [(name, sql) for name, table, sql in cursor.fetchall() if table in full]
    cursor.execute("PRAGMA foreign_keys = OFF")
    for name, _sql in guards:
        cursor.execute(f"DROP TRIGGER {name}")
    for table in full:
        cursor.execute(f'DELETE FROM "{table}"')
    for _name, sql in guards:
        cursor.execute(sql)
    cursor.execute("PRAGMA foreign_keys = ON")


def empty_postgresql(cursor):
    """As a replica: neither foreign keys nor triggers have a say."""
    full = with_rows(cursor, OF_POSTGRESQL)
    cursor.execute("SET session_replication_role = replica")
    for table in full:
        cursor.execute(f'DELETE FROM "{table}"')
    cursor.execute("RESET session_replication_role")
