"""The verbs on shops, terminals and articles as records. What moves stock is in movements.py.

To make and to edit one is its model's save.
"""

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.actions.activation import Activation
from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal

from .models import Boutique, Terminal


def ties(model):
    """Why a record is still needed: a shop, as long as terminals sell in it."""
    if model is not Boutique:
        return ()
    selling = Terminal.objects.active().filter(boutique=OuterRef("pk"))
    return (Refusal("has_terminals", Exists(selling), gettext_lazy("terminals still sell in it")),)


ACTIVATION = Activation("est_actif", ties)


def set_threshold(selection, *, by, threshold, ticket=None):
    """From which stock on these articles count as low."""
    with recorded(
        "inventory.set_threshold",
        selection,
        by=by,
        ticket=ticket,
        sentence=line(_("Alert threshold set")),
        refusals=same_threshold(threshold),
    ) as batch:
        batch.update(seuil_alerte=threshold)
    return batch.outcome


def same_threshold(threshold):
    if threshold is None:
        return ()
    same = Q(seuil_alerte=threshold)
    return (Refusal("same", same, gettext_lazy("already has this threshold"), idle=True),)
