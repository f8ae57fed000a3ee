from django.urls import path

from . import views

PAGES = (
    ("list", "", views.party_list),
    ("create", "new/", views.party_create),
    ("lookup", "lookup/", views.party_lookup),
    ("detail", "<key:pk>/", views.party_detail),
    ("edit", "<key:pk>/edit/", views.party_edit),
)


def pages_of(slug, **names):
    """The pages about a kind of party; `names` gives each its URL's name."""
    return [
        path(f"{slug}/{route}", view, {"slug": slug}, name=names[page])
        for page, route, view in PAGES
    ]


def directory_names(slug, kind):
    pages = {page: f"{kind}-{page}" for page, _route, _view in PAGES}
    return pages | {"list": slug, "detail": kind}


app_name = "directory"
urlpatterns = [
    pattern
    for slug, kind in (("customers", "customer"), ("drivers", "driver"), ("partners", "partner"))
    for pattern in pages_of(slug, **directory_names(slug, kind))
]
