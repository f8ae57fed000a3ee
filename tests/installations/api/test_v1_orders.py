"""Orders as another system places, schedules and completes them."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.installations import scheduling
from bookings.installations.models import Fitting, Order
from bookings.installations.services import Task
from inventory.models import MouvementStock
from project.audit.models import Batch
from project.directory.models import Customer
from tests.factories import (
    make_article,
    make_boutique,
    make_customer,
    make_engineer,
    make_integration,
    make_order,
)
from tests.installations.api.conftest import Caller, problem, wrong
from tests.installations.conftest import only, states, tomorrow

pytestmark = pytest.mark.django_db


@pytest.fixture
def kit(db):
    return make_article(make_boutique(currency="XOF"), 10, nom="Car kit", prix=25000)


def an_order(kit, **fields):
    given = {
        "new_customer": {"name": "John Kane", "email": "john@example.org"},
        "address": "12 rue Carnot, Dakar",
        "lines": [{"product": kit.pk, "quantity": 2}],
        "services": [{"required_skill": "car_kit", "duration_minutes": 90}],
    }
    return given | fields


def test_from_an_order_on_line_to_the_completed_installation(caller, kit, engineer):
    placed = caller.post("orders/", an_order(kit))
    assert placed.status_code == 201, placed.content
    body = placed.json()
    number = body["number"]
    assert placed["Location"] == f"/api/v1/orders/{number}/"
    assert (body["status"], body["total"], body["source"]) == ("pending", "50000", "online")
    assert body["booking"] is None
    assert [each["status"] for each in body["services"]] == ["pending"]

    slots = caller.get(f"orders/{number}/slots/", engineer=engineer.pk).json()["results"]
    assert slots[0]["engineer"] == {"id": engineer.pk, "name": engineer.name}
    asked = {"engineer": engineer.pk, "start": slots[0]["start"]}
    scheduled = caller.post(f"orders/{number}/schedule/", asked)
    assert scheduled.status_code == 200, scheduled.content
    booking = scheduled.json()["booking"]
    assert (booking["status"], booking["engineer"]["id"]) == ("scheduled", engineer.pk)
    assert datetime.fromisoformat(booking["start"]) == datetime.fromisoformat(slots[0]["start"])

    assert caller.post(f"orders/{number}/start/").json()["status"] == "in_progress"
    [line] = body["lines"]
    fittings = [
        {"line": line["id"], "serial_number": f"SN-{piece}", "vehicle_registration": "DK 4521 B"}
        for piece in range(2)
    ]
    completed = caller.post(f"orders/{number}/complete/", {"fittings": fittings})
    assert completed.status_code == 200, completed.content
    order = Order.objects.get(number=number)
    assert states(order) == ("completed", ["completed"], "completed")
    assert Fitting.objects.filter(line__order=order).count() == 2
    assert MouvementStock.objects.get(reference_document=number).quantite == -2
    assert caller.get(f"orders/{number}/").json() == completed.json()


def test_log_and_history_say_that_the_integration_did_it(caller, integration, order, engineer):
    start = tomorrow().isoformat()
    caller.post(f"orders/{order.number}/schedule/", {"engineer": engineer.pk, "start": start})
    batch = Batch.objects.get(action=scheduling.SCHEDULE)
    assert (batch.user, batch.changed) == (integration.user, 1)
    assert str(batch.user) == "On-line shop"
    assert [line.user for line in order.logs.filter(batch=batch)] == [integration.user]
    written = order.history.filter(batch_id=batch.pk)
    assert [row.history_user for row in written] == [integration.user]


def test_a_customer_who_is_known_is_not_made_twice(caller, kit):
    known = make_customer("John Kane", email="John@Example.org")
    for _n in range(2):
        answer = caller.post("orders/", an_order(kit)).json()
        assert answer["customer"] == {"id": known.pk, "name": "John Kane"}
    other = {"name": "Jane Kane", "email": "john@example.org"}
    answer = caller.post("orders/", an_order(kit, new_customer=other)).json()
    made = Customer.objects.get(pk=answer["customer"]["id"])
    assert (made.name, made.email) == ("Jane Kane", "john@example.org")
    assert made.logs.get().user == caller.integration.user


def test_an_order_of_a_customer_by_key_at_a_price_of_its_own(caller, kit):
    customer = make_customer()
    line = {"product": kit.pk, "unit_price": "20000", "serialised": False}
    asked = an_order(kit, customer=customer.pk, lines=[line])
    del asked["new_customer"]
    answer = caller.post("orders/", asked).json()
    assert answer["customer"]["id"] == customer.pk
    assert answer["lines"][0]["unit_price"] == answer["total"] == "20000"


def test_what_is_wrong_with_an_order_is_named(caller, kit):
    asked = an_order(
        kit,
        address="",
        contact_phone="call me",
        lines=[{"product": kit.pk}, {"product": kit.pk + 1, "quantity": 0}],
        services=[{"required_skill": "juggling"}],
    )
    response = caller.post("orders/", asked)
    assert problem(response) == (422, "invalid")
    assert {
        "#/address",
        "#/contact_phone",
        "#/lines/1/quantity",
        "#/services/0/required_skill",
    } == set(wrong(response))
    unknown = an_order(kit, lines=[{"product": kit.pk}, {"product": kit.pk + 1}])
    response = caller.post("orders/", unknown)
    assert wrong(response) == {"#/lines/1/product": "There is no such product."}
    both = caller.post("orders/", an_order(kit, customer=make_customer().pk))
    assert wrong(both) == {"#/customer": "Either a customer or a new customer is given."}
    assert not Order.objects.exists()


def test_a_member_that_is_not_meant_is_named(caller, kit, order):
    asked = an_order(kit, prce="1", lines=[{"product": kit.pk, "unit_prize": "1"}])
    response = caller.post("orders/", asked)
    assert problem(response) == (422, "invalid")
    told = "There is no such member."
    assert wrong(response) == {"#/prce": told, "#/lines/0/unit_prize": told}
    person = {"name": "John Kane", "e-mail": "john@example.org"}
    response = caller.post("orders/", an_order(kit, new_customer=person, address=""))
    assert set(wrong(response)) == {"#/new_customer/e-mail", "#/address"}
    odd = caller.post(f"orders/{order.number}/start/", '{"a/b~ é\\ud800": 1}')
    assert wrong(odd) == {"#/a~1b~0%20%C3%A9%3F": told}
    many = caller.post(f"orders/{order.number}/start/", {f"name{n}": n for n in range(1000)})
    assert len(many.json()["errors"]) == 20
    assert Order.objects.count() == 1


def test_what_comes_to_too_much_is_refused_and_lists_go_on(caller, kit):
    asked = an_order(kit, lines=[{"product": kit.pk, "quantity": 2, "unit_price": "99999999999"}])
    response = caller.post("orders/", asked)
    assert problem(response) == (422, "invalid")
    assert wrong(response) == {"#/lines": "The lines come to more than an order can be."}
    assert caller.get("orders/").json()["results"] == []


def test_what_a_rule_refuses_leaves_nothing_behind(caller, kit):
    asked = an_order(
        kit,
        lines=[{"product": kit.pk, "quantity": 11}],
        services=[{"required_skill": "car_kit", "duration_minutes": 24 * 60}] * 2,
    )
    response = caller.post("orders/", asked)
    assert problem(response) == (422, "invalid")
    found = wrong(response)
    assert "only 10 left" in found["#/lines"]
    assert "one visit" in found["#/services"]
    assert not Order.objects.exists()
    assert not Customer.objects.filter(name="John Kane").exists()


def test_a_refusal_is_that_of_the_desk(caller, order, engineer):
    unskilled = make_engineer(skills=["tracker"])
    start = tomorrow().isoformat()
    path = f"orders/{order.number}/schedule/"
    refused = caller.post(path, {"engineer": unskilled.pk, "start": start})
    assert problem(refused) == (409, "refused")
    assert refused.json()["reason"] == "unskilled"
    assert refused.json()["detail"] == "the engineer lacks a skill that it asks for"
    [kept] = Batch.objects.get(action=scheduling.SCHEDULE).refusals.all()
    assert (kept.object_id, kept.code) == (order.pk, "unskilled")
    assert caller.post(path, {"engineer": engineer.pk, "start": start}).status_code == 200
    again = caller.post(path, {"engineer": engineer.pk, "start": start})
    assert (problem(again), again.json()["reason"]) == ((409, "refused"), "not_pending")
    other = make_order()
    busy = caller.post(
        f"orders/{other.number}/schedule/", {"engineer": engineer.pk, "start": start}
    )
    assert busy.json()["reason"] == "busy"
    early = caller.post(f"orders/{other.number}/complete/")
    assert early.json()["reason"] == "not_in_progress"
    assert states(other) == ("pending", ["pending"], None)


def test_a_moment_that_has_passed_is_said_at_its_field(caller, order, engineer):
    start = (timezone.now() - timedelta(days=2)).isoformat()
    asked = {"engineer": engineer.pk, "start": start}
    response = caller.post(f"orders/{order.number}/schedule/", asked)
    assert problem(response) == (422, "invalid")
    assert wrong(response) == {"#/start": "This moment has passed."}
    far = caller.post(f"orders/{order.number}/schedule/", asked | {"start": "9999-12-31T23:59:59Z"})
    assert set(wrong(far)) == {"#/start"}
    gone = caller.post(f"orders/{order.number}/schedule/", asked | {"engineer": 10**6})
    assert set(wrong(gone)) == {"#/engineer"}


def test_pieces_without_a_serial_number_are_not_completed(caller, order, engineer):
    start = tomorrow().isoformat()
    caller.post(f"orders/{order.number}/schedule/", {"engineer": engineer.pk, "start": start})
    caller.post(f"orders/{order.number}/start/")
    none = caller.post(f"orders/{order.number}/complete/")
    assert none.json()["reason"] == "unnoted"
    other = {"line": 10**6, "serial_number": "SN", "vehicle_registration": "DK 1"}
    stranger = caller.post(f"orders/{order.number}/complete/", {"fittings": [other]})
    # The piece that the order has is still without its number.
    assert (problem(stranger), stranger.json()["reason"]) == ((409, "refused"), "unnoted")
    [line] = order.lines.all()
    fitted = {"line": line.pk, "serial_number": "SN-1", "vehicle_registration": "DK 1"}
    beside = caller.post(f"orders/{order.number}/complete/", {"fittings": [fitted, other]})
    assert problem(beside) == (422, "invalid")
    assert set(wrong(beside)) == {"#/fittings"}
    assert states(order)[0] == "in_progress"
    assert not Fitting.objects.exists()


# ------------------------------------------------------------------------------------------ lists
def test_a_list_is_filtered_and_cut_by_a_cursor(caller, engineer):
    streets = ("Carnot", "Blaise", "Faidherbe", "Vincens", "Wagane")
    orders = [make_order(address=street) for street in streets]
    seen, cursor = [], None
    for size in (2, 2, 1):
        page = caller.get("orders/", limit=2, **({"cursor": cursor} if cursor else {})).json()
        assert len(page["results"]) == size
        seen += [each["number"] for each in page["results"]]
        cursor = page["next"]
    assert cursor is None
    assert seen == [order.number for order in reversed(orders)]
    caller.post(
        f"orders/{orders[2].number}/schedule/",
        {"engineer": engineer.pk, "start": tomorrow().isoformat()},
    )
    for query in (
        {"status": "scheduled"},
        {"engineer": engineer.pk},
        {"customer": orders[2].customer_id},
        {"q": "faidh"},
        {"since": tomorrow().date(), "until": tomorrow().date()},
    ):
        found = caller.get("orders/", **query).json()["results"]
        assert [each["number"] for each in found] == [orders[2].number], query
    both = caller.get("orders/", status=["scheduled", "pending"]).json()["results"]
    assert len(both) == 5


def test_every_list_shows_what_it_has(caller, engineer, order):
    start = tomorrow()
    asked = {"engineer": engineer.pk, "start": start.isoformat()}
    caller.post(f"orders/{order.number}/schedule/", asked)
    [service] = caller.get("services/", status="scheduled").json()["results"]
    assert (service["order"], service["engineer"]["name"]) == (order.number, engineer.name)
    [booking] = caller.get("bookings/", day=start.date()).json()["results"]
    assert (booking["order"], booking["duration_minutes"]) == (order.number, 60)
    assert caller.get("bookings/", day=start.date() + timedelta(days=1)).json()["results"] == []
    [found] = caller.get("engineers/", skill="car_kit").json()["results"]
    assert found["name"] == engineer.name
    article = order.lines.get().article
    [product] = caller.get("products/", q=article.code).json()["results"]
    assert (product["stock"], product["available"]) == (10, 9)
    assert (product["price"], product["currency"]) == ("25000", "XOF")


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"status": "lost"}, "status"),
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"cursor": "made-up"}, "cursor"),
        ({"since": "2026-13-01"}, "since"),
        ({"until": "9999-12-31"}, "until"),
        ({"customer": "1000000"}, "customer"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_parameter_that_is_wrong_is_named(caller, order, query, name):
    response = caller.get("orders/", **query)
    assert problem(response) == (400, "invalid-parameters")
    assert set(wrong(response)) == {name}


def test_services_and_bookings_are_found_by_what_they_are_about(caller, bureau, engineer):
    fitted = make_order(tasks=[Task("installation", "car_kit", 60), Task("removal", "fuel", 30)])
    later, waiting = make_order(), make_order(tasks=[Task("inspection", "tracker", 30)])
    for order, days in ((fitted, 1), (later, 3)):
        scheduling.schedule(only(order), by=bureau, engineer=engineer, start=tomorrow(days=days))
    first, third = tomorrow().date(), tomorrow(days=3).date()

    def found(name, **query):
        return [each["order"] for each in caller.get(name, **query).json()["results"]]

    for query, orders in (
        ({"order": waiting.number}, [waiting]),
        ({"kind": "removal"}, [fitted]),
        ({"skill": "tracker"}, [waiting]),
        ({"skill": "car_kit", "kind": "installation"}, [fitted, later]),
        ({"engineer": engineer.pk, "skill": "fuel"}, [fitted]),
        ({"since": third}, [later]),
        ({"until": first}, [fitted, fitted]),
        ({"since": first, "until": third}, [fitted, fitted, later]),
        ({"order": "IN"}, []),
    ):
        assert found("services/", **query) == [order.number for order in orders], query
    for query, orders in (
        ({"order": later.number}, [later]),
        ({"since": third}, [later]),
        ({"until": first}, [fitted]),
        ({"since": first, "until": third}, [fitted, later]),
    ):
        assert found("bookings/", **query) == [order.number for order in orders], query
    for name in ("services/", "bookings/"):
        assert set(wrong(caller.get(name, since=third, until=first))) == {"until"}
    assert set(wrong(caller.get("services/", kind="magic", skill="magic"))) == {"kind", "skill"}


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_at_the_end_of_time_is_named(caller, day):
    response = caller.get("bookings/", day=day)
    assert problem(response) == (400, "invalid-parameters")
    assert set(wrong(response)) == {"day"}


def test_a_cursor_of_another_list_is_refused(caller):
    for _n in range(2):
        make_order()
    cursor = caller.get("orders/", limit=1).json()["next"]
    assert problem(caller.get("services/", cursor=cursor))[0] == 400


@pytest.mark.parametrize("name", ["orders", "services", "bookings", "engineers", "products"])
def test_a_page_takes_as_many_statements_for_ten_as_for_one(caller, bureau, name):
    def fill(count):
        for _n in range(count):
            order = make_order()
            scheduling.schedule(only(order), by=bureau, engineer=make_engineer(), start=tomorrow())

    fill(1)
    caller.get("orders/")  # the use of the integration is noted once a minute
    counts = []
    for more in (0, 9):
        fill(more)
        with CaptureQueriesContext(connection) as statements:
            page = caller.get(f"{name}/").json()
        counts.append(len(statements))
    assert len(page["results"]) >= 10
    assert counts[0] == counts[1] <= 9


def test_an_order_of_many_lines_takes_no_more_statements(caller):
    shop = make_boutique(currency="XOF")
    articles = [make_article(shop, 10) for _n in range(20)]
    counts = []
    for some in (articles[:1], articles[1:2], articles):
        asked = an_order(some[0], lines=[{"product": article.pk} for article in some])
        with CaptureQueriesContext(connection) as statements:
            assert caller.post("orders/", asked).status_code == 201
        counts.append(len(statements))
    assert counts[2] == counts[1]


# ----------------------------------------------------------------------------------------- rights
SCOPES = {
    "orders:read": [("get", "orders/"), ("get", "orders/{number}/")],
    "orders:write": [("post", "orders/")],
    "orders:schedule": [("get", "orders/{number}/slots/"), ("post", "orders/{number}/schedule/")],
    "orders:work": [("post", "orders/{number}/start/"), ("post", "orders/{number}/complete/")],
    "services:read": [("get", "services/")],
    "bookings:read": [("get", "bookings/")],
    "engineers:read": [("get", "engineers/")],
    "products:read": [("get", "products/")],
}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_opens_what_it_says_and_nothing_else(order, scope):
    caller = Caller(make_integration(scope))
    for name, requests in SCOPES.items():
        for method, path in requests:
            response = getattr(caller, method)(path.format(number=order.number))
            if name == scope:
                assert response.status_code in (200, 409, 422), (path, response.content)
            else:
                assert problem(response) == (403, "scope-missing")
                assert response.json()["scope"] == name


def test_a_permission_beside_the_scopes_opens_nothing(order):
    integration = make_integration("products:read")
    integration.user.user_permissions.set(Permission.objects.all())
    assert problem(Caller(integration).get("orders/")) == (403, "scope-missing")
