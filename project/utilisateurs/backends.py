from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import F, Func, IntegerField, OuterRef, Q, Subquery, TextField, Value
from django.db.models.functions import Concat


class Joined(Func):
    """All the rows' texts in one, a space between: a subquery of one row."""

    template = "STRING_AGG(%(expressions)s, ' ')"
    output_field = TextField()

    def as_sqlite(self, compiler, connection, **context):
        template = "GROUP_CONCAT(%(expressions)s, ' ')"
        return self.as_sql(compiler, connection, template=template, **context)


class CountUpTo(Subquery):
    """How many rows a queryset has, counted no further than `most`."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()

    def __init__(self, queryset, most):
        super().__init__(queryset.order_by().values("pk")[:most])


# What a number in the frame of a page is counted to: past 99 it reads "99+".
MOST_SHOWN = 100

_carried = {}


def carry(name, expression):
    """Read this with the user of every request, in the same statement, as an attribute `name`.

    For what the frame of every page shows: cheap, and served by an index.
    """
    _carried[name] = expression


class OneQueryBackend(ModelBackend):
    """Django's own backend, reading a user's and their groups' permissions in one statement.

    Who comes with a session is read together with them and with what is carried: one for all.
    """

    def get_user(self, user_id):
        users = get_user_model()._default_manager.annotate(granted=granted(), **_carried)
        user = users.filter(pk=user_id).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        if not user.is_superuser:
            user._perm_cache = set((user.granted or "").split())
        return user

    def get_all_permissions(self, user_obj, obj=None):
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            names = permissions_of(user_obj).values_list("content_type__app_label", "codename")
            user_obj._perm_cache = {f"{app}.{codename}" for app, codename in names.order_by()}
        return user_obj._perm_cache


def granted(**among):
    """What was granted to each user of a queryset, "app.codename" after "app.codename", `among`
    the permissions that this filter leaves; no word of what a superuser may. An expression."""
    name = Concat(F("content_type__app_label"), Value("."), F("codename"))
    permissions = granted_to(OuterRef(OuterRef("pk"))).filter(**among).order_by()
    return Subquery(permissions.values_list(Joined(name)))


def permissions_of(user):
    return Permission.objects.all() if user.is_superuser else granted_to(user.pk)


def granted_to(user):
    """The permissions of a user (a key or an expression), their own and their groups'."""
    own = get_user_model().user_permissions.through.objects.filter(customuser=user)
    groups = Permission.group_set.through.objects.filter(group__user=user)
    return Permission.objects.filter(
        Q(pk__in=own.values("permission")) | Q(pk__in=groups.values("permission"))
    )
