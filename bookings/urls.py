from django.urls import path

from . import views

app_name = "bookings"
urlpatterns = [
    path("", views.booking_list, name="list"),
    path("new/", views.booking_create, name="create"),
    path("addresses/", views.addresses, name="addresses"),
    path("trips/<int:pk>/", views.round_trip_detail, name="round-trip"),
    path("<slug:reference>/", views.booking_detail, name="detail"),
    path("<slug:reference>/edit/", views.booking_edit, name="edit"),
]
