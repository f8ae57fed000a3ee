"""What base.html asks for, worked out only where a template reads it.

Nothing here takes a statement; the parts that other rooms register may.
"""

from functools import partial

from django.utils.functional import SimpleLazyObject

from . import nav
from .toasts import toasts_of

_parts = {}


def register(name, part):
    """Add to the frame what another room shows there: `shell.<name>` is `part(request)`.

    Worked out where a template reads it, for those who are signed in.
    """
    _parts[name] = part


def shell(request):
    return {
        "shell": SimpleLazyObject(lambda: frame(request)),
        "toasts": SimpleLazyObject(lambda: toasts_of(request)),
    }


def frame(request):
    known = getattr(request, "user", None) and request.user.is_authenticated
    parts = {name: SimpleLazyObject(partial(part, request)) for name, part in _parts.items()}
    return {**(parts if known else {}), "nav": nav.menu(request) if known else []}
