from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "project.notifications"
    label = "notifications"
    verbose_name = _("Notifications")

    def ready(self):
        from .live import bell  # models, which are not there before ready()

        bell.open_room()
