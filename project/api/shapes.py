"""What all answers to integrations share in the OpenAPI description."""

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from . import idempotency, problems

TOKEN = "IntegrationToken"


class WhereSerializer(serializers.Serializer):
    pointer = serializers.CharField(
        required=False, help_text="Into the body, as a JSON pointer: #/lines/0/quantity."
    )
    parameter = serializers.CharField(required=False, help_text="Of the query string.")
    header = serializers.CharField(required=False)
    detail = serializers.CharField(help_text="What is wrong, in the language of the request.")


class ProblemSerializer(serializers.Serializer):
    """An error as RFC 9457 has it."""

    type = serializers.CharField(help_text="What programs go by; the rest is for people.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    errors = WhereSerializer(many=True, required=False)
    scope = serializers.CharField(required=False, help_text="The scope that is missing.")
    reason = serializers.CharField(required=False, help_text="The code of a refusal.")


def problem(*codes):
    """The description of an error with one of these codes at the end of its `type`."""
    unknown = set(codes) - set(problems.TITLES)
    if unknown:
        raise ValueError(unknown)
    return OpenApiResponse(ProblemSerializer, description=", ".join(codes))


def answers(good, *, parameters=False, body=False, found=False, refused=False):
    """{(status, media type): what it is} of an operation: its `good` ones, and its problems."""
    bad = {
        401: problem("token-required", "token-invalid"),
        403: problem("scope-missing"),
        429: problem("too-many-requests"),
        503: problem("try-again"),
    }
    if parameters:
        bad[400] = problem("invalid-parameters")
    if found:
        bad[404] = problem("not-found")
    if body:
        bad[400] = problem("invalid-json", "idempotency-key-required")
        bad[409] = problem("idempotency-key-reused")
        bad[413] = problem("body-too-large")
        bad[415] = problem("unsupported-media-type")
        bad[422] = problem("invalid")
    if refused:
        bad[409] = problem("refused", "idempotency-key-reused")
    described = {(status, "application/json"): shape for status, shape in good.items()}
    return described | {(status, problems.MEDIA_TYPE): bad[status] for status in sorted(bad)}


SECURED = [{TOKEN: []}]
KEY = OpenApiParameter(
    idempotency.HEADER,
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    required=True,
    description="A new one for each new request. The same key with the same body is answered as "
    "the first time, without doing anything again; with another body it is refused. "
    "Kept for 7 days unless the installation says otherwise.",
)
