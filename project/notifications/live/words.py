"""A change in words: who did what, to how many, and where to see it."""

from django.urls import reverse
from django.utils.translation import gettext as _

from project.audit.recorder import log_model_of
from project.ui.formats import Counted

from .kinds import told


def what(batch):
    """What a batch did: "3 bookings cancelled."."""
    about = told(batch.model)
    try:
        return str(about.desk.action(batch.action).done % {"n": Counted(batch.changed)})
    except KeyError:
        return str(about.kind_of(batch.action).label)


def sentence(batch, name=""):
    """Who did what, and to which record where it is one."""
    did = what(batch)
    if name:
        did = _("%(name)s: %(what)s") % {"name": name, "what": did}
    if batch.user is None:
        return did
    return _("%(who)s — %(what)s") % {"who": batch.user, "what": did}


def records_of(batches):
    """{batch id: (key, name) of its record} of those that changed one; a statement per desk."""
    found = {}
    for model in {batch.model for batch in batches}:
        desk = told(model).desk
        log, key = log_model_of(desk.model)
        single = [batch for batch in batches if batch.model == model and batch.changed == 1]
        lines = log._base_manager.filter(
            batch__in=single, action_code__in={batch.action for batch in single}
        )
        for batch_id, pk, name in lines.values_list(
            "batch_id", f"{key}_id", f"{key}__{desk.label}"
        ):
            found[batch_id] = (pk, name)
    return found


def url_of(batch, record):
    """The page of the one record of a batch, or the page of the batch."""
    if record is None:
        return reverse("batch", args=[batch.pk])
    return told(batch.model).desk.record_url(*record)
