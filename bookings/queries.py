"""Reads that span models."""

from collections import Counter

from django.db import models
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from project.directory.models import Customer
from project.search.index import SearchResult, found, holding, is_short, matching, narrowed
from project.search.text import normalise, words

from .models import Booking
from .states import PaymentState, Status

# More customers than this have so many bookings that the query is broad.
MOST_CUSTOMERS = 200


def free_search(queryset, query):
    """Bookings that hold each word of `query`, or whose customer does."""
    customers = found(Customer, query, most=MOST_CUSTOMERS)
    if customers is None:
        ids, theirs = None, holding(Customer, query, path="customer__")
    else:
        ids, theirs = found(Booking, query, also=rides_of(customers)), Q(customer__in=customers)
    return narrowed(queryset, query, ids, holding(Booking, query) | theirs)


def rides_of(customers):
    """Active and archived apart: each has its own index by customer."""
    if not customers:
        return ()
    rides = models.QuerySet(Booking).filter(customer__in=customers).order_by()
    return [rides.filter(archived_at__isnull=active) for active in (True, False)]


def address_search(queryset, query):
    """Bookings with each word of `query` in the addresses of their way.

    Under three letters there are none: no index finds them, and a reference's prefix is no address.
    """
    wanted = words(query)
    if wanted and is_short(wanted):
        return SearchResult(queryset.none(), 0, False)
    return matching(queryset, query, column="address_text")


def known_addresses(query, most=8):
    """Addresses of earlier bookings that hold what is typed, the most used first."""
    if len(query.strip()) < 2:
        return []
    rides = address_search(Booking.objects.all(), query).queryset
    pairs = rides.order_by("-pk").values_list("pickup_address", "dropoff_address")[:300]
    wanted = words(query)
    used = Counter(
        address
        for pair in pairs
        for address in pair
        if all(word in normalise(address) for word in wanted)
    )
    return [address for address, _count in used.most_common(most)]


def payment_before_cancellation():
    """How the customer's payment stood when a cancelled booking was last on, as an expression."""
    history = Booking.history.model._base_manager.filter(id=OuterRef("pk"))
    last = history.exclude(status=Status.CANCELLED).order_by("-history_id")
    return Coalesce(Subquery(last.values("payment_state")[:1]), Value(PaymentState.UNPAID))
