"""Shops, the terminals that sell in them, and the articles that they sell."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from project.audit.models import HistoryOfBatch, LogEntry, RecordedModel
from project.directory.querysets import LONGEST_SORT_NAME, sort_name_of
from project.search.folding import Normalised
from project.search.text import normalise

from ..money import check_decimals
from ..querysets import ArticleQuerySet, BoutiqueQuerySet, TerminalQuerySet
from ..states import CURRENCIES, DECIMALS

code_validator = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9._/-]*\Z", _("A code has letters, digits and . _ / - only.")
)


# How far an article is above its threshold: what is low comes first, and what has run out.
MARGIN = F("quantite_stock") - F("seuil_alerte")


class Boutique(RecordedModel):
    """A shop. What its articles cost is in its currency."""

    nom = models.CharField(_("name"), max_length=120)
    code_boutique = models.CharField(
        _("code"), max_length=20, unique=True, validators=[code_validator]
    )
    currency = models.CharField(
        _("currency"), max_length=3, choices=CURRENCIES, default=settings.CURRENCY
    )
    # Sales made offline when the stock was short: booked at once, below zero, or kept for review.
    accepte_stock_negatif = models.BooleanField(
        _("book offline sales below zero"),
        default=False,
        help_text=_("Otherwise a sale without enough stock waits in quarantine."),
    )
    est_actif = models.BooleanField(_("active"), default=True)
    sort_name = models.CharField(max_length=LONGEST_SORT_NAME, editable=False, default="")

    quiet_fields = frozenset({"sort_name"})

    history = HistoricalRecords(bases=[HistoryOfBatch], excluded_fields=["sort_name"])

    objects = BoutiqueQuerySet.as_manager()

    class Meta(RecordedModel.Meta):
        verbose_name = _("shop")
        verbose_name_plural = _("shops")
        ordering = ["sort_name", "id"]
        indexes = [models.Index(fields=["sort_name", "id"], name="boutique_sort_name")]
        constraints = [
            models.CheckConstraint(name="boutique_has_a_name", condition=~Q(nom="")),
            models.CheckConstraint(
                name="boutique_currency_known", condition=Q(currency__in=sorted(DECIMALS))
            ),
        ]
        permissions = [
            ("activate_boutique", _("Can activate shops")),
            ("deactivate_boutique", _("Can deactivate shops")),
            ("recap_boutique", _("Can have recaps of shops")),
        ]

    def __str__(self):
        return self.nom

    def derive(self):
        self.sort_name = sort_name_of(self.nom)

    def get_absolute_url(self):
        return reverse("inventory:boutique", args=[self.pk])

    def get_edit_url(self):
        return reverse("inventory:boutique-edit", args=[self.pk])


class Terminal(RecordedModel):
    """A device that sells in a shop, and sends its sales when it has a network.

    `cle_empreinte` is the SHA-256 of its key, '' for none. An old terminal (`sans_cle`) may go by
    its serial number alone until it is given one.
    """

    numero_serie = models.CharField(_("serial number"), max_length=100, unique=True)
    nom_terminal = models.CharField(_("name"), max_length=100)
    boutique = models.ForeignKey(
        Boutique,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="terminaux",
        verbose_name=_("shop"),
    )
    est_actif = models.BooleanField(_("active"), default=True)
    sans_cle = models.BooleanField(
        _("old terminal, known by its serial number alone"),
        default=False,
        help_text=_("A serial number is no secret: give it a key as soon as it can send one."),
    )
    cle_empreinte = models.CharField(max_length=64, blank=True, editable=False)
    cle_donnee_le = models.DateTimeField(_("key given"), null=True, editable=False)
    sort_name = models.CharField(max_length=LONGEST_SORT_NAME, editable=False, default="")

    history = HistoricalRecords(
        bases=[HistoryOfBatch], excluded_fields=["cle_empreinte", "sort_name"]
    )

    quiet_fields = frozenset({"cle_empreinte", "sort_name"})

    objects = TerminalQuerySet.as_manager()

    class Meta(RecordedModel.Meta):
        verbose_name = _("terminal")
        verbose_name_plural = _("terminals")
        ordering = ["sort_name", "id"]
        indexes = [models.Index(fields=["sort_name", "id"], name="terminal_sort_name")]
        constraints = [
            models.CheckConstraint(name="terminal_has_a_serial", condition=~Q(numero_serie="")),
            models.CheckConstraint(
                name="terminal_key_whole",
                condition=Q(cle_empreinte="", cle_donnee_le__isnull=True)
                | (~Q(cle_empreinte="") & Q(cle_donnee_le__isnull=False)),
            ),
        ]
        permissions = [
            ("activate_terminal", _("Can activate terminals")),
            ("deactivate_terminal", _("Can deactivate terminals")),
            ("give_key_terminal", _("Can give terminals a key")),
            ("revoke_key_terminal", _("Can revoke the keys of terminals")),
        ]

    def __str__(self):
        return self.nom_terminal

    def derive(self):
        self.sort_name = sort_name_of(self.nom_terminal)

    @property
    def has_key(self):
        return bool(self.cle_empreinte)

    @property
    def may_do_without_key(self):
        """Whether it can be marked as an old one: it is known, and never had a key."""
        given = {"cle_donnee_le__isnull": False}
        return bool(self.pk) and not self.has_key and not self.history.filter(**given).exists()

    def get_absolute_url(self):
        return reverse("inventory:terminal", args=[self.pk])

    def get_edit_url(self):
        return reverse("inventory:terminal-edit", args=[self.pk])


class Article(RecordedModel):
    """What a shop sells.

    `quantite_stock` is the last `stock_apres` of its ledger: `stock.py` alone writes it, a save
    leaves it as it stands, and its history is the ledger.
    """

    code = models.CharField(_("code"), max_length=50, validators=[code_validator])
    nom = models.CharField(_("name"), max_length=200)
    boutique = models.ForeignKey(
        Boutique, on_delete=models.PROTECT, related_name="articles", verbose_name=_("shop")
    )
    prix = models.DecimalField(
        _("price"), max_digits=14, decimal_places=3, validators=[MinValueValidator(0)]
    )
    quantite_stock = models.IntegerField(_("stock"), default=0, editable=False)
    seuil_alerte = models.IntegerField(
        _("alert threshold"),
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("At this stock and below, the article counts as low."),
    )
    est_actif = models.BooleanField(_("active"), default=True)
    search_text = models.TextField(editable=False, default="")

    quiet_fields = frozenset({"search_text"})
    fields_of_services = frozenset({"quantite_stock"})

    history = HistoricalRecords(
        bases=[HistoryOfBatch],
        excluded_fields=["quantite_stock", "search_text"],
        no_db_index=["boutique"],
    )

    objects = ArticleQuerySet.as_manager()

    class Meta(RecordedModel.Meta):
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["nom", "id"]
        indexes = [
            *(
                models.Index(
                    *first,
                    key,
                    "id",
                    name=f"article_{name}_{short}{'_b' if first else ''}",
                    condition=Q(est_actif=active),
                )
                for name, active in (("on", True), ("off", False))
                for key, short in (("nom", "nom"), ("code", "code"), (MARGIN, "margin"))
                for first in ((), ("boutique",))
            ),
            # What is low is counted after each synchronisation.
            models.Index(
                fields=["boutique", "quantite_stock", "id"],
                name="article_low",
                condition=Q(est_actif=True, quantite_stock__lte=F("seuil_alerte")),
            ),
            # What terminals ask for: what changed since they last asked.
            models.Index(fields=["boutique", "updated_at", "id"], name="article_changed"),
        ]
        constraints = [
            models.UniqueConstraint(
                "boutique",
                Lower("code"),
                name="article_code_once_per_boutique",
                violation_error_message=_("This shop already has an article with this code."),
            ),
            models.CheckConstraint(name="article_price_not_negative", condition=Q(prix__gte=0)),
            models.CheckConstraint(
                name="article_threshold_not_negative", condition=Q(seuil_alerte__gte=0)
            ),
            models.CheckConstraint(name="article_has_a_name", condition=~Q(nom="") & ~Q(code="")),
        ]
        permissions = [
            ("activate_article", _("Can activate articles")),
            ("deactivate_article", _("Can deactivate articles")),
            ("set_threshold_article", _("Can set alert thresholds")),
            ("receive_article", _("Can receive stock")),
            ("issue_article", _("Can issue stock")),
            ("count_article", _("Can count stock")),
            ("transfer_article", _("Can transfer stock between shops")),
            ("return_article", _("Can take back what was sold")),
            ("export_article", _("Can export articles")),
            ("import_article", _("Can import articles")),
        ]

    def __str__(self):
        return f"{self.code} · {self.nom}"

    def clean(self):
        if self.boutique_id and self.prix is not None:
            try:
                check_decimals(self.prix, self.boutique.currency)
            except ValidationError as error:
                raise ValidationError({"prix": error}) from None

    def derive(self):
        self.search_text = normalise(self.code, self.nom)

    @classmethod
    def derived(cls, values):
        if not values.keys() & {"code", "nom"}:
            return {}
        texts = (values.get(name, F(name)) for name in ("code", "nom"))
        texts = [text if hasattr(text, "resolve_expression") else Value(text) for text in texts]
        return {"search_text": Normalised(*texts)}

    @property
    def est_bas(self):
        return self.quantite_stock <= self.seuil_alerte

    def get_absolute_url(self):
        return reverse("inventory:article", args=[self.pk])

    def get_edit_url(self):
        return reverse("inventory:article-edit", args=[self.pk])


class BoutiqueLog(LogEntry):
    boutique = models.ForeignKey(Boutique, on_delete=models.CASCADE, related_name="logs")


class TerminalLog(LogEntry):
    terminal = models.ForeignKey(Terminal, on_delete=models.CASCADE, related_name="logs")


class ArticleLog(LogEntry):
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="logs")
