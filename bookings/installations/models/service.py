"""What is to be done for an order, when and by whom, and what was fitted."""

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from inventory.models import Article
from project.audit.models import Batch, HistoryOfBatch, RecordedModel

from ..querysets import LONGEST_VISIT, InstallationBookingQuerySet, ServiceQuerySet
from ..states import PLANNED, EvidenceKind, Kind, Skill, Status
from .engineer import Engineer, InstallationsLog
from .order import Order, OrderLine, cancelled_whole

LONGEST_MINUTES = int(LONGEST_VISIT.total_seconds() // 60)


def duration_field():
    return models.PositiveIntegerField(
        _("duration (minutes)"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_MINUTES)],
    )


def engineer_of_planned(name):
    """The constraint that what is planned has an engineer, and what is pending has none."""
    return models.CheckConstraint(
        name=name,
        condition=Q(status=Status.PENDING, engineer__isnull=True)
        | Q(status__in=PLANNED, engineer__isnull=False)
        | Q(status=Status.CANCELLED),
    )


class Service(RecordedModel):
    """*What* is to be done for an order; an order has one or more, done in one visit."""

    reference = models.CharField(_("service"), max_length=24, unique=True, editable=False)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="services", verbose_name=_("order")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.INSTALLATION)
    required_skill = models.CharField(_("required skill"), max_length=20, choices=Skill)
    duration_minutes = duration_field()
    engineer = models.ForeignKey(
        Engineer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="services",
        verbose_name=_("engineer"),
    )
    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.PENDING, editable=False
    )
    status_before = models.CharField(
        _("status before"), max_length=12, choices=Status, blank=True, editable=False
    )
    notes = models.TextField(_("notes"), blank=True)

    quiet_fields = frozenset({"status_before"})

    objects = ServiceQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[HistoryOfBatch], no_db_index=["order", "engineer", "reference"]
    )

    class Meta(RecordedModel.Meta):
        verbose_name = _("service of an order")
        verbose_name_plural = _("services of orders")
        ordering = ["id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["status", "id"], name="service_status")]
        constraints = [
            models.CheckConstraint(
                name="service_status_known", condition=Q(status__in=Status.values)
            ),
            models.CheckConstraint(
                name="service_kind_and_skill_known",
                condition=Q(kind__in=Kind.values, required_skill__in=Skill.values),
            ),
            models.CheckConstraint(
                name="service_duration_sound",
                condition=Q(duration_minutes__gte=1, duration_minutes__lte=LONGEST_MINUTES),
            ),
            engineer_of_planned("service_engineer_once_scheduled"),
            cancelled_whole("service_cancelled_whole"),
        ]

    def __str__(self):
        return self.reference

    def get_absolute_url(self):
        return self.order.get_absolute_url()


class ServiceLog(InstallationsLog):
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="logs")


class InstallationBooking(RecordedModel):
    """*When* and *who*: the visit of an engineer for all services of an order.

    An order has one; taken out of the diary it is cancelled, and scheduling anew takes it up again.
    An engineer's bookings don't overlap: held under the lock of the engineer on both databases, and
    on PostgreSQL by an exclusion constraint besides (migration 0003).
    """

    order = models.OneToOneField(
        Order, on_delete=models.PROTECT, related_name="booking", verbose_name=_("order")
    )
    reference = models.CharField(_("booking"), max_length=20, unique=True, editable=False)
    engineer = models.ForeignKey(
        Engineer,
        on_delete=models.PROTECT,
        related_name="bookings",
        verbose_name=_("engineer"),
        db_index=False,
    )
    start = models.DateTimeField(_("start"))
    duration_minutes = duration_field()
    ends_at = models.DateTimeField(_("expected end"), editable=False)
    address = models.CharField(_("address"), max_length=255)
    status = models.CharField(
        _("status"),
        max_length=12,
        choices=[choice for choice in Status.choices if choice[0] != Status.PENDING],
        default=Status.SCHEDULED,
        editable=False,
    )
    status_before = models.CharField(
        _("status before"), max_length=12, choices=Status, blank=True, editable=False
    )
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    completed_at = models.DateTimeField(_("completed"), null=True, editable=False)

    quiet_fields = frozenset({"ends_at", "status_before", "reference"})

    objects = InstallationBookingQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[HistoryOfBatch], no_db_index=["order", "engineer", "reference"]
    )

    class Meta(RecordedModel.Meta):
        verbose_name = _("installation booking")
        verbose_name_plural = _("installation bookings")
        ordering = ["start", "id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["engineer", "start", "ends_at"], name="installation_busy"),
            models.Index(fields=["start", "id"], name="installation_start"),
            models.Index(fields=["status", "start", "id"], name="installation_status"),
        ]
        constraints = [
            models.CheckConstraint(
                name="installation_status_known",
                condition=Q(status__in=[*PLANNED, Status.CANCELLED]),
            ),
            models.CheckConstraint(
                name="installation_ends_after_it_starts",
                condition=Q(ends_at__gt=F("start"))
                & Q(duration_minutes__gte=1, duration_minutes__lte=LONGEST_MINUTES),
            ),
            models.CheckConstraint(name="installation_has_an_address", condition=~Q(address="")),
            models.CheckConstraint(
                name="installation_times_of_status",
                condition=Q(
                    status=Status.SCHEDULED, started_at__isnull=True, completed_at__isnull=True
                )
                | Q(status=Status.IN_PROGRESS, started_at__isnull=False, completed_at__isnull=True)
                | Q(status=Status.COMPLETED, started_at__isnull=False, completed_at__isnull=False)
                | Q(status=Status.CANCELLED),
            ),
            cancelled_whole("installation_cancelled_whole"),
        ]

    def __str__(self):
        return self.reference

    def derive(self):
        self.reference = self.order.number
        self.ends_at = self.start + timedelta(minutes=self.duration_minutes)

    @classmethod
    def derived(cls, values):
        if values.keys().isdisjoint({"start", "duration_minutes"}) or "ends_at" in values:
            return {}

        def new(name):
            value = values.get(name, F(name))
            if hasattr(value, "resolve_expression"):
                return value
            return Value(value, output_field=cls._meta.get_field(name))

        return {"ends_at": end_of(new("start"), new("duration_minutes"))}

    def get_absolute_url(self):
        return self.order.get_absolute_url()


def end_of(start, minutes):
    """The expected end as an expression."""
    minutes = ExpressionWrapper(minutes, output_field=models.IntegerField())
    length = ExpressionWrapper(
        minutes * Value(timedelta(minutes=1)), output_field=models.DurationField()
    )
    return ExpressionWrapper(start + length, output_field=models.DateTimeField())


class InstallationBookingLog(InstallationsLog):
    booking = models.ForeignKey(InstallationBooking, on_delete=models.CASCADE, related_name="logs")


class Fitting(models.Model):
    """One piece that was fitted: its serial number and the vehicle that has it now.

    A row of the act that noted it; one that is taken back names the act that did.
    """

    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="fittings", verbose_name=_("line")
    )
    # The line's own, so that the constraint can name it.
    article = models.ForeignKey(Article, on_delete=models.PROTECT, editable=False, related_name="+")
    serial_number = models.CharField(_("serial number"), max_length=60)
    vehicle_registration = models.CharField(_("vehicle registration"), max_length=20)
    noted_in = models.ForeignKey(Batch, on_delete=models.PROTECT, editable=False, related_name="+")
    voided_in = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("fitting")
        verbose_name_plural = _("fittings")
        ordering = ["id"]
        default_permissions = ()
        indexes = [models.Index(fields=["serial_number"], name="fitting_serial")]
        constraints = [
            models.CheckConstraint(
                name="fitting_whole", condition=~Q(serial_number="") & ~Q(vehicle_registration="")
            ),
            models.UniqueConstraint(
                name="fitting_stands_once",
                fields=["article", "serial_number"],
                condition=Q(voided_in__isnull=True),
            ),
        ]

    def __str__(self):
        return self.serial_number


class Evidence(models.Model):
    """What shows that the work was done: a photo, the customer's signature. Kept in the database,
    so that it is there if and only if the act is; where the act is taken back, it names what did.
    """

    booking = models.ForeignKey(
        InstallationBooking, on_delete=models.PROTECT, related_name="evidence"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=EvidenceKind)
    name = models.CharField(_("signed by"), max_length=120, blank=True)
    media_type = models.CharField(max_length=40)
    content = models.BinaryField()
    noted_in = models.ForeignKey(Batch, on_delete=models.PROTECT, editable=False, related_name="+")
    voided_in = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                name="evidence_kind_known", condition=Q(kind__in=EvidenceKind.values)
            )
        ]

    def __str__(self):
        return f"{self.kind} {self.booking_id}"
