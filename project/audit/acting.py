"""Who is acting now, for the paths that don't say so: `.save()` in the admin or a script.

Services take `by` explicitly. This is the fallback that keeps a plain save from losing its author.
"""

from contextlib import contextmanager
from contextvars import ContextVar

_user = ContextVar("acting_user", default=None)


@contextmanager
def acting(user):
    """Run a block in the name of `user`."""
    token = _user.set(user if getattr(user, "is_authenticated", False) else None)
    try:
        yield
    finally:
        _user.reset(token)


def current_user():
    return _user.get()
