from django.urls import path

from . import views

app_name = "exchange"
urlpatterns = [
    path("exports/choices/<slug:slug>/<slug:name>/", views.keep_choices, name="keep-choices"),
    path("exports/", views.my_files, name="files"),
    path("exports/<uuid:pk>/", views.export_page, name="export"),
    path("exports/<uuid:pk>/stop/", views.stop_export, name="stop"),
    path("exports/<uuid:pk>/file/", views.export_file, name="file"),
]
