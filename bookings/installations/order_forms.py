"""The forms that have a page: an order with its lines and services, an engineer and their week."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Fieldset, Layout, Row
from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.forms import AmountField
from inventory.models import Article
from inventory.stock_forms import by_code, code_of
from project.directory.forms import PartyForm
from project.directory.models import Customer
from project.ui.lookup import LookupField
from project.utilisateurs.models import CustomUser

from . import queries, services, working_hours
from .forms import SkillsField, WorkingHoursField
from .models import LONGEST_MINUTES, MOST_PIECES, Engineer, Order
from .services import Line, Task
from .states import Kind, Skill

LINES, TASKS = 20, 10
FEW_LINES, FEW_TASKS = 6, 3  # in sight; the others are one click away
USUAL_MINUTES = 60
WHO = ["customer", "contact_name", "contact_phone"]
WHERE = ["address", "region", "vehicle_registration"]


class OrderForm(forms.ModelForm):
    """Who ordered, and where it is to be done. Lines and services stay as they were placed."""

    customer = LookupField(
        label=gettext_lazy("Customer"),
        queryset=Customer.objects.active(),
        url="directory:customer-lookup",
    )

    class Meta:
        model = Order
        fields = [*WHO, *WHERE, "notes"]
        widgets = {
            "contact_phone": forms.TextInput(attrs={"type": "tel"}),
            "notes": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:  # a former customer stays, even if no longer active
            own = Customer.objects.filter(pk=self.instance.customer_id)
            self.fields["customer"].queryset = Customer.objects.active() | own
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            Fieldset(
                _("Who"),
                "customer",
                Row(Column("contact_name"), Column("contact_phone")),
            ),
            Fieldset(
                _("Where"),
                "address",
                Row(Column("region"), Column("vehicle_registration")),
            ),
            Fieldset("", "notes"),
        )

    def clean_vehicle_registration(self):
        return " ".join(self.cleaned_data["vehicle_registration"].upper().split())


class PlaceForm(OrderForm):
    """A new order: besides who and where, its lines of articles of one shop, and what is to be
    done. Rows that are left empty don't count."""

    def __init__(self, *args, shop, **kwargs):
        super().__init__(*args, **kwargs)
        self.shop = shop
        self.instance.currency = shop.currency
        for n in range(LINES):
            self._add_line(n)
        for n in range(TASKS):
            self._add_task(n)
        self.offered = Article.objects.active().filter(boutique=shop).order_by("code", "pk")
        self.offered = self.offered.annotate(free=queries.available())
        self.order_lines, self.tasks = [], []

    def _add_line(self, n):
        self.fields[f"article_{n}"] = forms.CharField(
            label=_("Article %(n)s") % {"n": n + 1},
            required=False,
            max_length=260,
            widget=forms.TextInput(attrs={"list": "articles", "autocomplete": "off"}),
        )
        self.fields[f"quantity_{n}"] = forms.IntegerField(
            label=_("Quantity"), required=False, min_value=1, max_value=MOST_PIECES
        )
        self.fields[f"price_{n}"] = AmountField(label=_("Unit price"))
        self.fields[f"serialised_{n}"] = forms.BooleanField(
            label=_("Serial number noted"), required=False, initial=True
        )

    def _add_task(self, n):
        self.fields[f"kind_{n}"] = forms.ChoiceField(label=_("Service"), choices=Kind.choices)
        self.fields[f"skill_{n}"] = forms.ChoiceField(
            label=_("Required skill"),
            choices=[("", "—"), *Skill.choices],
            required=False,
        )
        self.fields[f"minutes_{n}"] = forms.IntegerField(
            label=_("Duration (minutes)"),
            required=False,
            min_value=1,
            max_value=LONGEST_MINUTES,
            initial=USUAL_MINUTES,
        )
        self.fields[f"remarks_{n}"] = forms.CharField(
            label=_("Notes"), required=False, max_length=500
        )
        self.fields[f"kind_{n}"].required = False

    def lines(self):
        """The fields of each line, as `_tables` has them."""
        names = ("article", "quantity", "price", "serialised")
        return self._tables(names, FEW_LINES, LINES, said="article")

    def task_rows(self):
        """The fields of each service."""
        names = ("kind", "skill", "minutes", "remarks")
        return self._tables(names, FEW_TASKS, TASKS, said="skill")

    def _tables(self, names, few, most, *, said):
        """[(rows, whether they are in sight)]: the first few, and those to open for more, which
        stay open once one of them has something `said` or is wrong."""
        rows = [[self[f"{name}_{n}"] for name in names] for n in range(most)]
        used = self.is_bound and any(
            self[f"{said}_{n}"].data or any(field.errors for field in rows[n])
            for n in range(few, most)
        )
        return [(rows[:few], True), (rows[few:], used)]

    def clean(self):
        data = super().clean()
        self._read_lines(data)
        self._read_tasks(data)
        return data

    def _read_lines(self, data):
        typed = {n: code_of(data.get(f"article_{n}") or "") for n in range(LINES)}
        offered = self.offered.select_related("boutique").annotate(free=queries.available())
        found = by_code(offered, typed.values())
        seen = set()
        for n, code in typed.items():
            quantity = data.get(f"quantity_{n}")
            if not code:
                if quantity or data.get(f"price_{n}") is not None:
                    self.add_error(f"article_{n}", _("Which article?"))
                continue
            article = found.get(code.casefold())
            if article is None:
                self.add_error(f"article_{n}", _("This shop has no active article with this code."))
            elif article.pk in seen:
                self.add_error(f"article_{n}", _("This article is there already."))
            elif {f"quantity_{n}", f"price_{n}"}.isdisjoint(self.errors):
                seen.add(article.pk)
                serialised = bool(data.get(f"serialised_{n}"))
                line = Line(article, quantity or 1, data.get(f"price_{n}"), serialised)
                for problem in services.faults_of_line(self.instance, line, article):
                    self.add_error(f"quantity_{n}", problem)
                self.order_lines.append(line)
        if not any(typed.values()):
            self.add_error("article_0", _("Enter at least one article."))

    def _read_tasks(self, data):
        for n in range(TASKS):
            skill, minutes = data.get(f"skill_{n}"), data.get(f"minutes_{n}")
            if not skill:
                if data.get(f"remarks_{n}"):
                    self.add_error(f"skill_{n}", _("Which skill does it take?"))
                continue
            if minutes is None and f"minutes_{n}" not in self.errors:
                self.add_error(f"minutes_{n}", _("How long does it take?"))
            elif minutes:
                kind = data.get(f"kind_{n}") or Kind.INSTALLATION
                self.tasks.append(Task(kind, skill, minutes, data.get(f"remarks_{n}") or ""))
        if not any(data.get(f"skill_{n}") or f"skill_{n}" in self.errors for n in range(TASKS)):
            self.add_error("skill_0", _("Say at least one thing that is to be done."))
        elif self.tasks:
            for problem in services.faults_in_tasks(self.tasks):
                self.add_error("minutes_0", problem)

    def add_error(self, field, error):
        """What the service says of all lines or all services stands at the first of them."""
        told = getattr(error, "error_dict", None)
        if field is None and told:
            at = {"lines": "article_0", "tasks": "skill_0"}
            error = ValidationError({at.get(name, name): each for name, each in told.items()})
        super().add_error(field, error)


# -------------------------------------------------------------------------------------- engineers
class WeekInput(forms.Widget):
    """A week of working hours, a field for each day."""

    template_name = "installations/_week.html"

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        lines = (value or "").split("\n")
        lines += [""] * (working_hours.DAYS - len(lines))
        context["widget"]["days"] = [
            {"name": f"{name}_{day}", "label": WEEKDAYS[day], "value": lines[day]}
            for day in range(working_hours.DAYS)
        ]
        return context

    def value_from_datadict(self, data, files, name):
        days = [data.get(f"{name}_{day}", "") for day in range(working_hours.DAYS)]
        return "\n".join(" ".join(line.split()) for line in days)

    def value_omitted_from_data(self, data, files, name):
        return not any(f"{name}_{day}" in data for day in range(working_hours.DAYS))

    def id_for_label(self, id_):
        return f"{id_}_0" if id_ else id_


class EngineerForm(PartyForm):
    """Create or edit an engineer. Leave is noted by an action."""

    skills = SkillsField(
        error_messages={"invalid_choice": gettext_lazy("Skills are chosen from the list.")}
    )
    working_hours = WorkingHoursField(
        widget=WeekInput,
        help_text=gettext_lazy("For example 08:00-12:30 13:30-18:00; empty: does not work."),
    )

    who = (
        Row(Column("name"), Column("region")),
        Row(Column("phone"), Column("email")),
        "skills",
        "working_hours",
        "user",
    )

    class Meta(PartyForm.Meta):
        model = Engineer
        fields = [
            "name",
            "region",
            "phone",
            "email",
            "skills",
            "working_hours",
            "user",
            "notes",
        ]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        free = CustomUser.objects.filter(is_active=True, engineer=None)
        own = CustomUser.objects.filter(pk=self.instance.user_id)
        field = self.fields["user"]
        field.queryset = (free | own).order_by("username")
        field.help_text = _("Who signs in with it sees their own day.")
