"""The pages that move stock by many lines: receipts and issues, counts, returns, corrections."""

import uuid
from functools import partial
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from project.actions import pages
from project.actions.desk import desk_of
from project.actions.flow import ticket_of
from project.actions.views import tell
from project.audit.recorder import AlreadyDone, Outcome, Stale

from . import movements, quarantine
from .actions import COUNT, ISSUE, RECEIVE, TAKE_BACK
from .models import Vente, VenteEnQuarantaine
from .states import EtatQuarantaine, TypeMouvement
from .stock_forms import (
    LINES,
    MOST_COUNTED,
    MOST_LINES,
    CorrectForm,
    CountForm,
    DocumentForm,
    ReturnForm,
    ShopForm,
    lines_of,
    lines_shown,
)

DOCUMENTS = {
    "receive": (RECEIVE, TypeMouvement.ENTREE, gettext_lazy("Receipt")),
    "issue": (ISSUE, TypeMouvement.SORTIE, gettext_lazy("Issue of stock")),
}


def _token(request):
    return ticket_of(request.POST).token or uuid.uuid4()


def _shop(request):
    """The shop that the page is about, or None where it has yet to be chosen."""
    form = ShopForm(request.GET or None)
    return form, form.cleaned_data["boutique"] if form.is_valid() else None


def _carried_out(request, action, form, verb):
    """Do what a valid form asks, and say so; the batch, or None where nothing moved.

    Where it can't be done the form says why. A second click finds what the first one did.
    """
    try:
        batch = verb()
    except ValidationError as error:
        form.add_error(None, error)
        return None
    except AlreadyDone as already:
        return already.batch
    if batch:
        tell(request, action, Outcome(batch=batch, changed=batch.changed))
    return batch


def _moved(request, batch, shop, reference):
    """Where a document ends: at its movements, for who may see them, with what each left."""
    if not request.user.has_perm("inventory.view_mouvementstock"):
        return redirect("batch", batch.pk)
    asked = urlencode({"boutique": shop.pk, "reference": reference})
    return redirect(f"{reverse('inventory:mouvements')}?{asked}")


def _document_form(data, shop):
    """What was typed, to be checked; or, with more lines, to be gone on with."""
    count = pages.number(data.get("lines"))
    if "more" in data:
        return DocumentForm(initial=data.dict(), shop=shop, count=count + LINES)
    return DocumentForm(data or None, shop=shop, count=count)


def _page(request, template, form, context):
    status = 422 if form is not None and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


@require_http_methods(["GET", "POST"])
def stock_document(request, kind):
    """A receipt or an issue: a document's number, and so many of each of its articles."""
    if kind not in DOCUMENTS:
        raise Http404
    action, genre, title = DOCUMENTS[kind]
    action.allow(request.user)
    shop_form, shop = _shop(request)
    token = _token(request)
    form = _document_form(request.POST, shop) if shop else None
    if form and form.is_bound and form.is_valid():
        asked = form.cleaned_data
        document = partial(
            movements.document,
            shop,
            form.quantities,
            genre,
            by=request.user,
            reference=asked["reference"],
            comment=asked["comment"],
            token=token,
        )
        if batch := _carried_out(request, action, form, document):
            return _moved(request, batch, shop, asked["reference"])
    context = {
        "title": title,
        "shop_form": shop_form,
        "shop": shop,
        "token": token,
        "back_url": reverse("inventory:articles"),
    }
    return _page(request, "inventory/document.html", form, context)


@require_http_methods(["GET", "POST"])
@permission_required(COUNT.permission, raise_exception=True)
def stock_count(request):
    """A count: what is there beside what should be; the differences are shown before they move."""
    shop_form, shop = _shop(request)
    token = _token(request)
    form, previewed, text = None, False, request.GET.get("q", "").strip()
    if shop:
        form = CountForm(request.POST or None, shop=shop, text=text)
        if request.method == "POST" and form.is_valid():
            if "confirm" not in request.POST:
                previewed = True
                form.freeze()
            elif "change" not in request.POST:
                count = partial(
                    movements.count,
                    shop,
                    form.counted,
                    by=request.user,
                    reference=form.cleaned_data["reference"],
                    token=token,
                )
                if batch := _carried_out(request, COUNT, form, count):
                    return _moved(request, batch, shop, form.cleaned_data["reference"])
                if not form.errors:
                    messages.info(request, _("All was counted as expected."))
                    return redirect("inventory:articles")
    context = {
        "title": _("Stock count"),
        "shop_form": shop_form,
        "shop": shop,
        "q": text,
        "previewed": previewed,
        "token": token,
        "most": MOST_COUNTED,
        "back_url": reverse("inventory:articles"),
    }
    return _page(request, "inventory/count.html", form, context)


@require_http_methods(["GET", "POST"])
@permission_required(("inventory.view_vente", TAKE_BACK.permission), raise_exception=True)
def vente_return(request, pk):
    """Take articles of a sale back into stock."""
    vente = get_object_or_404(Vente.objects.select_related("boutique"), pk=pk)
    form = ReturnForm(request.POST or None, vente=vente)
    token = _token(request)
    if request.method == "POST" and form.is_valid():
        take_back = partial(
            movements.take_back,
            vente,
            form.quantities,
            by=request.user,
            reason=form.cleaned_data["reason"],
            token=token,
        )
        if _carried_out(request, TAKE_BACK, form, take_back):
            return redirect(vente)
    context = {"vente": vente, "token": token, "back_url": vente.get_absolute_url()}
    return _page(request, "inventory/return.html", form, context)


# ------------------------------------------------------------------------------------ quarantine
def _first(request):
    """From which line on the lines are asked for, counted from 0."""
    return pages.number(request.GET.get("first"))


@require_safe
def quarantaine_detail(request, pk):
    """A sale in quarantine: why it waits, what was received, and what can be done."""
    desk = desk_of("quarantaine", request.user)
    entries = VenteEnQuarantaine.objects.select_related("boutique", "terminal", "vente")
    entry = get_object_or_404(entries, pk=pk)
    waiting = entry.etat == EtatQuarantaine.EN_ATTENTE
    lines = lines_of(entry) if waiting else []
    context = {
        "entry": entry,
        "waiting": waiting,
        "lines": lines_shown(entry, lines[:MOST_LINES]),
        "more": len(lines[MOST_LINES:]),
        "corrected": entry.contenu != entry.contenu_recu,
        "may_edit": waiting and request.user.has_perm(desk.action("correct").permission),
    }
    return pages.show(request, desk, entry, "inventory/quarantaine.html", context)


@require_http_methods(["GET", "POST"])
def quarantaine_edit(request, pk):
    """Correct a sale in quarantine; what was received stays beside it."""
    desk = desk_of("quarantaine", request.user)
    action = desk.action("correct")
    action.allow(request.user)
    entries = VenteEnQuarantaine.objects.waiting().select_related("boutique")
    entry = get_object_or_404(entries, pk=pk)
    form = CorrectForm(request.POST or None, instance=entry, first=_first(request))
    version = entry.version
    if request.method == "POST" and form.is_valid():
        entry.version = pages.number(request.POST.get("version"))
        try:
            batch = quarantine.correct(entry, form.content, by=request.user)
        except Stale as stale:
            # Saved once more, what was typed goes over what they see they would overwrite.
            entry, version = stale.current, stale.current.version
            if entry.etat != EtatQuarantaine.EN_ATTENTE:
                messages.warning(request, str(stale))
                return redirect(entry)
            form.add_error(None, str(stale))
        else:
            if batch:
                tell(request, action, Outcome(batch=batch, changed=1))
            return redirect(entry)
    context = {
        "title": _("Correct the sale %(number)s") % {"number": entry},
        "entry": entry,
        "version": version,
        "back_url": entry.get_absolute_url(),
    }
    return _page(request, "inventory/correct.html", form, context)
