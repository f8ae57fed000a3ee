"""The lists of the inventory, and the pages of its records."""

from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from project.actions import pages
from project.actions.desk import desk_of
from project.ui.lists import render_list

from . import queries
from .forms import ArticleForm, BoutiqueForm, TerminalForm
from .models import MouvementStock, Vente
from .stock_forms import MOST_LINES
from .tables import (
    ArticleTable,
    BoutiqueTable,
    MouvementTable,
    QuarantaineTable,
    TerminalTable,
    VenteTable,
)

TABLES = {
    "articles": ArticleTable,
    "boutiques": BoutiqueTable,
    "terminaux": TerminalTable,
    "mouvements": MouvementTable,
    "ventes": VenteTable,
    "quarantaine": QuarantaineTable,
}
FORMS = {"articles": ArticleForm, "boutiques": BoutiqueForm, "terminaux": TerminalForm}
NEW = {
    "articles": ("inventory:article-create", gettext_lazy("New article")),
    "boutiques": ("inventory:boutique-create", gettext_lazy("New shop")),
    "terminaux": ("inventory:terminal-create", gettext_lazy("New terminal")),
}
# The lists with ways to more than their records.
TEMPLATES = {"articles": "inventory/articles.html", "terminaux": "inventory/terminaux.html"}
LATEST = 10


@require_safe
def record_list(request, slug):
    desk = desk_of(slug, request.user)
    new_url = None
    if slug in NEW and request.user.has_perm(desk.action("create").permission):
        new_url = reverse(NEW[slug][0])
    template = TEMPLATES.get(slug, "ui/desk.html")
    return render_list(request, desk, TABLES[slug], new_url=new_url, template=template)


@require_http_methods(["GET", "POST"])
def record_create(request, slug):
    desk = desk_of(slug, request.user)
    return pages.create(request, desk, FORMS[slug], title=str(NEW[slug][1]))


@require_http_methods(["GET", "POST"])
def record_edit(request, slug, pk):
    desk = desk_of(slug, request.user)
    record = get_object_or_404(desk.model, pk=pk)
    return pages.edit(request, desk, record, FORMS[slug])


@require_safe
def article_detail(request, pk):
    """An article: its stock and the line it took, its latest movements, its life."""
    desk = desk_of("articles", request.user)
    article = get_object_or_404(desk.model.objects.select_related("boutique"), pk=pk)
    may_see = request.user.has_perm("inventory.view_mouvementstock")
    movements = article.mouvements.order_by("-id")[:LATEST] if may_see else ()
    context = {
        "article": article,
        "movements": movements,
        "sparkline": queries.sparkline(article) if may_see else "",
        "may_edit": request.user.has_perm(desk.action("edit").permission),
    }
    return pages.show(request, desk, article, "inventory/article.html", context)


@require_safe
def boutique_detail(request, pk):
    desk = desk_of("boutiques", request.user)
    boutique = get_object_or_404(desk.model, pk=pk)
    context = {
        "boutique": boutique,
        "terminals": boutique.terminaux.order_by("sort_name", "pk"),
        "low": queries.low_stock(boutique),
        "may_edit": request.user.has_perm(desk.action("edit").permission),
    }
    return pages.show(request, desk, boutique, "inventory/boutique.html", context)


@require_safe
@permission_required("inventory.view_mouvementstock", raise_exception=True)
def mouvement_detail(request, pk):
    """One movement, what it belongs to, and the others of the same act."""
    rows = MouvementStock.objects.select_related("article", "boutique", "vente", "batch")
    movement = get_object_or_404(rows, pk=pk)
    others = ()
    if movement.batch_id:
        others = rows.filter(batch=movement.batch_id).exclude(pk=pk).order_by("pk")[:LATEST]
    context = {"movement": movement, "others": others}
    return render(request, "inventory/mouvement.html", context)


@require_safe
@permission_required("inventory.view_vente", raise_exception=True)
def vente_detail(request, pk):
    """A sale: its lines, what moved, what came back."""
    vente = get_object_or_404(Vente.objects.select_related("boutique", "terminal"), pk=pk)
    lines, movements = vente.lignes, vente.mouvements
    context = {
        "vente": vente,
        "lines": lines.select_related("article").order_by("id")[:MOST_LINES],
        "more_lines": max(0, lines.count() - MOST_LINES),
        "movements": movements.select_related("article").order_by("id")[:MOST_LINES],
        "more_movements": max(0, movements.count() - MOST_LINES),
        "may_return": request.user.has_perm("inventory.return_article"),
    }
    return render(request, "inventory/vente.html", context)
