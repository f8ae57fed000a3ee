from django.utils import translation
from django.utils.cache import patch_vary_headers


class UserLanguageMiddleware:
    """Speak the user's language; to a visitor the one of their cookie, or of their browser."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        known = request.user.is_authenticated
        language = (
            request.user.language if known else translation.get_language_from_request(request)
        )
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if not known:
            patch_vary_headers(response, ("Accept-Language",))
        return response
