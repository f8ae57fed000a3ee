"""Of an article, a serial number is in one vehicle at a time: held by the database."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery


def name_articles(apps, schema_editor):
    """Each fitting names the article of its line. A piece that was noted twice is where it was
    noted last: the act that did has voided the other."""
    fittings = apps.get_model("installations", "Fitting").objects
    lines = apps.get_model("installations", "OrderLine").objects.filter(pk=OuterRef("line"))
    fittings.update(article=Subquery(lines.values("article")))
    later = fittings.filter(
        article=OuterRef("article"),
        serial_number=OuterRef("serial_number"),
        voided_in=None,
        pk__gt=OuterRef("pk"),
    ).order_by("-pk")
    twice = fittings.filter(voided_in=None).annotate(by=Subquery(later.values("noted_in")[:1]))
    for pk, batch in list(twice.exclude(by=None).values_list("pk", "by")):
        fittings.filter(pk=pk).update(voided_in=batch)
    if schema_editor.connection.vendor == "postgresql":
        # What is checked at the commit would keep the table from being altered until then.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0003_rates_moved"),
        ("installations", "0005_limits_and_voided_evidence"),
    ]

    operations = [
        migrations.AddField(
            model_name="fitting",
            name="article",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="inventory.article",
            ),
        ),
        migrations.RunPython(name_articles, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="fitting",
            name="article",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="inventory.article",
            ),
        ),
        migrations.AddConstraint(
            model_name="fitting",
            constraint=models.UniqueConstraint(
                condition=Q(voided_in__isnull=True),
                fields=("article", "serial_number"),
                name="fitting_stands_once",
            ),
        ),
    ]
