from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from project.ui import nav
from project.utilisateurs import groups


class NotificationsConfig(AppConfig):
    name = "project.notifications"
    label = "notifications"
    verbose_name = _("Notifications")

    def ready(self):
        from .mail_views import VIEW, failed_count  # models, which are not there before ready()

        groups.register("notifications", bureau=("view_outgoingmail", "resend_outgoingmail"))
        mails = nav.Item(
            _("E-mails"),
            "mails:list",
            permission=VIEW,
            icon="mail",
            alerts=failed_count,
            alert=_("failed"),
        )
        nav.register(nav.Section(_("Messages"), (mails,), order=80))
