from django.urls import path

from . import views

urlpatterns = [
    path("actions/undo/<uuid:batch_id>/", views.undo_batch, name="undo"),
    path("actions/<slug:slug>/<slug:name>/", views.run, name="action"),
    path("batches/<uuid:batch_id>/", views.batch, name="batch"),
]
