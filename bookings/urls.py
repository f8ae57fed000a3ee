from django.urls import path

from . import series_views, views

app_name = "bookings"
urlpatterns = [
    path("", views.booking_list, name="list"),
    path("new/", views.booking_create, name="create"),
    path("addresses/", views.addresses, name="addresses"),
    path("trips/<key:pk>/", views.round_trip_detail, name="round-trip"),
    path("series/<key:pk>/", series_views.series_detail, name="series"),
    path("<slug:reference>/reschedule/", series_views.booking_reschedule, name="reschedule"),
    path("<slug:reference>/repeat/", series_views.booking_repeat, name="repeat"),
    path("<slug:reference>/", views.booking_detail, name="detail"),
    path("<slug:reference>/edit/", views.booking_edit, name="edit"),
]
