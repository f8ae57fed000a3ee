import pytest
from django.urls import reverse

from project.utilisateurs.models import CustomUser
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a-password-of-tests"
GOOD = {"first_name": "Awa", "last_name": "Diop", "email": "awa@example.org", "language": "en"}


@pytest.fixture
def user(client):
    user = make_user("awa", password=PASSWORD)
    client.force_login(user)
    return user


def test_a_user_edits_their_own_name_and_language(client, user):
    assert client.post(reverse("profile"), GOOD).url == reverse("profile")
    user.refresh_from_db()
    assert (str(user), user.email, user.language) == ("Awa Diop", "awa@example.org", "en")


def test_a_bad_address_is_refused_at_its_field_and_nothing_is_saved(client, user):
    response = client.post(reverse("profile"), GOOD | {"email": "not an address"})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["email"]
    assert "Awa" not in str(response.context["user"])
    assert CustomUser.objects.get(pk=user.pk).first_name == ""


def test_nobody_gives_themselves_rights(client, user):
    client.post(reverse("profile"), GOOD | {"is_staff": "on", "is_superuser": "on", "groups": "1"})
    user.refresh_from_db()
    assert not user.is_staff and not user.is_superuser and not user.groups.exists()


def test_a_user_changes_their_password_and_stays_signed_in(client, user):
    new = "another-password-of-tests"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(reverse("password-change"), data).url == reverse("profile")
    user.refresh_from_db()
    assert user.check_password(new)
    assert client.get(reverse("profile")).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [("old_password", "wrong"), ("new_password2", "another"), ("new_password2", "1234")],
)
def test_a_password_that_will_not_do_is_refused_at_its_field(client, user, field, value):
    new = "1234" if value == "1234" else "another-password-of-tests"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new, field: value}
    response = client.post(reverse("password-change"), data)
    assert field in response.context["form"].errors
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
