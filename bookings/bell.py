"""What rings the bell about bookings: the kinds of change that a user can switch off."""

from django.utils.translation import gettext_lazy as _

from project.notifications.live.kinds import Kind

KINDS = (
    Kind(
        "bookings.new",
        _("New bookings"),
        (
            "bookings.create",
            "bookings.imported",
            "bookings.duplicate",
            "bookings.return",
            "bookings.repeat",
        ),
    ),
    Kind(
        "bookings.changes",
        _("Changes of bookings"),
        (
            "bookings.edit",
            "bookings.import_changes",
            "bookings.change",
            "bookings.change_series",
            "bookings.reschedule",
            "bookings.reinstate",
            "bookings.pair",
            "bookings.unpair",
        ),
    ),
    Kind(
        "bookings.cancellations",
        _("Cancellations and restorations"),
        ("bookings.cancel", "bookings.restore", "bookings.discard"),
    ),
    Kind("bookings.status", _("Status of rides"), ("bookings.set_status",)),
    Kind("bookings.assignments", _("Assignments"), ("bookings.assign", "bookings.unassign")),
    Kind("bookings.payouts", _("Payouts"), ("bookings.settle", "bookings.reopen")),
    Kind("bookings.rest", _("Archiving of bookings and the rest")),
)
