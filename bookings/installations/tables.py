"""The columns of the room's lists."""

from functools import lru_cache
from html import escape

from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy

from project.ui import formats
from project.ui.formats import date_format
from project.ui.pages import Sort
from project.ui.table import Column, Table

from .states import Skill, Status


@lru_cache
def words_in(language):
    """The words that rows repeat, as HTML: looked up once, not for each cell."""
    words = {
        status: f'<span class="status status-{status}">{escape(str(label))}</span>'
        for status, label in Status.choices
    }
    words["missing"] = f'<span class="missing">{escape(str(Status.PENDING.label))}</span>'
    return words | {skill.value: escape(str(skill.label)) for skill in Skill}


class RoomTable(Table):
    def __init__(self, chosen=()):
        super().__init__(chosen)
        self.words = words_in(get_language())

    def moment(self, at):
        if at is None:
            return ""
        return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT")


class OrderTable(RoomTable):
    slug = "orders"
    link = ("installations:order", "number")
    named_by = "number"
    sorts = (
        Sort("created", gettext_lazy("Ordered"), "created_at", descending=True),
        Sort("number", pgettext_lazy("of a customer", "Order"), "number"),
    )

    created = Column(gettext_lazy("Ordered"), "created_at", sort="created")
    number = Column(
        pgettext_lazy("of a customer", "Order"), "number", css="ref", sort="number", fixed=True
    )
    customer = Column(gettext_lazy("Customer"), "customer__name", css="who")
    address = Column(gettext_lazy("Address"), "address", css="addr")
    region = Column(gettext_lazy("Region"), "region", optional=True)
    visit = Column(gettext_lazy("Visit"), "booking__start", "status", css="when")
    engineer = Column(gettext_lazy("Engineer"), "booking__engineer__name", "status", css="driver")
    duration = Column(gettext_lazy("Duration"), "duration_minutes", css="num", optional=True)
    status = Column(gettext_lazy("Status"), "status", css="state")
    total = Column(gettext_lazy("Total"), "total", "currency", css="num")

    def cell_created(self, at):
        return self.moment(at)

    def cell_number(self, number):
        return f'<a href="{self.url(number)}">{escape(number)}</a>'

    def cell_visit(self, start, status):
        return self.words["missing"] if status == Status.PENDING else self.moment(start)

    def cell_engineer(self, name, status):
        return "" if status == Status.PENDING else escape(name or "")

    def cell_duration(self, minutes):
        return escape(formats.duration(minutes))

    def cell_status(self, status):
        return self.words[status]

    def cell_total(self, amount, currency):
        return escape(formats.amount(amount, currency))


class EngineerTable(RoomTable):
    slug = "engineers"
    link = ("installations:engineer", "pk")
    named_by = "name"
    sorts = (Sort("name", gettext_lazy("Name"), "sort_name"),)

    name = Column(gettext_lazy("Name"), "name", "pk", css="who", sort="name", fixed=True)
    skills = Column(gettext_lazy("Skills"), "skills", css="addr")
    region = Column(gettext_lazy("Region"), "region")
    phone = Column(gettext_lazy("Phone"), "phone")
    email = Column(gettext_lazy("E-mail"), "email", optional=True)

    def cell_name(self, name, pk):
        return f'<a href="{self.url(pk)}">{escape(name)}</a>'

    def cell_skills(self, skills):
        return ", ".join(self.words[skill] for skill in skills)
