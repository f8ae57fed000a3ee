"""Who installs: what they can do, where, when they work and when they are away."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.models import HistoricalRecords

from project.audit.models import Batch, HistoryOfBatch, LogEntry
from project.directory.models import Party, list_indexes

from .. import working_hours
from ..querysets import EngineerQuerySet
from ..states import Skill


class InstallationsLog(LogEntry):
    """A line of what was done to a record of the room."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta(LogEntry.Meta):
        abstract = True


class Engineer(Party):
    """Someone who fits kits. `skills` are values of `Skill`; for `working_hours` see its module."""

    region = models.CharField(gettext_lazy("region"), max_length=60, blank=True)
    skills = models.JSONField(gettext_lazy("skills"), default=list)
    working_hours = models.JSONField(gettext_lazy("working hours"), default=working_hours.usual)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="engineer",
        verbose_name=gettext_lazy("account"),
    )

    searched = ("name", "email", "phone", "region")

    objects = EngineerQuerySet.as_manager()
    history = HistoricalRecords(
        bases=[HistoryOfBatch], excluded_fields=["search_text", "sort_name"], no_db_index=["user"]
    )

    class Meta(Party.Meta):
        verbose_name = gettext_lazy("engineer")
        verbose_name_plural = gettext_lazy("engineers")
        indexes = list_indexes("engineer")
        permissions = [
            ("activate_engineer", gettext_lazy("Can activate engineers")),
            ("deactivate_engineer", gettext_lazy("Can deactivate engineers")),
            ("leave_engineer", gettext_lazy("Can note and lift the leave of engineers")),
            ("export_engineer", gettext_lazy("Can export engineers to files")),
            ("work_engineer", gettext_lazy("Can see and do the work of their own day")),
        ]
        constraints = [models.CheckConstraint(name="engineer_has_a_name", condition=~Q(name=""))]

    def clean(self):
        errors = {}
        try:
            working_hours.check(self.working_hours)
        except ValidationError as error:
            errors["working_hours"] = error
        known = isinstance(self.skills, list) and all(each in Skill.values for each in self.skills)
        if not known:
            errors["skills"] = _("Skills are chosen from the list.")
        if errors:
            raise ValidationError(errors)

    @property
    def skill_labels(self):
        return [Skill(skill).label for skill in self.skills]

    def get_absolute_url(self):
        return reverse("installations:engineer", args=[self.pk])

    def get_edit_url(self):
        return reverse("installations:engineer-edit", args=[self.pk])


class EngineerLog(InstallationsLog):
    engineer = models.ForeignKey(Engineer, on_delete=models.CASCADE, related_name="logs")


class LeaveQuerySet(models.QuerySet):
    def in_force(self):
        return self.filter(lifted_in=None)

    def touching(self, first_day, last_day):
        """Those that share a day with these days, both counted."""
        return self.filter(first_day__lte=last_day, last_day__gte=first_day)


class Leave(models.Model):
    """Days on which an engineer is away, both counted: a row of the act that noted it."""

    engineer = models.ForeignKey(
        Engineer,
        on_delete=models.PROTECT,
        related_name="leave",
        verbose_name=gettext_lazy("engineer"),
    )
    first_day = models.DateField(gettext_lazy("from"))
    last_day = models.DateField(gettext_lazy("until"))
    reason = models.CharField(gettext_lazy("reason"), max_length=200, blank=True)
    noted_in = models.ForeignKey(Batch, on_delete=models.PROTECT, editable=False, related_name="+")
    lifted_in = models.ForeignKey(
        Batch, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = LeaveQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("leave")
        verbose_name_plural = gettext_lazy("leave")
        ordering = ["first_day", "id"]
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["engineer", "first_day"],
                name="leave_in_force",
                condition=Q(lifted_in__isnull=True),
            )
        ]
        constraints = [
            models.CheckConstraint(
                name="leave_ends_after", condition=Q(last_day__gte=F("first_day"))
            )
        ]

    def __str__(self):
        return f"{self.first_day} – {self.last_day}"
