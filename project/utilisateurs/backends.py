from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import Q


class OneQueryBackend(ModelBackend):
    """Django's own backend, reading a user's and their groups' permissions in one statement."""

    def get_all_permissions(self, user_obj, obj=None):
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            names = permissions_of(user_obj).values_list("content_type__app_label", "codename")
            user_obj._perm_cache = {f"{app}.{codename}" for app, codename in names.order_by()}
        return user_obj._perm_cache


def permissions_of(user):
    if user.is_superuser:
        return Permission.objects.all()
    own = user.user_permissions.through.objects.filter(customuser=user)
    groups = Permission.group_set.through.objects.filter(group__user=user)
    return Permission.objects.filter(
        Q(pk__in=own.values("permission")) | Q(pk__in=groups.values("permission"))
    )
