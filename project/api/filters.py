"""What the list of integrations is filtered by."""

from django.utils.translation import gettext_lazy as _

from project.ui.filters import FilterSet, FlagFilter

from .models import Integration


class IntegrationFilter(FilterSet):
    inactive = FlagFilter(label=_("Inactive"), method="is_inactive")

    quick = ("inactive",)

    class Meta:
        model = Integration
        fields = []

    def is_inactive(self, integrations, name, yes):
        return integrations.inactive() if yes else integrations.active()
