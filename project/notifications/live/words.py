"""A change in words: who did what, to how many, and where to see it."""

from dataclasses import dataclass

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from project.audit.models import Batch
from project.audit.recorder import log_model_of
from project.ui.formats import Counted

from .kinds import told

MOST_NAMED = 1000  # of a batch that changed more, finding the first takes its time


@dataclass(frozen=True, slots=True)
class Named:
    """What a batch changed: two by name, and how many `others`. A single one has its `key`."""

    key: int | None
    names: list
    others: int

    def __str__(self):
        named = ", ".join(self.names)
        if self.others <= 0:
            return named
        text = ngettext("%(names)s and %(n)s other", "%(names)s and %(n)s others", self.others)
        return text % {"names": named, "n": Counted(self.others)}


def what(batch):
    """What a batch did: "3 bookings cancelled."."""
    about = told(batch.model)
    try:
        return str(about.desk.action(batch.action).done % {"n": Counted(batch.changed)})
    except KeyError:
        return str(about.kind_of(batch.action).label)


def sentence(batch, name=""):
    """Who did what, and to which records."""
    did = what(batch)
    if name:
        did = _("%(name)s: %(what)s") % {"name": name, "what": did}
    if batch.user is None:
        return did
    return _("%(who)s — %(what)s") % {"who": batch.user, "what": did}


def records_of(batches):
    """{batch id: Named} of what they changed; a statement per desk. Of very many, none is named."""
    found = {}
    for model in {batch.model for batch in batches}:
        desk = told(model).desk
        log, key = log_model_of(desk.model)
        lines = log._base_manager.filter(batch=OuterRef("pk"), action_code=OuterRef("action"))
        lines = lines.order_by("batch_id", "pk")
        few = [each.pk for each in batches if each.model == model and each.changed <= MOST_NAMED]
        touched = Batch.objects.filter(pk__in=few).annotate(
            key=Subquery(lines.values(f"{key}_id")[:1]),
            first=Subquery(lines.values(f"{key}__{desk.label}")[:1]),
            second=Subquery(lines.values(f"{key}__{desk.label}")[1:2]),
        )
        for pk, changed, record, *names in touched.order_by().values_list(
            "pk", "changed", "key", "first", "second"
        ):
            if names := [name for name in names if name]:
                found[pk] = Named(record if changed == 1 else None, names, changed - len(names))
    return found


def url_of(batch, record):
    """The page of the one record of a batch, or the page of the batch."""
    if record is None or record.key is None:
        return reverse("batch", args=[batch.pk])
    return told(batch.model).desk.record_url(record.key, record.names[0])
