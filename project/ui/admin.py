from django.contrib import admin


class ReadOnly:
    """For what is written by the house alone."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):
    """Log lines, batches, number ranges…"""

    show_full_result_count = False


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    """The lines of an invoice, of an order…: seen by whoever may see what they belong to."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request, obj=None):
        whole = self.parent_model._meta
        return request.user.has_perm(f"{whole.app_label}.view_{whole.model_name}")
