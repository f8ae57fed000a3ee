from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.contrib.messages.views import SuccessMessageMixin
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import reverse_lazy
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from .forms import LanguageForm, ProfileForm
from .models import CustomUser

YEAR = 365 * 24 * 3600  # seconds

login = LoginView.as_view(redirect_authenticated_user=True)


@require_http_methods(["GET", "POST"])
def profile(request):
    # Not request.user: the page around a refused form must not show what was refused.
    user = get_object_or_404(CustomUser, pk=request.user.pk)
    form = ProfileForm(request.POST or None, instance=user)
    if form.is_valid():
        form.save()
        with translation.override(user.language):
            messages.success(request, _("Your profile is saved."))
        return redirect("profile")
    status = 422 if form.is_bound else 200
    return render(request, "utilisateurs/profile.html", {"form": form}, status=status)


class PasswordChange(SuccessMessageMixin, PasswordChangeView):
    template_name = "ui/form.html"
    title = gettext_lazy("Change password")
    success_message = gettext_lazy("Your password is changed.")
    success_url = reverse_lazy("profile")
    extra_context = {"back_url": success_url}


@login_not_required
@require_POST
def set_language(request):
    """Keep the language: a user's in their profile, a visitor's in a cookie."""
    form = LanguageForm(request.POST)
    response = HttpResponseRedirect(safe_next(request))
    if not form.is_valid():
        messages.error(request, _("This language is not available."))
    elif request.user.is_authenticated:
        CustomUser.objects.filter(pk=request.user.pk).update(**form.cleaned_data)
    else:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            form.cleaned_data["language"],
            max_age=YEAR,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response


def safe_next(request):
    """Where the form asks to go back to, if that is a page of ours; else the home page."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else resolve_url(settings.LOGIN_REDIRECT_URL)
