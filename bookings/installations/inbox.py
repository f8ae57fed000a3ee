"""What waits to be scheduled, each with the first slots that somebody has for it."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone

from .availability import DAYS_OFFERED, Agenda, is_near, moment
from .models import Engineer, Order, Service
from .states import Skill

NOON = 13  # o'clock: a morning is before
SLOTS = 3  # offered at a glance; the dialog has them all


@dataclass(slots=True)
class Waiting:
    """An order without an appointment, what is to be done for it, and who could come when."""

    order: Order
    services: list = field(default_factory=list)
    slots: list = field(default_factory=list)

    @property
    def skills(self):
        return [Skill(skill) for skill in sorted({each.required_skill for each in self.services})]


def waiting(orders, *, now=None):
    """[Waiting] of these orders (a list), in their order; five statements for any number."""
    now = now or timezone.now()
    found = {order.pk: Waiting(order) for order in orders}
    for service in Service.objects.filter(order__in=list(found)).order_by("pk"):
        found[service.order_id].services.append(service)
    engineers = list(Engineer.objects.active()) if found else []
    if engineers:
        today = timezone.localdate(now)
        days = [today + timedelta(days=offset) for offset in range(DAYS_OFFERED)]
        agenda = Agenda(
            [engineer.pk for engineer in engineers],
            moment(days[0], "00:00"),
            moment(days[-1], "24:00"),
        )
        offered = {}
        for each in found.values():
            # Many ask for the same: what one could have, the other could have too.
            wish = (*each.skills, each.order.duration_minutes, each.order.region.casefold())
            if wish not in offered:
                offered[wish] = first_slots(each, engineers, agenda, days, now)
            each.slots = offered[wish]
    return list(found.values())


def first_slots(each, engineers, agenda, days, now):
    """The first slots for an order: the earliest of each engineer's mornings and afternoons; at the
    same time those of its region first."""
    wanted = {skill.value for skill in each.skills}
    able = [engineer for engineer in engineers if wanted <= set(engineer.skills)]
    length = timedelta(minutes=each.order.duration_minutes)
    found = []
    for day in days:
        today = {}
        for engineer in able:
            for slot in agenda.slots(engineer.pk, length, day, now):
                morning = timezone.localtime(slot.start).hour < NOON
                today.setdefault((engineer.pk, morning), slot)
        region = each.order.region
        found += sorted(
            today.values(),
            key=lambda slot: (slot.start, not is_near(slot.engineer, region), slot.engineer.pk),
        )
        if len(found) >= SLOTS:
            break
    return found[:SLOTS]
