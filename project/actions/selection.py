"""Which records an action is asked for: some, or all that match a filter."""

from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# Past this, "all that match" is the way: it travels as a filter, not as a list.
MOST_PICKED = 5000


class NoSelection(Exception):
    """Nothing usable was selected; the message says why."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A queryset, and the hidden fields that carry it through the dialog and back."""

    queryset: models.QuerySet
    hidden: tuple = ()
    notes: list = field(default_factory=list)


def keys_in(texts):
    """The primary keys that these texts are; raises NoSelection where one can't be any."""
    keys = {int(text) if text.isdecimal() and len(text) < 20 else -1 for text in texts}
    if not all(0 <= key < 2**63 for key in keys):
        raise NoSelection(_("The selection is not valid: choose again."))
    return keys


def read(desk, data, user):
    """The selection in a request's data: `all` with `filter`, or picked `pk`s.

    Raises NoSelection where nothing is picked, an id is no number, or the filter is wrong.
    """
    visible = desk.visible_to(user)
    if data.get("all") == "1":
        query = data.get("filter", "")
        matching = desk.matching(query, user)
        if not matching.is_valid():
            raise NoSelection(_("The filter is not valid: correct it first."))
        picked = matching.qs.order_by()
        if not picked.exists():
            raise NoSelection(_("Nothing matches the filter any more."))
        return Selection(picked, (("all", "1"), ("filter", query)))
    texts = [text.strip() for value in data.getlist("pk") for text in value.split(",")]
    texts = [text for text in texts if text]
    if not texts:
        raise NoSelection(_("Select at least one record first."))
    if len(texts) > MOST_PICKED:
        raise NoSelection(
            _("More than %(most)s records picked one by one: choose all that match instead.")
            % {"most": MOST_PICKED}
        )
    keys = keys_in(texts)
    picked = visible.filter(pk__in=keys)
    found = picked.count()
    if not found:
        raise NoSelection(_("None of the selected records exists any more."))
    notes = []
    if found < len(keys):
        missing = len(keys) - found
        notes.append(
            ngettext(
                "%(n)s selected record does not exist or is not yours to see.",
                "%(n)s selected records do not exist or are not yours to see.",
                missing,
            )
            % {"n": missing}
        )
    return Selection(picked, (("pk", ",".join(map(str, sorted(keys)))),), notes)
