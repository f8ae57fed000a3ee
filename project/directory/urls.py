from django.urls import path

from . import views

app_name = "directory"
urlpatterns = [
    pattern
    for slug, kind in (("customers", "customer"), ("drivers", "driver"), ("partners", "partner"))
    for pattern in (
        path(f"{slug}/", views.party_list, {"slug": slug}, name=slug),
        path(f"{slug}/new/", views.party_create, {"slug": slug}, name=f"{kind}-create"),
        path(f"{slug}/lookup/", views.party_lookup, {"slug": slug}, name=f"{kind}-lookup"),
        path(f"{slug}/<key:pk>/", views.party_detail, {"slug": slug}, name=kind),
        path(f"{slug}/<key:pk>/edit/", views.party_edit, {"slug": slug}, name=f"{kind}-edit"),
    )
]
