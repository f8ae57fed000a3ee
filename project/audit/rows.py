"""Rows that Python worked out, taken to the database in one statement, whatever their number.

As a table inside a statement they are one parameter: `json_each` on SQLite, `jsonb_array_elements`
on PostgreSQL. Where they are only inserted, PostgreSQL copies them, and SQLite takes them from a
table that is there for as long.
"""

import json
from contextlib import contextmanager
from operator import itemgetter

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models, router
from django.db.models.expressions import RawSQL
from django.utils.timezone import make_naive

LAID_OUT = "rows_laid_out"
# How PostgreSQL types a value. SQLite goes by what the JSON holds.
TYPES = {
    "key": "bigint",
    "text": "text",
    "moment": "timestamptz",
    "number": "numeric",
    "json": "jsonb",
}


def table_of(connection, name, columns, rows):
    """(SQL of a FROM item called `name`, its parameters).

    `columns` maps names to one of TYPES; `rows` are dicts of them.
    """
    quote = connection.ops.quote_name
    # As lists: the names, again in each row, would be half of the text. Column by column, because
    # what JSON does not know is written much faster than it is asked about.
    written = [
        _written(connection, kind, [row[column] for row in rows])
        for column, kind in columns.items()
    ]
    text = json.dumps(
        list(zip(*written, strict=True)), cls=DjangoJSONEncoder, separators=(",", ":")
    )
    if connection.vendor == "postgresql":
        picked = (
            f"(value -> {place})" if kind == "json" else f"(value ->> {place})::{TYPES[kind]}"
            for place, kind in enumerate(columns.values())
        )
        source = "jsonb_array_elements(%s::jsonb)"
    else:
        picked = (f"json_extract(value, '$[{place}]')" for place in range(len(columns)))
        source = "json_each(%s)"
    told = ", ".join(
        f"{sql} AS {quote(column)}" for sql, column in zip(picked, columns, strict=True)
    )
    return f"(SELECT {told} FROM {source}) AS {quote(name)}", [text]


def insert_rows(model, columns, rows, same):
    """Insert `rows`, dicts of `columns` as for `table_of`, in their order; one statement, on SQLite
    four.

    `same` are the attributes that all of them share: {name: value}. `rows` may be a generator:
    PostgreSQL writes the first while Python works out the next.
    """
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    fields = {each.attname: each for each in model._meta.concrete_fields}
    told = [_told(fields[name], value, connection) for name, value in same.items()]
    table = quote(model._meta.db_table)
    names = ", ".join(quote(fields[name].column) for name in (*columns, *same))
    if connection.vendor == "postgresql":
        _copy(connection, f"COPY {table} ({names}) FROM STDIN", columns, rows, told)
        return
    picked = ", ".join([*map(quote, columns), *["%s"] * len(told)])
    with _laid_out(connection, columns, list(rows)) as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {picked} FROM {LAID_OUT} ORDER BY rowid", told
        )


@contextmanager
def _laid_out(connection, columns, rows):
    """A cursor, on whose connection alone LAID_OUT holds the rows in their order.

    Taking them out of JSON costs as much as writing them. Put into their own table one by one they
    would take twice as long: what is searched is gathered and written at every statement.
    """
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    values = [
        _stored(connection, kind, [row[name] for row in rows]) for name, kind in columns.items()
    ]
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {LAID_OUT} ({names})")
        try:
            cursor.executemany(
                f"INSERT INTO {LAID_OUT} VALUES ({places})", zip(*values, strict=True)
            )
            yield cursor
        finally:
            cursor.execute(f"DROP TABLE {LAID_OUT}")


def _told(field, value, connection):
    if isinstance(field, models.JSONField):  # as text: it is written once, not in each row anew
        return json.dumps(value, cls=field.encoder)
    return field.get_db_prep_save(value, connection)


def _copy(connection, sql, columns, rows, told):
    json_places = [place for place, kind in enumerate(columns.values()) if kind == "json"]
    pick = itemgetter(*columns) if len(columns) > 1 else lambda row: [row[name] for name in columns]
    # Django wraps the errors of `execute` by itself, those of a copy only when it is asked to.
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            values = [*pick(row), *told]
            for place in json_places:
                values[place] = "[]" if values[place] == [] else json.dumps(values[place])
            copy.write_row(values)


def _written(connection, kind, values):
    """The values of a column as JSON has them; moments as the database writes them, so that they
    compare and sort as its own do."""
    if kind == "moment" and connection.vendor == "sqlite":
        zone = connection.timezone
        return [None if value is None else str(make_naive(value, zone)) for value in values]
    if kind in ("moment", "number"):
        return [None if value is None else str(value) for value in values]
    return values


def _stored(connection, kind, values):
    """The values of a column as SQLite stores them."""
    if kind == "json":
        return [None if value is None else json.dumps(value) for value in values]
    return _written(connection, kind, values)


def values_of(model, values):
    """Values (texts or keys) as the right side of an `__in`: one parameter, whatever their
    number."""
    values = list(values)
    if not values:
        return values  # of no type: Django knows that nothing is among them
    connection = connections[router.db_for_write(model)]
    if connection.vendor == "postgresql":
        kind = "bigint" if isinstance(values[0], int) else "text"
        sql = f"SELECT value::{kind} FROM jsonb_array_elements_text(%s::jsonb)"
    else:
        sql = "SELECT value FROM json_each(%s)"
    return RawSQL(sql, [json.dumps(values)])
