from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from project.ui import nav
from project.utilisateurs import groups


class NotificationsConfig(AppConfig):
    name = "project.notifications"
    label = "notifications"
    verbose_name = _("Notifications")

    def ready(self):
        # models, which are not there before ready()
        from project.utilisateurs import backends

        from .live import bell
        from .mail_views import VIEW
        from .models import OutgoingMail

        bell.open_room()
        failed = OutgoingMail.objects.failed()
        backends.carry("failed_mails", backends.CountUpTo(failed, backends.MOST_SHOWN))
        groups.register("notifications", bureau=("view_outgoingmail", "resend_outgoingmail"))
        mails = nav.Item(
            _("E-mails"),
            "mails:list",
            permission=VIEW,
            icon="mail",
            alerts=lambda user: user.failed_mails,
            alert=_("failed"),
        )
        nav.register(nav.Section(_("Messages"), (mails,), order=80))
