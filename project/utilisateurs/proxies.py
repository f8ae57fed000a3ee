"""Whose address counts when someone fails to sign in."""

from django.conf import settings


def client_ip(request):
    """The address of who asks: behind PROXIES trusted proxies, the one that the outermost saw.

    What stands further left in the header is the client's own word, and is not believed.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    seen = [address.strip() for address in forwarded.split(",") if address.strip()]
    if settings.PROXIES and len(seen) >= settings.PROXIES:
        return seen[-settings.PROXIES]
    return request.META["REMOTE_ADDR"]
