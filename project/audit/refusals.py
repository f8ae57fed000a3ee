"""What an action can't do, as data: one split serves the preview and the service."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Q, Value, When


@dataclass(frozen=True, slots=True)
class Refusal:
    """Records matching `condition` are left alone, for the reason in `message`.

    `code` is stable: it is stored with the batch, and answers an API. With `override` (the name of
    a permission) the refusal is a warning: whoever holds it may go ahead, giving a reason; `spite`
    is how the log then says it. `condition` is a `Q` or an `Exists`. An `idle` one says that the
    record is already as it should become: it is left alone like the others, and told as nothing to
    do. Where another record is in the way, `in_the_way(refused)` tells which one, for a queryset of
    such records and in a few statements: {key: {label, url, hint}}.
    """

    code: str
    condition: Any
    message: Any
    override: str | None = None
    spite: Any = ""
    idle: bool = False
    in_the_way: Any = None


def in_force(refusals, override):
    """The refusals that count: with a reason to override, the warnings do not."""
    return tuple(refusal for refusal in refusals if not (override and refusal.override))


def first_refusal(refusals):
    """An expression: the code of the first refusal that applies, '' for what will change."""
    return (
        Case(
            *(When(refusal.condition, then=Value(refusal.code)) for refusal in refusals),
            default=Value(""),
            output_field=CharField(),
        )
        if refusals
        else Value("", output_field=CharField())
    )


def any_refusal(refusals):
    """A `Q`: the records that at least one refusal applies to."""
    met = Q(pk__in=[])
    for refusal in refusals:
        met |= refusal.condition if isinstance(refusal.condition, Q) else Q(refusal.condition)
    return met
