"""One passenger ride: its fields, its indexes, and what must never be."""

from datetime import timedelta
from operator import itemgetter

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import ExpressionWrapper, F, Q, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from project import money
from project.audit import numbering
from project.audit.models import HistoryOfBatch, RecordedModel
from project.directory.models import Customer, Driver, Partner, phone_validator
from project.exchange.cells import LONGEST
from project.search.folding import Normalised, Texts
from project.search.text import folded_together, with_numbers

from ..querysets import LONGEST_RIDE, UNASSIGNED, BookingQuerySet, OrMinusOne
from ..states import (
    BILLABLE,
    CLOSED,
    OPEN,
    UNDER_WAY,
    CancellationKind,
    Leg,
    PaymentState,
    Status,
    VehicleClass,
)
from .round_trip import RoundTrip
from .series import Series

# Outside these years a pickup is a slip of the keyboard.
FIRST_YEAR, YEARS_AHEAD = 2000, 5

ACTIVE = Q(archived_at__isnull=True)
ARCHIVED = Q(archived_at__isnull=False)


# What search looks through, beside the stops.
WAY = ("pickup_address", "dropoff_address")
TOLD = (
    "reference",
    "passenger_name",
    "passenger_phone",
    "passenger_email",
    "transport_number",
)
SEARCHED = (*TOLD, *WAY)


# What an edit of a ride says, but for when it is and what makes it another ride.
FIELDS = (
    "duration_minutes",
    "passenger_name",
    "passenger_phone",
    "passenger_email",
    "passenger_count",
    "luggage_count",
    "transport_number",
    "pickup_address",
    "dropoff_address",
    "stops",
    "vehicle_class",
    "distance_km",
    "price",
    "payout",
    "driver_notes",
    "office_notes",
)
# What the pattern of a series says of each ride.
PATTERN = ("pickup_at", *FIELDS)
# What makes a ride an occurrence: of which series, for when that foresaw it, as which segment.
OCCURRENCE = ("series", "original_start", "planned_return")
OF_NO_SERIES = {"series": None, "original_start": None, "planned_return": False}
# What a copy takes over.
COPIED = ("customer", *FIELDS, "currency", "address_text")

# What a cancellation writes.
CANCELLATION = (
    "status",
    "status_before",
    "cancellation_kind",
    "cancellation_reason",
    "cancelled_at",
    "cancelled_by",
    "billable",
    "fee",
)


def ends_at(pickup_at, minutes):
    """The expected end as an expression."""
    minutes = ExpressionWrapper(minutes, output_field=models.IntegerField())
    length = ExpressionWrapper(
        minutes * Value(timedelta(minutes=1)), output_field=models.DurationField()
    )
    return ExpressionWrapper(pickup_at + length, output_field=models.DateTimeField())


def desk_indexes():
    """One index for each sort and each filter that the desk offers, for active and archived rides.

    Partial ones, so that the daily list never walks over years of archives. A sort or a filter
    without an index here is not offered.
    """
    served = {
        "pickup": ["pickup_at", "id"],
        "reference": ["reference", "id"],
        "status": ["status", "pickup_at", "id"],
        "customer": ["customer", "pickup_at", "id"],
        "driver": ["driver", "pickup_at", "id"],
        "partner": ["partner", "pickup_at", "id"],
    }
    indexes = []
    for prefix, condition in (("active", ACTIVE), ("archived", ARCHIVED)):
        indexes += [
            models.Index(fields=fields, name=f"bk_{prefix}_{name}", condition=condition)
            for name, fields in served.items()
        ]
        indexes += [
            models.Index(OrMinusOne("price"), "id", name=f"bk_{prefix}_price", condition=condition),
            models.Index(
                fields=["pickup_at", "id"],
                name=f"bk_{prefix}_unassigned",
                condition=condition & Q(UNASSIGNED),
            ),
        ]
    return indexes


def amount_field(label, **options):
    return models.DecimalField(
        label,
        max_digits=14,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        **options,
    )


class Booking(RecordedModel):
    """One passenger ride. The two segments of a round trip share a `round_trip`."""

    reference = models.CharField(_("reference"), max_length=20, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="bookings",
        verbose_name=_("customer"),
        db_index=False,
    )
    passenger_name = models.CharField(_("passenger"), max_length=120)
    passenger_phone = models.CharField(
        _("passenger's phone"), max_length=32, blank=True, validators=[phone_validator]
    )
    passenger_email = models.EmailField(_("passenger's e-mail"), blank=True)
    passenger_count = models.PositiveSmallIntegerField(
        _("passengers"), default=1, validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    luggage_count = models.PositiveSmallIntegerField(
        _("pieces of luggage"), default=0, validators=[MaxValueValidator(199)]
    )
    transport_number = models.CharField(_("flight or train number"), max_length=20, blank=True)

    pickup_address = models.CharField(_("pickup"), max_length=255)
    dropoff_address = models.CharField(_("drop-off"), max_length=255)
    stops = models.JSONField(_("stops"), default=list, blank=True)
    pickup_at = models.DateTimeField(_("pickup time"))
    duration_minutes = models.PositiveIntegerField(
        _("expected duration (minutes)"),
        default=60,
        validators=[
            MinValueValidator(1),
            MaxValueValidator(int(LONGEST_RIDE.total_seconds() // 60)),
        ],
    )
    ends_at = models.DateTimeField(_("expected end"), editable=False)
    vehicle_class = models.CharField(
        _("vehicle class"), max_length=10, choices=VehicleClass, default=VehicleClass.SEDAN
    )
    distance_km = models.DecimalField(
        _("distance (km)"),
        max_digits=7,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )

    driver = models.ForeignKey(
        Driver,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bookings",
        verbose_name=_("driver"),
        db_index=False,
    )
    partner = models.ForeignKey(
        Partner,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bookings",
        verbose_name=_("partner"),
        db_index=False,
    )
    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.PENDING, editable=False
    )

    price = amount_field(_("price"))
    payout = amount_field(_("payout"))
    currency = models.CharField(
        _("currency"), max_length=3, choices=money.CHOICES, default=settings.CURRENCY
    )
    payment_state = models.CharField(
        _("customer's payment"), max_length=10, choices=PaymentState, default=PaymentState.UNPAID
    )

    driver_notes = models.TextField(
        _("notes for the driver"), blank=True, validators=[MaxLengthValidator(LONGEST)]
    )
    office_notes = models.TextField(
        _("notes for the office"), blank=True, validators=[MaxLengthValidator(LONGEST)]
    )

    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    # How it ended without the ride. `status_before` is what a restore goes back to.
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
    cancellation_kind = models.CharField(
        _("kind of cancellation"),
        max_length=10,
        choices=CancellationKind,
        blank=True,
        editable=False,
    )
    cancellation_reason = models.TextField(
        _("reason of the cancellation"), blank=True, editable=False
    )
    billable = models.BooleanField(_("billable all the same"), default=False, editable=False)
    fee = amount_field(_("fee"), editable=False)

    round_trip = models.ForeignKey(
        RoundTrip,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="segments",
        verbose_name=_("round trip"),
        editable=False,
    )
    leg = models.CharField(_("segment"), max_length=10, choices=Leg, blank=True, editable=False)

    # The series it is an occurrence of, when that foresaw it, and whether as the return of a round
    # trip that recurs: its key there, whatever happens to the ride itself, which may get a return
    # of its own or be paired as one.
    series = models.ForeignKey(
        Series,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="occurrences",
        verbose_name=_("series"),
        editable=False,
        db_index=False,  # the unique constraint has one
    )
    original_start = models.DateTimeField(_("planned start"), null=True, editable=False)
    planned_return = models.BooleanField(_("return"), default=False, editable=False)

    # The payout, validated: from then on the ride is locked until somebody reopens it.
    settled_amount = amount_field(_("payout paid"), editable=False)
    settled_on = models.DateField(_("payout paid on"), null=True, editable=False)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("payout validated by"),
        db_index=False,
    )

    search_text = models.TextField(editable=False, default="")
    address_text = models.TextField(editable=False, default="")

    objects = BookingQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[HistoryOfBatch],
        excluded_fields=["search_text", "address_text"],
        no_db_index=[
            "customer",
            "driver",
            "partner",
            "cancelled_by",
            "settled_by",
            "round_trip",
            "series",
            "reference",
        ],
    )

    quiet_fields = frozenset(
        {
            "search_text",
            "address_text",
            "ends_at",
            "planned_return",
            "status_before",
            "cancelled_at",
            "cancelled_by",
            "settled_by",
        }
    )

    amount_fields = frozenset({"price", "payout", "fee", "settled_amount"})

    class Meta(RecordedModel.Meta):
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["pickup_at", "id"]
        indexes = [
            *desk_indexes(),
            # Who is busy when, archived or not.
            models.Index(fields=["driver", "pickup_at", "ends_at"], name="bk_driver_busy"),
        ]
        permissions = [
            ("archive_booking", _("Can archive bookings")),
            ("unarchive_booking", _("Can unarchive bookings")),
            ("cancel_booking", _("Can cancel bookings")),
            ("restore_booking", _("Can restore cancelled bookings")),
            ("set_status_booking", _("Can change the status of bookings")),
            ("assign_booking", _("Can assign bookings")),
            ("unassign_booking", _("Can unassign bookings")),
            ("override_overlap_booking", _("Can go ahead in spite of a warning")),
            ("duplicate_booking", _("Can duplicate bookings")),
            ("recap_booking", _("Can read text recaps of bookings")),
            ("export_booking", _("Can export bookings to files")),
            ("print_booking", _("Can print bookings as PDF")),
            ("return_booking", _("Can create return rides")),
            ("pair_booking", _("Can pair bookings into round trips")),
            ("unpair_booking", _("Can unpair round trips")),
            ("settle_booking", _("Can validate payouts")),
            ("reopen_booking", _("Can reopen validated payouts")),
            ("repeat_booking", _("Can make bookings recur")),
            ("import_booking", _("Can import bookings from files")),
        ]
        constraints = [
            models.CheckConstraint(
                name="booking_driver_or_partner",
                condition=Q(driver=None) | Q(partner=None),
            ),
            models.CheckConstraint(
                name="booking_someone_drives_it",
                condition=(~Q(status__in=UNDER_WAY) & ~Q(status_before__in=UNDER_WAY))
                | Q(driver__isnull=False)
                | Q(partner__isnull=False),
            ),
            models.CheckConstraint(
                name="booking_status_known", condition=Q(status__in=Status.values)
            ),
            models.CheckConstraint(
                name="booking_payment_state_known",
                condition=Q(payment_state__in=PaymentState.values),
            ),
            models.CheckConstraint(
                name="booking_vehicle_class_known",
                condition=Q(vehicle_class__in=VehicleClass.values),
            ),
            models.CheckConstraint(
                name="booking_ends_after_it_starts",
                condition=Q(ends_at__gt=F("pickup_at"))
                & Q(duration_minutes__gte=1)
                & Q(duration_minutes__lte=int(LONGEST_RIDE.total_seconds() // 60)),
            ),
            models.CheckConstraint(
                name="booking_has_passengers", condition=Q(passenger_count__gte=1)
            ),
            models.CheckConstraint(
                name="booking_amounts_not_negative",
                condition=(Q(price__isnull=True) | Q(price__gte=0))
                & (Q(payout__isnull=True) | Q(payout__gte=0))
                & (Q(fee__isnull=True) | Q(fee__gte=0))
                & (Q(settled_amount__isnull=True) | Q(settled_amount__gte=0)),
            ),
            models.CheckConstraint(
                name="booking_distance_not_negative",
                condition=Q(distance_km__isnull=True) | Q(distance_km__gte=0),
            ),
            models.CheckConstraint(
                name="booking_currency_decimals",
                condition=money.has_currency_decimals("price", "payout", "fee", "settled_amount"),
            ),
            models.CheckConstraint(
                name="booking_paid_needs_price",
                condition=Q(payment_state=PaymentState.UNPAID)
                | Q(price__isnull=False)
                | Q(fee__isnull=False),
            ),
            models.CheckConstraint(
                name="booking_archived_is_closed",
                condition=ACTIVE | Q(status__in=CLOSED),
            ),
            models.CheckConstraint(
                name="booking_cancelled_whole",
                condition=(
                    Q(
                        status=Status.CANCELLED,
                        cancelled_at__isnull=False,
                        status_before__in=OPEN,
                        cancellation_kind__in=CancellationKind.values,
                    )
                    & ~Q(cancellation_reason="")
                )
                | (
                    ~Q(status=Status.CANCELLED)
                    & Q(
                        cancelled_at__isnull=True,
                        cancelled_by__isnull=True,
                        status_before="",
                        cancellation_kind="",
                        cancellation_reason="",
                    )
                ),
            ),
            models.CheckConstraint(
                name="booking_billable_has_fee",
                condition=Q(billable=False, fee__isnull=True)
                | Q(billable=True, fee__isnull=False, status__in=BILLABLE),
            ),
            models.CheckConstraint(
                name="booking_leg_with_round_trip",
                condition=Q(round_trip__isnull=True, leg="")
                | Q(round_trip__isnull=False, leg__in=Leg.values),
            ),
            models.UniqueConstraint(fields=["round_trip", "leg"], name="booking_one_of_each_leg"),
            models.CheckConstraint(
                name="booking_planned_by_its_series",
                condition=Q(**OF_NO_SERIES) | Q(series__isnull=False, original_start__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["series", "original_start", "planned_return"], name="booking_occurs_once"
            ),
            models.CheckConstraint(
                name="booking_settled_whole",
                condition=Q(
                    settled_amount__isnull=True, settled_on__isnull=True, settled_by__isnull=True
                )
                | (
                    Q(
                        settled_amount__isnull=False,
                        settled_on__isnull=False,
                        settled_by__isnull=False,
                    )
                    & (Q(driver__isnull=False) | Q(partner__isnull=False))
                ),
            ),
        ]

    def __str__(self):
        return self.reference

    def clean(self):
        changed = Booking.objects.filter(pk=self.pk).exclude(currency=self.currency)
        errors = faults_in(
            self.pickup_at,
            price=self.price,
            payout=self.payout,
            fee=self.fee,
            currency=self.currency,
            payment_state=self.payment_state,
            recoined=self.fee is not None and changed.exists(),
        )
        if errors:
            raise ValidationError(errors)

    def derive(self):
        if not self.reference:
            prefix = reference_prefix()
            self.reference = numbering.reference(prefix, numbering.allocate(prefix) + 1)
        vars(self).update(following(vars(self)))

    @classmethod
    def derived(cls, values):
        new, following = cls.with_values(values), {}
        if not values.keys().isdisjoint({"pickup_at", "duration_minutes"}):
            following["ends_at"] = ends_at(new("pickup_at"), new("duration_minutes"))
        stops = Texts(new("stops"))
        for name, sources in (("address_text", WAY), ("search_text", SEARCHED)):
            if not values.keys().isdisjoint({*sources, "stops"}):
                following[name] = Normalised(*map(new, sources), stops)
        return following

    def get_absolute_url(self):
        return reverse("bookings:detail", args=[self.reference])

    def get_edit_url(self):
        return reverse("bookings:edit", args=[self.reference])


def following(values):
    """What follows from the other fields of a ride: {field: value}."""
    way = folded_together(*way_of(values), *values["stops"])
    return {
        "ends_at": values["pickup_at"] + timedelta(minutes=values["duration_minutes"]),
        "address_text": with_numbers(way),
        "search_text": with_numbers(folded_together(*told_of(values), way)),
    }


way_of, told_of = itemgetter(*WAY), itemgetter(*TOLD)


def faults_in(pickup_at, *, price, payout, fee, currency, payment_state, recoined=False):
    """What can't be together in a ride: {field: ValidationError}. `recoined`: its currency is to be
    another than its fee has."""
    faults = {}
    last_year = timezone.localdate().year + YEARS_AHEAD
    if pickup_at and not FIRST_YEAR <= pickup_at.year <= last_year:
        faults["pickup_at"] = ValidationError(
            _("The year must be between %(first)s and %(last)s."),
            params={"first": FIRST_YEAR, "last": last_year},
        )
    if recoined:
        faults["currency"] = ValidationError(
            _("The fee is in another currency: restore the booking first.")
        )
    for name, amount in (("price", price), ("payout", payout)):
        try:
            money.check(amount, currency)
        except ValidationError as error:
            faults[name] = error
    if payment_state != PaymentState.UNPAID and price is None and fee is None:
        faults["price"] = ValidationError(_("An invoiced or paid booking needs a price."))
    return faults


def reference_prefix(at=None):
    """The series of references: R-26 in 2026, by the installation's calendar."""
    return f"R-{timezone.localtime(at):%y}"
