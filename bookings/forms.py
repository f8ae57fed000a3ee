"""What the pages and dialogs about bookings ask, and how they check it."""

import re
from itertools import chain

from crispy_forms.layout import Column, Field, Fieldset, Row
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from project import money
from project.actions.forms import ActionForm, ReasonField, next_step
from project.directory.models import Customer, Driver, Partner
from project.ui.formats import Counted
from project.ui.inputs import ClockInput, DayInput, MomentInput
from project.ui.layout import helper_of
from project.ui.lookup import LookupField, SuggestInput
from project.ui.numbers import LocalDecimalField

from . import round_trips
from .availability import DRIVER_BUSY, OVERRIDE, Taken
from .models import FIRST_YEAR, YEARS_AHEAD, Booking
from .services import BILLED
from .states import TRANSITIONS, CancellationKind, Status


class AmountField(LocalDecimalField):
    """An amount of money that may be left empty."""

    def __init__(self, **options):
        given = {"min_value": 0, "max_digits": 14, "decimal_places": 3}
        super().__init__(**given | {"required": False} | options)


def check_near(day):
    """The day, unless it is a slip of the keyboard: that raises ValidationError."""
    if day and abs(day.year - timezone.localdate().year) > YEARS_AHEAD:
        raise ValidationError(_("This date is more than five years away."))
    return day


def check_decimals(form, name):
    """An amount may have the decimals that every currency of the form's selection has."""
    amount = form.cleaned_data.get(name)
    if amount is None:
        return
    for currency in form.selection.order_by().values_list("currency", flat=True).distinct():
        try:
            money.check(amount, currency)
        except ValidationError as error:
            form.add_error(name, error)


class TellField(forms.BooleanField):
    """Whether the customer hears of it; yes, unless one says no."""

    def __init__(self, **options):
        given = {"label": gettext_lazy("Tell the customer by e-mail")} | options
        super().__init__(required=False, initial=True, **given)


class TellOfSaveField(TellField):
    """The same, where a whole booking is saved."""

    def __init__(self, **options):
        text = gettext_lazy("Notes and the payout are for us: nobody is told of them.")
        super().__init__(help_text=text, **options)


class TellingForm(ActionForm):
    """A dialog that asks whether to tell, and says how many cannot be told."""

    tell = TellField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.selection is not None:
            # Counted where it is shown: a confirmation need not.
            self.fields["tell"].help_text = lazystr(SimpleLazyObject(self._without_address))

    def _without_address(self):
        unreachable = self.selection.order_by().filter(customer__email="")
        count = unreachable.aggregate(n=Count("customer", distinct=True))["n"]
        if not count:
            return ""
        return ngettext(
            "%(n)s customer has no e-mail address.",
            "%(n)s customers have no e-mail address.",
            count,
        ) % {"n": Counted(count)}


class CancelForm(TellingForm):
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[
            (kind.value, kind.label)
            for kind in CancellationKind
            if kind != CancellationKind.MISTAKE
        ],
        initial=CancellationKind.CUSTOMER,
    )
    reason = ReasonField()
    billable = forms.BooleanField(
        label=gettext_lazy("Billable all the same"),
        required=False,
        widget=forms.CheckboxInput(attrs={"data-preview": ""}),
    )
    fee_percent = forms.IntegerField(
        label=gettext_lazy("Fee, in % of the price"),
        min_value=1,
        max_value=100,
        initial=100,
        required=False,
    )
    fee = AmountField(
        label=gettext_lazy("or as an amount"),
        help_text=gettext_lazy(
            "For each ride; for a whole round trip, shared between its two segments."
        ),
    )

    field_order = ("kind", "reason", "billable", "fee_percent", "fee", "tell")

    def clean_fee_percent(self):
        """As it is proposed, where it was not asked at all."""
        if "fee_percent" in self.data:
            return self.cleaned_data["fee_percent"]
        return self.fields["fee_percent"].initial

    def clean(self):
        data = super().clean()
        if data.get("fee") is not None and not data.get("billable"):
            self.add_error("fee", _("Only a billable cancellation has a fee."))
        given = {data.get(name, "") for name in ("fee", "fee_percent")}  # "": it has an error
        if data.get("billable") and given == {None}:
            self.add_error("fee_percent", _("Give a percentage or an amount."))
        check_decimals(self, "fee")
        return data


class RestoreForm(TellingForm):
    reason = ReasonField(required=False)

    field_order = ("reason", "tell")


class PairForm(ActionForm):
    any_name = forms.BooleanField(
        label=gettext_lazy("Whatever the passengers' names"),
        help_text=gettext_lazy("Two rides of one customer are a pair, however each was written."),
        required=False,
        widget=forms.CheckboxInput(attrs={"data-preview": ""}),
    )


class StatusForm(TellingForm):
    status = forms.ChoiceField(
        label=gettext_lazy("New status"),
        choices=[
            (status.value, status.label)
            for status in Status
            if status not in (Status.PENDING, Status.CANCELLED)
        ],
        widget=forms.Select(attrs={"data-preview": ""}),
    )
    fee = AmountField(
        label=gettext_lazy("Fee for a no-show"),
        help_text=gettext_lazy("For each ride, in its own currency; empty: not billed."),
    )
    tell = TellField(label=gettext_lazy("Tell the customer by e-mail that it is confirmed"))

    field_order = ("status", "fee", "tell")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.selection is not None and not self.is_bound and "status" not in self.initial:
            waiting_for = next_step(self.selection, "status", TRANSITIONS)
            self.initial["status"] = waiting_for or Status.CONFIRMED

    def clean(self):
        data = super().clean()
        fee, status = data.get("fee"), data.get("status")
        if fee is None:
            return data
        if status != Status.NO_SHOW:
            self.add_error("fee", _("Only a no-show can be billed here."))
            return data
        check_decimals(self, "fee")
        return data


class AssignForm(ActionForm):
    driver = LookupField(
        label=gettext_lazy("Driver"),
        queryset=Driver.objects.active(),
        url="directory:driver-lookup",
        required=False,
        attrs={"data-preview": ""},
    )
    partner = LookupField(
        label=gettext_lazy("or partner"),
        queryset=Partner.objects.active(),
        url="directory:partner-lookup",
        required=False,
        attrs={"data-preview": ""},
    )

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        if not data.get("driver") and not data.get("partner"):
            self.add_error("driver", _("Choose a driver or a partner."))
        elif data.get("driver") and data.get("partner"):
            self.add_error("partner", _("Choose a driver or a partner, not both."))
        return data


class DuplicateForm(TellingForm):
    date = forms.DateField(
        label=gettext_lazy("To the date"),
        widget=DayInput(),
        help_text=gettext_lazy("At the same time of day. The copy is pending and unassigned."),
    )

    field_order = ("date", "tell")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial.setdefault("date", timezone.localdate())

    def clean_date(self):
        return check_near(self.cleaned_data["date"])


class ReturnForm(TellingForm):
    date = forms.DateField(
        label=gettext_lazy("Day of the return"),
        widget=DayInput(attrs={"data-preview": ""}),
    )
    clock = forms.TimeField(
        label=gettext_lazy("Pickup time"),
        widget=ClockInput(attrs={"data-preview": ""}),
    )
    pricing = forms.ChoiceField(
        label=gettext_lazy("Price of the return"),
        choices=round_trips.Pricing.choices,
        initial=round_trips.Pricing.SAME,
        widget=forms.RadioSelect(attrs={"data-preview": ""}),
    )
    price = AmountField(label=gettext_lazy("Other price"))
    payout = AmountField(label=gettext_lazy("Other payout"))

    field_order = ("date", "clock", "pricing", "price", "payout", "tell")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            last = self.selection.order_by().aggregate(last=Max("ends_at"))["last"]
            self.initial.setdefault("date", timezone.localdate(last))

    def clean_date(self):
        return check_near(self.cleaned_data["date"])

    def clean(self):
        data = super().clean()
        if data.get("pricing") != round_trips.Pricing.OTHER:
            # The dialog shows no amounts then: whatever was typed in them before is not meant.
            for name in ("price", "payout"):
                self.errors.pop(name, None)
                data[name] = None
            return data
        if data.get("price") is None and "price" not in self.errors:
            self.add_error("price", _("Give the price of the return."))
        for name in ("price", "payout"):
            check_decimals(self, name)
        return data


class SettleForm(ActionForm):
    amount = AmountField(
        label=gettext_lazy("Amount paid"),
        help_text=gettext_lazy(
            "Empty: the agreed payout. For each ride; for a whole round trip, shared between its "
            "two segments."
        ),
        widget=forms.TextInput(attrs={"data-preview": ""}),
    )
    date = forms.DateField(
        label=gettext_lazy("Paid on"),
        widget=DayInput(),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial.setdefault("date", timezone.localdate())

    def clean_date(self):
        date, today = self.cleaned_data["date"], timezone.localdate()
        if date.year < FIRST_YEAR:
            between = {"first": FIRST_YEAR, "last": today.year}
            raise ValidationError(_("The year must be between %(first)s and %(last)s.") % between)
        if date > today:
            raise ValidationError(_("A payout is validated for today or a day before."))
        return date

    def clean(self):
        data = super().clean()
        check_decimals(self, "amount")
        return data


class NotesField(forms.CharField):
    """Some lines of text, whose ends are as everywhere else: a browser sends two signs for one."""

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n")


class StopsField(forms.CharField):
    """One stop a line."""

    widget = forms.Textarea(attrs={"rows": 2})

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value):
        text = super().to_python(value) or ""
        ProhibitNullCharactersValidator()(text)
        return [stop.strip() for stop in re.split(r"[\r\n]+", text) if stop.strip()]

    def validate(self, value):
        super().validate(value)
        if len(value) > 20:
            raise ValidationError(_("At most 20 stops."))
        if any(len(stop) > 255 for stop in value):
            raise ValidationError(_("A stop has at most 255 characters."))

    def has_changed(self, initial, data):
        return (initial or []) != self.to_python(data)


class MomentField(forms.DateTimeField):
    """A local moment. What was left as it stood keeps its value, seconds and all: in the hour that
    comes twice a year the text alone would not say which."""

    widget = MomentInput()
    kept = None

    def to_python(self, value):
        if self.kept and value == self.widget.format_value(self.prepare_value(self.kept)):
            return self.kept
        return super().to_python(value)


class BookingForm(forms.ModelForm):
    """Create or edit a booking. Who drives it is an action of its own."""

    customer = LookupField(
        label=gettext_lazy("Customer"),
        queryset=Customer.objects.active(),
        url="directory:customer-lookup",
    )
    stops = StopsField(
        label=gettext_lazy("Stops on the way"),
        required=False,
        help_text=gettext_lazy("One address a line."),
    )
    pickup_at = MomentField(label=gettext_lazy("Pickup time"))
    tell = TellOfSaveField()
    override_reason = forms.CharField(
        label=gettext_lazy("Reason to go ahead all the same"),
        max_length=200,
        required=False,
        widget=forms.HiddenInput,
    )

    class Meta:
        model = Booking
        fields = [
            "customer",
            "passenger_name",
            "passenger_phone",
            "passenger_email",
            "passenger_count",
            "luggage_count",
            "transport_number",
            "pickup_at",
            "duration_minutes",
            "pickup_address",
            "dropoff_address",
            "stops",
            "vehicle_class",
            "distance_km",
            "price",
            "payout",
            "currency",
            "payment_state",
            "driver_notes",
            "office_notes",
        ]
        widgets = {
            "pickup_address": SuggestInput(url="bookings:addresses"),
            "dropoff_address": SuggestInput(url="bookings:addresses"),
            "driver_notes": forms.Textarea(attrs={"rows": 2}),
            "office_notes": forms.Textarea(attrs={"rows": 2}),
        }
        field_classes = {
            **dict.fromkeys(("driver_notes", "office_notes"), NotesField),
            **dict.fromkeys(("distance_km", "price", "payout"), LocalDecimalField),
        }

    def __init__(self, *args, user=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["pickup_at"].kept = self.instance.pickup_at
        if self.instance.pk:  # a former customer stays, even if no longer active
            self.fields["customer"].queryset = Customer.objects.filter(
                is_active=True
            ) | Customer.objects.filter(pk=self.instance.customer_id)
        for name in ("price", "payout"):
            if self.initial.get(name) is not None:
                self.initial[name] = money.rounded(self.initial[name], self.instance.currency)
        self.helper = helper_of(
            # Right below what is told of the whole form, which it answers.
            Field("override_reason", wrapper_class="notice warning"),
            Fieldset(
                _("Who"),
                Row(Column("customer"), Column("passenger_name")),
                Row(Column("passenger_phone"), Column("passenger_email")),
                Row(Column("passenger_count"), Column("luggage_count"), Column("transport_number")),
            ),
            Fieldset(
                _("When and where"),
                Row(
                    Column("pickup_at"),
                    Column("duration_minutes"),
                    Column("distance_km"),
                    Column("vehicle_class"),
                ),
                Row(Column("pickup_address"), Column("dropoff_address")),
                "stops",
            ),
            Fieldset(
                _("Money"),
                Row(Column("price"), Column("payout"), Column("currency"), Column("payment_state")),
            ),
            Fieldset(_("Notes"), Row(Column("driver_notes"), Column("office_notes"))),
            "tell",
        )

    def clean_override_reason(self):
        reason = self.cleaned_data["override_reason"].strip()
        if reason and not (self.user and self.user.has_perm(OVERRIDE)):
            raise ValidationError(_("You may not go ahead in spite of a warning."))
        return reason

    def add_error(self, field, error):
        """A warning that this user may override brings the question why they would; what is in the
        way of the ride can be opened."""
        super().add_error(field, linked(error))
        codes = {e.code for errors in self.errors.as_data().values() for e in errors}
        if codes & {DRIVER_BUSY, BILLED.code} and self.user and self.user.has_perm(OVERRIDE):
            self.fields["override_reason"].widget = forms.TextInput()


def linked(error):
    """The same error, with a link where it names the ride that is in the way (Taken)."""
    fields = getattr(error, "error_dict", None)
    for each in (
        chain.from_iterable(fields.values()) if fields else getattr(error, "error_list", ())
    ):
        other = (each.params or {}).get("reference")
        if isinstance(other, Taken) and other.url:
            link = format_html(
                '<a class="ref" href="{}">{}</a> ({})', other.url, other.label, other.hint
            )
            each.message = mark_safe(escape(each.message) % {"reference": link})
            each.params = None
    return error
