"""Changing some fields of some rides: which ones, to what, on which segment."""

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project import money
from project.audit.timeline import shown
from project.directory.models import Customer
from project.ui.inputs import ClockInput, DayInput
from project.ui.lookup import LookupField, show_only_visible

from . import changes
from .forms import AmountField, StopsField, TellingForm, check_decimals, check_near
from .models import Booking
from .models.booking import FIELDS
from .states import Leg


class ChangeForm(TellingForm):
    """New values for the fields that are ticked (`fields`); what is ticked and empty is emptied."""

    picked = forms.MultipleChoiceField(label=gettext_lazy("What to change"), required=False)
    day = forms.DateField(
        label=gettext_lazy("Pickup day"),
        required=False,
        widget=DayInput(attrs={"data-preview": ""}),
    )
    clock = forms.TimeField(
        label=gettext_lazy("Pickup time of day"),
        required=False,
        widget=ClockInput(attrs={"data-preview": ""}),
    )

    template = "bookings/_change.html"
    to = changes.To
    left_out = ()
    last = ("tell",)
    GROUPS = (
        (gettext_lazy("When"), (changes.DAY, changes.CLOCK, "duration_minutes")),
        (
            gettext_lazy("Who"),
            (
                "customer",
                "passenger_name",
                "passenger_phone",
                "passenger_email",
                "passenger_count",
                "luggage_count",
                "transport_number",
            ),
        ),
        (
            gettext_lazy("Where"),
            ("pickup_address", "dropoff_address", "stops", "vehicle_class", "distance_km"),
        ),
        (gettext_lazy("Money"), ("price", "payout", "currency", "payment_state")),
        (gettext_lazy("Notes"), ("driver_notes", "office_notes")),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rides = list(self.selection.order_by().values("pickup_at", *changes.SETTABLE)[:3])
        rides = rides if len(rides) <= 2 else []  # what they are now, where it can be told
        legs = self._asks_legs()
        names = [name for _, group in self.GROUPS for name in group if name not in self.left_out]
        for name in self.left_out:
            self.fields.pop(name, None)
        for name in names:
            if name not in self.fields:
                self.fields[name] = self._field(name, rides)
            self._begin_with(name, rides)
            if legs:
                self.fields[f"{name}_leg"] = forms.ChoiceField(
                    label=_("%(field)s: on") % {"field": self.fields[name].label},
                    choices=[("", _("Both")), *Leg.choices],
                    required=False,
                )
        self.names = names
        self.fields["picked"].choices = [(name, self.fields[name].label) for name in names]
        self.order_fields(["picked", *names, *self.last])
        show_only_visible(self.fields, self.user)

    def _asks_legs(self):
        return self.selection.order_by().exclude(leg="").exists()

    def _field(self, name, rides):
        model_field = Booking._meta.get_field(name)
        label = capfirst(model_field.verbose_name)
        if name == "customer":
            return LookupField(
                label=label,
                queryset=Customer.objects.active(),
                url="directory:customer-lookup",
                required=False,
                attrs={"data-preview": ""},
            )
        if name == "stops":
            field = StopsField(label=label)
        elif name in ("price", "payout"):
            field = AmountField(label=label)
        else:
            field = model_field.formfield(localize=name == "distance_km")
        # A model's own rules, which a ModelForm would ask of the whole record.
        field.validators = [*field.validators, *model_field.validators]
        field.required = False
        field.initial = None
        field.widget.is_required = False
        if isinstance(field, forms.TypedChoiceField):
            field.choices = [("", "—"), *model_field.choices]
        if isinstance(field.widget, forms.Textarea):
            field.widget.attrs["rows"] = 2
        return field

    def _begin_with(self, name, rides):
        """The field holds what the rides have; where two differ, it names both."""
        now = [self._present(name, ride) for ride in rides]
        if now and all(value == now[0] for value in now):
            self.initial.setdefault(name, now[0])
        elif now and name in FIELDS:
            model_field = Booking._meta.get_field(name)
            words = dict.fromkeys(
                shown(model_field, ride[name], currency=ride["currency"]) for ride in rides
            )
            self.fields[name].widget.attrs["placeholder"] = " / ".join(words)

    def _present(self, name, ride):
        if name in (changes.DAY, changes.CLOCK):
            at = timezone.localtime(ride["pickup_at"])
            return at.date() if name == changes.DAY else at.time()
        if name in ("price", "payout") and ride[name] is not None:
            return money.rounded(ride[name], ride["currency"])
        return ride[name]

    @property
    def groups(self):
        """[(title, [(name, whether it is ticked, its field, that of its segment or None)])]."""
        ticked = set(self["picked"].value() or ())
        return [
            (
                title,
                [
                    (
                        name,
                        name in ticked,
                        self[name],
                        self[f"{name}_leg"] if f"{name}_leg" in self.fields else None,
                    )
                    for name in group
                    if name in self.names
                ],
            )
            for title, group in self.GROUPS
        ]

    @property
    def asked_last(self):
        return [self[name] for name in self.last]

    def clean_day(self):
        return check_near(self.cleaned_data["day"])

    def clean(self):
        data = super().clean()
        picked = data.get("picked", ())
        for name in self.names:
            if name not in picked:  # out of sight: whatever it holds
                self.errors.pop(name, None)
                self.errors.pop(f"{name}_leg", None)
        values = {}
        for name in self.names:
            if name in picked and name not in self.errors:
                value = self._new(name, data)
                if name not in self.errors:
                    values[name] = self.to(value, data.get(f"{name}_leg", ""))
        for name in ("price", "payout"):
            if name in values and "currency" not in values:
                check_decimals(self, name)
        if not picked and "picked" not in self.errors:
            self.add_error("picked", _("Say what to change: tick at least one field."))
        return {"values": values, "tell": data.get("tell", False)}

    def _new(self, name, data):
        """The new value of a field, which may be an empty one where the field can be empty."""
        value = data.get(name)
        if value not in (None, "", []):
            return value
        if name in (changes.DAY, changes.CLOCK) or not Booking._meta.get_field(name).blank:
            self.add_error(name, self.fields[name].error_messages["required"])
            return value
        return Booking._meta.get_field(name).get_default()
