from tests.bookings.conftest import boss, bureau, customer, desk, gestion
from tests.jobs.conftest import worker

__all__ = ["boss", "bureau", "customer", "desk", "gestion", "worker"]
