"""Every address. The one place on the ground floor that names the wings."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("project.actions.urls")),
    path("", include("project.ui.urls")),
    path("accounts/", include("project.utilisateurs.urls")),
    path("bookings/", include("bookings.urls")),
    path("installations/", include("bookings.installations.urls")),
    path("transport/", include("transport.urls")),
    path("inventory/", include("inventory.urls")),
    path("directory/", include("project.directory.urls")),
    path("mails/", include("project.notifications.mail_urls")),
    path("integrations/", include("project.api.urls")),
    path("imports/", include("project.exchange.imports.urls")),
    path("jobs/", include("project.jobs.urls")),
    path("", include("project.exchange.urls")),
    path("", include("project.notifications.live.urls")),
    path("api/v1/", include("bookings.installations.api.v1.urls")),
    path("api/v2/simple/", include("inventory.api.v2_simple.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "project.ui.errors.bad_request"
handler403 = "project.ui.errors.permission_denied"
handler404 = "project.ui.errors.not_found"
handler500 = "project.ui.errors.server_error"
