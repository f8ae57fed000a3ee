from functools import partial

from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.actions import desk as desks
from project.directory import seeding
from project.exchange import columns
from project.notifications import letters
from project.search import registry as search
from project.ui import nav
from project.utilisateurs import groups

from . import permissions

VIEW = "transport.view_contrattransport"
MENU = nav.Section(
    _("Transport"),
    (
        nav.Item(_("Dashboard"), "transport_dashboard", permission=VIEW, icon="dashboard"),
        nav.Item(_("Contracts"), "contrat_list", permission=VIEW, icon="contract"),
        nav.Item(_("Late returns"), "transport_retards", permission=VIEW, icon="late"),
        nav.Item(
            _("Missions"), "mission_list", permission="transport.view_mission", icon="mission"
        ),
        nav.Item(
            _("Payments"),
            "paiement_list",
            permission="transport.view_paiementmission",
            icon="payment",
        ),
        nav.Item(
            _("Refunds to check"),
            "paiement_list",
            "a_rembourser=1",
            permission="transport.rembourser_paiementmission",
            icon="return",
        ),
        nav.Item(
            _("Deposits"), "caution_list", permission="transport.view_cautions", icon="deposit"
        ),
        nav.Item(
            _("Forwarders"),
            "transitaire_list",
            permission="transport.view_transitaire",
            icon="forwarder",
        ),
        nav.Item(_("Trucks"), "camion_list", permission="transport.view_camion", icon="mission"),
        nav.Item(
            _("Containers"),
            "conteneur_list",
            permission="transport.view_conteneur",
            icon="container",
        ),
        nav.Item(
            _("Shipping lines"),
            "compagnie_list",
            permission="transport.view_compagnie",
            icon="line",
        ),
        nav.Item(_("Tariffs"), "tarif_list", permission="transport.view_tarif", icon="tariff"),
    ),
    order=20,
)


class TransportConfig(AppConfig):
    name = "transport"
    verbose_name = _("Transport")

    def ready(self):
        # models, which are not there before ready()
        from project.exchange import printing
        from project.notifications.live import kinds

        from . import bell, documents, exports, missions, notifications, parties, services, tables
        from .models import doors
        from .seed import seed

        doors.hang(
            annuler_contrat=services.annuler_un_contrat,
            annuler_mission=missions.annuler_une,
            terminer_mission=missions.terminer_une,
        )
        groups.register("transport", bureau=permissions.BUREAU, gestion=permissions.GESTION)
        search.register(
            self.get_model("ContratTransport"), columns=("search_text",), prefix_field="pk_contrat"
        )
        for name in ("Transitaire", "Camion", "Conteneur", "Compagnie", "Tarif"):
            search.register(self.get_model(name), columns=("search_text",))
        seeding.register("transport", seed, order=40)
        for desk in the_desks():
            desks.register(desk)
            kinds.register(desk, *bell.KINDS)
        for sheet, table in zip(exports.SHEETS, tables.FILED, strict=True):
            columns.register(sheet, table)
        for printed in documents.PRINTED:
            printing.register(printed)
        nav.register(MENU)
        letters.register(notifications.kind(_("Reminder of the return deadline")))
        parties.register()


def page(name, pk, label):
    return reverse(name, args=[pk])


def the_desks():
    """The wing's records as the generic pages see them."""
    # models, which are not there before ready()
    from project.directory.services import ACTIVATION

    from . import actions, filters, missions, models, payments, services, small_records

    def desk(slug, model, forms, filterset, list_url, label, url, **more):
        return desks.Desk(
            slug=slug,
            model=model,
            forms=forms,
            filterset=filterset,
            list_url=list_url,
            view_permission=f"transport.view_{model._meta.model_name}",
            label=label,
            record_url=partial(page, url),
            **{"actions": ()} | more,
        )

    return (
        desk(
            "contrats",
            models.ContratTransport,
            actions.CONTRATS_FORMS,
            filters.ContratFilter,
            "contrat_list",
            "pk_contrat",
            "contrat_detail",
            actions=actions.CONTRATS,
            discard=services.ecarter,
            discard_permission="transport.annuler_contrattransport",
        ),
        desk(
            "missions",
            models.Mission,
            actions.MISSIONS_FORMS,
            filters.MissionFilter,
            "mission_list",
            "numero",
            "mission_detail",
            actions=actions.MISSIONS,
            discard=missions.ecarter,
            discard_permission="transport.annuler_mission",
        ),
        desk(
            "paiements",
            models.PaiementMission,
            actions.PAIEMENTS_FORMS,
            filters.PaiementFilter,
            "paiement_list",
            "numero",
            "paiement_detail",
            actions=actions.PAIEMENTS,
            discard=partial(payments.ecarter, payments.annuler_paiement),
            discard_permission="transport.annuler_paiementmission",
        ),
        desk(
            "cautions",
            models.Cautions,
            actions.CAUTIONS_FORMS,
            filters.CautionFilter,
            "caution_list",
            "numero",
            "caution_detail",
            actions=actions.CAUTIONS,
            discard=partial(payments.ecarter, payments.annuler_caution),
            discard_permission="transport.annuler_cautions",
        ),
        desk(
            "prestations",
            models.PrestationDeTransports,
            actions.PRESTATIONS_FORMS,
            filters.PrestationFilter,
            "contrat_list",
            "libelle",
            "prestation_edit",
        ),
        desk(
            "frais",
            models.FraisDeRoute,
            actions.FRAIS_FORMS,
            filters.FraisFilter,
            "mission_list",
            "libelle",
            "frais_edit",
        ),
        *(
            desk(
                slug,
                model,
                small_records.kept_pages(model),
                filterset,
                f"{model._meta.model_name}_list",
                named_by,
                f"{model._meta.model_name}_detail",
                actions=small_records.kept_actions(model),
                discard=ACTIVATION.discard,
                discard_permission=f"transport.deactivate_{model._meta.model_name}",
            )
            for slug, model, filterset, named_by in (
                ("transitaires", models.Transitaire, filters.TransitaireFilter, "name"),
                ("camions", models.Camion, filters.CamionFilter, "immatriculation"),
                ("conteneurs", models.Conteneur, filters.ConteneurFilter, "numero"),
                ("compagnies", models.Compagnie, filters.CompagnieFilter, "nom"),
                ("tarifs", models.Tarif, filters.TarifFilter, "nom"),
            )
        ),
    )
