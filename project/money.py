"""Money: a Decimal and an ISO 4217 code, with the decimals that the currency has."""

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor

from babel.numbers import format_currency
from django.core.exceptions import ValidationError
from django.db.models import Case, DecimalField, Func, Q, Value, When
from django.db.models.functions import Round
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .sqlite import teach

# Where a letter and a digit touch: CLDR has a space there ("F CFA 500"), Babel none.
TOUCHING = re.compile(r"(?<=[^\W\d_])(?=\d)")
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
# Those that files have to write as well: shops have one more.
WRITTEN = {**DECIMALS, "CDF": 2}
CHOICES = [(code, code) for code in DECIMALS]


def rounded(amount, currency):
    """`amount` to the currency's decimals, half up."""
    return Decimal(amount).quantize(Decimal(1).scaleb(-DECIMALS[currency]), ROUND_HALF_UP)


def check(amount, currency):
    """Raise ValidationError where an amount has more decimals than its currency."""
    if amount is not None and currency in DECIMALS and amount != rounded(amount, currency):
        raise too_many_decimals(currency, DECIMALS[currency])


def sums_of(amounts):
    """{currency: sum} of (amount or None, currency), in the order of their first amounts."""
    sums = {}
    for amount, currency in amounts:
        if amount is not None:
            sums[currency] = sums.get(currency, 0) + amount
    return sums


def too_many_decimals(currency, most):
    """The ValidationError of an amount with more than the `most` decimals of its currency."""
    if not most:
        text = _("An amount in %(currency)s has no decimals.")
    else:
        text = _("An amount in %(currency)s has at most %(decimals)s decimals.")
    return ValidationError(text, params={"currency": currency, "decimals": most})


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


def sum_in_sql(one, other):
    """Two amounts together, as an expression: exactly, though SQLite adds in binary fractions."""
    return Round(one + other, precision=max(DECIMALS.values()), output_field=DecimalField())


def part_in_sql(amount, percent, currency="currency"):
    """So many percent of an amount, an expression, to its decimals."""
    # Divided at the end, by what is no integer: 50 × 0.29 is a little less than 14.5 on SQLite.
    times = amount * Value(percent, output_field=DecimalField())
    part = Func(times, template="(%(expressions)s / 100.0)", output_field=DecimalField())
    return rounded_in_sql(part, currency)


def split(total, weights, currency):
    """`total` in parts that sum to it exactly, in proportion to `weights` (not negative).

    By largest remainder; of equal ones the first is served. Weights of nothing weigh the same.

    >>> [str(part) for part in split(Decimal("100"), [1, 1, 1], "XOF")]
    ['34', '33', '33']
    """
    unit = Decimal(1).scaleb(-DECIMALS[currency])
    units = int(rounded(total, currency) / unit)
    weights = [Fraction(weight) for weight in weights]
    if not sum(weights):
        weights = [Fraction(1)] * len(weights)
    exact = [units * weight / sum(weights) for weight in weights]
    parts = [floor(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda n: parts[n] - exact[n])
    for n in by_remainder[: units - sum(parts)]:
        parts[n] += 1
    return [part * unit for part in parts]


class Share(Func):
    """One of two parts of `split(total, (own, other))`, in SQL: the first or the second of them.

    `currency` tells the decimals; both parts are in it. None is a weight of nothing.
    """

    output_field = DecimalField(max_digits=14, decimal_places=3)

    def __init__(self, total, own, other, *, first, currency="currency"):
        super().__init__(total, own, other, first, currency)

    def as_postgresql(self, compiler, connection, **context):
        total, own, other, first, currency = map(compiler.compile, self.source_expressions)
        digits = " ".join(f"WHEN '{code}' THEN {places}" for code, places in DECIMALS.items())
        sql = (
            "(SELECT (div(t * a, a + b) + CASE WHEN 2 * mod(t * a, a + b) > a + b"
            " OR (is_first AND 2 * mod(t * a, a + b) = a + b) THEN 1 ELSE 0 END) / unit"
            " FROM (SELECT round(total * unit) AS t, unit, is_first,"
            " CASE WHEN own + other = 0 THEN 1 ELSE own * unit END AS a,"
            " CASE WHEN own + other = 0 THEN 1 ELSE other * unit END AS b"
            f" FROM (SELECT ({total[0]})::numeric AS total, COALESCE({own[0]}, 0)::numeric AS own,"
            f" COALESCE({other[0]}, 0)::numeric AS other, ({first[0]}) AS is_first,"
            f" power(10::numeric, CASE {currency[0]} {digits} END) AS unit) AS asked) AS units)"
        )
        return sql, [*total[1], *own[1], *other[1], *first[1], *currency[1]]

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, function="carnet_share", **context)


def _sqlite_share(total, own, other, first, currency):
    if total is None:
        return None
    weights = [Decimal(str(weight or 0)) for weight in (own, other)]
    parts = split(Decimal(str(total)), weights if first else weights[::-1], currency)
    return float(parts[0 if first else 1])


teach("carnet_share", 5, _sqlite_share)


def formatted(amount, currency):
    """The amount as the user's language writes it: "35 000 F CFA", "€12.50"; '' for none."""
    if amount is None:
        return ""
    text = format_currency(amount, currency, locale=get_language() or "fr")
    return TOUCHING.sub("\u00a0", text)


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
