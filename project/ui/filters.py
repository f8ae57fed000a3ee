"""What lists are filtered by: it lives in the URL, says what is wrong at its field, shows as chips.

The same filter, read from the same query string, serves the list, "all that match" and an export.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Model
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import localize
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .inputs import DayInput
from .lookup import LookupField, read_together, show_only_visible
from .pages import count_of


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force, in words, and the query string without it."""

    label: str
    without: str


class LookupFilter(django_filters.Filter):
    """By a record that is found by live search; takes what `LookupField` takes."""

    field_class = LookupField


SEARCH = gettext_lazy("Search")


class SearchInput(forms.TextInput):
    input_type = "search"


class SearchFilter(django_filters.CharFilter):
    """By words that the filter set's `search` finds; `hint` is what may be typed."""

    def __init__(self, hint, *, label=SEARCH, method="search"):
        attrs = {"class": "field search", "placeholder": hint}
        super().__init__(label=label, method=method, max_length=200, widget=SearchInput(attrs))


class FlagInput(forms.CheckboxInput):
    """A box whose "0" in a URL means no."""

    def value_from_datadict(self, data, files, name):
        return data.get(name) not in (None, "", "0", "false")


class FlagFilter(django_filters.Filter):
    """Yes, or no matter: a box."""

    field_class = forms.BooleanField

    def __init__(self, *args, **kwargs):
        super().__init__(*args, widget=FlagInput(attrs={"value": "1"}), **kwargs)

    def filter(self, records, yes):
        """Unticked it asks for nothing: django-filter would ask for what is not so."""
        return super().filter(records, yes) if yes else records


class DayFilter(django_filters.DateFilter):
    """By a day of the calendar that lists know: the day before it and the one after are days."""

    def __init__(self, **options):
        limits = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2199, 12, 31))]
        super().__init__(widget=DayInput(), validators=limits, **options)


class FilterSet(django_filters.FilterSet):
    """Base of the lists' filters: `FilterSet(data, user=…)`.

    `data` is the query string's QueryDict; what is empty in it counts as absent, and a query
    string that names no filter at all stands for `opening`. Wrong input shows no rows, with the
    error at its field.
    """

    # The filters that are always in sight; the others are one click away.
    quick = ()
    opening = ""

    def __init__(self, data, *, user):
        # Under these names lookups send what was typed.
        self.texts = {
            f"{name}_text": name
            for name, each in self.base_filters.items()
            if isinstance(each, LookupFilter)
        }
        asked = QueryDict(self.opening, mutable=True)
        if any(name in self.base_filters or name in self.texts for name in data):
            asked = QueryDict(mutable=True)
            for name in (*self.base_filters, *self.texts):
                # A lookup's text says something even when it was emptied by hand.
                values = [text for text in data.getlist(name) if text.strip() or name in self.texts]
                if values:
                    asked.setlist(name, values)
        self.get_form_class()
        self.user = user
        super().__init__(asked, self.visible_to(user))
        self.data = asked  # FilterSet replaces an empty one

    @classmethod
    def visible_to(cls, user):
        model = cls._meta.model
        records = model._default_manager.all()
        view = f"{model._meta.app_label}.view_{model._meta.model_name}"
        return records if user.has_perm(view) else records.none()

    @property
    def form(self):
        if not hasattr(self, "_form"):
            form = super().form
            form.auto_id = "filter_%s"  # a dialog on the same page may ask for the same names
            show_only_visible(form.fields, self.user)
            read_together(form.fields, self.data)
            for name, error in self.check(form.cleaned_data if form.is_valid() else {}):
                form.add_error(name, error)
            # What was typed is now a record: links carry its key, the field shows its name.
            for text, name in self.texts.items():
                if record := form.cleaned_data.get(name):
                    self.data[name], self.data[text] = record.pk, str(record)
        return self._form

    def check(self, asked):
        """Yield (filter, error) for values that are right each by itself but not together: the
        last day of a span before its first."""
        since, until = asked.get("since"), asked.get("until")
        if since and until and since > until:
            yield "until", _("This is before the first day.")

    @classmethod
    def get_form_class(cls):
        """Made once: the fields are the same for everyone, and each form copies them.

        What they are made of then serves no more, and need not be copied with every filter.
        """
        if "form_class" not in vars(cls):
            fields = {name: each.field for name, each in cls.base_filters.items()}
            for name, field in fields.items():
                field.widget.attrs.setdefault("aria-describedby", f"filter-error-{name}")
                if not isinstance(field.widget, forms.CheckboxInput | forms.CheckboxSelectMultiple):
                    field.widget.attrs.setdefault("class", "field")
                cls.base_filters[name].extra = {}
            cls.form_class = type(f"{cls.__name__}Form", (cls._meta.form,), fields)
        return cls.form_class

    @property
    def query(self):
        """The filter as a query string, without what is empty: what links and selections carry.

        Never a bare one where that would mean the opening.
        """
        return self._query(self.data) or (self.bare if self.opening else "")

    @property
    def bare(self):
        """The query string that says that nothing is asked, where an empty one says nothing."""
        return f"{next(iter(self.base_filters))}="

    def _query(self, data):
        kept = data.copy()
        for text, name in self.texts.items():
            if kept.get(name) or not kept.get(text):
                kept.pop(text, None)
        return kept.urlencode()

    @cached_property
    def qs(self):
        """What matches; nothing while something in the filter is wrong."""
        return self.filter_queryset(self.queryset) if self.is_valid() else self.queryset.none()

    def branches(self, sort):
        """`qs` as querysets that share no record, each read by its own index in this sort."""
        return [self.qs]

    @cached_property
    def count(self):
        """How many match, as a `pages.Count`; one statement, when it is asked for."""
        return count_of(self.qs)

    @cached_property
    def remarks(self):
        """{filter: text} where a filter is valid and yet can be met only in part."""
        return {}

    @cached_property
    def chips(self):
        """What filters the list now, one by one; what is wrong is said at its field instead."""
        return [Chip(words, self._without(name, text)) for name, text, words in self._told()]

    @property
    def days(self):
        """The first and the last day that a valid filter asks for; None where it is open."""
        return None, None

    @property
    def facts(self):
        """The filter in words that stay true, a line for each condition: what a file says of it."""
        told = self._told(in_words=self.lasting_words)
        return self.with_unasked([words for _name, _text, words in told])

    def with_unasked(self, words):
        """What is asked, in words, and what the filter does besides."""
        return (words or [_("Everything")]) + self.unasked

    @property
    def unasked(self):
        """What the filter does without being asked, in words."""
        return []

    def _told(self, *, in_words=None):
        """(filter, value as the URL has it, in words) of what has any."""
        in_words = in_words or self.words
        for name, value in self.form.cleaned_data.items():
            for text in self.data.getlist(name):
                if words := in_words(name, value, text):
                    yield name, text, words

    def lasting_words(self, name, value, text):
        """`words` for whoever reads them on another day."""
        return self.words(name, value, text)

    def words(self, name, value, text):
        """The chip of one value (`text` as the URL has it), or '' for none."""
        field = self.form.fields[name]
        if isinstance(field, forms.BooleanField):
            return str(field.label) if value else ""
        if not isinstance(value, Model) and hasattr(field, "choices"):
            return str(dict(field.choices).get(text, text))
        return _("%(label)s: %(value)s") % {"label": field.label, "value": localize(value)}

    def _without(self, name, text):
        """The query string without one value; never a bare one, which would mean the opening."""
        rest = self.data.copy()
        rest.setlist(name, [each for each in rest.getlist(name) if each != text])
        return self._query(rest) or f"{name}="

    @cached_property
    def every_field(self):
        """The filters as a template lays them out."""
        return [
            Field(bound, self.form.errors.get(bound.name, ()), self.remarks.get(bound.name, ""))
            for bound in self.form
        ]

    def fields_under(self, prefix):
        """The same fields under other names (`<prefix>-<name>`): for a dialog over the list, which
        asks again when one of them changes."""
        asked = QueryDict(mutable=True)
        for name, values in self.data.lists():
            asked.setlist(f"{prefix}-{name}", values)
        form = self.get_form_class()(asked, prefix=prefix, auto_id="%s")
        show_only_visible(form.fields, self.user)
        for name, field in form.fields.items():
            field.widget.attrs |= {
                "data-preview": "",
                "aria-describedby": f"{prefix}-error-{name}",
            }
        return [Field(bound, self.form.errors.get(bound.name, ()), "") for bound in form]

    @property
    def quick_fields(self):
        return [field for field in self.every_field if field.bound.name in self.quick]

    @property
    def more_fields(self):
        return [
            field
            for field in self.every_field
            if field.bound.name not in self.quick and not field.bound.is_hidden
        ]

    @property
    def hidden_fields(self):
        """What only links set: shown by its chip."""
        return [field for field in self.every_field if field.bound.is_hidden]

    @property
    def more_has_words(self):
        """Whether a filter out of sight has something to say."""
        return any(field.errors or field.remark for field in self.more_fields)


def midnight(day):
    """The moment at which a day begins where the desk is."""
    return timezone.make_aware(datetime.combine(day, time.min))


class SpanFilter(FilterSet):
    """By the days of a moment, which `dated` leads to: from `since` to `until`, both counted."""

    dated = ""

    def is_since(self, records, name, day):
        return records.filter(**{f"{self.dated}__gte": midnight(day)})

    def is_until(self, records, name, day):
        return records.filter(**{f"{self.dated}__lt": midnight(day + timedelta(days=1))})


@dataclass(frozen=True, slots=True)
class Field:
    """A filter as a template shows it: the field, what is wrong with it, what else to say."""

    bound: Any
    errors: Any
    remark: str

    @property
    def alone(self):
        return [self]

    @property
    def many(self):
        return isinstance(self.bound.field.widget, forms.CheckboxSelectMultiple)

    @property
    def flag(self):
        return isinstance(self.bound.field.widget, forms.CheckboxInput)
