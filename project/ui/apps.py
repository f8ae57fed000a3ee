from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "project.ui"
    label = "ui"
