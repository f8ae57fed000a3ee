"""The dialog of an export: whose records, which filter, which columns in which order."""

from calendar import monthrange
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from bookings.filters import BookingFilter
from bookings.models import Booking
from bookings.services import archive
from bookings.states import Status
from project.exchange import exporting
from project.exchange.models import Export
from tests.asking import HTMX, act, picked, ticket_of
from tests.bookings.conftest import browser_of
from tests.bookings.posting import text_of
from tests.exchange.asking_for_files import EXPORT, fetched, lines_of_csv, values, workbook
from tests.factories import make_booking, make_customer, make_round_trip, make_user

pytestmark = pytest.mark.django_db
LIST = reverse("bookings:list")


def everything(query="period=any", **answers):
    return {"all": "1", "filter": query, "format": "xlsx", "columns": ["reference"], **answers}


def shown(client, response):
    """The references in the file that a confirmed dialog made."""
    export = Export.objects.get(pk=response.url.rstrip("/").rpartition("/")[2])
    return {row[0] for row in values(workbook(fetched(client, export)).worksheets[0])[1:] if row[0]}


def references(*bookings):
    return {booking.reference for booking in bookings}


def exported(client, data):
    return shown(client, act(client, EXPORT, data | {"totals": ""}, headers=HTMX))


# ------------------------------------------------------------------------- all that match
def test_all_that_match_the_filter_are_in_the_file_and_no_other(desk):
    hotel = make_customer("Hôtel Téranga")
    mine = [make_booking(customer=hotel) for _ in range(3)]
    make_booking()
    assert exported(desk, everything(f"customer={hotel.pk}")) == references(*mine)


def test_the_dialog_says_the_filter_in_words(desk):
    make_booking(status=Status.CONFIRMED)
    response = desk.post(EXPORT, everything("period=upcoming&status=confirmed"), headers=HTMX)
    assert response.context["filter"]["words"] == [
        "From today",
        "Confirmed",
        "Without archived bookings",
    ]
    page = response.content.decode()
    assert 'name="by-period"' in page and 'name="by-customer_text"' in page


def test_picked_records_have_no_filter_to_change(desk):
    response = desk.post(EXPORT, picked(make_booking()), headers=HTMX)
    assert response.context["filter"] is None
    assert 'name="by-period"' not in response.content.decode()


def test_another_action_shows_no_filter(desk):
    make_booking()
    url = reverse("action", args=["bookings", "archive"])
    response = desk.post(url, {"all": "1", "filter": "period=any"}, headers=HTMX)
    assert response.context["filter"] is None


def test_the_filter_can_be_changed_in_the_dialog(desk):
    kept, other = make_booking(status=Status.CONFIRMED), make_booking()
    data = everything("period=any") | {"by-period": "any", "by-status": ["confirmed"]}
    asked = desk.post(EXPORT, data | {"preview": "1"}, headers=HTMX)
    assert asked.context["preview"].total == 1
    assert asked.context["filter"]["words"] == ["Confirmed", "Without archived bookings"]
    assert exported(desk, data) == references(kept)
    export = Export.objects.get()
    assert QueryDict(export.options["filter"]).getlist("status") == ["confirmed"]
    assert export.options["filter_words"] == ["Confirmed", "Without archived bookings"]
    assert other.reference


def test_a_filter_that_is_wrong_is_said_at_its_field_and_exports_nothing(desk):
    make_booking()
    data = everything() | {"by-since": "2026-02-02", "by-until": "2026-01-01", "by-period": "any"}
    response = desk.post(EXPORT, data | {"preview": "1"}, headers=HTMX)
    assert response.status_code == 200
    assert "This is before the first day." in text_of(response)
    assert response.context["can_submit"] is False
    confirmed = desk.post(EXPORT, data | ticket_of(response), headers=HTMX)
    assert confirmed.context["can_submit"] is False
    assert not Export.objects.exists()


def test_a_filter_that_nothing_matches_any_more_exports_nothing(desk):
    make_booking()
    data = everything() | {"by-period": "any", "by-status": ["completed"]}
    response = desk.post(EXPORT, data | {"preview": "1"}, headers=HTMX)
    assert response.context["can_submit"] is False
    desk.post(EXPORT, data | ticket_of(response), headers=HTMX)
    assert not Export.objects.exists()


def test_what_came_to_match_meanwhile_brings_the_dialog_back(desk):
    make_booking()
    asked = desk.post(EXPORT, everything(), headers=HTMX)
    make_booking()
    response = desk.post(EXPORT, everything() | ticket_of(asked), headers=HTMX)
    assert response.status_code == 409
    assert not Export.objects.exists()


def test_a_scope_brings_in_the_other_segment(desk):
    outbound, inbound = make_round_trip()
    data = picked(outbound) | {"scope": "round_trip", "format": "xlsx", "columns": ["reference"]}
    assert exported(desk, data) == references(outbound, inbound)


def test_a_scope_is_asked_for_where_records_were_picked_and_not_where_a_filter_chose_them(desk):
    outbound, _inbound = make_round_trip()
    by_filter = everything(f"references={outbound.reference}")
    scopes = 'name="scope"'
    assert scopes in text_of(desk.post(EXPORT, picked(outbound), headers=HTMX))
    assert scopes not in text_of(desk.post(EXPORT, by_filter, headers=HTMX))
    # One that is asked for all the same is shown, so that it can be taken back.
    asked = desk.post(EXPORT, by_filter | {"scope": "round_trip", "preview": "1"}, headers=HTMX)
    assert scopes in text_of(asked)


def said(client, data):
    """What the file that is asked for says of how its rows were chosen."""
    exported(client, data)
    book = workbook(fetched(client, Export.objects.latest("created_at")))
    return [value for label, value in values(book["About this file"]) if label in ("Filter", None)]


def test_a_file_says_that_it_was_widened_beyond_its_filter(desk):
    outbound, _inbound = make_round_trip(status=Status.PENDING)
    one, scope = picked(outbound) | {"format": "xlsx"}, {"scope": "round_trip"}
    widened = "And what goes with it: The whole round trip"
    assert said(desk, one) == ["Picked one by one"]
    assert said(desk, one | scope) == ["Picked one by one", widened]
    by_filter = everything(f"references={outbound.reference}")
    assert said(desk, by_filter | scope)[-1] == widened
    assert widened not in said(desk, by_filter)


def test_a_file_says_which_days_a_period_had(desk):
    today = timezone.localdate()
    make_booking(pickup_at=timezone.now() + timedelta(minutes=1))
    last = today.replace(day=monthrange(today.year, today.month)[1])
    for query, words in (
        ("period=month", f"This month: 1 {today:%b %Y} – {last:%-d %b %Y}"),
        ("period=upcoming", f"From today: {today:%-d %b %Y}"),
        ("", f"From today: {today:%-d %b %Y}"),
    ):
        assert said(desk, everything(query)) == [words, "Without archived bookings"]


def test_a_file_says_so_as_its_language_writes_it(bureau):
    with translation.override("fr"):
        first, _archived = BookingFilter(QueryDict("period=month"), user=bureau).facts
    assert first.startswith("Ce mois-ci\N{NO-BREAK SPACE}: ")


def test_a_file_says_whether_it_has_the_archive(desk, bureau):
    make_booking()
    archive(Booking.objects.filter(pk=make_booking(status=Status.COMPLETED).pk), by=bureau)
    assert said(desk, everything("period=any")) == ["Everything", "Without archived bookings"]
    assert said(desk, everything("period=any&archived=1")) == ["Archived bookings alone"]


@pytest.mark.parametrize("value", ["=1+1", "\x00", "9" * 40, "<script>", "💥" * 200])
@pytest.mark.parametrize(
    "name", ["by-period", "by-customer", "by-since", "by-series", "by-references", "filter"]
)
def test_no_answer_breaks_the_dialog(desk, name, value):
    make_booking()
    response = desk.post(EXPORT, everything() | {"by-period": "any", name: value}, headers=HTMX)
    assert response.status_code < 500


# ----------------------------------------------------------------------------------- the list
def test_the_list_offers_the_export_of_what_its_filter_shows(desk):
    make_booking()
    page = desk.get(LIST, {"period": "any"}).content.decode()
    button = page.split('class="of-filter"')[1].split("</span>\n")[0]
    assert f'formaction="{EXPORT}"' in button and 'name="all" value="1"' in button


def test_an_empty_list_offers_none(desk):
    page = desk.get(LIST, {"period": "any"}).content.decode()
    assert f'formaction="{EXPORT}"' not in page


def test_it_needs_its_own_permission(desk, bureau):
    make_booking()
    onlooker = make_user("onlooker")
    onlooker.user_permissions.add(Permission.objects.get(codename="view_booking"))
    client = browser_of(onlooker)
    assert f'formaction="{EXPORT}"' not in client.get(LIST, {"period": "any"}).content.decode()
    assert act_status(client) == 403
    onlooker.user_permissions.add(Permission.objects.get(codename="export_booking"))
    assert act_status(client) == 200


def act_status(client):
    return client.post(EXPORT, everything(), headers=HTMX).status_code


def test_to_export_one_has_to_see(desk):
    blind = make_user("blind")
    blind.user_permissions.add(Permission.objects.get(codename="export_booking"))
    make_booking()
    assert act_status(browser_of(blind)) == 403


# --------------------------------------------------------------------------------------- order
OURS = {}


def in_order(client, data):
    """The references of the file, as its rows stand."""
    exported(client, data)
    book = workbook(fetched(client, Export.objects.latest("created_at")))
    return [row[0] for sheet in book.worksheets for row in values(sheet)[1:] if row[0] in OURS]


@pytest.fixture
def priced(db):
    """Rides by their time, each with a price: dear, without, cheap, and dear once more."""
    start = timezone.now() + timedelta(days=1)
    rides = [
        make_booking(pickup_at=start + timedelta(hours=hour), price=price)
        for hour, price in enumerate((50_000, None, 10_000, 50_000))
    ]
    OURS.clear()
    OURS.update((ride.reference, ride) for ride in rides)
    return [ride.reference for ride in rides]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", (0, 1, 2, 3)),
        ("departure", (0, 1, 2, 3)),
        ("-departure", (3, 2, 1, 0)),
        ("price", (1, 2, 0, 3)),
        ("-price", (3, 0, 2, 1)),
        ("-reference", (3, 2, 1, 0)),
        ("nonsense", (0, 1, 2, 3)),
        ("\x00", (0, 1, 2, 3)),
        ("-" * 9, (0, 1, 2, 3)),
    ],
)
def test_the_rows_stand_as_in_the_list(desk, priced, sort, order):
    assert in_order(desk, everything(sort=sort)) == [priced[place] for place in order]


def test_picked_ones_stand_as_in_the_list_too(desk, priced):
    data = picked(*(OURS[each] for each in priced)) | {"columns": ["reference"], "format": "xlsx"}
    assert in_order(desk, data | {"sort": "-price"}) == [priced[place] for place in (3, 0, 2, 1)]


def test_a_csv_has_the_lists_order_as_well(desk, priced):
    act(desk, EXPORT, everything(format="csv", sort="-price"), headers=HTMX)
    rows = lines_of_csv(fetched(desk, Export.objects.get()))[1:]
    assert [row[0] for row in rows] == [priced[place] for place in (3, 0, 2, 1)]


def test_a_grouped_file_is_by_its_groups_first(desk):
    first, last = make_customer("Aaa"), make_customer("Zzz")
    OURS.clear()
    for customer, price in ((last, 500), (last, 100), (first, 300)):
        ride = make_booking(customer=customer, price=price)
        OURS[ride.reference] = ride
    dear, cheap, only = OURS
    assert in_order(desk, everything(sort="price", per="customer")) == [only, cheap, dear]


def test_a_job_that_runs_again_writes_the_same_order(desk, priced):
    exported(desk, everything(sort="-price"))
    export = Export.objects.get()
    assert export.options["sort"] == "-price"
    exporting.write(export)
    book = workbook(fetched(desk, export))
    found = [row[0] for row in values(book.worksheets[0])[1:] if row[0]]
    assert found == [priced[place] for place in (3, 0, 2, 1)]


def test_the_list_tells_its_order(desk):
    make_booking()
    page = desk.get(LIST, {"period": "any", "sort": "-price"}).content.decode()
    form = page.split('id="desk"')[1].split("</form>")[0]
    assert '<input type="hidden" name="sort" value="-price">' in form
    asked = desk.post(EXPORT, everything(sort="-price"), headers=HTMX)
    assert '<input type="hidden" name="sort" value="-price">' in asked.content.decode()


# ------------------------------------------------------------------------------------- columns
def dialog(client, **answers):
    data = picked(Booking.objects.first()) | {"format": "xlsx"} | answers
    return client.post(EXPORT, data, headers=HTMX)


def boxes(response):
    """[(column, ticked)] in the order of the dialog."""
    page = response.content.decode().split("data-columns")[1]
    return [
        (part.split('value="')[1].split('"')[0], " checked" in part.split(">")[0])
        for part in page.split('type="checkbox"')[1:]
        if 'name="columns"' in part.split(">")[0]
    ]


def test_the_usual_columns_are_ticked_and_the_others_offered(desk):
    make_booking()
    found = boxes(dialog(desk))
    assert found[:2] == [("reference", True), ("departure", True)]
    assert ("office_notes", False) in found and len(found) == 32


@pytest.mark.parametrize(
    ("move", "order"),
    [
        ("up:price", ["price", "reference", "fee"]),
        ("down:reference", ["price", "reference", "fee"]),
        ("up:reference", ["reference", "price", "fee"]),
        ("down:fee", ["reference", "price", "fee"]),
        ("up:nonsense", ["reference", "price", "fee"]),
    ],
)
def test_a_button_moves_a_column_without_any_script(desk, move, order):
    make_booking()
    response = dialog(
        desk,
        columns_order=["reference", "price", "fee"],
        columns=["reference", "fee"],
        preview=move,
    )
    found = boxes(response)
    assert [name for name, _ticked in found[:3]] == order
    assert {name for name, ticked in found if ticked} == {"reference", "fee"}
    assert not Export.objects.exists()


def test_no_column_is_said_at_the_columns(desk):
    data = picked(make_booking()) | {"format": "xlsx", "columns_order": ["reference", "price"]}
    response = act(desk, EXPORT, data, headers=HTMX)
    assert response.status_code == 422
    assert response.context["form"].errors["columns"] == ["Choose at least one column."]


def test_unknown_columns_are_passed_by(desk):
    data = picked(make_booking()) | {"format": "xlsx", "columns": ["password", "reference"]}
    export = Export.objects.get(
        pk=act(desk, EXPORT, data, headers=HTMX).url.rstrip("/").rpartition("/")[2]
    )
    assert export.options["columns"] == ["reference"]


def test_the_dialog_takes_as_many_statements_for_many(desk):
    start = timezone.now() + timedelta(days=1)
    counts = []
    for count in (2, 10):
        for n in range(count):
            make_booking(pickup_at=start + timedelta(hours=n))
        with CaptureQueriesContext(connection) as statements:
            desk.post(EXPORT, everything(per="customer", preview="1"), headers=HTMX)
        counts.append(len(statements))
    assert counts[0] == counts[1]
