"""The life of one record, as people read it."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from bookings import round_trips, services
from bookings.models import Booking, BookingLog
from bookings.states import Status
from project.actions.undo import undo
from project.audit.models import Batch
from project.audit.recorder import line
from project.audit.timeline import said, shown, timeline
from project.utilisateurs.groups import BUREAU
from tests.factories import make_booking, make_customer, make_driver, make_round_trip, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def bureau(db):
    return make_user(groups=[BUREAU])


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def told(booking, changes, *, code="bookings.edit", batch_action=None, **fields):
    """A line in a booking's log, of a batch of its own."""
    batch = Batch.objects.create(
        action=batch_action or code,
        model="bookings.booking",
        created_at=datetime(2026, 7, 1, 20, 30, tzinfo=UTC),
        reason="Because",
    )
    given = {"action": "Written then", "action_code": code, "batch": batch, "changes": changes}
    return BookingLog.objects.create(booking=booking, **given | fields)


def changes_of(booking, changes):
    told(booking, changes)
    entry = timeline([booking], {})[0]
    return [(change.field, change.before, change.after) for change in entry.changes]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("status", "pending", "Pending"),
        ("status", "a former choice", "a former choice"),
        ("billable", True, "yes"),
        ("billable", 0, "no"),
        ("fee", None, "—"),
        ("driver_notes", "", "—"),
        ("stops", [], "—"),
        ("stops", ["Colobane", "Médina"], "Colobane, Médina"),
        ("price", "35000.000", "35,000"),
        ("price", "100", "100"),
        ("price", "12.500", "12.5"),
        ("price", "0.000", "0"),
        ("price", Decimal("35000"), "35,000"),
        ("duration_minutes", 1440, "1,440"),
        ("pickup_at", "2026-07-01T20:30:00Z", "2 Jul 2026, 05:30"),
        ("pickup_at", "2026-07-01 20:30:00", "2 Jul 2026, 05:30"),  # SQLite's own, in UTC
        ("pickup_at", "when it suits", "when it suits"),
        ("driver", 999_999, "#999999"),
    ],
)
def test_a_value_is_shown_as_people_read_it(settings, name, value, words):
    settings.TIME_ZONE = "Asia/Tokyo"
    assert shown(Booking._meta.get_field(name), value) == words


def test_records_are_called_by_their_names():
    first, second = make_driver("Ousmane Sarr"), make_driver("Ibou Fall")
    booking = make_booking()
    assert changes_of(booking, {"driver": [first.pk, second.pk]}) == [
        ("driver", "Ousmane Sarr", "Ibou Fall")
    ]


def test_what_comes_to_the_same_is_no_change_and_a_former_field_is_passed_over():
    changes = {
        "price": ["35000.000", "35000"],
        "pickup_at": ["2026-07-01T20:30:00Z", "2026-07-01T20:30:00+00:00"],
        "a_former_field": [1, 2],
        "status": ["pending", "confirmed"],
    }
    assert changes_of(make_booking(), changes) == [("status", "Pending", "Confirmed")]


def test_the_newest_comes_first_and_no_more_than_asked_for():
    booking = make_booking()
    for number in range(5):
        told(booking, {}, action=f"Line {number}")
    entries = timeline([booking], {}, limit=3)
    assert [entry.text for entry in entries] == ["Line 4", "Line 3", "Line 2"]


def test_an_act_is_called_by_its_label_and_one_without_by_what_was_written():
    booking, user = make_booking(), make_user("awa")
    told(booking, {}, user=user)
    told(booking, {}, code="bookings.gone")
    gone, known, _made = timeline([booking], {"bookings.edit": "Edit"})
    assert (known.label, known.text, known.reason) == ("Edit", "Written then", "Because")
    assert (known.who, known.kind) == (user, "edit")
    assert (gone.label, gone.who) == ("Written then", None)


@pytest.mark.parametrize(
    ("sentence", "reason", "told"),
    [
        ("Cancelled — Flight late", "Flight late", ("Cancelled", "Flight late")),
        ("Cancelled — a — b", "a — b", ("Cancelled", "a — b")),
        ("Status: over", "", ("Status: over", "")),
        ("Changed", "Two cars", ("Changed", "Two cars")),
        (
            "Given — in spite of it — Two cars",
            "Two cars",
            ("Given — in spite of it — Two cars", ""),
        ),
        (
            "Back — why — in spite of it — yes",
            "why — yes",
            ("Back — why — in spite of it — yes", ""),
        ),
        (line("Cancelled", "x" * 300), "x" * 300, ("Cancelled", "x" * 300)),
    ],
)
def test_a_reason_is_told_once(sentence, reason, told):
    assert said(sentence, reason) == told


def test_amounts_are_told_in_the_currency_of_their_time():
    booking = make_booking(currency="EUR", price=Decimal(3))
    told(booking, {"price": ["1", "2"]})
    told(booking, {"price": ["2", "3"], "currency": ["GBP", "EUR"]})
    told(booking, {"price": ["3", "4"]})
    lines = [change for entry in timeline([booking], {})[:3] for change in entry.changes]
    assert [(each.before, each.after) for each in lines if each.field == "price"] == [
        ("€3.00", "€4.00"),
        ("£2.00", "€3.00"),
        ("£1.00", "£2.00"),
    ]


def test_a_round_trip_goes_by_its_references_and_leads_to_its_page(bureau):
    out, back = make_round_trip()
    trip = out.round_trip
    told(out, {"round_trip": [None, trip.pk]})
    (change,) = timeline([out], {})[0].changes
    assert (change.before, change.after) == ("—", f"{out.reference} ⇄ {back.reference}")
    assert (change.before_url, change.after_url) == ("", trip.get_absolute_url())
    round_trips.unpair(Booking.objects.all(), by=bureau)
    (change,) = [each for each in timeline([out], {})[1].changes if each.field == "round trip"]
    assert (change.after, change.after_url) == ("a former round trip", "")


def test_a_round_trip_that_was_taken_back_still_names_both_rides(bureau):
    out = make_booking()
    made = round_trips.create_return(
        Booking.objects.all(), by=bureau, date=date(2027, 3, 1), clock=time(18)
    )
    back = Booking.objects.latest("pk")
    undo(made.batch, by=bureau)
    out.refresh_from_db()
    (change,) = [each for each in timeline([out], {})[0].changes if each.field == "round trip"]
    assert (change.before, change.after) == (f"{out.reference} ⇄ {back.reference}", "—")
    assert change.before_url == reverse(
        "bookings:round-trip", args=[out.history.all()[1].round_trip_id]
    )


def may_undo(booking):
    """Of which lines of a booking's log an undo is offered, newest first, to who may undo all."""
    booking.refresh_from_db()
    entries = timeline([booking], {}, can_undo=lambda batch: True)
    return [(entry.kind, entry.undo) for entry in entries]


def test_undo_is_offered_on_the_lines_of_the_act_itself(bureau):
    booking = make_booking()
    services.duplicate(Booking.objects.all(), by=bureau, date=date(2027, 3, 1))
    copy = Booking.objects.exclude(pk=booking.pk).get()
    assert may_undo(booking)[0] == ("copied", False)
    assert may_undo(copy) == [("duplicate", True)]


def test_undo_is_not_offered_of_what_was_changed_again_since(bureau):
    booking, other = make_booking(), make_booking()
    services.set_status(Booking.objects.all(), by=bureau, status=Status.CONFIRMED)
    assert may_undo(booking)[0] == ("set_status", True)
    booking.price = Decimal(9000)
    booking.save(by=bureau)
    assert may_undo(booking)[:2] == [("edit", True), ("set_status", False)]
    assert may_undo(other)[0] == ("set_status", True)
    both = timeline([booking, other], {}, can_undo=lambda batch: True)
    assert [entry.undo for entry in both if entry.kind == "set_status"].count(True) == 1


def test_what_only_showed_a_record_leaves_the_undo_before_it(bureau):
    booking = make_booking()
    services.set_status(Booking.objects.all(), by=bureau, status=Status.CONFIRMED)
    services.recap(Booking.objects.all(), by=bureau)
    assert dict(may_undo(booking))["set_status"]


def test_its_statements_do_not_grow_with_its_lines(db):
    booking = make_booking()
    counts = []
    for number in (5, 50):
        for _turn in range(number):
            told(
                booking,
                {
                    "driver": [make_driver().pk, make_driver().pk],
                    "customer": [make_customer().pk, make_customer().pk],
                    "status": [Status.PENDING, Status.CONFIRMED],
                },
                user=make_user(),
            )
        with CaptureQueriesContext(connection) as statements:
            entries = timeline([booking], {}, can_undo=lambda batch: hasattr(batch, "undone_by"))
            assert all(entry.who is None or str(entry.who) for entry in entries)
        counts.append(len(statements))
    assert counts == [4, 4]


def test_a_change_of_a_list_is_told():
    booking = make_booking()
    booking.stops = ["Gare de Colobane", "Point E"]
    booking.save()
    change = timeline([booking], {})[0].changes[0]
    assert change.after == "Gare de Colobane, Point E"
