"""What bookings are filtered by. Each filter has its index (models.desk_indexes)."""

import re
from datetime import timedelta

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from project.directory.models import Customer, Driver, Partner
from project.ui.filters import (
    DayFilter,
    FilterSet,
    FlagFilter,
    LookupFilter,
    SearchFilter,
    midnight,
)
from project.ui.formats import date_format
from project.ui.pages import Count, count_of

from .models import Booking, Series
from .queries import address_search, free_search
from .series_queries import cancelled_from
from .states import Status

ANY, UPCOMING = "any", "upcoming"
PERIODS = (
    (UPCOMING, gettext_lazy("From today")),
    ("today", gettext_lazy("Today")),
    ("tomorrow", gettext_lazy("Tomorrow")),
    ("yesterday", gettext_lazy("Yesterday")),
    ("week", gettext_lazy("This week")),
    ("next_week", gettext_lazy("Next week")),
    ("last_week", gettext_lazy("Last week")),
    ("month", gettext_lazy("This month")),
    ("last_month", gettext_lazy("Last month")),
    (ANY, gettext_lazy("All dates")),
)
MOST_REFERENCES = 500
# Conditions that many rows meet.
PASSED_OVER = ("pickup_at", "status")


def days_of(period, today):
    """The first day of a period and the day after its last; None where it is open."""
    day = timedelta(days=1)
    week = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    next_month = (month + timedelta(days=32)).replace(day=1)
    return {
        ANY: (None, None),
        UPCOMING: (today, None),
        "today": (today, today + day),
        "tomorrow": (today + day, today + 2 * day),
        "yesterday": (today - day, today),
        "week": (week, week + 7 * day),
        "next_week": (week + 7 * day, week + 14 * day),
        "last_week": (week - 7 * day, week),
        "month": (month, next_month),
        "last_month": ((month - day).replace(day=1), month),
    }[period]


class ReferencesField(forms.CharField):
    """References pasted from anywhere, set apart by anything; each once."""

    widget = forms.Textarea

    def to_python(self, value):
        words = re.findall(r"[A-Z0-9][A-Z0-9-]*", super().to_python(value).upper())
        return list(dict.fromkeys(words))

    def validate(self, value):
        super().validate(value)
        if len(value) > MOST_REFERENCES:
            raise ValidationError(
                _("At most %(most)s references at a time."), params={"most": MOST_REFERENCES}
            )


class ReferencesFilter(django_filters.Filter):
    field_class = ReferencesField

    def __init__(self, **options):
        hint = gettext_lazy("A pasted list, in any form")
        widget = forms.Textarea(attrs={"rows": 2, "placeholder": hint})
        super().__init__(lookup_expr="in", widget=widget, **options)


class ArchiveFilter(django_filters.ChoiceFilter):
    """Without the archived ones, unless they are asked for: alone, or with the others."""

    ALONE, TOO = "1", "all"
    WITHOUT = gettext_lazy("Without archived bookings")
    CHOICES = (
        (ALONE, gettext_lazy("Archived bookings alone")),
        (TOO, gettext_lazy("With archived bookings")),
    )

    def __init__(self, **options):
        super().__init__(choices=self.CHOICES, empty_label=self.WITHOUT, **options)

    def filter(self, bookings, value):
        if value == self.TOO:
            return bookings
        return bookings.archived() if value == self.ALONE else bookings.active()


class BookingFilter(FilterSet):
    q = SearchFilter(gettext_lazy("Reference, passenger, phone, address…"))
    period = django_filters.ChoiceFilter(
        label=gettext_lazy("Period"), method="in_period", choices=PERIODS, empty_label=None
    )
    status = django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Status"),
        method="in_status",
        choices=Status.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    unassigned = FlagFilter(label=gettext_lazy("To assign"), method="is_unassigned")
    since = DayFilter(label=gettext_lazy("From"), method="since_day")
    until = DayFilter(label=gettext_lazy("Until"), method="until_day")
    customer = LookupFilter(
        label=gettext_lazy("Customer"),
        queryset=Customer.objects.all(),
        url="directory:customer-lookup",
    )
    driver = LookupFilter(
        label=gettext_lazy("Driver"), queryset=Driver.objects.all(), url="directory:driver-lookup"
    )
    partner = LookupFilter(
        label=gettext_lazy("Partner"),
        queryset=Partner.objects.all(),
        url="directory:partner-lookup",
    )
    address = django_filters.CharFilter(
        label=gettext_lazy("Address"), method="at_address", max_length=200
    )
    references = ReferencesFilter(label=gettext_lazy("References"), field_name="reference")
    # Where links lead to, not what one chooses here: it shows as a chip.
    series = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Series"), queryset=Series.objects.all(), widget=forms.HiddenInput
    )
    left_series = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Cancelled by a change of the rule"),
        method="has_left",
        queryset=Series.objects.all(),
        widget=forms.HiddenInput,
    )
    archived = ArchiveFilter(label=gettext_lazy("Archived"))

    quick = ("q", "period", "status", "unassigned")
    opening = f"period={UPCOMING}"

    class Meta:
        model = Booking
        fields = []

    def __init__(self, data, *, user):
        super().__init__(data, user=user)
        self.data.setdefault("period", ANY)
        self.broad = False

    def search(self, bookings, name, text):
        return self._found(free_search(bookings, text))

    def at_address(self, bookings, name, text):
        return self._found(address_search(bookings, text))

    def _found(self, result):
        self.broad |= result.capped
        return result.queryset

    def in_period(self, bookings, name, period):
        return bookings.departing(
            *(day and midnight(day) for day in days_of(period, timezone.localdate()))
        )

    def since_day(self, bookings, name, day):
        return bookings.departing(midnight(day), None)

    def until_day(self, bookings, name, day):
        return bookings.departing(None, midnight(day + timedelta(days=1)))

    def in_status(self, bookings, name, statuses):
        return bookings.filter(status__in=statuses)

    def has_left(self, bookings, name, series):
        return bookings.filter(pk__in=cancelled_from(series).values("pk"))

    def is_unassigned(self, bookings, name, yes):
        return bookings.unassigned() if yes else bookings

    def branches(self, sort):
        """Active and archived ones apart, since each have their own indexes."""
        return [part for branch in self._by_status(sort) for part in self._by_archive(branch)]

    def _by_archive(self, bookings):
        if self.form.cleaned_data.get("archived") == ArchiveFilter.TOO:
            return [bookings.active(), bookings.archived()]
        return [bookings]

    def _by_status(self, sort):
        """Several statuses by departure: each has its index, already in that order.

        In another order the index of that order is walked, past the rows that do not match; unless
        those that do are few, which sorts them faster.
        """
        bookings, asked = self.qs, self.form.cleaned_data
        if not sort.by_day:
            many = self.count is None or self.count.capped
            return [bookings.passing_over(*PASSED_OVER) if many else bookings]
        statuses = asked.get("status", ())
        looked_up = asked.get("q") or asked.get("address") or asked.get("references")
        if len(statuses) < 2 or looked_up:
            return [bookings]
        return [bookings.filter(status=status) for status in statuses]

    @cached_property
    def count(self):
        """None for a broad search: it passes over rows to find its matches, and counting more."""
        bookings = self.qs
        if self.broad:
            return None
        if self.listed is not None:
            return Count(sum(shown for _reference, shown in self.listed))
        if self.form.cleaned_data.get("status"):
            bookings = bookings.order_by()  # the index by status has them together
        return count_of(*self._by_archive(bookings))

    @cached_property
    def listed(self):
        """(reference, shown) of the pasted references that exist; None where none was asked for."""
        asked = self.is_valid() and self.form.cleaned_data.get("references")
        if not asked:
            return None
        known = self.queryset.filter(reference__in=asked).order_by()
        shown = ExpressionWrapper(
            Q(pk__in=self.qs.order_by().values("pk")), output_field=BooleanField()
        )
        return list(known.values_list("reference", shown))

    @cached_property
    def remarks(self):
        if self.listed is None:
            return {}
        known = {reference for reference, _shown in self.listed}
        left_out = (
            (_("Unknown: %(references)s."), {*self.form.cleaned_data["references"]} - known),
            (
                _("Left out by the other filters: %(references)s."),
                {reference for reference, shown in self.listed if not shown},
            ),
        )
        said = [text % {"references": ", ".join(sorted(some))} for text, some in left_out if some]
        return {"references": " ".join(said)} if said else {}

    @property
    def unasked(self):
        archived = self.form.cleaned_data.get("archived")
        return [] if archived else [str(ArchiveFilter.WITHOUT)]

    @property
    def days(self):
        asked = self.form.cleaned_data
        first, after = days_of(asked.get("period") or ANY, timezone.localdate())
        last = after and after - timedelta(days=1)
        starts = [day for day in (first, asked.get("since")) if day]
        ends = [day for day in (last, asked.get("until")) if day]
        return max(starts, default=None), min(ends, default=None)

    def lasting_words(self, name, value, text):
        words = super().lasting_words(name, value, text)
        if name == "period" and words:
            first, after = days_of(value, timezone.localdate())
            days = [first] if after is None else [first, after - timedelta(days=1)]
            shown = [date_format(day, "SHORT_DATE_FORMAT") for day in dict.fromkeys(days)]
            return _("%(label)s: %(value)s") % {"label": words, "value": " – ".join(shown)}
        return words

    def words(self, name, value, text):
        if name == "period" and value == ANY:
            return ""
        if name == "references":
            count = len(value)
            return ngettext("%(n)s reference", "%(n)s references", count) % {"n": count}
        return super().words(name, value, text)
