"""An engineer's open day is told of what the office does to it, and of nothing else."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from bookings.installations import scheduling, services
from bookings.installations.models import Order
from tests.factories import make_customer, make_engineer, make_order, make_user
from tests.installations.conftest import browser_of, only, schedule, tomorrow
from tests.notifications.live.conftest import awa, listen, moussa, serve

__all__ = ["awa", "listen", "moussa", "serve"]
pytestmark = pytest.mark.django_db(transaction=True)
TOLD = [("changed", "engineer-days", None)]


def engineer_with_account(name, username, **more):
    """An engineer in no group, with the permission for their own day."""
    user = make_user(username, language="en", **more)
    user.user_permissions.add(Permission.objects.get(codename="work_engineer"))
    return make_engineer(name, user=user)


@pytest.fixture
def sarah(transactional_db):
    return engineer_with_account("Sarah Ndiaye", "sarah")


@pytest.fixture
def omar(transactional_db):
    return engineer_with_account("Omar Sow", "omar")


def told(page):
    return [(name, data.get("desk"), data.get("keys")) for name, data in page.until_place()]


def change(kind, order, by, **answers):
    verbs = {"move": scheduling.reschedule, "give": scheduling.reassign}
    verbs |= {"take": scheduling.unschedule, "cancel": services.cancel}
    outcome = verbs[kind](only(order), by=by, **answers)
    assert outcome.changed == 1, outcome.refused


def edit(order, by):
    order = Order.objects.get(pk=order.pk)
    order.contact_phone = "+221 77 000 00 00"
    services.edit(order, by=by)


def test_they_are_told_of_their_own_visits(serve, listen, awa, sarah, omar):
    order = make_order()
    page = listen(serve(), sarah.user)
    schedule(order, sarah, awa)
    assert told(page) == TOLD
    change("move", order, awa, start=tomorrow(14))
    assert told(page) == TOLD
    edit(order, awa)
    assert told(page) == TOLD
    change("give", order, awa, engineer=omar)
    assert told(page) == TOLD  # it was theirs
    change("give", order, awa, engineer=sarah)
    assert told(page) == TOLD
    change("take", order, awa)
    assert told(page) == TOLD
    schedule(order, sarah, awa)
    assert told(page) == TOLD
    change("cancel", order, awa, reason="Storm")
    assert told(page) == TOLD


def test_they_hear_nothing_of_the_visits_of_others(serve, listen, awa, sarah, omar):
    order, theirs = make_order(), make_order()
    page = listen(serve(), sarah.user)
    schedule(order, omar, awa)
    change("move", order, awa, start=tomorrow(14))
    edit(order, awa)
    change("cancel", order, awa, reason="Storm")
    make_order()
    announcement = schedule(theirs, sarah, awa).batch.announcement
    events = page.until_place()
    assert [(name, data["id"]) for name, data in events] == [("changed", announcement.pk)]


def test_of_a_visit_that_was_theirs_they_hear_no_more(serve, listen, awa, sarah, omar):
    order, theirs = make_order(), make_order()
    schedule(order, sarah, awa)
    change("give", order, awa, engineer=omar)
    page = listen(serve(), sarah.user)
    edit(order, awa)
    change("cancel", order, awa, reason="Storm")
    announcement = schedule(theirs, sarah, awa).batch.announcement
    events = page.until_place()
    assert [(name, data["id"]) for name, data in events] == [("changed", announcement.pk)]


def test_without_the_permission_they_hear_nothing(serve, listen, awa, sarah):
    order = make_order()
    page = listen(serve(), sarah.user)
    sarah.user.user_permissions.set(Permission.objects.filter(codename="view_customer"))
    schedule(order, sarah, awa)
    make_customer()
    assert page.next("changed")["desk"] == "customers"


def test_the_office_hears_of_every_day(serve, listen, awa, moussa, sarah):
    order = make_order()
    page = listen(serve(), moussa)
    schedule(order, sarah, awa)
    events = [each for each in told(page) if each[0] == "changed"]
    assert events == [*TOLD, ("changed", "orders", [order.pk])]


# -------------------------------------------------------------------- what the page asks thereupon
def asked(client, engineer, shown="", day=None):
    day = day or timezone.localdate(tomorrow())
    data = {"desk": "engineer-days", "shown": shown}
    page = urlencode({"engineer": engineer.pk, "day": day})
    return client.post("/live/changes/", data | {"page": page})


def of(order):
    order = Order.objects.get(pk=order.pk)
    return f"{order.pk}:{order.version}"


def test_the_page_says_what_it_is_and_what_it_shows(awa, sarah):
    order = make_order()
    schedule(order, sarah, awa)
    url = reverse("installations:day", args=[sarah.pk])
    day = timezone.localdate(tomorrow())
    text = browser_of(sarah.user).get(f"{url}?day={day}").content.decode()
    said = f'data-slug="engineer-days" data-page="engineer={sarah.pk}&amp;day={day}"'
    assert said in text
    assert f'data-pk="{order.pk}" data-version="{Order.objects.get().version}"' in text


def test_it_is_answered_what_the_office_did_since(awa, sarah, omar):
    client = browser_of(sarah.user)
    order = make_order()
    assert asked(client, sarah).status_code == 204
    schedule(order, sarah, awa)
    answer = asked(client, sarah)
    assert "The visits of this day have changed." in answer.content.decode()
    assert 'data-refresh="orders-changed"' in answer.content.decode()
    before = of(order)
    assert asked(client, sarah, before).status_code == 204
    edit(order, awa)
    assert asked(client, sarah, before).status_code == 200
    for act in (
        lambda: change("give", order, awa, engineer=omar),
        lambda: change("move", order, awa, engineer=sarah, start=tomorrow(days=2)),
    ):
        before = of(order)
        act()
        assert asked(client, sarah, before).status_code == 200
        assert asked(client, sarah).status_code == 204
    another = timezone.localdate(tomorrow()) + timedelta(days=1)
    assert asked(client, sarah, of(order), another).status_code == 204
    change("cancel", order, awa, reason="Storm")
    assert asked(client, sarah, before, another).status_code == 200


def test_nobody_asks_about_the_day_of_another(awa, sarah, omar):
    client = browser_of(sarah.user)
    assert asked(client, omar).status_code == 403
    for page in ("", "engineer=x", "engineer=²", f"engineer={'9' * 30}", "engineer=999999"):
        data = {"desk": "engineer-days", "page": page}
        assert client.post("/live/changes/", data).status_code == 403
        assert browser_of(awa).post("/live/changes/", data).status_code == 204
    stranger = Client()
    stranger.force_login(make_user())
    assert asked(stranger, sarah).status_code == 403
