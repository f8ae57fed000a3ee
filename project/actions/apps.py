from django.apps import AppConfig

from project.utilisateurs import groups


class ActionsConfig(AppConfig):
    name = "project.actions"
    label = "actions"

    def ready(self):
        # Filters that are shared: everyone changes their own, who may manage them the others' too.
        groups.register("ui", gestion=("change_namedfilter", "delete_namedfilter"))
