"""The ledger: what was sold and what moved. It is its own history: rows are added, never changed.

The database refuses updates and deletes, and a movement that does not start where the one before
it ended (`guards.py`). A correction is a new movement.
"""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.audit.models import Batch

from ..querysets import LedgerQuerySet
from ..states import INCOMING, OUTGOING, TypeMouvement
from .shop import Article, Boutique, Terminal


class LedgerRow(models.Model):
    """A row that is written once."""

    objects = LedgerQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise models.ProtectedError(_("The ledger only grows: correct by a new row."), {self})
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise models.ProtectedError(_("The ledger only grows: correct by a new row."), {self})


class Vente(LedgerRow):
    """A sale as a terminal made it, at its own time (`date_vente`), received at ours.

    `empreinte` is a digest of its content: what tells a retry from another sale of that number.
    """

    boutique = models.ForeignKey(
        Boutique,
        on_delete=models.PROTECT,
        related_name="ventes",
        verbose_name=_("shop"),
        db_index=False,
    )
    terminal = models.ForeignKey(
        Terminal,
        on_delete=models.PROTECT,
        null=True,
        related_name="ventes",
        verbose_name=_("terminal"),
    )
    numero_facture = models.CharField(_("invoice number"), max_length=100)
    date_vente = models.DateTimeField(_("sold"))
    recue_le = models.DateTimeField(_("received"), default=timezone.now)
    montant_total = models.DecimalField(_("total"), max_digits=17, decimal_places=3)
    # Booked though the stock was short.
    stock_negatif = models.BooleanField(_("booked below zero"), default=False)
    empreinte = models.CharField(max_length=64)

    logged_on = "boutique"  # that it was shown in a file

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("export_vente", _("Can export sales"))]
        constraints = [
            models.UniqueConstraint(
                fields=["boutique", "numero_facture"], name="vente_numero_once_per_boutique"
            ),
            models.CheckConstraint(
                name="vente_whole",
                condition=~Q(numero_facture="") & ~Q(empreinte="") & Q(montant_total__gte=0),
            ),
        ]
        indexes = [
            models.Index(fields=["boutique", "-id"], name="vente_boutique_idx"),
            models.Index(fields=["date_vente", "id"], name="vente_date_idx"),
            models.Index(fields=["boutique", "date_vente", "id"], name="vente_boutique_date_idx"),
            models.Index(fields=["numero_facture", "id"], name="vente_numero_idx"),
        ]

    def __str__(self):
        return self.numero_facture

    def get_absolute_url(self):
        return reverse("inventory:vente", args=[self.pk])


class LigneVente(LedgerRow):
    vente = models.ForeignKey(
        Vente, on_delete=models.PROTECT, related_name="lignes", verbose_name=_("sale")
    )
    article = models.ForeignKey(
        Article,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("article"),
        db_index=False,
    )
    quantite = models.IntegerField(_("quantity"))
    prix_unitaire = models.DecimalField(_("unit price"), max_digits=14, decimal_places=3)

    class Meta:
        verbose_name = _("line of a sale")
        verbose_name_plural = _("lines of sales")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(name="ligne_quantity_positive", condition=Q(quantite__gt=0)),
            models.CheckConstraint(
                name="ligne_price_not_negative", condition=Q(prix_unitaire__gte=0)
            ),
        ]

    def __str__(self):
        return f"{self.quantite} × {self.article_id}"

    @property
    def montant(self):
        return self.quantite * self.prix_unitaire


class MouvementStock(LedgerRow):
    """Mouvements de stock avec traçabilité complète.

    In the order of `id`, which is the order in which stock changed; clocks are not asked. What the
    office did has its `batch`; the two movements of a transfer name each other by it.
    """

    article = models.ForeignKey(
        Article,
        on_delete=models.PROTECT,
        related_name="mouvements",
        verbose_name=_("article"),
        db_index=False,
    )
    boutique = models.ForeignKey(
        Boutique,
        on_delete=models.PROTECT,
        related_name="mouvements",
        verbose_name=_("shop"),
        db_index=False,
    )
    type_mouvement = models.CharField(_("type"), max_length=20, choices=TypeMouvement)
    quantite = models.IntegerField(
        _("quantity"), help_text=_("Negative for what goes out, positive for what comes in.")
    )
    date_mouvement = models.DateTimeField(_("when"), default=timezone.now)
    commentaire = models.TextField(_("comment"), blank=True)
    stock_avant = models.IntegerField(_("stock before"))
    stock_apres = models.IntegerField(_("stock after"))
    reference_document = models.CharField(
        _("document"),
        max_length=100,
        blank=True,
        help_text=_("Number of the invoice, delivery note, count…"),
    )
    utilisateur = models.CharField(
        _("by"), max_length=100, blank=True, help_text=_("Name of the user or of the terminal.")
    )
    vente = models.ForeignKey(
        Vente,
        on_delete=models.PROTECT,
        null=True,
        related_name="mouvements",
        verbose_name=_("sale"),
        db_index=False,
    )
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    logged_on = "boutique"  # that it was shown in a file

    class Meta:
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("export_mouvementstock", _("Can export stock movements"))]
        indexes = [
            models.Index(fields=["article", "date_mouvement"], name="mouvement_article_date_idx"),
            models.Index(fields=["type_mouvement"], name="mouvement_type_idx"),
            models.Index(fields=["reference_document"], name="mouvement_ref_idx"),
            models.Index(fields=["boutique", "-id"], name="mouvement_boutique_idx"),
            models.Index(fields=["article", "-id"], name="mouvement_article_idx"),
            models.Index(
                fields=["boutique", "type_mouvement", "-id"], name="mouvement_boutique_type_idx"
            ),
            models.Index(
                fields=["type_mouvement", "date_mouvement", "id"], name="mouvement_type_date_idx"
            ),
            models.Index(
                fields=["boutique", "type_mouvement", "date_mouvement", "id"],
                name="mouvement_shop_type_date_idx",
            ),
            models.Index(
                fields=["article", "type_mouvement", "date_mouvement", "id"],
                name="mouvement_art_type_date_idx",
            ),
            models.Index(fields=["date_mouvement", "id"], name="mouvement_date_idx"),
            models.Index(
                fields=["boutique", "date_mouvement", "id"], name="mouvement_boutique_date_idx"
            ),
            models.Index(
                fields=["vente"], name="mouvement_vente_idx", condition=Q(vente__isnull=False)
            ),
        ]
        constraints = [
            # What the office does moves an article once: the stock it leaves is found by it.
            models.UniqueConstraint(
                fields=["batch", "article"],
                name="mouvement_once_per_batch",
                condition=Q(batch__isnull=False),
            ),
            models.CheckConstraint(
                name="mouvement_adds_up",
                condition=Q(stock_apres=F("stock_avant") + F("quantite")),
            ),
            models.CheckConstraint(
                name="mouvement_goes_its_way",
                condition=Q(type_mouvement__in=INCOMING, quantite__gt=0)
                | Q(type_mouvement__in=OUTGOING, quantite__lt=0)
                | (Q(type_mouvement=TypeMouvement.AJUSTEMENT) & ~Q(quantite=0)),
            ),
            models.CheckConstraint(
                name="mouvement_sale_has_its_sale",
                condition=~Q(type_mouvement=TypeMouvement.VENTE) | Q(vente__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.type_mouvement} {self.article_id} ({self.quantite:+d})"
