from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from project import money
from project.actions.admin import RecordedAdmin, VersionedForm
from project.ui.admin import ReadOnlyAdmin
from project.ui.formats import Counted

from . import services
from .forms import StopsField, TellOfSaveField
from .models import Booking, BookingLog, Series
from .queries import free_search


class BookingAdminForm(VersionedForm):
    """The same checks as the desk's form, told at their field."""

    stops = StopsField(label=_("Stops on the way"), required=False)
    tell = TellOfSaveField()

    class Meta:
        model = Booking
        exclude = ("driver", "partner")

    def check(self, record):
        if record.pk:
            services.check_edit(record)


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
        "settled_on",
        "settled_amount",
        "settled_by",
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
        save = services.edit if change else services.create
        save(obj, by=request.user, tell=form.cleaned_data["tell"])


@admin.register(Series)
class SeriesAdmin(ReadOnlyAdmin):
    """By which rules rides were made; the rides themselves change by their actions."""

    list_display = ("words", "origin", "starts_at", "zone", "follows", "created_at")
    list_display_links = ("words",)
    list_select_related = ("origin", "follows")
    ordering = ("-id",)
    search_fields = ("origin__reference",)
    fields = (
        "words",
        "rule",
        "origin",
        "starts_at",
        "zone",
        "excluded",
        "follows",
        "made_in",
        "created_at",
        "rides",
    )
    readonly_fields = ("words", "rides", "created_at")

    @admin.display(description=_("series"))
    def words(self, series):
        return str(series)

    @admin.display(description=_("occurrences"))
    def rides(self, series):
        """How many there are, and the way to them in the list of bookings."""
        url = reverse("admin:bookings_booking_changelist")
        count = series.occurrences.count()
        text = ngettext("%(n)s ride", "%(n)s rides", count) % {"n": Counted(count)}
        return format_html('<a href="{}?series__id__exact={}">{}</a>', url, series.pk, text)


@admin.register(BookingLog)
class BookingLogAdmin(ReadOnlyAdmin):
    list_display = ("timestamp", "booking", "user", "action")
    list_select_related = ("booking", "user")
    list_filter = ("timestamp",)
    ordering = ("-id",)
    search_fields = ("booking__reference",)
