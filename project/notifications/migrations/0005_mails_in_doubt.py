from django.db import migrations, models
from django.db.models import F


def doubt_what_was_tried(apps, schema_editor):
    """What waits may have been accepted at an attempt: which is not known any more."""
    mails = apps.get_model("notifications", "OutgoingMail").objects
    mails.filter(state="waiting").update(in_doubt=F("attempts"))


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_mails_records")]

    operations = [
        migrations.AddField(
            model_name="outgoingmail",
            name="in_doubt",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.RunPython(doubt_what_was_tried, migrations.RunPython.noop),
    ]
