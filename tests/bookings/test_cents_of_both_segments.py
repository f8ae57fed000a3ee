"""What two segments cost together is exact, in currencies with decimals too."""

from decimal import Decimal

import pytest

from bookings import payouts, services
from bookings.models import Booking
from project.utilisateurs.groups import BUREAU, GESTION
from tests.asking import only
from tests.factories import make_partner, make_round_trip, make_user

pytestmark = pytest.mark.django_db
# In binary fractions each of these sums comes out a little less than it is.
PAIRS = [("0.70", "0.10"), ("492.08", "414.01"), ("50.70", "20.10")]


def segments(outbound, inbound):
    amounts = [{"price": Decimal(each), "payout": Decimal(each)} for each in (outbound, inbound)]
    return make_round_trip(
        outbound=amounts[0], inbound=amounts[1], currency="EUR", partner=make_partner()
    )


def stored(rides, field):
    return sum(Booking.objects.filter(pk__in=[r.pk for r in rides]).values_list(field, flat=True))


@pytest.mark.parametrize(("outbound", "inbound"), PAIRS)
def test_a_fee_of_both_prices_is_not_above_them(outbound, inbound):
    rides, total = segments(outbound, inbound), Decimal(outbound) + Decimal(inbound)
    asked = {"by": make_user(groups=[BUREAU]), "kind": "customer", "reason": "x", "billable": True}
    refused = services.cancel(only(*rides), fee=total + Decimal("0.01"), **asked)
    assert [(each.code, each.count) for each in refused.refused] == [("above_price", 2)]
    assert services.cancel(only(*rides), fee=total, **asked).changed == 2
    assert stored(rides, "fee") == total


@pytest.mark.parametrize(("outbound", "inbound"), PAIRS)
def test_a_payout_of_both_that_were_agreed_is_not_above_them(outbound, inbound):
    rides, total = segments(outbound, inbound), Decimal(outbound) + Decimal(inbound)
    outcome = payouts.settle(only(*rides), by=make_user(groups=[GESTION]), amount=total)
    assert outcome.changed == 2
    assert stored(rides, "settled_amount") == total


def test_a_percentage_of_both_prices_is_rounded_from_their_exact_sum():
    rides = segments("1552.59", "667.31")  # 332.985 of them
    services.cancel(
        only(*rides),
        by=make_user(groups=[BUREAU]),
        kind="customer",
        reason="x",
        billable=True,
        fee_percent=15,
    )
    assert stored(rides, "fee") == Decimal("332.99")
