"""So many demo contracts that late ones are tiered too."""

import random

import pytest
from django.utils import timezone

from tests.factories import make_customer, make_driver, make_user
from transport.models import ContratTransport
from transport.seed import Demo

pytestmark = pytest.mark.django_db


class AsLateAsCanBe(random.Random):
    """All late ones began on one day: then a tiered one, which has fewer days, is due first."""

    def randint(self, least, most):
        return most


@pytest.mark.parametrize("rng", [random.Random(1), AsLateAsCanBe(1)])
def test_the_first_active_one_is_plain_by_any_order(rng):
    make_user("clerk")
    Demo(rng, [make_customer()], [make_driver()]).make(400)
    active = ContratTransport.objects.actifs()
    assert active.en_retard(timezone.localdate()).exclude(paliers=[]).exists()
    for order in ("pk", "date_limite_retour", "date_debut"):
        first = active.order_by(order, "pk").first()
        assert (first.paliers, first.jours_suspendus, first.delai_jours) == ([], 0, 23), order
        assert (first.date_limite_retour - first.date_debut).days == 23
