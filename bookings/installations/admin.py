from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from project.actions.admin import RecordedAdmin, VersionedForm
from project.ui.admin import ReadOnlyAdmin, ReadOnlyInline

from . import services
from .forms import SkillsField, WorkingHoursField
from .models import (
    Engineer,
    EngineerLog,
    Fitting,
    InstallationBooking,
    InstallationBookingLog,
    Leave,
    Order,
    OrderLine,
    OrderLog,
    Service,
    ServiceLog,
)


class EngineerAdminForm(VersionedForm):
    skills = SkillsField()
    working_hours = WorkingHoursField()


@admin.register(Engineer)
class EngineerAdmin(RecordedAdmin):
    desk = "engineers"
    form = EngineerAdminForm
    list_display = ("name", "region", "phone", "is_active")
    list_filter = ("is_active", "region")
    search_fields = ("name",)
    autocomplete_fields = ("user",)

    def get_search_results(self, request, queryset, search_term):
        return queryset.search(search_term), False


class OrderAdminForm(VersionedForm):
    """The same checks as the desk's form, told at their field."""

    def check(self, record):
        services.check_edit(record)


class LineInline(ReadOnlyInline):
    model = OrderLine


@admin.register(Order)
class OrderAdmin(RecordedAdmin):
    desk = "orders"
    form = OrderAdminForm
    inlines = (LineInline,)
    list_display = ("number", "created_at", "customer", "address", "status", "total", "currency")
    list_select_related = ("customer",)
    list_filter = ("status", "source", "created_at")
    search_fields = ("number",)
    search_help_text = _("Order, contact, address")
    autocomplete_fields = ("customer",)
    readonly_fields = (
        "number",
        "source",
        "total",
        "duration_minutes",
        "status",
        "cancelled_at",
        "cancelled_by",
        "cancellation_reason",
    )
    ordering = ("-id",)

    def get_search_results(self, request, queryset, search_term):
        return queryset.search(search_term), False

    def has_add_permission(self, request):
        return False  # an order is placed with its lines and services, on its own page

    def write(self, request, obj, form, change):
        services.edit(obj, by=request.user)


@admin.register(Service)
class ServiceAdmin(ReadOnlyAdmin):
    list_display = ("reference", "kind", "required_skill", "engineer", "status")
    list_select_related = ("engineer",)
    list_filter = ("status", "kind", "required_skill")


@admin.register(InstallationBooking)
class InstallationBookingAdmin(ReadOnlyAdmin):
    list_display = ("reference", "start", "engineer", "address", "status")
    list_select_related = ("engineer",)
    list_filter = ("status", "start")


@admin.register(Leave)
class LeaveAdmin(ReadOnlyAdmin):
    list_display = ("engineer", "first_day", "last_day", "reason")
    list_select_related = ("engineer",)


@admin.register(Fitting)
class FittingAdmin(ReadOnlyAdmin):
    list_display = ("serial_number", "vehicle_registration", "line")
    list_select_related = ("line",)


@admin.register(OrderLog, ServiceLog, InstallationBookingLog, EngineerLog)
class LogAdmin(ReadOnlyAdmin):
    list_display = ("timestamp", "user", "action")
    list_select_related = ("user",)
    list_filter = ("timestamp",)
    ordering = ("-id",)
