from django.urls import path

from . import stream, views

urlpatterns = [
    path("notifications/", views.notification_list, name="notifications"),
    path("notifications/latest/", views.latest, name="notifications-latest"),
    path("notifications/read/", views.mark_read, name="notifications-read"),
    path("notifications/kinds/", views.set_kinds, name="notification-kinds"),
    path("notifications/<key:announcement>/", views.open_one, name="notification"),
    path("live/changes/", views.changes, name="live-changes"),
    path(stream.PATH[1:], views.no_stream, name="live-stream"),
]
