"""Filters that people keep under a name: the same for the list, the export, the recap."""

from django.conf import settings
from django.db import models
from django.db.models import Q, UniqueConstraint
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

MANAGE = "ui.change_namedfilter"


class NamedFilterQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own, and those that others share."""
        return self.filter(Q(owner=user) | Q(is_shared=True))

    def changeable_by(self, user):
        """One's own; whoever may manage them, the shared ones too."""
        own = Q(owner=user)
        return self.filter(own | Q(is_shared=True) if user.has_perm(MANAGE) else own)

    def of(self, slug):
        """Those of a desk, by name."""
        return self.filter(slug=slug).order_by(Lower("name"), "pk")


class NamedFilter(models.Model):
    """A filter of a desk (`query`, a query string), and what else was chosen with it (`options`:
    the columns of an export, their order, its sheets, its format); or such choices alone, without
    a `query`."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="named_filters",
        verbose_name=_("owner"),
    )
    slug = models.CharField(_("desk"), max_length=40)
    name = models.CharField(_("name"), max_length=80)
    query = models.TextField(_("filter"), blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    is_shared = models.BooleanField(_("shared with everyone"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = NamedFilterQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        ordering = ["slug", "name"]
        constraints = [
            UniqueConstraint(
                "owner",
                "slug",
                Lower("name"),
                name="named_filter_once",
                violation_error_message=_("You have a saved filter of this name already."),
            ),
            models.CheckConstraint(name="named_filter_has_a_name", condition=~Q(name="")),
        ]
        indexes = [
            models.Index(fields=["slug"], name="named_filter_shared", condition=Q(is_shared=True))
        ]

    def __str__(self):
        return self.name

    @property
    def has_filter(self):
        """Whether it says which records: the choices of a file about picked ones come alone."""
        return bool(self.query) or not self.options
