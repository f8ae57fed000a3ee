from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.actions import desk as desks
from project.directory import seeding
from project.ui import nav

MENU = nav.Section(
    _("Administration"),
    (
        nav.Item(
            _("Integrations"),
            "api:integrations",
            permission="api.view_integration",
            icon="terminal",
        ),
    ),
    order=85,
)


class ApiConfig(AppConfig):
    name = "project.api"
    label = "api"
    verbose_name = _("Integrations")

    def ready(self):
        # models, which are not there before ready()
        from . import actions, filters, models, services
        from .seed import seed

        desk = desks.Desk(
            slug="integrations",
            model=models.Integration,
            filterset=filters.IntegrationFilter,
            list_url="api:integrations",
            view_permission="api.view_integration",
            label="name",
            record_url=page_of,
            actions=actions.ACTIONS,
            forms=actions.FORMS,
            discard=services.ACTIVATION.discard,
            discard_permission="api.deactivate_integration",
        )
        desks.register(desk)
        seeding.register("integrations", seed, order=15)
        nav.register(MENU)


def page_of(pk, name):
    return reverse("api:integration", args=[pk])
