"""The pages where administrators make integrations, give them tokens and take them away."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from project.actions import desk as desks
from project.actions import pages
from project.audit.recorder import AlreadyDone, Ticket
from project.ui.lists import render_list

from . import services
from .actions import GIVE_TOKEN
from .forms import IntegrationForm
from .models import Integration
from .tables import IntegrationTable

SLUG = "integrations"


def may(permission):
    return permission_required(f"api.{permission}_integration", raise_exception=True)


@require_safe
@may("view")
def integration_list(request):
    desk = desks.get(SLUG)
    may_create = request.user.has_perm(desk.action("create").permission)
    new_url = reverse("api:integration-create") if may_create else None
    return render_list(request, desk, IntegrationTable, new_url=new_url)


@require_safe
@may("view")
def integration_detail(request, pk):
    desk = desks.get(SLUG)
    integration = get_object_or_404(Integration, pk=pk)
    context = {
        "integration": integration,
        "may_edit": request.user.has_perm(desk.action("edit").permission),
        "may_give_token": request.user.has_perm(GIVE_TOKEN.permission),
    }
    return pages.show(request, desk, integration, "api/integration.html", context)


@require_http_methods(["GET", "POST"])
@may("view")
def integration_create(request):
    title = _("New integration")
    return pages.create(request, desks.get(SLUG), IntegrationForm, service=_make, title=title)


@require_http_methods(["GET", "POST"])
@may("view")
def integration_edit(request, pk):
    integration = get_object_or_404(Integration.objects.select_related("user"), pk=pk)
    title = _("Edit %(name)s") % {"name": integration}
    return pages.edit(
        request, desks.get(SLUG), integration, IntegrationForm, service=_save, title=title
    )


def _make(form, *, by, token):
    return services.create(form.instance, by=by, token=token)


def _save(form, *, by):
    return services.edit(form.instance, by=by)


@require_http_methods(["GET", "POST"])
@may("give_token")
def integration_token(request, pk):
    """Give an integration a token: asked first, then shown, once."""
    integration = get_object_or_404(Integration, pk=pk)
    context = {"integration": integration, "secret": "", "token": uuid.uuid4()}
    if request.method == "POST":
        try:
            token = uuid.UUID(request.POST.get("token", ""))
            _outcome, context["secret"] = services.give_token(
                Integration.objects.filter(pk=pk), by=request.user, ticket=Ticket(token=token)
            )
        except (AlreadyDone, ValueError):  # shown once: a second click makes no other
            return redirect(integration)
    response = render(request, "api/token.html", context)
    response["Cache-Control"] = "no-store"
    return response
