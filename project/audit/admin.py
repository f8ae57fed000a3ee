from django.contrib import admin

from .models import Batch, NumberRange


class ReadOnlyAdmin(admin.ModelAdmin):
    """For what is written by the house alone: log lines, batches, number ranges."""

    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "action", "user", "changed", "refused", "reason")
    list_select_related = ("user",)
    list_filter = ("action", "created_at")
    search_fields = ("reason",)


@admin.register(NumberRange)
class NumberRangeAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "last")
