"""What is told about installations: the kinds of change that a user can switch off, and the page of
an engineer's day, who may not see the orders."""

from django.utils.translation import gettext_lazy as _

from project.notifications.live.kinds import Kind, Page

from . import days

ORDERS = (
    Kind("installations.new", _("New installation orders"), ("installations.create",)),
    Kind(
        "installations.diary",
        _("Appointments for installations"),
        (
            "installations.schedule",
            "installations.reschedule",
            "installations.reassign",
            "installations.unschedule",
        ),
    ),
    Kind(
        "installations.work",
        _("Installations started and completed"),
        (
            "installations.start",
            "installations.not_begun",
            "installations.complete",
            "installations.reopen",
            "installations.fit",
        ),
    ),
    Kind(
        "installations.cancellations",
        _("Cancellations of installations"),
        ("installations.cancel", "installations.restore"),
    ),
    Kind("installations.rest", _("Other changes of installations")),
)
ENGINEERS = (Kind("installations.engineers", _("Engineers and their leave")),)
DAY = Page(
    slug=days.SLUG,
    permission=days.OWN,
    concerned=days.concerned,
    shows=days.shown,
    changed=_("The visits of this day have changed."),
)
