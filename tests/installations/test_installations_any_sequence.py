"""Whatever is done in whatever order: all states agree, no engineer is in two places, and the
ledger holds what was completed and nothing else."""

import itertools

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.installations import scheduling, services, work
from bookings.installations.models import InstallationBooking, Order, OrderLine, Service
from bookings.installations.services import Line
from bookings.installations.states import PLANNED
from inventory.models import Article
from project.actions.undo import CannotUndo, undo
from project.audit.models import Batch
from project.audit.recorder import AlreadyDone, log_model_of
from tests.factories import make_article, make_boutique, make_engineer, make_order, make_user
from tests.installations.conftest import tomorrow
from tests.sweeps import examples, slow

pytestmark = pytest.mark.django_db
HOURS = st.integers(8, 11)
ENGINEERS = st.integers(0, 1)

ACTS = (
    lambda draw, people: (
        scheduling.schedule,
        {"engineer": people[draw(ENGINEERS)], "start": tomorrow(draw(HOURS))},
    ),
    lambda draw, people: (scheduling.reschedule, {"start": tomorrow(draw(HOURS))}),
    lambda draw, people: (scheduling.reassign, {"engineer": people[draw(ENGINEERS)]}),
    lambda draw, people: (scheduling.unschedule, {}),
    lambda draw, people: (work.start, {}),
    lambda draw, people: (work.not_begun, {}),
    lambda draw, people: (work.complete, {}),
    lambda draw, people: (work.reopen, {"reason": "Slip"}),
    lambda draw, people: (services.cancel, {"reason": "Sold"}),
    lambda draw, people: (services.restore, {}),
    lambda draw, people: (undo, {}),
)


def check(kit, stock):
    for order in Order.objects.all():
        assert {service.status for service in order.services.all()} == {order.status}
        booking = InstallationBooking.objects.filter(order=order).first()
        if order.status in PLANNED:
            assert booking.status == order.status
            assert {service.engineer_id for service in order.services.all()} == {
                booking.engineer_id
            }
        elif booking:
            assert booking.status == "cancelled"
    bookings = list(InstallationBooking.objects.occupying().order_by("engineer", "start"))
    for one, other in itertools.pairwise(bookings):
        assert one.engineer_id != other.engineer_id or one.ends_at <= other.start
    lines = OrderLine.objects.filter(article=kit, order__status="completed")
    gone = lines.aggregate(n=Sum("quantity"))["n"] or 0
    assert Article.objects.get(pk=kit.pk).quantite_stock == stock - gone
    for model in (Order, Service, InstallationBooking):
        log, key = log_model_of(model)
        for record in model.objects.all():
            rows = list(record.history.order_by("history_id"))
            for field in rows[-1].tracked_fields:
                assert getattr(rows[-1], field.attname) == getattr(record, field.attname)
            assert [row.version for row in rows] == list(range(1, record.version + 1))
            told = log._base_manager.filter(**{key: record}).values_list("batch", flat=True)
            assert {row.batch_id for row in rows} <= set(told)


@slow
@given(data=st.data())
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_done_all_states_agree(data):
    with transaction.atomic():
        by = make_user(is_superuser=True)
        people = [make_engineer(), make_engineer()]
        kit = make_article(make_boutique(currency="XOF"), 4)
        orders = [make_order(lines=[Line(kit, 1, serialised=False)]) for _ in range(4)]
        for _ in range(data.draw(st.integers(4, 9))):
            act, answers = data.draw(st.sampled_from(ACTS))(data.draw, people)
            if act is undo:
                batches = Batch.objects.filter(model="installations.order").order_by("-created_at")
                try:
                    undo(batches[data.draw(st.integers(0, 3))], by=by)
                except (CannotUndo, AlreadyDone):
                    continue
            else:
                keys = [each.pk for each in orders if data.draw(st.booleans())]
                act(Order.objects.filter(pk__in=keys), by=by, **answers)
            check(kit, 4)
        transaction.set_rollback(True)
