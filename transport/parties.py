"""What contracts tell the directory: who can't be deactivated, where they are at work, and which
small records are kept like parties."""

from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.audit.refusals import Refusal
from project.directory import kinds, ties
from project.directory.models import Customer, Driver

from . import forms, queries, tables
from .models import Camion, Compagnie, Conteneur, ContratTransport, Tarif, Transitaire

# How a contract leads to each, and the filter of the list of contracts by it.
PATHS = {
    Customer: ("client", "client"),
    Driver: ("chauffeur", "chauffeur"),
    Transitaire: ("transitaire", "transitaire"),
    Compagnie: ("conteneur__compagnie", "compagnie"),
    Camion: ("camion", "camion"),
    Conteneur: ("conteneur", "conteneur"),
}


def register():
    for model, (path, field) in PATHS.items():
        going = ContratTransport.objects.actifs().filter(**{path: OuterRef("pk")})
        ties.register_refusal(
            model, Refusal("contracts", Exists(going), _("with active contracts"))
        )
        ties.register_link(model, link_to_contracts(field))
    ties.register_refusals_to_activate(Tarif, tariffs_not_activable)
    for slug, name, table, form, new, order in (
        (
            "transitaires",
            "transitaire",
            tables.TransitaireTable,
            forms.TransitaireForm,
            _("New forwarder"),
            "sort_name",
        ),
        (
            "camions",
            "camion",
            tables.CamionTable,
            forms.CamionForm,
            _("New truck"),
            "immatriculation",
        ),
        (
            "conteneurs",
            "conteneur",
            tables.ConteneurTable,
            forms.ConteneurForm,
            _("New container"),
            "numero",
        ),
        (
            "compagnies",
            "compagnie",
            tables.CompagnieTable,
            forms.CompagnieForm,
            _("New shipping line"),
            "nom",
        ),
        ("tarifs", "tarif", tables.TarifTable, forms.TarifForm, _("New tariff"), "nom"),
    ):
        kind = kinds.Kind(
            table=table,
            form=form,
            new=new,
            order=order,
            create_url=f"{name}_create",
            template="transport/plain.html",
            more=contracts_of,
        )
        kinds.register(slug, kind)


def link_to_contracts(field):
    def link(party, user):
        if not user.has_perm("transport.view_contrattransport"):
            return None
        return _("Contracts"), f"{reverse('contrat_list')}?{urlencode({field: party.pk})}"

    return link


def contracts_of(record, user):
    """The latest contracts of a record, and how many there are, for whoever may see contracts."""
    path, _field = PATHS.get(type(record), ("", ""))
    if not (path and user.has_perm("transport.view_contrattransport")):
        return {"currency": settings.CURRENCY}
    contrats = ContratTransport.objects.filter(**{path: record.pk})
    return {
        "contrats": contrats.order_by("-pk")[: queries.MOST_NAMED],
        "count": contrats.count(),
    }


def tariffs_not_activable(selection):
    """One tariff at a time is in force for the same: of several to activate, the oldest."""
    same = (
        Tarif.objects.annotate(_line=Coalesce("compagnie", 0), _place=Lower("destination"))
        .filter(
            _line=Coalesce(OuterRef("compagnie"), 0),
            taille=OuterRef("taille"),
            _place=Lower(OuterRef("destination")),
        )
        .exclude(pk=OuterRef("pk"))
    )
    first = Q(is_active=True) | Q(pk__in=selection.order_by().values("pk"), pk__lt=OuterRef("pk"))
    text = _("beside another one in force for the same")
    return (Refusal("same", Exists(same.filter(first)), text),)
