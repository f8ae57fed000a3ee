from django.db import migrations, models
from django.db.models.functions import JSONArray


def each_of_its_own(apps, schema_editor):
    """A wing whose messages tell of several records says which in a migration of its own."""
    apps.get_model("notifications", "OutgoingMail").objects.update(records=JSONArray("object_id"))


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_mails_in_order_of_addressee")]

    operations = [
        migrations.AddField(
            model_name="outgoingmail",
            name="records",
            field=models.JSONField(default=list, editable=False),
            preserve_default=False,
        ),
        migrations.RunPython(each_of_its_own, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(fields=["addressee", "batch"], name="mail_told_whom"),
        ),
    ]
