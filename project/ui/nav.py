"""The main menu. Each room registers its section from its apps.py.

No table is read: what an item counts came with the user.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse

_sections = []

# Which sections the user has folded away: their keys, with | between (static/js/menu.js writes it).
FOLDED = "folded"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the menu: the page `url_name`, with a `query` if it is a filtered list.

    `alerts(user)` counts what needs somebody's attention there, without a statement; `alert` is the
    word for what it counts.
    """

    label: Any
    url_name: str
    query: str = ""
    permission: str = ""
    icon: str = ""
    alerts: Callable | None = None
    alert: Any = ""

    @property
    def path(self):
        return reverse(self.url_name)

    @property
    def url(self):
        return f"{self.path}?{self.query}" if self.query else self.path

    def is_open_to(self, user):
        return not self.permission or user.has_perm(self.permission)

    def matches(self, request):
        """How precisely the item is the page shown: 0 where it isn't."""
        if not request.path.startswith(self.path):
            return 0
        if not self.query:
            return len(self.path)
        asked = QueryDict(self.query)
        here = request.path == self.path and all(
            request.GET.getlist(name) == values for name, values in asked.lists()
        )
        return len(self.path) + len(asked) if here else 0


@dataclass(frozen=True, slots=True)
class Section:
    label: Any
    items: tuple
    order: int = 50

    @property
    def key(self):
        return self.items[0].url_name


def register(section):
    _sections.append(section)
    _sections.sort(key=lambda each: each.order)


def menu(request):
    """The sections that the user may open, as base.html shows them; one item is current.

    A section that is folded away still tells how many alerts it holds; that of the page is open.
    """
    folded = request.COOKIES.get(FOLDED, "").split("|")
    open_to_user = [
        (section, [item for item in section.items if item.is_open_to(request.user)])
        for section in _sections
    ]
    every = [item for _, items in open_to_user for item in items]
    best = max((item.matches(request) for item in every), default=0)
    current = next((item for item in every if best and item.matches(request) == best), None)
    shown = []
    for section, items in open_to_user:
        lines = [
            {
                "label": item.label,
                "url": item.url,
                "icon": item.icon,
                "current": item is current,
                "alerts": item.alerts(request.user) if item.alerts else 0,
                "alert": item.alert,
            }
            for item in items
        ]
        if lines:
            shown.append(
                {
                    "label": section.label,
                    "key": section.key,
                    "open": section.key not in folded or current in items,
                    "alerts": sum(line["alerts"] for line in lines),
                    "items": lines,
                }
            )
    return shown
