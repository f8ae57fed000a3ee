from django.urls import path

from . import views

app_name = "api"
urlpatterns = [
    path("", views.integration_list, name="integrations"),
    path("new/", views.integration_create, name="integration-create"),
    path("<key:pk>/", views.integration_detail, name="integration"),
    path("<key:pk>/edit/", views.integration_edit, name="integration-edit"),
    path("<key:pk>/token/", views.integration_token, name="integration-token"),
]
