"""Bookings in Django admin: the desk's own rules, log and actions, behind Django's pages."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bookings import payouts, series_services, services
from bookings.models import Booking, BookingLog
from bookings.recurrence import Frequency, Rule
from bookings.states import Status
from project.audit.models import Batch
from project.exchange.models import Export
from project.notifications.models import OutgoingMail
from project.ui.models import NamedFilter
from tests.asking import act, ticket_of, toasts
from tests.bookings.conftest import browser_of, only
from tests.factories import make_booking, make_customer, make_driver, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/bookings/booking/"
REASON = {"kind": "customer", "reason": "Flight cancelled"}


@pytest.fixture
def admin_user(db):
    return make_user("ndeye", groups=["Administration"], is_staff=True)


@pytest.fixture
def admin(admin_user):
    """An administrator's browser, in English."""
    return browser_of(admin_user)


def page(name, *args):
    return reverse(f"admin:bookings_booking_{name}", args=args)


def listed(response):
    return set(response.context["cl"].result_list)


def answers(booking, **given):
    """What the form of this booking sends when nothing is typed over."""
    at = timezone.localtime(booking.pickup_at)
    names = [
        "passenger_name",
        "passenger_phone",
        "passenger_email",
        "passenger_count",
        "luggage_count",
        "transport_number",
        "pickup_address",
        "dropoff_address",
        "duration_minutes",
        "vehicle_class",
        "currency",
        "payment_state",
        "driver_notes",
        "office_notes",
        "version",
    ]
    amounts = ("distance_km", "price", "payout")
    return {
        **{name: getattr(booking, name) for name in names},
        **{
            name: "" if getattr(booking, name) is None else getattr(booking, name)
            for name in amounts
        },
        "customer": booking.customer_id,
        "stops": "\n".join(booking.stops),
        "pickup_at_0": at.strftime("%Y-%m-%d"),
        "pickup_at_1": at.strftime("%H:%M:%S.%f"),
        **given,
    }


def test_a_customer_who_left_is_refused_at_the_field(admin):
    booking, left = make_booking(), make_customer(is_active=False)
    refused = admin.post(page("change", booking.pk), answers(booking, customer=left.pk))
    assert list(refused.context["adminform"].form.errors) == ["customer"]
    booking.refresh_from_db()
    assert booking.customer != left


# ------------------------------------------------------------------------------------------- list
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"status__exact": "cancelled"}, {"cancelled"}),
        ({"driver__isempty": "0"}, {"driven"}),
        ({"archived_at__isempty": "0"}, {"cancelled"}),
        ({"vehicle_class__exact": "van"}, {"van"}),
        ({"payment_state__exact": "paid"}, {"van"}),
        ({"billable__exact": "1"}, set()),
    ],
)
def test_the_list_filters(admin, query, shown):
    rides = {
        "cancelled": make_booking(status=Status.CANCELLED, archived_at=timezone.now()),
        "driven": make_booking(driver=make_driver()),
        "van": make_booking(vehicle_class="van", price=1, payment_state="paid"),
    }
    assert listed(admin.get(LIST, query)) == {rides[name] for name in shown}


@pytest.mark.parametrize("typed", ["teranga", "ndiaye", "77 123", "saly", "reference"])
def test_the_search_is_the_desks(admin, typed):
    make_booking()
    found = make_booking(
        customer=make_customer("Hôtel Téranga"),
        passenger_name="Awa N'Diaye",
        passenger_phone="+221771234567",
        pickup_address="Saly Portudal",
    )
    typed = {"reference": found.reference, "ndiaye": "n'diaye"}.get(typed, typed)
    assert listed(admin.get(LIST, {"q": typed})) == {found}


def test_its_statements_do_not_grow_with_the_list(admin, django_assert_max_num_queries):
    for _ in range(30):
        make_booking(driver=make_driver())
    with django_assert_max_num_queries(12):
        assert len(listed(admin.get(LIST))) == 30


def test_the_history_names_who_and_why(admin, bureau):
    booking = make_booking(by=bureau)
    services.cancel(only(booking), by=bureau, kind="customer", reason="Flight missed")
    response = admin.get(page("history", booking.pk))
    shown = response.content.decode()
    assert "Flight missed" in shown and "awa" in shown
    for row in booking.history.all():
        former = admin.get(f"{page('history', booking.pk)}{row.history_id}/")
        assert former.status_code == 200


def test_a_customer_is_found_by_what_is_typed(admin):
    make_customer("Somebody else")
    customer = make_customer("Hôtel Téranga")
    field = {"app_label": "bookings", "model_name": "booking", "field_name": "customer"}
    found = admin.get("/admin/autocomplete/", {"term": "hotel", **field}).json()["results"]
    assert [row["id"] for row in found] == [str(customer.pk)]


# ------------------------------------------------------------------------------------- add, change
def test_a_new_one_is_logged_with_its_user(admin, admin_user):
    draft = Booking(
        customer=make_customer(),
        passenger_name="Awa Ndiaye",
        pickup_address="Saly",
        dropoff_address="Dakar",
        pickup_at=timezone.now() + timedelta(days=1),
        stops=["Colobane", "Médina"],
    )
    assert admin.post(page("add"), answers(draft)).url == LIST
    booking = Booking.objects.get()
    assert (booking.stops, booking.status) == (["Colobane", "Médina"], Status.PENDING)
    line = booking.logs.get()
    assert (line.action_code, line.user) == ("bookings.create", admin_user)
    assert booking.history.get().history_user == admin_user


def test_an_edit_is_logged_with_its_user(admin, admin_user):
    booking = make_booking()
    assert admin.post(page("change", booking.pk), answers(booking, price="900")).url == LIST
    booking.refresh_from_db()
    assert (booking.price, booking.version) == (900, 2)
    line = booking.logs.latest("pk")
    assert (line.action_code, line.user) == ("bookings.edit", admin_user)
    assert line.changes["price"][0] is None and list(line.changes) == ["price"]
    assert booking.history.first().history_user == admin_user


@pytest.mark.parametrize(("answer", "mails"), [({"tell": "on"}, 1), ({}, 0)])
def test_a_save_asks_whether_to_tell_the_customer(admin, hotel, answer, mails):
    booking = make_booking(customer=hotel)
    asked = admin.get(page("change", booking.pk)).context["adminform"].form
    assert asked["tell"].value()
    moved = answers(booking, pickup_address="Almadies", **answer)
    assert admin.post(page("change", booking.pk), moved).url == LIST
    kinds = OutgoingMail.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["bookings.changed"] * mails
    assert admin.post(page("add"), answers(make_booking(customer=hotel)) | answer).url == LIST
    assert list(kinds.all()) == ["bookings.changed", "bookings.created"][: 2 * mails]


def test_a_save_that_changes_nothing_writes_nothing(admin):
    booking = make_booking()
    admin.post(page("change", booking.pk), answers(booking))
    booking.refresh_from_db()
    assert (booking.version, booking.logs.count()) == (1, 1)


def test_what_is_an_action_is_not_a_field(admin):
    booking = make_booking()
    forged = {"status": "completed", "driver": make_driver().pk, "fee": "9", "reference": "R-1"}
    admin.post(page("change", booking.pk), answers(booking, **forged))
    booking.refresh_from_db()
    assert (booking.status, booking.driver, booking.fee) == (Status.PENDING, None, None)


@pytest.mark.parametrize("version", ["1", "", "x", "-5"])
def test_a_stale_edit_is_refused_and_told(admin, bureau, version):
    booking = make_booking()
    mine = answers(booking, passenger_name="Mine", version=version)
    booking.passenger_name = "Theirs"
    services.edit(booking, by=bureau)
    refused = admin.post(page("change", booking.pk), mine)
    booking.refresh_from_db()
    assert (booking.passenger_name, booking.version) == ("Theirs", 2)
    if version in ("1", "", "-5"):
        assert toasts(refused) == ["Someone else changed this record in the meantime."]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("pickup_at", {"pickup_at_0": "never"}),
        ("pickup_at", {"pickup_at_0": "9999-12-31", "pickup_at_1": "23:59"}),
        ("passenger_count", {"passenger_count": "0"}),
        ("price", {"price": "0.5"}),
        ("customer", {"customer": "999999"}),
        ("stops", {"stops": "x" * 256}),
    ],
)
def test_bad_input_is_told_at_its_field_and_saves_nothing(admin, field, given):
    booking = make_booking()
    for url in (page("change", booking.pk), page("add")):
        refused = admin.post(url, answers(booking, **given))
        assert refused.status_code == 200
        assert list(refused.context["adminform"].form.errors) == [field]
    assert Booking.objects.get().version == 1


def test_an_overlap_is_told_at_the_pickup_time(admin):
    ride = make_booking(driver=make_driver())
    mine = make_booking(driver=ride.driver, pickup_at=ride.pickup_at + timedelta(hours=5))
    at = timezone.localtime(ride.pickup_at)
    moved = answers(mine, pickup_at_0=f"{at:%Y-%m-%d}", pickup_at_1=f"{at:%H:%M:%S}")
    refused = admin.post(page("change", mine.pk), moved)
    assert list(refused.context["adminform"].form.errors) == ["pickup_at"]
    mine.refresh_from_db()
    assert mine.version == 1


def test_the_price_of_what_is_paid_stands(admin):
    paid = make_booking(price=5, payment_state="paid")
    refused = admin.post(page("change", paid.pk), answers(paid, price="9"))
    assert list(refused.context["adminform"].form.errors) == ["price"]
    paid.refresh_from_db()
    assert paid.price == 5


def test_an_archived_booking_does_not_change(admin):
    booking = make_booking(status=Status.CANCELLED, archived_at=timezone.now())
    refused = admin.post(page("change", booking.pk), answers(booking, passenger_name="Mine"))
    assert "unarchive it first" in refused.content.decode()
    booking.refresh_from_db()
    assert booking.version == 1


@pytest.fixture
def settled(gestion):
    """A ride under way whose driver was paid."""
    ride = make_booking(status=Status.IN_PROGRESS, price=9000, payout=4000)
    payouts.settle(only(ride), by=gestion)
    ride.refresh_from_db()
    return ride


@pytest.mark.parametrize(
    ("field", "value"), [("price", "9500"), ("payout", ""), ("currency", "EUR")]
)
def test_the_amounts_of_a_settled_ride_stand(admin, settled, field, value):
    refused = admin.post(page("change", settled.pk), answers(settled, **{field: value}))
    errors = refused.context["adminform"].form.errors
    assert errors == {field: ["The payout is validated: reopen it before changing this."]}
    settled.refresh_from_db()
    assert (settled.version, settled.logs.count()) == (2, 2)


def test_no_form_gives_a_settled_ride_to_another(admin, settled):
    before = Booking.objects.values().get(pk=settled.pk)
    forged = {"driver": make_driver().pk, "status": "no_show", "settled_on": "", "fee": "9"}
    admin.post(page("change", settled.pk), answers(settled, **forged))
    assert Booking.objects.values().get(pk=settled.pk) == before
    assert settled.logs.count() == 2


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("cancel", REASON),
        ("set_status", {"status": "no_show"}),
        ("set_status", {"status": "no_show", "fee": "500"}),
        ("assign", {"driver": make_driver}),
        ("unassign", {}),
    ],
)
def test_no_action_does_what_the_payout_forbids(admin, settled, name, given):
    given = {key: value().pk if callable(value) else value for key, value in given.items()}
    data = chosen(name, settled) | given
    asked = admin.post(LIST, data)
    told = asked.content.decode() + " ".join(toasts(admin.post(LIST, data | ticket_of(asked))))
    assert "payout validated: reopen it first" in told
    settled.refresh_from_db()
    assert (settled.version, settled.logs.count()) == (2, 2)


# --------------------------------------------------------------------------------------- deletion
def test_nothing_is_deleted_by_any_door(admin):
    booking = make_booking()
    change = admin.get(page("change", booking.pk)).content.decode()
    assert "deletelink" not in change
    assert "delete_selected" not in admin.get(LIST).content.decode()
    for response in (
        admin.get(page("delete", booking.pk)),
        admin.post(page("delete", booking.pk), {"post": "yes"}),
    ):
        assert response.status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [booking.pk], "post": "yes"}
    admin.post(LIST, chosen)
    assert Booking.objects.get() == booking


# ---------------------------------------------------------------------------------------- actions
def chosen(name, *bookings, across="0"):
    keys = [booking.pk for booking in bookings]
    return {"action": name, "_selected_action": keys, "select_across": across, "index": "0"}


def test_its_actions_are_the_desks_and_those_that_one_may(admin_user, admin):
    make_booking()
    offered = dict(admin.get(LIST).context["action_form"].fields["action"].choices)
    assert set(offered) - {""} == {
        "assign", "set_status", "archive", "cancel", "unassign", "restore", "unarchive",
        "duplicate", "return", "pair", "unpair", "change", "change_series", "settle", "reopen",
        "recap", "export", "print",
    }  # fmt: skip
    reader = make_user(is_staff=True)
    office = admin_user.groups.get().permissions
    reader.user_permissions.set(office.filter(codename__in=["view_booking", "cancel_booking"]))
    offered = dict(browser_of(reader).get(LIST).context["action_form"].fields["action"].choices)
    assert set(offered) - {""} == {"cancel"}


def test_an_action_asks_then_does(admin, admin_user):
    ready, over = make_booking(), make_booking(status=Status.COMPLETED)
    data = chosen("cancel", ready, over) | REASON
    asked = admin.post(LIST, data)
    assert (asked.context["preview"].total, asked.context["preview"].ready) == (2, 1)
    assert "already over" in asked.content.decode()
    assert not Batch.objects.filter(action="bookings.cancel").exists()
    done = admin.post(LIST, data | ticket_of(asked))
    batch = Batch.objects.get(action="bookings.cancel")
    assert (batch.changed, batch.refused, batch.user) == (1, 1, admin_user)
    assert toasts(done) == ["1 booking cancelled. 1 refused: 1 already over."]


def test_all_across_the_pages_is_all_that_the_list_shows(admin):
    vans = [make_booking(vehicle_class="van") for _ in range(3)]
    sedan = make_booking()
    url = f"{LIST}?vehicle_class__exact=van"
    act(admin, url, chosen("cancel", vans[0], across="1") | REASON)
    assert Batch.objects.get(action="bookings.cancel").changed == 3
    sedan.refresh_from_db()
    assert sedan.status == Status.PENDING


def test_a_selection_that_changed_is_asked_about_again(admin):
    make_booking(vehicle_class="van")
    url = f"{LIST}?vehicle_class__exact=van"
    data = chosen("cancel", Booking.objects.get(), across="1") | REASON
    stale = ticket_of(admin.post(url, data))
    make_booking(vehicle_class="van")
    again = admin.post(url, data | stale)
    assert "The selection has changed since you saw it." in again.content.decode()
    assert again.context["preview"].total == 2
    assert not Batch.objects.filter(action="bookings.cancel").exists()
    admin.post(url, data | ticket_of(again))
    assert Batch.objects.get(action="bookings.cancel").changed == 2


def test_a_wrong_answer_is_told_at_its_field(admin):
    data = chosen("cancel", make_booking()) | REASON
    asked = admin.post(LIST, data)
    refused = admin.post(LIST, data | ticket_of(asked) | {"reason": ""})
    assert list(refused.context["form"].errors) == ["reason"]
    assert "This field is required." in refused.content.decode()


def test_an_overlap_can_be_accepted_here_too(admin):
    ride = make_booking(driver=make_driver())
    booking = make_booking(pickup_at=ride.pickup_at)
    data = chosen("assign", booking) | {"driver": ride.driver_id}
    asked = admin.post(LIST, data | {"preview": "1"})
    assert 'name="override"' in asked.content.decode()
    answer = data | ticket_of(asked) | {"override": "on"}
    refused = admin.post(LIST, answer)
    assert "Say why you go ahead all the same." in refused.content.decode()
    admin.post(LIST, answer | ticket_of(refused) | {"override_reason": "Two vans"})
    booking.refresh_from_db()
    assert booking.driver == ride.driver


def test_the_recap_is_plain_text(admin):
    booking = make_booking()
    response = admin.post(LIST, chosen("recap", booking))
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert booking.reference in response.content.decode()


@pytest.mark.parametrize("key", ["x", "-1", "9" * 30, "999999"])
def test_a_key_that_is_none_changes_nothing(admin, key):
    data = {"action": "archive", "_selected_action": [key], "index": "0"}
    assert admin.post(LIST, data).status_code in (200, 302)
    assert not Batch.objects.exists()


# ------------------------------------------------------------------------------------ read only
@pytest.mark.parametrize("model", ["bookings_bookinglog", "audit_batch", "audit_numberrange"])
def test_what_the_house_writes_is_only_read(admin, bureau, model):
    make_booking(by=bureau)
    records = {
        "bookings_bookinglog": BookingLog.objects.first(),
        "audit_batch": Batch.objects.first(),
        "audit_numberrange": Batch.objects.none().first(),
    }
    assert admin.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert admin.get(reverse(f"admin:{model}_add")).status_code == 403
    if record := records[model]:
        key = [record.pk]
        assert admin.get(reverse(f"admin:{model}_change", args=key)).status_code == 200
        for name in ("change", "delete"):
            url = reverse(f"admin:{model}_{name}", args=key)
            assert admin.post(url, {"action": "forged", "post": "yes"}).status_code == 403
        assert "forged" not in str(type(record).objects.get(pk=record.pk).action)


# ---------------------------------------------------------------------------------------- series
def test_a_series_is_shown_with_its_rides_and_changed_by_nobody(admin, admin_user):
    first = make_booking(by=admin_user)
    rule = Rule(Frequency.DAILY, count=3)
    series_services.repeat(first, by=admin_user, rule=rule)
    first.refresh_from_db()
    lonely = make_booking()
    listing = admin.get(reverse("admin:bookings_series_changelist"))
    assert first.reference in listing.content.decode()
    url = reverse("admin:bookings_series_change", args=[first.series_id])
    shown = admin.get(url).content.decode()
    assert "3 rides" in shown and "FREQ=DAILY" in shown
    found = re.search(r'href="(/admin/bookings/booking/\?series[^"]+)"', shown)[1]
    assert listed(admin.get(found)) == set(Booking.objects.exclude(pk=lonely.pk))
    assert admin.get(reverse("admin:bookings_series_add")).status_code == 403
    assert admin.post(url, {"rule": "FREQ=WEEKLY"}).status_code == 403
    assert admin.post(f"{url}delete/", {"post": "yes"}).status_code == 403


EXPORT_ALL = {"action": "export", "select_across": "1"}
CSV = {"format": "csv", "columns": ["reference"]}


def test_a_file_of_all_that_admin_lists_says_what_its_filter_is(admin):
    shown, other = make_booking(status=Status.CONFIRMED), make_booking()
    url = f"{LIST}?status__exact=confirmed&q={shown.reference}"
    data = EXPORT_ALL | CSV | {"_selected_action": [shown.pk]}
    words = [f"Search: {shown.reference}", "Status: Confirmed"]
    asked = admin.post(url, data)
    assert list(asked.context["filter"]["words"]) == words
    assert "Status: Confirmed" in asked.content.decode()
    admin.post(url, data | ticket_of(asked))
    export = Export.objects.get()
    assert (export.rows, export.options["filter_words"]) == (1, words)
    assert not other.logs.filter(batch=export.batch).exists()


def test_a_file_of_what_was_ticked_in_admin_has_no_filter(admin):
    booking = make_booking(status=Status.CONFIRMED)
    data = CSV | {"action": "export", "_selected_action": [booking.pk]}
    asked = admin.post(f"{LIST}?status__exact=confirmed", data)
    assert asked.context["filter"] is None
    admin.post(LIST, data | ticket_of(asked))
    assert Export.objects.get().options["filter_words"] == []


def test_all_of_admins_list_is_everything(admin):
    booking = make_booking()
    data = EXPORT_ALL | CSV | {"_selected_action": [booking.pk]}
    assert list(admin.post(LIST, data).context["filter"]["words"]) == ["Everything"]


def test_a_files_choices_are_kept_from_admin_too(admin, admin_user):
    booking = make_booking()
    data = CSV | {"action": "export", "_selected_action": [booking.pk]}
    page = admin.post(LIST, data).content.decode()
    keep = reverse("exchange:keep-choices", args=["bookings", "export"])
    assert f'formaction="{keep}" formnovalidate formtarget="_blank"' in page
    assert 'name="keep-name"' in page
    admin.post(keep, data | {"keep-name": "Short"})
    named = NamedFilter.objects.get()
    assert (named.owner, named.options["columns"]) == (admin_user, ["reference"])
