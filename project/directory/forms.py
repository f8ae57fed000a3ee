"""What the pages and dialogs about parties ask, and how they check it."""

from crispy_forms.layout import Column, Fieldset, Row
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.ui.layout import helper_of

from .models import Customer, Driver, Partner


class PartyForm(forms.ModelForm):
    """Create or edit a party. Whether it is active is an action of its own.

    A name that another one has is asked about once, since two people may well have one name.
    """

    namesake = forms.BooleanField(
        label=gettext_lazy("This is another one of the same name"), required=False
    )

    who = ()  # its rows, up to the notes

    class Meta:
        widgets = {
            "phone": forms.TextInput(attrs={"type": "tel"}),
            "billing_address": forms.Textarea(attrs={"rows": 2}),
            "notes": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.namesakes = self._namesakes()
        if not self.namesakes:
            del self.fields["namesake"]
        self.helper = helper_of(
            Fieldset("", *(["namesake"] if self.namesakes else []), *self.who, "notes"),
        )

    def _namesakes(self):
        """Others of the name that is being given; none where the name stays as it was."""
        name = self.data.get(self.add_prefix("name"), "").strip()
        if not name or name == self.initial.get("name"):
            return []
        others = self._meta.model.objects.exclude(pk=self.instance.pk)
        return list(others.named(name).order_by("pk")[:3])

    def clean_name(self):
        return " ".join(self.cleaned_data["name"].split())

    def clean(self):
        data = super().clean()
        if self.namesakes and not data.get("namesake"):
            others = ", ".join(
                " · ".join(filter(None, (other.name, other.phone, other.email)))
                for other in self.namesakes
            )
            self.add_error("namesake", _("There already is %(others)s.") % {"others": others})
        return data


class CustomerForm(PartyForm):
    who = (
        Row(Column("name"), Column("kind"), Column("language")),
        Row(Column("phone"), Column("email")),
        "billing_address",
    )

    class Meta(PartyForm.Meta):
        model = Customer
        fields = ["name", "kind", "phone", "email", "language", "billing_address", "notes"]


class DriverForm(PartyForm):
    who = (
        Row(Column("name"), Column("licence_number")),
        Row(Column("phone"), Column("email")),
    )

    class Meta(PartyForm.Meta):
        model = Driver
        fields = ["name", "phone", "email", "licence_number", "notes"]


class PartnerForm(PartyForm):
    who = (
        Row(Column("name"), Column("contact_name")),
        Row(Column("phone"), Column("email")),
    )

    class Meta(PartyForm.Meta):
        model = Partner
        fields = ["name", "contact_name", "phone", "email", "notes"]
