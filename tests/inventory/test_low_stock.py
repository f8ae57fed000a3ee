"""Low stock: the bell rings once for each time that an article comes to its threshold."""

import pytest
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from inventory import entries, services
from inventory.notifications import tell_low_stock
from inventory.sync import synchronise
from project.actions.undo import undo
from project.audit.models import Batch
from project.exchange.imports.rows import Entry
from project.jobs.worker import Worker
from project.notifications.models import Notification
from tests.asking import only
from tests.factories import make_article, make_user, make_vente_json
from tests.inventory.conftest import move

pytestmark = pytest.mark.django_db


@pytest.fixture
def low(boutique):
    return make_article(boutique, 10, seuil_alerte=5)


def rung(user):
    return [
        notice.announcement.kind
        for notice in Notification.objects.filter(user=user).select_related("announcement")
        if notice.announcement.kind == "inventory.low_stock"
    ]


def test_who_may_see_articles_is_told_once_by_a_sale(bureau, terminal, low):
    stranger = make_user()
    synchronise(terminal, [make_vente_json((low, 4)), make_vente_json((low, 2))])
    assert rung(bureau) == []  # the worker tells
    Worker().drain()
    assert rung(bureau) == ["inventory.low_stock"]
    assert rung(stranger) == []
    synchronise(terminal, [make_vente_json((low, 1))])
    Worker().drain()
    assert len(rung(bureau)) == 1
    [line] = low.logs.filter(action_code="inventory.low_stock")
    assert line.user is None


def test_a_job_that_is_run_again_tells_nobody_twice(bureau, low):
    move(low, -6)
    [task] = DBTaskResult.objects.filter(task_path__endswith="tell_low_stock")
    Worker().drain()
    DBTaskResult.objects.filter(pk=task.pk).update(
        status="READY", finished_at=None, worker_ids=[], started_at=None
    )
    Worker().drain()
    assert len(rung(bureau)) == 1
    assert Batch.objects.filter(action="inventory.low_stock").count() == 1


def test_the_bell_says_what_has_come_down(desk, low):
    move(low, -6)
    Worker().drain()
    page = desk.get(reverse("notifications"))
    assert page.status_code == 200
    assert "Low stock" in page.content.decode() and low.code in page.content.decode()


def test_the_bell_of_low_stock_can_be_switched_off(bureau, low):
    bureau.preferences["muted"] = {"inventory.low_stock": True}
    bureau.save()
    move(low, -6)
    Worker().drain()
    assert rung(bureau) == []


def test_an_article_that_is_no_longer_sold_rings_nothing(boutique):
    article = make_article(boutique, 10, seuil_alerte=5, est_actif=False)
    move(article, -9)
    assert not DBTaskResult.objects.filter(task_path=tell_low_stock.module_path).exists()


def threshold_of(article, threshold, by):
    article.refresh_from_db()
    article.seuil_alerte = threshold
    return article.save(by=by)


def by_the_dialog(article, threshold, by):
    return services.set_threshold(only(article), by=by, threshold=threshold).batch


def by_a_file(article, threshold, by):
    article.refresh_from_db()
    values = {"shop": article.boutique_id, "code": article.code, "threshold": threshold}
    entry = Entry(2, values, pk=article.pk, version=article.version, before={})
    [batch] = entries.write([entry], by=by, tell=None, source="articles.xlsx").batches
    return batch


@pytest.mark.parametrize("raised", [threshold_of, by_the_dialog, by_a_file])
def test_a_threshold_that_rises_past_the_stock_rings_once_per_crossing(bureau, low, raised):
    raised(low, 9, bureau)
    Worker().drain()
    assert rung(bureau) == []
    raised(low, 10, bureau)
    raised(low, 12, bureau)  # it was low already
    Worker().drain()
    assert rung(bureau) == ["inventory.low_stock"]
    raised(low, 5, bureau)
    Worker().drain()
    assert len(rung(bureau)) == 1
    raised(low, 11, bureau)
    Worker().drain()
    assert len(rung(bureau)) == 2
    assert low.logs.filter(action_code="inventory.low_stock").count() == 2


def test_a_threshold_that_the_admin_raises_rings_too(admin_client, bureau, low):
    url = reverse("admin:inventory_article_change", args=[low.pk])
    asked = admin_client.get(url).context["adminform"].form.initial
    answer = admin_client.post(
        url,
        {k: asked[k] for k in ("code", "nom", "prix")}
        | {"seuil_alerte": 20, "version": low.version},
    )
    assert answer.status_code == 302
    Worker().drain()
    assert rung(bureau) == ["inventory.low_stock"]


def test_undoing_what_lowered_it_is_a_crossing(bureau, low):
    by_the_dialog(low, 12, bureau)
    lowered = by_the_dialog(low, 3, bureau)
    Worker().drain()
    assert len(rung(bureau)) == 1
    undo(lowered, by=bureau)
    Worker().drain()
    assert len(rung(bureau)) == 2


def test_the_threshold_of_what_is_no_longer_sold_rings_nothing(bureau, boutique):
    article = make_article(boutique, 10, seuil_alerte=5, est_actif=False)
    by_the_dialog(article, 20, bureau)
    assert not DBTaskResult.objects.filter(task_path=tell_low_stock.module_path).exists()
