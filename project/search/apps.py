from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "project.search"
    label = "search"
