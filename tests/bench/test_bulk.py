"""Bulk actions against the same work by hand: one UPDATE and two INSERT…SELECT in raw SQL, a third
where customers are told.

Every run commits. The two ways take turns on the two halves of the bookings, and the fastest of
four runs each counts. Memory is the anonymous part of the process (what SQLite maps of its file is
the kernel's cache, not ours).
"""

import threading
import time
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import F, Max, Min, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import changes, payouts, services
from bookings.changes import To
from bookings.models import Booking
from bookings.models.booking import ends_at
from bookings.seed import seed_bookings
from bookings.states import CancellationKind, PaymentState, Status
from project.audit.models import Batch
from project.directory.models import Partner
from tests.factories import make_customer, make_driver, make_partner, make_user

pytestmark = pytest.mark.django_db(transaction=True)

BAR = 1.5
# Above it, some statement looks through all rows for each of them: 8 to 30 with 2,000 of them.
QUADRATIC = 10
MOST_STATEMENTS = 20
MOST_MEGABYTES = 60
CONFIRMED = {
    "status": Status.CONFIRMED,
    "status_before": "",
    "cancelled_at": None,
    "cancelled_by": None,
    "cancellation_kind": "",
    "cancellation_reason": "",
    "billable": False,
    "fee": None,
    "archived_at": None,
    "settled_amount": None,
    "settled_on": None,
    "settled_by": None,
    "driver": None,
    "partner": None,
}
COMPLETED = CONFIRMED | {"status": Status.COMPLETED}


@pytest.fixture
def population(bench):
    """(user, partner, both halves as id ranges): 200,000 bookings, or a fifth of the rows."""
    call_command("flush", interactive=False, verbosity=0)  # what lists and searches shared
    user, partner = make_user("bench", is_superuser=True), make_partner()
    for _ in range(20):
        make_customer(email="bench@example.org")
        make_driver()
    total = 200_000 if bench.full else max(bench.rows // 5, 1_000)
    seed_bookings(total, seed=1)
    ends = Booking.objects.aggregate(first=Min("pk"), last=Max("pk"))
    middle = (ends["first"] + ends["last"] + 1) // 2
    return user, partner, ((ends["first"], middle - 1), (middle, ends["last"]))


def verbs(user, partner):
    """name: (state before, service, answers, SET of the same by hand, log of the same by hand)."""
    now = timezone.now()
    someone = (partner or Partner(pk=0)).pk
    cancel = (
        CONFIRMED,
        services.cancel,
        {"kind": CancellationKind.CUSTOMER, "reason": "Storm"},
        (
            "status_before = status, status = 'cancelled', cancellation_kind = 'customer', "
            "cancellation_reason = 'Storm', cancelled_at = %s, cancelled_by_id = %s, "
            "billable = %s, fee = NULL",
            [now, user.pk, False],
        ),
        {
            "status": "'cancelled'",
            "cancellation_kind": "'customer'",
            "cancellation_reason": "'Storm'",
            "billable": "false",
            "fee": "NULL",
        },
    )
    change = (
        CONFIRMED | {"payment_state": PaymentState.UNPAID, "price": 5000},
        changes.change,
        {"values": {"price": To(Decimal(7777))}},
        ("price = %s", [7777]),
        {"price": "'7777'"},
    )
    later = {
        "postgresql": "pickup_at + interval '45 minutes'",
        "sqlite": "datetime(pickup_at, '+45 minutes')",
    }
    move = (
        CONFIRMED | {"duration_minutes": 30, "ends_at": ends_at(F("pickup_at"), Value(30))},
        changes.change,
        {"values": {"duration_minutes": To(45)}},
        (f"duration_minutes = 45, ends_at = {later[connection.vendor]}", []),
        {"duration_minutes": "45"},
    )
    return {
        "cancel": cancel,
        "cancel and tell": told_of(cancel),
        "archive": (
            COMPLETED | {"partner": partner},
            services.archive,
            {},
            ("archived_at = %s", [now]),
            {"archived_at": f"'{now:%Y-%m-%d %H:%M:%S}'"},
        ),
        "status": (
            CONFIRMED | {"partner": partner},
            services.set_status,
            {"status": Status.IN_PROGRESS},
            ("status = 'in_progress', billable = %s, fee = NULL", [False]),
            {"status": "'in_progress'", "billable": "false", "fee": "NULL"},
        ),
        "assign": (
            CONFIRMED,
            services.assign,
            {"partner": partner},
            ("driver_id = NULL, partner_id = %s", [someone]),
            {"driver_id": "NULL", "partner_id": str(someone)},
        ),
        "change": change,
        "change and tell": told_of(change),
        "move and tell": told_of(move),
        "settle": (
            COMPLETED | {"partner": partner, "payout": 5000},
            payouts.settle,
            {"date": now.date()},
            (
                "settled_amount = payout, settled_on = %s, settled_by_id = %s",
                [now.date(), user.pk],
            ),
            {
                "settled_amount": "payout",
                "settled_on": f"'{now:%Y-%m-%d}'",
                "settled_by_id": str(user.pk),
            },
        ),
    }


def told_of(verb):
    """The same, with a message to each customer."""
    state, service, answers, *hand = verb
    return state, service, answers | {"tell": True}, *hand


def by_hand(span, verb, user):
    """The same change with its log and history in three statements, as one would write them."""
    sets, params = verb[3]
    json = (
        ("json_object", "json_array", "json_group_array")
        if connection.vendor == "sqlite"
        else ("jsonb_build_object", "jsonb_build_array", "jsonb_agg")
    )
    told = ", ".join(f"'{name}', {json[1]}({name}, {after})" for name, after in verb[4].items())
    history = Booking.history.model
    tracked = ", ".join(field.column for field in history.tracked_fields)
    where, state = "id BETWEEN %s AND %s AND status = %s AND archived_at IS NULL", verb[0]
    chosen = [*span, str(state["status"])]
    with transaction.atomic(), connection.cursor() as cursor:
        batch = Batch.objects.create(
            action="hand", model="bookings.booking", user=user, created_at=timezone.now()
        )
        key = batch.pk.hex if connection.vendor == "sqlite" else batch.pk
        cursor.execute(
            "INSERT INTO bookings_bookinglog (booking_id, user_id, action, action_code, batch_id, "
            f"timestamp, changes) SELECT id, %s, 'By hand', 'hand', %s, %s, {json[0]}({told}) "
            f"FROM bookings_booking WHERE {where}",
            [user.pk, key, batch.created_at, *chosen],
        )
        cursor.execute(
            f"UPDATE bookings_booking SET {sets}, version = version + 1, updated_at = %s "
            f"WHERE {where}",
            [*params, batch.created_at, *chosen],
        )
        changed = cursor.rowcount
        cursor.execute(
            f"INSERT INTO {history._meta.db_table} ({tracked}, history_date, history_type, "
            f"history_user_id, history_change_reason, batch_id) SELECT {tracked}, %s, '~', %s, "
            "NULL, %s FROM bookings_booking WHERE id BETWEEN %s AND %s",
            [batch.created_at, user.pk, key, *span],
        )
        if verb[2].get("tell"):  # one for both segments of a round trip
            cursor.execute(
                "INSERT INTO notifications_outgoingmail (batch_id, object_id, records, addressee, "
                "kind, state, attempts, in_doubt, due_at, created_at, recipient, language, "
                f"subject, trouble, error) SELECT %s, MIN(id), {json[2]}(id), "
                "'customer ' || customer_id, 'hand', 'waiting', 0, 0, %s, %s, '', '', '', '', '' "
                "FROM bookings_booking WHERE id BETWEEN %s AND %s "
                "GROUP BY customer_id, COALESCE(round_trip_id, -id)",
                [key, batch.created_at, batch.created_at, *span],
            )
    return changed


def reset(values):
    models.QuerySet(Booking).update(**values)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def within(span):
    return Booking.objects.filter(pk__range=span)


def timed(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def test_a_bulk_action_costs_little_more_than_raw_sql(bench, population):
    user, partner, halves = population
    for name, verb in verbs(user, partner).items():
        state, service, answers = verb[:3]
        times = {"service": [], "hand": []}
        for ours, theirs in (halves, halves[::-1]) * 2:
            reset(state)
            taken, outcome = timed(partial(service, within(ours), by=user, **answers))
            times["service"].append(taken)
            assert outcome.changed == within(ours).count()
            assert not outcome.refused
            taken, changed = timed(partial(by_hand, theirs, verb, user))
            times["hand"].append(taken)
            assert changed == within(theirs).count()
            assert_same_work(outcome.batch)
            assert outcome.batch.mails.exists() == answers.get("tell", False)
        ratio = min(times["service"]) / min(times["hand"])
        bench.report(f"bulk {name}: {outcome.changed:,} bookings / raw SQL", ratio, BAR)
        bench.report(f"bulk {name}: grows with its rows", ratio, QUADRATIC, always=True)


def assert_same_work(batch):
    """Log and history of our batch, a row each for every booking it changed, values included."""
    history = Booking.history.filter(batch_id=batch.pk)
    assert history.count() == batch.changed
    lines = Booking.objects.filter(logs__batch=batch)
    assert lines.count() == batch.changed
    sample = lines.first()
    assert history.get(id=sample.pk).status == sample.status


def test_statements_and_memory_do_not_grow_with_the_selection(bench, population):
    user, partner, (ours, _theirs) = population
    size = ours[1] - ours[0] + 1
    for name, (state, service, answers, *_hand) in verbs(user, partner).items():
        counts = set()
        for part in (size, min(100, size)):
            reset(state)
            selection = within((ours[0], ours[0] + part - 1))
            service(within((ours[0], ours[0])), by=user, **answers)  # warm: not counted
            before = anonymous_megabytes()
            with Peak() as peak, CaptureQueriesContext(connection) as statements:
                assert service(selection, by=user, **answers).changed == part - 1
            counts.add(len(statements))
            if part == size:
                bench.report(
                    f"bulk {name}: MB for {size:,} bookings / {MOST_MEGABYTES} MB",
                    max(peak.most - before, 0) / MOST_MEGABYTES,
                    1,
                )
        assert len(counts) == 1, f"{name}: {counts}"
        bench.report(
            f"bulk {name}: statements / {MOST_STATEMENTS}", counts.pop() / MOST_STATEMENTS, 1
        )


def anonymous_megabytes():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no RssAnon in /proc/self/status")


class Peak:
    """The most memory seen while a block runs, looked at every two milliseconds."""

    def __enter__(self):
        self.most, self.over = 0, threading.Event()
        self.watcher = threading.Thread(target=self._watch)
        self.watcher.start()
        return self

    def _watch(self):
        while not self.over.wait(0.002):
            self.most = max(self.most, anonymous_megabytes())

    def __exit__(self, *error):
        self.over.set()
        self.watcher.join()
