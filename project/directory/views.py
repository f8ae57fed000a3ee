"""The pages about parties: the same for each kind, named by its desk."""

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from project.actions import pages
from project.actions.desk import desk_of
from project.ui.lists import render_list

from . import kinds, ties

MOST_OFFERED = 8


@require_safe
def party_list(request, slug):
    desk, kind = desk_of(slug, request.user), kinds.get(slug)
    may = request.user.has_perm(desk.action("create").permission)
    new_url = reverse(kind.create_url) if may else None
    return render_list(request, desk, kind.table, new_url=new_url)


@require_safe
def party_detail(request, slug, pk):
    """All of one party, where it is at work, what can be done with it, and its life."""
    desk, kind = desk_of(slug, request.user), kinds.get(slug)
    party = get_object_or_404(desk.model, pk=pk)
    context = {
        **(kind.more(party, request.user) if kind.more else {}),
        "party": party,
        "plural": desk.model._meta.verbose_name_plural,
        "links": ties.links(party, request.user),
        "requests": ties.requests(party, request.user),
        "may_edit": request.user.has_perm(desk.action("edit").permission),
    }
    return pages.show(request, desk, party, kind.template, context)


@require_http_methods(["GET", "POST"])
def party_create(request, slug):
    desk, kind = desk_of(slug, request.user), kinds.get(slug)
    return pages.create(request, desk, kind.form, title=str(kind.new))


@require_http_methods(["GET", "POST"])
def party_edit(request, slug, pk):
    desk = desk_of(slug, request.user)
    party = get_object_or_404(desk.model, pk=pk)
    return pages.edit(request, desk, party, kinds.get(slug).form)


@require_safe
def party_lookup(request, slug):
    """Active parties that hold what is being typed: options for a field with live search."""
    desk = desk_of(slug, request.user)
    text = request.GET.get("q", "").strip()
    found = desk.model.objects.active().search(text).order_by(kinds.get(slug).order, "pk")
    options = found[:MOST_OFFERED] if text else ()
    return render(request, "directory/_options.html", {"options": options})
