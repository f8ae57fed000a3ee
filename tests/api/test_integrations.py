"""Integrations: made, given a token that is shown once, taken away; who they act as."""

import hashlib

import pytest
from django.contrib.auth import authenticate
from django.urls import reverse

from project.actions import desk as desks
from project.actions.undo import undo
from project.api import scopes, services
from project.api.models import Integration
from project.utilisateurs.models import CustomUser
from tests.factories import make_integration, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(db):
    return make_user("admin", groups=["Administration"], is_staff=True)


@pytest.fixture
def desk(client, admin):
    client.force_login(admin)
    return client


def only(integration):
    return Integration.objects.filter(pk=integration.pk)


def test_it_is_made_with_a_user_who_cannot_sign_in(desk):
    given = {"name": " On-line  shop ", "scopes": ["orders:read", "orders:write"]}
    response = desk.post(reverse("api:integration-create"), given)
    integration = Integration.objects.get()
    assert response.url == integration.get_absolute_url()
    assert (integration.name, integration.scopes) == ("On-line shop", given["scopes"])
    assert not integration.has_token
    user = integration.user
    assert (str(user), user.has_usable_password()) == ("On-line shop", False)
    assert authenticate(username=user.username, password="") is None
    assert not user.get_all_permissions()


def test_a_scope_is_chosen_and_a_name_is_its_own(desk):
    make_integration(name="Shop")
    for given, field in (
        ({"name": "Shop", "scopes": ["orders:read"]}, "name"),
        ({"name": "Other", "scopes": []}, "scopes"),
        ({"name": "Other", "scopes": ["everything"]}, "scopes"),
    ):
        response = desk.post(reverse("api:integration-create"), given)
        assert response.status_code == 422
        assert set(response.context["form"].errors) == {field}
    assert (
        Integration.objects.count()
        == CustomUser.objects.filter(integration__isnull=False).count()
        == 1
    )


def test_its_user_is_called_as_it_is(desk):
    integration = make_integration(name="Shop")
    given = {"name": "Web shop", "scopes": ["orders:read"], "version": integration.version}
    desk.post(reverse("api:integration-edit", args=[integration.pk]), given)
    integration.refresh_from_db()
    integration.user.refresh_from_db()
    assert (integration.name, str(integration.user)) == ("Web shop", "Web shop")
    line = integration.logs.get(action_code="api.edit")
    assert line.changes["name"] == ["Shop", "Web shop"]


def test_its_token_is_shown_once_and_kept_as_a_digest(desk, admin):
    integration = make_integration()
    url = reverse("api:integration-token", args=[integration.pk])
    asked = desk.get(url)
    assert asked.context["secret"] == ""
    token = {"token": str(asked.context["token"])}
    shown = desk.post(url, token)
    secret = shown.context["secret"]
    assert shown["Cache-Control"] == "no-store"
    assert secret in shown.content.decode()
    assert desk.post(url, token).url == integration.get_absolute_url()
    integration.refresh_from_db()
    assert integration.token_hash == hashlib.sha256(secret.encode()).hexdigest()
    line = integration.logs.filter(action_code="api.give_token", user=admin).get()
    assert set(line.changes) == {"token_given_at"}
    assert not hasattr(integration.history.first(), "token_hash")
    page = desk.get(integration.get_absolute_url()).content.decode()
    assert secret not in page
    assert integration.token_hash not in page


def test_a_token_that_is_revoked_stays_void(admin):
    integration = make_integration()
    outcome = services.revoke_token(only(integration), by=admin, reason="Leaked")
    assert outcome.changed == 1
    integration.refresh_from_db()
    assert (integration.token_hash, integration.token_given_at) == ("", None)
    again = services.revoke_token(only(integration), by=admin)
    assert [each.code for each in again.refused] == ["no_token"]


def test_undoing_its_making_makes_it_inactive(admin):
    integration = Integration(name="Mistake", scopes=["orders:read"])
    batch = services.create(integration, by=admin)
    assert undo(batch, by=admin).changed == 1
    integration.refresh_from_db()
    assert not integration.is_active


def test_the_pages_are_the_administrators(client, desk):
    integration = make_integration()
    pages = [
        reverse("api:integrations"),
        reverse("api:integration-create"),
        integration.get_absolute_url(),
        integration.get_edit_url(),
        reverse("api:integration-token", args=[integration.pk]),
    ]
    assert [desk.get(page).status_code for page in pages] == [200] * 5
    client.force_login(make_user(groups=["Gestion"]))
    assert [client.get(page).status_code for page in pages] == [403] * 5


def test_the_list_tells_what_it_may_and_when_it_asked(desk):
    integration = make_integration("orders:read")
    page = desk.get(reverse("api:integrations")).content.decode()
    assert integration.name in page
    assert str(scopes.labels(["orders:read"])[0]) in page
    deactivate = desks.get("integrations").action("deactivate")
    outcome = deactivate.run(only(integration), by=make_user(is_superuser=True))
    assert outcome.changed == 1
    assert integration.name not in desk.get(reverse("api:integrations")).content.decode()
    inactive = desk.get(reverse("api:integrations"), {"inactive": "1"}).content.decode()
    assert integration.name in inactive


def test_every_scope_stands_for_permissions_that_exist():
    every = make_user(is_superuser=True).get_all_permissions()
    for name, label in scopes.choices():
        assert label
        assert scopes.permissions([name]) <= every
    assert scopes.permissions(["gone"]) == set()
