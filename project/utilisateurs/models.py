from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group, Permission
from django.db import models
from django.utils.translation import gettext_lazy as _


class CustomUser(AbstractUser):
    """A member of staff. Never deleted, only deactivated: the trail keeps pointing to them."""

    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE
    )
    # What the user chose on the lists: columns and page size by desk. Shown as chosen, never
    # trusted: unknown columns are dropped when read.
    preferences = models.JSONField(default=dict, editable=False)

    class Meta(AbstractUser.Meta):
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self):
        return self.get_full_name() or self.username


class Grant(models.Model):
    """A permission that a group was given after a migrate: see groups.py for why it is kept."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+")
    permission = models.ForeignKey(Permission, on_delete=models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["group", "permission"], name="grant_given_once")
        ]

    def __str__(self):
        return f"{self.group}: {self.permission}"
