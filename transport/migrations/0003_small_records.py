"""Shipping lines and tariffs are recorded like the others; a tariff holds its tiers itself."""

import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from project.search.text import normalise
from transport import penalties


def fill(apps, schema_editor):
    """The tiers into their tariffs, names for these, and the texts that searching goes by."""
    alias = schema_editor.connection.alias

    def records(name):
        return apps.get_model("transport", name).objects.using(alias)

    for tarif in records("Tarif").select_related("compagnie"):
        parts = (tarif.compagnie and tarif.compagnie.nom, tarif.taille, tarif.destination)
        tarif.nom = " · ".join(filter(None, parts)) or "Tarif"
        steps = records("PalierTarif").filter(tarif=tarif.pk).values_list("du", "montant")
        tarif.paliers = penalties.paliers_de(steps)
        tarif.search_text = normalise(tarif.nom, tarif.destination)
        tarif.save(update_fields=["nom", "paliers", "search_text"])
        history = records("HistoricalTarif").filter(id=tarif.pk)
        history.update(nom=tarif.nom, paliers=tarif.paliers)
    for name, field in (("Compagnie", "nom"), ("Conteneur", "numero")):
        for record in records(name).only(field).iterator(chunk_size=2000):
            text = normalise(getattr(record, field))
            records(name).filter(pk=record.pk).update(search_text=text)


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0004_batch_also'),
        ('transport', '0002_files'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CompagnieLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(help_text='Description of the action performed.', max_length=255)),
                ('timestamp', models.DateTimeField(auto_now_add=True, help_text='Date and time when the action was performed.')),
                ('action_code', models.CharField(max_length=80)),
                ('changes', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
            ],
            options={
                'ordering': ['-timestamp'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TarifLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(help_text='Description of the action performed.', max_length=255)),
                ('timestamp', models.DateTimeField(auto_now_add=True, help_text='Date and time when the action was performed.')),
                ('action_code', models.CharField(max_length=80)),
                ('changes', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
            ],
            options={
                'ordering': ['-timestamp'],
                'abstract': False,
            },
        ),
        migrations.AlterModelOptions(
            name='camion',
            options={'ordering': ['immatriculation', 'id'], 'permissions': [('activate_camion', 'Can activate trucks'), ('deactivate_camion', 'Can deactivate trucks')], 'verbose_name': 'truck', 'verbose_name_plural': 'trucks'},
        ),
        migrations.AlterModelOptions(
            name='compagnie',
            options={'ordering': ['nom'], 'permissions': [('activate_compagnie', 'Can activate shipping lines'), ('deactivate_compagnie', 'Can deactivate shipping lines')], 'verbose_name': 'shipping line', 'verbose_name_plural': 'shipping lines'},
        ),
        migrations.AlterModelOptions(
            name='conteneur',
            options={'ordering': ['numero'], 'permissions': [('activate_conteneur', 'Can activate containers'), ('deactivate_conteneur', 'Can deactivate containers')], 'verbose_name': 'container', 'verbose_name_plural': 'containers'},
        ),
        migrations.AlterModelOptions(
            name='tarif',
            options={'ordering': ['nom', 'id'], 'permissions': [('activate_tarif', 'Can activate tariffs'), ('deactivate_tarif', 'Can deactivate tariffs')], 'verbose_name': 'tariff', 'verbose_name_plural': 'tariffs'},
        ),
        migrations.AlterModelOptions(
            name='transitaire',
            options={'ordering': ['sort_name', 'id'], 'permissions': [('activate_transitaire', 'Can activate forwarders'), ('deactivate_transitaire', 'Can deactivate forwarders')], 'verbose_name': 'forwarder', 'verbose_name_plural': 'forwarders'},
        ),
        migrations.RemoveConstraint(
            model_name='tarif',
            name='tarif_once',
        ),
        migrations.RenameField(
            model_name='historicaltarif',
            old_name='actif',
            new_name='is_active',
        ),
        migrations.RenameField(
            model_name='tarif',
            old_name='actif',
            new_name='is_active',
        ),
        migrations.AddField(
            model_name='compagnie',
            name='created_at',
            field=models.DateTimeField(auto_now_add=True, default=django.utils.timezone.now, verbose_name='created'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='compagnie',
            name='is_active',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AddField(
            model_name='compagnie',
            name='search_text',
            field=models.TextField(default='', editable=False),
        ),
        migrations.AddField(
            model_name='compagnie',
            name='updated_at',
            field=models.DateTimeField(auto_now=True, verbose_name='updated'),
        ),
        migrations.AddField(
            model_name='compagnie',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name='conteneur',
            name='is_active',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AddField(
            model_name='conteneur',
            name='search_text',
            field=models.TextField(default='', editable=False),
        ),
        migrations.AddField(
            model_name='historicalcompagnie',
            name='created_at',
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, editable=False, verbose_name='created'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='historicalcompagnie',
            name='is_active',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AddField(
            model_name='historicalcompagnie',
            name='updated_at',
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, editable=False, verbose_name='updated'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='historicalcompagnie',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name='historicalconteneur',
            name='is_active',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AddField(
            model_name='historicaltarif',
            name='created_at',
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, editable=False, verbose_name='created'),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='historicaltarif',
            name='is_active',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AddField(
            model_name='historicaltarif',
            name='nom',
            field=models.CharField(blank=True, help_text='Empty: after what it applies to.', max_length=120, verbose_name='name'),
        ),
        migrations.AddField(
            model_name='historicaltarif',
            name='paliers',
            field=models.JSONField(blank=True, default=list, verbose_name='tiers'),
        ),
        migrations.AddField(
            model_name='historicaltarif',
            name='updated_at',
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, editable=False, verbose_name='updated'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='historicaltarif',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name='tarif',
            name='created_at',
            field=models.DateTimeField(auto_now_add=True, default=django.utils.timezone.now, verbose_name='created'),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='tarif',
            name='is_active',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AddField(
            model_name='tarif',
            name='nom',
            field=models.CharField(blank=True, help_text='Empty: after what it applies to.', max_length=120, verbose_name='name'),
        ),
        migrations.AddField(
            model_name='tarif',
            name='paliers',
            field=models.JSONField(blank=True, default=list, verbose_name='tiers'),
        ),
        migrations.AddField(
            model_name='tarif',
            name='search_text',
            field=models.TextField(default='', editable=False),
        ),
        migrations.AddField(
            model_name='tarif',
            name='updated_at',
            field=models.DateTimeField(auto_now=True, verbose_name='updated'),
        ),
        migrations.AddField(
            model_name='tarif',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AlterField(
            model_name='camion',
            name='is_active',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AlterField(
            model_name='historicalcamion',
            name='is_active',
            field=models.BooleanField(default=True, verbose_name='active'),
        ),
        migrations.AlterField(
            model_name='historicalcompagnie',
            name='nom',
            field=models.CharField(max_length=80, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='historicaltarif',
            name='compagnie',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='transport.compagnie', verbose_name='shipping line'),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name='compagnie',
            constraint=models.CheckConstraint(condition=models.Q(('nom', ''), _negated=True), name='compagnie_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='tarif',
            constraint=models.UniqueConstraint(django.db.models.functions.comparison.Coalesce('compagnie', 0), models.F('taille'), models.F('destination'), condition=models.Q(('is_active', True)), name='tarif_once'),
        ),
        migrations.AddConstraint(
            model_name='tarif',
            constraint=models.CheckConstraint(condition=models.Q(('nom', ''), _negated=True), name='tarif_has_a_name'),
        ),
        migrations.AddField(
            model_name='compagnielog',
            name='batch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.batch'),
        ),
        migrations.AddField(
            model_name='compagnielog',
            name='compagnie',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='logs', to='transport.compagnie'),
        ),
        migrations.AddField(
            model_name='compagnielog',
            name='user',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='tariflog',
            name='batch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audit.batch'),
        ),
        migrations.AddField(
            model_name='tariflog',
            name='tarif',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='logs', to='transport.tarif'),
        ),
        migrations.AddField(
            model_name='tariflog',
            name='user',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.DeleteModel(
            name='HistoricalPalierTarif',
        ),
        migrations.DeleteModel(
            name='PalierTarif',
        ),
    ]
