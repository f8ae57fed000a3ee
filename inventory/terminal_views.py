"""The page of a terminal: its synchronisations, its failures, its key."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from project.actions import pages
from project.actions.desk import desk_of
from project.actions.flow import ticket_of
from project.audit.recorder import AlreadyDone

from . import devices
from .actions import GIVE_KEY
from .filters import SILENT_AFTER
from .models import EtatTerminal, Synchronisation, Terminal

LATEST = 10


@require_safe
def terminal_detail(request, pk):
    desk = desk_of("terminaux", request.user)
    terminal = get_object_or_404(Terminal.objects.select_related("boutique"), pk=pk)
    etat = EtatTerminal.objects.filter(terminal=terminal).first()
    last = etat and etat.derniere_sync
    requests = ()
    if request.user.has_perm("inventory.view_synchronisation"):
        requests = Synchronisation.objects.filter(terminal=terminal)[:LATEST]
    context = {
        "terminal": terminal,
        "last": last,
        "silent": terminal.est_actif and (last is None or timezone.now() - last > SILENT_AFTER),
        "requests": requests,
        "waiting": terminal.quarantaine.waiting().count(),
        "may_edit": request.user.has_perm(desk.action("edit").permission),
        "may_give_key": request.user.has_perm(GIVE_KEY.permission),
    }
    return pages.show(request, desk, terminal, "inventory/terminal.html", context)


@require_http_methods(["GET", "POST"])
@permission_required(GIVE_KEY.permission, raise_exception=True)
def terminal_key(request, pk):
    """Give a terminal a key: asked first, then shown, once."""
    terminal = get_object_or_404(Terminal, pk=pk)
    context = {"terminal": terminal, "key": "", "token": uuid.uuid4()}
    if request.method == "POST":
        ticket = ticket_of(request.POST)
        if ticket.token is None:
            return redirect(terminal)
        try:
            _outcome, context["key"] = devices.give_key(
                Terminal.objects.filter(pk=pk), by=request.user, ticket=ticket
            )
        except AlreadyDone:  # shown once: a second click makes no other
            return redirect(terminal)
    response = render(request, "inventory/key.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@permission_required("inventory.view_synchronisation", raise_exception=True)
def failures(request):
    """The latest requests of devices that were refused, those of unknown ones included."""
    failed = Synchronisation.objects.failed().select_related("terminal")[:200]
    return render(request, "inventory/failures.html", {"requests": failed})
