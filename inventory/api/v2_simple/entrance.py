"""The door that every request of a device comes through: who it is, how often, what it sent."""

import logging
import time
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.db import DatabaseError, OperationalError, transaction
from django.utils import translation
from rest_framework import exceptions
from rest_framework.response import Response

from inventory import devices
from inventory.devices import Refused
from project.api import tokens
from project.api.bodies import BoundedJSONParser, TooLarge
from project.utilisateurs.proxies import client_ip

logger = logging.getLogger(__name__)

SERIAL_HEADERS = ("X-Device-Serial", "Device-Serial", "Serial-Number")


class Body(BoundedJSONParser):
    setting = "SYNC_BODY_BYTES"


def too_large(most):
    return Refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "BODY_TOO_LARGE",
        f"Corps de la requête trop grand : au plus {most} octets",
    )


def for_devices(view):
    """Give the view the terminal that asks, and answer what it raises as devices know it."""

    @wraps(view)
    @translation.override("fr")  # what terminals are told is French, whatever a device asks for
    def entered(request):
        serial, address = serial_of(request), client_ip(request._request)
        terminal, began = None, time.monotonic()
        try:
            terminal = devices.identify(serial, tokens.shown_in(request), address)
            devices.limit(f"terminal:{terminal.pk}", settings.SYNC_PER_MINUTE)
            return view(request, terminal)
        except Refused as refused:
            refusal = refused
        except TooLarge as problem:
            refusal = too_large(problem.most)
        except exceptions.UnsupportedMediaType:
            refusal = Refused(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                "Le corps doit être en application/json",
            )
        except (exceptions.ParseError, RecursionError):  # which JSON of a thousand levels raises
            refusal = Refused(HTTPStatus.BAD_REQUEST, "INVALID_JSON", "JSON illisible")
        except OperationalError:
            logger.exception("The database could not be written for %s", terminal)
            refusal = Refused(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "TRY_AGAIN",
                "Service momentanément indisponible : renvoyez les mêmes ventes",
                5,
            )
        terminal = terminal or refusal.terminal
        answer_is(request, refusal, terminal, serial, address, time.monotonic() - began)
        return refused_response(refusal)

    return entered


def answer_is(request, refusal, terminal, serial, address, seconds):
    """Log a refusal and put it where the office sees it: of too many requests the first.

    The device is answered whether or not that can be written.
    """
    logger.warning(
        "%s %s from %s (%r): %s", request.method, request.path, address, serial, refusal.code
    )
    if refusal.again or refusal.code == "TRY_AGAIN":
        return  # nothing more to be written for those, or nothing can be
    try:
        with transaction.atomic():
            devices.note(
                terminal,
                serial=serial,
                address=address,
                request=f"{request.method} {request.path}",
                status=refusal.status,
                code=refusal.code,
                seconds=seconds,
            )
    except DatabaseError:
        logger.exception("The refusal could not be noted")


def refused_response(refusal):
    headers = {"Retry-After": str(refusal.seconds)} if refusal.seconds else {}
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    body = {"error": refusal.text, "code": refusal.code}
    if refusal.parameters:
        body["parametres"] = refusal.parameters
    return Response(body, status=refusal.status, headers=headers)


def serial_of(request):
    """The device's serial number, under the names that its generations gave it; '' for none."""
    return next(
        (text.strip() for name in SERIAL_HEADERS if (text := request.headers.get(name))), ""
    )
