import pytest
from django.urls import reverse

from tests.asking import act
from tests.factories import make_booking, make_customer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    user = make_user(groups=["Administration"], is_staff=True)
    client.force_login(user)
    return user


def page(kind, name, *args):
    return reverse(f"admin:directory_{kind}_{name}", args=args)


def answers(party, **given):
    fields = ("name", "phone", "email", "notes", "kind", "language")
    return {name: getattr(party, name, "") for name in fields} | {"version": 1} | given


def test_it_searches_as_the_desk_does(client, administrator, kind, make):
    found = make("Hôtel Téranga")
    make("Somebody else")
    response = client.get(page(kind, "changelist"), {"q": "teranga"})
    assert list(response.context["cl"].result_list) == [found]


def test_it_filters_by_active(client, administrator, kind, make):
    make()
    gone = make(is_active=False)
    response = client.get(page(kind, "changelist"), {"is_active__exact": "0"})
    assert list(response.context["cl"].result_list) == [gone]


def test_a_save_is_logged_with_its_user(client, administrator, kind, make):
    party = make("Awa Diop")
    assert client.post(page(kind, "change", party.pk), answers(party, name="Awa Fall")).url
    party.refresh_from_db()
    assert (party.name, party.version) == ("Awa Fall", 2)
    line = party.logs.latest("pk")
    assert (line.action_code, line.user) == ("directory.edit", administrator)
    assert party.history.first().history_user == administrator


def test_a_new_one_is_logged_with_its_user(client, administrator, kind, make):
    model = type(make())
    client.post(page(kind, "add"), answers(model(name="Awa Fall")))
    party = model.objects.get(name="Awa Fall")
    assert (party.logs.get().action_code, party.logs.get().user) == (
        "directory.create",
        administrator,
    )


def test_a_stale_save_is_refused(client, administrator, kind, make):
    party = make("Awa Diop")
    party.notes = "in between"
    party.save(by=administrator)
    client.post(page(kind, "change", party.pk), answers(party, notes="mine", version=1))
    party.refresh_from_db()
    assert party.notes == "in between"


def test_it_shows_the_history(client, administrator, kind, make):
    party = make("Awa Diop")
    party.name = "Awa Fall"
    party.save(by=administrator)
    html = client.get(page(kind, "history", party.pk)).content.decode()
    assert html.count("/history/") >= 2


def test_nothing_is_deleted(client, administrator, kind, make):
    party = make()
    assert client.get(page(kind, "delete", party.pk)).status_code == 403
    client.post(
        page(kind, "changelist"), {"action": "delete_selected", "_selected_action": [party.pk]}
    )
    party.refresh_from_db()
    assert party.is_active


def test_its_actions_are_the_desks(client, administrator, kind, make):
    busy, free = make(), make()
    make_booking(**{kind: busy})
    data = {"action": "deactivate", "_selected_action": [busy.pk, free.pk]}
    act(client, page(kind, "changelist"), data)
    for party in (busy, free):
        party.refresh_from_db()
    assert (busy.is_active, free.is_active) == (True, False)


def test_it_completes_the_names_of_customers(client, administrator):
    make_customer("Hôtel Téranga")
    field = {"app_label": "bookings", "model_name": "booking", "field_name": "customer"}
    response = client.get(reverse("admin:autocomplete"), {"term": "tera", **field})
    assert [row["text"] for row in response.json()["results"]] == ["Hôtel Téranga"]
