from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from project.search import registry as search
from project.utilisateurs import groups

from . import permissions


class BookingsConfig(AppConfig):
    name = "bookings"
    verbose_name = _("Bookings")

    def ready(self):
        groups.register("bookings", bureau=permissions.BUREAU, gestion=permissions.GESTION)
        search.register(
            self.get_model("Booking"),
            columns=("search_text", "address_text"),
            prefix_field="reference",
        )
