"""What the room's lists are filtered by."""

import django_filters
from django import forms
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy

from project.directory.filters import PartyFilter
from project.directory.models import Customer
from project.ui.filters import DayFilter, FilterSet, LookupFilter, SearchFilter, SpanFilter

from .models import Engineer, InstallationBooking, Order, Service
from .states import Kind, Skill, Status


def status_filter():
    return django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Status"), choices=Status.choices, widget=forms.CheckboxSelectMultiple
    )


def since():
    return DayFilter(label=gettext_lazy("Visit from"), method="is_since")


def until():
    return DayFilter(label=gettext_lazy("Visit until"), method="is_until")


def order_filter():
    return django_filters.CharFilter(
        label=gettext_lazy("Order"), field_name="order__number", max_length=20
    )


class OrderFilter(SpanFilter):
    q = SearchFilter(gettext_lazy("Order, customer, contact, address…"))
    status = status_filter()
    engineer = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Engineer"),
        field_name="booking__engineer",
        queryset=Engineer.objects.all(),
        empty_label=gettext_lazy("Any engineer"),
    )
    since, until = since(), until()
    customer = LookupFilter(
        label=gettext_lazy("Customer"),
        queryset=Customer.objects.all(),
        url="directory:customer-lookup",
    )

    quick = ("q", "status", "engineer")
    dated = "booking__start"

    class Meta:
        model = Order
        fields = []

    def search(self, orders, name, text):
        return orders.search(text)


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


class ServiceFilter(SpanFilter):
    status = status_filter()
    order = order_filter()
    kind = django_filters.ChoiceFilter(label=gettext_lazy("Kind"), choices=Kind.choices)
    skill = django_filters.ChoiceFilter(
        label=gettext_lazy("Skill"), field_name="required_skill", choices=Skill.choices
    )
    engineer = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Engineer"), queryset=Engineer.objects.all()
    )
    since, until = since(), until()

    dated = "order__booking__start"

    class Meta:
        model = Service
        fields = []


class InstallationBookingFilter(SpanFilter):
    status = status_filter()
    order = order_filter()
    engineer = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Engineer"), queryset=Engineer.objects.all()
    )
    day = DayFilter(label=gettext_lazy("Day"), method="is_on")
    since, until = since(), until()

    dated = "start"

    class Meta:
        model = InstallationBooking
        fields = []

    def is_on(self, bookings, name, day):
        return self.is_until(self.is_since(bookings, name, day), name, day)
