"""What base.html asks for. Worked out only where a template reads it, and without a statement."""

from django.utils.functional import SimpleLazyObject

from . import nav
from .toasts import toasts_of


def shell(request):
    return {
        "shell": SimpleLazyObject(lambda: frame(request)),
        "toasts": SimpleLazyObject(lambda: toasts_of(request)),
    }


def frame(request):
    known = getattr(request, "user", None) and request.user.is_authenticated
    return {"nav": nav.menu(request) if known else []}
