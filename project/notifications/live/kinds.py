"""Which changes are told, to whom, and what a user may switch off.

Each room that owns records registers them here from its `apps.py`; nothing here knows a wing.
"""

from dataclasses import dataclass
from typing import Any

from project.utilisateurs.backends import OneQueryBackend
from project.utilisateurs.models import CustomUser

MUTED = "muted"  # in a user's preferences: {kind: true} of what does not ring their bell

_told = {}


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of change that a user would name, and the codes of the actions that make it."""

    name: str
    label: Any
    codes: tuple = ()


@dataclass(frozen=True, slots=True)
class Told:
    """Records whose changes are told: those of a desk. The last kind takes what no other names."""

    desk: Any
    kinds: tuple

    @property
    def permission(self):
        return self.desk.view_permission

    def kind_of(self, code):
        return next((kind for kind in self.kinds if code in kind.codes), self.kinds[-1])

    def is_open_to(self, user):
        return user.has_perm(self.permission)


def register(desk, *kinds):
    """Tell the changes of this desk's records; `kinds` are what its users can switch off."""
    _told[desk.model._meta.label_lower] = Told(desk, kinds)


def told(model):
    """What is registered for a model, by its lower-case label; None for what is not told."""
    return _told.get(model)


def told_by_desk(slug):
    """What is registered for the desk with this slug; KeyError if nothing is."""
    for each in _told.values():
        if each.desk.slug == slug:
            return each
    raise KeyError(slug)


def all_told():
    return tuple(_told.values())


def open_to(user):
    """The models whose changes this user may know of."""
    return [model for model, each in _told.items() if each.is_open_to(user)]


def kinds_of(user):
    """The kinds that this user can switch, each once, in the order that rooms registered them."""
    kinds = {
        kind.name: kind for each in _told.values() if each.is_open_to(user) for kind in each.kinds
    }
    return list(kinds.values())


def muted_by(user):
    return set(user.preferences.get(MUTED, ()))


def who_may(permission):
    """The active users who have a permission, by themselves or by a group; a queryset."""
    return OneQueryBackend().with_perm(permission)


def who_muted(kind):
    """The users who switched this kind off; a queryset."""
    return CustomUser.objects.filter(**{f"preferences__{MUTED}__has_key": kind.name})
