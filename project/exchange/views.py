"""The page of a file, and the file: for its owner alone."""

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from project.actions import desk as desks
from project.actions import saved
from project.actions.selection import filter_in
from project.jobs import services as jobs
from project.ui.errors import asks_for_part
from project.ui.models import NamedFilter

from . import formats
from .models import Export, State

SHOWN = 100


@require_safe
@never_cache
@vary_on_headers("HX-Request", "HX-Target")
def export_page(request, pk):
    """Where a file is, and the way to it; in a dialog, or as a part that asks for itself."""
    export = mine(request, pk)
    context = {
        "export": export,
        "format": formats.get(export.format),
        "back_url": desks.get(export.slug).list_url,
        "starts": export.state == State.READY and export.fetched_at is None,
    }
    return render(request, template(request), context)


@require_safe
@never_cache
def my_files(request):
    """The user's own files, newest first, for as long as they are kept."""
    exports = Export.objects.filter(owner=request.user).select_related("job")[:SHOWN]
    context = {"files": [(export, formats.get(export.format)) for export in exports]}
    return render(request, "exchange/files.html", context)


@require_safe
@never_cache
def export_file(request, pk):
    export = mine(request, pk)
    if export.state != State.READY:
        return redirect(export)
    try:
        file = export.file.open()
    except FileNotFoundError:
        context = {"export": export, "missing": True, "back_url": desks.get(export.slug).list_url}
        return render(request, "exchange/export.html", context, status=410)
    Export.objects.filter(pk=pk, fetched_at=None).update(fetched_at=timezone.now())
    kind = formats.get(export.format)
    response = FileResponse(
        file, as_attachment=True, filename=export.name, content_type=kind.content_type
    )
    if isinstance(request, ASGIRequest):
        response.streaming_content = in_pieces(file)
    return response


async def in_pieces(file):
    """The file piece by piece, where the server would else take all of it into memory."""
    read = sync_to_async(file.read, thread_sensitive=False)
    while piece := await read(FileResponse.block_size):
        yield piece


@require_POST
def stop_export(request, pk):
    """Stop the job that writes a file, and say so where the file was awaited: the page of the job
    would have the whole desk renewed, selection and all."""
    export = mine(request, pk)
    if export.job:
        jobs.cancel(export.job)
    return redirect(export)


@require_POST
def keep_choices(request, slug, name):
    """Keep what the dialog of a file says under a name: its choices, and the filter that chose the
    records unless they were picked."""
    desk = desks.desk_of(slug, request.user)
    action = desks.action_of(desk, name)
    if not action.filters:
        raise Http404
    action.allow(request.user)
    data = request.POST
    asked = filter_in(data)
    query = "" if asked is None else kept_query(desk, asked, request.user)
    choices = action.form(data, selection=desk.model.objects.none(), user=request.user)
    named = NamedFilter(owner=request.user, slug=desk.slug, query=query or "")
    form = saved.NamedFilterForm(data, instance=named, prefix="keep", use_required_attribute=False)
    if query is None:
        form.add_error(None, _("The filter is not valid: correct it first."))
    if not choices.is_valid():
        form.add_error(None, _("The choices above are not valid: correct them first."))
    else:
        named.options = choices.cleaned_data
    kept = saved.written(form)
    context = {
        "keep": form,
        "kept": named if kept else None,
        "with_filter": asked is not None,
        "desk": desk,
        "action": action,
    }
    if asks_for_part(request):
        return render(request, "exchange/_keep.html", context, status=200 if kept else 422)
    if kept:
        messages.success(request, _("Filter “%(name)s” saved.") % {"name": named})
    else:
        messages.error(request, " ".join(e for errors in form.errors.values() for e in errors))
    return redirect(saved.filters_url(desk))


def kept_query(desk, asked, user):
    """A filter as it is kept; None where it is wrong. One that asks for nothing says so: an empty
    one would count as none."""
    query = saved.cleaned_query(desk, asked, user)
    return desk.matching("", user).bare if query == "" else query


def mine(request, pk):
    """The user's own export; 404 for another's. Who may no longer make it may not fetch it."""
    exports = Export.objects.select_related("batch", "job")
    export = get_object_or_404(exports, pk=pk, owner=request.user)
    desk = desks.get(export.slug)
    for permission in (desk.view_permission, desk.action(export.batch.action).permission):
        if not request.user.has_perm(permission):
            raise PermissionDenied(permission)
    return export


def template(request):
    if not asks_for_part(request):
        return "exchange/export.html"
    in_dialog = request.htmx.target == "dialog"
    return "exchange/_dialog.html" if in_dialog else "exchange/_export.html"
