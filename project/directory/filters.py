"""What lists of parties are filtered by."""

import django_filters
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from project.ui.filters import FilterSet, FlagFilter, SearchFilter

from .models import Customer, Driver, Partner


class PartyFilter(FilterSet):
    q = SearchFilter(_("Name, phone, e-mail…"))
    inactive = FlagFilter(label=_("Inactive"), method="is_inactive")

    quick = ("q", "inactive")

    def is_inactive(self, parties, name, yes):
        # Always one or the other: each has its own indexes.
        return parties.inactive() if yes else parties.active()

    def search(self, parties, name, text):
        return parties.search(text)


class CustomerFilter(PartyFilter):
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=Customer.Kind.choices, empty_label=_("Persons and companies")
    )
    language = django_filters.ChoiceFilter(
        label=_("Language"), choices=settings.LANGUAGES, empty_label=_("Any language")
    )

    quick = ("q", "kind", "inactive")

    class Meta:
        model = Customer
        fields = []


class DriverFilter(PartyFilter):
    class Meta:
        model = Driver
        fields = []


class PartnerFilter(PartyFilter):
    class Meta:
        model = Partner
        fields = []
