"""What a batch leaves for others: one announcement, and a line in the bell of whom it concerns."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import changes, entries, payouts, round_trips, services
from bookings.changes import To
from bookings.models import Booking
from project.actions.undo import undo
from project.audit import recorder
from project.notifications.live.announce import announce
from project.notifications.live.reading import news_since
from project.notifications.live.turns import present_point
from project.notifications.models import Announcement, Notification
from project.notifications.scheduled import KEEP, forget_old_notifications
from project.utilisateurs.groups import BUREAU, GESTION
from project.utilisateurs.models import CustomUser
from tests.bookings.conftest import only
from tests.factories import make_booking, make_customer, make_driver, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def awa():
    return make_user("awa", groups=[BUREAU])


@pytest.fixture
def moussa():
    return make_user("moussa", groups=[GESTION])


def cancel(selection, by):
    return services.cancel(selection, by=by, kind="customer", reason="Flight")


def told(batch):
    """The names of those in whose bell this batch is."""
    rung = Notification.objects.filter(announcement__batch=batch)
    return sorted(rung.values_list("user__username", flat=True))


def test_it_concerns_whoever_may_see_such_records_but_who_did_it(awa, moussa):
    make_user("root", is_superuser=True)
    make_user("nobody")
    make_user("gone", groups=[BUREAU], is_active=False)
    reader, stranger = make_user("reader"), make_user("stranger")
    reader.user_permissions.add(Permission.objects.get(codename="view_booking"))
    stranger.user_permissions.add(Permission.objects.get(codename="view_customer"))
    booking = make_booking(by=awa)
    assert told(cancel(only(booking), awa).batch) == ["moussa", "reader", "root"]
    assert told(booking.customer.logs.get().batch) == ["awa", "moussa", "root", "stranger"]


def test_the_kind_that_one_switched_off_is_left_out_and_no_other(awa, moussa):
    moussa.preferences = {"bookings": {"size": 25}, "muted": {"bookings.cancellations": True}}
    moussa.save()
    booking = make_booking(by=awa)
    assert told(booking.logs.get().batch) == ["moussa"]
    assert told(cancel(only(booking), awa).batch) == []


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (lambda one, by: cancel(only(one), by), "bookings.cancellations"),
        (
            lambda one, by: services.set_status(only(one), by=by, status="confirmed"),
            "bookings.status",
        ),
        (
            lambda one, by: services.assign(only(one), by=by, driver=make_driver()),
            "bookings.assignments",
        ),
        (
            lambda one, by: services.duplicate(only(one), by=by, date=timezone.localdate()),
            "bookings.new",
        ),
        (lambda one, by: entries.create_all([copied(one)], by=by), "bookings.new"),
        (lambda one, by: entries.edit_all([renamed(one)], by=by), "bookings.changes"),
        (
            lambda one, by: changes.change(
                only(one), by=by, values={"passenger_name": To("Binta")}
            ),
            "bookings.changes",
        ),
        (lambda one, by: payouts.settle(only(one), by=by, amount=5), "bookings.payouts"),
        (lambda one, by: paid_and_reopened(one, by), "bookings.payouts"),
        (
            lambda one, by: round_trips.create_return(
                only(one), by=by, date=later(one).date(), clock=later(one).time()
            ),
            "bookings.new",
        ),
    ],
)
def test_each_act_is_of_its_kind(awa, moussa, act, kind):
    outcome = act(make_booking(driver=make_driver()), awa)
    assert outcome.batch.announcement.kind == kind
    assert told(outcome.batch) == ["moussa"]


def paid_and_reopened(one, by):
    payouts.settle(only(one), by=by, amount=5)
    return payouts.reopen(only(one), by=by, reason="Slip")


def later(one):
    return timezone.localtime(one.ends_at) + timedelta(hours=2)


def copied(one):
    names = ("customer_id", "pickup_at", "passenger_name", "pickup_address", "dropoff_address")
    return entries.Entry(key=1, values={name: getattr(one, name) for name in names})


def renamed(one):
    values = {"passenger_name": "Binta"}
    return entries.Entry(key=1, pk=one.pk, version=one.version, values=values)


def test_an_edit_and_an_undo_are_announced_too(awa, moussa):
    booking = make_booking()
    booking.passenger_name = "Binta"
    edited = services.edit(booking, by=awa)
    assert (edited.announcement.kind, told(edited)) == ("bookings.changes", ["moussa"])
    undone = undo(cancel(only(booking), awa).batch, by=awa).batch
    assert (undone.announcement.kind, told(undone)) == ("bookings.cancellations", ["moussa"])


def test_what_changed_nothing_is_not_announced(awa, moussa):
    booking = make_booking()
    before = Announcement.objects.count()
    services.recap(only(booking), by=awa)
    services.unarchive(only(booking), by=awa)  # refused: it is not archived
    services.edit(booking, by=awa)  # as it was
    assert Announcement.objects.count() == before


def test_demo_data_is_not_announced(db):
    call_command("seed", bookings=300, force=True)
    assert Booking.objects.filter(series__isnull=False).exists()
    assert Announcement.objects.count() == 0


def test_it_takes_at_most_three_statements_whatever_the_size(awa):
    counts = []
    for people, rides in ((2, 1), (60, 80)):
        for _n in range(people):
            make_user(groups=[BUREAU])
        customer = make_customer()
        selection = only(*[make_booking(customer=customer) for _n in range(rides)])
        recorder.listeners.remove(announce)
        try:
            with CaptureQueriesContext(connection) as without:
                batch = cancel(selection, awa).batch
        finally:
            recorder.listeners.append(announce)
        with CaptureQueriesContext(connection) as alone:
            announce(batch)
        assert Notification.objects.filter(announcement__batch=batch).count() == (
            CustomUser.objects.count() - 1
        )
        counts.append(len(alone))
        assert without.captured_queries
    assert counts[0] == counts[1] <= 3


def test_turns_rise_with_the_batches(awa):
    batches = [cancel(only(make_booking()), awa).batch for _n in range(3)]
    turns = [batch.announcement.__class__.objects.get(batch=batch).turn for batch in batches]
    assert turns == sorted(turns)


@pytest.mark.django_db(transaction=True)
def test_what_was_told_long_ago_is_forgotten(awa, moussa):
    old, fresh = (cancel(only(make_booking(by=awa)), awa).batch for _n in range(2))
    long_ago = timezone.now() - KEEP - timedelta(days=1)
    Announcement.objects.filter(batch=old).update(created_at=long_ago)
    # What is older than the oldest goes first: none of the others is.
    Announcement.objects.filter(pk__lt=old.announcement.pk).update(created_at=long_ago)
    forget_old_notifications.call()
    assert told(fresh) == ["moussa"]
    assert not Announcement.objects.filter(batch=old).exists()
    assert told(old) == []
    assert old.changed == 1  # the batch itself stays


@pytest.mark.django_db(transaction=True)
def test_who_waits_hears_of_what_comes_after_a_purge_that_left_nothing_else(awa):
    ride = make_booking()
    old = [cancel(only(make_booking()), awa).batch for _ride in range(2)]
    long_ago = timezone.now() - KEEP - timedelta(days=1)
    Announcement.objects.update(created_at=long_ago)
    point = present_point()
    forget_old_notifications.call()
    assert list(Announcement.objects.values_list("batch", flat=True)) == [old[-1].pk]
    new = cancel(only(ride), awa).batch
    news, _point = news_since(point)
    assert [each.batch.pk for each in news] == [new.pk]
