"""What is kept for someone and has not moved: each room that promises articles says so here.

Nothing of it is in the ledger. What the office takes out of stock leaves it alone; a terminal's
sale is a fact, whatever was promised.
"""

from django.db.models import Value

_reserved = {}


def register(name, reserved):
    """`reserved()` is an expression over an article: how many pieces of it are kept."""
    _reserved[name] = reserved


def reserved():
    """How many pieces of an article are kept, all together; an expression."""
    return sum((kept() for kept in _reserved.values()), Value(0))
