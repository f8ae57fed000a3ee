from functools import partial

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.actions import desk as desks
from project.directory import seeding
from project.exchange import columns
from project.search import registry as search
from project.ui import nav
from project.utilisateurs import groups

from . import guards, permissions

MENU = nav.Section(
    _("Shops"),
    (
        nav.Item(
            _("Articles"),
            "inventory:articles",
            permission="inventory.view_article",
            icon="article",
        ),
        nav.Item(
            _("Movements"),
            "inventory:mouvements",
            permission="inventory.view_mouvementstock",
            icon="return",
        ),
        nav.Item(_("Sales"), "inventory:ventes", permission="inventory.view_vente", icon="sale"),
        nav.Item(
            _("Quarantine"),
            "inventory:quarantaine",
            permission="inventory.view_venteenquarantaine",
            icon="quarantine",
            alerts=lambda user: user.sales_in_quarantine,
            alert=_("to be looked at"),
        ),
        nav.Item(
            _("Terminals"),
            "inventory:terminaux",
            permission="inventory.view_terminal",
            icon="terminal",
        ),
        nav.Item(
            _("Shops"), "inventory:boutiques", permission="inventory.view_boutique", icon="shop"
        ),
    ),
    order=30,
)


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = _("Inventory")

    def ready(self):
        # models, which are not there before ready()
        from project.audit import recorder
        from project.exchange import formats
        from project.exchange.imports import importer
        from project.notifications.live import kinds
        from project.utilisateurs import backends

        from . import bell, documents, exports, imports, notifications, tables
        from .seed import seed

        recorder.listeners.append(notifications.follow_thresholds)
        post_migrate.connect(guards.keep, sender=self, dispatch_uid="inventory.guards")
        groups.register("inventory", bureau=permissions.BUREAU, gestion=permissions.GESTION)
        search.register(self.get_model("Article"), columns=("search_text",), prefix_field=None)
        seeding.register("inventory", seed, order=50)
        told = {
            "articles": bell.ARTICLES,
            "quarantaine": bell.QUARANTINE,
            "terminaux": bell.SETUP,
            "boutiques": bell.SETUP,
        }
        for desk in the_desks():
            desks.register(desk)
            if desk.slug in told:
                kinds.register(desk, *told[desk.slug])
        waiting = self.get_model("VenteEnQuarantaine").objects.waiting()
        backends.carry("sales_in_quarantine", waiting.counted())
        nav.register(MENU)
        columns.register(exports.ARTICLES, tables.ArticleTable)
        columns.register(exports.MOVEMENTS, tables.MouvementTable)
        columns.register(exports.SALES, tables.VenteTable)
        for each in imports.IMPORTERS:
            importer.register(each)
        for each in documents.FORMATS:
            formats.register(each)


def page_of(name, pk, label):
    return reverse(f"inventory:{name}", args=[pk])


def the_desks():
    """The kinds of record of the inventory as the generic pages see them."""
    from . import actions, filters, models, services  # models: not there before ready()

    def desk(slug, page, model, filterset, label, **more):
        return desks.Desk(
            slug=slug,
            model=model,
            filterset=filterset,
            list_url=f"inventory:{slug}",
            view_permission=f"inventory.view_{model._meta.model_name}",
            label=label,
            record_url=partial(page_of, page),
            **{"actions": ()} | more,
        )

    def made(model):
        name = f"inventory.deactivate_{model._meta.model_name}"
        return {"discard": services.ACTIVATION.discard, "discard_permission": name}

    return (
        desk(
            "articles",
            "article",
            models.Article,
            filters.ArticleFilter,
            "code",
            hints=("nom", "boutique__nom"),  # a code is one shop's
            actions=actions.ARTICLES,
            forms=actions.ARTICLE_FORMS,
            **made(models.Article),
        ),
        desk(
            "boutiques",
            "boutique",
            models.Boutique,
            filters.BoutiqueFilter,
            "nom",
            actions=actions.BOUTIQUES,
            forms=actions.BOUTIQUE_FORMS,
            **made(models.Boutique),
        ),
        desk(
            "terminaux",
            "terminal",
            models.Terminal,
            filters.TerminalFilter,
            "nom_terminal",
            actions=actions.TERMINALS,
            forms=actions.TERMINAL_FORMS,
            **made(models.Terminal),
        ),
        desk(
            "quarantaine",
            "quarantaine-detail",
            models.VenteEnQuarantaine,
            filters.QuarantaineFilter,
            "numero_facture",
            actions=actions.QUARANTINE,
            forms=actions.QUARANTINE_FORMS,
        ),
        desk(
            "mouvements",
            "mouvement",
            models.MouvementStock,
            filters.MouvementFilter,
            "reference_document",
            actions=actions.MOVEMENTS,
        ),
        desk(
            "ventes",
            "vente",
            models.Vente,
            filters.VenteFilter,
            "numero_facture",
            actions=actions.SALES,
        ),
    )
