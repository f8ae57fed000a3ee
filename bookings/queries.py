"""Reads that span models."""

from django.db import models
from django.db.models import Q

from project.directory.models import Customer
from project.search.index import found, holding, matching, narrowed

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
