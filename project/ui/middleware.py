from urllib.parse import urlencode

from django.conf import settings
from django.contrib.messages import get_messages
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect

from .toasts import toasts_of

# What an htmx response may tell the browser to do instead of showing what it got.
LEAVES = ("HX-Redirect", "HX-Refresh", "HX-Location")
# The error pages that base.html's htmx-config swaps like any other: a dialog with its errors.
SWAPPED = (409, 422)


class HtmxResponseMiddleware:
    """Page or partial: say that it depends on the asking, and carry the messages either way."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        patch_vary_headers(response, ("HX-Request",))
        if not request.htmx:
            return response
        if response.status_code == 302 and not request.user.is_authenticated:
            return self.sign_in(request, response)
        if self.is_shown(response) and len(get_messages(request)):
            toasts = {"toasts": toasts_of(request), "oob": True}
            response.write(render_to_string("ui/_toasts.html", toasts, request))
        return response

    def sign_in(self, request, response):
        """The session has ended: the whole page goes to the login, and comes back to itself."""
        login = resolve_url(settings.LOGIN_URL)
        if not response.url.startswith(login):
            return response
        back = urlencode({"next": request.htmx.current_url_abs_path or "/"})
        return HttpResponseClientRedirect(f"{login}?{back}")

    def is_shown(self, response):
        return (
            (200 <= response.status_code < 300 or response.status_code in SWAPPED)
            and response.status_code != 204
            and not response.streaming
            and response.get("Content-Type", "").startswith("text/html")
            and not any(header in response for header in LEAVES)
        )
