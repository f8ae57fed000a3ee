from tests.bookings.conftest import boss, bureau, desk, gestion

__all__ = ["boss", "bureau", "desk", "gestion"]
