"""The desk's actions, history and rules in Django admin, through the code that serves the desk."""

from functools import partial

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from simple_history.admin import SimpleHistoryAdmin

from project.audit.recorder import Stale

from . import desk as desks
from .flow import dialog, take
from .selection import NoSelection, Selection, keys_in
from .views import tell


class VersionedForm(forms.ModelForm):
    """Carries the version that was read, so that a stale edit is refused here too."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version

    def check(self, record):
        """Raise ValidationError where the record, with the answers in it, may not be saved.

        For the rules of a service, so that they are told at their field.
        """

    def _post_clean(self):
        super()._post_clean()
        if not self.errors:
            try:
                self.check(self.instance)
            except ValidationError as refusal:
                self._update_errors(refusal)


class OfferedActions:
    """The actions of a desk in its list in admin."""

    desk = ""  # the slug of the desk whose actions are offered

    def get_actions(self, request):
        return {
            action.name: (_runner(action), action.name, action.label)
            for action in desks.get(self.desk).actions_for(request.user)
        }

    def response_action(self, request, queryset):
        try:
            keys_in(request.POST.getlist(ACTION_CHECKBOX_NAME))
        except NoSelection as problem:
            messages.error(request, str(problem))
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset)


class ReadHistoryAdmin(SimpleHistoryAdmin):
    """The former states of a record, to be read: what was comes back by an undo, with its
    permission, its refusals and its log. The library's setting takes the button away, not the
    writing."""

    def history_form_view(self, request, object_id, version_id, extra_context=None):
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return super().history_form_view(request, object_id, version_id, extra_context)


class RecordedAdmin(OfferedActions, ReadHistoryAdmin):
    """Admin of a recorded model: the same actions, log and refusals as its desk; no deletion."""

    form = VersionedForm
    exclude = ("version",)  # the model's, which is not edited; the form has its own
    show_full_result_count = False
    list_per_page = 50

    def has_delete_permission(self, request, obj=None):
        return False

    def write(self, request, obj, form, change):
        """Save one record. A wing with a service for it calls that instead."""
        obj.save(by=request.user)

    def save_model(self, request, obj, form, change):
        if change:
            obj.version = form.cleaned_data["version"] or 0
        self.write(request, obj, form, change)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        ask = partial(super().changeform_view, request, object_id, form_url, extra_context)
        try:
            try:
                return ask()
            except IntegrityError:  # someone was first, and now the form tells so at its field
                return ask()
        except (Stale, ValidationError) as refusal:
            text = " ".join(getattr(refusal, "messages", None) or [str(refusal)])
            messages.error(request, text)
            return HttpResponseRedirect(request.get_full_path())


def words_of(model_admin, request):
    """What chose all the records of a list in admin, a line for each condition; () of those that
    were ticked."""
    if request.POST.get("select_across") != "1":
        return ()
    listed = model_admin.get_changelist_instance(request)
    said = {_("Search"): listed.query} if listed.query else {}
    unsaid = {name: values[-1] for name, values in listed.get_filters_params().items()}
    for filter in listed.filter_specs:
        for name in filter.expected_parameters():
            if unsaid.pop(name, None):
                chosen = [each["display"] for each in filter.choices(listed) if each["selected"]]
                said[capfirst(filter.title)] = ", ".join(map(str, chosen))
    said |= unsaid  # from a link of somebody's own, or the days over the list
    words = [_("%(label)s: %(value)s") % {"label": label, "value": said[label]} for label in said]
    return tuple(words) or (_("Everything"),)


def _runner(action):
    """The function that Django admin calls for an action: ask, then do, as the desk does."""

    def run(model_admin, request, queryset):
        desk = desks.get(model_admin.desk)
        desk.admit(request.user)
        hidden = [
            ("action", action.name),
            ("select_across", request.POST.get("select_across", "0")),
            *(("_selected_action", pk) for pk in request.POST.getlist("_selected_action")),
        ]
        words = words_of(model_admin, request) if action.filters else ()
        step = take(
            desk,
            action,
            Selection(queryset, tuple(hidden), words=words),
            request.POST,
            user=request.user,
        )
        if step.outcome is not None:
            if action.leads_to:
                return redirect(action.leads_to(step.outcome.batch))
            if action.reports:
                return HttpResponse(step.outcome.report, content_type="text/plain; charset=utf-8")
            tell(request, action, step.outcome)
            return None
        context = {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.model._meta,
            **dialog(desk, step),
        }
        return TemplateResponse(request, "admin/action.html", context)

    return run
