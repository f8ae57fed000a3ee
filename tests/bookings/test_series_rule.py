"""Another rule for a series: longer, shorter, on other days; of all, or from one occurrence on."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings import payouts, round_trips, series_schedule, series_services, services
from bookings.models import Booking, RoundTrip, Series
from bookings.recurrence import Rule
from bookings.states import CancellationKind, Leg, Status
from project.actions.undo import CannotUndo, undo, why_not
from project.audit.models import Batch
from project.audit.recorder import SelectionChanged
from project.audit.statements import digest_of
from project.notifications.models import OutgoingMail
from tests.asking import HTMX, toasts
from tests.bookings.conftest import codes, only
from tests.bookings.mailbox import entries_of, method_of, texts_of
from tests.bookings.mailbox import sent as sent_mails
from tests.bookings.posting import text_of
from tests.factories import make_booking, make_driver, make_round_trip, make_user

pytestmark = pytest.mark.django_db
MONDAY = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)


def daily(count):
    return Rule("DAILY", count=count)


@pytest.fixture
def rides(bureau):
    """Six days in a row."""
    return a_series(bureau, 6)


def a_series(by, count, **fields):
    ride = make_booking(pickup_at=MONDAY, **fields)
    series_services.repeat(ride, by=by, rule=daily(count))
    ride.refresh_from_db()
    return list(Booking.objects.filter(series=ride.series).order_by("original_start"))


def days(series):
    starts = series.occurrences.order_by("original_start", "leg")
    return [f"{at:%d}" for at in starts.values_list("original_start", flat=True)]


def test_a_longer_rule_makes_what_is_missing(bureau, rides):
    outcome = series_schedule.reschedule(rides[0], by=bureau, rule=daily(8), whole=True)
    assert outcome.changed == 2
    series = Series.objects.get()
    assert (series.rule, days(series)) == (
        str(daily(8)),
        ["04", "05", "06", "07", "08", "09", "10", "11"],
    )
    made = series.occurrences.get(original_start=MONDAY + timedelta(days=7))
    assert made.logs.get().batch == outcome.batch
    assert made.history.get().batch_id == outcome.batch.pk
    row = series.history.first()
    assert (row.history_type, row.batch_id, row.rule) == ("~", outcome.batch.pk, str(daily(8)))
    assert row.history_user == bureau


def test_a_shorter_rule_cancels_what_it_has_not_and_says_why(bureau, rides):
    outcome = series_schedule.reschedule(rides[0], by=bureau, rule=daily(4), whole=True)
    assert outcome.changed == 2
    assert days(Series.objects.get()) == ["04", "05", "06", "07"]
    for ride in rides[4:]:
        ride.refresh_from_db()
        assert (ride.status, ride.cancellation_kind) == (
            Status.CANCELLED,
            CancellationKind.OPERATOR,
        )
        assert (ride.series, ride.original_start) == (None, None)
        assert ride.cancellation_reason
        assert ride.logs.filter(batch=outcome.batch).count() == 1
        assert ride.history.filter(batch_id=outcome.batch.pk).count() == 1
    # And longer again: those days are made afresh.
    assert series_schedule.reschedule(rides[0], by=bureau, rule=daily(6), whole=True).changed == 2
    assert len(days(Series.objects.get())) == 6


def test_from_the_middle_the_series_ends_and_another_continues_it(bureau, rides):
    services.cancel(only(rides[5]), by=bureau, kind=CancellationKind.LATE, reason="x")
    rule = Rule("DAILY", 2, count=3)  # 06, 08, 10
    outcome = series_schedule.reschedule(rides[2], by=bureau, rule=rule)
    assert (outcome.changed, codes(outcome)) == (2, {"cancelled": 1})  # 07 goes, 10 comes
    old, new = Series.objects.order_by("pk")
    assert (new.follows, new.origin, new.rule) == (old, rides[2], str(rule))
    assert new.starts_at == rides[2].original_start
    assert Rule.parse(old.rule).days(date(2027, 1, 4)) == [date(2027, 1, 4), date(2027, 1, 5)]
    assert days(old) == ["04", "05"]
    # The one that was cancelled by hand stays what it is, and is not made again.
    assert days(new) == ["06", "08", "09", "10"]
    for ride in (rides[2], rides[4]):
        ride.refresh_from_db()
        assert ride.series == new
        assert ride.status == Status.PENDING
        line = ride.logs.get(batch=outcome.batch)
        assert line.changes == {"series": [old.pk, new.pk]}
        assert ride.history.get(batch_id=outcome.batch.pk).series_id == new.pk
        assert ride.history.get(batch_id=outcome.batch.pk).version == ride.version
    assert list(only(rides[0]).whole_series().order_by("pk")) == rides[:2]


def test_from_the_first_on_is_the_whole_series(bureau, rides):
    series_schedule.reschedule(rides[0], by=bureau, rule=daily(3))
    assert days(Series.objects.get()) == ["04", "05", "06"]


def test_what_is_not_to_be_touched_stays_and_is_named(bureau, rides):
    services.assign(only(rides[2]), by=bureau, driver=make_driver())
    for status in (Status.CONFIRMED, Status.IN_PROGRESS, Status.COMPLETED):
        services.set_status(only(rides[2]), by=bureau, status=status)
    rides[3].pickup_address = "Almadies"
    services.edit(rides[3], by=bureau)
    everything = {"by": bureau, "rule": daily(2), "whole": True}
    outcome = series_schedule.reschedule(rides[0], **everything)
    assert (outcome.changed, codes(outcome)) == (2, {"over": 1, "by_hand": 1})
    assert days(Series.objects.get()) == ["04", "05", "06", "07"]
    outcome = series_schedule.reschedule(rides[0], **everything, overwrite=True)
    assert (outcome.changed, codes(outcome)) == (1, {"over": 1})


def test_an_occurrence_whose_payout_is_validated_stays_and_is_named(desk, bureau, gestion, rides):
    services.assign(only(rides[3]), by=bureau, driver=make_driver())
    payouts.settle(only(rides[3]), by=gestion, amount=Decimal(4000))
    text = text_of(desk.post(url_of(rides[0]), sent(desk, rides[0], count="2", preview="1")))
    assert text.index("Kept all the same") < text.index(rides[3].reference)
    assert "payout validated: reopen it first" in text
    for overwrite in (True, False):
        outcome = series_schedule.reschedule(
            rides[0], by=bureau, rule=daily(2), whole=True, overwrite=overwrite
        )
        assert codes(outcome) == {"settled": 1}
        assert [refused.object_id for refused in outcome.refusals()] == [rides[3].pk]
        rides[3].refresh_from_db()
        assert (rides[3].status, rides[3].settled_amount) == (Status.PENDING, 4000)
    assert days(Series.objects.get()) == ["04", "05", "07"]


@pytest.mark.parametrize("leg", Leg.values)
def test_a_round_trip_stays_whole_where_one_segment_was_changed_by_hand(bureau, leg):
    out, _back = make_round_trip(pickup_at=MONDAY)
    series_services.repeat(out, by=bureau, rule=daily(3))
    segments = Booking.objects.filter(series__isnull=False).order_by("original_start")
    one = segments.filter(leg=leg).last()
    one.passenger_name = "Awa Ndiaye"
    services.edit(one, by=bureau)
    everything = {"by": bureau, "rule": daily(2), "whole": True}
    outcome = series_schedule.reschedule(segments.first(), **everything)
    assert (outcome.changed, codes(outcome)) == (0, {"by_hand": 2})
    assert not segments.exclude(status=Status.PENDING).exists()
    assert days(Series.objects.get()) == ["04", "04", "05", "05", "06", "06"]
    outcome = series_schedule.reschedule(segments.first(), **everything, overwrite=True)
    assert (outcome.changed, codes(outcome)) == (2, {})


def test_what_has_departed_stays(bureau):
    start = datetime.now(UTC).replace(hour=0, minute=1) - timedelta(days=2)
    ride = make_booking(pickup_at=start)
    series_services.repeat(ride, by=bureau, rule=daily(6))
    outcome = series_schedule.reschedule(
        Booking.objects.get(pk=ride.pk), by=bureau, rule=Rule("DAILY", 9, count=2), whole=True
    )
    assert codes(outcome) == {"departed": 2}


def test_a_round_trip_is_made_and_cancelled_by_pairs(bureau):
    out, back = make_round_trip(pickup_at=MONDAY)
    series_services.repeat(out, by=bureau, rule=daily(4))
    outcome = series_schedule.reschedule(
        Booking.objects.get(pk=back.pk), by=bureau, rule=Rule("DAILY", 2, count=3), whole=True
    )
    # 4, 6 stay; 5 and 7 go; 8 comes.
    assert outcome.changed == 6
    assert days(Series.objects.get()) == ["04", "04", "06", "06", "08", "08"]
    made = Booking.objects.filter(logs__action_code="bookings.rescheduled").order_by("leg")
    assert [ride.leg for ride in made] == [Leg.OUTBOUND, Leg.RETURN]
    assert RoundTrip.objects.filter(made_in=outcome.batch).get() == made[0].round_trip


def test_new_rides_keep_the_driver_where_that_one_is_free(bureau):
    driver = make_driver()
    rides = a_series(bureau, 2, driver=driver)
    make_booking(pickup_at=MONDAY + timedelta(days=2), driver=driver)
    series_schedule.reschedule(rides[0], by=bureau, rule=daily(4), whole=True, same_driver=True)
    made = Booking.objects.filter(logs__action_code="bookings.rescheduled").order_by("pickup_at")
    assert [ride.driver for ride in made] == [None, driver]


def test_the_first_day_may_move_to_another_weekday(bureau, rides):
    rule = Rule("WEEKLY", weekdays=(2,), count=3)  # Wednesdays: 06, 13, 20
    outcome = series_schedule.reschedule(rides[0], by=bureau, rule=rule, whole=True)
    assert outcome.changed == 5 + 2
    series = Series.objects.get()
    assert days(series) == ["06", "13", "20"]
    assert series.starts_at == MONDAY + timedelta(days=2)
    rides[0].refresh_from_db()
    assert (rides[0].status, rides[0].series) == (Status.CANCELLED, None)
    assert [f"{day:%d}" for day in rule.days(series.starts_at.date())] == days(series)


def test_from_the_middle_the_first_day_may_move_too(bureau, rides):
    rule = Rule("WEEKLY", weekdays=(6,), count=2)  # Sundays: 10, 17
    series_schedule.reschedule(rides[2], by=bureau, rule=rule)
    old, new = Series.objects.order_by("pk")
    assert (days(old), days(new)) == (["04", "05"], ["10", "17"])
    assert new.starts_at == MONDAY + timedelta(days=6)


def test_a_rule_that_has_no_ride_is_refused(bureau, rides):
    rule = Rule("WEEKLY", weekdays=(2,), until=date(2027, 1, 5))
    with pytest.raises(ValidationError):
        series_schedule.reschedule(rides[0], by=bureau, rule=rule, whole=True)
    assert Batch.objects.filter(action="bookings.reschedule").count() == 0


# ---------------------------------------------------------------- where another series continues
@pytest.fixture
def continued(bureau, rides):
    """The first two days are a series, the other four one that continues it."""
    series_schedule.reschedule(rides[2], by=bureau, rule=Rule("DAILY", 1, count=4))
    for ride in rides:
        ride.refresh_from_db()
    assert [ride.series_id for ride in rides] == sorted(ride.series_id for ride in rides)
    return rides


def test_the_following_go_on_where_another_series_continues(bureau, continued):
    rule = Rule("DAILY", 2, count=4)  # 05, 07, 09, 11
    outcome = series_schedule.reschedule(continued[1], by=bureau, rule=rule)
    assert outcome.changed == 2 + 1  # 06 and 08 go, 11 comes
    first, emptied, last = Series.objects.order_by("pk")
    assert (days(first), days(emptied)) == (["04"], [])
    assert days(last) == ["05", "07", "09", "11"]
    assert last.follows == first
    for ride in (continued[3], continued[5]):
        ride.refresh_from_db()
        assert (ride.series, ride.status) == (last, Status.PENDING)


def test_from_its_first_on_a_series_takes_in_the_one_that_continues_it(bureau, continued):
    series_schedule.reschedule(continued[0], by=bureau, rule=daily(5))
    first, emptied = Series.objects.order_by("pk")
    assert (days(first), days(emptied)) == (["04", "05", "06", "07", "08"], [])


def test_the_whole_of_a_series_ends_where_another_continues_it(bureau, continued):
    first, other = Series.objects.order_by("pk")
    with pytest.raises(ValidationError) as refused:
        series_schedule.reschedule(continued[0], by=bureau, rule=daily(3), whole=True)
    assert "06/01/2027" in refused.value.messages[0]
    series_schedule.reschedule(continued[0], by=bureau, rule=Rule("DAILY", 9, count=1), whole=True)
    assert (days(first), days(other)) == (["04"], ["06", "07", "08", "09"])


def test_the_page_of_a_continued_series_says_so_at_its_field(desk, continued):
    opened = desk.get(url_of(continued[0])).context["form"]
    assert opened.data["scope"] == "series"
    assert (opened.dropped, opened.plan.rides) == ([], [])
    page = desk.post(url_of(continued[0]), sent(desk, continued[0], scope="series", count="5"))
    assert page.status_code == 422
    assert [*page.context["form"].errors] == ["count"]
    page = desk.get(Series.objects.earliest("pk").get_absolute_url())
    assert [each.pk for each in page.context["followed_by"]] == [continued[2].series_id]


# ------------------------------------------------------------------------------------ customers
def test_one_message_tells_of_what_is_made_and_one_of_what_is_cancelled(bureau, hotel):
    rides = a_series(bureau, 6, customer=hotel)
    rule = Rule("DAILY", 2, count=5)  # 06, 08, 10, 12, 14
    outcome = series_schedule.reschedule(rides[2], by=bureau, rule=rule, tell=True)
    assert outcome.changed == 2 + 3
    cancelled, made = sent_mails()
    text, _html = texts_of(cancelled)
    assert [day in text for day in ("7 January", "9 January", "8 January")] == [True, True, False]
    assert method_of(cancelled) == "CANCEL"
    assert len(entries_of(cancelled)) == 2
    text, _html = texts_of(made)
    found = [day in text for day in ("10 January", "12 January", "14 January", "8 January")]
    assert found == [True, True, True, False]
    assert len(entries_of(made)) == 3


def test_nobody_is_told_unless_asked_nor_of_nothing(bureau, hotel):
    rides = a_series(bureau, 4, customer=hotel)
    series_schedule.reschedule(rides[0], by=bureau, rule=daily(3), whole=True)
    assert OutgoingMail.objects.count() == 0
    series_schedule.reschedule(rides[0], by=bureau, rule=daily(2), whole=True, tell=True)
    assert list(OutgoingMail.objects.values_list("kind", flat=True)) == ["bookings.cancelled"]


@pytest.mark.parametrize(("answer", "mails"), [({"tell": "on"}, 1), ({}, 0)])
def test_the_page_asks_whether_to_tell_them(desk, bureau, hotel, answer, mails):
    rides = a_series(bureau, 4, customer=hotel)
    assert desk.get(url_of(rides[0])).context["form"]["tell"].value()
    done = desk.post(url_of(rides[0]), sent(desk, rides[0], count="6") | answer)
    assert done.status_code == 302
    assert OutgoingMail.objects.count() == mails


# ----------------------------------------------------------------------------------------- undo
def state(rides):
    """All of each ride but what every write touches."""
    moved_on = ("version", "updated_at")
    fields = [each.attname for each in Booking._meta.fields if each.name not in moved_on]
    return list(Booking.objects.filter(pk__in=[r.pk for r in rides]).order_by("pk").values(*fields))


def rules():
    return list(Series.objects.order_by("pk").values("rule", "starts_at", "excluded", "follows"))


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "rule", [Rule("DAILY", 2, count=6), Rule("WEEKLY", weekdays=(4,), count=3)]
)
def test_undo_puts_back_the_rule_and_every_ride(bureau, whole, rule):
    rides = a_series(bureau, 6, driver=make_driver(), status=Status.CONFIRMED)
    before, former = state(rides), rules()
    outcome = series_schedule.reschedule(
        rides[0 if whole else 2], by=bureau, rule=rule, whole=whole, same_driver=True
    )
    made = Booking.objects.filter(logs__action_code="bookings.rescheduled")
    assert made.exists()
    assert state(rides) != before
    undone = undo(outcome.batch, by=bureau)
    assert state(rides) == before
    assert rules()[:1] == former
    assert not any(
        series.occurrences.exists() for series in Series.objects.exclude(rule=str(daily(6)))
    )
    assert Series.objects.first().history.first().batch_id == undone.batch.pk
    for ride in made:
        assert (ride.status, ride.cancellation_kind) == (Status.CANCELLED, "mistake")
        assert (ride.series, bool(ride.archived_at)) == (None, True)
        assert ride.logs.get(batch=undone.batch).action_code == "bookings.discard"
        assert ride.history.get(batch_id=undone.batch.pk).version == ride.version
    assert undone.batch.changed == undone.changed
    assert why_not(outcome.batch, bureau)
    assert why_not(undone.batch, bureau)


def test_undo_gives_back_what_was_taken_from_a_continuing_series(bureau, continued):
    before, former = state(continued), rules()
    outcome = series_schedule.reschedule(continued[0], by=bureau, rule=Rule("DAILY", 2, count=5))
    undo(outcome.batch, by=bureau)
    assert (state(continued), rules()) == (before, former)


def test_undo_is_of_all_or_nothing(bureau, rides):
    outcome = series_schedule.reschedule(rides[0], by=bureau, rule=daily(8), whole=True)
    made = Booking.objects.filter(logs__batch=outcome.batch).first()
    services.set_status(only(made), by=bureau, status=Status.CONFIRMED)
    with pytest.raises(CannotUndo) as refused:
        undo(outcome.batch, by=bureau)
    assert made.reference in str(refused.value)
    assert Series.objects.get().rule == str(daily(8))
    assert not hasattr(Batch.objects.get(pk=outcome.batch.pk), "undone_by")


def test_undo_is_refused_where_the_rule_changed_again(bureau, rides):
    first = series_schedule.reschedule(rides[0], by=bureau, rule=daily(8), whole=True)
    series_schedule.reschedule(rides[0], by=bureau, rule=daily(9), whole=True)
    with pytest.raises(CannotUndo):
        undo(first.batch, by=bureau)


def test_undo_gives_no_driver_two_rides_at_once(bureau):
    driver = make_driver()
    rides = a_series(bureau, 3)
    services.assign(only(*rides), by=bureau, driver=driver)
    outcome = series_schedule.reschedule(rides[0], by=bureau, rule=daily(2), whole=True)
    make_booking(driver=driver, pickup_at=rides[2].pickup_at)
    with pytest.raises(CannotUndo) as refused:
        undo(outcome.batch, by=bureau)
    assert rides[2].reference in str(refused.value)


def test_undo_takes_the_permissions_of_what_it_does(bureau, rides):
    outcome = series_schedule.reschedule(rides[0], by=bureau, rule=daily(4), whole=True)
    someone = make_user("binta")
    for codename in ("view_booking", "repeat_booking"):
        someone.user_permissions.add(Permission.objects.get(codename=codename))
    with pytest.raises(CannotUndo):
        undo(outcome.batch, by=someone)
    someone.user_permissions.add(Permission.objects.get(codename="restore_booking"))
    assert undo(outcome.batch, by=type(someone).objects.get(pk=someone.pk)).changed == 2


def test_undo_tells_those_who_were_told(bureau, hotel):
    rides = a_series(bureau, 4, customer=hotel)
    rule = Rule("DAILY", 2, count=3)  # 04, 06, 08
    outcome = series_schedule.reschedule(rides[0], by=bureau, rule=rule, whole=True, tell=True)
    assert len(sent_mails()) == 2
    undo(outcome.batch, by=bureau)
    on_again, off = sent_mails()
    assert (method_of(on_again), method_of(off)) == ("REQUEST", "CANCEL")
    assert (len(entries_of(on_again)), len(entries_of(off))) == (2, 1)


def test_undo_takes_messages_back_that_have_not_left(bureau, hotel):
    rides = a_series(bureau, 4, customer=hotel)
    outcome = series_schedule.reschedule(
        rides[0], by=bureau, rule=Rule("DAILY", 2, count=3), whole=True, tell=True
    )
    undo(outcome.batch, by=bureau)
    assert sent_mails() == []


def test_undo_is_offered_after_a_change_of_the_rule(desk, rides):
    done = desk.post(url_of(rides[0]), sent(desk, rides[0], count="8"))
    (message,) = get_messages(done.wsgi_request)
    assert "undo" in message.extra_tags
    batch = Batch.objects.get(action="bookings.reschedule")
    answer = desk.post(reverse("undo", args=[batch.pk]))
    assert answer.status_code == 302
    assert Series.objects.get().rule == str(daily(6))


def test_nothing_is_made_for_a_customer_who_left(bureau, rides):
    rides[0].customer.is_active = False
    rides[0].customer.save()
    with pytest.raises(ValidationError):
        series_schedule.reschedule(rides[0], by=bureau, rule=daily(8), whole=True)
    assert series_schedule.reschedule(rides[0], by=bureau, rule=daily(5), whole=True).changed == 1


def test_a_series_that_changed_since_it_was_shown_is_left_alone(bureau, rides):
    _count, seen = digest_of(Booking.objects.filter(series=rides[0].series))
    services.assign(only(rides[3]), by=bureau, driver=make_driver())
    with pytest.raises(SelectionChanged):
        series_schedule.reschedule(rides[0], by=bureau, rule=daily(2), whole=True, seen=seen)
    assert len(days(Series.objects.get())) == 6


def test_its_statements_do_not_grow_with_the_series(bureau):
    counts = []
    for count in (6, 120):
        rides = a_series(bureau, count)
        with CaptureQueriesContext(connection) as statements:
            rule = Rule("DAILY", 2, count=count)
            outcome = series_schedule.reschedule(rides[2], by=bureau, rule=rule)
        assert outcome.changed > count / 2
        counts.append(len(statements))
    assert counts[1] <= counts[0]


# ------------------------------------------------------------------------------------- its page
def url_of(ride):
    return reverse("bookings:reschedule", args=[ride.reference])


def sent(client, ride, **given):
    hidden = dict(client.get(url_of(ride)).context["hidden"])
    return {
        "scope": "following",
        "frequency": "DAILY",
        "interval": "1",
        "month": "date",
        "ends": "count",
        "count": "4",
        **{name: str(value) for name, value in hidden.items()},
        **given,
    }


def test_the_page_opens_with_the_rule_in_force_from_this_one_on(desk, rides):
    page = desk.get(url_of(rides[2]))
    text = text_of(page)
    assert "Every day, 4 times" in text
    assert "4 rides stay." in text
    assert "0 rides will be created." in text
    assert "will be cancelled" not in text


def test_the_page_of_a_shorter_month_keeps_the_day_of_the_rule(desk, bureau):
    ride = make_booking(pickup_at=datetime(2027, 1, 31, 8, 30, tzinfo=UTC))
    series_services.repeat(ride, by=bureau, rule=Rule("MONTHLY", month_day=31, count=5))
    february = Booking.objects.get(original_start__date=date(2027, 2, 28))
    text = text_of(desk.get(url_of(february)))
    assert "Every month on day 31, or else the last, 4 times" in text
    assert "4 rides stay." in text
    assert "0 rides will be created." in text
    assert "will be cancelled" not in text
    given = sent(desk, february, frequency="MONTHLY", count="6")
    assert desk.post(url_of(february), given).status_code == 302
    follower = Series.objects.latest("pk")
    assert follower.rule == str(Rule("MONTHLY", month_day=31, count=6))
    starts = follower.occurrences.order_by("original_start")
    on = [f"{at:%d/%m}" for at in starts.values_list("original_start", flat=True)]
    assert on == ["28/02", "31/03", "30/04", "31/05", "30/06", "31/07"]
    # The one that begins on the 28th keeps the 31st as well, asked of the whole of it.
    ride = follower.occurrences.get(original_start__date=date(2027, 2, 28))
    text = text_of(desk.get(url_of(ride), {}))
    assert "Every month on day 31, or else the last, 6 times" in text


def test_the_page_lists_what_is_made_cancelled_and_kept(desk, bureau, rides):
    rides[4].pickup_address = "Almadies"
    services.edit(rides[4], by=bureau)
    given = sent(desk, rides[2], interval="3", count="3")  # 06, 09, 12
    text = text_of(desk.post(url_of(rides[2]), given, headers=HTMX))
    assert "1 ride will be created." in text
    assert "2 rides stay." in text
    assert "1 ride will be cancelled." in text
    assert text.index("To be cancelled") < text.index(rides[3].reference)
    assert text.index("Kept all the same") < text.index(rides[4].reference)
    assert "changed by hand, so kept" in text
    assert Batch.objects.filter(action="bookings.reschedule").count() == 0
    done = desk.post(url_of(rides[2]), given)
    assert done["Location"] == Series.objects.latest("pk").get_absolute_url()
    assert toasts(done) == [
        "Rule changed: 2 rides created or cancelled. 1 refused: 1 changed by hand, so kept."
    ]
    again = desk.post(url_of(rides[2]), given)
    assert again.status_code == 302
    assert Series.objects.count() == 2


def test_days_left_out_stay_left_out_until_they_are_ticked(desk, bureau):
    ride = make_booking(pickup_at=MONDAY)
    series_services.repeat(ride, by=bureau, rule=daily(4), excluded=[date(2027, 1, 6)])
    desk.post(url_of(ride), sent(desk, ride, scope="series", count="5"))
    assert days(Series.objects.get()) == ["04", "05", "07", "08"]
    assert Series.objects.get().excluded == ["2027-01-06"]
    ticked = {"listed": "2027-01-06", "day": ["2027-01-06"]}
    desk.post(url_of(ride), sent(desk, ride, scope="series", count="5") | ticked)
    assert days(Series.objects.get()) == ["04", "05", "06", "07", "08"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"scope": "none"}, "scope"),
        ({"frequency": "WEEKLY", "weekdays": []}, "weekdays"),
        ({"count": "0"}, "count"),
        ({"count": "1001"}, "count"),
        ({"count": "1000", "interval": "99"}, "count"),
        ({"ends": "until", "until": "2020-01-01"}, "until"),
    ],
)
def test_wrong_input_is_said_at_its_field(desk, rides, given, field):
    page = desk.post(url_of(rides[2]), sent(desk, rides[2], **given))
    assert page.status_code == 422
    assert [*page.context["form"].errors] == [field]
    assert len(days(Series.objects.get())) == 6


def test_the_page_names_the_returns_that_stay_without_their_outbound(desk, bureau, rides):
    for place in (2, 3, 4):
        chosen, day = only(rides[place]), rides[place].pickup_at.date()
        round_trips.create_return(chosen, by=bureau, date=day, clock=time(20))
    back = {ride.round_trip.origin_id: ride for ride in Booking.objects.filter(leg=Leg.RETURN)}
    off = only(back[rides[4].pk])
    services.cancel(off, by=bureau, kind=CancellationKind.CUSTOMER, reason="Stays there")
    given = sent(desk, rides[0], count="3", scope="series", preview="1")
    page = desk.post(url_of(rides[0]), given)
    left = [ride.left for ride in page.context["form"].dropped]
    assert left == [back[rides[3].pk], None, None]
    text = text_of(page)
    assert "1 of them has another segment, which stays." in text
    assert back[rides[3].pk].reference in text
    series_schedule.reschedule(rides[0], by=bureau, rule=daily(3), whole=True)
    back[rides[3].pk].refresh_from_db()
    assert back[rides[3].pk].status == Status.PENDING


def test_a_page_that_is_out_of_date_is_shown_again(desk, bureau, rides):
    given = sent(desk, rides[2], count="2")
    services.assign(only(rides[5]), by=bureau, driver=make_driver())
    page = desk.post(url_of(rides[2]), given)
    assert page.status_code == 409
    assert len(days(Series.objects.get())) == 6


def test_a_plain_ride_has_no_rule_to_change(desk):
    ride = make_booking()
    assert desk.get(url_of(ride))["Location"] == ride.get_absolute_url()
