from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from project.actions.admin import RecordedAdmin

from .models import Customer, Driver, Partner


class PartyAdmin(RecordedAdmin):
    list_display = ("name", "phone", "email", "is_active", "created_at")
    list_filter = ("is_active", "created_at")
    search_fields = ("name",)  # tells Django that there is a search; see below
    search_help_text = _("Name, phone, e-mail")
    readonly_fields = ("is_active", "created_at", "updated_at")
    ordering = ("sort_name", "id")

    def get_search_results(self, request, queryset, search_term):
        return queryset.search(search_term), False


@admin.register(Customer)
class CustomerAdmin(PartyAdmin):
    desk = "customers"
    list_display = ("name", "kind", "phone", "email", "is_active", "created_at")
    list_filter = ("is_active", "kind", "language", "created_at")


@admin.register(Driver)
class DriverAdmin(PartyAdmin):
    desk = "drivers"


@admin.register(Partner)
class PartnerAdmin(PartyAdmin):
    desk = "partners"
