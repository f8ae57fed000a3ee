import json

from django.db import migrations

TOLD = ("state", "errors", "before", "pk", "version", "name", "was")


def by_column(apps, schema_editor):
    """Rows that were kept row by row, as they are kept now."""
    chunks = apps.get_model("imports", "Chunk").objects
    for pk in list(chunks.values_list("pk", flat=True)):
        chunk = chunks.get(pk=pk)
        rows = json.loads(chunk.text)
        if not isinstance(rows, list) or not rows:
            continue
        nothing = [None] * len(rows[0][1])
        told = dict(zip(TOLD, zip(*(row[2:3] + row[4:] for row in rows))))
        chunk.text = json.dumps(
            {
                "numbers": [row[0] for row in rows],
                "cells": list(zip(*(row[1] for row in rows))),
                "values": list(zip(*(row[3] or nothing for row in rows))),
                "told": {name: column for name, column in told.items() if any(column)},
            },
            ensure_ascii=False,
        )
        chunk.save(update_fields=["text"])


def compress_faster(apps, schema_editor):
    """PostgreSQL's own way of compressing takes as long as all else that keeping rows does."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_settings "
            "WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
        )
        if cursor.fetchone():
            cursor.execute("ALTER TABLE imports_chunk ALTER COLUMN text SET COMPRESSION lz4")


class Migration(migrations.Migration):
    dependencies = [("imports", "0003_order_as_the_file")]

    operations = [
        migrations.RunPython(by_column, migrations.RunPython.noop),
        migrations.RunPython(compress_faster, migrations.RunPython.noop),
    ]
