from django.contrib import admin

from project.ui.admin import ReadOnlyAdmin

from .models import Batch, NumberRange


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "action", "user", "changed", "refused", "reason")
    list_select_related = ("user",)
    list_filter = ("action", "created_at")
    search_fields = ("reason",)


@admin.register(NumberRange)
class NumberRangeAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "last")
