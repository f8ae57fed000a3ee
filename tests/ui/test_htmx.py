"""What the middleware and the error pages do for a page, and what for a part of one."""

import uuid

import pytest
from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.test import Client
from django.urls import include, path, reverse
from django_htmx.http import HttpResponseClientRefresh

from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

HTMX = {"HX-Request": "true"}
BATCH = str(uuid.uuid4())


def saying(answer):
    def view(request):
        messages.success(request, "12 done <b>", extra_tags=f"batch:{BATCH} undo")
        return answer(request)

    return view


def bad(request):
    raise RuntimeError


urlpatterns = [
    path("part/", saying(lambda request: HttpResponse("<p>part</p>"))),
    path("page/", saying(lambda request: render(request, "404.html"))),
    path("conflict/", saying(lambda request: HttpResponse("<p>two</p>", status=409))),
    path("none/", saying(lambda request: HttpResponse(status=204))),
    path("plain/", saying(lambda request: HttpResponse("text", content_type="text/plain"))),
    path("stream/", saying(lambda request: StreamingHttpResponse(["a"]))),
    path("away/", saying(lambda request: redirect("/part/"))),
    path("refresh/", saying(lambda request: HttpResponseClientRefresh())),
    path("refused/", saying(lambda request: HttpResponseNotAllowed(["POST"]))),
    path("show/", lambda request: HttpResponse("<p>shown</p>")),
    path("bad/", bad),
    path("", include("project.urls")),
]
handler403 = "project.ui.errors.permission_denied"
handler404 = "project.ui.errors.not_found"
handler500 = "project.ui.errors.server_error"


@pytest.fixture
def desk(client):
    client.force_login(make_user(language="en"))
    client.raise_request_exception = False
    return client


def text(response):
    return response.content.decode()


# ------------------------------------------------------------------------------- messages
@pytest.mark.parametrize("url", ["/part/", "/conflict/"])
def test_a_part_carries_the_messages_as_toasts(desk, url):
    part = text(desk.get(url, headers=HTMX))
    assert part.startswith("<p>")
    assert 'hx-swap-oob="beforeend"' in part
    assert "12 done &lt;b&gt;" in part
    assert reverse("batch", args=[BATCH]) in part
    assert reverse("undo", args=[BATCH]) in part


def test_a_message_is_said_once(desk):
    desk.get("/part/", headers=HTMX)
    assert "12 done" not in text(desk.get("/show/", headers=HTMX))


def test_a_whole_page_shows_its_messages_itself(desk):
    page = text(desk.get("/page/"))
    assert page.count("12 done") == 1
    assert "hx-swap-oob" not in page


@pytest.mark.parametrize(
    "url", ["/none/", "/plain/", "/stream/", "/away/", "/refresh/", "/refused/"]
)
def test_a_message_waits_where_nothing_would_be_shown(desk, url):
    response = desk.get(url, headers=HTMX)
    assert b"12 done" not in response.getvalue()
    assert "12 done" in text(desk.get("/show/", headers=HTMX))


def test_a_part_without_message_is_left_as_it_is(desk):
    assert text(desk.get("/show/", headers=HTMX)) == "<p>shown</p>"


# ---------------------------------------------------------------------------- the session
def test_an_ended_session_sends_the_whole_page_to_sign_in_and_back(client):
    here = "http://testserver/bookings/?period=today"
    response = client.get("/bookings/", headers=HTMX | {"HX-Current-URL": here})
    assert response.status_code == 200
    assert response["HX-Redirect"] == (f"{reverse('login')}?next=%2Fbookings%2F%3Fperiod%3Dtoday")


def test_an_ended_session_leads_to_no_other_site(client):
    response = client.get("/bookings/", headers=HTMX | {"HX-Current-URL": "https://else.where/x"})
    assert response["HX-Redirect"] == f"{reverse('login')}?next=%2F"


def test_an_expired_token_is_told_on_a_page_of_its_own():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user(language="en"))
    response = strict.post("/part/")
    assert response.status_code == 403
    assert "This page was open for too long" in text(response)


def test_an_expired_token_renews_an_htmx_page_and_says_so():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user(language="en"))
    response = strict.post("/part/", headers=HTMX)
    assert response["HX-Refresh"] == "true"
    assert "12 done" not in text(response)
    assert "This page was open for too long" in text(strict.get("/show/", headers=HTMX))


# ----------------------------------------------------------------------------- error pages
@pytest.mark.parametrize(
    ("url", "status"), [("/bookings/", 403), ("/nowhere/", 404), ("/bad/", 500)]
)
def test_an_error_is_a_page_in_the_users_language(desk, url, status, settings):
    settings.DEBUG = False
    response = desk.get(url)
    assert response.status_code == status
    assert f'<p class="code">{status}</p>' in text(response)
    assert '<html lang="en">' in text(response)


@pytest.mark.parametrize(
    ("url", "status"), [("/bookings/", 403), ("/nowhere/", 404), ("/bad/", 500)]
)
def test_an_error_is_a_line_for_htmx(desk, url, status, settings):
    settings.DEBUG = False
    response = desk.get(url, headers=HTMX)
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/plain")
    assert "<" not in text(response)


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_every_answer_says_what_it_depends_on(desk, headers):
    assert "HX-Request" in desk.get("/show/", headers=headers)["Vary"]
