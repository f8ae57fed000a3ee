"""What a contract is signed by: the house's defaults, and the tariffs of the shipping lines."""

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from project import money
from project.audit.models import HistoryOfBatch, LogEntry

from .. import penalties
from ..states import Taille
from .fleet import Compagnie, Kept
from .log import montant_field

# Days to bring the empty container back, and what each later one costs (FCFA).
DELAI_JOURS, PENALITE_PAR_JOUR = 23, Decimal(25_000)
LONGEST_DELAY = 366
# A day costs no more than this: decades of it are still an amount that can be stored.
PENALITE_MAX = Decimal(5_000_000)


def delai_field(label, **options):
    limits = [MinValueValidator(1), MaxValueValidator(LONGEST_DELAY)]
    return models.PositiveSmallIntegerField(label, validators=limits, **options)


def penalite_field(label, **options):
    return montant_field(label, most=PENALITE_MAX, **options)


class Conditions(models.Model):
    """The defaults of new contracts: one row. Contracts that are signed keep their own."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    delai_jours = delai_field(_("days to return"), default=DELAI_JOURS)
    penalite_par_jour = penalite_field(_("penalty a day"), default=PENALITE_PAR_JOUR)
    jours_rappel = models.PositiveSmallIntegerField(
        _("reminder, days before the deadline"), default=3, validators=[MaxValueValidator(60)]
    )

    history = HistoricalRecords(bases=[HistoryOfBatch])

    class Meta:
        verbose_name = _("terms of new contracts")
        verbose_name_plural = _("terms of new contracts")
        constraints = [
            models.CheckConstraint(name="conditions_one_row", condition=Q(pk=1)),
            models.CheckConstraint(
                name="conditions_sound",
                condition=Q(
                    delai_jours__gte=1,
                    penalite_par_jour__gte=0,
                    penalite_par_jour__lte=PENALITE_MAX,
                ),
            ),
        ]

    def __str__(self):
        return str(self._meta.verbose_name)

    def clean(self):
        try:
            money.check(self.penalite_par_jour, settings.CURRENCY)
        except ValidationError as error:
            raise ValidationError({"penalite_par_jour": error}) from None

    @classmethod
    def actuelles(cls):
        """Those in force: the row, or the house's own where nobody changed them."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)


def check_tier(montant):
    """Raise ValidationError for what no day may cost; tiers are in the house's currency."""
    money.check(montant, settings.CURRENCY)
    MaxValueValidator(PENALITE_MAX)(montant)


def place_of(destination):
    return " ".join((destination or "").split()).casefold()


class Tarif(Kept):
    """Free days and tiers, for a shipping line, a size and a destination; empty is any.

    The one that says the most of a container applies; a contract copies it when it is signed.
    `paliers` is what it copies: from which late day on a day costs how much.
    """

    nom = models.CharField(
        _("name"), max_length=120, blank=True, help_text=_("Empty: after what it applies to.")
    )
    compagnie = models.ForeignKey(
        Compagnie,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tarifs",
        verbose_name=_("shipping line"),
    )
    taille = models.CharField(_("size"), max_length=5, choices=Taille, blank=True)
    destination = models.CharField(_("destination"), max_length=120, blank=True)
    delai_jours = delai_field(_("free days"), default=DELAI_JOURS)
    paliers = models.JSONField(_("tiers"), default=list, blank=True)

    searched = ("nom", "destination")
    in_words = {"paliers": penalties.en_mots}

    history = HistoricalRecords(
        bases=[HistoryOfBatch], excluded_fields=["search_text"], no_db_index=["compagnie"]
    )

    class Meta(Kept.Meta):
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")
        ordering = ["nom", "id"]
        permissions = [
            ("activate_tarif", _("Can activate tariffs")),
            ("deactivate_tarif", _("Can deactivate tariffs")),
        ]
        constraints = [
            models.UniqueConstraint(
                Coalesce("compagnie", 0),
                "taille",
                Lower("destination"),
                name="tarif_once",
                condition=Q(is_active=True),
            ),
            models.CheckConstraint(name="tarif_has_days", condition=Q(delai_jours__gte=1)),
            models.CheckConstraint(name="tarif_has_a_name", condition=~Q(nom="")),
        ]

    def clean(self):
        self.settle_name()
        for _du, _au, montant in self.tiers:
            try:
                check_tier(montant)
            except ValidationError as error:
                raise ValidationError({"paliers": error}) from None
        same = {"compagnie": self.compagnie, "taille": self.taille}
        others = Tarif.objects.active().filter(**same).exclude(pk=self.pk)
        if self.is_active and any(other.lieu == self.lieu for other in others):
            # What a form checks of the constraint ends where a field of it is not in the form.
            raise ValidationError(_("There is a tariff in force for the same already."))

    def derive(self):
        self.settle_name()
        super().derive()

    def settle_name(self):
        self.destination = " ".join(self.destination.split())
        if not self.nom:
            parts = (self.compagnie and self.compagnie.nom, self.taille, self.destination)
            self.nom = " · ".join(filter(None, parts)) or str(_("Default tariff"))

    @property
    def lieu(self):
        """The destination as it is compared."""
        return place_of(self.destination)

    @property
    def tiers(self):
        """As a page shows them: [(first late day, last or None, amount a day)]."""
        return penalties.marches(self.paliers)

    @classmethod
    def pour(cls, compagnie, taille, destination):
        """The tariff that says the most of this, or None where only the defaults apply."""
        lieu = place_of(destination)
        candidats = cls.objects.active().filter(
            Q(compagnie=compagnie) | Q(compagnie=None), taille__in=(taille, "")
        )
        candidats = [t for t in candidats if t.lieu in (lieu, "")]
        return max(
            candidats,
            key=lambda t: (bool(t.compagnie_id), bool(t.taille), bool(t.destination), -t.pk),
            default=None,
        )


class TarifLog(LogEntry):
    tarif = models.ForeignKey(Tarif, on_delete=models.CASCADE, related_name="logs")
