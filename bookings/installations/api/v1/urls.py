from django.urls import path, re_path

from project.api.entrance import NotFound

from . import views

app_name = "installations-api-v1"
urlpatterns = [
    path("orders/", views.Orders.as_view(), name="orders"),
    path("orders/<slug:number>/", views.ReadOrder.as_view(), name="order"),
    path("orders/<slug:number>/slots/", views.Slots.as_view(), name="slots"),
    path("orders/<slug:number>/schedule/", views.Schedule.as_view(), name="schedule"),
    path("orders/<slug:number>/start/", views.Start.as_view(), name="start"),
    path("orders/<slug:number>/complete/", views.Complete.as_view(), name="complete"),
    path("services/", views.Services.as_view(), name="services"),
    path("bookings/", views.Bookings.as_view(), name="bookings"),
    path("engineers/", views.Engineers.as_view(), name="engineers"),
    path("products/", views.Products.as_view(), name="products"),
    re_path(r"^", NotFound.as_view()),
]
