"""The verbs on integrations."""

import uuid

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.actions.activation import Activation
from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal
from project.utilisateurs.models import CustomUser

from . import tokens

ACTIVATION = Activation("is_active", lambda model: ())
GIVE, REVOKE = "api.give_token", "api.revoke_token"
NO_TOKEN = (Refusal("no_token", Q(token_hash=""), gettext_lazy("has no token")),)


def create(integration, *, by, token=None):
    """Save a new integration, with the user it acts under. Raises AlreadyDone."""
    with transaction.atomic():
        user = CustomUser(username=f"integration-{uuid.uuid4().hex[:12]}")
        user.set_unusable_password()
        _name(user, integration)
        integration.user = user
        return integration.save(by=by, token=token, action="api.create")


def edit(integration, *, by, reason="", undo_of=None):
    """Save an integration; its user is called as it is. Raises Stale."""
    with transaction.atomic():
        _name(integration.user, integration)
        return integration.save(by=by, reason=reason, action="api.edit", undo_of=undo_of)


def _name(user, integration):
    """The log, the history and every page call who acted by the integration's name."""
    if user.first_name != integration.name:
        user.first_name = integration.name
        user.save()


def give_token(selection, *, by, ticket=None, secret=None):
    """Give one integration a new token; the one that it had is void. Returns (Outcome, the token).

    A `secret` that is given beforehand is for demonstrations only.
    """
    token = secret or tokens.fresh()
    with recorded(GIVE, selection, by=by, ticket=ticket, sentence=line(_("Token given"))) as batch:
        batch.update(token_hash=tokens.fingerprint(token), token_given_at=timezone.now())
    return batch.outcome, token


def revoke_token(selection, *, by, reason="", ticket=None):
    """Make the tokens of these integrations void: until they are given others they can't ask."""
    with recorded(
        REVOKE,
        selection,
        by=by,
        reason=reason,
        ticket=ticket,
        sentence=line(_("Token revoked"), reason),
        refusals=NO_TOKEN,
    ) as batch:
        batch.update(token_hash="", token_given_at=None)
    return batch.outcome
