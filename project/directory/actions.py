"""What staff do to parties. One declaration for the three kinds, in the words of each."""

from django.utils.translation import ngettext_lazy

from project.actions.action import forms_of

from .models import Customer, Driver, Partner
from .services import ACTIVATION

# By kind and act: the question and what was done. What has a page of its own asks no question.
WORDS = {
    Customer: {
        "activate": (
            ngettext_lazy("Activate %(n)s customer", "Activate %(n)s customers", "n"),
            ngettext_lazy("%(n)s customer activated.", "%(n)s customers activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s customer", "Deactivate %(n)s customers", "n"),
            ngettext_lazy("%(n)s customer deactivated.", "%(n)s customers deactivated.", "n"),
        ),
    },
    Driver: {
        "activate": (
            ngettext_lazy("Activate %(n)s driver", "Activate %(n)s drivers", "n"),
            ngettext_lazy("%(n)s driver activated.", "%(n)s drivers activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s driver", "Deactivate %(n)s drivers", "n"),
            ngettext_lazy("%(n)s driver deactivated.", "%(n)s drivers deactivated.", "n"),
        ),
    },
    Partner: {
        "activate": (
            ngettext_lazy("Activate %(n)s partner", "Activate %(n)s partners", "n"),
            ngettext_lazy("%(n)s partner activated.", "%(n)s partners activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s partner", "Deactivate %(n)s partners", "n"),
            ngettext_lazy("%(n)s partner deactivated.", "%(n)s partners deactivated.", "n"),
        ),
    },
}
CREATED = {
    Customer: ngettext_lazy("%(n)s customer created.", "%(n)s customers created.", "n"),
    Driver: ngettext_lazy("%(n)s driver created.", "%(n)s drivers created.", "n"),
    Partner: ngettext_lazy("%(n)s partner created.", "%(n)s partners created.", "n"),
}
CHANGED = {
    Customer: ngettext_lazy("%(n)s customer changed.", "%(n)s customers changed.", "n"),
    Driver: ngettext_lazy("%(n)s driver changed.", "%(n)s drivers changed.", "n"),
    Partner: ngettext_lazy("%(n)s partner changed.", "%(n)s partners changed.", "n"),
}


def actions_of(model):
    """(activate, deactivate) for the parties of `model`."""
    return ACTIVATION.actions(model, WORDS[model], primary=True)


def pages_of(model):
    """(create, edit) for the parties of `model`."""
    return forms_of(model, CREATED[model], CHANGED[model], revert=model.save)
