"""Where one begins: the first page of the menu that is open to the user."""

from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from . import nav


@require_safe
def home(request):
    for section in nav.menu(request):
        return redirect(section["items"][0]["url"])
    return redirect("profile")
