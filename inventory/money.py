"""Amounts in the currencies of shops: those of the house, and the Congolese franc."""

from decimal import ROUND_HALF_UP, Decimal

from project.money import too_many_decimals

from .states import DECIMALS

LARGEST = Decimal(10) ** 11


def rounded(amount, currency):
    """`amount` to the currency's decimals, half up."""
    return Decimal(amount).quantize(Decimal(1).scaleb(-DECIMALS[currency]), ROUND_HALF_UP)


def is_exact(amount, currency):
    """Whether the amount can be paid: not too large, and no more decimals than its currency."""
    return abs(amount) < LARGEST and amount == rounded(amount, currency)


def check_decimals(amount, currency):
    """Raise ValidationError where an amount has more decimals than its currency."""
    if not is_exact(amount, currency):
        raise too_many_decimals(currency, DECIMALS[currency])
