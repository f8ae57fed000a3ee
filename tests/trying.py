"""Doing something and taking it back."""

from contextlib import contextmanager

from django.db import transaction


@contextmanager
def rolled_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
