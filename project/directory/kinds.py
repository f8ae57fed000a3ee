"""What the pages about parties need to know of each kind, beside its desk.

A wing whose small records (trucks, shipping lines) are kept like parties registers them here, and
gets the same pages, actions and rules.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_kinds = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`create_url` names the page that makes one, and `new` is its title; `order` is what the live
    search sorts by. A `template` of its own extends that of parties; `more(record, user)` is what
    it shows besides.
    """

    table: type
    form: type
    new: Any
    create_url: str
    order: str = "sort_name"
    template: str = "directory/party.html"
    more: Callable | None = None


def register(slug, kind):
    """Give the records of the desk called `slug` the pages of parties."""
    _kinds[slug] = kind


def get(slug):
    return _kinds[slug]
