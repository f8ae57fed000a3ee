from django.db import migrations


def leave_uncompressed(apps, schema_editor):
    """PostgreSQL would squeeze the rows at each write, which takes longer than all the rest."""
    if schema_editor.connection.vendor == "postgresql":
        for table, column in (("imports_chunk", "text"), ("imports_import", "content")):
            schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")


class Migration(migrations.Migration):

    dependencies = [
        ('imports', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(leave_uncompressed, migrations.RunPython.noop),
    ]
