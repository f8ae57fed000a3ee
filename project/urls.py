"""Every address. The one place on the ground floor that names the wings."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="bookings:list"), name="home"),
    path("", include("project.actions.urls")),
    path("", include("project.ui.urls")),
    path("accounts/", include("project.utilisateurs.urls")),
    path("bookings/", include("bookings.urls")),
    path("directory/", include("project.directory.urls")),
    path("mails/", include("project.notifications.mail_urls")),
    path("jobs/", include("project.jobs.urls")),
    path("", include("project.notifications.live.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "project.ui.errors.bad_request"
handler403 = "project.ui.errors.permission_denied"
handler404 = "project.ui.errors.not_found"
handler500 = "project.ui.errors.server_error"
