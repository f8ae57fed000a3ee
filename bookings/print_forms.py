"""What the dialog of printing asks."""

from django import forms
from django.utils.translation import gettext_lazy

from project.exchange import forms as files


class PrintForm(files.PrintForm):
    """Which document is printed of the bookings."""

    internal = forms.BooleanField(
        label=gettext_lazy("With what only the office knows"),
        help_text=gettext_lazy("In recaps: the payout, the reason of a cancellation, the notes."),
        required=False,
    )
