"""The error pages. To htmx, which shows a toast of its own by the status, a line of text is due."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh


def bad_request(request, exception):
    return page(request, 400, _("The request could not be understood."))


def permission_denied(request, exception):
    return page(request, 403, _("You do not have the permission for this."))


def not_found(request, exception):
    return page(request, 404, _("This no longer exists, or you may not see it."))


def server_error(request):
    """Rendered without context processors: whatever failed may be what they read."""
    if asks_for_part(request):
        return HttpResponse(status=500, content_type="text/plain")
    shell = {"language": get_language()}
    return HttpResponse(render_to_string("500.html", {"shell": shell}), status=500)


def csrf_failure(request, reason=""):
    """The form's token has expired. An htmx page, whose URL holds it all, renews itself."""
    if asks_for_part(request):
        messages.warning(request, _("This page was open for too long: it is fresh now, try again."))
        return HttpResponseClientRefresh()
    return render(request, "403_csrf.html", status=403)


def page(request, status, text):
    if asks_for_part(request):
        return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    return render(request, f"{status}.html", status=status)


def asks_for_part(request):
    """Whether htmx wants a part of a page, not a page."""
    # An early error may come before htmx's middleware had its turn.
    htmx = getattr(request, "htmx", False)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request
