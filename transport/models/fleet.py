"""Who forwards, what drives and what is carried."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.models import HistoricalRecords
from stdnum import iso6346
from stdnum.exceptions import ValidationError as NotValid

from project.audit.models import HistoryOfBatch, LogEntry, RecordedModel
from project.directory.models import Party, list_indexes
from project.directory.querysets import OfferedQuerySet
from project.search.text import normalise

from ..states import Taille


class Kept(RecordedModel):
    """A small record that contracts are made of: offered while it is active, never deleted.

    `named_by` is the field that names it; free search looks into the fields `searched`.
    """

    is_active = models.BooleanField(gettext_lazy("active"), default=True)
    search_text = models.TextField(editable=False, default="")

    quiet_fields = frozenset({"search_text"})
    named_by, searched = "nom", ("nom",)

    objects = OfferedQuerySet.as_manager()

    class Meta(RecordedModel.Meta):
        abstract = True

    def __str__(self):
        return getattr(self, self.named_by)

    @property
    def name(self):
        """What fields with live search call it."""
        return str(self)

    def derive(self):
        self.search_text = normalise(*(getattr(self, field) for field in self.searched))

    def get_absolute_url(self):
        return reverse(f"{self._meta.model_name}_detail", args=[self.pk])

    def get_edit_url(self):
        return reverse(f"{self._meta.model_name}_edit", args=[self.pk])


class Compagnie(Kept):
    """A shipping line: whose containers they are, and who holds the deposits."""

    nom = models.CharField(gettext_lazy("name"), max_length=80, unique=True)

    history = HistoricalRecords(
        bases=[HistoryOfBatch], excluded_fields=["search_text"], no_db_index=["nom"]
    )

    class Meta(Kept.Meta):
        verbose_name = gettext_lazy("shipping line")
        verbose_name_plural = gettext_lazy("shipping lines")
        ordering = ["nom"]
        permissions = [
            ("activate_compagnie", gettext_lazy("Can activate shipping lines")),
            ("deactivate_compagnie", gettext_lazy("Can deactivate shipping lines")),
        ]
        constraints = [models.CheckConstraint(name="compagnie_has_a_name", condition=~Q(nom=""))]

    def derive(self):
        self.nom = " ".join(self.nom.split())
        super().derive()


class CompagnieLog(LogEntry):
    compagnie = models.ForeignKey(Compagnie, on_delete=models.CASCADE, related_name="logs")


class Transitaire(Party):
    """A forwarder, who has the containers cleared and sent on."""

    searched = ("name", "email", "phone")

    history = HistoricalRecords(
        bases=[HistoryOfBatch], excluded_fields=["search_text", "sort_name"]
    )

    class Meta(Party.Meta):
        verbose_name = gettext_lazy("forwarder")
        verbose_name_plural = gettext_lazy("forwarders")
        indexes = list_indexes("transitaire")
        permissions = [
            ("activate_transitaire", gettext_lazy("Can activate forwarders")),
            ("deactivate_transitaire", gettext_lazy("Can deactivate forwarders")),
        ]
        constraints = [models.CheckConstraint(name="transitaire_has_a_name", condition=~Q(name=""))]

    def get_absolute_url(self):
        return reverse("transitaire_detail", args=[self.pk])

    def get_edit_url(self):
        return reverse("transitaire_edit", args=[self.pk])


class TransitaireLog(LogEntry):
    transitaire = models.ForeignKey(Transitaire, on_delete=models.CASCADE, related_name="logs")


class Camion(Kept):
    """A truck, known by its plate."""

    immatriculation = models.CharField(gettext_lazy("plate"), max_length=20, unique=True)
    marque = models.CharField(gettext_lazy("make and model"), max_length=80, blank=True)

    named_by, searched = "immatriculation", ("immatriculation", "marque")

    history = HistoricalRecords(
        bases=[HistoryOfBatch],
        excluded_fields=["search_text"],
        no_db_index=["immatriculation"],
    )

    class Meta(Kept.Meta):
        verbose_name = gettext_lazy("truck")
        verbose_name_plural = gettext_lazy("trucks")
        ordering = ["immatriculation", "id"]
        permissions = [
            ("activate_camion", gettext_lazy("Can activate trucks")),
            ("deactivate_camion", gettext_lazy("Can deactivate trucks")),
        ]
        constraints = [
            models.CheckConstraint(name="camion_has_a_plate", condition=~Q(immatriculation=""))
        ]

    def derive(self):
        self.immatriculation = " ".join(self.immatriculation.upper().split())
        super().derive()


class CamionLog(LogEntry):
    camion = models.ForeignKey(Camion, on_delete=models.CASCADE, related_name="logs")


def numero_de_conteneur(text):
    """An ISO 6346 number in its plain form, "MSCU1234566". Raises ValidationError.

    It is taken with or without spaces and hyphens; the last digit is the check digit.
    """
    number = "".join(letter for letter in text.upper() if letter.isalnum())
    try:
        return iso6346.validate(number)
    except NotValid:
        raise ValidationError(
            _("“%(number)s” is no container number: the check digit or the form is wrong."),
            code="invalid",
            params={"number": text},
        ) from None


class Conteneur(Kept):
    """A container, known by its ISO 6346 number."""

    numero = models.CharField(gettext_lazy("number"), max_length=11, unique=True)
    taille = models.CharField(
        gettext_lazy("size"), max_length=5, choices=Taille, default=Taille.VINGT
    )
    compagnie = models.ForeignKey(
        Compagnie,
        on_delete=models.PROTECT,
        related_name="conteneurs",
        verbose_name=gettext_lazy("shipping line"),
    )

    named_by, searched = "numero", ("numero",)

    history = HistoricalRecords(
        bases=[HistoryOfBatch],
        excluded_fields=["search_text"],
        no_db_index=["numero", "compagnie"],
    )

    class Meta(Kept.Meta):
        verbose_name = gettext_lazy("container")
        verbose_name_plural = gettext_lazy("containers")
        ordering = ["numero"]
        permissions = [
            ("activate_conteneur", gettext_lazy("Can activate containers")),
            ("deactivate_conteneur", gettext_lazy("Can deactivate containers")),
        ]
        constraints = [
            models.CheckConstraint(
                name="conteneur_size_known", condition=Q(taille__in=Taille.values)
            ),
            models.CheckConstraint(
                name="conteneur_number_whole", condition=Q(Exact(Length("numero"), 11))
            ),
        ]

    def clean(self):
        if self.numero:
            try:
                self.numero = numero_de_conteneur(self.numero)
            except ValidationError as error:
                raise ValidationError({"numero": error}) from None

    def derive(self):
        self.numero = numero_de_conteneur(self.numero)
        super().derive()


class ConteneurLog(LogEntry):
    conteneur = models.ForeignKey(Conteneur, on_delete=models.CASCADE, related_name="logs")
