"""Customers, drivers and partners as the generic pages see them."""

from functools import partial

from django.urls import reverse

from project.actions.desk import Desk

from .actions import actions_of, pages_of
from .filters import CustomerFilter, DriverFilter, PartnerFilter
from .services import ACTIVATION


def page_of(name, pk, label):
    return reverse(name, args=[pk])


DESKS = tuple(
    Desk(
        slug=slug,
        model=filterset._meta.model,
        actions=actions_of(filterset._meta.model),
        forms=pages_of(filterset._meta.model),
        discard=ACTIVATION.discard,
        discard_permission=f"directory.deactivate_{kind}",
        filterset=filterset,
        list_url=f"directory:{slug}",
        view_permission=f"directory.view_{kind}",
        label="name",
        record_url=partial(page_of, f"directory:{kind}"),
    )
    for slug, kind, filterset in (
        ("customers", "customer", CustomerFilter),
        ("drivers", "driver", DriverFilter),
        ("partners", "partner", PartnerFilter),
    )
)
