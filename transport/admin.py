from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from project.actions.admin import ReadHistoryAdmin, RecordedAdmin, VersionedForm
from project.directory.admin import PartyAdmin
from project.ui.admin import ReadOnlyAdmin

from . import missions, payments, services
from .forms import PaliersField
from .models import (
    Camion,
    Cautions,
    CautionsLog,
    Compagnie,
    Conditions,
    Conteneur,
    ContratTransport,
    ContratTransportLog,
    FraisDeRoute,
    Mission,
    MissionLog,
    PaiementMission,
    PaiementMissionLog,
    PrestationDeTransports,
    Rappel,
    Suspension,
    Tarif,
    Transitaire,
)
from .queries import free_search


class ContratAdminForm(VersionedForm):
    """The same checks as the desk's form, told at their field."""

    class Meta:
        model = ContratTransport
        fields = "__all__"

    def _update_errors(self, errors):
        """What is wrong with the deadline, which is no field here, is said at the start."""
        told = getattr(errors, "error_dict", {})
        if "date_limite_retour" in told:
            told.setdefault("date_debut", []).extend(told.pop("date_limite_retour"))
        super()._update_errors(errors)

    def check(self, record):
        check = services.check_edit if record.pk else services.check_parties
        check(record)


class ServiceAdmin(RecordedAdmin):
    """Saves through the wing's services: `make` and `change`. A record keeps its `parent`."""

    make = change = None
    parent = ()

    def get_readonly_fields(self, request, obj=None):
        return (*super().get_readonly_fields(request, obj), *(self.parent if obj else ()))

    def write(self, request, obj, form, change):
        service = type(self).change if change else type(self).make
        service(obj, by=request.user)


@admin.register(ContratTransport)
class ContratAdmin(ServiceAdmin):
    desk = "contrats"
    form = ContratAdminForm
    make, change = services.creer, services.modifier
    list_display = (
        "pk_contrat",
        "date_limite_retour",
        "conteneur",
        "client",
        "transitaire",
        "statut",
    )
    list_select_related = ("client", "transitaire", "conteneur")
    list_filter = ("statut", "date_limite_retour", "conteneur__compagnie")
    search_fields = ("pk_contrat",)
    search_help_text = _("Contract, bill of lading, container, customer")
    autocomplete_fields = ("client", "chauffeur", "transitaire", "camion", "conteneur")
    readonly_fields = (
        "pk_contrat",
        "date_limite_retour",
        "echeance_exceptionnelle",
        "raison_exceptionnelle",
        "jours_suspendus",
        "paliers",
        "statut",
        "annule_le",
        "annule_par",
        "raison_annulation",
    )
    ordering = ("-id",)

    def get_search_results(self, request, queryset, search_term):
        return free_search(queryset, search_term).queryset, False

    def has_delete_permission(self, request, obj=None):
        """An empty contract may go; whoever asks for another one is told what hangs on it."""
        return request.user.has_perm("transport.delete_contrattransport")

    def delete_view(self, request, object_id, extra_context=None):
        """The desk's own page: the same refusals, links and way to cancel instead."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        contrat = self.get_object(request, object_id)
        if contrat is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        return HttpResponseRedirect(reverse("delete_contrat", args=[contrat.pk]))

    def delete_model(self, request, obj):
        try:
            services.supprimer(obj, by=request.user)
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))


@admin.register(Mission)
class MissionAdmin(ServiceAdmin):
    desk = "missions"
    parent = ("contrat",)
    make, change = missions.creer, missions.modifier
    list_display = ("numero", "contrat", "date_depart", "date_retour", "statut", "penalite")
    list_select_related = ("contrat",)
    list_filter = ("statut", "date_depart")
    search_fields = ("numero", "contrat__pk_contrat")
    autocomplete_fields = ("contrat",)
    readonly_fields = ("numero", "statut", "date_retour", "jours_retard", "penalite")
    ordering = ("-id",)


@admin.register(PaiementMission)
class PaiementAdmin(ServiceAdmin):
    desk = "paiements"
    parent = ("mission",)
    make, change = payments.creer_paiement, payments.modifier_paiement
    list_display = ("numero", "mission", "montant", "devise", "statut_paiement", "remboursement")
    list_select_related = ("mission",)
    list_filter = ("statut_paiement", "remboursement", "mode")
    search_fields = ("numero", "mission__numero")
    autocomplete_fields = ("mission",)
    readonly_fields = (
        "numero",
        "devise",
        "statut_paiement",
        "est_valide",
        "date_validation",
        "valide_par",
        "remboursement",
    )
    ordering = ("-id",)


@admin.register(Cautions)
class CautionAdmin(ServiceAdmin):
    desk = "cautions"
    parent = ("contrat",)
    make, change = payments.creer_caution, payments.modifier_caution
    list_display = ("numero", "contrat", "montant", "devise", "statut", "date_statut")
    list_select_related = ("contrat",)
    list_filter = ("statut", "contrat__conteneur__compagnie")
    search_fields = ("numero", "contrat__pk_contrat")
    autocomplete_fields = ("contrat",)
    readonly_fields = ("numero", "devise", "statut", "date_statut")
    ordering = ("-id",)


@admin.register(PrestationDeTransports)
class PrestationAdmin(ServiceAdmin):
    desk = "prestations"
    parent = ("contrat_transport",)
    make = change = payments.noter_prestation
    list_display = ("libelle", "contrat_transport", "date", "montant", "devise")
    list_select_related = ("contrat_transport",)
    search_fields = ("libelle", "contrat_transport__pk_contrat")
    autocomplete_fields = ("contrat_transport",)
    readonly_fields = ("devise",)


@admin.register(FraisDeRoute)
class FraisAdmin(ServiceAdmin):
    desk = "frais"
    parent = ("mission",)
    make = change = missions.noter_frais
    list_display = ("libelle", "mission", "genre", "date", "montant", "devise")
    list_select_related = ("mission",)
    search_fields = ("libelle", "mission__numero")
    autocomplete_fields = ("mission",)
    readonly_fields = ("devise",)


@admin.register(Transitaire)
class TransitaireAdmin(PartyAdmin):
    desk = "transitaires"


class KeptAdmin(PartyAdmin):
    """Small records, through the same services as parties."""

    list_filter = ("is_active",)
    search_help_text = ""
    ordering = None


@admin.register(Camion)
class CamionAdmin(KeptAdmin):
    desk = "camions"
    list_display = ("immatriculation", "marque", "is_active")
    search_fields = ("immatriculation",)


@admin.register(Conteneur)
class ConteneurAdmin(KeptAdmin):
    desk = "conteneurs"
    list_display = ("numero", "taille", "compagnie", "is_active")
    list_filter = ("is_active", "taille", "compagnie")
    list_select_related = ("compagnie",)
    search_fields = ("numero",)


@admin.register(Compagnie)
class CompagnieAdmin(KeptAdmin):
    desk = "compagnies"
    list_display = ("nom", "is_active")
    search_fields = ("nom",)


class TarifAdminForm(VersionedForm):
    paliers = PaliersField(label=_("Tiers"), required=False)


@admin.register(Tarif)
class TarifAdmin(KeptAdmin):
    desk = "tarifs"
    form = TarifAdminForm
    list_display = ("nom", "delai_jours", "is_active")
    list_filter = ("is_active", "compagnie", "taille")
    search_fields = ("nom",)


@admin.register(Conditions)
class ConditionsAdmin(ReadHistoryAdmin):
    """One row: the defaults of new contracts."""

    list_display = ("__str__", "delai_jours", "penalite_par_jour", "jours_rappel")

    def has_delete_permission(self, request, obj=None):
        return False

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not Conditions.objects.exists()

    def save_model(self, request, obj, form, change):
        obj.pk = 1
        super().save_model(request, obj, form, change)


@admin.register(Suspension)
class SuspensionAdmin(ReadOnlyAdmin):
    list_display = ("contrat", "debut", "fin", "raison")
    list_select_related = ("contrat",)


@admin.register(Rappel)
class RappelAdmin(ReadOnlyAdmin):
    list_display = ("contrat", "genre", "echeance")
    list_select_related = ("contrat",)


@admin.register(ContratTransportLog, MissionLog, PaiementMissionLog, CautionsLog)
class LogAdmin(ReadOnlyAdmin):
    list_display = ("timestamp", "user", "action")
    list_select_related = ("user",)
    list_filter = ("timestamp",)
    ordering = ("-id",)
