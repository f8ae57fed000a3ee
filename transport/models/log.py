"""What every log line and every cancellable record of the wing has."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from project.audit.models import Batch, RecordedModel


def montant_field(label, *, most=None, **options):
    limits = [MinValueValidator(0)]
    if most is not None:
        limits.append(MaxValueValidator(most))
    return models.DecimalField(label, max_digits=14, decimal_places=3, validators=limits, **options)


class Cancellable(RecordedModel):
    """A record that is cancelled and never deleted.

    `annule_dans` is the batch that cancelled it: what a cascade took along is found again by it,
    so that a restore brings back just that. `statut_avant` is what it goes back to.
    """

    statut_avant = models.CharField(_("status before"), max_length=10, blank=True, editable=False)
    annule_le = models.DateTimeField(_("cancelled"), null=True, editable=False)
    annule_par = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("cancelled by"),
        db_index=False,
    )
    raison_annulation = models.TextField(
        _("reason of the cancellation"), blank=True, editable=False
    )
    annule_dans = models.ForeignKey(
        Batch,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("cancelled in"),
    )

    quiet_fields = frozenset({"statut_avant", "annule_le", "annule_par", "annule_dans"})

    class Meta(RecordedModel.Meta):
        abstract = True


def cancelled_whole(name, statut, annule, autres):
    """The constraint that a record is cancelled with its batch, moment and former status, or not
    at all."""
    return models.CheckConstraint(
        name=name,
        condition=Q(
            **{statut: annule},
            statut_avant__in=autres,
            annule_le__isnull=False,
            annule_dans__isnull=False,
        )
        | (
            Q(**{f"{statut}__in": autres})
            & Q(
                statut_avant="",
                annule_le__isnull=True,
                annule_par__isnull=True,
                annule_dans__isnull=True,
                raison_annulation="",
            )
        ),
    )
