"""What a query string asks for: each value read, whatever is wrong named."""

import re
from datetime import UTC, datetime, time
from http import HTTPStatus

from django.utils import timezone

from inventory.devices import Refused
from inventory.states import TypeMouvement

DEFAULT_LIMIT, MOST = 100, 500
LARGEST_KEY = 2**63 - 1
# A "+" that was not escaped arrives as a space: "2024-11-01T00:00:00 01:00".
UNESCAPED = re.compile(r"(T\S+) (\d\d:?\d\d)\Z")


class Wrong(ValueError):
    """A parameter's value that can't be meant; the text says what could."""


def read(query, **readers):
    """{name: value} of the parameters that are there and not empty; raises `Refused`, naming all
    that are wrong and those that there are not."""
    values, wrong = {}, {}
    for name in query:
        if name not in readers:
            wrong[name] = "Paramètre inconnu"
            continue
        try:
            if text := query[name].strip():
                values[name] = readers[name](text)
        except Wrong as problem:
            wrong[name] = str(problem)
    if wrong:
        raise refused(wrong)
    return values


def refused(wrong):
    return Refused(
        HTTPStatus.BAD_REQUEST,
        "INVALID_PARAMETERS",
        f"Paramètres invalides : {', '.join(wrong)}",
        parameters=wrong,
    )


def key(text):
    number = whole(text)
    if not 0 < number <= LARGEST_KEY:
        raise Wrong("Un identifiant est un nombre entier positif")
    return number


def limit(text):
    number = whole(text)
    if number < 1:
        raise Wrong("Un nombre entier à partir de 1")
    return min(number, MOST)


def whole(text):
    if not re.fullmatch(r"[0-9]{1,30}", text):
        raise Wrong("Un nombre entier")
    return int(text)


def genre(text):
    if text not in TypeMouvement.values:
        raise Wrong(f"Un de : {', '.join(TypeMouvement.values)}")
    return text


def moment(text):
    return _moment(text, time.min)


def end(text):
    """The same; a day without time is meant as a whole."""
    return _moment(text, time.max)


def _moment(text, of_day):
    try:
        date = datetime.fromisoformat(UNESCAPED.sub(r"\1+\2", text))
        if re.fullmatch(r"\d{4}-?\d\d-?\d\d", text):
            date = datetime.combine(date, of_day)
        if not 1900 <= date.year <= 2200:
            raise ValueError
        return timezone.make_aware(date) if timezone.is_naive(date) else date.astimezone(UTC)
    except ValueError:
        raise Wrong("Une date ISO 8601, par exemple 2024-11-01T00:00:00Z") from None
