"""A desk: a kind of record, its filter and its actions. Each wing registers its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, QueryDict
from django.urls import reverse

_desks = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the generic pages need to know about a kind of record.

    `filterset` is called as `filterset(QueryDict, user=…)`; its `.qs` is what matches and its
    `.is_valid()` tells. `label` is the model field that names a record to people, `record_url` maps
    (pk, that name) to its page; `hints` are fields (or paths to some) that tell which record it is.
    `forms` are the acts that have a page of their own instead of a dialog (create, edit): known
    here for their label and their undo. `discard` is the service that undoes the making of
    records, for whoever has `discard_permission`.
    """

    slug: str
    model: type
    actions: tuple
    filterset: Any
    list_url: str
    view_permission: str
    label: str
    record_url: Callable
    hints: tuple = ()
    forms: tuple = ()
    discard: Any = None
    discard_permission: str = ""

    @property
    def event(self):
        """The HTMX event that its lists listen to."""
        return f"{self.slug}-changed"

    def action(self, name):
        """The action with this name or code; KeyError if there is none."""
        for action in (*self.actions, *self.forms):
            if name in (action.name, action.code):
                return action
        raise KeyError(name)

    def labels(self):
        """{code: label} of all that can appear in a log."""
        return {action.code: action.label for action in (*self.actions, *self.forms)}

    def actions_for(self, user):
        return [action for action in self.actions if user.has_perm(action.permission)]

    def action_url(self, action):
        return reverse("action", args=[self.slug, action.name])

    def admit(self, user):
        """Raise PermissionDenied unless the user may see its records."""
        if not user.has_perm(self.view_permission):
            raise PermissionDenied(self.view_permission)

    def visible_to(self, user):
        """The records that the user may see."""
        records = self.model.objects.all()
        return records if user.has_perm(self.view_permission) else records.none()

    def matching(self, query, user):
        """The filter of the list's query string, applied; a FilterSet."""
        return self.filterset(QueryDict(query), user=user)


def register(desk):
    _desks[desk.slug] = desk


def get(slug):
    """The desk registered under `slug`; KeyError if there is none."""
    return _desks[slug]


def desk_of(slug, user):
    """The desk registered under `slug`, for whoever may see its records.

    Raises Http404 for none, PermissionDenied for who may not.
    """
    if slug not in _desks:
        raise Http404
    _desks[slug].admit(user)
    return _desks[slug]


def action_of(desk, name):
    """The action of a desk that has a dialog, by its name; raises Http404 for none."""
    try:
        action = desk.action(name)
    except KeyError:
        raise Http404 from None
    if action.service is None:
        raise Http404
    return action


def all_desks():
    return list(_desks.values())


def of_model(label):
    """The desk of a model, by its lower-case label ("bookings.booking"); KeyError if none."""
    if desk := known(label):
        return desk
    raise KeyError(label)


def known(label):
    """The desk of a model, or None."""
    desks = (desk for desk in _desks.values() if desk.model._meta.label_lower == label)
    return next(desks, None)
