"""The demo installations: some in every state, with people, leave and what shows the work."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from bookings.installations.models import (
    Engineer,
    Evidence,
    Fitting,
    InstallationBooking,
    Leave,
    Order,
    Service,
)
from bookings.installations.seed import FEWEST, seed
from inventory.models import Article, MouvementStock
from project.directory.seed import seed_accounts, seed_parties
from project.notifications.models import Notification, OutgoingMail
from project.utilisateurs.models import CustomUser

pytestmark = pytest.mark.django_db
KINDS = (Engineer, Order, Service, InstallationBooking, Leave, Fitting, Evidence, MouvementStock)


@pytest.fixture
def seeded(db):
    options = {"bookings": 200}
    seed_accounts(options, random.Random(1))
    seed_parties(options, random.Random(1))
    seed(options, random.Random(1))


def test_there_is_something_in_every_state(seeded):
    statuses = {"pending", "scheduled", "in_progress", "completed", "cancelled"}
    assert set(Order.objects.values_list("status", flat=True)) == statuses
    assert set(Service.objects.values_list("status", flat=True)) == statuses
    assert Order.objects.count() == FEWEST
    for order in Order.objects.select_related("booking").prefetch_related("services"):
        expected = {order.status}
        assert {service.status for service in order.services.all()} == expected
        if order.status not in ("pending", "cancelled"):
            assert order.booking.status == order.status
        assert order.logs.exists() and order.history.exists()
    assert Engineer.objects.active().exists() and Engineer.objects.filter(is_active=False).exists()
    away = Leave.objects.in_force().get()
    assert away.first_day == timezone.localdate() + timedelta(days=10)
    assert not Article.objects.filter(quantite_stock__lt=0).exists()


def test_an_engineer_has_an_account_and_one_order_its_pictures(seeded, client):
    account = CustomUser.objects.get(username="technicien")
    assert client.login(username="technicien", password="carnet-demo")
    assert client.get("/", follow=True).redirect_chain[-1][0].startswith("/installations/engineers")
    assert client.get("/installations/").status_code == 403
    assert account.engineer.is_active
    kept = Evidence.objects.select_related("booking")
    assert sorted(each.kind for each in kept) == ["photo", "signature"]
    assert {each.booking.status for each in kept} == {"completed"}
    assert len({each.booking_id for each in kept}) == 1


def test_nobody_is_told_and_a_second_run_adds_nothing(seeded):
    assert not OutgoingMail.objects.exists() and not Notification.objects.exists()
    before = [kind.objects.count() for kind in KINDS]
    seed({"bookings": 200}, random.Random(2))
    assert [kind.objects.count() for kind in KINDS] == before
