"""A write under its key: done once, and answered the same as often as it is asked.

The key's row is the first thing that the write's transaction inserts. Of two at once the second
waits for it, on the unique index (PostgreSQL) or for the write lock (SQLite), and then finds the
answer of the first. What the write refused is an answer too; what failed leaves nothing, so that it
can be tried again under the same key.
"""

import hashlib
import json
import re
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from . import problems
from .models import Answer
from .problems import Problem

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEY = re.compile(r"\A[\x21-\x7e]{1,255}\Z")
# Refusals that the same request would meet again: kept as its answer.
KEPT = (ValidationError, problems.exceptions.ValidationError, Http404)


def once(request, integration, work):
    """The answer of `work() -> (status, headers, body)`, or the one that was given to this key.

    Raises Problem: no key (400), a key that came with another request (409).
    """
    key = key_of(request)
    digest = digest_of(request)
    with transaction.atomic():
        answer, ours = claim(integration, key, digest)
        if ours:
            answer.status, answer.headers, body = done(work)
            answer.body = JSONRenderer().render(body).decode()
            answer.save(update_fields=["status", "headers", "body"])
        elif answer.digest != digest:
            raise Problem(HTTPStatus.CONFLICT, "idempotency-key-reused")
    failed = answer.status >= HTTPStatus.BAD_REQUEST
    headers = answer.headers if ours else {**answer.headers, REPLAYED: "true"}
    kind = problems.MEDIA_TYPE if failed else None
    body = json.loads(answer.body)
    return Response(body, answer.status, headers=headers, content_type=kind)


def done(work):
    """(status, headers, body) of the work; of what it refused nothing else is left."""
    try:
        with transaction.atomic():
            return work()
    except (Problem, *KEPT) as refusal:
        problem = problems.of_exception(refusal)
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return problem.status, problem.all_headers, problem.body


def claim(integration, key, digest):
    """(the Answer of this key, whether it is new)."""
    made = Answer(integration=integration, key=key, digest=digest)
    Answer.objects.bulk_create([made], ignore_conflicts=True)
    # SQLite and PostgreSQL don't tell whether a row was ignored; an unfinished one is ours, since
    # another's is seen only once it is committed, with its status.
    answer = Answer.objects.get(integration=integration, key=key)
    return answer, answer.status is None


def key_of(request):
    key = request.headers.get(HEADER, "")
    if not KEY.match(key):
        text = _("From 1 to 255 visible ASCII characters, a new one for each new request.")
        where = problems.at("header", HEADER, text)
        raise Problem(HTTPStatus.BAD_REQUEST, "idempotency-key-required", errors=[where])
    return key


def digest_of(request):
    """A digest of what is asked: over the body's values, not their spelling."""
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    text = f"{request.method} {request.path}\n{body}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def kept_for():
    """How many days an answer is kept at least."""
    return settings.API_ANSWERS_DAYS
