"""Filters under a name: one's own or shared, for the list and for an export."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bookings.states import Status
from project.actions import desk as desks
from project.exchange.models import Export
from project.ui.models import NamedFilter
from tests.asking import HTMX, act, toasts
from tests.bookings.conftest import browser_of
from tests.bookings.posting import text_of
from tests.exchange.asking_for_files import EXPORT
from tests.factories import make_booking, make_user

PRINT = reverse("action", args=["bookings", "print"])

pytestmark = pytest.mark.django_db
LIST = reverse("bookings:list")
SAVED = reverse("saved-filters", args=["bookings"])
KEEP = reverse("keep-filter", args=["bookings"])
CHOICES = reverse("exchange:keep-choices", args=["bookings", "export"])
PRINTED = reverse("exchange:keep-choices", args=["bookings", "print"])
QUERY = "period=month&status=confirmed"


def make_filter(owner, name="This month", **fields):
    given = {"slug": "bookings", "query": QUERY}
    return NamedFilter.objects.create(owner=owner, name=name, **given | fields)


def url(name, named):
    return reverse(f"{name}-filter", args=[named.pk])


# ---------------------------------------------------------------------------------- keep, apply
def test_the_present_filter_is_kept_and_found_again(desk, bureau):
    response = desk.post(KEEP, {"name": "This month", "query": QUERY})
    named = NamedFilter.objects.get()
    assert (named.owner, named.slug, named.is_shared) == (bureau, "bookings", False)
    assert named.query == QUERY
    assert toasts(response) == ["Filter “This month” saved."]
    assert desk.get(url("apply", named)).url == f"{LIST}?{QUERY}"
    assert "This month" in desk.get(SAVED, headers=HTMX).content.decode()


def test_the_list_leads_to_them_without_a_statement_more(desk, bureau):
    make_booking()
    with CaptureQueriesContext(connection) as without:
        desk.get(LIST, {"period": "any"})
    make_filter(bureau)
    with CaptureQueriesContext(connection) as with_one:
        page = desk.get(LIST, {"period": "any"}).content.decode()
    assert len(with_one) == len(without)
    assert f'href="{SAVED}?query=period%3Dany"' in page


def test_the_menu_is_a_part_and_the_page_a_page(desk, bureau):
    make_filter(bureau)
    part, page = desk.get(SAVED, headers=HTMX), desk.get(SAVED, {"query": QUERY})
    assert part.content.decode().lstrip().startswith('<div class="saved" id="saved"')
    assert "<html" in page.content.decode() and 'value="period=month' in page.content.decode()


def test_a_name_that_is_taken_is_said_at_its_field(desk, bureau):
    make_filter(bureau, "This month")
    response = desk.post(KEEP, {"name": "this MONTH", "query": QUERY})
    assert response.status_code == 422
    assert "You have a saved filter of this name already." in text_of(response)
    assert NamedFilter.objects.count() == 1


def test_the_database_keeps_a_name_once(bureau):
    make_filter(bureau)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_filter(bureau, "THIS month")


def test_two_people_and_two_desks_may_use_one_name(bureau, gestion):
    make_filter(bureau)
    make_filter(gestion)
    make_filter(bureau, slug="customers")
    assert NamedFilter.objects.count() == 3


def test_an_empty_name_and_a_wrong_filter_are_refused(desk):
    assert desk.post(KEEP, {"name": " ", "query": QUERY}).status_code == 422
    desk.post(KEEP, {"name": "x", "query": "since=nonsense"})
    desk.post(KEEP, {"name": "x", "query": "references=" + "R" * 30_000})
    assert not NamedFilter.objects.exists()


def test_what_the_filter_does_not_know_is_not_kept(desk):
    desk.post(KEEP, {"name": "x", "query": "period=month&page=7&evil=1"})
    assert NamedFilter.objects.get().query == "period=month"


# -------------------------------------------------------------------------- private and shared
@pytest.mark.parametrize("name", ["apply", "change", "delete"])
def test_what_another_keeps_to_themselves_is_not_found(desk, gestion, name):
    named = make_filter(gestion)
    ask = desk.get if name == "apply" else desk.post
    assert ask(url(name, named)).status_code == 404
    assert named.name not in desk.get(SAVED).content.decode()
    assert NamedFilter.objects.filter(pk=named.pk).exists()


def test_not_even_a_manager_finds_it(boss, bureau):
    named = make_filter(bureau)
    assert boss.get(url("apply", named)).status_code == 404
    assert boss.post(url("delete", named)).status_code == 404


def test_a_shared_one_is_everyones_to_apply_and_its_owners_to_change(desk, gestion):
    named = make_filter(gestion, is_shared=True)
    assert desk.get(url("apply", named)).status_code == 302
    assert named.name in desk.get(SAVED).content.decode()
    assert desk.post(url("change", named), {"name": "Mine"}).status_code == 404
    assert desk.post(url("delete", named)).status_code == 404


def test_who_may_manage_changes_a_shared_one(boss, bureau):
    named = make_filter(bureau, is_shared=True)
    boss.post(url("change", named), {"name": "Ours", "is_shared": "on"})
    named.refresh_from_db()
    assert (named.name, named.owner) == ("Ours", bureau)
    boss.post(url("delete", named))
    assert not NamedFilter.objects.exists()


def test_its_owner_renames_shares_and_takes_back(desk, bureau):
    named = make_filter(bureau)
    desk.post(url("change", named), {"name": "Ours", "is_shared": "on"})
    named.refresh_from_db()
    assert (named.name, named.is_shared, named.query) == ("Ours", True, QUERY)
    desk.post(url("change", named), {"name": "Ours"})
    named.refresh_from_db()
    assert named.is_shared is False


def test_renaming_to_a_name_that_is_taken_is_said_at_its_field(desk, bureau):
    make_filter(bureau, "A")
    named = make_filter(bureau, "B")
    response = desk.post(url("change", named), {"name": "a"})
    assert response.status_code == 422
    named.refresh_from_db()
    assert named.name == "B"


def test_deleting_asks_first(desk, bureau):
    named = make_filter(bureau)
    assert "Delete the filter “This month”?" in text_of(desk.get(url("delete", named)))
    assert NamedFilter.objects.exists()
    desk.post(url("delete", named))
    assert not NamedFilter.objects.exists()


def test_to_use_them_one_has_to_see_the_desk(client, bureau):
    named = make_filter(bureau, is_shared=True)
    client.force_login(make_user("blind"))
    assert client.get(SAVED).status_code == 403
    assert client.get(url("apply", named)).status_code == 403
    assert client.post(KEEP, {"name": "x", "query": ""}).status_code == 403
    assert client.post(CHOICES, {"keep-name": "x"}).status_code == 403


def test_an_unknown_desk_is_not_found(desk):
    assert desk.get(reverse("saved-filters", args=["nothing"])).status_code == 404


def test_the_page_takes_as_many_statements_for_many(desk, bureau):
    counts = []
    for count in (1, 8):
        for n in range(count):
            make_filter(bureau, f"{count}-{n}")
        with CaptureQueriesContext(connection) as statements:
            desk.get(SAVED)
        counts.append(len(statements))
    assert counts[0] == counts[1]


# ----------------------------------------------------------------------------------- with exports
CHOSEN = {
    "all": "1",
    "filter": "period=any",
    "by-period": "any",
    "by-status": "confirmed",
    "format": "csv",
    "per": "driver",
    "columns": ["price", "reference"],
    "columns_order": ["price", "reference", "fee"],
    "keep-name": "For the bank",
}


def test_the_choices_of_an_export_are_kept_with_its_filter(desk, bureau):
    response = desk.post(CHOICES, CHOSEN | {"keep-is_shared": "on"}, headers=HTMX)
    assert "Saved as “For the bank”" in text_of(response)
    named = NamedFilter.objects.get()
    assert (named.owner, named.is_shared) == (bureau, True)
    assert named.query == "period=any&status=confirmed"
    assert named.options == {
        "format": "csv",
        "per": "driver",
        "totals": False,
        "columns": ["price", "reference"],
    }
    assert not Export.objects.exists()


def test_without_a_script_they_are_kept_too(desk):
    response = desk.post(CHOICES, CHOSEN)
    assert response.url == SAVED
    assert NamedFilter.objects.get().name == "For the bank"
    assert toasts(desk.get(SAVED)) == ["Filter “For the bank” saved."]


LISTED = CHOSEN | {"document": "list", "internal": "on"}


def test_the_choices_of_a_document_are_kept_with_its_filter(desk, bureau):
    response = desk.post(PRINTED, LISTED | {"keep-is_shared": "on"}, headers=HTMX)
    assert "Saved as “For the bank”" in text_of(response)
    named = NamedFilter.objects.get()
    assert (named.owner, named.is_shared) == (bureau, True)
    assert named.query == "period=any&status=confirmed"
    assert named.options == {
        "document": "list",
        "internal": True,
        "columns": ["price", "reference"],
    }
    assert not Export.objects.exists()


def test_a_document_that_was_kept_fills_its_dialog_and_its_filter(desk):
    ride = make_booking(status=Status.CONFIRMED)
    make_booking()
    desk.post(PRINTED, LISTED, headers=HTMX)
    named = NamedFilter.objects.get()
    data = {"all": "1", "filter": "period=any", "saved": str(named.pk), "document": "recap"}
    asked = desk.post(PRINT, data | {"preview": "1"}, headers=HTMX)
    assert 'id="keep"' in asked.content.decode()
    form = asked.context["form"]
    assert (form["document"].value(), bool(form["internal"].value())) == ("list", True)
    assert form["columns"].value()[1] == ["price", "reference"]
    assert act(desk, PRINT, data, headers=HTMX).status_code == 302
    export = Export.objects.get()
    assert (export.rows, export.format) == (1, "bookings.list")
    assert export.options["columns"] == ["price", "reference"]
    assert ride.logs.filter(batch=export.batch).exists()


def test_what_its_dialog_did_not_ask_stays_as_it_is(desk):
    make_booking(status=Status.CONFIRMED)
    desk.post(PRINTED, LISTED, headers=HTMX)
    data = {"all": "1", "filter": "period=any", "saved": str(NamedFilter.objects.get().pk)}
    asked = desk.post(
        EXPORT, data | {"preview": "1", "format": "csv", "totals": "on"}, headers=HTMX
    )
    form = asked.context["form"]
    assert (form["format"].value(), bool(form["totals"].value())) == ("csv", True)
    assert form["columns"].value()[1] == ["price", "reference"]


def test_choices_about_picked_records_are_kept_without_a_filter(desk):
    ride = make_booking(pickup_at=timezone.now() - timedelta(days=40))
    data = {name: each for name, each in CHOSEN.items() if name not in ("all", "filter")}
    data = {name: each for name, each in data.items() if not name.startswith("by-")}
    page = desk.post(CHOICES, data | {"pk": str(ride.pk), "sort": ""}, headers=HTMX)
    assert "Save these choices" in text_of(page)
    assert "Save this filter" not in text_of(page)
    named = NamedFilter.objects.get()
    assert (named.query, named.options["columns"]) == ("", ["price", "reference"])

    chosen = {"all": "1", "saved": str(named.pk), "taken": "", "preview": "1"}
    for asked in ({"filter": "period=any"}, {"filter": "", "by-period": "any"}):
        dialog = desk.post(EXPORT, chosen | asked, headers=HTMX)
        assert dialog.context["preview"].total == 1
        assert dialog.context["form"]["format"].value() == "csv"
    listed = text_of(desk.get(SAVED))
    assert "For the bank" in listed and "From today" not in listed
    assert "For the bank" not in text_of(desk.get(SAVED, headers=HTMX))


def test_an_empty_filter_is_kept_as_one(boss):
    choices = reverse("exchange:keep-choices", args=["orders", "export"])
    asked = {"all": "1", "filter": "", "format": "csv", "keep-name": "All"}
    page = boss.post(choices, asked, headers=HTMX)
    assert "Saved as" in text_of(page) and "Save this filter" in text_of(page)
    named = NamedFilter.objects.get()
    assert named.has_filter
    assert desks.get("orders").matching(named.query, named.owner).chips == []


@pytest.mark.parametrize("name", ["archive", "nonsense", "create"])
def test_no_choices_are_kept_of_what_makes_no_file(desk, name):
    url = reverse("exchange:keep-choices", args=["bookings", name])
    assert desk.post(url, CHOSEN).status_code == 404


def test_who_may_not_make_the_file_keeps_no_choices_of_it(desk):
    onlooker = make_user("onlooker")
    onlooker.user_permissions.add(Permission.objects.get(codename="view_booking"))
    assert browser_of(onlooker).post(CHOICES, CHOSEN).status_code == 403
    assert not NamedFilter.objects.exists()


def test_a_name_that_is_taken_is_said_in_the_dialog(desk, bureau):
    make_filter(bureau, "For the bank")
    response = desk.post(CHOICES, CHOSEN, headers=HTMX)
    assert response.status_code == 422
    assert "You have a saved filter of this name already." in text_of(response)


def test_wrong_choices_are_not_kept(desk):
    assert desk.post(CHOICES, CHOSEN | {"format": "exe"}, headers=HTMX).status_code == 422
    assert desk.post(CHOICES, CHOSEN | {"by-since": "x"}, headers=HTMX).status_code == 422
    assert not NamedFilter.objects.exists()


def test_a_saved_one_fills_the_dialog_and_its_filter(desk, bureau):
    make_booking()
    ride = make_booking(status=Status.CONFIRMED)
    desk.post(CHOICES, CHOSEN, headers=HTMX)
    named = NamedFilter.objects.get()
    data = {"all": "1", "filter": "period=any", "saved": str(named.pk), "taken": ""}
    asked = desk.post(EXPORT, data | {"preview": "1", "format": "xlsx"}, headers=HTMX)
    form = asked.context["form"]
    assert (form["format"].value(), form["per"].value()) == ("csv", "driver")
    assert form["columns"].value()[1] == ["price", "reference"]
    assert asked.context["filter"]["words"] == ["Confirmed", "Without archived bookings"]
    assert asked.context["preview"].total == 1
    assert f'name="taken" value="{named.pk}"' in asked.content.decode()

    # From then on the dialog's own fields count.
    again = data | {"taken": str(named.pk), "format": "xlsx", "by-period": "any", "preview": "1"}
    asked = desk.post(EXPORT, again, headers=HTMX)
    assert asked.context["form"]["format"].value() == "xlsx"
    assert asked.context["preview"].total == 2
    assert ride.pk


def test_what_it_exports_is_what_it_says(desk, bureau):
    make_booking()
    ride = make_booking(status=Status.CONFIRMED)
    named = make_filter(bureau, query="period=any&status=confirmed", options={"format": "csv"})
    data = {"all": "1", "filter": "period=any", "saved": str(named.pk), "format": "xlsx"}
    response = act(desk, EXPORT, data, headers=HTMX)
    assert response.status_code == 302
    export = Export.objects.get()
    assert (export.rows, export.format) == (1, "csv")
    assert "saved" not in export.options and "taken" not in export.options
    assert ride.logs.filter(batch=export.batch).exists()


def test_another_users_own_is_not_found_in_the_dialog_either(desk, gestion):
    make_booking()
    named = make_filter(gestion, "Secret")
    data = {"all": "1", "filter": "period=any", "format": "xlsx"}
    asked = desk.post(EXPORT, data, headers=HTMX)
    assert "Secret" not in asked.content.decode()
    assert desk.post(EXPORT, data | {"saved": str(named.pk)}, headers=HTMX).status_code == 404
    picked = {"pk": "1", "format": "xlsx", "saved": "9" * 40}
    assert desk.post(EXPORT, data | picked, headers=HTMX).status_code == 404


def test_managing_is_a_permission_of_its_own(desk, bureau, gestion):
    named = make_filter(gestion, is_shared=True)
    bureau.user_permissions.add(Permission.objects.get(codename="change_namedfilter"))
    desk.post(url("change", named), {"name": "Ours", "is_shared": "on"})
    named.refresh_from_db()
    assert named.name == "Ours"
