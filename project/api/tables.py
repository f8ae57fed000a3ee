"""The columns of the list of integrations."""

from html import escape

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.ui.formats import date_format
from project.ui.pages import Sort
from project.ui.table import Column, Table

from . import scopes


class IntegrationTable(Table):
    slug = "integrations"
    link = ("api:integration", "pk")
    named_by = "name"
    sorts = (Sort("name", gettext_lazy("Name"), "name"),)

    name = Column(gettext_lazy("Name"), "name", "pk", css="who", sort="name", fixed=True)
    scopes = Column(gettext_lazy("What it may do"), "scopes", css="addr")
    token = Column(gettext_lazy("Token given"), "token_given_at", css="num")
    used = Column(gettext_lazy("Last used"), "use__at", css="num")

    def cell_name(self, name, pk):
        url = reverse("api:integration", args=[pk])
        return f'<a href="{url}">{escape(name)}</a>'

    def cell_scopes(self, names):
        return escape(", ".join(str(label) for label in scopes.labels(names)))

    def cell_token(self, at):
        return self.moment(at, _("none"))

    def cell_used(self, at):
        return self.moment(at, _("never"))

    def moment(self, at, missing):
        if at is None:
            return f'<span class="missing">{escape(missing)}</span>'
        return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")
