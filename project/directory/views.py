"""The pages about customers, drivers and partners: the same for each kind, named by its desk."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from project.actions import desk as desks
from project.actions import pages
from project.ui.lists import render_list

from . import services, ties
from .forms import CustomerForm, DriverForm, PartnerForm
from .tables import CustomerTable, DriverTable, PartnerTable

MOST_OFFERED = 8
TABLES = {"customers": CustomerTable, "drivers": DriverTable, "partners": PartnerTable}
FORMS = {"customers": CustomerForm, "drivers": DriverForm, "partners": PartnerForm}
NEW = {
    "customers": gettext_lazy("New customer"),
    "drivers": gettext_lazy("New driver"),
    "partners": gettext_lazy("New partner"),
}


@require_safe
def party_list(request, slug):
    desk = open_desk(request, slug)
    create = desk.action("create")
    new_url = f"directory:{desk.model._meta.model_name}-create"
    return render_list(
        request,
        desk,
        TABLES[slug],
        new_url=reverse(new_url) if request.user.has_perm(create.permission) else None,
    )


@require_safe
def party_detail(request, slug, pk):
    """All of one party, where it is at work, what can be done with it, and its life."""
    desk = open_desk(request, slug)
    party = get_object_or_404(desk.model, pk=pk)
    context = {
        "party": party,
        "plural": desk.model._meta.verbose_name_plural,
        "links": ties.links(party, request.user),
        "may_edit": request.user.has_perm(desk.action("edit").permission),
    }
    return pages.show(request, desk, party, "directory/party.html", context)


@require_http_methods(["GET", "POST"])
def party_create(request, slug):
    desk = open_desk(request, slug)
    return pages.create(request, desk, FORMS[slug], service=make, title=str(NEW[slug]))


@require_http_methods(["GET", "POST"])
def party_edit(request, slug, pk):
    desk = open_desk(request, slug)
    party = get_object_or_404(desk.model, pk=pk)
    title = _("Edit %(name)s") % {"name": party}
    return pages.edit(request, desk, party, FORMS[slug], service=save, title=title)


def make(form, *, by, token):
    return services.create(form.instance, by=by, token=token)


def save(form, *, by):
    return services.edit(form.instance, by=by)


@require_safe
def party_lookup(request, slug):
    """Active parties that hold what is being typed: options for a field with live search."""
    desk = open_desk(request, slug)
    text = request.GET.get("q", "").strip()
    found = desk.model.objects.active().search(text).order_by("sort_name", "pk")
    options = found[:MOST_OFFERED] if text else ()
    return render(request, "directory/_options.html", {"options": options})


def open_desk(request, slug):
    """The desk of this kind, for whoever may see its records."""
    desk = desks.get(slug)
    if not request.user.has_perm(desk.view_permission):
        raise PermissionDenied(desk.view_permission)
    return desk
