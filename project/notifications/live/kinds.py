"""Which changes are told, to whom, and what a user may switch off.

Each room that owns records registers them here from its `apps.py`; nothing here knows a wing.
"""

from collections.abc import Callable
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
class Page:
    """A page of such records that is told of changes on its own account: also to those who may not
    see the desk, and then only of what concerns them.

    `concerned` (keys of batches, keys of users) is {batch's key: those of the users}; `shows`
    (user, what the page says of itself) gives the records that it shows by now, or raises
    PermissionDenied.
    """

    slug: str
    permission: str  # whoever has it is told of what concerns them
    concerned: Callable
    shows: Callable
    changed: Any  # what it is told, in words


@dataclass(frozen=True, slots=True)
class Told:
    """Records whose changes are told: those of a desk. The last kind takes what no other names."""

    desk: Any
    kinds: tuple
    page: Page | None = None

    @property
    def permission(self):
        return self.desk.view_permission

    def kind_of(self, code):
        return next((kind for kind in self.kinds if code in kind.codes), self.kinds[-1])

    def is_open_to(self, user):
        return user.has_perm(self.permission)


def register(desk, *kinds, page=None):
    """Tell the changes of this desk's records; `kinds` are what its users can switch off."""
    _told[desk.model._meta.label_lower] = Told(desk, kinds, page)


def told(model):
    """What is registered for a model, by its lower-case label; None for what is not told."""
    return _told.get(model)


def told_by_desk(slug):
    """What is registered for the desk with this slug; KeyError if nothing is."""
    for each in _told.values():
        if each.desk.slug == slug:
            return each
    raise KeyError(slug)


def told_to_page(slug):
    """What is registered for the page with this slug; None if nothing is."""
    return next((each for each in _told.values() if each.page and each.page.slug == slug), None)


def all_told():
    return tuple(_told.values())


def openings():
    """{slug of a desk or a page: the permissions of which any lets hear of it}."""
    found = {each.desk.slug: {each.permission} for each in _told.values()}
    pages = [each for each in _told.values() if each.page]
    return found | {each.page.slug: {each.permission, each.page.permission} for each in pages}


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
