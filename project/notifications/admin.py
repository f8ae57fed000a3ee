"""The outbox in Django admin: to read, and to send again what failed."""

from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from project.ui.admin import ReadOnlyAdmin
from project.ui.formats import Counted

from . import outbox
from .models import OutgoingMail


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyAdmin):
    list_display = ("kind", "recipient", "subject", "state", "trouble", "attempts", "created_at")
    list_filter = ("state", "trouble")
    list_select_related = ("batch",)
    show_full_result_count = False
    actions = ("resend",)

    def has_resend_permission(self, request):
        return request.user.has_perm("notifications.resend_outgoingmail")

    @admin.action(description=_("Send again what failed"), permissions=["resend"])
    def resend(self, request, queryset):
        count, outdated = outbox.resend(OutgoingMail.objects.filter(pk__in=queryset.values("pk")))
        text = ngettext(
            "%(n)s e-mail will be sent again.", "%(n)s e-mails will be sent again.", count
        )
        if outdated:
            self.message_user(request, OutgoingMail.Trouble.OUTDATED.label, messages.WARNING)
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % {"n": Counted(count)}, level)
