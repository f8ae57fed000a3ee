"""Orders that come from another system: of customers who may not be known yet."""

from django.db import transaction

from project.audit.statements import lock
from project.directory.models import Customer

from . import services
from .states import Source


def place(order, *, person=None, lines, tasks, by):
    """Place an order that came on line, as `services.place` does; returns its batch.

    `person` (an unsaved Customer) stands where the customer's key is not known: an active customer
    of the same name and e-mail address is taken, otherwise they are made one.
    """
    order.source = Source.ONLINE
    with transaction.atomic():
        if person is not None:
            order.customer = customer_for(person, by=by)
        return services.place(order, lines=lines, tasks=tasks, by=by)


def customer_for(person, *, by):
    """The customer that `person` is, made if need be."""
    known = Customer.objects.active().named(person.name).order_by()
    lock(known)  # who is changing their address now is read as they will be
    if person.email:
        found = known.filter(email__iexact=person.email).order_by("pk").first()
        if found:
            return found
    person.save(by=by)
    return person
