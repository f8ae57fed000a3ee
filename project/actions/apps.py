from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "project.actions"
    label = "actions"
