"""The widest scope of the narrowest filter, with every question answered: it stays one statement.

SQLite's parser has a stack of a hundred places: conditions within conditions can fill it.
"""

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.forms import BooleanField

from bookings import series_services, services
from bookings.models import Booking
from bookings.recurrence import Rule
from bookings.states import CancellationKind
from project.actions import desk as desks
from tests.actions.test_every_action import answer_to
from tests.asking import HTMX, ticket_of
from tests.factories import make_driver, make_round_trip, make_user
from tests.trying import rolled_back

pytestmark = pytest.mark.django_db
DESK = desks.get("bookings")
CASES = [
    pytest.param(action, scope and scope.name, id=f"{action.name}-{scope and scope.name}")
    for action in DESK.actions
    for scope in (action.scopes or (None,))
]


@pytest.fixture
def boss(client, db):
    client.force_login(make_user("boss", is_superuser=True))
    return client


@pytest.fixture
def found(boss):
    """A filter with everything in it, that finds one segment of a round trip that recurs; its
    other segment is cancelled, which many acts refuse."""
    out, back = make_round_trip(
        pickup_at=datetime(2031, 3, 3, 8, tzinfo=UTC),
        passenger_name="Awa Ndiaye",
        pickup_address="Place de l’Indépendance, Plateau",
        price=Decimal(9000),
        payout=Decimal(4000),
        driver=make_driver(),
    )
    author = make_user("author", is_superuser=True)
    series_services.repeat(out, by=author, rule=Rule("DAILY", count=3), both=True)
    services.cancel(
        Booking.objects.filter(pk=back.pk), by=author, kind=CancellationKind.LATE, reason="Late"
    )
    asked = {
        "q": "ndiaye plateau",
        "address": "independance",
        "period": "any",
        "since": "2031-03-01",
        "until": "2031-03-31",
        "status": ["pending", "confirmed"],
        "customer": out.customer_id,
        "driver": out.driver_id,
        "references": out.reference,
        "series": Booking.objects.get(pk=out.pk).series_id,
    }
    return {"all": "1", "filter": urlencode(asked, doseq=True)}


def every_answer(form):
    """Something for each question, the optional ones too."""
    return {
        name: "on" if type(field) is BooleanField else answer_to(field) or ""
        for name, field in form.fields.items()
    }


def what_must_be_answered(form):
    """Every box ticked, and of the other questions those that have to be answered."""
    answers = every_answer(form)
    return {
        name: answers[name]
        for name, field in form.fields.items()
        if field.required or answers[name] == "on"
    }


@pytest.mark.parametrize(("action", "scope"), CASES)
def test_every_question_in_the_widest_scope_is_answered(boss, found, action, scope):
    url = DESK.action_url(action)
    data = found | ({"scope": scope} if scope else {})
    opened = boss.post(url, data, headers=HTMX)
    assert opened.status_code == 200
    if action.reports:
        return
    form = opened.context["form"]
    for answered in (every_answer, what_must_be_answered):
        answers = answered(form) if form else {}
        agreed = data | answers | {"override": "on", "override_reason": "Agreed", "anyway": "on"}
        for asked_with in (data | answers, agreed):
            asked = boss.post(url, asked_with | {"preview": "1"}, headers=HTMX)
            assert asked.status_code == 200
        with rolled_back():
            done = boss.post(url, agreed | ticket_of(asked), headers=HTMX)
            assert done.status_code in (200, 422)
