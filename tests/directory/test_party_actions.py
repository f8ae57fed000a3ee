from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings.states import Status
from project.audit.models import Batch
from project.directory.services import ACTIVATION
from tests.asking import act, picked, url_of
from tests.factories import make_booking, make_user

pytestmark = pytest.mark.django_db


def post(client, slug, name, parties, **data):
    return act(client, url_of(name, slug), picked(*parties) | data)


def active(parties):
    for party in parties:
        party.refresh_from_db()
    return [party.is_active for party in parties]


def ride_of(kind, party, **fields):
    return make_booking(**{kind: party}, **fields)


def test_it_deactivates_many_in_one_batch_with_log_and_history(client, office, slug, make):
    parties = [make() for _ in range(3)]
    post(client, slug, "deactivate", parties, reason="Season over")
    assert active(parties) == [False] * 3
    batch = Batch.objects.get(action="directory.deactivate")
    assert (batch.changed, batch.refused, batch.user, batch.reason) == (3, 0, office, "Season over")
    for party in parties:
        line = party.logs.latest("pk")
        assert (line.batch, line.changes) == (batch, {"is_active": [True, False]})
        assert party.history.latest().history_change_reason == "Season over"
        assert party.version == 2


def test_it_names_what_it_leaves_alone(client, office, slug, make):
    parties = [make(), make(is_active=False)]
    post(client, slug, "deactivate", parties)
    batch = Batch.objects.get(action="directory.deactivate")
    assert (batch.changed, batch.refused) == (1, 1)
    assert batch.refusals.get().object_id == parties[1].pk
    assert parties[1].logs.count() == 1


def test_it_refuses_who_still_has_rides_to_come(client, office, slug, kind, make):
    busy, free = make(), make()
    ride_of(kind, busy)
    post(client, slug, "deactivate", [busy, free])
    assert active([busy, free]) == [True, False]
    assert Batch.objects.latest("created_at").refusals.get().code == "rides_to_come"


@pytest.mark.parametrize(
    "ride",
    [
        {"pickup_at": timezone.now() - timedelta(days=1)},
        {"status": Status.CANCELLED},
    ],
    ids=["over", "cancelled"],
)
def test_rides_that_are_not_to_come_hold_nobody(client, office, slug, kind, make, ride):
    party = make()
    ride_of(kind, party, **ride)
    post(client, slug, "deactivate", [party])
    assert active([party]) == [False]


def test_it_activates_again(client, office, slug, make):
    parties = [make(is_active=False), make()]
    post(client, slug, "activate", parties)
    assert active(parties) == [True, True]
    batch = Batch.objects.get(action="directory.activate")
    assert (batch.changed, batch.refused) == (1, 1)


@pytest.mark.parametrize("name", ["activate", "deactivate"])
def test_it_can_be_undone(client, office, slug, make, name):
    parties = [make(is_active=name == "deactivate") for _ in range(2)]
    before = active(parties)
    post(client, slug, name, parties)
    assert active(parties) != before
    client.post(reverse("undo", args=[Batch.objects.get(action=f"directory.{name}").pk]))
    assert active(parties) == before


def test_an_undo_respects_the_rides_booked_since(client, office, slug, kind, make):
    parties = [make(is_active=False), make(is_active=False)]
    post(client, slug, "activate", parties)
    ride_of(kind, parties[0])
    client.post(reverse("undo", args=[Batch.objects.get(action="directory.activate").pk]))
    assert active(parties) == [True, False]


@pytest.mark.parametrize("name", ["activate", "deactivate"])
def test_it_takes_the_permission(client, slug, make, name):
    party = make()
    client.force_login(make_user())
    assert client.post(url_of(name, slug), picked(party)).status_code == 403
    assert active([party]) == [True]


def test_the_dialog_says_what_will_be_refused_by_the_same_rule(client, office, slug, kind, make):
    busy, free = make(), make()
    ride_of(kind, busy)
    asked = client.post(url_of("deactivate", slug), picked(busy, free))
    preview = asked.context["preview"]
    assert (preview.total, preview.ready) == (2, 1)
    assert [(reason.code, reason.count) for reason in preview.refused] == [("rides_to_come", 1)]
    assert active([busy, free]) == [True, True]


@pytest.mark.parametrize("name", ["activate", "deactivate"])
def test_its_statements_do_not_grow_with_the_selection(office, make, name):
    verb = getattr(ACTIVATION, name)
    first = make(is_active=name == "deactivate")
    for _ in range(20):
        make(is_active=name == "deactivate")
    model = type(first)
    counts = []
    for selection in (model.objects.filter(pk=first.pk), model.objects.exclude(pk=first.pk)):
        with CaptureQueriesContext(
            connection,
        ) as statements:
            outcome = verb(selection, by=office)
        counts.append((len(statements), outcome.changed))
    assert [changed for _, changed in counts] == [1, 20]
    assert counts[0][0] == counts[1][0] <= 15
