import pytest
from django.test import Client
from django.urls import reverse

from project.utilisateurs.proxies import client_ip
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a-password-of-tests"


@pytest.fixture
def user():
    return make_user("awa", groups=["Bureau"], password=PASSWORD)


def sign_in(client, username="awa", password=PASSWORD, **data):
    return client.post(reverse("login"), {"username": username, "password": password, **data})


def test_a_visitor_is_sent_to_sign_in_and_back(client, user):
    wanted = reverse("profile")
    response = client.get(wanted)
    assert response.url == f"{reverse('login')}?next={wanted}"
    assert sign_in(client, next=wanted).url == wanted


def test_the_page_to_sign_in_is_open_to_visitors(client):
    assert client.get(reverse("login")).status_code == 200


def test_a_wrong_password_is_refused_with_a_word(client, user):
    response = sign_in(client, password="wrong")
    assert response.status_code == 200
    assert response.context["form"].non_field_errors()
    assert "_auth_user_id" not in client.session


def test_a_deactivated_user_cannot_sign_in(client, user):
    user.is_active = False
    user.save()
    sign_in(client)
    assert "_auth_user_id" not in client.session


def test_it_never_redirects_to_a_foreign_site(client, user):
    assert sign_in(client, next="https://elsewhere.example/").url == reverse("home")


def test_a_user_who_is_in_goes_home(client, user):
    client.force_login(user)
    assert client.get(reverse("login")).url == reverse("home")


def test_signing_out_takes_a_post(client, user):
    client.force_login(user)
    assert client.get(reverse("logout")).status_code == 405
    assert "_auth_user_id" in client.session
    assert client.post(reverse("logout")).url == reverse("login")
    assert "_auth_user_id" not in client.session


def test_too_many_failures_lock_out_even_the_right_password(client, user, settings):
    settings.AXES_ENABLED = True
    answers = [sign_in(client, password="wrong") for _ in range(settings.AXES_FAILURE_LIMIT)]
    assert [answer.status_code for answer in answers[:-1]] == [200] * (len(answers) - 1)
    assert answers[-1].status_code == 429
    assert "utilisateurs/locked.html" in [template.name for template in answers[-1].templates]
    assert sign_in(client).status_code == 429
    assert "_auth_user_id" not in client.session


def test_a_lock_out_is_for_one_user_at_one_address(client, user, settings):
    settings.AXES_ENABLED = True
    other = make_user("ibou", password=PASSWORD)
    for _ in range(settings.AXES_FAILURE_LIMIT):
        sign_in(client, password="wrong")
    sign_in(client, username="ibou")
    assert client.session["_auth_user_id"] == str(other.pk)


def test_an_expired_token_gets_a_page_that_says_what_to_do(user):
    response = sign_in(Client(enforce_csrf_checks=True))
    assert response.status_code == 403
    assert "403_csrf.html" in [template.name for template in response.templates]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "invented, 203.0.113.9", "203.0.113.9"),
        (2, "invented, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (1, None, "127.0.0.1"),
    ],
)
def test_the_address_that_waits_is_the_one_a_trusted_proxy_saw(
    rf, settings, proxies, forwarded, address
):
    settings.PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_ip(rf.post("/", headers=headers)) == address
