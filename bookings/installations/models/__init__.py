"""Engineers, orders, what is to be done for them, and when."""

from .engineer import Engineer, EngineerLog, Leave
from .order import MOST_PIECES, Order, OrderLine, OrderLog, prefix_of_orders
from .service import (
    LONGEST_MINUTES,
    Evidence,
    Fitting,
    InstallationBooking,
    InstallationBookingLog,
    Service,
    ServiceLog,
)

__all__ = [
    "LONGEST_MINUTES",
    "MOST_PIECES",
    "Engineer",
    "EngineerLog",
    "Evidence",
    "Fitting",
    "InstallationBooking",
    "InstallationBookingLog",
    "Leave",
    "Order",
    "OrderLine",
    "OrderLog",
    "Service",
    "ServiceLog",
    "prefix_of_orders",
]
