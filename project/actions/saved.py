"""Filters kept under a name: apply one, keep the present one, rename, share, delete."""

from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from project.ui.errors import asks_for_part
from project.ui.models import NamedFilter

from .desk import desk_of

LONGEST_QUERY = 20_000  # characters; references can be pasted by the hundred


class NamedFilterForm(forms.ModelForm):
    """Its name, and whether everyone sees it."""

    class Meta:
        model = NamedFilter
        fields = ("name", "is_shared")
        labels = {
            "name": gettext_lazy("Name"),
            "is_shared": gettext_lazy("Shared with everyone"),
        }


def cleaned_query(desk, query, user):
    """A query string as the desk's filter has it, without what it does not know."""
    if len(query) > LONGEST_QUERY:
        return None
    matching = desk.matching(query, user)
    return matching.query if matching.is_valid() else None


@require_safe
@vary_on_headers("HX-Request")
def filters(request, slug):
    """The saved filters of a desk: a menu for htmx, and a page where one manages them."""
    desk = desk_of(slug, request.user)
    return page(request, desk, request.GET.get("query", ""))


def page(request, desk, query, form=None, changed=None, status=200):
    """`form` is the one that was refused: of the filter `changed`, or of a new one."""
    visible = NamedFilter.objects.of(desk.slug).visible_to(request.user).select_related("owner")
    mine = set(
        NamedFilter.objects.of(desk.slug)
        .changeable_by(request.user)
        .order_by()
        .values_list("pk", flat=True)
    )
    if changed is None:
        changed_form, form = None, form or NamedFilterForm()
    else:
        changed_form, form = form, NamedFilterForm()
    context = {
        "desk": desk,
        "saved": [
            {
                "filter": each,
                "form": form_of(each, changed, changed_form) if each.pk in mine else None,
                "words": words_of(desk, each.query, request.user) if each.has_filter else [],
                "own": each.owner_id == request.user.pk,
            }
            for each in visible
        ],
        "form": form,
        "query": query,
        "words": words_of(desk, query, request.user),
        "back_url": list_url(desk, query),
    }
    template = "actions/_saved.html" if asks_for_part(request) else "actions/saved.html"
    return render(request, template, context, status=status)


def form_of(named, changed, form):
    if named == changed:
        return form
    return NamedFilterForm(instance=named, auto_id=f"filter_{named.pk}_%s")


def words_of(desk, query, user):
    return [chip.label for chip in desk.matching(query, user).chips]


def list_url(desk, query):
    url = reverse(desk.list_url)
    return f"{url}?{query}" if query else url


@require_POST
def keep(request, slug):
    """Keep the list's present filter under a name."""
    desk = desk_of(slug, request.user)
    query = cleaned_query(desk, request.POST.get("query", ""), request.user)
    if query is None:
        messages.error(request, _("The filter is not valid: correct it first."))
        return redirect(desk.list_url)
    named = NamedFilter(owner=request.user, slug=desk.slug, query=query)
    form = NamedFilterForm(request.POST, instance=named)
    if not written(form):
        return page(request, desk, query, form, status=422)
    messages.success(request, _("Filter “%(name)s” saved.") % {"name": named})
    return redirect(list_url(desk, query))


def written(form):
    """Whether the form could be saved; of two at once with one name, one is told so."""
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            form.save()
    except IntegrityError:
        form.add_error("name", _("You have a saved filter of this name already."))
        return False
    return True


@require_safe
def apply(request, pk):
    """The list, filtered so; 404 for what another user keeps to themselves."""
    named = get_object_or_404(NamedFilter.objects.visible_to(request.user), pk=pk)
    desk = desk_of(named.slug, request.user)
    return redirect(list_url(desk, named.query))


@require_POST
def change(request, pk):
    """Another name; shared, or no longer."""
    named = get_object_or_404(NamedFilter.objects.changeable_by(request.user), pk=pk)
    desk = desk_of(named.slug, request.user)
    form = NamedFilterForm(request.POST, instance=named, auto_id=f"filter_{named.pk}_%s")
    if not written(form):
        return page(request, desk, "", form, changed=named, status=422)
    messages.success(request, _("Filter “%(name)s” saved.") % {"name": named})
    return redirect(filters_url(desk))


@require_http_methods(["GET", "POST"])
def delete(request, pk):
    """Asked once more, since nothing brings it back."""
    named = get_object_or_404(NamedFilter.objects.changeable_by(request.user), pk=pk)
    desk = desk_of(named.slug, request.user)
    if request.method == "POST":
        name = str(named)
        named.delete()
        messages.success(request, _("Filter “%(name)s” deleted.") % {"name": name})
        return redirect(filters_url(desk))
    context = {"named": named, "back_url": filters_url(desk)}
    return render(request, "actions/delete_saved.html", context)


def filters_url(desk, query=""):
    url = reverse("saved-filters", args=[desk.slug])
    return f"{url}?{urlencode({'query': query})}" if query else url


def chosen(data, slug, user):
    """The saved filter that a dialog was just told to take, or None.

    `taken` is the one that it took before: from then on its fields say what is asked. 404 for one
    that is gone, is another desk's or is another user's own.
    """
    key = data.get("saved", "")
    if not key or key == data.get("taken"):
        return None
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    return get_object_or_404(NamedFilter.objects.of(slug).visible_to(user), pk=int(key))


def taken(key, slug, user):
    """The saved filter that a dialog took before and still shows, or None."""
    if not key.isdecimal() or len(key) > 18:
        return None
    return NamedFilter.objects.of(slug).visible_to(user).filter(pk=int(key)).first()
