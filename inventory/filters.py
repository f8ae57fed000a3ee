"""What the lists of the inventory are filtered by."""

from datetime import timedelta
from functools import cached_property

import django_filters
from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.ui.filters import DayFilter, FilterSet, FlagFilter, SearchFilter, SpanFilter
from project.ui.pages import count_of

from .models import Article, Boutique, MouvementStock, Terminal, Vente, VenteEnQuarantaine
from .states import EtatQuarantaine, Motif, TypeMouvement

SILENT_AFTER = timedelta(days=2)


def shops():
    return django_filters.ModelChoiceFilter(
        label=_("Shop"),
        queryset=lambda request: Boutique.objects.order_by("sort_name", "pk"),
        field_name="boutique",
        empty_label=_("Every shop"),
    )


class ActivityFilter(FilterSet):
    """Active records, or those that are `inactive`: each has its own indexes."""

    quick = ("inactive",)

    def is_inactive(self, records, name, yes):
        return records.filter(est_actif=not yes)


class ArticleFilter(ActivityFilter):
    q = SearchFilter(_("Code, name…"))
    boutique = shops()
    low = FlagFilter(label=_("Low stock"), method="is_low")
    out = FlagFilter(label=_("Out of stock"), method="is_out")
    inactive = FlagFilter(label=_("Inactive"), method="is_inactive")

    quick = ("q", "boutique", "low", "out")

    class Meta:
        model = Article
        fields = []

    def search(self, articles, name, asked):
        return articles.search(asked)

    def is_low(self, articles, name, yes):
        return articles.low() if yes else articles

    def is_out(self, articles, name, yes):
        return articles.out_of_stock() if yes else articles


class BoutiqueFilter(ActivityFilter):
    inactive = FlagFilter(label=_("Inactive"), method="is_inactive")

    class Meta:
        model = Boutique
        fields = []


class TerminalFilter(ActivityFilter):
    boutique = shops()
    silent = FlagFilter(label=_("Silent for two days"), method="is_silent")
    inactive = FlagFilter(label=_("Inactive"), method="is_inactive")

    quick = ("boutique", "silent", "inactive")

    class Meta:
        model = Terminal
        fields = []

    def is_silent(self, terminals, name, yes):
        if not yes:
            return terminals
        return terminals.unsynced_since(timezone.now() - SILENT_AFTER)


class DatedFilter(SpanFilter):
    """Rows of the ledger, of a span of days."""

    @cached_property
    def count(self):
        """In no order: an index of what is asked has them together, and the ledger's own order
        would have them sorted."""
        return count_of(self.qs.order_by())


class MouvementFilter(DatedFilter):
    reference = SearchFilter(_("Document number…"), label=_("Document"), method="by_reference")
    boutique = shops()
    type_mouvement = django_filters.ChoiceFilter(
        label=_("Type"), choices=TypeMouvement.choices, empty_label=_("Every type")
    )
    since = DayFilter(label=_("From"), method="is_since")
    until = DayFilter(label=_("To"), method="is_until")
    article = django_filters.NumberFilter(
        method="by_article",
        label=_("Article"),
        min_value=1,
        max_value=2**63 - 1,
        widget=forms.HiddenInput,
    )

    quick = ("reference", "boutique", "type_mouvement", "since", "until")
    dated = "date_mouvement"

    class Meta:
        model = MouvementStock
        fields = []

    def by_reference(self, movements, name, asked):
        return movements.filter(reference_document=asked.strip())

    def by_article(self, movements, name, key):
        return movements.filter(article=int(key))


class VenteFilter(DatedFilter):
    numero = SearchFilter(_("Invoice number…"), label=_("Invoice number"), method="by_number")
    boutique = shops()
    since = DayFilter(label=_("From"), method="is_since")
    until = DayFilter(label=_("To"), method="is_until")
    negative = FlagFilter(label=_("Booked below zero"), field_name="stock_negatif")

    quick = ("numero", "boutique", "since", "until")
    dated = "date_vente"

    class Meta:
        model = Vente
        fields = []

    def by_number(self, ventes, name, asked):
        return ventes.filter(numero_facture=asked.strip())


class QuarantaineFilter(FilterSet):
    numero = SearchFilter(_("Invoice number…"), label=_("Invoice number"), method="by_number")
    etat = django_filters.ChoiceFilter(
        label=_("State"), choices=EtatQuarantaine.choices, empty_label=_("Every state")
    )
    boutique = shops()
    motif = django_filters.ChoiceFilter(
        label=_("Reason"), choices=Motif.choices, empty_label=_("Every reason")
    )

    quick = ("numero", "etat", "boutique", "motif")
    opening = f"etat={EtatQuarantaine.EN_ATTENTE}"

    class Meta:
        model = VenteEnQuarantaine
        fields = []

    def by_number(self, entries, name, asked):
        return entries.filter(Q(numero_facture=asked.strip()))
