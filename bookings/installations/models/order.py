"""What a customer ordered, with its lines of inventory articles and their prices."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from inventory.models import Article
from inventory.money import LARGEST
from project import money
from project.audit import numbering
from project.audit.models import HistoryOfBatch, RecordedModel
from project.directory.models import Customer, phone_validator
from project.search.text import normalise

from ..querysets import OrderQuerySet
from ..states import OPEN, Source, Status
from .engineer import InstallationsLog

MOST_PIECES = 10_000
SEARCHED = ("number", "contact_name", "contact_phone", "address", "vehicle_registration")


def prefix_of_orders(at=None):
    """The series of order numbers: IN-26 in 2026, by the installation's calendar."""
    return f"IN-{timezone.localtime(at):%y}"


def cancelled_whole(name, **whole):
    """The constraint that a record is cancelled from some status, or not at all; `whole` is what
    must hold besides, once it is."""
    return models.CheckConstraint(
        name=name,
        condition=(Q(status=Status.CANCELLED) & ~Q(status_before="") & Q(**whole))
        | (~Q(status=Status.CANCELLED) & Q(status_before="")),
    )


class Order(RecordedModel):
    """What a customer ordered. Its status is that of its services, and of its booking if it has
    one.

    While it is open, the articles of its lines are reserved (`queries.reserved`); when it is
    completed they leave the stock under its number.
    """

    number = models.CharField(_("order"), max_length=20, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="installation_orders",
        verbose_name=_("customer"),
        db_index=False,
    )
    contact_name = models.CharField(_("contact"), max_length=120, blank=True)
    contact_phone = models.CharField(
        _("contact's phone"), max_length=32, blank=True, validators=[phone_validator]
    )
    address = models.CharField(_("address"), max_length=255)
    region = models.CharField(_("region"), max_length=60, blank=True)
    vehicle_registration = models.CharField(_("vehicle"), max_length=20, blank=True)
    source = models.CharField(
        _("source"), max_length=10, choices=Source, default=Source.OFFICE, editable=False
    )
    notes = models.TextField(_("notes"), blank=True, validators=[MaxLengthValidator(2000)])
    currency = models.CharField(
        _("currency"), max_length=3, choices=money.CHOICES, default=settings.CURRENCY
    )
    total = models.DecimalField(
        _("total"), max_digits=14, decimal_places=3, default=0, editable=False
    )
    # The time that all its services take together.
    duration_minutes = models.PositiveIntegerField(
        _("duration (minutes)"), default=0, editable=False
    )
    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.PENDING, editable=False
    )
    status_before = models.CharField(
        _("status before"), max_length=12, choices=Status, blank=True, editable=False
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, editable=False)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("cancelled by"),
        db_index=False,
    )
    cancellation_reason = models.TextField(
        _("reason of the cancellation"), blank=True, editable=False
    )
    search_text = models.TextField(editable=False, default="")

    quiet_fields = frozenset({"search_text", "status_before", "cancelled_at", "cancelled_by"})
    amount_fields = frozenset({"total"})

    objects = OrderQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[HistoryOfBatch],
        excluded_fields=["search_text"],
        no_db_index=["customer", "cancelled_by", "number"],
    )

    class Meta(RecordedModel.Meta):
        verbose_name = _("installation order")
        verbose_name_plural = _("installation orders")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], name="order_created"),
            models.Index(fields=["status", "created_at", "id"], name="order_status"),
            models.Index(fields=["customer", "created_at", "id"], name="order_customer"),
        ]
        permissions = [
            ("schedule_order", _("Can schedule installations")),
            ("reschedule_order", _("Can reschedule installations")),
            ("reassign_order", _("Can give installations to another engineer")),
            ("unschedule_order", _("Can take installations out of the diary")),
            ("start_order", _("Can start installations")),
            ("complete_order", _("Can complete installations")),
            ("reopen_order", _("Can reopen completed installations")),
            ("cancel_order", _("Can cancel installation orders")),
            ("restore_order", _("Can restore cancelled installation orders")),
            ("export_order", _("Can export installation orders to files")),
            ("print_order", _("Can print installation orders as PDF")),
        ]
        constraints = [
            models.CheckConstraint(
                name="order_status_known", condition=Q(status__in=Status.values)
            ),
            models.CheckConstraint(name="order_has_an_address", condition=~Q(address="")),
            models.CheckConstraint(name="order_total_not_negative", condition=Q(total__gte=0)),
            models.CheckConstraint(name="order_total_fits", condition=Q(total__lt=LARGEST)),
            models.CheckConstraint(
                name="order_currency_decimals", condition=money.has_currency_decimals("total")
            ),
            cancelled_whole(
                "order_cancelled_whole", cancelled_at__isnull=False, status_before__in=OPEN
            ),
            models.CheckConstraint(
                name="order_cancelled_for_a_reason",
                condition=~Q(status=Status.CANCELLED) | ~Q(cancellation_reason=""),
            ),
            models.CheckConstraint(
                name="order_not_cancelled_whole",
                condition=Q(status=Status.CANCELLED)
                | Q(cancelled_at__isnull=True, cancelled_by__isnull=True, cancellation_reason=""),
            ),
        ]

    def __str__(self):
        return self.number

    def derive(self):
        if not self.number:
            prefix = prefix_of_orders()
            self.number = numbering.reference(prefix, numbering.allocate(prefix) + 1)
        self.search_text = normalise(
            *(getattr(self, name) for name in SEARCHED), self.customer.name
        )

    def get_absolute_url(self):
        return reverse("installations:order", args=[self.number])

    def get_edit_url(self):
        return reverse("installations:order-edit", args=[self.number])


class OrderLog(InstallationsLog):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="logs")


class OrderLine(models.Model):
    """So many of an article, at a price in the order's currency. Written with its order, for good.

    Of what is `serialised` each piece has its serial number noted when it is fitted.
    """

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="lines", verbose_name=_("order")
    )
    article = models.ForeignKey(
        Article, on_delete=models.PROTECT, related_name="+", verbose_name=_("article")
    )
    quantity = models.PositiveIntegerField(
        _("quantity"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_PIECES)],
    )
    unit_price = models.DecimalField(
        _("unit price"), max_digits=14, decimal_places=3, validators=[MinValueValidator(0)]
    )
    serialised = models.BooleanField(_("serial number noted"), default=True)

    class Meta:
        verbose_name = _("line of an order")
        verbose_name_plural = _("lines of orders")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["order", "article"], name="order_line_once"),
            models.CheckConstraint(
                name="order_line_sound",
                condition=Q(quantity__gte=1, quantity__lte=MOST_PIECES, unit_price__gte=0),
            ),
            models.CheckConstraint(
                name="order_line_price_fits", condition=Q(unit_price__lt=LARGEST)
            ),
        ]

    def __str__(self):
        return f"{self.quantity} × {self.article_id}"

    @property
    def amount(self):
        return self.quantity * self.unit_price

    def clean(self):
        if self.unit_price is not None and self.order_id:
            try:
                money.check(self.unit_price, self.order.currency)
            except ValidationError as error:
                raise ValidationError({"unit_price": error}) from None
