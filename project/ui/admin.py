from django.contrib import admin


class ReadOnlyAdmin(admin.ModelAdmin):
    """For what is written by the house alone: log lines, batches, number ranges."""

    show_full_result_count = False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
