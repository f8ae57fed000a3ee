"""Buttons on pages that open the dialog of an action with some of its answers given."""

from dataclasses import dataclass
from typing import Any

from . import desk as desks


@dataclass(frozen=True, slots=True)
class Request:
    """A button that opens the dialog of an action: its label, its address, and what it sends; of a
    list, each value."""

    label: Any
    url: str
    fields: dict

    @property
    def pairs(self):
        return [
            (name, each)
            for name, value in self.fields.items()
            for each in (value if isinstance(value, (list, tuple)) else (value,))
        ]


def of_filter(label, slug, name, query, user, **answers):
    """Asks for an action on all that a desk's filter finds; None where the user may not."""
    return _asked(label, slug, name, user, {"all": "1", "filter": query, **answers})


def of_record(label, slug, name, record, user, **answers):
    """Asks for an action on one record; None where the user may not."""
    return _asked(label, slug, name, user, {"pk": str(record.pk), **answers})


def _asked(label, slug, name, user, fields):
    desk = desks.get(slug)
    action = desk.action(name)
    if not (user.has_perm(desk.view_permission) and user.has_perm(action.permission)):
        return None
    return Request(label, desk.action_url(action), {**fields, "preview": "1"})
