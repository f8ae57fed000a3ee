from .acting import acting


class ActingUserMiddleware:
    """Let saves made during a request know who asked for them."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        # `request.user` is lazy; reading it costs nothing more, since every page needs a login.
        with acting(request.user):
            return self.get_response(request)
