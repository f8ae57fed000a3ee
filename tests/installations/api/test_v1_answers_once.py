"""A write under its key is done once, whatever comes twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.utils import timezone

from bookings.installations.models import Order
from project.api import scheduled
from project.api.models import Answer, Rate
from tests.factories import make_article, make_boutique, make_integration
from tests.installations.api.conftest import Caller, problem, wrong
from tests.installations.api.test_v1_orders import an_order
from tests.installations.conftest import tomorrow


@pytest.fixture
def kit(db):
    return make_article(make_boutique(currency="XOF"), 10, nom="Car kit", prix=25000)


@pytest.mark.django_db
def test_the_same_key_and_body_is_answered_the_same(caller, kit):
    first = caller.post("orders/", an_order(kit), key="shop-1")
    again = caller.post("orders/", dict(reversed(an_order(kit).items())), key="shop-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_another_body_under_the_same_key_is_refused(caller, kit, order):
    caller.post("orders/", an_order(kit), key="shop-1")
    other = caller.post("orders/", an_order(kit, address="1 place du Marché"), key="shop-1")
    assert problem(other) == (409, "idempotency-key-reused")
    elsewhere = caller.post(f"orders/{order.number}/start/", an_order(kit), key="shop-1")
    assert problem(elsewhere) == (409, "idempotency-key-reused")
    assert Order.objects.count() == 2


@pytest.mark.django_db
def test_keys_are_each_integration_s_own(caller, kit):
    other = Caller(make_integration())
    numbers = {
        each.post("orders/", an_order(kit), key="1").json()["number"] for each in (caller, other)
    }
    assert len(numbers) == 2


@pytest.mark.django_db
def test_what_was_refused_is_refused_again(caller, kit, order, engineer):
    wrong_body = an_order(kit, address="")
    first, again = (caller.post("orders/", wrong_body, key="w") for _n in range(2))
    assert problem(first) == problem(again) == (422, "invalid")
    assert first.content == again.content
    path = f"orders/{order.number}/start/"
    early = caller.post(path, key="early")
    assert problem(early) == (409, "refused")
    start = tomorrow().isoformat()
    caller.post(f"orders/{order.number}/schedule/", {"engineer": engineer.pk, "start": start})
    assert caller.post(path, key="early").content == early.content
    assert caller.post(path, key="now").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "é", "a b", "x" * 256])
def test_a_write_needs_a_key(caller, kit, key):
    response = caller.post("orders/", an_order(kit), key=key)
    assert problem(response) == (400, "idempotency-key-required")
    assert set(wrong(response)) == {"Idempotency-Key"}
    assert not Order.objects.exists()


@pytest.mark.django_db
def test_what_failed_leaves_nothing_and_can_be_tried_again(caller, kit):
    def broken(execute, sql, params, many, context):
        if "installations_orderline" in sql:
            raise OperationalError("the disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(broken):
        failed = caller.post("orders/", an_order(kit), key="k")
    assert problem(failed) == (503, "try-again")
    assert failed["Retry-After"] == "5"
    assert not Answer.objects.exists()
    assert not Order.objects.exists()
    assert caller.post("orders/", an_order(kit), key="k").status_code == 201


@pytest.mark.django_db
def test_answers_are_kept_as_long_as_is_said(caller, kit, settings):
    settings.API_ANSWERS_DAYS = 3
    caller.post("orders/", an_order(kit), key="old")
    caller.post("orders/", an_order(kit), key="new")
    Answer.objects.filter(key="old").update(at=timezone.now() - timedelta(days=3, minutes=1))
    Rate.objects.update(minute=F("minute") - 120)
    scheduled.forget_old_answers.call()
    assert [answer.key for answer in Answer.objects.all()] == ["new"]
    assert not Rate.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same", [True, False])
def test_of_two_at_once_one_has_an_effect(same):
    kit = make_article(make_boutique(currency="XOF"), 10)
    integration = make_integration()
    callers = [Caller(integration) for _n in range(2)]
    for round_ in range(5):
        barrier = Barrier(2)

        def post(place, barrier=barrier, round_=round_):
            body = an_order(kit) if same or place == 0 else an_order(kit, address="Elsewhere")
            try:
                connection.ensure_connection()
                barrier.wait(10)
                return callers[place].post("orders/", body, key=f"round-{round_}")
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(post, range(2)))
        assert Order.objects.count() == Answer.objects.count() == round_ + 1
        statuses = sorted(answer.status_code for answer in answers)
        if same:
            assert statuses == [201, 201]
            assert answers[0].content == answers[1].content
            assert sum("Idempotency-Replayed" in answer for answer in answers) == 1
        else:
            assert statuses == [201, 409]
