"""The lists' columns and sorts."""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from project.ui.formats import date_format
from project.ui.pages import Sort
from project.ui.table import Column, Table

from .models import Customer


class PartyTable(Table):
    named_by = "name"
    sorts = (
        Sort("name", _("Name"), "sort_name"),
        Sort("created", _("Created"), "created_at", descending=True),
    )

    name = Column(_("Name"), "name", "pk", css="who", sort="name", fixed=True)
    phone = Column(_("Phone"), "phone")
    email = Column(_("E-mail"), "email")
    created = Column(_("Created"), "created_at", css="num", sort="created", optional=True)

    def cell_name(self, name, pk):
        return format_html('<a href="{}{}/">{}</a>', self.list_url, pk, name)

    @cached_property
    def list_url(self):
        return reverse(f"directory:{self.slug}")

    def cell_created(self, moment):
        return date_format(timezone.localtime(moment), "SHORT_DATE_FORMAT")


class CustomerTable(PartyTable):
    slug = "customers"
    link = ("directory:customer", "pk")

    kind = Column(_("Kind"), "kind")
    language = Column(_("Language"), "language", optional=True)
    billing_address = Column(_("Billing address"), "billing_address", css="addr", optional=True)

    def cell_kind(self, kind):
        return format_html("{}", Customer.Kind(kind).label)

    def cell_language(self, code):
        return format_html("{}", dict(settings.LANGUAGES).get(code, code))


class DriverTable(PartyTable):
    slug = "drivers"
    link = ("directory:driver", "pk")

    licence_number = Column(_("Licence number"), "licence_number")


class PartnerTable(PartyTable):
    slug = "partners"
    link = ("directory:partner", "pk")

    contact_name = Column(_("Contact"), "contact_name")
