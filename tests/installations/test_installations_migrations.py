"""The order in which the tables come: users, engineers, products, orders, services."""

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


@pytest.mark.django_db
def test_tables_come_in_the_order_of_the_vision():
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    places = {(each.app_label, each.name): place for place, (each, _back) in enumerate(plan)}
    users = settings.AUTH_USER_MODEL.partition(".")[0]
    wanted = [
        (users, "0001_initial"),
        ("installations", "0001_engineer"),
        ("inventory", "0001_initial"),
        ("installations", "0002_order"),
        ("installations", "0003_service"),
    ]
    found = [places[each] for each in wanted]
    assert found == sorted(found)
