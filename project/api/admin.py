from django.contrib import admin

from project.actions.admin import RecordedAdmin

from . import services
from .models import Integration


@admin.register(Integration)
class IntegrationAdmin(RecordedAdmin):
    desk = "integrations"
    list_display = ("name", "is_active", "token_given_at")
    list_filter = ("is_active",)
    search_fields = ("name",)
    readonly_fields = ("user", "is_active", "token_given_at", "created_at", "updated_at")

    def write(self, request, obj, form, change):
        verb = services.edit if change else services.create
        verb(obj, by=request.user)
