"""What the dialogs of actions have in common."""

from django import forms
from django.utils.translation import gettext_lazy

from project.ui.lookup import show_only_visible


class ActionForm(forms.Form):
    """A dialog's questions: they know the selection they are asked about, and who is asked."""

    def __init__(self, *args, selection=None, user=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.selection = selection
        self.user = user
        show_only_visible(self.fields, user)


class ReasonField(forms.CharField):
    """Why, in a line."""

    def __init__(self, **options):
        given = {"label": gettext_lazy("Reason"), "max_length": 200}
        super().__init__(**given | options)


class ReasonForm(ActionForm):
    reason = ReasonField()


class OptionalReasonForm(ActionForm):
    reason = ReasonField(required=False)


def next_step(selection, field, following):
    """The status that the least advanced of the selection wait for; None where none does.

    `following` maps each status to those that can follow it, the first ones first.
    """
    for status, steps in following.items():
        if selection.filter(**{field: status}).exists():
            return steps[0]
    return None
