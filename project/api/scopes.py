"""What an integration may be allowed to do: each room registers its scopes from its `apps.py`."""

from dataclasses import dataclass
from typing import Any

_scopes = {}


@dataclass(frozen=True, slots=True)
class Scope:
    """A right as an integration has it ("orders:write"), and the permissions that it stands for.

    They are those that staff are asked for, so an action asks an integration as it asks anyone.
    """

    name: str
    label: Any
    permissions: tuple


def register(*scopes):
    _scopes.update((scope.name, scope) for scope in scopes)


def choices():
    """[(name, label)] of all scopes; asked late, since rooms register one after the other."""
    return [(scope.name, scope.label) for scope in _scopes.values()]


def labels(names):
    return [_scopes[name].label if name in _scopes else name for name in names]


def permissions(names):
    """The permissions of these scopes together; a scope that is no longer known has none."""
    known = (_scopes[name] for name in names if name in _scopes)
    return {permission for scope in known for permission in scope.permissions}
