"""Reads that span models."""

from collections import Counter

from django.db import models
from django.db.models import Q

from project.directory.models import Customer
from project.search.index import found, holding, matching, narrowed
from project.search.text import normalise, words

from .models import Booking


def free_search(queryset, query):
    """Bookings that hold each word of `query`, or whose customer does."""
    customers = found(Customer, query)
    if customers is None:
        theirs = Customer.objects.filter(holding(Customer, query))
        condition = holding(Booking, query) | Q(customer__in=theirs)
        return narrowed(queryset, query, None, condition)
    rides = models.QuerySet(Booking).filter(customer__in=customers)
    # Apart, because each has its index by customer.
    also = [rides.filter(archived_at__isnull=archived) for archived in (True, False)]
    return narrowed(
        queryset,
        query,
        found(Booking, query, also=also if customers else ()),
        holding(Booking, query) | Q(customer__in=customers),
    )


def address_search(queryset, query):
    """Bookings with each word of `query` in the addresses of their way."""
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
