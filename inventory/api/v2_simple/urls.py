from django.urls import path

from . import views

urlpatterns = [
    path("ventes/sync/", views.sync_ventes_simple, name="sync_ventes_simple"),
    path("mouvements-stock/", views.get_mouvements_stock, name="mouvements_stock"),
    path("articles/", views.get_articles, name="articles_terminal"),
]
