from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.actions import desk as desks
from project.directory import seeding
from project.search import registry as search
from project.utilisateurs import groups

from . import permissions


class BookingsConfig(AppConfig):
    name = "bookings"
    verbose_name = _("Bookings")

    def ready(self):
        from . import parties  # models, which are not there before ready()
        from .seed import seed

        groups.register("bookings", bureau=permissions.BUREAU, gestion=permissions.GESTION)
        search.register(
            self.get_model("Booking"),
            columns=("search_text", "address_text"),
            prefix_field="reference",
        )
        seeding.register("bookings", seed, order=30)
        desks.register(the_desk())
        parties.register()


def the_desk():
    """Bookings as the generic pages see them."""
    from . import actions, filters, models, services  # models, which are not there before ready()

    return desks.Desk(
        slug="bookings",
        model=models.Booking,
        actions=actions.ACTIONS,
        forms=actions.FORMS,
        discard=services.discard,
        filterset=filters.BookingFilter,
        list_url="bookings:list",
        view_permission="bookings.view_booking",
        label="reference",
        record_url=lambda pk, reference: reverse("bookings:detail", args=[reference]),
    )
