"""What the pages about series ask, and how they check it."""

from datetime import date
from itertools import chain, groupby

from crispy_forms.layout import Column, Fieldset, Row
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.audit.refusals import first_refusal
from project.ui.inputs import DayInput
from project.ui.layout import helper_of

from . import changes
from .change_forms import ChangeForm
from .forms import TellField
from .models import Booking
from .public_holidays import holidays_of
from .recurrence import MOST_BETWEEN, MOST_OCCURRENCES, Frequency, Rule, TooMany, places_of
from .series_queries import continuations, left_alone_by
from .series_schedule import day_of, new_rule, not_droppable
from .series_services import keep_people, plan_of, segments_of

BY_DATE = "date"


class DaysField(forms.MultipleChoiceField):
    """Days of the week, as numbers from 0 for Monday."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options):
        choices = [(str(day), capfirst(name)) for day, name in WEEKDAYS.items()]
        super().__init__(choices=choices, **options)

    def clean(self, value):
        return tuple(sorted(map(int, super().clean(value))))


class RuleForm(forms.Form):
    """The rule by which a ride of `start` (its day) recurs: `cleaned_data["rule"]`."""

    stays_first = True  # the rule has to have that day
    of_others = False

    frequency = forms.ChoiceField(label=gettext_lazy("Recurs"), choices=Frequency.choices)
    interval = forms.IntegerField(
        label=gettext_lazy("Interval"),
        min_value=1,
        max_value=MOST_BETWEEN,
        help_text=gettext_lazy("2: every second day, week or month."),
    )
    weekdays = DaysField(label=gettext_lazy("On these days of the week"), required=False)
    month = forms.ChoiceField(label=gettext_lazy("In the month"), required=False)
    ends = forms.ChoiceField(
        label=gettext_lazy("Ends"),
        choices=[
            ("count", gettext_lazy("After a number of rides")),
            ("until", gettext_lazy("On a day")),
        ],
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=DayInput(),
    )
    count = forms.IntegerField(
        label=gettext_lazy("Number of rides"),
        required=False,
        min_value=2,
        max_value=MOST_OCCURRENCES,
        help_text=gettext_lazy("The first one included, and the days left out."),
    )
    listed = forms.CharField(required=False, widget=forms.HiddenInput)  # days, as they were shown

    def __init__(self, *args, start, month_day=None, in_trips=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.start = start
        if in_trips:
            self.fields["count"].help_text = _(
                "A round trip counts as one. The first one included, and the days left out."
            )
        month_day = month_day or start.day
        by_date = Rule(Frequency.MONTHLY, month_day=month_day, count=1)
        self.in_month = {BY_DATE: {"month_day": month_day}} | {
            str(place): {"weekdays": (start.weekday(),), "place": place}
            for place in places_of(start)
        }
        self.fields["month"].choices = [(BY_DATE, capfirst(by_date.day_of_month))] + [
            (name, capfirst(Rule(Frequency.MONTHLY, count=1, **on).day_of_month))
            for name, on in self.in_month.items()
            if name != BY_DATE
        ]

    def keep_people(self):
        """Plan the rides with their driver or partner, who has to be still with us."""
        rides = [ride.people for ride in self.plan.rides]
        people = dict.fromkeys(person for ride in rides for person in (ride.driver, ride.partner))
        for person in people:
            if person and not person.is_active:
                left = _("%(name)s is no longer active: unassign the booking first.")
                self.add_error("same_driver", ValidationError(left, params={"name": person}))
        keep_people(self.plan.rides)

    @property
    def ticked(self):
        """The boxes that were ticked, as they were sent."""
        return self.data.getlist("day") if hasattr(self.data, "getlist") else []

    @classmethod
    def opening(cls, start):
        """What the form asks at first: every week on that day, ten times."""
        return {
            "frequency": Frequency.WEEKLY.value,
            "interval": 1,
            "weekdays": [str(start.weekday())],
            "month": BY_DATE,
            "ends": "count",
            "count": 10,
        }

    def _out_of_sight(self, data):
        """The fields that the page does not show for these answers: whatever is in them."""
        shown_for = {"weekdays": Frequency.WEEKLY, "month": Frequency.MONTHLY}
        frequency = data.get("frequency")
        hidden = {name for name, only in shown_for.items() if frequency and frequency != only}
        return hidden | ({"count", "until"} - {data["ends"]} if "ends" in data else set())

    def clean(self):
        data = super().clean()
        for name in self._out_of_sight(data):
            self.errors.pop(name, None)
        if self.errors:
            return data
        end = {data["ends"]: data[data["ends"]]}
        if not end[data["ends"]]:
            self.add_error(data["ends"], self.fields["frequency"].error_messages["required"])
        elif data["ends"] == "until" and data["until"] <= self.start:
            self.add_error("until", _("This is not after the first ride."))
        on = {}
        if data["frequency"] == Frequency.WEEKLY:
            on = {"weekdays": data["weekdays"]}
            if not data["weekdays"] and not self.stays_first:
                self.add_error("weekdays", self.fields["frequency"].error_messages["required"])
            if self.stays_first and self.start.weekday() not in data["weekdays"]:
                day = {"day": WEEKDAYS[self.start.weekday()]}
                self.add_error(
                    "weekdays",
                    ValidationError(
                        _("The first ride is on a %(day)s: that day has to be ticked."), params=day
                    ),
                )
        elif data["frequency"] == Frequency.MONTHLY:
            on = self.in_month[data.get("month") or BY_DATE]
        if not self.errors:
            data["rule"] = Rule(data["frequency"], data["interval"], **end, **on)
        return data

    def clean_listed(self):
        """The days that the list showed; what is no day is none of ours."""
        days = set()
        for text in self.cleaned_data["listed"].split(","):
            try:
                days.add(date.fromisoformat(text))
            except ValueError:
                continue
        return days

    @property
    def words(self):
        return capfirst(self.cleaned_data["rule"].words)

    @property
    def months(self):
        """The days by month, as the list shows them."""
        groups = groupby(self.days, key=lambda day: (day["day"].year, day["day"].month))
        return [list(days) for _month, days in groups]

    @property
    def every_day(self):
        return ",".join(day["iso"] for day in self.days)


class SeriesChangeForm(ChangeForm):
    """What to change of the rides of a series, each on its own day; of round trips, each field on
    one segment or both where both are taken. Whether it is paid is each ride's own."""

    overwrite = forms.BooleanField(
        label=gettext_lazy("Those changed by hand as well"),
        required=False,
        widget=forms.CheckboxInput(attrs={"data-preview": ""}),
    )

    to = changes.ToPlanned
    left_out = (changes.DAY, "payment_state")
    last = ("overwrite", "tell")

    def _asks_legs(self):
        return self.selection.order_by().values("planned_return").distinct().count() > 1

    def clean(self):
        overwrite = self.cleaned_data.get("overwrite", False)
        return {**super().clean(), "overwrite": overwrite}


def may_assign(user):
    """Whether they may have rides made that are given to somebody: those that keep who drives."""
    return user.has_perm("bookings.assign_booking")


class RepeatForm(RuleForm):
    """Make a ride recur: by which rule, and which of its days are left out.

    Once it is valid, `plan` is what it would make and `days` lists it, day by day.
    """

    both = forms.BooleanField(label=gettext_lazy("Both segments of the round trip"), required=False)
    same_driver = forms.BooleanField(
        label=gettext_lazy("Keep the driver or the partner"),
        required=False,
        help_text=gettext_lazy("Where the driver has another ride, the new one is to be assigned."),
    )
    tell = TellField(help_text=gettext_lazy("One message for all the rides."))

    def __init__(self, data, *, booking, user):
        trip = segments_of(booking)
        self.segments = trip if data.get("both") else [booking]
        shown = [ride for ride in trip if ride.pk in seen_in(data.get("seen", ""))]
        # The box for both segments was ticked or not: the page is about other rides than it says.
        self.of_others = bool(shown) and shown != self.segments
        day = day_of(self.segments[0].pickup_at)
        if self.of_others:
            data = asked_of(data, day_of(shown[0].pickup_at), day)
        super().__init__(data, start=day, in_trips=bool(booking.round_trip_id))
        self.booking, self.plan, self.days = booking, None, []
        if not booking.round_trip_id:
            del self.fields["both"]
        driven = any(ride.driver_id or ride.partner_id for ride in self.segments)
        if not (driven and may_assign(user)):
            del self.fields["same_driver"]
        self.helper = helper_of(
            Fieldset(
                _("Rule"),
                *rule_rows(),
                *(name for name in ("both", "same_driver", "tell") if name in self.fields),
            )
        )

    @classmethod
    def asked_first(cls, booking, user):
        """The form as it opens."""
        [first, *_others] = segments_of(booking)
        day = day_of(first.pickup_at)
        opening = cls.opening(day) | {"both": "on", "tell": "on"}
        return cls(opening, booking=booking, user=user)

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        today = timezone.localdate()
        ticked = {*self.ticked}
        left_out = {day for day in data["listed"] if day.isoformat() not in ticked}
        end = data["ends"]
        try:
            every = data["rule"].days(self.start)
            data["excluded"] = left_out | {day for day in every if day < today}
            self.plan = plan_of(self.segments, data["rule"], excluded=data["excluded"])
        except TooMany as many:
            self.add_error(end, many)
            return data
        except ValidationError as error:
            self.add_error(end, error)
            # The days are listed all the same, to be ticked again.
            self.days = listing(every, self.start, left_out, today, [])
            return data
        if data.get("same_driver"):
            self.keep_people()
        self.days = listing(every, self.start, left_out, today, self.plan.rides)
        return data

    @property
    def counts(self):
        """What the list amounts to."""
        return {
            "rides": len(self.plan.rides),
            "holidays": sum(bool(day["holidays"] and day["ticked"]) for day in self.days),
            "clashes": sum(bool(ride.clash) for ride in self.plan.rides),
            "left_out": len(self.plan.excluded),
        }


class NewRuleForm(RuleForm):
    """Another rule for a series, from an occurrence on or for all of it.

    Once it is valid, `plan` is what it would change, `days` lists what it has, `dropped` the rides
    that it has not and `kept` those of them that stay, with the reason.
    """

    stays_first = False
    scope = forms.ChoiceField(
        label=gettext_lazy("Applies to"),
        choices=[
            ("following", gettext_lazy("This and the following of the series")),
            ("series", gettext_lazy("The whole series")),
        ],
        widget=forms.RadioSelect,
    )
    same_driver = forms.BooleanField(
        label=gettext_lazy("New rides keep the driver or the partner"), required=False
    )
    overwrite = forms.BooleanField(
        label=gettext_lazy("Cancel those changed by hand as well"), required=False
    )
    tell = TellField(
        help_text=gettext_lazy(
            "One message says which rides no longer take place, because the days have changed, and "
            "one which are new. Nothing is said of those that stay."
        )
    )

    def __init__(self, data, *, booking, user):
        self.whole = data.get("scope") == "series"
        start = day_of(booking.series.starts_at if self.whole else booking.original_start)
        in_force = Rule.parse(booking.series.rule)
        # A short month has a rule of its 31st on another day, from which it goes on all the same.
        anchor = in_force.month_day if in_force.has(start) else None
        super().__init__(data, start=start, month_day=anchor, in_trips=bool(booking.round_trip_id))
        self.booking, self.plan, self.days = booking, None, []
        self.dropped, self.kept = [], []
        if not may_assign(user):
            del self.fields["same_driver"]
        boxes = (name for name in ("same_driver", "overwrite", "tell") if name in self.fields)
        self.helper = helper_of(Fieldset(_("Rule"), "scope", *rule_rows(), *boxes))

    @classmethod
    def asked_first(cls, booking, user):
        """The form as it opens: the rule in force, from this occurrence on; of the whole series
        where another continues it, since the following would take in the other's rides too."""
        starts, day = day_of(booking.series.starts_at), day_of(booking.original_start)
        whole = Booking.objects.filter(series__in=continuations(booking.series)).exists()
        if whole:
            day = starts
        rule = Rule.parse(booking.series.rule)
        ahead = [each for each in rule.days(starts) if each >= day]
        in_month = BY_DATE if rule.place is None else str(rule.place)
        opening = cls.opening(day) | {
            "scope": "series" if whole else "following",
            "tell": "on",
            "frequency": rule.frequency,
            "interval": rule.interval,
            "month": in_month,
            "ends": "until" if rule.until else "count",
            "until": rule.until.isoformat() if rule.until else "",
            "count": "" if rule.until else len(ahead),
        }
        if rule.frequency == Frequency.WEEKLY:
            opening["weekdays"] = [str(each) for each in rule.weekdays]
        return cls(opening, booking=booking, user=user)

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        today = timezone.localdate()
        ticked = {*self.ticked}
        left_out = {day for day in data["listed"] if day.isoformat() not in ticked}
        before = {date.fromisoformat(day) for day in self.booking.series.excluded}
        left_out |= before - data["listed"]  # left out until someone ticks it
        try:
            every = data["rule"].days(self.start)
            data["excluded"] = left_out | {day for day in every if day < today}
            self.plan = new_rule(
                self.booking, data["rule"], whole=self.whole, excluded=data["excluded"]
            )
        except ValidationError as error:
            self.add_error(data["ends"], error)
            return data
        if data.get("same_driver"):
            self.keep_people()
        self.days = listing(every, None, left_out, today, self.plan.rides, self.plan.there)
        self._split(data["overwrite"])
        return data

    @property
    def copied(self):
        """[(a ride that others are copies of, who drives them)]; None where nobody is kept."""
        keeps = self.cleaned_data.get("same_driver")
        people = {ride.template.pk: ride.people for ride in self.plan.rides} if keeps else {}
        people = {pk: ride.driver or ride.partner for pk, ride in people.items()}
        return [(ride, people.get(ride.pk)) for ride in self.plan.copied]

    def _split(self, overwrite):
        refusals = not_droppable(overwrite=overwrite)
        words = {refusal.code: refusal.message for refusal in refusals}
        rides = self.plan.dropped.annotate(refusal=first_refusal(refusals))
        for ride in rides.order_by("original_start", "leg"):
            if ride.refusal == "cancelled":
                continue  # there is nothing left to say
            if ride.refusal:
                self.kept.append((ride, words[ride.refusal]))
            else:
                self.dropped.append(ride)
        left = left_alone_by(self.dropped)
        for ride in self.dropped:
            ride.left = left.get(ride.round_trip_id)

    @property
    def counts(self):
        return {
            "rides": len(self.plan.rides),
            "left": sum(bool(ride.left) for ride in self.dropped),
            "stay": sum(map(len, self.plan.there.values())),
            "dropped": len(self.dropped),
            "holidays": sum(bool(each["holidays"] and each["moments"]) for each in self.days),
            "clashes": sum(bool(ride.clash) for ride in self.plan.rides),
            "left_out": len(self.plan.excluded),
        }


def seen_in(text):
    """{key: version} as the page had them; what is neither is a version that no ride has."""
    pairs = [pair.partition("-") for pair in text.split()]
    return {
        int(key): int(version)
        for key, _dash, version in pairs
        if key.isdecimal() and version.isdecimal() and len(key + version) < 30
    }


def asked_of(data, before, start):
    """What was asked of a ride on the day `before`, of one on `start`: its weekday follows, and
    its place in the month."""
    data = data.copy()
    days, new = data.getlist("weekdays"), str(start.weekday())
    if new not in days:
        former = str(before.weekday())
        data.setlist("weekdays", [new if day == former else day for day in days])
    places = [str(place) for place in places_of(start)]
    if data.get("month") not in (BY_DATE, *places):
        data["month"] = places[0]
    return data


def rule_rows():
    """The fields of a rule, in rows."""
    return (
        Row(
            Column("frequency"),
            Column("interval"),
            Column("ends"),
            Column("count", css_class="by-count"),
            Column("until", css_class="by-day"),
        ),
        Row(Column("weekdays"), css_class="weekly"),
        Row(Column("month"), css_class="monthly"),
    )


def listing(days, first, left_out, today, rides, there=None):
    """The days of a rule as the list shows them. `there` are the rides that they have already; of
    what is made, the return may be on a later day, which may be a holiday as well."""
    there = there or {}
    made = {}
    for ride in rides:
        made.setdefault(ride.day, []).append(ride)
    on = {day: [day_of(ride.pickup_at) for ride in made.get(day, ())] for day in days}
    holidays = holidays_of({*days, *chain.from_iterable(on.values())})
    return [
        {
            "day": day,
            "iso": day.isoformat(),
            "first": day == first,
            "there": there.get(day, []),
            "past": day < today and day != first and day not in there,
            "ticked": day == first or day in there or (day not in left_out and day >= today),
            "holidays": [
                holidays[each] for each in dict.fromkeys([day, *on[day]]) if each in holidays
            ],
            "moments": [ride.pickup_at for ride in made.get(day, ())],
            "clashes": [ride.clash for ride in made.get(day, ()) if ride.clash],
        }
        for day in days
    ]
