"""The pages of imports: take a file, match, check, correct, write, undo."""

from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from project.actions import desk as desks
from project.ui.errors import asks_for_part

from . import importer, listing, services, workbooks
from .forms import MatchForm, RowForm, UploadForm
from .limits import Unreadable, check_size
from .models import Import
from .rows import COUNTED, PENDING, State
from .writing import why_not_undone

SHOWN = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def is_owner(user, item):
    return item.owner_id == user.pk


def may_discard(user, item):
    """Its owner; and, of what they may view, who may delete imports in general."""
    return is_owner(user, item) or user.has_perm("imports.delete_import")


def for_whom(may_act):
    """Find the import; only who `may_act(user, item)` acts on it, and only while they may
    import."""

    def decorated(view):
        @wraps(view)
        def found(request, pk, *args, **kwargs):
            visible = Import.objects.visible_to(request.user).select_related("owner", "job")
            item = get_object_or_404(visible.defer("content"), pk=pk)
            _allow(request, item.importer)
            if request.method == "POST" and not may_act(request.user, item):
                raise PermissionDenied
            try:
                return view(request, item, *args, **kwargs)
            except Import.DoesNotExist:  # discarded meanwhile
                raise Http404 from None

        return found

    return decorated


of_owner = for_whom(is_owner)


def _allow(request, wanted):
    for permission in _needed(wanted):
        if not request.user.has_perm(permission):
            raise PermissionDenied(permission)


def _needed(wanted):
    """To import, and to see the records: a preview shows what they hold now."""
    return wanted.permission, desks.get(wanted.desk).view_permission


def _importer(request, slug):
    try:
        found = importer.importer_of(slug)
    except KeyError:
        raise Http404 from None
    _allow(request, found)
    return found


@require_GET
def import_list(request):
    """One's imports, and what can be imported."""
    importers = [
        each for each in importer.open_to(request.user) if request.user.has_perms(_needed(each))
    ]
    if not importers:
        raise PermissionDenied
    imports = Import.objects.visible_to(request.user).filter(
        slug__in=[each.slug for each in importers]
    )
    items = (
        imports.defer("content")
        .select_related("owner", "job")
        .counted()
        .order_by("-created_at")[:SHOWN]
    )
    for item in items:
        item.discardable = offers_discard(request.user, item, item.written)
    return render(request, "imports/list.html", {"imports": items, "importers": importers})


def offers_discard(user, item, wrote):
    """Whether a page offers to discard an import, which `wrote` rows or did not."""
    untouched = not wrote and not item.is_busy and item.stage != Import.Stage.UNDONE
    return untouched and may_discard(user, item)


@require_http_methods(["GET", "POST"])
def import_new(request, slug):
    """Take a file. What is wrong with it is said at the field."""
    wanted = _importer(request, slug)
    posted = request.method == "POST"
    form = UploadForm(request.POST, request.FILES) if posted else UploadForm()
    if posted and form.is_valid():
        item = _taken(request, wanted, form)
        if item is not None:
            return redirect(item)
    context = {"form": form, "importer": wanted}
    return render(request, "imports/new.html", context, status=422 if form.errors else 200)


def _taken(request, wanted, form):
    file = form.cleaned_data["file"]
    try:
        check_size(file.size)
        return services.take(
            wanted,
            owner=request.user,
            name=file.name,
            data=file.read(),
            language=get_language(),
            **form.options(),
        )
    except Unreadable as problem:
        form.add_error("file", str(problem))
    return None


@require_GET
def template(request, slug):
    """The workbook to fill in, in the user's language."""
    wanted = _importer(request, slug)
    name = _("Import %(what)s.xlsx") % {"what": str(wanted.label).lower()}
    return _download(workbooks.template_of(wanted), name)


def _download(data, name, kind=XLSX):
    response = HttpResponse(data, content_type=kind)
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@vary_on_headers("HX-Request")
@of_owner
def detail(request, item):
    """Where an import stands: columns to match, rows to check, or what came of it."""
    if item.stage == Import.Stage.MATCHING:
        return _matching(request, item, MatchForm(item=item))
    context = preview(request, item)
    if asks_for_part(request):
        return _rows(request, context)
    return render(request, "imports/detail.html", context)


def _rows(request, context):
    return render(request, "imports/_rows.html", context | {"part": True})


def preview(request, item):
    counts = item.counts()
    state = request.GET.get("state", request.POST.get("state", ""))
    if state not in COUNTED or not counts[state]:
        state = ""
    asked = request.GET.get("page", "")
    number = int(asked) if asked.isdecimal() and len(asked) < 7 else 1
    lines, number, pages = listing.page_of(item, state, number)
    batches = services.batches_of(item)
    labels = desks.get(item.importer.desk).labels()
    pending = sum(counts[each] for each in PENDING)
    open_to_change = (
        is_owner(request.user, item) and not item.is_busy and item.stage == Import.Stage.READY
    )
    return {
        "item": item,
        "importer": item.importer,
        "counts": counts,
        "tabs": listing.tabs(item, counts),
        "state": state,
        "lines": lines,
        "page": number,
        "pages": pages,
        "pending": pending,
        "batches": [(batch, labels.get(batch.action, batch.action)) for batch in batches],
        "progress": item.job,
        "may_change": open_to_change,
        "may_choose": open_to_change and not batches,
        "may_confirm": open_to_change and pending,
        "may_discard": offers_discard(request.user, item, batches),
        **undoing(item, batches, request.user),
        "earlier": services.earlier(item),
    }


def undoing(item, batches, user):
    """Whether `user` may undo what was written, and otherwise why not, where that is not told."""
    if not batches or item.is_busy or item.stage != Import.Stage.READY:
        return {"may_undo": False, "why_no_undo": ""}
    if not is_owner(user, item):
        reason = _("Only %(owner)s can undo this import.") % {"owner": item.owner}
    else:
        reason = why_not_undone(batches, user)
    return {"may_undo": not reason, "why_no_undo": reason}


def _matching(request, item, form):
    written = services.written(item)
    try:
        form.samples = services.samples(item)
    except Unreadable as problem:  # it was read before, and may be again
        messages.error(request, str(problem))
    context = {
        "item": item,
        "form": form,
        "importer": item.importer,
        "may_choose": not written,
        "may_discard": offers_discard(request.user, item, written),
    }
    return render(request, "imports/match.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@of_owner
def match(request, item):
    """Match the columns of the file with ours; how its cells are read is asked here as well."""
    if request.POST.get("sheet", item.sheet) != item.sheet:
        messages.error(request, str(services.other_sheet()))
        return redirect("imports:match", item.pk)
    posted = request.POST if request.method == "POST" else None
    form = MatchForm(posted, item=item)
    if request.method == "POST" and form.is_valid():
        try:
            services.match(item, form.names, **form.options())
            return redirect(item)
        except (Unreadable, services.NotNow) as problem:
            form.add_error(None, str(problem))
    return _matching(request, item, form)


@require_POST
@of_owner
def sheet(request, item):
    """Take another sheet of the workbook."""
    return _doing(request, item, services.choose_sheet, request.POST.get("sheet", ""))


@require_POST
@of_owner
def refresh(request, item):
    """Look again: what was missing may be there now."""
    return _doing(request, item, services.refresh)


@require_POST
@of_owner
def confirm(request, item):
    """Write the rows that can be."""
    return _doing(request, item, services.confirm, tell=bool(request.POST.get("tell")))


@require_POST
@of_owner
def undo(request, item):
    """Undo all that the import wrote."""
    return _doing(request, item, services.undo)


def _doing(request, item, verb, *args, **options):
    try:
        verb(item, *args, **options)
    except (Unreadable, services.NotNow) as problem:
        messages.error(request, str(problem))
    return redirect(item)


@require_http_methods(["GET", "POST"])
@for_whom(may_discard)
def discard(request, item):
    """Asked once more, since nothing brings it back."""
    if request.method == "GET":
        return render(request, "imports/discard.html", {"item": item})
    try:
        services.discard(item)
    except services.NotNow as problem:
        messages.error(request, str(problem))
        return redirect(item)
    messages.success(request, _("Import of “%(file)s” discarded.") % {"file": item.file_name})
    return redirect("imports:list")


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@of_owner
def row(request, item, number):
    """Correct the cells of one row."""
    found = next(
        (row for chunk in item.chunks.all() for row in chunk.rows if row.number == number), None
    )
    if found is None or found.state == State.WRITTEN or item.stage != Import.Stage.READY:
        raise Http404
    state = request.POST.get("state", request.GET.get("state", ""))
    form = RowForm(request.POST if request.method == "POST" else None, item=item, row=found)
    if request.method == "POST" and form.is_valid():
        try:
            services.correct(item, number, form.corrected)
        except services.NotNow as problem:
            form.add_error(None, str(problem))
        else:
            if asks_for_part(request):
                return _rows(request, preview(request, item))
            query = f"?state={state}" if state in COUNTED else ""
            return redirect(f"{item.get_absolute_url()}{query}")
    part = asks_for_part(request)
    context = {"item": item, "row": found, "form": form, "state": state, "part": part}
    context["called"] = item.called(number)
    return render(
        request,
        "imports/_row_form.html" if part else "imports/row.html",
        context,
        status=422 if form.errors else 200,
    )


@require_GET
@of_owner
def errors(request, item):
    """The rows in error with their reasons, as a workbook that can be imported again."""
    name = workbooks.name_for(item, _("rows to correct"))
    return _download(workbooks.rows_in_error(item), name)


@require_GET
@of_owner
def file(request, item):
    """The file as it came."""
    return _download(bytes(item.content), item.file_name, "application/octet-stream")
