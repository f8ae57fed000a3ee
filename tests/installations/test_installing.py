"""The day itself: stock, serial numbers and states, all or nothing."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from bookings.installations import queries, services, work
from bookings.installations.models import Evidence, Fitting, Order
from bookings.installations.services import Line, Task
from inventory import movements
from inventory.models import Article, MouvementStock
from inventory.states import TypeMouvement
from project.audit.models import Batch
from tests.factories import make_article, make_boutique, make_customer, make_order, make_user
from tests.installations.conftest import (
    begin,
    codes,
    fittings_for,
    only,
    schedule,
    states,
    tomorrow,
)
from tests.inventory.conftest import move

pytestmark = pytest.mark.django_db
PHOTO = {"kind": "photo", "media_type": "image/png", "content": b"\x89PNG", "name": ""}


@pytest.fixture
def user(db):
    return make_user("awa", is_superuser=True)


@pytest.fixture
def kit(db):
    return make_article(make_boutique(currency="XOF"), 3, prix=1000)


def picture(order, article):
    """All that an act on the order could change."""
    return (
        states(order),
        Order.objects.get(pk=order.pk).version,
        [service.version for service in order.services.all()],
        order.booking.history.count(),
        order.logs.count(),
        Article.objects.get(pk=article.pk).quantite_stock,
        MouvementStock.objects.count(),
        Fitting.objects.count(),
        Evidence.objects.count(),
        Batch.objects.count(),
    )


# ---------------------------------------------------------------------------------------- placing
def test_an_order_reserves_without_moving_anything(user, kit):
    make_order(lines=[Line(kit, 2)], by=user)
    kit.refresh_from_db()
    assert kit.quantite_stock == 3
    assert not MouvementStock.objects.filter(type_mouvement=TypeMouvement.SORTIE).exists()
    assert Article.objects.annotate(n=queries.reserved()).get(pk=kit.pk).n == 2
    with pytest.raises(ValidationError) as refusal:
        make_order(lines=[Line(kit, 2)])
    assert list(refusal.value.message_dict) == ["lines"]
    assert Order.objects.count() == 1


def test_what_the_office_takes_out_leaves_what_is_kept(user, kit):
    order = make_order(lines=[Line(kit, 2)])
    article = Article.objects.filter(pk=kit.pk)
    outcome = movements.issue(article, by=user, quantity=2, reference="BS-1")
    assert codes(outcome) == {"reserved": 1}
    with pytest.raises(ValidationError):
        movements.document(
            kit.boutique, {kit.pk: 2}, TypeMouvement.SORTIE, by=user, reference="BS-2"
        )
    services.cancel(only(order), by=user, reason="Sold")
    assert movements.issue(article, by=user, quantity=2, reference="BS-3").changed == 1
    assert codes(services.restore(only(order), by=user)) == {"too_little": 1}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"lines": []}, "lines"),
        ({"tasks": []}, "tasks"),
        ({"tasks": [Task("dancing", "car_kit")]}, "tasks"),
        ({"tasks": [Task("installation", "dancing")]}, "tasks"),
        ({"tasks": [Task("installation", "car_kit", 0)]}, "tasks"),
        ({"tasks": [Task("installation", "car_kit", 900)] * 2}, "tasks"),
        ({"currency": "EUR"}, "lines"),
    ],
)
def test_a_bad_order_is_refused_at_its_field(given, field):
    with pytest.raises(ValidationError) as refusal:
        make_order(**given)
    assert list(refusal.value.message_dict) == [field]
    assert not Order.objects.exists()


@pytest.mark.parametrize("quantity", [0, -1, 10_001])
def test_a_bad_quantity_is_refused(kit, quantity):
    with pytest.raises(ValidationError) as refusal:
        make_order(lines=[Line(kit, quantity)])
    assert list(refusal.value.message_dict) == ["lines"]


def test_who_left_orders_nothing():
    with pytest.raises(ValidationError) as refusal:
        make_order(customer=make_customer(is_active=False))
    assert list(refusal.value.message_dict) == ["customer"]


def test_an_order_is_logged_with_its_services(user, kit):
    tasks = [Task("installation", "car_kit", 60), Task("inspection", "tracker", 30, "Twice")]
    order = make_order(lines=[Line(kit, 2, unit_price=900)], tasks=tasks, by=user)
    assert (order.total, order.duration_minutes) == (1800, 90)
    [entry] = order.logs.all()
    assert (entry.action_code, entry.user) == ("installations.create", user)
    first, second = order.services.order_by("pk")
    assert (first.reference, second.notes) == (f"{order.number}/1", "Twice")
    for service in (first, second):
        assert service.logs.get().batch == entry.batch
        assert service.history.get().batch_id == entry.batch_id


def test_an_edit_moves_its_booking_to_the_new_address(user, order, engineer):
    schedule(order, engineer, user)
    order = Order.objects.get(pk=order.pk)
    order.address = "Port autonome de Dakar"
    batch = services.edit(order, by=user)
    order.booking.refresh_from_db()
    assert order.booking.address == "Port autonome de Dakar"
    assert order.booking.logs.get(batch=batch).changes["address"][1] == "Port autonome de Dakar"
    services.cancel(only(order), by=user, reason="Sold")
    order.refresh_from_db()
    order.notes = "Late"
    with pytest.raises(ValidationError):
        services.edit(order, by=user)


# --------------------------------------------------------------------------------------- the work
def test_it_is_completed_with_a_serial_number_for_each_piece(user, engineer, kit):
    order = make_order(lines=[Line(kit, 2)])
    begin(order, engineer, user)
    assert codes(work.complete(only(order), by=user)) == {"unnoted": 1}
    one = fittings_for(order)[:1]
    assert codes(work.complete(only(order), by=user, fittings=one)) == {"unnoted": 1}
    work.fit(order, one, by=user)
    other = [{**one[0], "serial_number": "SN-2", "vehicle_registration": "dk 1 b"}]
    outcome = work.complete(
        only(order), by=user, fittings=other, evidence=[PHOTO], remarks="Rear window"
    )
    assert outcome.changed == 1
    noted = Fitting.objects.order_by("pk").values_list("vehicle_registration", "noted_in")
    assert list(noted)[1] == ("DK 1 B", outcome.batch.pk)
    assert bytes(Evidence.objects.get().content) == b"\x89PNG"
    kit.refresh_from_db()
    assert kit.quantite_stock == 1
    assert order.logs.get(batch=outcome.batch).user == user
    assert order.history.get(batch_id=outcome.batch.pk).history_change_reason == "Rear window"
    assert order.booking.history.get(batch_id=outcome.batch.pk).completed_at is not None


def test_what_needs_no_serial_number_asks_for_none(user, engineer, kit):
    order = make_order(lines=[Line(kit, 2, serialised=False)])
    begin(order, engineer, user)
    assert work.complete(only(order), by=user).changed == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"serial_number": " "}, "fittings"),
        ({"vehicle_registration": ""}, "fittings"),
        ({"serial_number": "x" * 61}, "fittings"),
        ({"line": 999_999}, "fittings"),
    ],
)
def test_a_bad_fitting_is_refused_at_its_field(user, engineer, order, change, field):
    begin(order, engineer, user)
    before = picture(order, order.lines.get().article)
    fitting = fittings_for(order)[0] | change
    with pytest.raises(ValidationError) as refusal:
        work.fit(order, [fitting], by=user)
    assert list(refusal.value.message_dict) == [field]
    assert picture(order, order.lines.get().article) == before


def test_a_piece_is_in_one_vehicle(user, engineer, kit):
    orders = [make_order(lines=[Line(kit, 1)]) for _ in range(2)]
    fittings = [
        {"line": order.lines.get(), "serial_number": "SN-1", "vehicle_registration": "DK 1 A"}
        for order in orders
    ]
    for hour, order in enumerate(orders, 10):
        begin(order, engineer, user, tomorrow(hour))
    work.fit(orders[0], fittings[:1], by=user)
    with pytest.raises(ValidationError) as refusal:
        work.complete(only(orders[1]), by=user, fittings=fittings[1:])
    assert list(refusal.value.message_dict) == ["fittings"]
    assert states(orders[1])[0] == "in_progress"


def test_too_little_stock_is_told_and_nothing_completed(user, engineer, kit):
    order = make_order(lines=[Line(kit, 3, serialised=False)])
    begin(order, engineer, user)
    # Sold at a till in the meantime: no reserve holds a fact up.
    move(kit, -1)
    before = picture(order, kit)
    outcome = work.complete(only(order), by=user)
    assert codes(outcome) == {"too_little": 1}
    assert picture(order, kit)[:-1] == before[:-1]


def test_of_several_the_later_is_short(user, engineer, kit):
    orders = [make_order(lines=[Line(kit, 1, serialised=False)]) for _ in range(3)]
    for hour, order in enumerate(orders, 10):
        begin(order, engineer, user, tomorrow(hour))
    move(kit, -1)
    outcome = work.complete(only(*orders), by=user)
    assert (outcome.changed, codes(outcome)) == (2, {"too_little": 1})
    kit.refresh_from_db()
    assert kit.quantite_stock == 0
    numbers = MouvementStock.objects.filter(type_mouvement=TypeMouvement.SORTIE)
    told = set(numbers.values_list("reference_document", flat=True))
    assert {order.number for order in orders[:2]} <= told
    assert orders[2].number not in told


def test_bad_evidence_breaks_it_in_the_middle_and_nothing_is_left(user, engineer, order):
    """It is found once the order is written; states, stock, log and batch go back with it."""
    begin(order, engineer, user)
    article = order.lines.get().article
    before = picture(order, article)
    for bad in ({"media_type": "text/html"}, {"content": b""}, {"kind": "song"}):
        with pytest.raises(ValidationError) as refusal:
            work.complete(
                only(order), by=user, fittings=fittings_for(order), evidence=[PHOTO | bad]
            )
        assert list(refusal.value.message_dict) == ["evidence"]
        assert picture(order, article) == before


BREAK = {
    "sqlite": (
        "CREATE TRIGGER broken BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'broken'; END $$",
        "CREATE TRIGGER broken BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION broken()",
    ),
}


@pytest.mark.parametrize("table", ["service", "installationbooking", "article"])
def test_a_database_that_breaks_in_the_middle_leaves_nothing(user, engineer, order, table):
    begin(order, engineer, user)
    article = order.lines.get().article
    before = picture(order, article)
    app = "inventory" if table == "article" else "installations"
    with pytest.raises(DatabaseError, match="broken"), transaction.atomic():
        with connection.cursor() as cursor:
            for statement in BREAK[connection.vendor]:
                cursor.execute(statement.format(table=f"{app}_{table}"))
        work.complete(only(order), by=user, fittings=fittings_for(order))
    assert picture(order, article) == before
