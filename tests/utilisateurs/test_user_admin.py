import pytest
from django.urls import reverse

from project.utilisateurs.models import CustomUser
from tests.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "admin:utilisateurs_customuser_changelist"
CHANGE = "admin:utilisateurs_customuser_change"
DELETE = "admin:utilisateurs_customuser_delete"


@pytest.fixture
def administrator(client):
    user = make_user("admin", groups=["Administration"], is_staff=True)
    client.force_login(user)
    return user


@pytest.mark.parametrize("group", ["Bureau", "Gestion"])
def test_it_is_closed_to_the_office(client, group):
    client.force_login(make_user(groups=[group]))
    assert client.get(reverse("admin:index")).status_code == 302


def test_it_finds_users(client, administrator):
    make_user("fatou", first_name="Fatou", last_name="Sarr")
    response = client.get(reverse(LIST), {"q": "sarr"})
    assert [user.username for user in response.context["cl"].result_list] == ["fatou"]


def test_users_are_deactivated_never_deleted(client, administrator):
    user = make_user()
    assert client.get(reverse(DELETE, args=[user.pk])).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"}
    client.post(reverse(LIST), data)
    assert CustomUser.objects.filter(pk=user.pk).exists()
    page = client.get(reverse(CHANGE, args=[user.pk])).context["adminform"]
    assert "is_active" in page.form.fields


def test_an_administrator_does_not_make_themselves_superuser(client, administrator):
    page = client.get(reverse(CHANGE, args=[administrator.pk])).context["adminform"]
    assert "is_superuser" not in page.form.fields


def test_an_administrator_does_not_edit_a_superuser(client, administrator):
    root = make_user("root", is_superuser=True)
    assert client.post(reverse(CHANGE, args=[root.pk]), {"username": "x"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[root.pk])
    assert client.get(password).status_code == 403


def test_a_superuser_makes_superusers(client):
    root = make_user("root", is_superuser=True, is_staff=True)
    client.force_login(root)
    page = client.get(reverse(CHANGE, args=[root.pk])).context["adminform"]
    assert "is_superuser" in page.form.fields
