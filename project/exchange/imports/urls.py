from django.urls import path

from . import views

app_name = "imports"
urlpatterns = [
    path("", views.import_list, name="list"),
    path("new/<slug:slug>/", views.import_new, name="new"),
    path("template/<slug:slug>/", views.template, name="template"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/match/", views.match, name="match"),
    path("<uuid:pk>/sheet/", views.sheet, name="sheet"),
    path("<uuid:pk>/refresh/", views.refresh, name="refresh"),
    path("<uuid:pk>/confirm/", views.confirm, name="confirm"),
    path("<uuid:pk>/discard/", views.discard, name="discard"),
    path("<uuid:pk>/undo/", views.undo, name="undo"),
    path("<uuid:pk>/rows/<int:number>/", views.row, name="row"),
    path("<uuid:pk>/errors/", views.errors, name="errors"),
    path("<uuid:pk>/file/", views.file, name="file"),
]
