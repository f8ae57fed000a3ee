"""The form that edits a booking, and what happens to one that is out of date."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from bookings import changes, entries, services
from bookings.changes import To
from bookings.models import Booking
from bookings.states import PaymentState, Status
from project.actions.undo import CannotUndo, undo
from project.audit.models import Batch
from project.exchange.cells import LONGEST
from tests.asking import HTMX, picked, toasts, url_of
from tests.bookings.conftest import browser_of
from tests.bookings.posting import as_posted, text_of
from tests.factories import (
    make_booking,
    make_customer,
    make_driver,
    make_partner,
    make_round_trip,
)

pytestmark = pytest.mark.django_db
NEW = "/bookings/new/"
SUMMER = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)


# ------------------------------------------------------------------------------------------- edit
def edited(ride, bureau, **values):
    for name, value in values.items():
        setattr(ride, name, value)
    return services.edit(ride, by=bureau) is not None


def changed(ride, bureau, **values):
    values = {name: To(value) for name, value in values.items()}
    return changes.change(Booking.objects.filter(pk=ride.pk), by=bureau, values=values).changed == 1


def read_from_a_file(ride, bureau, **values):
    entry = entries.Entry(key=1, pk=ride.pk, version=ride.version, values=values)
    return not entries.edit_all([entry], by=bureau).faults


@pytest.mark.parametrize("kind", ["driver", "partner"])
@pytest.mark.parametrize("door", [edited, changed, read_from_a_file])
def test_what_is_cancelled_moves_whoever_left_by_every_door(bureau, door, kind):
    person = make_driver() if kind == "driver" else make_partner()
    ride = make_booking(status=Status.CANCELLED, **{kind: person})
    person.is_active = False
    person.save()
    assert door(ride, bureau, duration_minutes=75)


@pytest.fixture
def booking(db, customer, bureau):
    return make_booking(customer=customer, pickup_at=SUMMER, price=35000, by=bureau)


def test_the_form_shows_what_is_there(desk, booking):
    page = desk.get(booking.get_edit_url())
    for shown in (booking.passenger_name, "2026-07-01T20:30", "Hôtel Téranga", 'value="35,000"'):
        assert shown in text_of(page)
    assert ("version", 1) in page.context["hidden"]


def test_an_edit_is_logged_with_before_and_after(desk, bureau, booking):
    done = desk.post(
        booking.get_edit_url(), as_posted(booking, price="40000", stops="Colobane", version=1)
    )
    assert done.url == booking.get_absolute_url()
    booking.refresh_from_db()
    assert (booking.price, booking.stops, booking.version) == (40000, ["Colobane"], 2)
    line = booking.logs.latest("pk")
    assert (line.action_code, line.user) == ("bookings.edit", bureau)
    assert {name: [str(value) for value in pair] for name, pair in line.changes.items()} == {
        "price": ["35000.000", "40000"],
        "stops": ["[]", "['Colobane']"],
    }
    row = booking.history.first()
    assert (row.history_type, row.history_user, row.price) == ("~", bureau, 40000)


def test_lines_of_a_note_end_alike_wherever_they_were_typed(desk, customer):
    booking = make_booking(customer=customer, office_notes="Une\nautre")
    note = {"office_notes": "Une\r\nautre", "driver_notes": "a\r\n\r\nb", "version": 1}
    desk.post(booking.get_edit_url(), as_posted(booking, **note))
    booking.refresh_from_db()
    assert (booking.office_notes, booking.driver_notes) == ("Une\nautre", "a\n\nb")
    assert booking.logs.latest("pk").changes.keys() == {"driver_notes"}


def test_a_note_is_as_long_as_a_cell_of_a_file_may_be(desk, booking):
    whole = {"office_notes": "a" * LONGEST, "version": 1}
    desk.post(booking.get_edit_url(), as_posted(booking, **whole))
    longer = as_posted(booking, driver_notes="a" * (LONGEST + 1), version=2)
    refused = desk.post(booking.get_edit_url(), longer)
    assert list(refused.context["form"].errors) == ["driver_notes"]
    booking.refresh_from_db()
    assert (booking.office_notes, booking.version) == (whole["office_notes"], 2)


def test_an_edit_that_changes_nothing_writes_nothing(desk, booking):
    done = desk.post(booking.get_edit_url(), as_posted(booking))
    assert toasts(done) == ["Nothing was changed."]
    booking.refresh_from_db()
    assert (booking.version, booking.logs.count(), booking.history.count()) == (1, 1, 1)


def test_a_wrong_edit_keeps_what_was_typed_and_the_version_it_answers_for(desk, booking):
    refused = desk.post(
        booking.get_edit_url(), as_posted(booking, passenger_count="0", office_notes="Typed")
    )
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["passenger_count"]
    assert "Typed" in text_of(refused)
    assert ("version", 1) in refused.context["hidden"]
    booking.refresh_from_db()
    assert booking.version == 1


@pytest.fixture
def stale(desk, gestion, booking):
    """The answer to an edit of a booking that someone saved meanwhile."""
    mine = as_posted(booking, passenger_name="Mine", office_notes="Mine too")
    theirs = Booking.objects.get(pk=booking.pk)
    theirs.passenger_name, theirs.driver_notes = "Theirs", "Theirs too"
    services.edit(theirs, by=gestion)
    return desk.post(booking.get_edit_url(), mine)


def test_a_stale_edit_shows_both_versions_and_saves_nothing(stale, booking):
    assert stale.status_code == 409
    with translation.override("en"):
        rows = {str(row["label"]): row for row in stale.context["rows"]}
    assert (rows["Passenger"]["theirs"], rows["Passenger"]["yours"]) == ("Theirs", "Mine")
    differing = {label for label, row in rows.items() if row["differs"]}
    assert differing == {"Passenger", "Notes for the driver", "Notes for the office"}
    assert rows["Customer"]["theirs"] == rows["Customer"]["yours"] == "Hôtel Téranga"
    assert "moussa saved this record" in text_of(stale)
    booking.refresh_from_db()
    assert (booking.passenger_name, booking.version) == ("Theirs", 2)


def test_keeping_mine_saves_all_that_was_typed(desk, stale, booking):
    kept = {}
    for name, value in stale.context["hidden"]:
        kept.setdefault(name, []).append(value)
    desk.post(booking.get_edit_url(), kept)
    booking.refresh_from_db()
    assert (booking.passenger_name, booking.office_notes) == ("Mine", "Mine too")
    assert (booking.customer.name, booking.version) == ("Hôtel Téranga", 3)


def test_keeping_mine_is_asked_again_if_they_save_again(desk, gestion, stale, booking):
    theirs = Booking.objects.get(pk=booking.pk)
    theirs.passenger_name = "Theirs again"
    services.edit(theirs, by=gestion)
    again = desk.post(booking.get_edit_url(), dict(stale.context["hidden"]))
    assert again.status_code == 409
    booking.refresh_from_db()
    assert booking.passenger_name == "Theirs again"


@pytest.mark.parametrize("version", ["", "x", "-1", "0", "2", "1.5", "9" * 30, "¹"])
def test_a_forged_version_saves_nothing(desk, booking, version):
    forged = as_posted(booking, passenger_name="Mine", version=version)
    assert desk.post(booking.get_edit_url(), forged).status_code == 409
    booking.refresh_from_db()
    assert booking.version == 1 and booking.passenger_name != "Mine"


def test_a_booking_edited_a_thousand_times_can_be_edited_again(desk, booking):
    type(booking)._base_manager.filter(pk=booking.pk).update(version=1234)
    page = desk.get(booking.get_edit_url())
    assert 'name="version" value="1234"' in page.content.decode()


def test_an_archived_booking_is_not_edited(desk):
    booking = make_booking(status=Status.CANCELLED, archived_at=timezone.now())
    refused = desk.post(booking.get_edit_url(), as_posted(booking, passenger_name="Mine"))
    assert refused.status_code == 422
    assert "An archived booking does not change: unarchive it first." in text_of(refused)
    booking.refresh_from_db()
    assert booking.version == 1


def test_a_former_customer_stays_on_their_booking(desk, booking, customer):
    type(customer)._base_manager.filter(pk=customer.pk).update(is_active=False)
    done = desk.post(booking.get_edit_url(), as_posted(booking, passenger_name="Mine"))
    assert done.status_code == 302
    booking.refresh_from_db()
    assert (booking.passenger_name, booking.customer) == ("Mine", customer)


def test_a_customer_who_left_is_given_no_ride_and_gets_none_back(bureau, booking, customer):
    other = make_customer()
    booking.customer = other
    given = services.edit(booking, by=bureau)
    customer.is_active = False
    customer.save()
    with pytest.raises(CannotUndo, match=r"no longer active|plus actif"):
        undo(given, by=bureau)
    booking.refresh_from_db()
    assert booking.customer == other
    booking.customer = customer
    with pytest.raises(ValidationError) as refused:
        services.edit(booking, by=bureau)
    assert list(refused.value.error_dict) == ["customer"]


def test_an_old_ride_can_still_be_corrected(desk):
    booking = make_booking(pickup_at=datetime(2003, 5, 1, 8, tzinfo=UTC))
    done = desk.post(booking.get_edit_url(), as_posted(booking, office_notes="Typed late"))
    assert done.status_code == 302


@pytest.mark.parametrize(
    "fields", [{"round": True}, {"status": Status.COMPLETED}, {"billed": True}]
)
def test_an_edit_leaves_the_rest_of_a_booking_alone(desk, fields):
    if fields.get("round"):
        booking, _back = make_round_trip()
    elif fields.get("billed"):
        booking = make_booking(
            status=Status.CANCELLED, price=900, fee=500, billable=True,
            payment_state=PaymentState.INVOICED, partner=make_partner(),
        )  # fmt: skip
    else:
        booking = make_booking(**fields)
    kept = ("status", "driver", "partner", "fee", "billable", "leg", "round_trip", "cancelled_at")
    before = [getattr(Booking.objects.get(pk=booking.pk), name) for name in kept]
    desk.post(booking.get_edit_url(), as_posted(booking, passenger_name="Mine"))
    booking.refresh_from_db()
    assert booking.passenger_name == "Mine"
    assert [getattr(booking, name) for name in kept] == before


# --------------------------------------------------------------------------------------- overlaps
@pytest.fixture
def moved(booking):
    """What is sent to move a driver's ride onto another of theirs."""
    driver = make_driver()
    mine = make_booking(driver=driver, pickup_at=SUMMER + timedelta(hours=8))
    make_booking(driver=driver, pickup_at=SUMMER)
    return mine, as_posted(mine, pickup_at="2026-07-01T20:45")


def test_an_overlap_is_refused_at_the_pickup_time(desk, moved):
    mine, posted = moved
    refused = desk.post(mine.get_edit_url(), posted)
    assert refused.status_code == 422
    assert (
        "The driver has another ride at that time" in refused.context["form"].errors["pickup_at"][0]
    )
    assert 'type="text" name="override_reason"' not in text_of(refused)
    other = Booking.objects.exclude(pk=mine.pk).latest("pk")
    link = f'<a class="ref" href="{other.get_absolute_url()}">{other.reference}</a>'
    assert f"at that time: {link} (" in refused.content.decode()
    assert ", 20:30–21:30)" in refused.content.decode()
    mine.refresh_from_db()
    assert mine.version == 1


def test_who_may_not_override_can_not_by_sending_a_reason(desk, moved):
    mine, posted = moved
    refused = desk.post(mine.get_edit_url(), posted | {"override_reason": "Two vans"})
    assert refused.status_code == 422
    assert "You may not go ahead in spite of a warning." in text_of(refused)
    mine.refresh_from_db()
    assert mine.version == 1


def test_a_manager_is_asked_why_and_goes_ahead(boss, gestion, moved):
    mine, posted = moved
    asked = boss.post(mine.get_edit_url(), posted)
    assert asked.status_code == 422
    assert "Reason to go ahead all the same" in text_of(asked)
    assert '<input type="text" name="override_reason"' in text_of(asked)
    assert text_of(asked).index('name="override_reason"') < text_of(asked).index('name="customer"')
    done = boss.post(mine.get_edit_url(), posted | {"override_reason": "Two vans"})
    assert done.status_code == 302
    mine.refresh_from_db()
    assert mine.version == 2
    line = mine.logs.latest("pk")
    assert (line.user, line.batch.reason) == (gestion, "Two vans")
    assert "Two vans" in line.action


def test_an_overlap_accepted_before_is_not_asked_about_again(desk, boss, moved):
    mine, posted = moved
    boss.post(mine.get_edit_url(), posted | {"override_reason": "Two vans"})
    mine.refresh_from_db()
    assert desk.post(mine.get_edit_url(), as_posted(mine, office_notes="x")).status_code == 302


# ---------------------------------------------------------------------------- an expired CSRF token
@pytest.fixture
def strict(bureau):
    browser_of(bureau)  # sets the language
    client = Client(enforce_csrf_checks=True)
    client.force_login(bureau)
    return client


@pytest.mark.parametrize("page", ["create", "edit", "action", "undo"])
def test_an_expired_token_is_told_on_a_page(strict, booking, page):
    urls = {
        "create": NEW,
        "edit": booking.get_edit_url(),
        "action": url_of("archive"),
        "undo": reverse("undo", args=[booking.logs.get().batch_id]),
    }
    refused = strict.post(urls[page], as_posted(booking, passenger_name="Mine") | picked(booking))
    assert refused.status_code == 403
    assert "This page was open for too long" in text_of(refused)
    assert Batch.objects.filter(model="bookings.booking").count() == 1


def test_htmx_reloads_the_page_whose_token_expired_and_says_why(strict, booking):
    refused = strict.post(url_of("archive"), picked(booking), headers=HTMX)
    assert refused["HX-Refresh"] == "true"
    page = strict.get(booking.get_absolute_url())
    assert "This page was open for too long: it is fresh now, try again." in text_of(page)


def test_a_ride_is_not_moved_for_a_driver_who_left():
    driver = make_driver()
    booking = make_booking(driver=driver)
    driver.is_active = False
    driver.save()
    booking.passenger_name = "Fatou"
    services.edit(booking, by=None)
    booking.pickup_at += timedelta(days=3)
    for override in ("", "Two vans"):
        with pytest.raises(ValidationError):
            services.edit(booking, by=None, override=override)


# ----------------------------------------------------------------------- outbound, then the return
@pytest.mark.parametrize(
    ("leg", "given"),
    [
        ("outbound", {"pickup_at": "2026-07-02T20:30"}),
        ("outbound", {"duration_minutes": "301"}),
        ("return", {"pickup_at": "2026-07-01T21:29"}),
    ],
)
def test_a_return_before_the_end_of_its_outbound_is_told_at_the_pickup_time(desk, leg, given):
    segments = dict(zip(("outbound", "return"), make_round_trip(pickup_at=SUMMER), strict=True))
    ride = segments.pop(leg)
    (other,) = segments.values()
    refused = desk.post(ride.get_edit_url(), as_posted(ride, **given))
    assert refused.status_code == 422
    (told,) = refused.context["form"].errors["pickup_at"]
    assert other.reference in told
    ride.refresh_from_db()
    assert ride.version == 1
    done = desk.post(ride.get_edit_url(), as_posted(ride, office_notes="As it was"))
    assert done.url == ride.get_absolute_url()


# --------------------------------------------------------------------------- invoiced or paid
@pytest.fixture
def paid(booking, bureau):
    booking.payment_state = PaymentState.PAID
    services.edit(booking, by=bureau)
    return booking


@pytest.mark.parametrize(("name", "value"), [("price", "40000"), ("currency", "EUR")])
def test_the_price_of_what_is_paid_stands(desk, paid, name, value):
    refused = desk.post(paid.get_edit_url(), as_posted(paid, **{name: value}))
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == [name]
    assert "Reason to go ahead" not in text_of(refused)  # it is not theirs to say
    sent = as_posted(paid, **{name: value, "override_reason": "They agreed"})
    assert desk.post(paid.get_edit_url(), sent).status_code == 422
    paid.refresh_from_db()
    assert (paid.price, paid.currency) == (35000, "XOF")


def test_a_manager_changes_it_for_a_reason(boss, paid):
    asked = boss.post(paid.get_edit_url(), as_posted(paid, price="40000"))
    assert "Reason to go ahead all the same" in text_of(asked)
    sent = as_posted(paid, price="40000", override_reason="They agreed")
    assert boss.post(paid.get_edit_url(), sent).url == paid.get_absolute_url()
    paid.refresh_from_db()
    assert paid.price == 40000
    assert paid.logs.first().action.endswith("They agreed")
    assert paid.history.first().history_change_reason == "They agreed"


def test_what_else_changes_of_a_paid_ride_and_its_payment_are_free(desk, paid):
    done = desk.post(paid.get_edit_url(), as_posted(paid, payout="1", office_notes="Typed"))
    assert done.url == paid.get_absolute_url()
    paid.refresh_from_db()
    unpaid = as_posted(paid, price="40000", payment_state="unpaid")
    assert desk.post(paid.get_edit_url(), unpaid).url == paid.get_absolute_url()
    paid.refresh_from_db()
    again = as_posted(paid, price="41000", payment_state="invoiced")
    assert desk.post(paid.get_edit_url(), again).url == paid.get_absolute_url()


def test_all_that_speaks_against_an_edit_is_told_at_once(boss, paid):
    paid.driver = make_driver()
    paid.save()
    make_booking(driver=paid.driver, pickup_at=SUMMER + timedelta(hours=5))
    sent = as_posted(paid, price="40000", pickup_at="2026-07-02T01:30")
    refused = boss.post(paid.get_edit_url(), sent)
    assert set(refused.context["form"].errors) == {"pickup_at", "price"}
