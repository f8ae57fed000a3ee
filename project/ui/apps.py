from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "project.ui"
    label = "ui"

    def ready(self):
        from . import keys  # noqa: F401 -- "<key:pk>" in every room's addresses
