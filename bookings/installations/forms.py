"""What the dialogs and pages of the room ask, and how they check it."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.forms import TellingForm, check_near
from project.actions.forms import ActionForm, ReasonField
from project.ui.formats import weekday
from project.ui.inputs import DayInput

from . import availability, queries, work, working_hours
from .models import Engineer
from .states import Skill, Status

PREVIEW = {"data-preview": ""}


class DayField(forms.DateField):
    """A day, not too far away, by the browser's own calendar."""

    def __init__(self, *, preview=False, **options):
        attrs = PREVIEW if preview else {}
        super().__init__(widget=DayInput(attrs=attrs), **options)

    def clean(self, value):
        return check_near(super().clean(value))


class CancelForm(TellingForm):
    reason = ReasonField()

    field_order = ("reason", "tell")


class OptionalTellingForm(TellingForm):
    reason = ReasonField(required=False)

    field_order = ("reason", "tell")


# -------------------------------------------------------------------------------------- the diary
class SlotForm(TellingForm):
    """A free slot of an engineer who can do it, from a day on; of one engineer, if asked for.

    Its answers are `engineer` and `start`. Of several orders the first tells which slots there are.
    """

    status = Status.PENDING

    from_day = DayField(
        label=gettext_lazy("From"), preview=True, required=False, initial=timezone.localdate
    )
    with_engineer = forms.ModelChoiceField(
        label=gettext_lazy("Engineer"),
        queryset=Engineer.objects.active(),
        required=False,
        empty_label=gettext_lazy("Whoever is free"),
        widget=forms.Select(attrs=PREVIEW),
    )
    slot = forms.ChoiceField(
        label=gettext_lazy("Free slot"),
        widget=forms.Select(attrs=PREVIEW),
        error_messages={
            "invalid_choice": gettext_lazy("This slot is no longer free: choose another.")
        },
    )

    field_order = ("from_day", "with_engineer", "slot", "tell")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.selection is not None:
            self.fields["slot"].choices = [(slot.key, said(slot)) for slot in self._offered()]

    def _offered(self):
        order = self.selection.order_by("pk").filter(status=self.status).first()
        if order is None:
            return []
        return availability.free_slots_for(
            order,
            engineer=self._given("with_engineer"),
            first_day=self._given("from_day"),
        )

    def _given(self, name):
        """What the form has for a field by now; None where it is empty or wrong."""
        try:
            return self.fields[name].clean(self[name].value())
        except ValidationError:
            return None

    def clean(self):
        data = super().clean()
        slot = data.pop("slot", None)
        for name in ("from_day", "with_engineer"):
            data.pop(name, None)
        if slot:
            engineer, begins = slot.split("|")
            data["engineer"] = Engineer.objects.get(pk=engineer)
            data["start"] = datetime.fromisoformat(begins)
        return data


def said(slot):
    """A slot in words: "Mon, 23 Nov 2026, 10:00–11:30 · Awa Diop"."""
    start, end = (timezone.localtime(each) for each in (slot.start, slot.end))
    return _("%(day)s, %(from)s–%(until)s · %(name)s") % {
        "day": weekday(start),
        "from": f"{start:%H:%M}",
        "until": f"{end:%H:%M}",
        "name": slot.engineer.name,
    }


class RescheduleForm(SlotForm):
    status = Status.SCHEDULED
    reason = ReasonField(required=False)

    field_order = ("from_day", "with_engineer", "slot", "reason", "tell")


class ReassignForm(TellingForm):
    engineer = forms.ModelChoiceField(
        label=gettext_lazy("To"),
        queryset=Engineer.objects.active().order_by("sort_name", "pk"),
        widget=forms.Select(attrs=PREVIEW),
    )
    reason = ReasonField(required=False)

    field_order = ("engineer", "reason", "tell")


# ------------------------------------------------------------------------------------- completing
class PieceField(forms.CharField):
    """What is noted of a piece. Nobody can make it up: without it, nothing is tried out."""


class CompleteForm(ActionForm):
    """The serial number and the vehicle of each piece that is still to be noted; asked where one
    order is selected. Its answer is `fittings`."""

    remarks = forms.CharField(label=gettext_lazy("Remarks"), max_length=200, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.pieces, self.articles = [], {}
        if self.selection is None:
            return
        orders = list(self.selection.order_by()[:2])
        if len(orders) != 1 or orders[0].status != Status.IN_PROGRESS:
            return
        for line, piece in queries.pieces_to_note(orders[0]):
            name = f"{line.pk}_{piece}"
            self.articles[line.pk] = line.article_id
            named = {"article": line.article.nom, "piece": piece, "pieces": line.quantity}
            self.fields[f"serial_{name}"] = PieceField(
                label=_("Serial number: %(article)s, %(piece)s of %(pieces)s") % named,
                max_length=60,
            )
            self.fields[f"vehicle_{name}"] = PieceField(
                label=_("Vehicle registration"),
                max_length=20,
                initial=orders[0].vehicle_registration,
            )
            self.pieces.append((line.pk, name))
        self.order_fields([name for name in self.fields if name != "remarks"])

    def clean(self):
        data = super().clean()
        self._check_serials()
        fittings = []
        for line, name in self.pieces:
            serial, vehicle = (data.pop(f"{part}_{name}", None) for part in ("serial", "vehicle"))
            if serial and vehicle:
                fittings.append(
                    {"line": line, "serial_number": serial, "vehicle_registration": vehicle}
                )
        data["fittings"] = fittings
        return data

    def _check_serials(self):
        """Tell at its field that a serial number stands here twice, or is in a vehicle already."""
        given = {
            name: (self.articles[line], tidy)
            for line, name in self.pieces
            if (tidy := " ".join(self.cleaned_data.get(f"serial_{name}", "").split()))
        }
        fitted, seen = work.fitted_among(given.values()), set()
        for name, piece in given.items():
            if piece in fitted or piece in seen:
                text = _("Serial number %(serial)s is fitted already.")
                self.add_error(f"serial_{name}", text % {"serial": piece[1]})
            seen.add(piece)

    def add_error(self, field, error):
        """What the service finds after all concerns the whole form."""
        told = getattr(error, "error_dict", None)
        if field is None and told:
            error = ValidationError([each for errors in told.values() for each in errors])
        super().add_error(field, error)


# -------------------------------------------------------------------------------------- engineers
class LeaveForm(ActionForm):
    first_day = DayField(label=gettext_lazy("From"), preview=True, initial=timezone.localdate)
    last_day = DayField(label=gettext_lazy("Until"), preview=True, initial=timezone.localdate)
    reason = ReasonField(required=False)

    def clean(self):
        data = super().clean()
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("This is before the first day."))
        return data


class LiftLeaveForm(ActionForm):
    from_day = DayField(
        label=gettext_lazy("All leave that ends on this day or later"),
        preview=True,
        initial=timezone.localdate,
    )
    reason = ReasonField(required=False)


class WorkingHoursField(forms.CharField):
    """A week as text: a line a day, Monday first, "08:00-12:30 13:30-18:00"."""

    def __init__(self, **options):
        given = {
            "label": gettext_lazy("Working hours"),
            "help_text": gettext_lazy("A line a day, Monday first: 08:00-12:30 13:30-18:00."),
            "widget": forms.Textarea(attrs={"rows": 7}),
            "strip": False,
            "required": False,
            "max_length": 2000,
        }
        super().__init__(**given | options)

    def prepare_value(self, value):
        return working_hours.written(value) if isinstance(value, list) else value

    def to_python(self, value):
        return working_hours.read(value) if isinstance(value, str) else value

    def run_validators(self, value):
        """Reading it was the check."""

    def has_changed(self, initial, data):
        try:
            return initial != self.to_python(data)
        except ValidationError:
            return True


class SkillsField(forms.MultipleChoiceField):
    """Skills as boxes."""

    def __init__(self, **options):
        given = {
            "label": gettext_lazy("Skills"),
            "choices": Skill.choices,
            "widget": forms.CheckboxSelectMultiple,
            "required": False,
        }
        super().__init__(**given | options)
