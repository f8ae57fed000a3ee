from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from project import money
from project.actions.admin import RecordedAdmin, VersionedForm
from project.ui.admin import ReadOnlyAdmin

from . import services
from .forms import StopsField
from .models import Booking, BookingLog
from .queries import free_search


class BookingAdminForm(VersionedForm):
    """The same checks as the desk's form, told at their field."""

    stops = StopsField(label=_("Stops on the way"), required=False)

    class Meta:
        model = Booking
        exclude = ("driver", "partner")

    def _post_clean(self):
        super()._post_clean()
        if self.instance.pk and not self.errors:
            try:
                services.check_edit(self.instance)
            except ValidationError as refusal:
                self._update_errors(refusal)


@admin.register(Booking)
class BookingAdmin(RecordedAdmin):
    desk = "bookings"
    form = BookingAdminForm
    list_display = (
        "reference",
        "pickup_at",
        "passenger_name",
        "customer",
        "driver",
        "partner",
        "status",
        "amount",
    )
    list_select_related = ("customer", "driver", "partner")
    list_filter = (
        "status",
        "payment_state",
        "vehicle_class",
        "pickup_at",
        "billable",
        ("archived_at", admin.EmptyFieldListFilter),
        ("driver", admin.EmptyFieldListFilter),
    )
    search_fields = ("reference",)
    search_help_text = _("Reference, passenger, phone, address, customer")
    autocomplete_fields = ("customer",)
    readonly_fields = (
        "reference",
        "status",
        "driver",
        "partner",
        "archived_at",
        "cancelled_at",
        "cancelled_by",
        "cancellation_kind",
        "cancellation_reason",
        "billable",
        "fee",
        "round_trip",
        "leg",
    )
    ordering = ("-id",)

    @admin.display(description=_("price"), ordering="price")
    def amount(self, booking):
        return money.formatted(booking.price, booking.currency)

    def get_search_results(self, request, queryset, search_term):
        return free_search(queryset, search_term).queryset, False

    def write(self, request, obj, form, change):
        if change:
            services.edit(obj, by=request.user)
        else:
            services.create(obj, by=request.user)


@admin.register(BookingLog)
class BookingLogAdmin(ReadOnlyAdmin):
    list_display = ("timestamp", "booking", "user", "action")
    list_select_related = ("booking", "user")
    list_filter = ("timestamp",)
    ordering = ("-id",)
    search_fields = ("booking__reference",)
