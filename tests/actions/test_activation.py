"""What is in use or no longer, made and edited: the same for every wing that declares it."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from django.urls import reverse

from project.audit.models import Batch
from tests.asking import act, picked, toasts, url_of
from tests.factories import (
    make_article,
    make_boutique,
    make_customer,
    make_driver,
    make_partner,
    make_terminal,
    make_transitaire,
)

pytestmark = pytest.mark.django_db


def articles(**fields):
    return make_article(make_boutique(), **fields)


class Kind(NamedTuple):
    """A kind of record: its desk, how to make one, its fields that name it and say it is in use."""

    slug: str
    make: Callable
    name: str
    in_use: str


KINDS = [
    Kind("customers", make_customer, "name", "is_active"),
    Kind("drivers", make_driver, "name", "is_active"),
    Kind("partners", make_partner, "name", "is_active"),
    Kind("articles", articles, "nom", "est_actif"),
    Kind("boutiques", make_boutique, "nom", "est_actif"),
    Kind("terminaux", make_terminal, "nom_terminal", "est_actif"),
    Kind("transitaires", make_transitaire, "name", "is_active"),
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.slug)
def kind(request):
    return request.param


def state(kind, records):
    for record in records:
        record.refresh_from_db()
    return [getattr(record, kind.in_use) for record in records]


@pytest.mark.parametrize(("name", "after"), [("activate", True), ("deactivate", False)])
def test_what_is_so_already_is_told_as_nothing_to_do(boss, kind, name, after):
    records = [kind.make(**{kind.in_use: not after}), kind.make(**{kind.in_use: after})]
    response = act(boss, url_of(name, kind.slug), picked(*records))
    assert state(kind, records) == [after, after]
    batch = Batch.objects.get(action__endswith=f".{name}")
    refusal = batch.refusals.get()
    assert (refusal.object_id, refusal.idle) == (records[1].pk, True)
    [toast] = toasts(response)
    assert toast.endswith(f"1 already {'active' if after else 'inactive'}: nothing to do.")
    assert "refused" not in toast


@pytest.mark.parametrize(("name", "after"), [("activate", True), ("deactivate", False)])
def test_it_is_undone_with_log_and_history(boss, gestion, kind, name, after):
    records = [kind.make(**{kind.in_use: not after}) for _ in range(2)]
    act(boss, url_of(name, kind.slug), picked(*records))
    done = Batch.objects.get(action__endswith=f".{name}")
    assert boss.post(reverse("undo", args=[done.pk])).status_code == 302
    assert state(kind, records) == [not after] * 2
    for record in records:
        line = record.logs.get(batch=done.undone_by)
        assert (line.user, line.changes) == (gestion, {kind.in_use: [after, not after]})
        assert record.history.get(batch_id=done.undone_by.pk).version == record.version == 3


def test_an_edit_is_undone_by_the_same_save(boss, gestion, kind):
    record = kind.make()
    former = getattr(record, kind.name)
    setattr(record, kind.name, "Another name")
    batch = record.save(by=gestion)
    assert batch.action == f"{record._meta.app_label}.edit"
    boss.post(reverse("undo", args=[batch.pk]))
    record.refresh_from_db()
    assert (getattr(record, kind.name), record.version) == (former, 3)
    line = record.logs.get(batch=batch.undone_by)
    assert (line.changes, line.batch.reason) == ({kind.name: ["Another name", former]}, "Undo")


def test_what_was_made_is_discarded_by_taking_it_out_of_use(boss, kind):
    record = kind.make()
    made = record.logs.get().batch
    boss.post(reverse("undo", args=[made.pk]))
    assert state(kind, [record]) == [False]
    assert made.undone_by.reason == "Created by mistake"


def test_a_desk_that_is_none_is_not_found(boss):
    assert boss.post(url_of("activate", "nothing")).status_code == 404
    assert boss.get(reverse("saved-filters", args=["nothing"])).status_code == 404
