"""A worker that dies in the middle of an import: what it wrote is written, and once."""

import signal

from bookings.models import Booking, BookingLog
from project.exchange.imports import services
from project.exchange.imports.models import Import
from project.exchange.imports.rows import State
from project.jobs.models import Progress
from project.utilisateurs.groups import BUREAU
from tests.bookings.importing import row_for, states, take
from tests.factories import make_booking, make_customer, make_user
from tests.jobs.conftest import Site, site
from tests.jobs.waiting import wait_for

__all__ = ["Site", "site"]

ROWS = 600


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
