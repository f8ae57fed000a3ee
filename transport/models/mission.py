"""One journey of a contract, its stages, and what was spent on the road."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.models import HistoricalRecords

from project import money
from project.audit.models import HistoryOfBatch, LogEntry, RecordedModel

from .. import penalties
from ..querysets import MissionQuerySet
from ..states import LOOKS, GenreFrais, StatutMission
from .contract import ContratTransport, check_amount, check_year, numero
from .doors import open_door
from .log import Cancellable, cancelled_whole, montant_field


def back_too_early():
    """What is said of a return that no departure comes before."""
    return _("The return is before the departure.")


class Mission(Cancellable):
    """A truck on its way with the container and back.

    Once it is finished it keeps its penalty with how that came about: the deadline that it was
    measured by (`limite_appliquee`), the late days, and the scale as the contract had it.
    """

    numero = models.CharField(gettext_lazy("mission"), max_length=20, unique=True, editable=False)
    contrat = models.ForeignKey(
        ContratTransport,
        on_delete=models.PROTECT,
        related_name="missions",
        verbose_name=gettext_lazy("contract"),
    )
    date_depart = models.DateField(gettext_lazy("departure"))
    date_retour = models.DateField(gettext_lazy("return"), null=True, editable=False)
    etapes = models.JSONField(gettext_lazy("route"), default=list, blank=True)
    statut = models.CharField(
        gettext_lazy("status"),
        max_length=10,
        choices=StatutMission,
        default=StatutMission.EN_COURS,
        editable=False,
    )
    observation = models.TextField(gettext_lazy("remarks"), blank=True)

    limite_appliquee = models.DateField(
        gettext_lazy("deadline it was measured by"), null=True, editable=False
    )
    jours_retard = models.PositiveIntegerField(gettext_lazy("late days"), default=0, editable=False)
    penalite = montant_field(gettext_lazy("penalty"), default=0, editable=False)
    bareme = models.JSONField(gettext_lazy("scale"), default=list, blank=True, editable=False)

    quiet_fields = Cancellable.quiet_fields | {"limite_appliquee", "bareme"}

    objects = MissionQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[HistoryOfBatch], no_db_index=["contrat", "annule_par", "annule_dans", "numero"]
    )

    class Meta(Cancellable.Meta):
        verbose_name = gettext_lazy("mission")
        verbose_name_plural = gettext_lazy("missions")
        ordering = ["date_depart", "id"]
        indexes = [
            models.Index(fields=["date_depart", "id"], name="ms_depart"),
            models.Index(fields=["statut", "date_depart", "id"], name="ms_statut"),
        ]
        permissions = [
            ("terminer_mission", gettext_lazy("Can finish missions")),
            ("rouvrir_mission", gettext_lazy("Can reopen finished missions")),
            ("annuler_mission", gettext_lazy("Can cancel missions")),
            ("retablir_mission", gettext_lazy("Can restore cancelled missions")),
            ("export_mission", gettext_lazy("Can export missions to files")),
            ("print_mission", gettext_lazy("Can print missions as PDF")),
        ]
        constraints = [
            models.CheckConstraint(
                name="mission_status_known", condition=Q(statut__in=StatutMission.values)
            ),
            models.CheckConstraint(
                name="mission_back_after_departure",
                condition=Q(date_retour__isnull=True) | Q(date_retour__gte=F("date_depart")),
            ),
            models.CheckConstraint(
                name="mission_finished_is_back",
                condition=Q(statut=StatutMission.EN_COURS, date_retour__isnull=True)
                | Q(statut=StatutMission.TERMINEE, date_retour__isnull=False)
                | Q(
                    statut=StatutMission.ANNULEE,
                    statut_avant=StatutMission.EN_COURS,
                    date_retour__isnull=True,
                )
                | Q(
                    statut=StatutMission.ANNULEE,
                    statut_avant=StatutMission.TERMINEE,
                    date_retour__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="mission_penalty_explained",
                condition=Q(date_retour__isnull=True, penalite=0, jours_retard=0)
                | Q(date_retour__isnull=False, limite_appliquee__isnull=False, penalite__gte=0),
            ),
            cancelled_whole(
                "mission_cancelled_whole",
                "statut",
                StatutMission.ANNULEE,
                (StatutMission.EN_COURS, StatutMission.TERMINEE),
            ),
        ]

    def __str__(self):
        return self.numero

    @property
    def look(self):
        return LOOKS[self.statut]

    def clean(self):
        errors = {}
        check_year(self.date_depart, "date_depart", errors)
        if self.contrat_id and self.date_depart and self.date_depart < self.contrat.date_debut:
            errors["date_depart"] = _("The departure is before the start of the contract.")
        if self.date_retour and self.date_depart and self.date_retour < self.date_depart:
            errors["date_depart"] = _("The departure is after the return.")
        if errors:
            raise ValidationError(errors)

    def derive(self):
        if not self.numero:
            self.numero = numero("MS")

    @property
    def avant(self):
        """In words, what it was before it was cancelled."""
        return StatutMission(self.statut_avant).label if self.statut_avant else ""

    @property
    def detail_penalite(self):
        """How the penalty came about, a line for each tier."""
        return penalties.detail(self.jours_retard, self.bareme)

    def terminer_mission(self, date_retour, confirmer=False, by=None):
        """End it on `date_retour`; late, only with `confirmer`: a ValidationError tells the
        estimated penalty otherwise."""
        return open_door(
            "terminer_mission", self, date_retour=date_retour, confirmer=confirmer, by=by
        )

    def annuler_mission(self, raison="", annuler_contrat=True, by=None):
        """Cancel it with its payments; the last one takes its contract along, unless told not to.

        Returns {missions_annulees, cautions_annulees, prestations, paiements_annules}.
        """
        return open_door(
            "annuler_mission", self, raison=raison, annuler_contrat=annuler_contrat, by=by
        )

    def get_absolute_url(self):
        return reverse("mission_detail", args=[self.pk])

    def get_edit_url(self):
        return reverse("mission_edit", args=[self.pk])


class MissionLog(LogEntry):
    mission = models.ForeignKey(Mission, on_delete=models.CASCADE, related_name="logs")


class FraisDeRoute(RecordedModel):
    """What a mission cost on the road, or what the driver was given for it."""

    mission = models.ForeignKey(
        Mission,
        on_delete=models.PROTECT,
        related_name="frais",
        verbose_name=gettext_lazy("mission"),
    )
    genre = models.CharField(
        gettext_lazy("kind"), max_length=10, choices=GenreFrais, default=GenreFrais.DEPENSE
    )
    libelle = models.CharField(gettext_lazy("what for"), max_length=120)
    date = models.DateField(gettext_lazy("date"), default=timezone.localdate)
    montant = montant_field(gettext_lazy("amount"))
    devise = models.CharField(
        gettext_lazy("currency"), max_length=3, choices=money.CHOICES, editable=False
    )

    history = HistoricalRecords(bases=[HistoryOfBatch], no_db_index=["mission"])

    class Meta(RecordedModel.Meta):
        verbose_name = gettext_lazy("road expense")
        verbose_name_plural = gettext_lazy("road expenses")
        ordering = ["date", "id"]
        constraints = [
            models.CheckConstraint(
                name="frais_kind_known", condition=Q(genre__in=GenreFrais.values)
            ),
            models.CheckConstraint(name="frais_amount_sound", condition=Q(montant__gte=0)),
            models.CheckConstraint(
                name="frais_currency_decimals",
                condition=money.has_currency_decimals("montant", currency="devise"),
            ),
        ]

    def __str__(self):
        return self.libelle

    def derive(self):
        self.devise = self.mission.contrat.devise

    def clean(self):
        if self.mission_id:
            check_amount(self, self.mission.contrat, day="date")

    def get_absolute_url(self):
        return self.mission.get_absolute_url()

    def get_edit_url(self):
        return reverse("frais_edit", args=[self.pk])


class FraisDeRouteLog(LogEntry):
    frais = models.ForeignKey(FraisDeRoute, on_delete=models.CASCADE, related_name="logs")
