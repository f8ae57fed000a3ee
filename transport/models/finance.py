"""The money of contracts: deposits with the shipping lines, payments of missions."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from project import money
from project.audit.models import HistoryOfBatch, LogEntry

from ..querysets import CautionsQuerySet, PaiementQuerySet
from ..states import LOOKS, ModePaiement, Remboursement, StatutCaution, StatutPaiement
from .contract import ContratTransport, check_amount, numero
from .log import Cancellable, cancelled_whole, montant_field
from .mission import Mission


class Cautions(Cancellable):
    """A deposit that the container's shipping line holds until the container is back."""

    numero = models.CharField(_("deposit"), max_length=20, unique=True, editable=False)
    contrat = models.ForeignKey(
        ContratTransport,
        on_delete=models.PROTECT,
        related_name="cautions",
        verbose_name=_("contract"),
    )
    montant = montant_field(_("amount"))
    devise = models.CharField(_("currency"), max_length=3, choices=money.CHOICES, editable=False)
    statut = models.CharField(
        _("status"),
        max_length=10,
        choices=StatutCaution,
        default=StatutCaution.EN_ATTENTE,
        editable=False,
    )
    # When it reached its status: paid, refunded, forfeited.
    date_statut = models.DateField(_("since"), null=True, editable=False)
    observation = models.TextField(_("remarks"), blank=True)

    objects = CautionsQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[HistoryOfBatch], no_db_index=["contrat", "annule_par", "annule_dans", "numero"]
    )

    class Meta(Cancellable.Meta):
        verbose_name = _("deposit")
        verbose_name_plural = _("deposits")
        ordering = ["-id"]
        indexes = [models.Index(fields=["statut", "id"], name="ca_statut")]
        permissions = [
            ("set_statut_cautions", _("Can change the status of deposits")),
            ("annuler_cautions", _("Can cancel deposits")),
            ("retablir_cautions", _("Can restore cancelled deposits")),
            ("export_cautions", _("Can export deposits to files")),
            ("print_cautions", _("Can print deposits as PDF")),
        ]
        constraints = [
            models.CheckConstraint(
                name="caution_status_known", condition=Q(statut__in=StatutCaution.values)
            ),
            models.CheckConstraint(name="caution_amount_sound", condition=Q(montant__gt=0)),
            models.CheckConstraint(
                name="caution_currency_decimals",
                condition=money.has_currency_decimals("montant", currency="devise"),
            ),
            cancelled_whole(
                "caution_cancelled_whole",
                "statut",
                StatutCaution.ANNULEE,
                [status for status in StatutCaution if status != StatutCaution.ANNULEE],
            ),
        ]

    def __str__(self):
        return self.numero

    @property
    def look(self):
        return LOOKS[self.statut]

    def derive(self):
        if not self.numero:
            self.numero = numero("CA")
        self.devise = self.contrat.devise

    def clean(self):
        if self.contrat_id:
            check_amount(self, self.contrat, positive=True)

    def get_absolute_url(self):
        return reverse("caution_detail", args=[self.pk])

    def get_edit_url(self):
        return reverse("caution_edit", args=[self.pk])


class CautionsLog(LogEntry):
    caution = models.ForeignKey(Cautions, on_delete=models.CASCADE, related_name="logs")


class PaiementMission(Cancellable):
    """A payment for a mission. Once it is validated its amount stays as it is.

    `est_valide` tells whether it ever was: a cancelled one keeps it, and someone has to see
    whether to pay it back (`remboursement`).
    """

    numero = models.CharField(_("payment"), max_length=20, unique=True, editable=False)
    mission = models.ForeignKey(
        Mission,
        on_delete=models.PROTECT,
        related_name="paiements",
        verbose_name=_("mission"),
    )
    montant = montant_field(_("amount"))
    devise = models.CharField(_("currency"), max_length=3, choices=money.CHOICES, editable=False)
    mode = models.CharField(
        _("means"), max_length=10, choices=ModePaiement, default=ModePaiement.ESPECES
    )
    statut_paiement = models.CharField(
        _("status"),
        max_length=10,
        choices=StatutPaiement,
        default=StatutPaiement.EN_ATTENTE,
        editable=False,
        help_text=_("Status of the payment"),
    )
    est_valide = models.BooleanField(_("validated"), default=False, editable=False)
    date_validation = models.DateField(_("validated on"), null=True, editable=False)
    valide_par = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("validated by"),
        db_index=False,
    )
    remboursement = models.CharField(
        _("refund"), max_length=10, choices=Remboursement, blank=True, editable=False
    )
    observation = models.TextField(_("remarks"), blank=True)

    quiet_fields = Cancellable.quiet_fields | {"est_valide", "valide_par"}

    objects = PaiementQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[HistoryOfBatch],
        no_db_index=["mission", "annule_par", "annule_dans", "valide_par", "numero"],
    )

    class Meta(Cancellable.Meta):
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["statut_paiement", "id"], name="pm_statut"),
            models.Index(
                fields=["id"],
                name="pm_a_rembourser",
                condition=Q(remboursement=Remboursement.A_VERIFIER),
            ),
        ]
        permissions = [
            ("valider_paiementmission", _("Can validate payments")),
            ("invalider_paiementmission", _("Can take back the validation of payments")),
            ("annuler_paiementmission", _("Can cancel payments")),
            ("retablir_paiementmission", _("Can restore cancelled payments")),
            ("rembourser_paiementmission", _("Can settle refunds of payments")),
            ("export_paiementmission", _("Can export payments to files")),
            ("print_paiementmission", _("Can print payments as PDF")),
        ]
        constraints = [
            models.CheckConstraint(
                name="paiement_status_known", condition=Q(statut_paiement__in=StatutPaiement.values)
            ),
            models.CheckConstraint(
                name="paiement_valid_or_not",
                condition=Q(statut_paiement=StatutPaiement.VALIDE, est_valide=True)
                | Q(statut_paiement=StatutPaiement.EN_ATTENTE, est_valide=False)
                | Q(statut_paiement=StatutPaiement.ANNULE),
            ),
            models.CheckConstraint(
                name="paiement_valid_has_date",
                condition=Q(est_valide=True, date_validation__isnull=False)
                | Q(est_valide=False, date_validation__isnull=True, valide_par__isnull=True),
            ),
            models.CheckConstraint(
                name="paiement_refund_of_valid",
                condition=Q(remboursement="")
                | Q(
                    remboursement__in=Remboursement.values,
                    statut_paiement=StatutPaiement.ANNULE,
                    est_valide=True,
                ),
            ),
            models.CheckConstraint(name="paiement_amount_sound", condition=Q(montant__gt=0)),
            models.CheckConstraint(
                name="paiement_currency_decimals",
                condition=money.has_currency_decimals("montant", currency="devise"),
            ),
            cancelled_whole(
                "paiement_cancelled_whole",
                "statut_paiement",
                StatutPaiement.ANNULE,
                (StatutPaiement.EN_ATTENTE, StatutPaiement.VALIDE),
            ),
        ]

    def __str__(self):
        return self.numero

    @property
    def look(self):
        return LOOKS[self.statut_paiement]

    @property
    def est_annule(self):
        return self.statut_paiement == StatutPaiement.ANNULE

    def derive(self):
        if not self.numero:
            self.numero = numero("PM")
        self.devise = self.mission.contrat.devise

    def clean(self):
        if self.mission_id:
            check_amount(self, self.mission.contrat, positive=True)

    def get_absolute_url(self):
        return reverse("paiement_detail", args=[self.pk])

    def get_edit_url(self):
        return reverse("paiement_edit", args=[self.pk])


class PaiementMissionLog(LogEntry):
    paiement = models.ForeignKey(PaiementMission, on_delete=models.CASCADE, related_name="logs")
