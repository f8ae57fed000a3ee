"""The operations for the OpenAPI description: nothing is checked here."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from bookings.installations import filters
from bookings.installations.api import scopes
from inventory.filters import ArticleFilter
from project.api.listing import LARGEST_KEY, parameters_of
from project.api.shapes import KEY, SECURED, answers

from . import serializers as shapes

NUMBER = OpenApiParameter(
    "number",
    {"type": "string", "pattern": "^[-A-Za-z0-9]{1,20}$", "example": "IN-26-000001"},
    OpenApiParameter.PATH,
    description="The order's number.",
)


def operation(name, summary, tag, scope, **more):
    return {
        "operation_id": name,
        "summary": summary,
        "description": f"Needs the scope `{scope}`.",
        "tags": [tag],
        "auth": SECURED,
    } | more


def listing(name, scope, filterset, shape):
    return operation(
        f"list_{name}",
        f"List {name}",
        name.capitalize(),
        scope,
        parameters=parameters_of(filterset),
        responses=answers({200: shapes.page_of(shape)}, parameters=True),
    )


def act(name, summary, scope, request):
    """A write on an order; it is answered with the order as it then is."""
    return operation(
        name,
        summary,
        "Orders",
        scope,
        parameters=[NUMBER, KEY],
        request=request,
        responses=answers({200: shapes.OrderSerializer}, body=True, found=True, refused=True),
    )


ORDERS = listing("orders", scopes.READ_ORDERS, filters.OrderFilter, shapes.OrderSerializer)
SERVICES = listing(
    "services", scopes.READ_SERVICES, filters.ServiceFilter, shapes.ServiceSerializer
)
BOOKINGS = listing(
    "bookings", scopes.READ_BOOKINGS, filters.InstallationBookingFilter, shapes.BookingSerializer
)
ENGINEERS = listing(
    "engineers", scopes.READ_ENGINEERS, filters.EngineerFilter, shapes.EngineerSerializer
)
PRODUCTS = listing("products", scopes.READ_PRODUCTS, ArticleFilter, shapes.ProductSerializer)
CREATE = operation(
    "create_order",
    "Place an order; its services wait to be scheduled, its products are kept for it",
    "Orders",
    scopes.WRITE_ORDERS,
    parameters=[KEY],
    request=shapes.NewOrderSerializer,
    responses=answers({201: shapes.OrderSerializer}, body=True),
    examples=[
        OpenApiExample(
            "A car kit ordered on line",
            request_only=True,
            value={
                "new_customer": {"name": "John Kane", "email": "john@example.org"},
                "address": "12 rue Carnot, Dakar",
                "vehicle_registration": "DK 4521 B",
                "lines": [{"product": 15, "quantity": 1}],
                "services": [{"required_skill": "car_kit", "duration_minutes": 90}],
            },
        )
    ],
)
ORDER = operation(
    "read_order",
    "An order with its lines, its services and its booking",
    "Orders",
    scopes.READ_ORDERS,
    parameters=[NUMBER],
    responses=answers({200: shapes.OrderSerializer}, found=True),
)
SLOTS = operation(
    "list_slots",
    "Free slots for the visit of an order, the earliest first",
    "Orders",
    scopes.SCHEDULE_ORDERS,
    parameters=[
        NUMBER,
        OpenApiParameter(
            "engineer",
            {"type": "integer", "minimum": 1, "maximum": LARGEST_KEY},
            description="Of this engineer only.",
        ),
        OpenApiParameter(
            "from_day", OpenApiTypes.DATE, description="The first day; today if not given."
        ),
    ],
    responses=answers({200: shapes.SlotsSerializer}, parameters=True, found=True),
)
SCHEDULE = act(
    "schedule_order",
    "Put an order into an engineer's diary",
    scopes.SCHEDULE_ORDERS,
    shapes.AppointmentSerializer,
)
START = act(
    "start_order",
    "Begin the work of a scheduled order",
    scopes.WORK_ORDERS,
    shapes.NothingSerializer,
)
COMPLETE = act(
    "complete_order",
    "Complete the work: its products leave the stock, what was fitted is noted",
    scopes.WORK_ORDERS,
    shapes.CompletionSerializer,
)
