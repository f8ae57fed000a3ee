"""Which records an action is asked for: some, or all that match a filter."""

import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from project.audit.former import untouched_since
from project.audit.models import Batch
from project.audit.recorder import log_model_of
from project.ui.formats import Counted

from . import saved

# Past this, "all that match" is the way: it travels as a filter, not as a list.
MOST_PICKED = 5000
# Before the names of the filter's fields in a dialog that lets one change it.
FILTER = "by"


class NoSelection(Exception):
    """Nothing usable was selected; the message says why."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A queryset, and the hidden fields that carry it through the dialog and back.

    `matching` is the filter (a FilterSet) that chose the records; None where they were picked.
    `words` say what chose them where that was no filter of the desk's, `sort` (a code) is how their
    list was sorted.
    """

    queryset: models.QuerySet
    hidden: tuple = ()
    notes: list = field(default_factory=list)
    matching: Any = None
    words: tuple = ()
    sort: str = ""


def keys_in(texts):
    """The primary keys that these texts are; raises NoSelection where one can't be any."""
    keys = {int(text) if text.isdecimal() and len(text) < 20 else -1 for text in texts}
    if not all(0 <= key < 2**63 for key in keys):
        raise NoSelection(_("The selection is not valid: choose again."))
    return keys


def of_batch(desk, batch, user):
    """The records that a batch changed and that no one has touched since; a note counts the others.

    Raises NoSelection where none is left.
    """
    log, key = log_model_of(desk.model)
    lines = log._base_manager.filter(batch=batch, action_code=batch.action)
    changed = desk.visible_to(user).filter(pk__in=lines.values(f"{key}_id"))
    untouched = changed.filter(untouched_since(desk.model, batch))
    touched = changed.count() - untouched.count()
    if touched == batch.changed:
        raise NoSelection(_("All of it was changed since: there is nothing left to undo."))
    notes = []
    if touched:
        left = ngettext(
            "%(n)s record was changed since and stays as it is.",
            "%(n)s records were changed since and stay as they are.",
            touched,
        )
        notes.append(left % {"n": Counted(touched)})
    return Selection(untouched, (("batch", str(batch.pk)),), notes)


def batch_in(desk, text):
    """The batch of this desk with that id; raises NoSelection where there is none."""
    try:
        return Batch.objects.get(pk=uuid.UUID(text), model=desk.model._meta.label_lower)
    except (ValueError, Batch.DoesNotExist):
        raise NoSelection(_("The selection is not valid: choose again.")) from None


def changed_filter(data):
    """The filter as the dialog's own fields have it, a query string; None where it shows none."""
    start = f"{FILTER}-"
    asked = {name: values for name, values in data.lists() if name.startswith(start)}
    if not asked:
        return None
    query = QueryDict(mutable=True)
    for name, values in asked.items():
        query.setlist(name.removeprefix(start), values)
    return query.urlencode()


def filter_in(data):
    """The filter that chose the records, a query string; None where they were picked."""
    if data.get("all") != "1":
        return None
    changed = changed_filter(data)
    return data.get("filter", "") if changed is None else changed


def sort_in(data):
    """How the list was sorted, by its code; '' where nothing is said, or no code."""
    code = data.get("sort", "")
    return code if code.removeprefix("-").isidentifier() and len(code) < 50 else ""


def read(desk, data, user):
    """The selection in a request's data: `all` with `filter`, a `batch`, or picked `pk`s; with the
    list's `sort`.

    Raises NoSelection where nothing is picked, an id is no number, or the filter is wrong.
    """
    found = _chosen(desk, data, user)
    sort = sort_in(data)
    return replace(found, sort=sort, hidden=(*found.hidden, ("sort", sort))) if sort else found


def _chosen(desk, data, user):
    visible = desk.visible_to(user)
    if data.get("all") == "1":
        named = saved.chosen(data, desk.slug, user)
        query = named.query if named and named.has_filter else changed_filter(data)
        if query is not None:  # what is wrong with it is said in the dialog
            matching = desk.matching(query, user)
            return Selection(
                matching.qs.order_by(), (("all", "1"), ("filter", query)), matching=matching
            )
        query = data.get("filter", "")
        matching = desk.matching(query, user)
        if not matching.is_valid():
            raise NoSelection(_("The filter is not valid: correct it first."))
        picked = matching.qs.order_by()
        if not picked.exists():
            raise NoSelection(_("Nothing matches the filter any more."))
        return Selection(picked, (("all", "1"), ("filter", query)), matching=matching)
    if data.get("batch"):
        return of_batch(desk, batch_in(desk, data["batch"]), user)
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
