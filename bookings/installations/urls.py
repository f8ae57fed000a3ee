from django.urls import path

from . import public_views, views, work_views

app_name = "installations"
urlpatterns = [
    path("", views.order_list, name="orders"),
    path("new/", views.order_create, name="order-create"),
    path("to-schedule/", views.inbox, name="inbox"),
    path("day/", work_views.my_day, name="my-day"),
    path("engineers/", views.engineer_list, name="engineers"),
    path("engineers/new/", views.engineer_create, name="engineer-create"),
    path("engineers/<key:pk>/", views.engineer_detail, name="engineer"),
    path("engineers/<key:pk>/edit/", views.engineer_edit, name="engineer-edit"),
    path("engineers/<key:pk>/day/", work_views.day, name="day"),
    path("confirmation/<str:token>/", public_views.confirmation, name="confirmation"),
    path("confirmation/<str:token>/visit.ics", public_views.calendar, name="calendar"),
    path("<slug:number>/", views.order_detail, name="order"),
    path("<slug:number>/edit/", views.order_edit, name="order-edit"),
    path("<slug:number>/start/", work_views.start, name="start"),
    path("<slug:number>/complete/", work_views.complete, name="complete"),
    path("<slug:number>/evidence/<key:pk>/", work_views.evidence, name="evidence"),
]
