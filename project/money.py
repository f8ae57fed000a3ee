"""Money: a Decimal and an ISO 4217 code, with the decimals that the currency has."""

from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_currency
from django.core.exceptions import ValidationError
from django.db.models import Case, DecimalField, Q, When
from django.db.models.functions import Round
from django.utils.translation import get_language
from django.utils.translation import gettext as _

# The currencies that an amount may be in, with their decimals (ISO 4217).
DECIMALS = {
    "XOF": 0,
    "XAF": 0,
    "GNF": 0,
    "EUR": 2,
    "USD": 2,
    "GBP": 2,
    "CHF": 2,
    "MAD": 2,
    "TND": 3,
}
CHOICES = [(code, code) for code in DECIMALS]


def rounded(amount, currency):
    """`amount` to the currency's decimals, half up."""
    return Decimal(amount).quantize(Decimal(1).scaleb(-DECIMALS[currency]), ROUND_HALF_UP)


def check(amount, currency):
    """Raise ValidationError where an amount has more decimals than its currency."""
    if amount is not None and currency in DECIMALS and amount != rounded(amount, currency):
        raise ValidationError(
            _("An amount in %(currency)s has at most %(decimals)s decimals."),
            params={"currency": currency, "decimals": DECIMALS[currency]},
        )


def rounded_in_sql(amount, currency="currency"):
    """The same rounding as an expression, for a whole selection at once."""
    return Case(
        *(
            When(
                **{f"{currency}__in": [c for c, places in DECIMALS.items() if places == digits]},
                then=Round(amount, precision=digits),
            )
            for digits in sorted(set(DECIMALS.values()))
        ),
        output_field=DecimalField(max_digits=14, decimal_places=3),
    )


def formatted(amount, currency):
    """The amount as the user's language writes it: "35 000 F CFA", "€12.50"; '' for none."""
    if amount is None:
        return ""
    return format_currency(amount, currency, locale=get_language() or "fr")


def has_currency_decimals(*fields, currency="currency"):
    """A constraint's condition: none of `fields` has more decimals than its currency."""
    condition = Q(**{f"{currency}__in": list(DECIMALS)})
    for field in fields:
        exact = Q(**{f"{field}__isnull": True})
        for digits in sorted(set(DECIMALS.values())):
            codes = [code for code, decimals in DECIMALS.items() if decimals == digits]
            exact |= Q(**{f"{currency}__in": codes, field: Round(field, precision=digits)})
        condition &= exact
    return condition
