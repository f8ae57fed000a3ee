"""A batch knows whether it gives again what an undo took back."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from project.audit.models import Batch
from project.audit.recorder import open_batch
from tests.factories import make_booking, make_user

pytestmark = pytest.mark.django_db
migration = import_module("project.audit.migrations.0003_batch_redo")


def undone_and_undone(times):
    """A batch, the one that undoes it, the one that undoes that, …"""
    user, batches = make_user("awa"), [None]
    for _time in range(times):
        batches.append(open_batch("bookings.edit", type(make_booking()), user, undo_of=batches[-1]))
    return batches[1:]


def test_every_second_undo_is_a_redo():
    redos = [batch.redo for batch in undone_and_undone(6)]
    assert redos == [False, False, True, False, True, False]


def test_those_that_were_there_are_told_apart_likewise():
    batches = undone_and_undone(6)
    Batch.objects.update(redo=False)
    migration.tell_redos(apps, SimpleNamespace(connection=connection))
    for batch in batches:
        batch.refresh_from_db()
    assert [batch.redo for batch in batches] == [False, False, True, False, True, False]
