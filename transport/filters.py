"""What the wing's lists are filtered by."""

import django_filters
from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from project.directory.filters import PartyFilter
from project.directory.models import Customer, Driver
from project.ui.filters import FilterSet, FlagFilter, LookupFilter, SearchFilter
from project.ui.inputs import DayInput

from . import services
from .models import (
    Camion,
    Cautions,
    Compagnie,
    Conteneur,
    ContratTransport,
    FraisDeRoute,
    Mission,
    PaiementMission,
    PrestationDeTransports,
    Tarif,
    Transitaire,
)
from .queries import free_search
from .states import StatutCaution, StatutContrat, StatutMission, StatutPaiement, Taille


def status_filter(choices, field="statut"):
    return django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Status"),
        field_name=field,
        choices=choices.choices,
        widget=forms.CheckboxSelectMultiple,
    )


def day_filter(label, field, lookup):
    return django_filters.DateFilter(
        label=label,
        field_name=field,
        lookup_expr=lookup,
        widget=DayInput(),
    )


def line_filter(field):
    return django_filters.ModelChoiceFilter(
        label=gettext_lazy("Shipping line"),
        field_name=field,
        queryset=Compagnie.objects.all(),
        empty_label=gettext_lazy("Any shipping line"),
    )


def size_filter(field):
    return django_filters.ChoiceFilter(
        label=gettext_lazy("Size"),
        field_name=field,
        choices=Taille.choices,
        empty_label=gettext_lazy("Any size"),
    )


class ContratFilter(FilterSet):
    q = SearchFilter(gettext_lazy("Contract, bill of lading, container, customer…"))
    statut = status_filter(StatutContrat)
    en_retard = FlagFilter(label=gettext_lazy("Late"), method="is_late")
    a_terminer = FlagFilter(label=gettext_lazy("To end"), method="is_to_end")
    since = day_filter(gettext_lazy("Due back from"), "date_limite_retour", "gte")
    until = day_filter(gettext_lazy("Due back until"), "date_limite_retour", "lte")
    client = LookupFilter(
        label=gettext_lazy("Customer"),
        queryset=Customer.objects.all(),
        url="directory:customer-lookup",
    )
    transitaire = LookupFilter(
        label=gettext_lazy("Forwarder"),
        queryset=Transitaire.objects.all(),
        url="transitaire_lookup",
    )
    chauffeur = LookupFilter(
        label=gettext_lazy("Driver"), queryset=Driver.objects.all(), url="directory:driver-lookup"
    )
    camion = LookupFilter(
        label=gettext_lazy("Truck"), queryset=Camion.objects.all(), url="camion_lookup"
    )
    conteneur = LookupFilter(
        label=gettext_lazy("Container"), queryset=Conteneur.objects.all(), url="conteneur_lookup"
    )
    compagnie = line_filter("conteneur__compagnie")
    taille = size_filter("conteneur__taille")

    quick = ("q", "statut", "en_retard")
    opening = "statut=actif"

    class Meta:
        model = ContratTransport
        fields = []

    def search(self, contrats, name, text):
        return free_search(contrats, text).queryset

    def is_late(self, contrats, name, yes):
        return contrats.en_retard(timezone.localdate()) if yes else contrats

    def is_to_end(self, contrats, name, yes):
        return services.to_end(contrats) if yes else contrats


class NumberedFilter(FilterSet):
    """Lists of what has a number and hangs on a contract."""

    paths = ()  # where the search looks

    class Meta:
        abstract = True

    def search(self, records, name, text):
        for word in text.upper().split():
            met = Q()
            for path in self.paths:
                met |= Q(**{f"{path}__contains": word})
            records = records.filter(met)
        return records


class MissionFilter(NumberedFilter):
    q = SearchFilter(gettext_lazy("Mission, contract, container, plate…"))
    statut = status_filter(StatutMission)
    en_retard = FlagFilter(label=gettext_lazy("Late"), method="is_late")
    since = day_filter(gettext_lazy("Departing from"), "date_depart", "gte")
    until = day_filter(gettext_lazy("Departing until"), "date_depart", "lte")

    quick = ("q", "statut", "en_retard")
    paths = (
        "numero",
        "contrat__pk_contrat",
        "contrat__conteneur__numero",
        "contrat__camion__immatriculation",
    )

    class Meta:
        model = Mission
        fields = []

    def is_late(self, missions, name, yes):
        if not yes:
            return missions
        return missions.en_cours().filter(contrat__date_limite_retour__lt=timezone.localdate())


class PaiementFilter(NumberedFilter):
    q = SearchFilter(gettext_lazy("Payment, mission, contract…"))
    statut = status_filter(StatutPaiement, "statut_paiement")
    a_rembourser = FlagFilter(label=gettext_lazy("Refunds to check"), method="is_to_check")

    quick = ("q", "statut", "a_rembourser")
    paths = ("numero", "mission__numero", "mission__contrat__pk_contrat")

    class Meta:
        model = PaiementMission
        fields = []

    def is_to_check(self, payments, name, yes):
        return payments.remboursements_a_verifier() if yes else payments


class CautionFilter(NumberedFilter):
    q = SearchFilter(gettext_lazy("Deposit, contract, container…"))
    statut = status_filter(StatutCaution)
    compagnie = line_filter("contrat__conteneur__compagnie")
    a_risque = FlagFilter(label=gettext_lazy("At risk"), method="is_at_risk")

    quick = ("q", "statut", "compagnie", "a_risque")
    paths = ("numero", "contrat__pk_contrat", "contrat__conteneur__numero")

    class Meta:
        model = Cautions
        fields = []

    def is_at_risk(self, deposits, name, yes):
        return deposits.at_risk(timezone.localdate()) if yes else deposits


class PrestationFilter(FilterSet):
    class Meta:
        model = PrestationDeTransports
        fields = []


class FraisFilter(FilterSet):
    class Meta:
        model = FraisDeRoute
        fields = []


class TransitaireFilter(PartyFilter):
    class Meta:
        model = Transitaire
        fields = []


class CamionFilter(PartyFilter):
    q = SearchFilter(gettext_lazy("Plate, make…"))

    class Meta:
        model = Camion
        fields = []


class ConteneurFilter(PartyFilter):
    q = SearchFilter(gettext_lazy("Number…"))
    compagnie = line_filter("compagnie")
    taille = size_filter("taille")

    quick = ("q", "compagnie", "taille", "inactive")

    class Meta:
        model = Conteneur
        fields = []


class CompagnieFilter(PartyFilter):
    q = SearchFilter(gettext_lazy("Name…"))

    class Meta:
        model = Compagnie
        fields = []


class TarifFilter(PartyFilter):
    q = SearchFilter(gettext_lazy("Name, destination…"))
    compagnie = line_filter("compagnie")

    quick = ("q", "compagnie", "inactive")

    class Meta:
        model = Tarif
        fields = []
