"""Which terminal is asking, whether it may, and how often; the keys of terminals.

A key is shown once; how it is kept is said in `project.api.tokens`.
"""

import hmac
from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from project.api import rates
from project.api.tokens import fingerprint, fresh
from project.audit.recorder import line, recorded
from project.audit.refusals import Refusal

from .models import EtatTerminal, Synchronisation, Terminal

NO_KEY = (Refusal("no_key", Q(cle_empreinte=""), gettext_lazy("has no key")),)


# ----------------------------------------------------------------------------------------- keys
def give_key(selection, *, by, ticket=None):
    """Give one terminal a new key; the one that it had is void. Returns (Outcome, the key)."""
    key = fresh()
    with recorded(
        "inventory.give_key",
        selection,
        by=by,
        ticket=ticket,
        sentence=line(_("Key given")),
    ) as batch:
        batch.update(cle_empreinte=fingerprint(key), cle_donnee_le=timezone.now(), sans_cle=False)
    return batch.outcome, key


def revoke_key(selection, *, by, reason="", ticket=None):
    """Make the keys of these terminals void: until they are given others they can't send."""
    with recorded(
        "inventory.revoke_key",
        selection,
        by=by,
        reason=reason,
        ticket=ticket,
        sentence=line(_("Key revoked"), reason),
        refusals=NO_KEY,
    ) as batch:
        batch.update(cle_empreinte="", cle_donnee_le=None)
    return batch.outcome


# --------------------------------------------------------------------------------------- asking
@dataclass(slots=True, eq=False)
class Refused(Exception):
    """An answer that is no: its status, its code and its words; `seconds` to wait, if any.

    `parameters` maps the names of what was wrong to why. One that is `again` was told and noted.
    """

    status: HTTPStatus
    code: str
    text: str
    seconds: int = 0
    terminal: Terminal | None = None
    parameters: dict | None = None
    again: bool = False


def identify(serial, key, address):
    """The active terminal with this serial number, its shop read; raises `Refused`.

    Who fails too often from one address has to wait, and so has there who shows no key: a serial
    number alone can be guessed.
    """
    if not serial:
        raise Refused(HTTPStatus.BAD_REQUEST, "MISSING_SERIAL", "Header X-Device-Serial requis")
    try:
        terminal = found(serial, key)
    except Refused:
        limit(f"refus:{address}", settings.SYNC_FAILURES_PER_MINUTE)
        raise
    if not terminal.has_key:
        check(f"refus:{address}", settings.SYNC_FAILURES_PER_MINUTE)
    return terminal


def found(serial, key):
    terminal = None
    if serial.isprintable():  # a database takes no other text
        known = Terminal.objects.active().select_related("boutique")
        terminal = known.filter(numero_serie=serial).first()
    if terminal is None:
        raise Refused(HTTPStatus.NOT_FOUND, "TERMINAL_NOT_FOUND", "Terminal non trouvé ou inactif")
    if not key and not (terminal.sans_cle and not terminal.has_key):
        raise Refused(
            HTTPStatus.UNAUTHORIZED, "KEY_REQUIRED", "Clé du terminal requise", 0, terminal
        )
    if key and not hmac.compare_digest(fingerprint(key), terminal.cle_empreinte):
        raise Refused(
            HTTPStatus.UNAUTHORIZED, "KEY_INVALID", "Clé du terminal invalide", 0, terminal
        )
    if terminal.boutique is None:
        raise Refused(
            HTTPStatus.BAD_REQUEST,
            "NO_BOUTIQUE",
            "Terminal non associé à une boutique",
            0,
            terminal,
        )
    return terminal


# ---------------------------------------------------------------------------------------- rates
def limit(who, most):
    """Count a request of `who`; raises `Refused` where there were more than `most` this minute."""
    _counted(rates.limit, who, most)


def check(who, most):
    """The same without counting."""
    _counted(rates.check, who, most)


def _counted(rule, who, most):
    try:
        rule(who, most)
    except rates.TooMany as too_many:
        raise Refused(
            HTTPStatus.TOO_MANY_REQUESTS,
            "RATE_LIMITED",
            "Trop de requêtes : réessayez plus tard",
            too_many.seconds,
            again=not too_many.first,
        ) from None


# -------------------------------------------------------------------------------------- journal
def note(terminal, *, serial, address, request, status, code="", result=None, seconds=0.0):
    """Write how a request went: what the office sees of it. Two statements."""
    counts = {}
    if result is not None:
        counts = {name: len(getattr(result, name)) for name in ("creees", "deja_recues", "erreurs")}
    at = timezone.now()
    Synchronisation.objects.create(
        terminal=terminal,
        numero_serie=serial[:100] if serial.isprintable() else "",
        adresse=address[:64],
        demande=request[:80],
        statut=status,
        code=code,
        duree_ms=round(seconds * 1000),
        a=at,
        **counts,
    )
    if terminal is None:
        return
    fresh = {"dernier_echec": at, "dernier_code": code} if code else {"derniere_sync": at}
    EtatTerminal.objects.bulk_create(
        [EtatTerminal(terminal=terminal, **fresh)],
        update_conflicts=True,
        unique_fields=["terminal"],
        update_fields=list(fresh),
    )
