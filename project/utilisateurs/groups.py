"""The three groups, and what each room of the house grants them.

A room registers its grants in apps.py; they are given after `migrate`, once the permissions exist.
Each grant is given once and remembered: what an administrator took away stays away, what they gave
by hand stays, and a permission that is new arrives at the next `migrate`.
"""

from django.apps import apps as installed_apps
from django.contrib.auth.management import create_permissions

BUREAU = "Bureau"  # the office: view, create, edit, act
GESTION = "Gestion"  # managers: all of that, and what is delicate
ADMINISTRATION = "Administration"  # everything

_registered = {}


def register(app_label, *, bureau=(), gestion=()):
    """Grant permissions of an app, by codename; `gestion` is what comes on top of `bureau`.

    Administration gets every permission of every app, without being told.
    """
    _registered[app_label] = {BUREAU: (*bureau,), GESTION: (*bureau, *gestion)}


def registered():
    """{app label: {group name: codenames}}."""
    return dict(_registered)


def grant_after_migrate(app_config, *, using, apps=installed_apps, **kwargs):
    """Give the groups what they were never given of this app; a post_migrate receiver."""
    try:
        Grant = apps.get_model("utilisateurs", "Grant")
    except LookupError:  # migrated back to before there were grants
        return
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    # Django makes them in a receiver of its own, which may come after this one.
    create_permissions(app_config, verbosity=0, using=using, apps=apps)
    permissions = Permission.objects.using(using).filter(content_type__app_label=app_config.label)
    offered = dict(permissions.values_list("codename", "pk"))
    if not offered:
        return
    given = set(
        Grant.objects.using(using)
        .filter(permission__in=offered.values())
        .values_list("group__name", "permission")
    )
    wanted = {ADMINISTRATION: tuple(offered), **_registered.get(app_config.label, {})}
    for name, codenames in wanted.items():
        # A codename that is not offered belongs to a model that this migrate took away.
        keys = [offered[codename] for codename in codenames if codename in offered]
        keys = [key for key in keys if (name, key) not in given]
        if not keys:
            continue
        group, _made = Group.objects.using(using).get_or_create(name=name)
        group.permissions.add(*keys)
        Grant.objects.using(using).bulk_create(
            [Grant(group_id=group.pk, permission_id=key) for key in keys]
        )
