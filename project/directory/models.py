"""The parties: who travels and pays, who drives, and who drives for us."""

from django.conf import settings
from django.core.validators import MaxLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from project.audit.models import HistoryOfBatch, LogEntry, RecordedModel
from project.search.text import normalise

from .querysets import LONGEST_SORT_NAME, PartyQuerySet, sort_name_of

phone_validator = RegexValidator(
    r"^\+?[0-9][0-9 ().-]{4,30}$",
    _("A phone number has digits, spaces and an optional leading +."),
)


class Party(RecordedModel):
    """What customers, drivers and partners have in common."""

    name = models.CharField(_("name"), max_length=120)
    phone = models.CharField(_("phone"), max_length=32, blank=True, validators=[phone_validator])
    email = models.EmailField(_("e-mail"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    notes = models.TextField(_("notes"), blank=True)
    search_text = models.TextField(editable=False, default="")
    sort_name = models.CharField(max_length=LONGEST_SORT_NAME, editable=False, default="")

    quiet_fields = frozenset({"search_text", "sort_name"})
    # What free search looks into, in this order.
    searched = ("name", "email", "phone")

    objects = PartyQuerySet.as_manager()

    class Meta(RecordedModel.Meta):
        abstract = True
        ordering = ["sort_name", "id"]

    def __str__(self):
        return self.name

    def derive(self):
        self.search_text = normalise(*(getattr(self, name) for name in self.searched))
        self.sort_name = sort_name_of(self.name)

    def get_absolute_url(self):
        return reverse(f"directory:{self._meta.model_name}", args=[self.pk])

    def get_edit_url(self):
        return reverse(f"directory:{self._meta.model_name}-edit", args=[self.pk])


def list_indexes(prefix):
    """The sorts that the lists offer, each served by an index, for active and inactive parties."""
    return [
        models.Index(fields=[field, "id"], name=f"{prefix}_{name}_{field}", condition=condition)
        for name, condition in (("on", Q(is_active=True)), ("off", Q(is_active=False)))
        for field in ("sort_name", "created_at")
    ]


class Customer(Party):
    """A person or a company that orders rides and is billed for them."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", _("Company")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PERSON)
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    billing_address = models.TextField(
        _("billing address"), blank=True, validators=[MaxLengthValidator(1000)]
    )

    searched = ("name", "email", "phone", "billing_address")

    history = HistoricalRecords(
        bases=[HistoryOfBatch], excluded_fields=["search_text", "sort_name"]
    )

    class Meta(Party.Meta):
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = list_indexes("customer")
        permissions = [
            ("activate_customer", _("Can activate customers")),
            ("deactivate_customer", _("Can deactivate customers")),
        ]
        constraints = [
            models.CheckConstraint(
                name="customer_kind_known", condition=Q(kind__in=["person", "company"])
            ),
            models.CheckConstraint(name="customer_has_a_name", condition=~Q(name="")),
        ]


class Driver(Party):
    """Someone of the house who drives."""

    licence_number = models.CharField(_("licence number"), max_length=40, blank=True)

    searched = ("name", "email", "phone", "licence_number")

    history = HistoricalRecords(
        bases=[HistoryOfBatch], excluded_fields=["search_text", "sort_name"]
    )

    class Meta(Party.Meta):
        verbose_name = _("driver")
        verbose_name_plural = _("drivers")
        indexes = list_indexes("driver")
        permissions = [
            ("activate_driver", _("Can activate drivers")),
            ("deactivate_driver", _("Can deactivate drivers")),
        ]
        constraints = [models.CheckConstraint(name="driver_has_a_name", condition=~Q(name=""))]


class Partner(Party):
    """An outside carrier that takes rides over."""

    contact_name = models.CharField(_("contact"), max_length=120, blank=True)

    searched = ("name", "contact_name", "email", "phone")

    history = HistoricalRecords(
        bases=[HistoryOfBatch], excluded_fields=["search_text", "sort_name"]
    )

    class Meta(Party.Meta):
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        indexes = list_indexes("partner")
        permissions = [
            ("activate_partner", _("Can activate partners")),
            ("deactivate_partner", _("Can deactivate partners")),
        ]
        constraints = [models.CheckConstraint(name="partner_has_a_name", condition=~Q(name=""))]


class CustomerLog(LogEntry):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="logs")


class DriverLog(LogEntry):
    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="logs")


class PartnerLog(LogEntry):
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="logs")
