"""Errors as RFC 9457 has them: `application/problem+json`, what is wrong named field by field."""

import logging
from dataclasses import dataclass, field
from http import HTTPStatus

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response

from project.audit.recorder import SelectionChanged

from .bodies import TooLarge
from .rates import TooMany

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:problem-type:carnet:{code}"
TITLES = {
    "invalid-json": gettext_lazy("The body is not JSON that can be read."),
    "invalid-parameters": gettext_lazy("Parameters are not right."),
    "idempotency-key-required": gettext_lazy("A write needs an idempotency key."),
    "token-required": gettext_lazy("A token is needed."),
    "token-invalid": gettext_lazy("This token is not valid."),
    "scope-missing": gettext_lazy("The integration lacks a scope."),
    "not-found": gettext_lazy("This is not there."),
    "method-not-allowed": gettext_lazy("This is not done here."),
    "refused": gettext_lazy("This can't be done."),
    "idempotency-key-reused": gettext_lazy("This idempotency key came with another request."),
    "body-too-large": gettext_lazy("The body is too large."),
    "unsupported-media-type": gettext_lazy("The body has to be application/json."),
    "invalid": gettext_lazy("Fields are not right."),
    "too-many-requests": gettext_lazy("Too many requests."),
    "server-error": gettext_lazy("Something went wrong here."),
    "try-again": gettext_lazy("This can't be answered just now."),
}


@dataclass(slots=True, eq=False)
class Problem(Exception):
    """An answer that is no. `code` is one of TITLES; `errors` say where: [{"pointer" (into the
    body) or "parameter" or "header", "detail"}]. `seconds` is when to ask again, `more` are further
    members.
    """

    status: HTTPStatus
    code: str
    detail: str = ""
    errors: list = field(default_factory=list)
    seconds: int = 0
    headers: dict = field(default_factory=dict)
    more: dict = field(default_factory=dict)

    @property
    def body(self):
        body = {
            "type": TYPE.format(code=self.code),
            "title": str(TITLES[self.code]),
            "status": int(self.status),
        }
        if self.detail:
            body["detail"] = str(self.detail)
        if self.errors:
            body["errors"] = self.errors
        return body | self.more

    @property
    def all_headers(self):
        return self.headers | ({"Retry-After": str(self.seconds)} if self.seconds else {})


def response_to(problem):
    return Response(
        problem.body, problem.status, headers=problem.all_headers, content_type=MEDIA_TYPE
    )


def at(where, name, detail):
    """One error: `where` is "pointer", "parameter" or "header"."""
    return {where: name, "detail": str(detail)}


def pointer(*path):
    """A JSON pointer as a URI fragment: ("lines", 0, "quantity") is "#/lines/0/quantity"."""
    return "".join(["#", *(f"/{part}" for part in path)])


def invalid(errors, detail=""):
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, errors)


def of_exception(exc):
    """The Problem that an exception stands for; None for one that stands for nothing known."""
    match exc:
        case Problem():
            return exc
        case ValidationError():
            return of_validation(exc)
        case exceptions.ValidationError():
            return invalid(list(of_serializer(exc.detail)))
        case TooMany():
            return Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many-requests", seconds=exc.seconds)
        case TooLarge():
            detail = _("At most %(most)s bytes are read.") % {"most": exc.most}
            return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", detail)
        case exceptions.UnsupportedMediaType():
            return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type")
        case exceptions.ParseError() | RecursionError():  # JSON of a thousand levels raises it
            return Problem(HTTPStatus.BAD_REQUEST, "invalid-json")
        case exceptions.MethodNotAllowed():
            return Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed")
        case Http404():
            return Problem(HTTPStatus.NOT_FOUND, "not-found")
        case PermissionDenied():
            return Problem(HTTPStatus.FORBIDDEN, "scope-missing")
        case SelectionChanged():
            detail = _("Someone else is changing this: try again.")
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "try-again", detail, seconds=1)
        case OperationalError():
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "try-again", seconds=5)
    return None


def of_validation(error, names=None):
    """The problem of a rule's ValidationError; `names` maps its fields to those of the body."""
    if not hasattr(error, "error_dict"):
        return invalid([], " ".join(error.messages))
    general, errors = [], []
    for name, texts in error.message_dict.items():
        if name == NON_FIELD_ERRORS:
            general += texts
            continue
        where = pointer((names or {}).get(name, name))
        errors += [at("pointer", where, text) for text in texts]
    return invalid(errors, " ".join(general))


def of_serializer(detail, path=()):
    """What a serializer found wrong, flat: its errors are nested as the body is."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            # A list's own errors are under the places of its items.
            here = path if name == "non_field_errors" else (*path, name)
            yield from of_serializer(inner, here)
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from of_serializer(inner, (*path, place) if nested else path)
    else:
        yield at("pointer", pointer(*path), detail)


def handle(exc, context):
    """The answer to any exception; what nobody expected is logged, and told without its insides."""
    problem = of_exception(exc)
    if problem is None or isinstance(exc, OperationalError):
        request = context["request"]
        logger.error("%s %s failed", request.method, request.path, exc_info=exc)
        problem = problem or Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "server-error")
    if isinstance(exc, exceptions.MethodNotAllowed):
        problem.headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return response_to(problem)
