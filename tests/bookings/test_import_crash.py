"""A worker that dies in the middle of an import: what it wrote is written, and once."""

import signal
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from bookings.models import Booking, BookingLog
from project.exchange.imports import services
from project.exchange.imports.models import Chunk, Import
from project.exchange.imports.rows import State
from project.jobs.models import Progress
from project.jobs.models import State as JobState
from project.jobs.services import cancel
from project.utilisateurs.groups import BUREAU, GESTION
from tests.bookings.importing import row_for, states, take
from tests.factories import make_booking, make_customer, make_driver, make_user
from tests.jobs.conftest import Site, site
from tests.jobs.waiting import wait_for

__all__ = ["Site", "site"]

ROWS = 240


def test_killed_and_resumed_it_doubles_no_row_and_loses_none(site, monkeypatch):
    user = make_user("awa", groups=[BUREAU])
    customer = make_customer("Hôtel Téranga")
    ride = make_booking(customer=customer, price=1)
    monkeypatch.setattr(services, "CHUNK", 10)
    rows = [row_for(Passager=f"Passager {number}", Référence="") for number in range(ROWS - 1)]
    item = take(user, *rows, {**row_for(), "Référence": ride.reference, "Prix": 2})
    progress = services.confirm(item)

    worker = site.start_worker()
    wait_for(lambda: Progress.objects.get(pk=progress.pk).done >= 30)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    found = states(item)
    written = found.count(State.WRITTEN)
    assert 0 < written < ROWS, "it was killed in the middle"
    assert Booking.objects.count() - 1 == written
    assert BookingLog.objects.filter(action_code="bookings.imported").count() == written

    site.start_worker(stale_after=1)
    wait_for(lambda: Progress.objects.get(pk=progress.pk).is_finished)
    assert states(item) == [State.WRITTEN] * ROWS
    names = Booking.objects.exclude(pk=ride.pk).values_list("passenger_name", flat=True)
    assert sorted(names) == sorted(row["Passager"] for row in rows)
    ride.refresh_from_db()
    assert (ride.price, ride.version) == (2, 2)
    changed = Import.objects.get(pk=item.pk).batches.values_list("batch__changed", flat=True)
    assert sum(changed) == ROWS


def test_stopped_it_says_what_is_written_and_goes_on_from_there(site, client, monkeypatch):
    """On SQLite whoever asks for that needs the lock which the job takes chunk after chunk."""
    user = make_user("awa", groups=[BUREAU], language="en")
    make_customer("Hôtel Téranga")
    monkeypatch.setattr(services, "CHUNK", 10)
    rows = [row_for(Passager=f"Passager {number}") for number in range(ROWS)]
    item = take(user, *rows)
    progress = services.confirm(item)
    site.start_worker()
    wait_for(lambda: Progress.objects.get(pk=progress.pk).done >= 20)
    cancel(progress)
    wait_for(lambda: Progress.objects.get(pk=progress.pk).is_finished)

    progress.refresh_from_db()
    written = Booking.objects.count()
    assert (progress.state, progress.done) == (JobState.CANCELLED, written)
    assert 20 <= written < ROWS / 2, "it heard of it at once"
    assert states(item).count(State.WRITTEN) == written
    said = f"{written} rows written. {ROWS - written} rows are not written."
    client.force_login(user)
    for page in (progress, item):
        shown = client.get(page.get_absolute_url()).content.decode()
        assert said in shown and "Stopped" in shown
        assert item.get_absolute_url() in shown

    again = services.confirm(item)
    wait_for(lambda: Progress.objects.get(pk=again.pk).is_finished)
    assert (states(item), Booking.objects.count()) == ([State.WRITTEN] * ROWS, ROWS)


@pytest.mark.postgresql
def test_killed_before_its_second_try_it_moves_each_ride_once(site, monkeypatch):
    """Each ride takes the place of the next, which another chunk may hold: all but the last chunk
    are refused, and written together at the end."""
    user, driver = make_user("awa", groups=[GESTION]), make_driver("Ali")
    start, step = datetime(2027, 1, 1, tzinfo=UTC), timedelta(hours=2)
    rides = [make_booking(driver=driver, pickup_at=start + step * n) for n in range(40)]
    monkeypatch.setattr(services, "CHUNK", 5)
    moved = [
        {"Référence": ride.reference, "Départ": f"{ride.pickup_at + step:%Y-%m-%d %H:%M}"}
        for ride in rides
    ]
    item = take(user, *moved)
    progress = services.confirm(item)

    worker = site.start_worker()
    wait_for(lambda: Progress.objects.get(pk=progress.pk).done >= 5)
    with transaction.atomic():  # the second try waits for this chunk
        Chunk.objects.select_for_update().get(of=item, number=0)
        wait_for(lambda: Progress.objects.get(pk=progress.pk).done == len(rides))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert states(item) == [State.ERROR] * 35 + [State.WRITTEN] * 5

    site.start_worker(stale_after=1)
    wait_for(lambda: Progress.objects.get(pk=progress.pk).is_finished)
    assert states(item) == [State.WRITTEN] * len(rides)
    for ride in rides:
        now = Booking.objects.get(pk=ride.pk)
        assert (now.pickup_at, now.version) == (ride.pickup_at + step, 2)
        assert now.logs.count() == now.history.count() == 2
    changed = Import.objects.get(pk=item.pk).batches.values_list("batch__changed", flat=True)
    assert sum(changed) == len(rides)
