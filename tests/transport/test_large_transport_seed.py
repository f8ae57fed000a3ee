"""So many demo contracts that late ones are tiered too."""

import random

import pytest

from tests.factories import make_customer, make_driver, make_user
from transport.models import ContratTransport
from transport.seed import Demo

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("number", range(3))
def test_the_first_active_one_is_plain_by_any_order(number):
    make_user("clerk")
    Demo(random.Random(number), [make_customer()], [make_driver()]).make(400)
    active = ContratTransport.objects.actifs()
    late = active.en_retard(ContratTransport.objects.latest("date_debut").date_debut)
    assert late.exclude(paliers=[]).exists()
    for order in ("pk", "date_limite_retour", "date_debut"):
        first = active.order_by(order, "pk").first()
        assert (first.paliers, first.jours_suspendus, first.delai_jours) == ([], 0, 23), order
        assert (first.date_limite_retour - first.date_debut).days == 23
