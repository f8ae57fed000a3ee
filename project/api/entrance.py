"""The door that every request of an integration comes through: who it is, what it may."""

from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.views import APIView

from project.audit.acting import acting
from project.utilisateurs.proxies import client_ip

from . import idempotency, problems, rates, scopes, tokens
from .bodies import BoundedJSONParser
from .models import Integration, IntegrationUse
from .problems import Problem

NOTED_EVERY = timedelta(minutes=1)


class AlwaysJSON(BaseContentNegotiation):
    """There is one kind of answer, whatever is asked for."""

    def select_parser(self, request, parsers):
        media_type = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class Endpoint(APIView):
    """Base of the views: `scopes` says which scope each method needs.

    A view reads `self.by`, the user of the integration, who has the permissions of its scopes.
    """

    parser_classes = (BoundedJSONParser,)
    content_negotiation_class = AlwaysJSON
    scopes = {}

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method not in self.allowed_methods:
            return  # refused as such
        self.integration = enter(request)
        self.by = self.integration.user
        scope = self.scopes["GET" if request.method == "HEAD" else request.method]
        if scope not in self.integration.scopes:
            detail = _("It needs the scope %(scope)s.") % {"scope": scope}
            raise Problem(HTTPStatus.FORBIDDEN, "scope-missing", detail, more={"scope": scope})

    def once(self, request, work):
        """Do a write under its idempotency key, in the name of the integration."""
        with acting(self.by):
            return idempotency.once(request, self.integration, work)

    def get_exception_handler(self):
        return problems.handle

    def options(self, request, *args, **kwargs):
        return self.http_method_not_allowed(request, *args, **kwargs)

    @property
    def allowed_methods(self):
        return [name for name in super().allowed_methods if name != "OPTIONS"]


def enter(request):
    """The active integration whose token this is; raises Problem and TooMany.

    Who fails too often from one address has to wait there; a token that is valid goes on.
    """
    token = tokens.shown_in(request)
    known = Integration.objects.active().select_related("user", "use")
    integration = known.filter(token_hash=tokens.fingerprint(token)).first() if token else None
    if integration is None:
        rates.limit(f"api:{client_ip(request._request)}", settings.API_FAILURES_PER_MINUTE)
        code = "token-invalid" if token else "token-required"
        challenge = {"WWW-Authenticate": "Bearer"}
        raise Problem(HTTPStatus.UNAUTHORIZED, code, headers=challenge)
    rates.limit(f"integration:{integration.pk}", settings.API_PER_MINUTE)
    note_use(integration)
    # Read here and nowhere else: no permission is kept beside the scopes that it comes from.
    integration.user._perm_cache = scopes.permissions(integration.scopes)
    return integration


def note_use(integration):
    """Note that it was heard of, once a minute at most."""
    use, now = getattr(integration, "use", None), timezone.now()
    if use is not None and now - use.at < NOTED_EVERY:
        return
    IntegrationUse.objects.bulk_create(
        [IntegrationUse(integration=integration, at=now)],
        update_conflicts=True,
        unique_fields=["integration"],
        update_fields=["at"],
    )


class NotFound(Endpoint):
    """What is at no address of the API."""

    schema = None

    def initial(self, request, *args, **kwargs):
        raise Problem(HTTPStatus.NOT_FOUND, "not-found")
