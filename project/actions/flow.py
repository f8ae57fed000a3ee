"""The one way an action is asked for, shown and done. Desk, admin and API only present it."""

import uuid
from dataclasses import dataclass, field

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import (
    AlreadyDone,
    Outcome,
    SelectionChanged,
    Ticket,
    digest_of,
    refused_by_reason,
)
from project.audit.refusals import first_refusal
from project.ui.formats import Counted

EXAMPLES = 5


@dataclass(slots=True)
class Reason:
    """Why some records will be left alone, and a few of them by name."""

    code: str
    reason: str
    count: int
    override: str | None
    examples: list = field(default_factory=list)


@dataclass(slots=True)
class Preview:
    """What will change and what won't, by the split that the service itself uses."""

    total: int
    ready: int
    refused: list[Reason]
    digest: str
    widened: int = 0

    @property
    def warnings(self):
        return [reason for reason in self.refused if reason.override]


class OverrideForm(forms.Form):
    """Going ahead in spite of a warning: said aloud, with a reason."""

    override = forms.BooleanField(
        label=gettext_lazy("Go ahead all the same"),
        required=False,
        widget=forms.CheckboxInput(attrs={"data-preview": ""}),
    )
    override_reason = forms.CharField(
        label=gettext_lazy("Reason to go ahead"), required=False, max_length=200
    )

    def clean(self):
        data = super().clean()
        if data.get("override") and not data.get("override_reason", "").strip():
            self.add_error("override_reason", _("Say why you go ahead all the same."))
        return data


@dataclass(slots=True)
class Step:
    """Where a request stands: a dialog to show (`outcome` None), or what was done."""

    action: object
    selection: object
    preview: Preview | None = None
    form: object = None
    scope: object = None
    changed: bool = False
    outcome: Outcome | None = None
    token: str = ""
    may_override: bool = False
    override: OverrideForm | None = None
    errors: list = field(default_factory=list)

    @property
    def invalid(self):
        """Whether something in the answers needs correcting."""
        return bool(self.errors or any(form and form.errors for form in (self.form, self.override)))


def preview(action, queryset, answers, *, desk, picked=None):
    """Split a selection into what will change and what is refused, in a constant few statements."""
    refusals = action.refusals_for(queryset, answers)
    total, digest = digest_of(queryset)
    reasons = []
    if refusals:
        split = queryset.order_by().annotate(_refusal=first_refusal(refusals))
        counts = dict(split.values_list("_refusal").annotate(n=Count("pk")).order_by())
        counts.pop("", None)
        reasons = [
            Reason(refusal.code, str(refusal.message), counts[refusal.code], refusal.override)
            for refusal in refusals
            if refusal.code in counts
        ]
        if reasons:
            place = Window(RowNumber(), partition_by=F("_refusal"), order_by=F("pk").asc())
            named = split.exclude(_refusal="").annotate(_place=place).filter(_place__lte=EXAMPLES)
            examples = named.order_by("pk").values_list("_refusal", "pk", desk.label)
            for code, pk, name in examples:
                reason = next(reason for reason in reasons if reason.code == code)
                reason.examples.append({"label": name, "url": desk.record_url(pk, name)})
    ready = total - sum(reason.count for reason in reasons)
    widened = total - picked.count() if picked is not None else 0
    return Preview(total, ready, reasons, digest, widened)


def take(desk, action, selection, data, *, user):
    """Read the answers; do the action if it is confirmed and in order, else say what it would do.

    `data` is the request's POST. A confirmation without the ticket of a dialog is a question: who
    sends it saw no counts. A report needs none. Raises PermissionDenied.
    """
    if not user.has_perm(action.permission):
        raise PermissionDenied(action.permission)
    scope = action.scope(data.get("scope"))
    queryset = scope.widen(selection.queryset) if scope else selection.queryset
    step = Step(action, selection, scope=scope, token=str(uuid.uuid4()))
    ticket = ticket_of(data)
    asking = bool(data.get("preview"))
    answering = asking or data.get("confirm") == "1"
    confirmed = action.reports or bool(answering and not asking and ticket.token and ticket.digest)
    answers, valid = {}, True
    if action.form:
        step.form = action.form(data if answering else None, selection=queryset, user=user)
        if answering:
            valid = step.form.is_valid()
            answers = dict(step.form.cleaned_data)
        else:
            answers = {
                name: step.form.get_initial_for_field(asked, name)
                for name, asked in step.form.fields.items()
            }
        if not confirmed:
            # A dialog that refreshes its counts is not the place to scold about empty fields.
            step.form.errors.clear()
    override = OverrideForm(data)
    may_override = bool(action.warns) and user.has_perm(action.warns)
    if answering and data.get("override") and action.warns and (confirmed or may_override):
        if override.is_valid():
            answers["override"] = override.cleaned_data["override_reason"].strip()
        else:
            answers["override"] = "?"  # for the counts only, as if a reason were given
            valid = valid and not confirmed
            if asking:
                override.errors.clear()
    if confirmed and valid:
        try:
            step.outcome = action.run(queryset, by=user, ticket=ticket, **answers)
            return step
        except SelectionChanged:
            step.changed = True
        except AlreadyDone as already:
            if (already.batch.action, already.batch.user_id) == (action.code, user.pk):
                step.outcome = outcome_of(already.batch)
                return step
            step.changed = True  # another form's token: this was not done
        except ValidationError as error:
            if step.form is None:
                step.errors += error.messages
            else:
                step.form.add_error(None, error)
    picked = selection.queryset if scope and scope.added else None
    step.preview = preview(action, queryset, answers, desk=desk, picked=picked)
    if action.warns and (step.preview.warnings or data.get("override")):
        step.may_override = may_override
        step.override = override if step.may_override else None
    return step


def dialog(desk, step):
    """What a template needs to show a step that waits for an answer."""
    action, split = step.action, step.preview
    return {
        "action": action,
        "title": action.question % {"n": Counted(split.total)},
        "submit_label": action.question % {"n": Counted(split.ready)},
        "preview": split,
        "form": step.form,
        "override": step.override,
        "may_override": step.may_override,
        "notes": [*step.selection.notes, *step.errors],
        "scopes": [
            {"value": scope.name, "label": scope.label, "checked": scope is step.scope}
            for scope in offered(step)
        ],
        "added": added(step),
        "changed": step.changed,
        "hidden": [
            *step.selection.hidden,
            ("confirm", "1"),
            ("token", step.token),
            ("digest", split.digest),
        ],
        "post_url": desk.action_url(action),
        "can_submit": split.ready > 0,
    }


def offered(step):
    """The scopes to choose from: those that reach further than what is selected, or are chosen."""
    answers = {None: True}  # what several scopes ask is asked once
    for scope in step.action.scopes:
        if scope.offered not in answers:
            answers[scope.offered] = scope.offered(step.selection.queryset)
    return [scope for scope in step.action.scopes if scope is step.scope or answers[scope.offered]]


def added(step):
    """What the scope brought in besides what was selected, in words; '' for nothing."""
    if not (step.preview.widened and step.scope.added):
        return ""
    return str(step.scope.added % {"n": Counted(step.preview.widened)})


def ticket_of(data):
    """The dialog's token and digest; a token that is no UUID counts as absent."""
    try:
        token = uuid.UUID(data.get("token", ""))
    except ValueError:
        token = None
    return Ticket(token=token, digest=data.get("digest") or None)


def outcome_of(batch):
    """The outcome of a batch that was done before, read back."""
    return Outcome(batch=batch, changed=batch.changed, refused=refused_by_reason(batch))
