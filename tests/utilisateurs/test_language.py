import pytest
from django.urls import reverse

from project.utilisateurs.models import CustomUser
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def choose(client, language, **data):
    return client.post(reverse("set-language"), {"language": language, **data})


def test_pages_speak_the_users_language_whatever_the_browser_asks(client):
    client.force_login(make_user(language="en"))
    response = client.get(reverse("profile"), HTTP_ACCEPT_LANGUAGE="fr")
    assert response.headers["Content-Language"] == "en"


def test_french_is_the_language_of_a_new_user(client):
    client.force_login(make_user())
    assert client.get(reverse("profile")).headers["Content-Language"] == "fr"


def test_a_users_choice_is_kept_over_sessions(client):
    user = make_user()
    client.force_login(user)
    response = choose(client, "en", next=reverse("profile"))
    assert response.url == reverse("profile")
    assert CustomUser.objects.get(pk=user.pk).language == "en"
    client.logout()
    client.force_login(user)
    assert client.get(reverse("profile")).headers["Content-Language"] == "en"


def test_a_visitors_choice_is_kept_in_a_cookie(client):
    page = reverse("login")
    assert client.get(page, HTTP_ACCEPT_LANGUAGE="fr").headers["Content-Language"] == "fr"
    choose(client, "en", next=page)
    assert client.get(page, HTTP_ACCEPT_LANGUAGE="fr").headers["Content-Language"] == "en"


def test_a_visitor_without_a_choice_gets_their_browsers_language(client):
    response = client.get(reverse("login"), HTTP_ACCEPT_LANGUAGE="en-GB,fr;q=0.5")
    assert response.headers["Content-Language"] == "en"
    assert "Accept-Language" in response.headers["Vary"]


def test_a_browser_in_another_language_gets_french(client):
    response = client.get(reverse("login"), HTTP_ACCEPT_LANGUAGE="pt")
    assert response.headers["Content-Language"] == "fr"


@pytest.mark.parametrize("language", ["", "xx", "../en"])
def test_an_unknown_language_is_refused(client, language):
    user = make_user(language="en")
    client.force_login(user)
    assert choose(client, language).url == reverse("home")
    assert CustomUser.objects.get(pk=user.pk).language == "en"


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_it_never_goes_to_a_foreign_site(client, wanted):
    client.force_login(make_user())
    assert choose(client, "en", next=wanted).url == reverse("home")


def test_it_takes_a_post(client):
    assert client.get(reverse("set-language")).status_code == 405
