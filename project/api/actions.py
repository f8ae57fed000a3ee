"""What administrators do to integrations: which verb, what it asks, how it looks."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from project.actions.action import Action, forms_of, told
from project.actions.forms import OptionalReasonForm

from . import services
from .models import Integration

ACTIVATE, DEACTIVATE = services.ACTIVATION.actions(
    Integration,
    {
        "activate": (
            ngettext_lazy("Activate %(n)s integration", "Activate %(n)s integrations", "n"),
            ngettext_lazy("%(n)s integration activated.", "%(n)s integrations activated.", "n"),
        ),
        "deactivate": (
            ngettext_lazy("Deactivate %(n)s integration", "Deactivate %(n)s integrations", "n"),
            ngettext_lazy("%(n)s integration deactivated.", "%(n)s integrations deactivated.", "n"),
        ),
    },
    primary=True,
)
# Without an undo: a token that was made void stays void.
REVOKE_TOKEN = Action(
    code=services.REVOKE,
    label=_("Revoke the token"),
    question=ngettext_lazy(
        "Revoke the token of %(n)s integration", "Revoke the tokens of %(n)s integrations", "n"
    ),
    done=ngettext_lazy("%(n)s token revoked.", "%(n)s tokens revoked.", "n"),
    icon="cancel",
    permission="api.revoke_token_integration",
    service=services.revoke_token,
    refusals=services.NO_TOKEN,
    form=OptionalReasonForm,
    tone="danger",
)
ACTIONS = (REVOKE_TOKEN, ACTIVATE, DEACTIVATE)
GIVE_TOKEN = told(services.GIVE, _("Token given"), "api.give_token_integration")
FORMS = (
    *forms_of(
        Integration,
        ngettext_lazy("%(n)s integration created.", "%(n)s integrations created.", "n"),
        ngettext_lazy("%(n)s integration changed.", "%(n)s integrations changed.", "n"),
        revert=services.edit,
    ),
    GIVE_TOKEN,
)
