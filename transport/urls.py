"""The wing's addresses. Their names stand without a prefix, as the seeds have them."""

from django.urls import path
from django.views.generic import RedirectView

from project.directory.urls import PAGES, pages_of

from . import views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="transport_dashboard")),
    path("tableau/", views.dashboard, name="transport_dashboard"),
    path("retards/", views.retards, name="transport_retards"),
    path("contrats/", views.contrat_list, name="contrat_list"),
    path("contrats/new/", views.contrat_create, name="contrat_create"),
    path("contrats/echeance/", views.contrat_echeance, name="contrat_echeance"),
    path("contrats/<key:pk>/", views.contrat_detail, name="contrat_detail"),
    path("contrats/<key:pk>/edit/", views.contrat_edit, name="contrat_edit"),
    path("contrats/<key:pk>/delete/", views.delete_contrat, name="delete_contrat"),
    path("contrats/<key:pk>/missions/new/", views.mission_create, name="mission_create"),
    path("contrats/<key:pk>/cautions/new/", views.caution_create, name="caution_create"),
    path("contrats/<key:pk>/prestations/new/", views.prestation_create, name="prestation_create"),
    path("prestations/<key:pk>/edit/", views.prestation_edit, name="prestation_edit"),
    path("missions/", views.mission_list, name="mission_list"),
    path("missions/<key:pk>/", views.mission_detail, name="mission_detail"),
    path("missions/<key:pk>/edit/", views.mission_edit, name="mission_edit"),
    path("missions/<key:pk>/paiements/new/", views.paiement_create, name="paiement_create"),
    path("missions/<key:pk>/frais/new/", views.frais_create, name="frais_create"),
    path("frais/<key:pk>/edit/", views.frais_edit, name="frais_edit"),
    path("paiements/", views.paiement_list, name="paiement_list"),
    path("paiements/<key:pk>/", views.paiement_detail, name="paiement_detail"),
    path("paiements/<key:pk>/edit/", views.paiement_edit, name="paiement_edit"),
    path("cautions/", views.caution_list, name="caution_list"),
    path("cautions/<key:pk>/", views.caution_detail, name="caution_detail"),
    path("cautions/<key:pk>/edit/", views.caution_edit, name="caution_edit"),
    *(
        pattern
        for slug, kind in (
            ("transitaires", "transitaire"),
            ("camions", "camion"),
            ("conteneurs", "conteneur"),
            ("compagnies", "compagnie"),
            ("tarifs", "tarif"),
        )
        for pattern in pages_of(slug, **{page: f"{kind}_{page}" for page, *_ in PAGES})
    ),
]
