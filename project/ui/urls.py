from django.urls import path

from . import lists

urlpatterns = [path("desks/<slug:slug>/columns/", lists.columns, name="desk-columns")]
