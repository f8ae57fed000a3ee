"""What the pages about integrations ask."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from . import scopes
from .models import Integration


class IntegrationForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=scopes.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Integration
        fields = ["name", "scopes"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(Fieldset("", "name", "scopes"))

    def clean_name(self):
        return " ".join(self.cleaned_data["name"].split())
