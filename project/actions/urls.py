from django.urls import path

from . import saved, views

urlpatterns = [
    path("actions/undo/<uuid:batch_id>/", views.undo_batch, name="undo"),
    path("actions/<slug:slug>/<slug:name>/", views.run, name="action"),
    path("filters/<slug:slug>/", saved.filters, name="saved-filters"),
    path("filters/<slug:slug>/keep/", saved.keep, name="keep-filter"),
    path("filters/<key:pk>/apply/", saved.apply, name="apply-filter"),
    path("filters/<key:pk>/change/", saved.change, name="change-filter"),
    path("filters/<key:pk>/delete/", saved.delete, name="delete-filter"),
    path("batches/<uuid:batch_id>/", views.batch, name="batch"),
]
