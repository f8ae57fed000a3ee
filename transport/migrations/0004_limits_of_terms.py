import django.core.validators
import django.db.models.functions.comparison
import django.db.models.functions.text
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0004_batch_also'),
        ('directory', '0002_sort_name'),
        ('transport', '0003_small_records'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='conditions',
            name='conditions_sound',
        ),
        migrations.RemoveConstraint(
            model_name='contrattransport',
            name='contrat_terms_sound',
        ),
        migrations.RemoveConstraint(
            model_name='tarif',
            name='tarif_once',
        ),
        migrations.AlterField(
            model_name='conditions',
            name='penalite_par_jour',
            field=models.DecimalField(decimal_places=3, default=Decimal('25000'), max_digits=14, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(Decimal('5000000'))], verbose_name='penalty a day'),
        ),
        migrations.AlterField(
            model_name='contrattransport',
            name='paliers',
            field=models.JSONField(blank=True, default=list, verbose_name='tiers'),
        ),
        migrations.AlterField(
            model_name='contrattransport',
            name='penalite_par_jour',
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=14, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(Decimal('5000000'))], verbose_name='penalty a day'),
        ),
        migrations.AlterField(
            model_name='historicalconditions',
            name='penalite_par_jour',
            field=models.DecimalField(decimal_places=3, default=Decimal('25000'), max_digits=14, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(Decimal('5000000'))], verbose_name='penalty a day'),
        ),
        migrations.AlterField(
            model_name='historicalcontrattransport',
            name='paliers',
            field=models.JSONField(blank=True, default=list, verbose_name='tiers'),
        ),
        migrations.AlterField(
            model_name='historicalcontrattransport',
            name='penalite_par_jour',
            field=models.DecimalField(blank=True, decimal_places=3, max_digits=14, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(Decimal('5000000'))], verbose_name='penalty a day'),
        ),
        migrations.AddConstraint(
            model_name='conditions',
            constraint=models.CheckConstraint(condition=models.Q(('delai_jours__gte', 1), ('penalite_par_jour__gte', 0), ('penalite_par_jour__lte', Decimal('5000000'))), name='conditions_sound'),
        ),
        migrations.AddConstraint(
            model_name='contrattransport',
            constraint=models.CheckConstraint(condition=models.Q(('delai_jours__gte', 1), ('penalite_par_jour__gte', 0), ('penalite_par_jour__lte', Decimal('5000000'))), name='contrat_terms_sound'),
        ),
        migrations.AddConstraint(
            model_name='tarif',
            constraint=models.UniqueConstraint(django.db.models.functions.comparison.Coalesce('compagnie', 0), models.F('taille'), django.db.models.functions.text.Lower('destination'), condition=models.Q(('is_active', True)), name='tarif_once'),
        ),
    ]
