"""An installation as an entry of the customer's calendar."""

from django.utils.translation import gettext as _

from project.notifications.calendars import Appointment, plain

from .states import Status


def appointment(visit, order, engineer):
    """The entry of a `visit`, a booking or its history row, of an `order`."""
    return Appointment(
        reference=visit.reference,
        version=visit.version,
        start=visit.start,
        end=visit.ends_at,
        summary=_("Installation with %(name)s") % {"name": plain(engineer.name)},
        location=visit.address,
        description=_("Order %(number)s") % {"number": order.number},
        cancelled=visit.status == Status.CANCELLED,
    )
