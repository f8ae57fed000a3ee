"""The one view that shows an action's dialog and does it, for every desk; undo; a batch's page."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget, trigger_client_event

from project.audit.former import standing
from project.audit.models import Batch
from project.audit.recorder import AlreadyDone, log_model_of
from project.ui.formats import Counted

from . import desk as desks
from .flow import dialog, take
from .selection import NoSelection, of_batch, read
from .undo import CannotUndo, undo, why_not

PAGE = 100


@require_http_methods(["GET", "POST"])
def run(request, slug, name):
    """Show what an action would do to the selection posted; do it once it is confirmed.

    A GET is what is left of a dialog after signing in again: it leads to the list.
    """
    desk = desks.desk_of(slug, request.user)
    action = desks.action_of(desk, name)
    if request.method == "GET":
        return redirect(desk.list_url)
    try:
        selection = read(desk, request.POST, request.user)
    except NoSelection as problem:
        messages.error(request, str(problem))
        return _back(request, desk)
    step = take(
        desk,
        action,
        selection,
        request.POST,
        user=request.user,
    )
    if step.outcome is None:
        return _ask(request, desk, step)
    if action.leads_to:
        return redirect(action.leads_to(step.outcome.batch))
    if action.reports:
        return _report(request, desk, step)
    tell(request, action, step.outcome)
    if made := _page_of_what_was_made(desk, action, step.outcome, request.user):
        return _lead(request, made)
    return _done(request, desk)


@require_POST
def undo_batch(request, batch_id):
    """Undo a whole batch; what someone changed since is left alone and named."""
    done = get_object_or_404(Batch, pk=batch_id)
    try:
        desk = desks.of_model(done.model)
        if asked := _asked_before_undo(request, desk, done):
            return asked
        outcome = undo(done, by=request.user)
    except KeyError:
        raise Http404 from None
    except (CannotUndo, AlreadyDone, NoSelection) as problem:
        messages.error(request, str(problem))
        return _done(request, desk)
    changed = ngettext(
        "%(n)s record is as it was.", "%(n)s records are as they were.", outcome.changed
    )
    _toast(request, changed % {"n": Counted(outcome.changed)}, outcome, undoable=False)
    if outcome.changed and (away := _away_from_what_was_made(request, desk, done)):
        return _lead(request, away)
    return _done(request, desk)


def _asked_before_undo(request, desk, done):
    """The dialog of the action that undoes a batch, where it has something to ask; else None."""
    if why_not(done, request.user) or not desk.action(done.action).undo_asks:
        return None
    inverse = desk.action(desk.action(done.action).inverse)
    selection = of_batch(desk, done, request.user)
    step = take(desk, inverse, selection, QueryDict(), user=request.user)
    dialog_of = _ask(request, desk, step)
    # The button that undoes expects no page.
    return reswap(retarget(dialog_of, "#dialog"), "innerHTML") if request.htmx else dialog_of


@require_safe
def batch(request, batch_id):
    """What one act did: who, when, why, which records, and which it left alone."""
    done = get_object_or_404(Batch.objects.select_related("user"), pk=batch_id)
    try:
        desk = desks.of_model(done.model)
    except KeyError:
        raise Http404 from None
    desk.admit(request.user)
    log, key = log_model_of(desk.model)
    lines = log._base_manager.filter(batch=done, action_code=done.action)
    named = lines.order_by(key).values_list(f"{key}_id", f"{key}__{desk.label}")
    changed = Paginator(named, PAGE).get_page(request.GET.get("changed"))
    changed.object_list = [_link(desk, pk, name) for pk, name in changed.object_list]
    refusals = done.refusals.order_by("object_id")
    refused = Paginator(refusals, PAGE).get_page(request.GET.get("refused"))
    keys = [refusal.object_id for refusal in refused]
    names = dict(desk.model.objects.filter(pk__in=keys).values_list("pk", desk.label))
    refused.object_list = [
        _link(desk, refusal.object_id, names[refusal.object_id]) | {"reason": refusal.message}
        for refusal in refused
    ]
    undone = getattr(done, "undone_by", None)
    idle = done.refusals.filter(idle=True).count() if done.refused else 0
    context = {
        "batch": {
            "label": desk.labels().get(done.action, done.action),
            "who": done.user,
            "when": done.created_at,
            "reason": done.reason,
            "changed": done.changed,
            "refused": done.refused - idle,
            "idle": idle,
            "also": [
                (registered.model._meta.verbose_name_plural, count)
                for label, count in sorted(done.also.items())
                if (registered := desks.known(label))
            ],
            "undone_by": undone and undone.user,
            "undone_at": undone and undone.created_at,
            "undo_url": reverse("undo", args=[done.pk]),
        },
        "changed": changed,
        "refused": refused,
        "can_undo": not why_not(done, request.user) and bool(standing(desk.model, [done.pk])),
    }
    return render(request, "actions/batch.html", context)


def tell(request, action, outcome):
    """The toast: what was done and what was refused, with the way to see it and undo it."""
    text = str(action.done % {"n": Counted(outcome.changed)})
    _toast(request, text, outcome, undoable=not why_not(outcome.batch, request.user))


def _toast(request, text, outcome, *, undoable):
    refused = [reason for reason in outcome.refused if not reason.idle]
    idle = [reason for reason in outcome.refused if reason.idle]
    if refused:
        count = sum(reason.count for reason in refused)
        text += " " + ngettext(
            "%(n)s refused: %(reasons)s.", "%(n)s refused: %(reasons)s.", count
        ) % {"n": Counted(count), "reasons": counted(refused)}
    if idle:
        text += " " + _("%(reasons)s: nothing to do.") % {"reasons": counted(idle)}
    level = messages.SUCCESS if outcome.changed else messages.INFO
    if refused or not (outcome.changed or idle):
        level = messages.WARNING
    tags = f"batch:{outcome.batch.pk}" if outcome.batch else ""
    tags += " undo" if undoable else ""
    messages.add_message(request, level, text, extra_tags=tags)


def counted(reasons):
    """Why records were left alone, in a line: "3 already cancelled, 1 archived"."""
    return ", ".join(f"{Counted(reason.count)} {reason.message}" for reason in reasons)


def _link(desk, pk, name):
    return {"label": name, "url": desk.record_url(pk, name)}


def _back_url(request, desk):
    """Where the user came from, if it is a page of ours."""
    for url in (
        request.POST.get("back"),
        request.headers.get("HX-Current-URL"),
        request.headers.get("Referer"),
    ):
        if url and url_has_allowed_host_and_scheme(url, {request.get_host()}):
            return url
    return reverse(desk.list_url)


def _back(request, desk):
    """To where the user was: an htmx request stays there, and the toast appears."""
    if request.htmx:
        return HttpResponse()
    return HttpResponseRedirect(_back_url(request, desk))


def _done(request, desk):
    """Close the dialog and tell every section that shows such records."""
    if not request.htmx:
        return HttpResponseRedirect(_back_url(request, desk))
    return trigger_client_event(trigger_client_event(HttpResponse(), desk.event), "dialog-close")


def _lead(request, url):
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _page_of_what_was_made(desk, action, outcome, user):
    """The page of the one record that an action made, open for edit if it may be; '' for more."""
    if not (action.creates and outcome.changed == 1):
        return ""
    record, _from = _made_in(desk, outcome.batch)
    may_edit = user.has_perm(desk.action("edit").permission)
    return record.get_edit_url() if may_edit else record.get_absolute_url()


def _away_from_what_was_made(request, desk, undone):
    """Where to go from the form of the one record that an act had made, once that is undone: to
    the record that it was made from, or its own page; '' from anywhere else."""
    if not (desk.action(undone.action).creates and undone.changed == 1):
        return ""
    record, made_from = _made_in(desk, undone)
    if urlsplit(_back_url(request, desk)).path != record.get_edit_url():
        return ""
    return (made_from or record).get_absolute_url()


def _made_in(desk, batch):
    """(the one record that a batch made, the one that it was made from or None)"""
    log, key = log_model_of(desk.model)
    lines = log._base_manager.filter(batch=batch).select_related(key)
    made = lines.get(action_code=batch.action)
    others = lines.exclude(action_code=batch.action)[:2]
    return getattr(made, key), getattr(others[0], key) if len(others) == 1 else None


def _ask(request, desk, step):
    back_url = _back_url(request, desk)
    context = dialog(desk, step)
    context |= {"hidden": [*context["hidden"], ("back", back_url)], "back_url": back_url}
    # Counts that are refreshed are no answer that is refused, whatever was typed so far.
    refused = step.invalid and not request.POST.get("preview")
    status = 409 if step.changed else 422 if refused else 200
    template = "actions/_dialog.html" if request.htmx else "actions/confirm.html"
    return render(request, template, context, status=status)


def _report(request, desk, step):
    text, action = step.outcome.report, step.action
    if request.POST.get("as") == "text":
        return HttpResponse(text, content_type="text/plain; charset=utf-8")
    context = {
        "title": action.question % {"n": Counted(step.outcome.changed)},
        "text": text,
        "filename": f"{action.name}.txt",
        "post_url": desk.action_url(action),
        "hidden": list(step.selection.hidden),
        "back_url": _back_url(request, desk),
    }
    template = "actions/_report.html" if request.htmx else "actions/report.html"
    return render(request, template, context)
