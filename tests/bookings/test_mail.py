"""What customers are told, in whose words, and what their calendars make of it."""

from datetime import date, datetime, time, timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from bookings import changes, entries, notifications, round_trips, series_services, services
from bookings.changes import To
from bookings.models import Booking
from bookings.recurrence import Rule
from bookings.states import Status
from project.actions.undo import undo
from project.notifications.models import OutgoingMail
from project.notifications.sending import claim
from tests.asking import act
from tests.bookings.conftest import only
from tests.bookings.mailbox import (
    cancel,
    edit,
    entries_of,
    entry_of,
    method_of,
    sent,
    texts_of,
)
from tests.bookings.posting import answers, as_posted, text_of
from tests.factories import (
    make_booking,
    make_customer,
    make_round_trip,
    make_user,
)

pytestmark = pytest.mark.django_db
State, Trouble = OutgoingMail.State, OutgoingMail.Trouble


# ----------------------------------------------------------------------- what is told, and when
def test_a_change_is_told_with_what_it_was_before(bureau, hotel):
    booking = make_booking(customer=hotel, price=35000, pickup_address="Gare de Dakar")
    edit(booking, bureau, pickup_address="Port de Dakar", price=40000)
    (message,) = sent()
    assert message["To"].addresses[0].addr_spec == "hotel@example.org"
    assert message["To"].addresses[0].display_name == "Hôtel Téranga"
    assert booking.reference in message["Subject"]
    for text in texts_of(message):
        assert text.index("Gare de Dakar") < text.index("Port de Dakar")
        assert text.index("CFA 35,000") < text.index("CFA 40,000")
        assert "local time (Dakar)" in text


def test_a_return_is_told_with_the_ride_that_it_belongs_to(bureau, hotel):
    booking = make_booking(customer=hotel)
    answers = {"date": date(2030, 3, 4), "clock": time(18, 15)}
    round_trips.create_return(only(booking), by=bureau, tell=True, **answers)
    (message,) = sent()
    back = Booking.objects.get(leg="return")
    for text in texts_of(message):
        assert back.reference in text
    assert not OutgoingMail.objects.exclude(state=State.SENT).exists()


def test_a_return_is_new_and_the_ride_that_shares_its_price_has_changed(bureau, hotel):
    booking = make_booking(customer=hotel, price=35_000)
    answers = {"date": date(2030, 3, 4), "clock": time(18, 15)}
    half = {"pricing": round_trips.Pricing.SPLIT, "tell": True}
    round_trips.create_return(only(booking), by=bureau, **answers, **half)
    (message,) = sent()
    text, html = texts_of(message)
    assert [line for line in text.splitlines() if line.startswith("*")] == [
        "* Price: F CFA 35,000 → F CFA 17,500"
    ]
    assert (html.count("CFA 35,000"), html.count("Departure")) == (1, 0)


@pytest.mark.parametrize("count", [3, 9])
def test_nothing_has_changed_in_the_new_rides_of_a_series(bureau, hotel, count):
    booking = make_booking(customer=hotel, price=35_000)
    rule = Rule("DAILY", count=count)
    series_services.repeat(booking, by=bureau, rule=rule, tell=True)
    (message,) = sent()
    text, html = texts_of(message)
    assert "*" not in text
    assert "Departure" not in text + html


@pytest.mark.parametrize("make", [make_booking, lambda **given: make_round_trip(**given)[0]])
def test_a_series_is_told_once(bureau, hotel, make):
    booking = make(customer=hotel)
    rule = Rule("DAILY", count=4)
    series_services.repeat(booking, by=bureau, rule=rule, tell=True)
    (message,) = sent()
    assert message["To"].addresses[0].addr_spec == "hotel@example.org"
    assert not OutgoingMail.objects.exclude(state=State.SENT).exists()


def test_a_bulk_change_is_told_to_each_customer_who_sees_it(bureau, hotel):
    rides = [make_booking(customer=hotel), make_booking(customer=hotel), make_booking()]
    values = {"transport_number": To("AF719"), "office_notes": To("VIP")}
    changes.change(only(*rides), by=bureau, values=values, tell=True)
    assert len(sent()) == 2
    changes.change(only(*rides), by=bureau, values={"office_notes": To("!")}, tell=True)
    assert OutgoingMail.objects.count() == 2


def test_what_the_customer_does_not_see_is_not_told(bureau, hotel):
    booking = make_booking(customer=hotel, price=35000)
    edit(booking, bureau, office_notes="VIP", driver_notes="Sign", payout=9000)
    assert not OutgoingMail.objects.exists()


def test_it_says_what_was_true_then_and_not_what_came_after(bureau, hotel):
    booking = make_booking(customer=hotel, pickup_address="Gare de Dakar")
    edit(booking, bureau, pickup_address="Port de Dakar")
    edit(booking, bureau, pickup_address="Hôtel Savana", passenger_name="Fatou Sow")
    first, second = sent()
    for text in texts_of(first):
        assert "Port de Dakar" in text
        assert "Savana" not in text
        assert "Fatou" not in text
    for text in texts_of(second):
        assert "Savana" in text


@pytest.mark.parametrize(
    ("language", "clock"), [("en", "local time (Dakar)"), ("fr", "heure locale (Dakar)")]
)
def test_it_speaks_the_customers_language_not_the_writers(bureau, hotel, language, clock):
    hotel.language = language
    hotel.save()
    with translation.override("fr" if language == "en" else "en"):
        cancel(only(make_booking(customer=hotel)), bureau)
        (message,) = sent()
    for text in texts_of(message):
        assert clock in text
    assert f'lang="{language}"' in texts_of(message)[1]
    assert OutgoingMail.objects.get().language == language


def test_a_cancellation_tells_the_fee(bureau, hotel):
    booking = make_booking(customer=hotel, price=35000)
    cancel(only(booking), bureau, billable=True, fee_percent=50)
    (message,) = sent()
    for text in texts_of(message):
        assert "17,500" in text
        assert "Flight AF719" not in text  # the reason is the office's


def test_who_is_not_to_be_told_is_not(bureau, hotel):
    booking = make_booking(customer=hotel)
    cancel(only(booking), bureau, tell=False)
    services.restore(only(booking), by=bureau)
    cancel(only(make_booking(customer=make_customer(email=""))), bureau)
    assert not OutgoingMail.objects.exists()


def test_what_rolls_back_is_told_to_nobody(bureau, hotel):
    class Refused(Exception):
        pass

    with pytest.raises(Refused), transaction.atomic():
        assert cancel(only(make_booking(customer=hotel)), bureau).changed == 1
        assert OutgoingMail.objects.count() == 1
        raise Refused
    assert not OutgoingMail.objects.exists()
    assert sent() == mail.outbox == []


def test_a_booking_that_is_refused_is_not_told_of(bureau, hotel):
    ready = make_booking(customer=hotel)
    over = make_booking(customer=hotel, status=Status.COMPLETED)
    cancel(only(ready, over), bureau)
    assert OutgoingMail.objects.get().object_id == ready.pk


def test_an_address_that_is_gone_by_then_drops_the_message(bureau, hotel):
    cancel(only(make_booking(customer=hotel)), bureau)
    hotel.email = ""
    hotel.save()
    assert sent() == []
    dropped = OutgoingMail.objects.get()
    assert (dropped.state, dropped.trouble) == (State.DROPPED, Trouble.NO_ADDRESS)


def test_the_former_customer_hears_that_the_ride_is_no_longer_theirs(bureau, hotel):
    other = make_customer("Awa Diop", email="awa@example.org", language="en")
    booking = make_booking(customer=hotel)
    edit(booking, bureau, customer=other)
    messages = {message["To"].addresses[0].addr_spec: message for message in sent()}
    assert set(messages) == {"hotel@example.org", "awa@example.org"}
    assert method_of(messages["hotel@example.org"]) == "CANCEL"
    assert method_of(messages["awa@example.org"]) == "REQUEST"
    assert "Awa Diop" not in texts_of(messages["hotel@example.org"])[0]


def test_who_is_given_a_ride_does_not_hear_what_it_was_before(bureau, hotel):
    other = make_customer("Awa Diop", email="awa@example.org", language="en")
    booking = make_booking(customer=hotel, passenger_name="Fatou", price=35_000)
    edit(booking, bureau, customer=other, passenger_name="Moussa", price=40_000)
    messages = {message["To"].addresses[0].addr_spec: message for message in sent()}
    for text in texts_of(messages["awa@example.org"]):
        assert ("Fatou" in text, "Moussa" in text) == (False, True)
        assert ("CFA 35,000" in text, "CFA 40,000" in text) == (False, True)


def give(*bookings, by, **values):
    """Change rides together, and tell; the messages by (address, kind)."""
    given = {name: To(value) for name, value in values.items()}
    outcome = changes.change(only(*bookings), by=by, values=given, tell=True)
    messages = sent()
    told = {}
    for message in messages:
        address = message["To"].addresses[0].addr_spec
        told.setdefault((address, subject_kind(message)), []).append(message)
    return outcome.batch, told


def subject_kind(message):
    (mail,) = OutgoingMail.objects.filter(subject=message["Subject"]).order_by("-pk")[:1]
    return mail.kind


def references_of(message):
    uids = (str(entry["UID"]) for entry in entries_of(message))
    return {uid.partition("@")[0] for uid in uids}


def test_the_former_customer_hears_only_of_the_rides_that_were_theirs(bureau, hotel):
    other = make_customer("Awa Diop", email="awa@example.org", language="en")
    out, back = make_round_trip(
        customer=hotel, inbound={"customer": other, "passenger_name": "Nobody Else's"}
    )
    _batch, told = give(out, back, by=bureau, customer=other, passenger_count=3)
    assert {key: [references_of(each) for each in those] for key, those in told.items()} == {
        ("hotel@example.org", notifications.WITHDRAWN): [{out.reference}],
        ("awa@example.org", notifications.CREATED): [{out.reference}],
        ("awa@example.org", notifications.CHANGED): [{back.reference}],
    }
    ((withdrawn,),) = (those for key, those in told.items() if "hotel" in key[0])
    assert all("Nobody" not in text for text in texts_of(withdrawn))


def test_two_former_customers_of_one_round_trip_hear_each_of_their_own(bureau, hotel):
    second = make_customer("Sahel", email="sahel@example.org", language="en")
    other = make_customer("Awa Diop", email="awa@example.org", language="en")
    out, back = make_round_trip(customer=hotel, inbound={"customer": second})
    _batch, told = give(out, back, by=bureau, customer=other)
    assert {key: [references_of(each) for each in those] for key, those in told.items()} == {
        ("hotel@example.org", notifications.WITHDRAWN): [{out.reference}],
        ("sahel@example.org", notifications.WITHDRAWN): [{back.reference}],
        ("awa@example.org", notifications.CREATED): [{out.reference, back.reference}],
    }


def test_the_former_customer_of_both_legs_gets_one_message_wherever_each_went(bureau, hotel):
    first, second = make_customer(), make_customer()
    out, back = make_round_trip(customer=hotel)
    given = [
        entries.Entry(key=ride.pk, pk=ride.pk, version=ride.version, values={"customer_id": to.pk})
        for ride, to in ((out, first), (back, second))
    ]
    entries.edit_all(given, by=bureau, tell=True)
    (message,) = sent()
    assert references_of(message) == {out.reference, back.reference}


def test_the_former_customer_does_not_hear_what_became_of_the_ride(bureau, hotel):
    other = make_customer("Awa Diop")
    booking = make_booking(customer=hotel, passenger_name="Fatou", price=35000)
    at = booking.pickup_at
    values = {"passenger_name": "Moussa", "price": 40000, "duration_minutes": 200}
    _batch, told = give(booking, by=bureau, customer=other, day=date(2030, 3, 4), **values)
    ((message,),) = told.values()
    for text in texts_of(message):
        assert ("Fatou" in text, "Moussa" in text) == (True, False)
        assert ("CFA 35,000" in text, "CFA 40,000" in text) == (True, False)
    entry = entry_of(message)
    assert (entry["DTSTART"].dt, entry["DTEND"].dt - entry["DTSTART"].dt) == (
        at.replace(microsecond=0),
        timedelta(minutes=booking.duration_minutes),
    )
    booking.refresh_from_db()
    assert entry["SEQUENCE"] == booking.version


def test_of_an_undo_hears_only_who_was_told(bureau, hotel):
    other = make_customer("Awa Diop", email="awa@example.org", language="en")
    booking = make_booking(customer=hotel)
    batch = changes.change(
        only(booking), by=bureau, values={"customer": To(other)}, tell=True
    ).batch
    gone = OutgoingMail.objects.filter(kind=notifications.WITHDRAWN)
    gone.update(state=State.SENT, sent_at=timezone.now(), attempts=1)
    undone = undo(batch, by=bureau)
    assert list(undone.batch.mails.values_list("kind", flat=True)) == [notifications.CREATED]
    (message,) = sent()
    assert message["To"].addresses[0].addr_spec == "hotel@example.org"


# ----------------------------------------------------------------------------------- round trips
def test_both_legs_are_one_message_with_two_entries(bureau, hotel):
    outbound, inbound = make_round_trip(customer=hotel, price=10000)
    cancel(only(outbound, inbound), bureau, billable=True)
    (message,) = sent()
    for text in texts_of(message):
        assert outbound.reference in text
        assert inbound.reference in text
    uids = {str(entry["UID"]).partition("@")[0] for entry in entries_of(message)}
    assert uids == {outbound.reference, inbound.reference}


def test_one_leg_alone_tells_of_that_leg_alone(bureau, hotel):
    outbound, inbound = make_round_trip(customer=hotel)
    cancel(only(inbound), bureau)
    (message,) = sent()
    assert inbound.reference in texts_of(message)[0]
    assert outbound.reference not in texts_of(message)[0]


def test_legs_that_were_untied_before_it_left_are_told_together_all_the_same(bureau, hotel):
    outbound, inbound = make_round_trip(customer=hotel)
    cancel(only(outbound, inbound), bureau)
    for leg in (outbound, inbound):
        leg.refresh_from_db()
        leg.round_trip, leg.leg = None, ""
        leg.save()
    (message,) = sent()
    assert len(entries_of(message)) == 2


# ---------------------------------------------------------------------------------------- hostile
def test_a_line_break_in_a_name_makes_no_header_and_no_property(bureau):
    customer = make_customer(
        'Eve"\r\nBcc: all@example.org\r\nATTENDEE:mailto:x@y.z',
        email="eve@example.org",
        language="en",
    )
    booking = make_booking(customer=customer, dropoff_address="Here\r\nSTATUS:CANCELLED")
    edit(booking, bureau, passenger_name="<b>Awa</b>\r\nSubject: Free money")
    (message,) = sent()
    assert message["Bcc"] is None
    assert len(message.get_all("Subject")) == len(message.get_all("To")) == 1
    assert [a.addr_spec for a in message["To"].addresses] == ["eve@example.org"]
    entry = entry_of(message)
    assert entry["STATUS"] == "TENTATIVE"
    assert entry["ATTENDEE"] == "mailto:eve@example.org"
    text, html = texts_of(message)
    assert "<b>Awa</b>" in text
    assert "<b>Awa</b>" not in html


def test_one_that_cannot_be_written_does_not_hold_up_the_others(bureau, hotel):
    broken, fine = make_booking(customer=hotel), make_booking(customer=hotel)
    outcome = cancel(only(broken), bureau)
    OutgoingMail.objects.filter(batch=outcome.batch).update(object_id=10**9, records=[10**9])
    cancel(only(fine), bureau)
    (message,) = sent()
    assert fine.reference in message["Subject"]
    waits = OutgoingMail.objects.get(batch=outcome.batch)
    assert (waits.state, waits.trouble, waits.attempts) == (State.WAITING, Trouble.UNWRITTEN, 1)


# ------------------------------------------------------------------------------------------- undo
def test_what_is_undone_before_it_left_never_leaves(bureau, hotel):
    booking = make_booking(customer=hotel)
    outcome = cancel(only(booking), bureau)
    undo(outcome.batch, by=bureau)
    assert sent() == []
    dropped = OutgoingMail.objects.get()
    assert (dropped.state, dropped.trouble) == (State.DROPPED, Trouble.UNDONE)


def test_what_is_undone_after_it_left_is_told(bureau, hotel):
    booking = make_booking(customer=hotel)
    outcome = cancel(only(booking), bureau)
    (cancelled,) = sent()
    undo(outcome.batch, by=bureau)
    (restored,) = sent()
    assert method_of(restored) == "REQUEST"
    assert entry_of(restored)["UID"] == entry_of(cancelled)["UID"]
    assert entry_of(restored)["SEQUENCE"] > entry_of(cancelled)["SEQUENCE"]


def test_what_may_be_on_its_way_is_told_after_it(bureau, hotel):
    booking = make_booking(customer=hotel)
    outcome = cancel(only(booking), bureau)
    claimed = claim()
    undo(outcome.batch, by=bureau)
    assert sent() == []  # the earlier news goes first, whoever sends it
    OutgoingMail.objects.filter(pk=claimed.pk).update(due_at=claimed.created_at)
    first, second = sent()
    assert "cancelled" in texts_of(first)[0]
    assert "after all" in texts_of(second)[0]


def test_news_of_one_segment_waits_for_that_of_the_whole_trip(bureau, hotel):
    outbound, back = make_round_trip(customer=hotel)
    cancel(only(outbound, back), bureau)
    whole = OutgoingMail.objects.get()
    assert whole.object_id == outbound.pk
    services.restore(only(back), by=bureau, tell=True)
    OutgoingMail.objects.filter(pk=whole.pk).update(due_at=whole.due_at + timedelta(hours=1))
    assert sent() == []
    OutgoingMail.objects.filter(pk=whole.pk).update(due_at=whole.due_at)
    first, second = sent()
    assert "cancelled" in texts_of(first)[0]
    assert "after all" in texts_of(second)[0]


def test_what_waits_holds_up_nobody_else_and_what_is_unwritten_nothing(bureau, hotel):
    cancel(only(make_booking(customer=hotel)), bureau)
    waits = OutgoingMail.objects.get()
    later = {"due_at": waits.due_at + timedelta(hours=1)}
    OutgoingMail.objects.filter(pk=waits.pk).update(**later, trouble=Trouble.BUSY)
    cancel(only(make_booking(customer=hotel)), bureau)
    cancel(only(make_booking(customer=make_customer(email="other@example.org"))), bureau)
    assert ["other@example.org" in message["To"] for message in sent()] == [True]
    OutgoingMail.objects.filter(pk=waits.pk).update(trouble=Trouble.UNWRITTEN)
    assert [hotel.email in message["To"] for message in sent()] == [True]


def test_who_was_told_of_a_shared_price_hears_that_it_is_whole_again(bureau, hotel):
    booking = make_booking(customer=hotel, price=11_000)
    given = {"date": booking.pickup_at.date() + timedelta(days=2), "clock": time(10)}
    split = {"pricing": round_trips.Pricing.SPLIT, "tell": True}
    outcome = round_trips.create_return(only(booking), by=bureau, **given, **split)
    (told,) = sent()
    assert "5,500" in texts_of(told)[0]
    undo(outcome.batch, by=bureau)
    off, changed = sent()
    assert method_of(off) == "CANCEL"
    assert method_of(changed) == "REQUEST"
    assert texts_of(changed)[0].index("5,500") < texts_of(changed)[0].rindex("11,000")
    assert entry_of(changed)["UID"] in {each["UID"] for each in entries_of(told)}
    # What the ride's page said of the message that told of both stays with it.
    batches = list(booking.logs.values_list("batch", flat=True))
    awa = make_user(is_superuser=True)
    assert len(notifications.remarks([booking], awa, batches)) == 2


def test_nobody_hears_of_the_undo_of_a_return_that_shared_nothing(bureau, hotel):
    booking = make_booking(customer=hotel, price=11_000)
    given = {"date": booking.pickup_at.date() + timedelta(days=2), "clock": time(10)}
    outcome = round_trips.create_return(only(booking), by=bureau, **given, tell=True)
    sent()
    undo(outcome.batch, by=bureau)
    (off,) = sent()
    assert method_of(off) == "CANCEL"


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("en", "Thursday 4 November 2027, 17:05", "Saturday 11 December 2027, 17:05"),
        ("fr", "Jeudi 4 novembre 2027, 17:05", "Samedi 11 décembre 2027, 17:05"),
    ],
)
def test_moments_in_a_letter_are_read_one_way_alone(bureau, hotel, language, before, after):
    hotel.language = language
    hotel.save()
    at = timezone.make_aware(datetime(2027, 11, 4, 17, 5))
    booking = make_booking(customer=hotel, pickup_at=at)
    changes.change(only(booking), by=bureau, values={"day": To(date(2027, 12, 11))}, tell=True)
    (message,) = sent()
    for text in texts_of(message):
        assert (text.count(before), text.count(after)) == (1, 2)  # in what changed, and as heading


def test_nobody_hears_of_the_undo_of_what_nobody_heard_of(bureau, hotel):
    booking = make_booking(customer=hotel)
    outcome = cancel(only(booking), bureau, tell=False)
    undo(outcome.batch, by=bureau)
    assert not OutgoingMail.objects.exists()


def test_an_undone_edit_and_an_undone_creation_are_told(bureau, hotel):
    booking = make_booking()
    made = Booking(
        customer=hotel,
        passenger_name="Awa",
        pickup_address="Gare de Dakar",
        dropoff_address="Port",
        pickup_at=booking.pickup_at,
    )
    created = services.create(made, by=bureau, tell=True)
    edited = edit(made, bureau, pickup_address="Port de Dakar")
    sent()
    undo(edited, by=bureau)
    (back,) = sent()
    text = texts_of(back)[0]
    assert text.index("Port de Dakar") < text.index("Gare de Dakar")
    untouched = Booking(
        customer=hotel,
        passenger_name="Awa",
        pickup_address="Gare de Dakar",
        dropoff_address="Port",
        pickup_at=booking.pickup_at,
    )
    created = services.create(untouched, by=bureau, tell=True)
    sent()
    undo(created, by=bureau)
    (gone,) = sent()
    assert method_of(gone) == "CANCEL"


def test_the_leg_that_stays_cancelled_keeps_the_message_and_the_other_gets_its_own(bureau, hotel):
    outbound, inbound = make_round_trip(customer=hotel)
    outcome = cancel(only(outbound, inbound), bureau)
    inbound.refresh_from_db()
    inbound.office_notes = "touched since"
    inbound.save()
    undo(outcome.batch, by=bureau)
    both, one = sent()
    assert len(entries_of(both)) == 2
    assert entry_of(one)["UID"].startswith(outbound.reference)


# ------------------------------------------------------------------------------------ bulk, forms
def test_its_statements_do_not_grow_with_the_bookings(bureau):
    counts = {}
    for many in (10, 1000):
        customers = [make_customer(email=f"c{i}@example.org") for i in range(5)]
        bookings = [make_booking(customer=customers[i % 5]) for i in range(many)]
        with CaptureQueriesContext(connection) as statements:
            outcome = cancel(only(*bookings), bureau)
        counts[many] = len(statements)
        assert outcome.changed == outcome.batch.mails.count() == many
        with CaptureQueriesContext(connection) as alone:
            outcome = services.restore(only(*bookings), by=bureau)
            notifications.tell(outcome.batch, notifications.RESTORED)
    assert counts[10] == counts[1000] <= 20
    posting = [query for query in alone if "outgoingmail" in query["sql"]]
    assert len(posting) == 1


def test_the_forms_ask_whether_to_tell_and_say_yes_unless_told(desk, hotel):
    booking = make_booking(customer=hotel)
    for url in (reverse("bookings:create"), booking.get_edit_url()):
        form = desk.get(url).context["form"]
        assert form["tell"].value() is True
    for name in ("cancel", "restore"):
        asked = desk.post(
            reverse("action", args=["bookings", name]), {"pk": booking.pk}, HTTP_HX_REQUEST="true"
        )
        assert asked.context["form"]["tell"].value() is True


def test_the_dialog_says_how_many_have_no_address(desk, hotel):
    first = make_booking(customer=hotel)
    mute = make_customer(email="")
    keys = ",".join(str(b.pk) for b in (first, make_booking(customer=mute)))
    url = reverse("action", args=["bookings", "cancel"])
    assert "no e-mail address" not in text_of(desk.post(url, {"pk": first.pk}))
    assert "1 customer has no e-mail address." in text_of(desk.post(url, {"pk": keys}))


@pytest.mark.parametrize("tell", [True, False])
def test_through_the_forms_it_is_told_where_the_box_is_ticked(desk, hotel, tell):
    given = {"tell": "on"} if tell else {}
    coming = f"{timezone.localtime() + timedelta(days=1):%Y-%m-%dT%H:%M}"
    desk.post(reverse("bookings:create"), answers(of=hotel, pickup_at=coming, **given))
    booking = Booking.objects.get()
    desk.post(booking.get_edit_url(), as_posted(booking, pickup_address="Port de Dakar", **given))
    act(
        desk,
        reverse("action", args=["bookings", "cancel"]),
        {"pk": booking.pk, "kind": "customer", "reason": "Ill", **given},
    )
    act(desk, reverse("action", args=["bookings", "restore"]), {"pk": booking.pk, **given})
    booking.refresh_from_db()
    assert booking.version == 4
    kinds = [*OutgoingMail.objects.order_by("pk").values_list("kind", flat=True)]
    told = ["bookings.created", "bookings.changed", "bookings.cancelled", "bookings.restored"]
    assert kinds == (told if tell else [])


def test_the_bookings_page_tells_what_became_of_the_message(client, bureau, hotel):
    outbound, inbound = make_round_trip(customer=hotel)
    cancel(only(outbound, inbound), bureau)
    reader = make_user("reader", groups=["Bureau"], language="en")
    client.force_login(reader)
    for leg in (outbound, inbound):
        assert "E-mail waiting to be sent" in text_of(client.get(leg.get_absolute_url()))
    sent()
    for leg in (outbound, inbound):
        assert "E-mail sent to hotel@example.org" in text_of(client.get(leg.get_absolute_url()))
