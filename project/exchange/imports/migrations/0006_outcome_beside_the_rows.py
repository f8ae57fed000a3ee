import json

from django.db import migrations, models


def apart(apps, schema_editor):
    """What became of the rows, apart from what they are."""
    chunks = apps.get_model("imports", "Chunk").objects
    for pk in list(chunks.values_list("pk", flat=True)):
        chunk = chunks.get(pk=pk)
        rows = json.loads(chunk.text)
        chunk.outcome = json.dumps(rows.pop("told"), ensure_ascii=False)
        chunk.text = json.dumps(rows, ensure_ascii=False)
        chunk.save(update_fields=["text", "outcome"])


def together(apps, schema_editor):
    chunks = apps.get_model("imports", "Chunk").objects
    for pk in list(chunks.values_list("pk", flat=True)):
        chunk = chunks.get(pk=pk)
        rows = json.loads(chunk.text) | {"told": json.loads(chunk.outcome)}
        chunk.text = json.dumps(rows, ensure_ascii=False)
        chunk.save(update_fields=["text"])


class Migration(migrations.Migration):
    dependencies = [("imports", "0005_columns_left_out")]

    operations = [
        migrations.AddField(
            model_name="chunk",
            name="outcome",
            field=models.TextField(default="{}", verbose_name="outcome"),
        ),
        migrations.RunPython(apart, together),
    ]
