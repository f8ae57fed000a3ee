"""What an integration may do with installations."""

from django.utils.translation import gettext_lazy as _

from project.api.scopes import Scope

SEES_ORDERS = ("installations.view_order", "directory.view_customer")
READ_ORDERS, WRITE_ORDERS = "orders:read", "orders:write"
SCHEDULE_ORDERS, WORK_ORDERS = "orders:schedule", "orders:work"
READ_SERVICES, READ_BOOKINGS = "services:read", "bookings:read"
READ_ENGINEERS, READ_PRODUCTS = "engineers:read", "products:read"

SCOPES = (
    Scope(READ_ORDERS, _("Read orders of installations"), SEES_ORDERS),
    Scope(
        WRITE_ORDERS,
        _("Place orders of installations, of new customers too"),
        (*SEES_ORDERS, "installations.add_order", "directory.add_customer"),
    ),
    Scope(
        SCHEDULE_ORDERS,
        _("See free slots and schedule installations"),
        (*SEES_ORDERS, "installations.view_engineer", "installations.schedule_order"),
    ),
    Scope(
        WORK_ORDERS,
        _("Start and complete installations"),
        (*SEES_ORDERS, "installations.start_order", "installations.complete_order"),
    ),
    Scope(READ_SERVICES, _("Read the services of orders"), ("installations.view_service",)),
    Scope(
        READ_BOOKINGS,
        _("Read the bookings of engineers"),
        ("installations.view_installationbooking",),
    ),
    Scope(READ_ENGINEERS, _("Read engineers"), ("installations.view_engineer",)),
    Scope(READ_PRODUCTS, _("Read products, their price and stock"), ("inventory.view_article",)),
)
