from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_batch_redo"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="also",
            field=models.JSONField(default=dict, editable=False),
        ),
    ]
