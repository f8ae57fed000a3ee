"""What the room's lists are filtered by."""

import django_filters
from django import forms
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings.filters import DayFilter
from project.directory.filters import PartyFilter
from project.directory.models import Customer
from project.ui.filters import FilterSet, LookupFilter, SearchFilter

from .availability import moment
from .models import Engineer, InstallationBooking, Order, Service
from .states import Skill, Status


def status_filter():
    return django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Status"), choices=Status.choices, widget=forms.CheckboxSelectMultiple
    )


class OrderFilter(FilterSet):
    q = SearchFilter(gettext_lazy("Order, customer, contact, address…"))
    status = status_filter()
    engineer = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Engineer"),
        field_name="booking__engineer",
        queryset=Engineer.objects.all(),
        empty_label=gettext_lazy("Any engineer"),
    )
    since = DayFilter(label=gettext_lazy("Visit from"), method="is_since")
    until = DayFilter(label=gettext_lazy("Visit until"), method="is_until")
    customer = LookupFilter(
        label=gettext_lazy("Customer"),
        queryset=Customer.objects.all(),
        url="directory:customer-lookup",
    )

    quick = ("q", "status", "engineer")

    class Meta:
        model = Order
        fields = []

    def search(self, orders, name, text):
        return orders.search(text)

    def is_since(self, orders, name, day):
        return orders.filter(booking__start__gte=moment(day, "00:00"))

    def is_until(self, orders, name, day):
        return orders.filter(booking__start__lt=moment(day, "24:00"))

    def check(self, asked):
        since, until = asked.get("since"), asked.get("until")
        if since and until and since > until:
            yield "until", _("This is before the first day.")


class InboxFilter(FilterSet):
    """What waits to be scheduled."""

    q = OrderFilter.base_filters["q"]
    skill = django_filters.ChoiceFilter(
        label=gettext_lazy("Skill"),
        choices=Skill.choices,
        method="asks_for",
        empty_label=gettext_lazy("Any skill"),
    )
    region = django_filters.CharFilter(
        label=gettext_lazy("Region"), lookup_expr="iexact", max_length=60
    )

    class Meta:
        model = Order
        fields = []

    def search(self, orders, name, text):
        return orders.search(text)

    def asks_for(self, orders, name, skill):
        wanted = Service.objects.filter(order=OuterRef("pk"), required_skill=skill)
        return orders.filter(Exists(wanted))


class EngineerFilter(PartyFilter):
    skill = django_filters.ChoiceFilter(
        label=gettext_lazy("Skill"),
        choices=Skill.choices,
        method="has_skill",
        empty_label=gettext_lazy("Any skill"),
    )

    quick = ("q", "skill", "inactive")

    class Meta:
        model = Engineer
        fields = []

    def has_skill(self, engineers, name, skill):
        return engineers.with_skill(skill)


class ServiceFilter(FilterSet):
    status = status_filter()

    class Meta:
        model = Service
        fields = []


class InstallationBookingFilter(FilterSet):
    status = status_filter()
    engineer = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Engineer"), queryset=Engineer.objects.all()
    )
    day = DayFilter(label=gettext_lazy("Day"), method="is_on")

    class Meta:
        model = InstallationBooking
        fields = []

    def is_on(self, bookings, name, day):
        return bookings.filter(start__gte=moment(day, "00:00"), start__lt=moment(day, "24:00"))
