"""The columns of the wing's lists."""

from functools import lru_cache
from html import escape

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from project.ui import formats
from project.ui.formats import date_format
from project.ui.pages import Sort
from project.ui.table import Column, Table

from .penalties import etendue, marches
from .states import (
    LOOKS,
    ModePaiement,
    Remboursement,
    StatutContrat,
    StatutMission,
    Taille,
)


@lru_cache
def words_in(language):
    """The words that rows repeat, as HTML: looked up once, not for each cell."""
    words = {
        choice.value: escape(str(choice.label))
        for choices in (ModePaiement, Remboursement, Taille)
        for choice in choices
    }
    return words | {
        status: f'<span class="status status-{css}">{escape(str(status.label))}</span>'
        for status, css in LOOKS.items()
    }


class TransportTable(Table):
    """What the lists of the wing write alike."""

    def __init__(self, chosen=()):
        super().__init__(chosen)
        self.today = timezone.localdate()
        self.words = words_in(get_language())

    def status(self, status):
        return self.words[status]

    def day(self, day):
        return date_format(day, "SHORT_DATE_FORMAT") if day else ""

    def money(self, amount, currency):
        return escape(formats.amount(amount, currency))

    def link_to(self, name, pk):
        return f'<a href="{self.url(pk)}">{escape(name)}</a>'

    def left(self, limite, going):
        """The days left until a deadline, or late, of what is still out."""
        if not going:
            return ""
        days = (limite - self.today).days
        if days < 0:
            late = ngettext("%(n)s day late", "%(n)s days late", -days) % {"n": -days}
            return f'<span class="missing">{escape(late)}</span>'
        if days == 0:
            now = escape(_("today"))
            return f"<b>{now}</b>"
        return escape(ngettext("%(n)s day left", "%(n)s days left", days) % {"n": days})


class ContratTable(TransportTable):
    slug = "contrats"
    link = ("contrat_detail", "pk")
    named_by = "pk_contrat"
    sorts = (
        Sort("limite", gettext_lazy("Deadline"), "date_limite_retour"),
        Sort("debut", gettext_lazy("Start"), "date_debut"),
        Sort("contrat", gettext_lazy("Contract"), "pk_contrat"),
    )

    limite = Column(gettext_lazy("Deadline"), "date_limite_retour", sort="limite")
    contrat = Column(
        gettext_lazy("Contract"), "pk_contrat", "pk", css="ref", sort="contrat", fixed=True
    )
    reste = Column(gettext_lazy("Days left"), "date_limite_retour", "statut")
    conteneur = Column(gettext_lazy("Container"), "conteneur__numero", css="code")
    taille = Column(gettext_lazy("Size"), "conteneur__taille", optional=True)
    compagnie = Column(gettext_lazy("Shipping line"), "conteneur__compagnie__nom", optional=True)
    client = Column(gettext_lazy("Customer"), "client__name", css="who")
    transitaire = Column(gettext_lazy("Forwarder"), "transitaire__name", css="driver")
    camion = Column(gettext_lazy("Truck"), "camion__immatriculation", optional=True)
    chauffeur = Column(gettext_lazy("Driver"), "chauffeur__name", css="driver", optional=True)
    bl = Column(gettext_lazy("Bill of lading"), "numero_bl", optional=True)
    trajet = Column(gettext_lazy("Way"), "origine", "destination", css="addr", optional=True)
    destination = Column(gettext_lazy("Destination"), "destination", css="addr")
    debut = Column(gettext_lazy("Start"), "date_debut", sort="debut", optional=True)
    statut = Column(gettext_lazy("Status"), "statut", css="state")
    total = Column(gettext_lazy("Total"), "montant_total", "devise", css="num")

    def cell_limite(self, day):
        return self.day(day)

    cell_debut = cell_limite

    def cell_contrat(self, name, pk):
        return self.link_to(name, pk)

    def cell_reste(self, limite, statut):
        return self.left(limite, statut == StatutContrat.ACTIF)

    def cell_taille(self, taille):
        return self.words[taille]

    def cell_trajet(self, origine, destination):
        return f"{escape(origine)} → {escape(destination)}"

    def cell_statut(self, statut):
        return self.status(statut)

    def cell_total(self, amount, currency):
        return self.money(amount, currency)


class MissionTable(TransportTable):
    slug = "missions"
    link = ("mission_detail", "pk")
    named_by = "numero"
    sorts = (
        Sort("depart", gettext_lazy("Departure"), "date_depart", descending=True),
        Sort("mission", gettext_lazy("Mission"), "numero"),
    )

    depart = Column(gettext_lazy("Departure"), "date_depart", sort="depart")
    mission = Column(gettext_lazy("Mission"), "numero", "pk", css="ref", sort="mission", fixed=True)
    contrat = Column(gettext_lazy("Contract"), "contrat__pk_contrat", css="code")
    conteneur = Column(gettext_lazy("Container"), "contrat__conteneur__numero", css="code")
    client = Column(gettext_lazy("Customer"), "contrat__client__name", css="who")
    camion = Column(gettext_lazy("Truck"), "contrat__camion__immatriculation")
    chauffeur = Column(gettext_lazy("Driver"), "contrat__chauffeur__name", css="driver")
    reste = Column(gettext_lazy("Days left"), "contrat__date_limite_retour", "statut")
    retour = Column(gettext_lazy("Return"), "date_retour")
    statut = Column(gettext_lazy("Status"), "statut", css="state")
    penalite = Column(gettext_lazy("Penalty"), "penalite", "contrat__devise", css="num")

    def cell_depart(self, day):
        return self.day(day)

    cell_retour = cell_depart

    def cell_mission(self, name, pk):
        return self.link_to(name, pk)

    def cell_reste(self, limite, statut):
        return self.left(limite, statut == StatutMission.EN_COURS)

    def cell_statut(self, statut):
        return self.status(statut)

    def cell_penalite(self, amount, currency):
        return self.money(amount, currency) if amount else ""


class PaiementTable(TransportTable):
    slug = "paiements"
    link = ("paiement_detail", "pk")
    named_by = "numero"
    sorts = (
        Sort("recent", gettext_lazy("Created"), "id", descending=True),
        Sort("paiement", gettext_lazy("Payment"), "numero"),
    )

    paiement = Column(
        gettext_lazy("Payment"), "numero", "pk", css="ref", sort="paiement", fixed=True
    )
    contrat = Column(gettext_lazy("Contract"), "mission__contrat__pk_contrat", css="code")
    mission = Column(gettext_lazy("Mission"), "mission__numero", css="code")
    client = Column(gettext_lazy("Customer"), "mission__contrat__client__name", css="who")
    mode = Column(gettext_lazy("Means"), "mode")
    validation = Column(gettext_lazy("Validated on"), "date_validation")
    statut = Column(gettext_lazy("Status"), "statut_paiement", css="state")
    remboursement = Column(gettext_lazy("Refund"), "remboursement")
    montant = Column(gettext_lazy("Amount"), "montant", "devise", css="num")

    def cell_paiement(self, name, pk):
        return self.link_to(name, pk)

    def cell_mode(self, mode):
        return self.words[mode]

    def cell_validation(self, day):
        return self.day(day)

    def cell_statut(self, statut):
        return self.status(statut)

    def cell_remboursement(self, value):
        if value == Remboursement.A_VERIFIER:
            return f'<span class="missing">{self.words[value]}</span>'
        return self.words.get(value, "")

    def cell_montant(self, amount, currency):
        return self.money(amount, currency)


class CautionTable(TransportTable):
    slug = "cautions"
    link = ("caution_detail", "pk")
    named_by = "numero"
    sorts = (
        Sort("recent", gettext_lazy("Created"), "id", descending=True),
        Sort("caution", gettext_lazy("Deposit"), "numero"),
    )

    caution = Column(gettext_lazy("Deposit"), "numero", "pk", css="ref", sort="caution", fixed=True)
    contrat = Column(gettext_lazy("Contract"), "contrat__pk_contrat", css="code")
    compagnie = Column(
        gettext_lazy("Shipping line"), "contrat__conteneur__compagnie__nom", css="who"
    )
    conteneur = Column(gettext_lazy("Container"), "contrat__conteneur__numero", css="code")
    limite = Column(gettext_lazy("Deadline"), "contrat__date_limite_retour")
    reste = Column(gettext_lazy("Days left"), "contrat__date_limite_retour", "contrat__statut")
    depuis = Column(gettext_lazy("Since"), "date_statut", optional=True)
    statut = Column(gettext_lazy("Status"), "statut", css="state")
    montant = Column(gettext_lazy("Amount"), "montant", "devise", css="num")

    def cell_caution(self, name, pk):
        return self.link_to(name, pk)

    def cell_limite(self, day):
        return self.day(day)

    cell_depuis = cell_limite

    def cell_reste(self, limite, statut):
        return self.left(limite, statut == StatutContrat.ACTIF)

    def cell_statut(self, statut):
        return self.status(statut)

    def cell_montant(self, amount, currency):
        return self.money(amount, currency)


FILED = (ContratTable, MissionTable, PaiementTable, CautionTable)  # those that have files


class KeptTable(TransportTable):
    """Lists of small records: their first column leads to their page."""

    def cell_nom(self, name, pk):
        return self.link_to(name, pk)


class TransitaireTable(KeptTable):
    slug = "transitaires"
    link = ("transitaire_detail", "pk")
    named_by = "name"
    sorts = (Sort("name", gettext_lazy("Name"), "sort_name"),)

    nom = Column(gettext_lazy("Name"), "name", "pk", css="who", sort="name", fixed=True)
    phone = Column(gettext_lazy("Phone"), "phone")
    email = Column(gettext_lazy("E-mail"), "email")


class CamionTable(KeptTable):
    slug = "camions"
    link = ("camion_detail", "pk")
    named_by = "immatriculation"
    sorts = (Sort("plate", gettext_lazy("Plate"), "immatriculation"),)

    nom = Column(
        gettext_lazy("Plate"), "immatriculation", "pk", css="ref", sort="plate", fixed=True
    )
    marque = Column(gettext_lazy("Make and model"), "marque", css="who")


class ConteneurTable(KeptTable):
    slug = "conteneurs"
    link = ("conteneur_detail", "pk")
    named_by = "numero"
    sorts = (Sort("number", gettext_lazy("Number"), "numero"),)

    nom = Column(gettext_lazy("Number"), "numero", "pk", css="ref", sort="number", fixed=True)
    taille = Column(gettext_lazy("Size"), "taille")
    compagnie = Column(gettext_lazy("Shipping line"), "compagnie__nom", css="who")

    def cell_taille(self, size):
        return self.words[size]


class CompagnieTable(KeptTable):
    slug = "compagnies"
    link = ("compagnie_detail", "pk")
    named_by = "nom"
    sorts = (Sort("name", gettext_lazy("Name"), "nom"),)

    nom = Column(gettext_lazy("Name"), "nom", "pk", css="who", sort="name", fixed=True)


class TarifTable(KeptTable):
    slug = "tarifs"
    link = ("tarif_detail", "pk")
    named_by = "nom"
    sorts = (Sort("name", gettext_lazy("Name"), "nom"),)

    nom = Column(gettext_lazy("Name"), "nom", "pk", css="who", sort="name", fixed=True)
    compagnie = Column(gettext_lazy("Shipping line"), "compagnie__nom")
    taille = Column(gettext_lazy("Size"), "taille")
    destination = Column(gettext_lazy("Destination"), "destination", css="addr")
    delai = Column(gettext_lazy("Free days"), "delai_jours", css="num")
    paliers = Column(gettext_lazy("Tiers"), "paliers")

    def cell_compagnie(self, name):
        return escape(name or _("any"))

    def cell_taille(self, size):
        return self.words.get(size) or escape(_("any"))

    def cell_destination(self, destination):
        return escape(destination or _("any"))

    def cell_delai(self, days):
        return escape(ngettext("%(n)s day", "%(n)s days", days) % {"n": days})

    def cell_paliers(self, tiers):
        steps = (
            f"{etendue(du, au)}: {formats.amount(montant, settings.CURRENCY)}"
            for du, au, montant in marches(tiers)
        )
        return "<br>".join(map(escape, steps)) or "–"
