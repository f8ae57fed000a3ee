from django.urls import path

from . import stock_views, terminal_views, views

app_name = "inventory"
urlpatterns = [
    path("articles/", views.record_list, {"slug": "articles"}, name="articles"),
    path("articles/new/", views.record_create, {"slug": "articles"}, name="article-create"),
    path("articles/<key:pk>/", views.article_detail, name="article"),
    path("articles/<key:pk>/edit/", views.record_edit, {"slug": "articles"}, name="article-edit"),
    path("boutiques/", views.record_list, {"slug": "boutiques"}, name="boutiques"),
    path("boutiques/new/", views.record_create, {"slug": "boutiques"}, name="boutique-create"),
    path("boutiques/<key:pk>/", views.boutique_detail, name="boutique"),
    path(
        "boutiques/<key:pk>/edit/", views.record_edit, {"slug": "boutiques"}, name="boutique-edit"
    ),
    path("terminaux/", views.record_list, {"slug": "terminaux"}, name="terminaux"),
    path("terminaux/new/", views.record_create, {"slug": "terminaux"}, name="terminal-create"),
    path("terminaux/failures/", terminal_views.failures, name="failures"),
    path("terminaux/<key:pk>/", terminal_views.terminal_detail, name="terminal"),
    path(
        "terminaux/<key:pk>/edit/", views.record_edit, {"slug": "terminaux"}, name="terminal-edit"
    ),
    path("terminaux/<key:pk>/key/", terminal_views.terminal_key, name="terminal-key"),
    path("mouvements/", views.record_list, {"slug": "mouvements"}, name="mouvements"),
    path("mouvements/<key:pk>/", views.mouvement_detail, name="mouvement"),
    path("ventes/", views.record_list, {"slug": "ventes"}, name="ventes"),
    path("ventes/<key:pk>/", views.vente_detail, name="vente"),
    path("ventes/<key:pk>/return/", stock_views.vente_return, name="vente-return"),
    path("quarantaine/", views.record_list, {"slug": "quarantaine"}, name="quarantaine"),
    path("quarantaine/<key:pk>/", stock_views.quarantaine_detail, name="quarantaine-detail"),
    path("quarantaine/<key:pk>/edit/", stock_views.quarantaine_edit, name="quarantaine-edit"),
    path("count/", stock_views.stock_count, name="count"),
    path("<slug:kind>/", stock_views.stock_document, name="document"),
]
