from django.contrib import admin, messages
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_tasks_db.admin import DBTaskResultAdmin
from django_tasks_db.models import DBTaskResult

from project.jobs import services
from project.jobs.models import Heartbeat, Progress, Slot
from project.ui.admin import ReadOnlyAdmin


@admin.register(Progress)
class ProgressAdmin(ReadOnlyAdmin):
    list_display = ("title", "owner", "state", "done", "total", "created_at", "finished_at")
    list_filter = ("state", "created_at")
    list_select_related = ("owner",)
    search_fields = ("title", "owner__username")


@admin.register(Slot)
class SlotAdmin(ReadOnlyAdmin):
    list_display = ("name", "at", "created_at")
    list_filter = ("name",)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("place", "started_at", "seen_at")


admin.site.unregister(DBTaskResult)


@admin.register(DBTaskResult)
class TaskAdmin(DBTaskResultAdmin):
    actions = ("retry",)

    def has_retry_permission(self, request):
        return request.user.has_perm("django_tasks_database.change_dbtaskresult")

    @admin.action(description=_("Run the failed ones again"), permissions=["retry"])
    def retry(self, request, queryset):
        count = services.retry(queryset)
        text = ngettext("%d task will run again.", "%d tasks will run again.", count) % count
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)
