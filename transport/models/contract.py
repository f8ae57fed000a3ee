"""The contract of a container: its terms, its deadline, and what must never be."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.lookups import Exact
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.models import HistoricalRecords

from project import money
from project.audit import numbering
from project.audit.models import Batch, HistoryOfBatch, LogEntry, RecordedModel
from project.directory.models import Customer, Driver
from project.search.text import normalise

from .. import penalties
from ..querysets import ContratQuerySet
from ..states import LOOKS, StatutContrat
from .doors import open_door
from .fleet import Camion, Conteneur, Transitaire
from .log import Cancellable, cancelled_whole, montant_field
from .terms import PENALITE_MAX, Conditions, Tarif, delai_field, penalite_field

# Outside these years a date is a slip of the keyboard.
FIRST_YEAR, YEARS_AHEAD = 2000, 5
SEARCHED = ("pk_contrat", "numero_bl", "origine", "destination")
TERMS = ("date_debut", "delai_jours", "jours_suspendus", "echeance_exceptionnelle")


def numero(serie):
    """The next number of a series of this year: "CT-26-000012"."""
    prefix = f"{serie}-{timezone.localdate():%y}"
    return numbering.reference(prefix, numbering.allocate(prefix) + 1)


def check_day(value):
    """Raise ValidationError for a date that is a slip of the keyboard."""
    last = timezone.localdate().year + YEARS_AHEAD
    if value and not FIRST_YEAR <= value.year <= last:
        raise ValidationError(
            _("The year must be between %(first)s and %(last)s."),
            params={"first": FIRST_YEAR, "last": last},
        )


def check_year(value, name, errors):
    """Note the error of a date that is a slip of the keyboard."""
    try:
        check_day(value)
    except ValidationError as error:
        errors[name] = error


def too_early():
    """What is said of a deadline that leaves no day, in the seeds' words."""
    return _("The return deadline must be after the start")


class ContratTransport(Cancellable):
    """A container that is taken to its destination and has to come back empty by the deadline.

    `pk_contrat` is the reference that people read. The terms (`delai_jours`, `penalite_par_jour`,
    `paliers`) are those it was signed with: another default or tariff never changes them.
    """

    pk_contrat = models.CharField(
        gettext_lazy("contract"), max_length=20, unique=True, editable=False
    )
    transitaire = models.ForeignKey(
        Transitaire,
        on_delete=models.PROTECT,
        related_name="contrats",
        verbose_name=gettext_lazy("forwarder"),
    )
    client = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="contrats",
        verbose_name=gettext_lazy("customer"),
    )
    camion = models.ForeignKey(
        Camion,
        on_delete=models.PROTECT,
        related_name="contrats",
        verbose_name=gettext_lazy("truck"),
    )
    chauffeur = models.ForeignKey(
        Driver,
        on_delete=models.PROTECT,
        related_name="contrats",
        verbose_name=gettext_lazy("driver"),
    )
    conteneur = models.ForeignKey(
        Conteneur,
        on_delete=models.PROTECT,
        related_name="contrats",
        verbose_name=gettext_lazy("container"),
    )
    numero_bl = models.CharField(gettext_lazy("bill of lading"), max_length=40)
    origine = models.CharField(gettext_lazy("origin"), max_length=120)
    destination = models.CharField(gettext_lazy("destination"), max_length=120)

    montant_total = montant_field(gettext_lazy("total amount"), default=0)
    avance = montant_field(gettext_lazy("advance"), default=0)
    devise = models.CharField(
        gettext_lazy("currency"), max_length=3, choices=money.CHOICES, default=settings.CURRENCY
    )

    date_debut = models.DateField(gettext_lazy("start"))
    date_limite_retour = models.DateField(gettext_lazy("return deadline"), editable=False)
    delai_jours = delai_field(gettext_lazy("days to return"), blank=True)
    penalite_par_jour = penalite_field(gettext_lazy("penalty a day"), blank=True)
    # No form asks for it, but an edit can write it, and its undo has to bring it back.
    paliers = models.JSONField(gettext_lazy("tiers"), default=list, blank=True)
    jours_suspendus = models.PositiveSmallIntegerField(
        gettext_lazy("suspended days"), default=0, editable=False
    )
    echeance_exceptionnelle = models.BooleanField(
        gettext_lazy("exceptional deadline"), default=False, editable=False
    )
    raison_exceptionnelle = models.TextField(
        gettext_lazy("reason of the exceptional deadline"), blank=True, editable=False
    )

    statut = models.CharField(
        gettext_lazy("status"),
        max_length=10,
        choices=StatutContrat,
        default=StatutContrat.ACTIF,
        editable=False,
        help_text=gettext_lazy("Status of the contract"),
    )
    commentaire = models.TextField(gettext_lazy("comment"), blank=True)
    search_text = models.TextField(editable=False, default="")

    quiet_fields = Cancellable.quiet_fields | {"search_text"}
    in_words = {"paliers": penalties.en_mots}
    penalite_du_tarif = False  # whether signing took the penalty, and tiers, from the tariff

    objects = ContratQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[HistoryOfBatch],
        excluded_fields=["search_text"],
        no_db_index=[
            "transitaire",
            "client",
            "camion",
            "chauffeur",
            "conteneur",
            "annule_par",
            "annule_dans",
            "pk_contrat",
        ],
    )

    class Meta(Cancellable.Meta):
        verbose_name = gettext_lazy("contract")
        verbose_name_plural = gettext_lazy("contracts")
        ordering = ["date_limite_retour", "id"]
        indexes = [
            models.Index(fields=["date_limite_retour", "id"], name="ct_limite"),
            models.Index(fields=["statut", "date_limite_retour", "id"], name="ct_statut"),
            models.Index(fields=["date_debut", "id"], name="ct_debut"),
        ]
        permissions = [
            ("annuler_contrattransport", gettext_lazy("Can cancel contracts")),
            ("retablir_contrattransport", gettext_lazy("Can restore cancelled contracts")),
            ("terminer_contrattransport", gettext_lazy("Can end contracts")),
            ("rouvrir_contrattransport", gettext_lazy("Can reopen ended contracts")),
            ("echeance_contrattransport", gettext_lazy("Can set exceptional deadlines")),
            ("suspendre_contrattransport", gettext_lazy("Can suspend the clock of contracts")),
            ("export_contrattransport", gettext_lazy("Can export contracts to files")),
            ("print_contrattransport", gettext_lazy("Can print contracts as PDF")),
        ]
        constraints = [
            models.CheckConstraint(
                name="contrat_status_known", condition=Q(statut__in=StatutContrat.values)
            ),
            models.CheckConstraint(
                name="contrat_deadline_after_start",
                condition=Q(date_limite_retour__gt=F("date_debut")),
            ),
            models.CheckConstraint(
                name="contrat_terms_sound",
                condition=Q(
                    delai_jours__gte=1,
                    penalite_par_jour__gte=0,
                    penalite_par_jour__lte=PENALITE_MAX,
                ),
            ),
            models.CheckConstraint(
                name="contrat_amounts_sound",
                condition=Q(avance__gte=0, montant_total__gte=F("avance")),
            ),
            models.CheckConstraint(
                name="contrat_currency_decimals",
                condition=money.has_currency_decimals(
                    "montant_total", "avance", "penalite_par_jour", currency="devise"
                ),
            ),
            models.CheckConstraint(
                name="contrat_exception_has_reason",
                condition=Q(echeance_exceptionnelle=False, raison_exceptionnelle="")
                | (Q(echeance_exceptionnelle=True) & ~Q(raison_exceptionnelle="")),
            ),
            cancelled_whole(
                "contrat_cancelled_whole",
                "statut",
                StatutContrat.ANNULE,
                (StatutContrat.ACTIF, StatutContrat.TERMINE),
            ),
        ]

    def __str__(self):
        return self.pk_contrat

    @property
    def look(self):
        return LOOKS[self.statut]

    def clean(self):
        errors = {}
        check_year(self.date_debut, "date_debut", errors)
        sound = self.delai_jours is None or self.delai_jours >= 1
        if "date_debut" not in errors and self.date_debut and sound and hasattr(self, "conteneur"):
            try:
                self.derive_deadline()
            except ValidationError as error:
                errors |= error.error_dict
            else:
                if self.date_limite_retour <= self.date_debut:
                    errors["date_limite_retour"] = too_early()
        for name in ("montant_total", "avance", "penalite_par_jour"):
            try:
                money.check(getattr(self, name), self.devise)
            except ValidationError as error:
                errors.setdefault(name, error)
        if None not in (self.avance, self.montant_total) and self.avance > self.montant_total:
            errors.setdefault("avance", _("The advance is more than the total."))
        if errors:
            raise ValidationError(errors)

    def sign(self):
        """Take the terms that are still open from the tariff, or from the house's defaults.

        A penalty that was given by hand is the plain rule: it takes no tiers. The house's penalty
        and tiers are in its own currency: raises ValidationError for a contract in another one.
        """
        if None not in (self.delai_jours, self.penalite_par_jour):
            return
        tarif = Tarif.pour(self.conteneur.compagnie, self.conteneur.taille, self.destination)
        conditions = Conditions.actuelles()
        if self.delai_jours is None:
            self.delai_jours = tarif.delai_jours if tarif else conditions.delai_jours
        if self.penalite_par_jour is None:
            if self.devise != settings.CURRENCY:
                said = _("The house's penalty is in %(currency)s: give the contract's own.")
                raise ValidationError({"penalite_par_jour": said % {"currency": settings.CURRENCY}})
            self.penalite_par_jour = conditions.penalite_par_jour
            self.paliers = tarif.paliers if tarif else []
            self.penalite_du_tarif = True

    def settle_tiers(self, stored):
        """Another penalty than the `stored` contract's is the plain rule, unless it was signed."""
        by_hand = self.penalite_par_jour != stored.penalite_par_jour and not self.penalite_du_tarif
        if by_hand and self.paliers == stored.paliers:
            self.paliers = []

    def derive_deadline(self):
        """The deadline by the contract's own terms, unless it is exceptional."""
        self.sign()
        if not self.echeance_exceptionnelle:
            self.date_limite_retour = penalties.date_limite(
                self.date_debut, self.delai_jours, self.jours_suspendus
            )

    def derive(self):
        if not self.pk_contrat:
            self.pk_contrat = numero("CT")
        self.derive_deadline()
        self.search_text = normalise(*(getattr(self, name) for name in SEARCHED))

    @classmethod
    def derived(cls, values):
        new, following = cls.with_values(values), {}
        if not values.keys().isdisjoint(TERMS):
            days = new("delai_jours") + new("jours_suspendus")
            following["date_limite_retour"] = Case(
                When(
                    Exact(new("echeance_exceptionnelle"), Value(True)),
                    then=new("date_limite_retour"),
                ),
                default=penalties.PlusJours(new("date_debut"), days),
                output_field=models.DateField(),
            )
        return following

    @property
    def solde(self):
        """What is left of the total once the advance is paid."""
        return self.montant_total - self.avance

    @property
    def bareme(self):
        return penalties.bareme(self.penalite_par_jour, self.paliers)

    @property
    def tiers(self):
        """The scale as a page shows it: [(first late day, last or None, amount a day)]."""
        return penalties.marches(self.bareme)

    def jours_de_retard(self, au):
        """Late days on the day `au`."""
        return penalties.jours_de_retard(au, self.date_limite_retour)

    def penalite_au(self, au):
        """What a return on the day `au` would cost."""
        return penalties.penalite(self.jours_de_retard(au), self.bareme)

    def annuler_contrat(self, raison="", by=None):
        """Cancel it with all that hangs on it.

        Returns {missions_annulees, cautions_annulees, prestations, paiements_annules}: what this
        call cancelled. Raises ValidationError where it is cancelled already.
        """
        return open_door("annuler_contrat", self, raison=raison, by=by)

    def get_absolute_url(self):
        return reverse("contrat_detail", args=[self.pk])

    def get_edit_url(self):
        return reverse("contrat_edit", args=[self.pk])


class ContratTransportLog(LogEntry):
    contrat = models.ForeignKey(ContratTransport, on_delete=models.CASCADE, related_name="logs")


class Suspension(models.Model):
    """Days on which a contract's clock stood still: from `debut` to `fin`, both counted.

    A row of the act that made it, with its history; lifting it gives the days back.
    """

    contrat = models.ForeignKey(
        ContratTransport,
        on_delete=models.PROTECT,
        related_name="suspensions",
        verbose_name=gettext_lazy("contract"),
    )
    debut = models.DateField(gettext_lazy("from"))
    fin = models.DateField(gettext_lazy("until"))
    raison = models.TextField(gettext_lazy("reason"))
    posee_dans = models.ForeignKey(
        Batch, on_delete=models.PROTECT, editable=False, related_name="+"
    )
    levee_dans = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = gettext_lazy("suspension")
        verbose_name_plural = gettext_lazy("suspensions")
        ordering = ["debut", "id"]
        constraints = [
            models.CheckConstraint(name="suspension_ends_after", condition=Q(fin__gte=F("debut"))),
            models.CheckConstraint(name="suspension_has_reason", condition=~Q(raison="")),
        ]

    def __str__(self):
        return f"{self.debut} – {self.fin}"

    @property
    def jours(self):
        return (self.fin - self.debut).days + 1


class PrestationDeTransports(RecordedModel):
    """A service that is charged with a contract."""

    contrat_transport = models.ForeignKey(
        ContratTransport,
        on_delete=models.PROTECT,
        related_name="prestations",
        verbose_name=gettext_lazy("contract"),
    )
    libelle = models.CharField(gettext_lazy("service"), max_length=120)
    date = models.DateField(gettext_lazy("date"), default=timezone.localdate)
    montant = montant_field(gettext_lazy("amount"))
    devise = models.CharField(
        gettext_lazy("currency"), max_length=3, choices=money.CHOICES, editable=False
    )
    observation = models.TextField(gettext_lazy("remarks"), blank=True)

    history = HistoricalRecords(bases=[HistoryOfBatch], no_db_index=["contrat_transport"])

    class Meta(RecordedModel.Meta):
        verbose_name = gettext_lazy("service")
        verbose_name_plural = gettext_lazy("services")
        ordering = ["date", "id"]
        constraints = [
            models.CheckConstraint(name="prestation_amount_sound", condition=Q(montant__gte=0)),
            models.CheckConstraint(
                name="prestation_currency_decimals",
                condition=money.has_currency_decimals("montant", currency="devise"),
            ),
        ]

    def __str__(self):
        return self.libelle

    def derive(self):
        self.devise = self.contrat_transport.devise

    def clean(self):
        if self.contrat_transport_id:
            check_amount(self, self.contrat_transport, day="date")

    def get_absolute_url(self):
        return self.contrat_transport.get_absolute_url()

    def get_edit_url(self):
        return reverse("prestation_edit", args=[self.pk])


class PrestationDeTransportsLog(LogEntry):
    prestation = models.ForeignKey(
        PrestationDeTransports, on_delete=models.CASCADE, related_name="logs"
    )


def check_amount(record, contrat, *, positive=False, day=None):
    """Raise ValidationError, at `montant`, for an amount that the contract's currency can't be.

    And for a slip of the keyboard in the date that `day` names.
    """
    errors = {}
    if day:
        check_year(getattr(record, day), day, errors)
    try:
        money.check(record.montant, contrat.devise)
    except ValidationError as error:
        errors["montant"] = error
    if positive and record.montant is not None and record.montant <= 0:
        errors.setdefault("montant", _("The amount must be more than zero."))
    if errors:
        raise ValidationError(errors)
