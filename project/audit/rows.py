"""Rows that Python worked out, as a table inside a statement: one parameter, whatever their number.

`json_each` on SQLite, `jsonb_to_recordset` on PostgreSQL.
"""

import json
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Func, TextField
from django.db.models.functions import Cast

# How PostgreSQL types a value. SQLite goes by what the JSON holds.
TYPES = {"key": "bigint", "text": "text", "moment": "timestamptz", "flag": "boolean"}


def table_of(connection, name, columns, rows):
    """(SQL of a FROM item called `name`, its parameters).

    `columns` maps names to one of TYPES; `rows` are dicts of them.
    """
    quote = connection.ops.quote_name
    text = json.dumps([_plain(row, connection) for row in rows], cls=DjangoJSONEncoder)
    if connection.vendor == "postgresql":
        typed = ", ".join(f"{quote(column)} {TYPES[kind]}" for column, kind in columns.items())
        return f"jsonb_to_recordset(%s::jsonb) AS {quote(name)}({typed})", [text]
    picked = ", ".join(
        f"json_extract(value, '$.{column}') AS {quote(column)}" for column in columns
    )
    return f"(SELECT {picked} FROM json_each(%s)) AS {quote(name)}", [text]


class ValueOf(Func):
    """What was worked out for each record, as an expression over it: `{key: value}`, and the field
    that the values are for."""

    def __init__(self, key, values, output_field):
        super().__init__(Cast(key, TextField()), output_field=output_field)
        self.values = values

    def as_sql(self, compiler, connection, **context):
        plain = {key: _plain({0: value}, connection)[0] for key, value in self.values.items()}
        key, key_params = compiler.compile(self.source_expressions[0])
        text = json.dumps(plain, cls=DjangoJSONEncoder)
        if connection.vendor == "postgresql":
            kind = self.output_field.db_type(connection)
            return f"CAST(CAST(%s AS jsonb) ->> {key} AS {kind})", [text, *key_params]
        return f"json_extract(%s, '$.\"' || {key} || '\"')", [text, *key_params]


def _plain(row, connection):
    """Moments as the database writes them, so that they compare and sort as its own do."""
    adapt = connection.ops.adapt_datetimefield_value
    return {
        column: str(adapt(value)) if isinstance(value, datetime) else value
        for column, value in row.items()
    }
