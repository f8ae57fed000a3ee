"""Whether a batch undoes an undo: for those that are there, undo by undo from the first on."""

from django.db import migrations, models


def tell_redos(apps, schema_editor):
    batches = apps.get_model("audit", "Batch").objects.using(schema_editor.connection.alias)
    undos = batches.filter(undo_of__isnull=False, undo_of__undo_of=None)
    keys, redo = list(undos.values_list("pk", flat=True)), False
    while keys:
        if redo:
            for start in range(0, len(keys), 500):
                batches.filter(pk__in=keys[start : start + 500]).update(redo=True)
        keys, redo = following(batches, keys), not redo


def following(batches, keys):
    """The batches that undo these."""
    found = []
    for start in range(0, len(keys), 500):
        undoing = batches.filter(undo_of__in=keys[start : start + 500])
        found += undoing.values_list("pk", flat=True)
    return found


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_refusals_idle"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="redo",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RunPython(tell_redos, migrations.RunPython.noop, elidable=True),
    ]
