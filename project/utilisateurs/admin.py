from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.utils.translation import gettext_lazy as _

from .models import CustomUser

admin.site.site_header = admin.site.site_title = "Carnet"
admin.site.index_title = _("Administration")


@admin.register(CustomUser)
class CustomUserAdmin(UserAdmin):
    """Users are deactivated, not deleted; only a superuser makes or edits a superuser."""

    list_display = ["username", "first_name", "last_name", "email", "is_active", "last_login"]
    list_filter = ["is_active", "is_staff", "groups", "language"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = (
        *UserAdmin.fieldsets[:1],
        (_("Person"), {"fields": ("first_name", "last_name", "email", "language")}),
        *UserAdmin.fieldsets[2:],
    )
    autocomplete_fields = ["groups"]
    filter_horizontal = ["user_permissions"]

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def has_change_permission(self, request, obj=None):
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return False
