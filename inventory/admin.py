from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from project.actions.admin import OfferedActions, RecordedAdmin
from project.ui.admin import ReadOnlyAdmin, ReadOnlyInline

from .models import (
    Article,
    Boutique,
    LigneVente,
    MouvementStock,
    Synchronisation,
    Terminal,
    Vente,
    VenteEnQuarantaine,
)


class InventoryAdmin(RecordedAdmin):
    readonly_fields = ("est_actif", "created_at", "updated_at")


@admin.register(Boutique)
class BoutiqueAdmin(InventoryAdmin):
    desk = "boutiques"
    list_display = ("nom", "code_boutique", "currency", "accepte_stock_negatif", "est_actif")
    list_filter = ("est_actif", "currency")
    search_fields = ("nom", "code_boutique")


@admin.register(Terminal)
class TerminalAdmin(InventoryAdmin):
    desk = "terminaux"
    list_display = ("nom_terminal", "numero_serie", "boutique", "est_actif", "cle_donnee_le")
    list_select_related = ("boutique",)
    list_filter = ("est_actif", "boutique", "sans_cle")
    search_fields = ("nom_terminal", "numero_serie")
    readonly_fields = (*InventoryAdmin.readonly_fields, "cle_donnee_le")

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if obj and obj.may_do_without_key else (*fields, "sans_cle")


@admin.register(Article)
class ArticleAdmin(InventoryAdmin):
    desk = "articles"
    list_display = ("code", "nom", "boutique", "prix", "quantite_stock", "seuil_alerte")
    list_select_related = ("boutique",)
    list_filter = ("est_actif", "boutique")
    search_fields = ("code", "nom")  # tells Django that there is a search
    readonly_fields = (*InventoryAdmin.readonly_fields, "quantite_stock")

    def get_readonly_fields(self, request, obj=None):
        """From its first movement on an article keeps its shop."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "boutique") if obj else fields

    def get_search_results(self, request, queryset, search_term):
        return queryset.search(search_term), False


@admin.register(VenteEnQuarantaine)
class VenteEnQuarantaineAdmin(RecordedAdmin):
    """To be looked at, replayed and accepted; corrected on its own page."""

    desk = "quarantaine"
    list_display = ("numero_facture", "boutique", "terminal", "motif", "etat", "recue_le")
    list_select_related = ("boutique", "terminal")
    list_filter = ("etat", "motif", "boutique")
    search_fields = ("numero_facture",)
    readonly_fields = (
        "boutique",
        "terminal",
        "numero_facture",
        "contenu",
        "contenu_recu",
        "motif",
        "explication",
        "etat",
        "vente",
        "recue_le",
    )

    @admin.display(description=_("detail"))
    def explication(self, entry):
        return entry.explication

    def has_add_permission(self, request):
        return False


class LineInline(ReadOnlyInline):
    model = LigneVente


@admin.register(Vente)
class VenteAdmin(OfferedActions, ReadOnlyAdmin):
    desk = "ventes"
    list_display = ("numero_facture", "boutique", "terminal", "date_vente", "montant_total")
    list_select_related = ("boutique", "terminal")
    list_filter = ("boutique", "stock_negatif")
    search_fields = ("numero_facture",)
    inlines = (LineInline,)


@admin.register(MouvementStock)
class MouvementStockAdmin(OfferedActions, ReadOnlyAdmin):
    desk = "mouvements"
    list_display = (
        "id",
        "date_mouvement",
        "article",
        "type_mouvement",
        "quantite",
        "stock_avant",
        "stock_apres",
        "reference_document",
        "utilisateur",
    )
    list_select_related = ("article",)
    list_filter = ("type_mouvement", "boutique")
    search_fields = ("reference_document",)


@admin.register(Synchronisation)
class SynchronisationAdmin(ReadOnlyAdmin):
    list_display = ("a", "terminal", "numero_serie", "demande", "statut", "code", "creees")
    list_select_related = ("terminal",)
    list_filter = ("statut", "code")
