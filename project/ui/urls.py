from django.urls import path

from . import home, lists

urlpatterns = [
    path("", home.home, name="home"),
    path("desks/<slug:slug>/columns/", lists.columns, name="desk-columns"),
]
