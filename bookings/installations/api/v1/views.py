"""The views of /api/v1/. What they do is what the desk's actions do."""

from http import HTTPStatus

from django import forms
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from bookings.installations import actions, availability, online, queries
from bookings.installations.api import scopes
from bookings.installations.forms import DayField
from bookings.installations.models import Engineer, InstallationBooking, Order, Service
from inventory.models import Article
from project.actions import desk as desks
from project.api import listing, problems
from project.api.entrance import Endpoint
from project.api.problems import Problem
from project.ui.pages import Sort

from . import operations
from . import serializers as shapes

NEWEST = Sort("created", "", "created_at", descending=True)


class Listing(Endpoint):
    """A list of one of the desks."""

    slug = ""
    sort = NEWEST
    shape = None

    def page(self, request, records):
        body = listing.page(
            request, desks.get(self.slug), self.sort, records, self.shape, user=self.by
        )
        return Response(body)


class Orders(Listing):
    slug, shape = "orders", shapes.OrderSerializer
    scopes = {"GET": scopes.READ_ORDERS, "POST": scopes.WRITE_ORDERS}

    @extend_schema(**operations.ORDERS)
    def get(self, request):
        return self.page(request, self.shape.records())

    @extend_schema(**operations.CREATE)
    def post(self, request):
        return self.once(request, lambda: self.place(request.data))

    def place(self, data):
        order, person, lines, tasks = read(shapes.NewOrderSerializer, data).parts()
        try:
            online.place(order, person=person, lines=lines, tasks=tasks, by=self.by)
        except problems.ValidationError as error:
            raise problems.of_validation(error, {"tasks": "services"}) from None
        url = reverse("installations-api-v1:order", args=[order.number])
        return HTTPStatus.CREATED, {"Location": url}, shown(order.pk)


class OneOrder(Endpoint):
    """What is asked about one order, or done with it."""

    def order(self, number):
        order = desks.get("orders").visible_to(self.by).filter(number=number).first()
        if order is None:
            raise Http404
        return order

    def act(self, request, number, action, shape):
        """Do an action on an order under its key; the order as it then is, or why not."""
        return self.once(request, lambda: self.done(number, action, read(shape, request.data)))

    def done(self, number, action, asked):
        order = self.order(number)
        selection = Order.objects.filter(pk=order.pk)
        outcome = action.run(selection, by=self.by, **asked.validated_data)
        if outcome.changed:
            return HTTPStatus.OK, {}, shown(order.pk)
        # As at the desk: the batch stays, with what it refused.
        [why] = outcome.refused
        refused = Problem(HTTPStatus.CONFLICT, "refused", why.message, more={"reason": why.code})
        return refused.status, {}, refused.body


class ReadOrder(OneOrder):
    scopes = {"GET": scopes.READ_ORDERS}

    @extend_schema(**operations.ORDER)
    def get(self, request, number):
        return Response(shown(self.order(number).pk))


class Asked(forms.Form):
    """What free slots are asked for by."""

    engineer = forms.ModelChoiceField(queryset=Engineer.objects.active(), required=False)
    from_day = DayField(required=False)


class Slots(OneOrder):
    scopes = {"GET": scopes.SCHEDULE_ORDERS}

    @extend_schema(**operations.SLOTS)
    def get(self, request, number):
        order = self.order(number)
        asked = listing.asked(request, Asked)
        slots = availability.free_slots_for(
            order, engineer=asked["engineer"], first_day=asked["from_day"]
        )
        return Response(shapes.SlotsSerializer({"results": slots}).data)


class Schedule(OneOrder):
    scopes = {"POST": scopes.SCHEDULE_ORDERS}

    @extend_schema(**operations.SCHEDULE)
    def post(self, request, number):
        return self.act(request, number, actions.SCHEDULE, shapes.AppointmentSerializer)


class Start(OneOrder):
    scopes = {"POST": scopes.WORK_ORDERS}

    @extend_schema(**operations.START)
    def post(self, request, number):
        return self.act(request, number, actions.START, shapes.NothingSerializer)


class Complete(OneOrder):
    scopes = {"POST": scopes.WORK_ORDERS}

    @extend_schema(**operations.COMPLETE)
    def post(self, request, number):
        return self.act(request, number, actions.COMPLETE, shapes.CompletionSerializer)


class Services(Listing):
    slug, shape = "order-services", shapes.ServiceSerializer
    sort = Sort("id", "", "id")
    scopes = {"GET": scopes.READ_SERVICES}

    @extend_schema(**operations.SERVICES)
    def get(self, request):
        return self.page(request, Service.objects.select_related("order", "engineer"))


class Bookings(Listing):
    slug, shape = "installation-bookings", shapes.BookingSerializer
    sort = Sort("start", "", "start")
    scopes = {"GET": scopes.READ_BOOKINGS}

    @extend_schema(**operations.BOOKINGS)
    def get(self, request):
        return self.page(request, InstallationBooking.objects.select_related("order", "engineer"))


class Engineers(Listing):
    slug, shape = "engineers", shapes.EngineerSerializer
    sort = Sort("name", "", "sort_name")
    scopes = {"GET": scopes.READ_ENGINEERS}

    @extend_schema(**operations.ENGINEERS)
    def get(self, request):
        return self.page(request, Engineer.objects.all())


class Products(Listing):
    slug, shape = "articles", shapes.ProductSerializer
    sort = Sort("name", "", "nom")
    scopes = {"GET": scopes.READ_PRODUCTS}

    @extend_schema(**operations.PRODUCTS)
    def get(self, request):
        articles = Article.objects.select_related("boutique")
        return self.page(request, articles.annotate(available=queries.available()))


def read(shape, data):
    """The body, checked for its shape; raises the serializer's ValidationError."""
    asked = shape(data=data)
    asked.is_valid(raise_exception=True)
    return asked


def shown(pk):
    """The order as it now stands."""
    return shapes.OrderSerializer(shapes.OrderSerializer.records().get(pk=pk)).data
