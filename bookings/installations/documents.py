"""What is printed of the room's records: the work order that an engineer takes along, and lists."""

from dataclasses import dataclass

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext_lazy

from project.audit.refusals import Refusal
from project.exchange import printing
from project.exchange.pdf.document import render
from project.exchange.pdf.listing import Listing
from project.exchange.printing import Document

from . import exports
from .models import Evidence, Fitting, Order
from .states import EvidenceKind, Status

# So many work orders are laid out together: each costs more in a longer document.
TOGETHER = 20


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece to be fitted, or that was: its number is empty where it is still to be written in."""

    article: str
    serial: str = ""
    vehicle: str = ""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """An order as its paper says it. `visit` is None while nobody has it in the diary, `signed_by`
    who signed on the engineer's phone."""

    order: Order
    visit: object
    lines: list
    services: list
    pieces: list
    signed_by: str

    @property
    def name(self):
        return self.order.number

    @property
    def phone(self):
        return self.order.contact_phone or self.order.customer.phone

    @property
    def start(self):
        return timezone.localtime(self.visit.start)


def work_orders(records, asked, step):
    """One a page; six statements for each `TOGETHER`."""
    found = (
        Order.objects.with_people()
        .filter(pk__in=records.order_by().values("pk"))
        .prefetch_related("lines__article", "services")
        .order_by(F("booking__start").asc(nulls_last=True), "pk")
    )
    some = None
    for some in printing.batched(found, TOGETHER):
        yield render("installations/pdf/work_orders.html", asked | {"papers": papers_of(some)})
        step(len(some))
    if some is None:
        yield render("installations/pdf/work_orders.html", asked | {"papers": []})


def papers_of(orders):
    fitted = {}
    noted = Fitting.objects.filter(line__order__in=orders, voided_in=None).order_by("pk")
    for fitting in noted:
        fitted.setdefault(fitting.line_id, []).append(fitting)
    signatures = Evidence.objects.filter(
        booking__order__in=orders, kind=EvidenceKind.SIGNATURE, voided_in=None
    )
    signed_by = dict(signatures.order_by("pk").values_list("booking__order", "name"))
    papers = []
    for order in orders:
        lines = list(order.lines.all())
        pieces = []
        for line in lines:
            theirs = fitted.get(line.pk, [])
            pieces += [
                Piece(line.article.nom, each.serial_number, each.vehicle_registration)
                for each in theirs
            ]
            if line.serialised and order.status != Status.CANCELLED:
                pieces += [Piece(line.article.nom)] * min(line.quantity - len(theirs), MOST_BLANK)
        visit = getattr(order, "booking", None)
        papers.append(
            WorkOrder(
                order=order,
                visit=visit if order.status != Status.PENDING else None,
                lines=lines,
                services=list(order.services.all()),
                pieces=pieces,
                signed_by=signed_by.get(order.pk, ""),
            )
        )
    return papers


MOST_BLANK = 12  # lines to write a serial number on, for each article
WORK_ORDERS = Document(
    slug="orders",
    name="work_orders",
    label=gettext_lazy("Work orders, one a page"),
    parts=work_orders,
    refusals=(Refusal("cancelled", Q(status=Status.CANCELLED), gettext_lazy("cancelled")),),
    most=1_000,
)
LIST = printing.list_of(
    Listing(
        sheet=exports.ORDERS,
        title=gettext_lazy("Installation orders"),
        counted=ngettext_lazy("%(n)s order", "%(n)s orders", "n"),
        nothing=gettext_lazy("There is no order to show."),
        listed=(
            "number",
            "customer",
            "address",
            "vehicle",
            "visit",
            "engineer",
            "status",
            "total",
        ),
    )
)
PRINTED = {document.name: document for document in (WORK_ORDERS, LIST)}
