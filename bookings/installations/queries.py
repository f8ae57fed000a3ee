"""What is read across records: what is kept for orders, what they still lack."""

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce

from .models import Evidence, Fitting, Order, OrderLine, Service
from .states import OPEN


def reserved(article="pk"):
    """An expression over an article (`article` leads to its key): how many pieces open orders keep.

    Nothing of it is in the ledger: it is what the lines of open orders say, at any moment.
    """
    kept = OrderLine.objects.filter(article=OuterRef(article), order__status__in=OPEN)
    kept = kept.order_by().values("article").annotate(n=Sum("quantity")).values("n")
    return Coalesce(Subquery(kept, output_field=IntegerField()), 0)


def available(article="pk"):
    """An expression over an article: what an order could still be given, at most."""
    stock = F("quantite_stock") if article == "pk" else F(f"{article}__quantite_stock")
    return stock - reserved(article)


def short(candidates, *, kept):
    """An `Exists` over an order: one of its articles runs out before it is served.

    Those of `candidates` (a queryset of orders) are served in the order of their keys. `kept` says
    whether what other open orders keep is out of reach.
    """
    taken = Window(Sum("quantity"), partition_by=F("article"), order_by=F("order").asc())
    left = available("article") if kept else F("article__quantite_stock")
    lines = OrderLine.objects.filter(order__in=candidates.order_by().values("pk"))
    lines = lines.annotate(taken=taken, left=left).filter(taken__gt=F("left"))
    return Q(pk__in=lines.order_by().values("order"))


def unnoted(given=None):
    """An `Exists` over an order: pieces whose serial number is to be noted are without one.

    `given` ({line's key: how many}) are about to be noted.
    """
    given = given or {}
    noted = Fitting.objects.filter(line=OuterRef("pk"), voided_in=None).order_by().values("line")
    noted = noted.annotate(n=Count("pk")).values("n")
    about = Case(
        *(When(pk=key, then=Value(count)) for key, count in given.items()),
        default=Value(0),
        output_field=IntegerField(),
    )
    lines = OrderLine.objects.filter(order=OuterRef("pk"), serialised=True).annotate(
        noted=Coalesce(Subquery(noted, output_field=IntegerField()), 0), about=about
    )
    return Exists(lines.filter(quantity__gt=F("noted") + F("about")))


def pieces_to_note(order):
    """[(line, which piece of it)] of an order whose serial numbers are still to be noted."""
    lines = order.lines.filter(serialised=True).select_related("article").order_by("pk")
    noted = {}
    for line in Fitting.objects.filter(line__order=order, voided_in=None).values_list(
        "line", flat=True
    ):
        noted[line] = noted.get(line, 0) + 1
    return [
        (line, piece)
        for line in lines
        for piece in range(noted.get(line.pk, 0) + 1, line.quantity + 1)
    ]


def fitted_since(batch):
    """An `Exists` over an order: a piece that `batch` took out of its vehicle is in one again."""
    again = Fitting.objects.filter(
        article=OuterRef("article"), serial_number=OuterRef("serial_number"), voided_in=None
    )
    taken_out = Fitting.objects.filter(line__order=OuterRef("pk"), voided_in=batch)
    return Exists(taken_out.filter(Exists(again)))


def unskilled(skills):
    """An `Exists` over an order: it asks for a skill that is not among `skills`."""
    asked = Service.objects.filter(order=OuterRef("pk")).exclude(required_skill__in=skills)
    return Exists(asked)


def skills_of(orders):
    """The skills that these orders ask for, together."""
    asked = Service.objects.of(orders).order_by().values_list("required_skill", flat=True)
    return sorted(set(asked.distinct()))


def fittings_of(order):
    """What is fitted for an order, as it now stands."""
    return Fitting.objects.filter(line__order=order, voided_in=None).select_related("line__article")


def evidence_of(order):
    """The photos and signatures of an order, as it now stands; without their content."""
    return Evidence.objects.filter(booking__order=order, voided_in=None).defer("content")


def order_of(number):
    """The order with this number; Order.DoesNotExist if there is none."""
    return Order.objects.with_people().get(number=number)
