"""The pages and the stream of events, for an ASGI server: what `manage.py run` serves."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
pages = get_asgi_application()

from project.notifications.live.stream import with_stream  # noqa: E402  (models, once set up)

application = with_stream(pages)
