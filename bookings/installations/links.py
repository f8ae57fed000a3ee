"""The customer's link to the page of their appointment: signed, and good for some time."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

SALT = "bookings.installations.confirmation"
GOOD_FOR = timedelta(days=90)


def token_of(order):
    """What stands in the link: the order's key, signed today. Nobody can make up another."""
    return signing.dumps({"order": order}, salt=SALT, compress=False)


def order_of_token(token):
    """The key of the order that a link is about; None for one that is not ours, or too old."""
    try:
        return signing.loads(token, salt=SALT, max_age=GOOD_FOR)["order"]
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None


def path_to(order):
    """The page's address on this site, of the order with this key."""
    return reverse("installations:confirmation", args=[token_of(order)])


def link_to(order):
    """The whole address, as a message has it."""
    return f"{settings.SITE_URL}{path_to(order)}"
