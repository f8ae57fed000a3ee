from django.db import migrations, models
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat


def one_queue_for_each_record(apps, schema_editor):
    """What is there keeps its order: each record's messages among themselves."""
    key = Cast(F("object_id"), CharField())
    record = Concat(F("batch__model"), Value(" "), key, output_field=CharField())
    mails = apps.get_model("notifications", "OutgoingMail").objects
    batches = mails.filter(pk=models.OuterRef("pk")).values(name=record)[:1]
    mails.filter(state="waiting").update(addressee=models.Subquery(batches))


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_mails_trouble_and_turn")]

    operations = [
        migrations.AddField(
            model_name="outgoingmail",
            name="addressee",
            field=models.CharField(default="", editable=False, max_length=40),
            preserve_default=False,
        ),
        migrations.RunPython(one_queue_for_each_record, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="outgoingmail", name="mail_in_turn"),
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["addressee", "id"],
                name="mail_in_turn",
            ),
        ),
    ]
