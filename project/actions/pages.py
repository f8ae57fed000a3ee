"""The pages of one record: show it, create it, edit it. The same for every desk."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from project.audit.models import Batch
from project.audit.recorder import AlreadyDone, Outcome, Stale, log_model_of
from project.audit.refusals import first_refusal
from project.audit.timeline import shown, timeline

from .flow import ticket_of
from .undo import extent, why_not
from .views import tell

MOST_ENTRIES = 200


def show(request, desk, record, template, context=None, *, remarks=None):
    """A record's page: its facts, what can be done with it, and its life."""
    context = {"record": record, **(context or {})}
    return show_all(request, desk, [record], template, context, remarks=remarks)


def show_all(request, desk, records, template, context, *, remarks=None):
    """The page of a few records that belong together, in one: their life as one timeline.

    `remarks(batches)` gives {batch: [remark]} for what came of the entries, such as e-mails.
    """
    entries = timeline(
        records,
        desk.labels(),
        can_undo=lambda batch: not why_not(batch, request.user),
        extent=extent,
        limit=MOST_ENTRIES + 1,
    )
    if remarks:
        found = remarks([entry.batch for entry in entries])
        for entry in entries:
            entry.remarks = found.get(entry.batch, ())
    context = {
        "desk": desk,
        "pk": ",".join(str(record.pk) for record in records),
        "actions": available(
            desk, desk.model.objects.filter(pk__in=[each.pk for each in records]), request.user
        ),
        "entries": entries[:MOST_ENTRIES],
        "older": len(entries) > MOST_ENTRIES,
        "refresh_on": desk.event,
        **context,
    }
    return render(request, template, context)


def available(desk, selection, user):
    """The actions that the user may take on one of these at least; one statement, and no more rows
    than there are sets of reasons not to."""
    actions = desk.actions_for(user)
    if not actions:
        return []
    refusals = [action.refusals_on_page(selection) for action in actions]
    found = selection.order_by().values_list(*map(first_refusal, refusals)).distinct()
    refused = zip(*found, strict=True)
    return [
        {"action": action, "url": desk.action_url(action)}
        for action, rules, codes in zip(actions, refusals, refused, strict=True)
        if any(
            not code or any(rule.code == code and rule.override for rule in rules) for code in codes
        )
    ]


def saved(form, *, by, **options):
    """The service of records that have no rules beyond their own checks: the model's save."""
    return form.instance.save(by=by, **options)


def check_again(form, error):
    """After the IntegrityError that a form had passed: someone was first, and it now tells so.

    Raises the error again where the form finds nothing.
    """
    form.full_clean()
    if form.is_valid():
        raise error


def create(
    request, desk, form_class, *, title, service=saved, initial=None, template="ui/form.html"
):
    """A form that makes a record; posted twice, it makes one and leads to it both times.

    `service(form, *, by, token) -> batch`.
    """
    action = desk.action("create")
    action.allow(request.user)
    form = form_class(request.POST or None, initial=initial)
    token = ticket_of(request.POST).token or uuid.uuid4()
    if request.method == "POST" and form.is_valid():
        try:
            batch = service(form, by=request.user, token=token)
        except AlreadyDone as already:
            return redirect(_made_by(desk, already.batch))
        except ValidationError as error:
            form.add_error(None, error)
        except IntegrityError as error:
            check_again(form, error)
        else:
            tell(request, action, Outcome(batch=batch, changed=1))
            return redirect(form.instance)
    if form.errors:  # the first click may have taken what the second finds missing
        done = Batch.objects.filter(
            token=token, user=request.user, model=desk.model._meta.label_lower
        )
        if first := done.first():
            return redirect(_made_by(desk, first))
    back_url = reverse(desk.list_url)
    return _form_page(request, template, form, title, back_url, {"token": token})


def edit(
    request,
    desk,
    record,
    form_class,
    *,
    service=saved,
    title=None,
    template="ui/form.html",
    **options,
):
    """A form that changes a record. Where someone saved in between, both versions are shown.

    `service(form, *, by) -> batch`, or None where nothing changed.
    """
    action = desk.action("edit")
    action.allow(request.user)
    title = title or _("Edit %(name)s") % {"name": record}
    version = record.version
    form = form_class(request.POST or None, instance=record, **options)
    if request.method == "POST":
        seen = number(request.POST.get("version"))
        if form.is_valid():
            form.instance.version = seen
            try:
                batch = service(form, by=request.user)
            except Stale as stale:
                return _conflict(request, form, stale.current)
            except ValidationError as error:
                form.add_error(None, error)
            except IntegrityError as error:
                check_again(form, error)
            else:
                if batch is None:
                    messages.info(request, _("Nothing was changed."))
                else:
                    tell(request, action, Outcome(batch=batch, changed=1))
                return redirect(record)
        version = seen  # what they saw first stays what they answer for
    watched = {"slug": desk.slug, "pk": record.pk, "version": version}
    return _form_page(
        request, template, form, title, record.get_absolute_url(), {"version": version}, watched
    )


def _form_page(request, template, form, title, back_url, hidden, watched=None):
    context = {
        "form": form,
        "title": title,
        "back_url": back_url,
        "hidden": hidden.items(),
        "watched": watched,
    }
    return render(request, template, context, status=422 if form.errors else 200)


def _conflict(request, form, current):
    """409: what was saved in between beside what was typed; nothing typed is lost."""
    by = current.history.select_related("history_user").first()
    rows = [
        {
            "label": form.fields[name].label,
            "theirs": _shown(current, name),
            "yours": _shown(form.instance, name),
            "differs": getattr(current, name) != getattr(form.instance, name),
        }
        for name in form.fields
        if name in {model_field.name for model_field in current._meta.concrete_fields}
    ]
    hidden = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("version", "csrfmiddlewaretoken")
        for value in values
    ]
    context = {
        "title": str(current),
        "rows": rows,
        "who": by and by.history_user,
        "hidden": [*hidden, ("version", current.version)],
        "reload_url": current.get_edit_url(),
    }
    return render(request, "ui/conflict.html", context, status=409)


def _shown(record, name):
    model_field = record._meta.get_field(name)
    if model_field.is_relation:
        return str(getattr(record, name) or "—")
    return shown(model_field, getattr(record, name))


def _made_by(desk, batch):
    log, key = log_model_of(desk.model)
    line = log._base_manager.filter(batch=batch).select_related(key).first()
    if line is None:
        raise Http404
    return getattr(line, key)


def number(text):
    """The number that a form or an address says, 0 for none."""
    return int(text) if (text or "").isdecimal() and len(text) < 10 else 0
