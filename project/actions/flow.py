"""The one way an action is asked for, shown and done. Desk, admin and API only present it."""

import uuid
from dataclasses import dataclass, field, replace
from functools import partial

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.recorder import AlreadyDone, Outcome, SelectionChanged, Ticket, refused_by_reason
from project.audit.refusals import first_refusal
from project.audit.rows import values_of
from project.audit.statements import digest_of
from project.ui.formats import Counted

from .foresight import UNSAID, Foresight, foresee, hint_of
from .forms import ReasonField
from .selection import FILTER

EXAMPLES = 5
MOST_LISTED = 2_000  # where a scope lists all of them
# What is typed in these is right whatever it is; a field made from them may want more.
FREE_TEXT = (forms.CharField, ReasonField)


@dataclass(slots=True)
class Reason:
    """Why some records will be left alone, and a few of them by name.

    `idle` are those that are already as they should become. `lists`: they are all named.
    """

    code: str
    reason: str
    count: int
    override: str | None
    idle: bool = False
    lists: bool = False
    examples: list = field(default_factory=list)


@dataclass(slots=True)
class Preview:
    """What will change and what won't, by the split that the service itself uses.

    `foresight` tells field by field what becomes of the first; None while the answers are wrong.
    `changing` names all that will change, where the scope lists them.
    """

    total: int
    ready: int
    refused: list[Reason]
    idle: list[Reason]
    digest: str
    widened: int = 0
    foresight: Foresight | None = None
    changing: list = field(default_factory=list)

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


class AnywayForm(forms.Form):
    """The box that takes what a scope spares as well."""

    anyway = forms.BooleanField(
        required=False, widget=forms.CheckboxInput(attrs={"data-preview": ""})
    )

    def __init__(self, *args, scope, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["anyway"].label = scope.anyway


@dataclass(slots=True)
class Step:
    """Where a request stands: a dialog to show (`outcome` None), or what was done."""

    action: object
    selection: object
    preview: Preview | None = None
    form: object = None
    scope: object = None
    changed: bool = False
    warned: bool = False
    outcome: Outcome | None = None
    token: str = ""
    may_override: bool = False
    override: OverrideForm | None = None
    anyway: AnywayForm | None = None
    errors: list = field(default_factory=list)

    @property
    def invalid(self):
        """Whether something in the answers needs correcting, or a warning needs an answer."""
        forms_asked = (self.form, self.override)
        return bool(self.errors or self.warned or any(each and each.errors for each in forms_asked))


def preview(
    action, queryset, answers, *, desk, picked=None, spared=(), lists=False, foreseen_by=None
):
    """Split a selection into what will change and what is refused, in a constant few statements.

    `spared` are the refusals of the scope, which come first; where it `lists`, all are named.
    For `foreseen_by` (a user; None where the answers are not valid yet) it is tried out as well.
    """
    refusals = action.refusals_for(queryset, answers, spared)
    total, digest = digest_of(queryset)
    reasons, accepted = [], queryset.order_by()
    named = {"": []}
    split = queryset.order_by().annotate(_refusal=first_refusal(refusals))
    if refusals:
        accepted = split.filter(_refusal="")
        counts = dict(split.values_list("_refusal").annotate(n=Count("pk")).order_by())
        counts.pop("", None)
        reasons = [
            Reason(each.code, str(each.message), counts[each.code], each.override, each.idle, lists)
            for each in refusals
            if each.code in counts
        ]
        named |= {reason.code: reason.examples for reason in reasons}
    if reasons or lists:
        some = split if lists else split.exclude(_refusal="")
        for code, example in examples_in(some, desk, lists):
            named[code].append(example)
        say_what_is_in_the_way(refusals, queryset, named)
    ready = total - sum(reason.count for reason in reasons)
    return Preview(
        total,
        ready,
        [reason for reason in reasons if not reason.idle],
        [reason for reason in reasons if reason.idle],
        digest,
        widened=total - picked.count() if picked is not None else 0,
        foresight=foresee(desk, action, accepted, answers, ready=ready, by=foreseen_by)
        if foreseen_by and ready
        else None,
        changing=named[""],
    )


def say_what_is_in_the_way(refusals, queryset, named):
    """Add to the examples of each refusal (`named`, by its code) the `other` record that is in
    their way; a few statements for a refusal that knows of one."""
    for refusal in refusals:
        examples = named.get(refusal.code)
        if examples and refusal.in_the_way:
            keys = values_of(queryset.model, [example["pk"] for example in examples])
            others = refusal.in_the_way(queryset.order_by().filter(pk__in=keys))
            for example in examples:
                example["other"] = others.get(example["pk"])


def examples_in(split, desk, lists):
    """(code of the refusal, {pk, label, url, hint}) of a few records for each, or of all, by what
    tells them apart; one statement."""
    most, first = (MOST_LISTED, desk.hints) if lists else (EXAMPLES, ())
    order = [F(name).asc() for name in (*first, "pk")]
    place = Window(RowNumber(), partition_by=F("_refusal"), order_by=order)
    some = split.annotate(_place=place).filter(_place__lte=most).order_by(*order)
    for code, pk, name, *hints in some.values_list("_refusal", "pk", desk.label, *desk.hints):
        hint = hint_of(desk, dict(zip(desk.hints, hints, strict=True)))
        yield code, {"pk": pk, "label": name, "url": desk.record_url(pk, name), "hint": hint}


def take(desk, action, selection, data, *, user):
    """Read the answers; do the action if it is confirmed and in order, else say what it would do.

    `data` is the request's POST. A confirmation without the ticket of a dialog is a question: who
    sends it saw no counts. A report that asks nothing needs none. Raises PermissionDenied.
    """
    action.allow(user)
    scope = action.scope(data.get("scope"))
    queryset = scope.widen(selection.queryset) if scope else selection.queryset
    step = Step(action, selection, scope=scope, token=str(uuid.uuid4()))
    asking = bool(data.get("preview"))
    answering = asking or data.get("confirm") == "1"
    spared = scope.keeps(selection.queryset) if scope and scope.keeps else ()
    if scope and scope.spares:
        step.anyway = AnywayForm(data if answering else None, scope=scope)
        if not (answering and data.get("anyway")):
            spared = (*spared, scope.spares)
    ticket = replace(ticket_of(data), spared=spared, scope=scope.name if scope else "")
    at_once = action.reports and not action.form
    confirmed = at_once or bool(answering and not asking and ticket.token and ticket.digest)
    answers, valid, complete = {}, True, True
    if action.form:
        step.form = action.form(data if answering else None, selection=queryset, user=user)
        answered = step.form
        if not answering:  # what it proposes, as if it were sent as it stands
            proposed = {field.html_name: field.value() for field in step.form}
            answered = action.form(proposed, selection=queryset, user=user)
        valid = answered.is_valid()
        answers = dict(answered.cleaned_data)
        unsaid = {} if confirmed else unsaid_in(answered)
        complete = valid or bool(unsaid)
        answers |= unsaid
        if not confirmed:
            forgive_gaps(step.form)
    override = OverrideForm(data)
    may_override = bool(action.warns) and user.has_perm(action.warns)
    if answering and data.get("override") and action.warns and (confirmed or may_override):
        if override.is_valid():
            answers["override"] = override.cleaned_data["override_reason"].strip()
        else:
            answers["override"] = "?"  # for the counts only, as if a reason were given
            valid = valid and not confirmed
            complete = complete and not confirmed
            if asking:
                override.errors.clear()
    if action.filters:
        answers["filter"] = selection.matching.query if selection.matching else None
        answers["widened"] = str(scope.label) if scope and scope.added else ""
        answers |= {"words": selection.words, "sort": selection.sort}
    picked = selection.queryset if scope and scope.added else None
    lists = bool(scope and scope.lists and not action.reports)
    look = partial(
        preview, action, queryset, answers, desk=desk, picked=picked, spared=spared, lists=lists
    )
    if confirmed and valid and may_override and "override" not in answers:
        # Sent before its counts could say so: who may go ahead is asked before it comes to nothing.
        counts = look()
        step.warned = bool(counts.warnings) and not counts.ready
    if confirmed and valid and not step.warned:
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
            complete = False
            if step.form is None:
                step.errors += error.messages
            else:
                step.form.add_error(None, error)
    step.preview = look(foreseen_by=user if complete and not action.reports else None)
    if action.warns and (step.preview.warnings or data.get("override")):
        step.may_override = may_override
        step.override = override if step.may_override else None
    return step


def mistyped(form):
    """The names of the fields whose answer is wrong, not just missing."""
    return {name for name in form.errors if name in form.fields and form[name].data}


def forgive_gaps(form):
    """Leave the errors of what was typed wrong: a dialog that refreshes its counts is not the place
    to scold about what is yet to come."""
    for name in form.errors.keys() - mistyped(form):
        del form.errors[name]


def unsaid_in(form):
    """{field: UNSAID} of the texts that a form misses, where it misses nothing else; else {}."""
    missing = form.errors.as_data()
    for name, errors in missing.items():
        asked = form.fields.get(name)
        if type(asked) not in FREE_TEXT or any(each.code != "required" for each in errors):
            return {}
    return dict.fromkeys(missing, UNSAID)


def dialog(desk, step):
    """What a template needs to show a step that waits for an answer."""
    action, split = step.action, step.preview
    # Another answer may be on its way, which makes a change of what is already so.
    idle = sum(reason.count for reason in split.idle) if step.form else 0
    alone = split.total - split.widened == 1
    return {
        "action": action,
        "title": action.question % {"n": Counted(split.total)},
        "submit_label": action.question % {"n": Counted(split.ready or idle)},
        "preview": split,
        # What cannot be read takes part in no counts, which then tell of something else.
        "unclear": bool(step.form and step.form.is_bound and mistyped(step.form)),
        "form": step.form,
        "override": step.override,
        "anyway": step.anyway,
        "may_override": step.may_override,
        "notes": [*step.selection.notes, *step.errors],
        "scopes": [
            {
                "value": scope.name,
                "label": scope.alone if alone and scope.alone else scope.label,
                "checked": scope is step.scope,
            }
            for scope in offered(step)
        ],
        "added": added(step),
        "filter": filter_of(step),
        "changed": step.changed,
        "hidden": [
            *step.selection.hidden,
            ("confirm", "1"),
            ("token", step.token),
            ("digest", split.digest),
        ],
        "post_url": desk.action_url(action),
        "can_submit": split.ready + idle > 0,
    }


def filter_of(step):
    """The filter that chose the records, where the action lets one change it: its words, and its
    fields under names of their own; words alone, where it is no filter of the desk's."""
    matching = step.selection.matching
    if not step.action.filters or (matching is None and not step.selection.words):
        return None
    if matching is None:
        return {"words": step.selection.words, "fields": (), "invalid": False}
    return {
        "words": words_of(matching) if matching.is_valid() else [],
        "fields": matching.fields_under(FILTER),
        "invalid": not matching.is_valid(),
    }


def words_of(matching):
    return matching.with_unasked([chip.label for chip in matching.chips])


def offered(step):
    """The scopes to choose from: those that reach further than what is selected, or are chosen.

    What a filter chose for a file is not selected, and its filter can be changed beside it: how far
    that reaches is no question to ask as well.
    """
    if len(step.action.scopes) < 2:
        return step.action.scopes
    selection = step.selection.queryset
    first, *wider = step.action.scopes
    if filter_of(step) is not None:
        wider = [scope for scope in wider if scope is step.scope]
    may = {None: True}  # what several scopes ask is asked once
    for scope in wider:
        if scope.offered not in may:
            may[scope.offered] = scope.offered(selection)
    reaching = [
        scope
        for scope in wider
        if scope is step.scope or (may[scope.offered] and reaches_further(scope, selection))
    ]
    return [first, *reaching]


def reaches_further(scope, selection):
    """Whether a scope brings in a record that is not selected."""
    selected = selection.order_by().values("pk")
    return scope.widen(selection).exclude(pk__in=selected).exists()


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
