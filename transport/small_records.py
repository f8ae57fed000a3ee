"""The acts on the small records that contracts name: in use or not, made, changed."""

from django.utils.translation import ngettext_lazy

from project.actions.action import forms_of
from project.directory.services import ACTIVATION

from .models import Camion, Compagnie, Conteneur, Tarif, Transitaire

# By kind and act: the question and what was done. What has a page of its own asks no question.
WORDS = {
    Transitaire: {
        "activate": (
            ngettext_lazy("Activate %(n)s forwarder", "Activate %(n)s forwarders", "n"),
            ngettext_lazy("%(n)s forwarder activated.", "%(n)s forwarders activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s forwarder", "Deactivate %(n)s forwarders", "n"),
            ngettext_lazy("%(n)s forwarder deactivated.", "%(n)s forwarders deactivated.", "n"),
        ),
    },
    Camion: {
        "activate": (
            ngettext_lazy("Activate %(n)s truck", "Activate %(n)s trucks", "n"),
            ngettext_lazy("%(n)s truck activated.", "%(n)s trucks activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s truck", "Deactivate %(n)s trucks", "n"),
            ngettext_lazy("%(n)s truck deactivated.", "%(n)s trucks deactivated.", "n"),
        ),
    },
    Conteneur: {
        "activate": (
            ngettext_lazy("Activate %(n)s container", "Activate %(n)s containers", "n"),
            ngettext_lazy("%(n)s container activated.", "%(n)s containers activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s container", "Deactivate %(n)s containers", "n"),
            ngettext_lazy("%(n)s container deactivated.", "%(n)s containers deactivated.", "n"),
        ),
    },
    Compagnie: {
        "activate": (
            ngettext_lazy("Activate %(n)s shipping line", "Activate %(n)s shipping lines", "n"),
            ngettext_lazy("%(n)s shipping line activated.", "%(n)s shipping lines activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s shipping line", "Deactivate %(n)s shipping lines", "n"),
            ngettext_lazy(
                "%(n)s shipping line deactivated.", "%(n)s shipping lines deactivated.", "n"
            ),
        ),
    },
    Tarif: {
        "activate": (
            ngettext_lazy("Activate %(n)s tariff", "Activate %(n)s tariffs", "n"),
            ngettext_lazy("%(n)s tariff activated.", "%(n)s tariffs activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s tariff", "Deactivate %(n)s tariffs", "n"),
            ngettext_lazy("%(n)s tariff deactivated.", "%(n)s tariffs deactivated.", "n"),
        ),
    },
}
CREATED = {
    Transitaire: ngettext_lazy("%(n)s forwarder created.", "%(n)s forwarders created.", "n"),
    Camion: ngettext_lazy("%(n)s truck created.", "%(n)s trucks created.", "n"),
    Conteneur: ngettext_lazy("%(n)s container created.", "%(n)s containers created.", "n"),
    Compagnie: ngettext_lazy("%(n)s shipping line created.", "%(n)s shipping lines created.", "n"),
    Tarif: ngettext_lazy("%(n)s tariff created.", "%(n)s tariffs created.", "n"),
}
CHANGED = {
    Transitaire: ngettext_lazy("%(n)s forwarder changed.", "%(n)s forwarders changed.", "n"),
    Camion: ngettext_lazy("%(n)s truck changed.", "%(n)s trucks changed.", "n"),
    Conteneur: ngettext_lazy("%(n)s container changed.", "%(n)s containers changed.", "n"),
    Compagnie: ngettext_lazy("%(n)s shipping line changed.", "%(n)s shipping lines changed.", "n"),
    Tarif: ngettext_lazy("%(n)s tariff changed.", "%(n)s tariffs changed.", "n"),
}


def kept_actions(model):
    """(activate, deactivate) for the small records of `model`."""
    return ACTIVATION.actions(model, WORDS[model], primary=True)


def kept_pages(model):
    """(create, edit) for the small records of `model`."""
    return forms_of(model, CREATED[model], CHANGED[model], revert=model.save)
