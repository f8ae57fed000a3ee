"""What two segments cost together is exact, in currencies with decimals too."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings import payouts, services
from bookings.models import Booking
from project import money
from project.utilisateurs.groups import BUREAU, GESTION
from tests.asking import only
from tests.factories import make_partner, make_round_trip, make_user
from tests.sweeps import examples, slow
from tests.trying import rolled_back

pytestmark = pytest.mark.django_db
# In binary fractions each of these sums comes out a little less than it is.
PAIRS = [("0.70", "0.10"), ("492.08", "414.01"), ("50.70", "20.10")]


CANCELLED = {"kind": "customer", "reason": "x", "billable": True}


def segments(outbound, inbound, currency="EUR"):
    amounts = [{"price": Decimal(each), "payout": Decimal(each)} for each in (outbound, inbound)]
    return make_round_trip(
        outbound=amounts[0], inbound=amounts[1], currency=currency, partner=make_partner()
    )


def stored(rides, field):
    return sum(Booking.objects.filter(pk__in=[r.pk for r in rides]).values_list(field, flat=True))


@pytest.mark.parametrize(("outbound", "inbound"), PAIRS)
def test_a_fee_of_both_prices_is_not_above_them(outbound, inbound):
    rides, total = segments(outbound, inbound), Decimal(outbound) + Decimal(inbound)
    asked = CANCELLED | {"by": make_user(groups=[BUREAU])}
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
    services.cancel(only(*rides), by=make_user(groups=[BUREAU]), fee_percent=15, **CANCELLED)
    assert stored(rides, "fee") == Decimal("332.99")


def whole_fee(rides, by, total, percent):
    return services.cancel(rides, by=by, fee=total, **CANCELLED)


def part_of_both(rides, by, total, percent):
    return services.cancel(rides, by=by, fee_percent=percent, **CANCELLED)


def whole_payout(rides, by, total, percent):
    return payouts.settle(rides, by=by, amount=total)


@slow
@given(
    act=st.sampled_from([whole_fee, whole_payout, part_of_both]),
    currency=st.sampled_from(["EUR", "TND"]),
    units=st.tuples(st.integers(1, 999_999), st.integers(1, 999_999)),
    percent=st.integers(1, 100),
)
@settings(
    max_examples=examples(240),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_two_amounts_add_up(gestion, act, currency, units, percent):
    outbound, inbound = (Decimal(each).scaleb(-money.DECIMALS[currency]) for each in units)
    total = outbound + inbound
    with rolled_back():
        rides = segments(outbound, inbound, currency)
        assert act(only(*rides), gestion, total, percent).changed == 2
        if act is part_of_both:
            total = money.rounded(total * percent / 100, currency)
        assert stored(rides, "settled_amount" if act is whole_payout else "fee") == total
