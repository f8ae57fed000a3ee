"""What requests and answers look like. What may be is the services' to say."""

from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bookings.forms import check_near
from bookings.installations.models import (
    MOST_PIECES,
    Engineer,
    InstallationBooking,
    Order,
    OrderLine,
    Service,
)
from bookings.installations.services import MOST_LINES, MOST_SERVICES, Line, Task
from bookings.installations.states import Kind, Skill
from inventory.models import Article
from inventory.money import rounded
from project.api.listing import LARGEST_KEY
from project.directory.models import Customer

MOST_UNKNOWN = 20  # members that are told of


@extend_schema_field({"type": "string", "example": "25000"})
class Amount(serializers.Field):
    """An amount as text, with the decimals of its currency, which `currency` leads to."""

    def __init__(self, field, currency):
        super().__init__(source="*", read_only=True)
        self.field, self.currency = field, currency.split(".")

    def to_representation(self, record):
        currency = record
        for name in self.currency:
            currency = getattr(currency, name)
        return str(rounded(getattr(record, self.field), currency))


class Key(serializers.IntegerField):
    """The key of a record."""

    def __init__(self, **options):
        super().__init__(**{"min_value": 1, "max_value": LARGEST_KEY} | options)


class Moment(serializers.DateTimeField):
    """A moment, not too far away."""

    def to_internal_value(self, value):
        moment = super().to_internal_value(value)
        try:
            check_near(moment)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from None
        return moment


# ---------------------------------------------------------------------------------- answers
class NamedSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class LineSerializer(serializers.ModelSerializer):
    product = serializers.IntegerField(source="article_id")
    product_code = serializers.CharField(source="article.code")
    product_name = serializers.CharField(source="article.nom")
    unit_price = Amount("unit_price", "order.currency")

    class Meta:
        model = OrderLine
        fields = [
            "id",
            "product",
            "product_code",
            "product_name",
            "quantity",
            "unit_price",
            "serialised",
        ]


class ServiceSerializer(serializers.ModelSerializer):
    order = serializers.CharField(source="order.number")
    engineer = NamedSerializer(allow_null=True)

    class Meta:
        model = Service
        fields = [
            "id",
            "reference",
            "order",
            "kind",
            "required_skill",
            "duration_minutes",
            "engineer",
            "status",
            "notes",
            "created_at",
            "updated_at",
        ]


class BookingSerializer(serializers.ModelSerializer):
    order = serializers.CharField(source="order.number")
    engineer = NamedSerializer()

    class Meta:
        model = InstallationBooking
        fields = [
            "id",
            "order",
            "engineer",
            "start",
            "duration_minutes",
            "ends_at",
            "address",
            "status",
            "started_at",
            "completed_at",
            "created_at",
            "updated_at",
        ]


class OrderSerializer(serializers.ModelSerializer):
    customer = NamedSerializer()
    total = Amount("total", "currency")
    lines = LineSerializer(many=True)
    services = ServiceSerializer(many=True)
    booking = BookingSerializer(
        allow_null=True,
        help_text="null until it is first scheduled; cancelled once it is taken back.",
    )

    class Meta:
        model = Order
        fields = [
            "number",
            "customer",
            "contact_name",
            "contact_phone",
            "address",
            "region",
            "vehicle_registration",
            "source",
            "notes",
            "currency",
            "total",
            "duration_minutes",
            "status",
            "cancelled_at",
            "cancellation_reason",
            "lines",
            "services",
            "booking",
            "version",
            "created_at",
            "updated_at",
        ]

    @staticmethod
    def records():
        """Orders with all that is shown of them; four statements, however many orders."""
        return Order.objects.select_related("customer", "booking__engineer").prefetch_related(
            "lines__article", "services__engineer"
        )

    def to_representation(self, order):
        # What hangs on an order knows it: nothing is read again for its number or its currency.
        for service in order.services.all():
            service.order = order
        for line in order.lines.all():
            line.order = order
        return super().to_representation(order)


class EngineerSerializer(serializers.ModelSerializer):
    skills = serializers.ListField(child=serializers.ChoiceField(Skill.choices))
    working_hours = serializers.ListField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.CharField())),
        help_text='Seven days, Monday first; of each the spans ["08:00", "12:30"], local time.',
    )

    class Meta:
        model = Engineer
        fields = [
            "id",
            "name",
            "phone",
            "email",
            "region",
            "skills",
            "working_hours",
            "is_active",
            "created_at",
            "updated_at",
        ]


class ShopSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    code = serializers.CharField(source="code_boutique")
    name = serializers.CharField(source="nom")


class ProductSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="nom")
    shop = ShopSerializer(source="boutique")
    price = Amount("prix", "boutique.currency")
    currency = serializers.CharField(source="boutique.currency")
    stock = serializers.IntegerField(source="quantite_stock")
    available = serializers.IntegerField(help_text="The stock without what open orders keep.")
    is_active = serializers.BooleanField(source="est_actif")

    class Meta:
        model = Article
        fields = [
            "id",
            "code",
            "name",
            "shop",
            "price",
            "currency",
            "stock",
            "available",
            "is_active",
            "created_at",
            "updated_at",
        ]


class SlotSerializer(serializers.Serializer):
    engineer = NamedSerializer()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class SlotsSerializer(serializers.Serializer):
    results = SlotSerializer(many=True)


def page_of(serializer):
    """The serializer of a page of a list."""
    name = serializer.__name__.replace("Serializer", "PageSerializer")
    return type(
        name,
        (serializers.Serializer,),
        {
            "results": serializer(many=True),
            "next": serializers.CharField(
                allow_null=True, help_text="The `cursor` of the next page; null at the end."
            ),
        },
    )


# --------------------------------------------------------------------------------- requests
class Exact:
    # A part of a body with no members but its own: what is misspelt is told, not passed over. No
    # docstring, which the OpenAPI description would give to each of them.

    def to_internal_value(self, data):
        unknown = sorted(data.keys() - self.fields.keys()) if isinstance(data, dict) else []
        errors = {
            in_pointer(name): [_("There is no such member.")] for name in unknown[:MOST_UNKNOWN]
        }
        try:
            read = super().to_internal_value(data)
        except serializers.ValidationError as wrong:
            raise serializers.ValidationError(errors | wrong.detail) from None
        if errors:
            raise serializers.ValidationError(errors)
        return read


def in_pointer(name):
    """A member's name, whatever it is, as a step of a JSON pointer in a URI fragment."""
    return quote(name.replace("~", "~0").replace("/", "~1")[:100], safe="~", errors="replace")


class NewLineSerializer(Exact, serializers.Serializer):
    product = Key()
    quantity = serializers.IntegerField(min_value=1, max_value=MOST_PIECES, default=1)
    unit_price = serializers.DecimalField(
        max_digits=14,
        decimal_places=3,
        min_value=0,
        required=False,
        help_text="In the currency of the order; by default the product's price.",
    )
    serialised = serializers.BooleanField(
        default=True,
        help_text="Whether each piece has its serial number noted when fitted.",
    )


class NewServiceSerializer(Exact, serializers.Serializer):
    kind = serializers.ChoiceField(Kind.choices, default=Kind.INSTALLATION)
    required_skill = serializers.ChoiceField(Skill.choices)
    duration_minutes = serializers.IntegerField(min_value=1, max_value=24 * 60, default=60)
    notes = serializers.CharField(max_length=2000, allow_blank=True, default="")


class NewCustomerSerializer(Exact, serializers.ModelSerializer):
    class Meta:
        model = Customer
        fields = ["name", "kind", "phone", "email", "language", "billing_address"]


class NewOrderSerializer(Exact, serializers.ModelSerializer):
    customer = Key(required=False, help_text="The key of a customer, or else `new_customer`.")
    new_customer = NewCustomerSerializer(required=False)
    lines = NewLineSerializer(many=True, min_length=1, max_length=MOST_LINES)
    services = NewServiceSerializer(many=True, min_length=1, max_length=MOST_SERVICES)

    class Meta:
        model = Order
        fields = [
            "customer",
            "new_customer",
            "contact_name",
            "contact_phone",
            "address",
            "region",
            "vehicle_registration",
            "notes",
            "currency",
            "lines",
            "services",
        ]

    def validate_customer(self, key):
        customer = Customer.objects.filter(pk=key).first()
        if customer is None:
            raise serializers.ValidationError(_("There is no such customer."))
        return customer

    def validate_lines(self, lines):
        """The lines with their products, which are read in one statement."""
        found = Article.objects.in_bulk({line["product"] for line in lines})
        errors = [
            {} if line["product"] in found else {"product": [_("There is no such product.")]}
            for line in lines
        ]
        if any(errors):
            raise serializers.ValidationError(errors)
        return [line | {"product": found[line["product"]]} for line in lines]

    def validate(self, data):
        if ("customer" in data) == ("new_customer" in data):
            text = _("Either a customer or a new customer is given.")
            raise serializers.ValidationError({"customer": [text]})
        return data

    def parts(self):
        """(the order, the person or None, lines, tasks) that are to be placed."""
        data = dict(self.validated_data)
        person = data.pop("new_customer", None)
        lines = [
            Line(line["product"], line["quantity"], line.get("unit_price"), line["serialised"])
            for line in data.pop("lines")
        ]
        tasks = [Task(**task) for task in data.pop("services")]
        return Order(**data), person and Customer(**person), lines, tasks


class AppointmentSerializer(Exact, serializers.Serializer):
    engineer = serializers.PrimaryKeyRelatedField(
        queryset=Engineer.objects.active(), pk_field=Key()
    )
    start = Moment(help_text="A moment of a free slot of this engineer.")
    tell = serializers.BooleanField(default=True, help_text="Whether the customer gets an e-mail.")


class FittingSerializer(Exact, serializers.Serializer):
    line = Key(help_text="The `id` of a line of the order.")
    serial_number = serializers.CharField(max_length=60)
    vehicle_registration = serializers.CharField(max_length=20)


class CompletionSerializer(Exact, serializers.Serializer):
    fittings = FittingSerializer(
        many=True,
        required=False,
        max_length=1_000,
        help_text="One for each piece whose serial number is still to be noted.",
    )


class NothingSerializer(Exact, serializers.Serializer):
    """An object without members."""
