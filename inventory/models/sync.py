"""What terminals sent: how each synchronisation went, and the sales that could not be booked."""

import json

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from project.audit.models import HistoryOfBatch, LogEntry, RecordedModel

from ..payloads import Detail, in_words
from ..querysets import QuarantaineQuerySet, SynchronisationQuerySet
from ..states import EtatQuarantaine, Motif
from .ledger import Vente
from .shop import Boutique, Terminal


class VenteEnQuarantaine(RecordedModel):
    """A sale that could not be booked, kept whole until the office corrects or accepts it.

    `contenu_recu` is what the terminal sent and never changes, `contenu` what would be booked: JSON
    as text, since what devices send is not always what a database's own JSON can hold. What is
    wrong with it is a `phrase` and its `valeurs`; `explication` says it in the reader's language.
    """

    boutique = models.ForeignKey(
        Boutique, on_delete=models.PROTECT, related_name="quarantaine", verbose_name=_("shop")
    )
    terminal = models.ForeignKey(
        Terminal, on_delete=models.PROTECT, related_name="quarantaine", verbose_name=_("terminal")
    )
    numero_facture = models.CharField(_("invoice number"), max_length=100, blank=True)
    empreinte = models.CharField(max_length=64, editable=False)
    contenu_recu = models.TextField(_("as received"), editable=False)
    contenu = models.TextField(_("sale"))
    motif = models.CharField(_("reason"), max_length=30, choices=Motif)
    phrase = models.CharField(max_length=30, blank=True, default="", editable=False)
    valeurs = models.TextField(blank=True, default="{}", editable=False)
    # In words, in one language: of those that were kept before there were phrases.
    detail = models.TextField(_("detail"), blank=True)
    etat = models.CharField(
        _("state"), max_length=20, choices=EtatQuarantaine, default=EtatQuarantaine.EN_ATTENTE
    )
    vente = models.OneToOneField(
        Vente,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="quarantaine",
        verbose_name=_("booked as"),
    )
    recue_le = models.DateTimeField(_("received"), default=timezone.now)

    in_words = {"contenu": in_words}

    history = HistoricalRecords(
        bases=[HistoryOfBatch],
        excluded_fields=["contenu_recu", "phrase", "valeurs"],
        no_db_index=["boutique", "terminal", "vente"],
    )

    objects = QuarantaineQuerySet.as_manager()

    class Meta(RecordedModel.Meta):
        verbose_name = _("sale in quarantine")
        verbose_name_plural = _("sales in quarantine")
        ordering = ["-id"]
        default_permissions = ("view", "change")
        permissions = [
            ("replay_venteenquarantaine", _("Can replay sales in quarantine")),
            ("accept_venteenquarantaine", _("Can accept sales below zero")),
        ]
        indexes = [
            models.Index(fields=["etat", "-id"], name="quarantaine_etat"),
            models.Index(fields=["boutique", "numero_facture"], name="quarantaine_numero"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["boutique", "empreinte"], name="quarantaine_once_per_content"
            ),
            models.CheckConstraint(
                name="quarantaine_booked_whole",
                condition=Q(etat=EtatQuarantaine.EN_ATTENTE, vente__isnull=True)
                | Q(etat=EtatQuarantaine.COMPTABILISEE, vente__isnull=False),
            ),
        ]

    def __str__(self):
        return self.numero_facture or f"#{self.pk}"

    @property
    def vente_proposee(self):
        """The content as data."""
        return json.loads(self.contenu)

    @property
    def explication(self):
        return str(Detail.kept(self.phrase, self.valeurs, self.detail))

    def get_absolute_url(self):
        return reverse("inventory:quarantaine-detail", args=[self.pk])

    def get_edit_url(self):
        return reverse("inventory:quarantaine-edit", args=[self.pk])


class VenteEnQuarantaineLog(LogEntry):
    vente_en_quarantaine = models.ForeignKey(
        VenteEnQuarantaine, on_delete=models.CASCADE, related_name="logs"
    )


class EtatTerminal(models.Model):
    """When a terminal was last heard of: beside it, so that a sync is no change of its record."""

    terminal = models.OneToOneField(
        Terminal, on_delete=models.CASCADE, primary_key=True, related_name="etat"
    )
    derniere_sync = models.DateTimeField(_("last synchronisation"), null=True)
    dernier_echec = models.DateTimeField(_("last failure"), null=True)
    dernier_code = models.CharField(_("last error"), max_length=40, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.terminal_id}"


class Synchronisation(models.Model):
    """One request that a device made to write, or that was refused; `code` is '' where it went
    well."""

    terminal = models.ForeignKey(
        Terminal, on_delete=models.PROTECT, null=True, verbose_name=_("terminal"), related_name="+"
    )
    numero_serie = models.CharField(_("serial number"), max_length=100, blank=True)
    adresse = models.CharField(_("address"), max_length=64, blank=True)
    demande = models.CharField(_("request"), max_length=80)
    statut = models.PositiveSmallIntegerField(_("status"))
    code = models.CharField(_("code"), max_length=40, blank=True)
    creees = models.PositiveIntegerField(_("booked"), default=0)
    deja_recues = models.PositiveIntegerField(_("already received"), default=0)
    erreurs = models.PositiveIntegerField(_("errors"), default=0)
    duree_ms = models.PositiveIntegerField(_("duration (ms)"), default=0)
    a = models.DateTimeField(_("when"), default=timezone.now, db_index=True)

    objects = SynchronisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("synchronisation")
        verbose_name_plural = _("synchronisations")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["terminal", "-id"], name="sync_terminal_idx"),
            models.Index(fields=["-id"], name="sync_failed_idx", condition=~Q(code="")),
        ]

    def __str__(self):
        return f"{self.demande} {self.statut}"
