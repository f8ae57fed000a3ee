import uuid

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django_tasks_db.models import DBTaskResult

from project.jobs.models import Progress, State
from project.jobs.services import start
from tests.jobs import sample

HTMX = {"HX-Request": "true"}


@pytest.fixture
def mine(awa):
    return start(sample.give_up, owner=awa, title="Export of May")


@pytest.fixture
def stranger(make_user):
    return make_user("binta")


@pytest.fixture
def onlooker(make_user):
    user = make_user("coumba")
    user.user_permissions.add(Permission.objects.get(codename="view_progress"))
    return user


def pages_of(progress):
    return {
        "detail": reverse("jobs:detail", args=[progress.pk]),
        "cancel": reverse("jobs:cancel", args=[progress.pk]),
    }


def test_nobody_enters_without_logging_in(client, mine):
    for url in (reverse("jobs:list"), pages_of(mine)["detail"]):
        assert client.get(url).status_code == 302


def test_the_list_shows_ones_own_jobs(client, awa, mine, stranger):
    start(sample.give_up, owner=stranger, title="Not for Awa")
    client.force_login(awa)
    html = client.get(reverse("jobs:list")).content.decode()
    assert "Export of May" in html
    assert "Not for Awa" not in html
    assert 'hx-trigger="every 2s"' in html


def test_the_list_says_what_to_expect_while_empty_and_asks_no_more(client, stranger):
    client.force_login(stranger)
    html = client.get(reverse("jobs:list")).content.decode()
    assert 'class="empty"' in html
    assert 'hx-trigger="every' not in html


def test_the_list_takes_as_many_statements_for_many_jobs(
    client, onlooker, awa, django_assert_max_num_queries
):
    for number in range(20):
        Progress.objects.create(owner=awa, title=f"Job {number}")
    client.force_login(onlooker)
    with django_assert_max_num_queries(6):
        html = client.get(reverse("jobs:list")).content.decode()
    assert html.count("<time") == 20


def test_htmx_gets_the_part_alone(client, awa, mine):
    client.force_login(awa)
    for url, root in ((reverse("jobs:list"), "jobs"), (pages_of(mine)["detail"], "progress")):
        response = client.get(url, headers=HTMX)
        assert response.content.decode().strip().startswith(f'<section id="{root}"')
        assert "HX-Request" in response["Vary"]
        boosted = client.get(url, headers={**HTMX, "HX-Boosted": "true"})
        assert "<title>" in boosted.content.decode()


def test_a_stranger_neither_sees_nor_stops_a_job(client, stranger, mine):
    client.force_login(stranger)
    pages = pages_of(mine)
    assert client.get(pages["detail"]).status_code == 404
    assert client.post(pages["cancel"]).status_code == 404
    mine.refresh_from_db()
    assert mine.state == State.WAITING


def test_whoever_may_view_progress_sees_every_job(client, onlooker, mine):
    client.force_login(onlooker)
    assert "Export of May" in client.get(reverse("jobs:list")).content.decode()
    assert client.get(pages_of(mine)["detail"]).status_code == 200


def test_an_unknown_job_is_not_found(client, awa):
    client.force_login(awa)
    assert client.get(reverse("jobs:detail", args=[uuid.uuid4()])).status_code == 404


def test_its_owner_stops_a_waiting_job(client, awa, mine):
    client.force_login(awa)
    response = client.post(pages_of(mine)["cancel"])
    assert response.status_code == 302
    mine.refresh_from_db()
    assert mine.state == State.CANCELLED
    assert not DBTaskResult.objects.exists()


def test_htmx_gets_the_stopped_job_alone(client, awa, mine):
    client.force_login(awa)
    response = client.post(pages_of(mine)["cancel"], headers=HTMX, follow=True)
    html = response.content.decode()
    assert html.strip().startswith('<section id="progress"')
    assert "status-cancelled" in html


def test_stopping_is_a_post(client, awa, mine):
    client.force_login(awa)
    assert client.get(pages_of(mine)["cancel"]).status_code == 405


@pytest.mark.parametrize("state", State)
def test_a_job_asks_for_itself_until_it_has_ended(client, awa, state):
    running = Progress.objects.create(owner=awa, title="Export", done=3, total=1200)
    Progress.objects.filter(pk=running.pk).move(state, result_url="/there/")
    client.force_login(awa)

    html = client.get(pages_of(running)["detail"], headers=HTMX).content.decode()

    moving = state in (State.WAITING, State.RUNNING)
    assert ('hx-trigger="every 1s"' in html) is moving
    assert ('id="cancel-job"' in html) is moving
    assert ('href="/there/"' in html) is (state in (State.DONE, State.CANCELLED))
    assert 'max="1200" value="3"' in html
    assert f"status-{state.value}" in html


def test_a_failure_without_words_says_what_to_do(client, awa):
    failed = Progress.objects.create(owner=awa, title="Export")
    Progress.objects.filter(pk=failed.pk).move(State.FAILED)
    client.force_login(awa)
    html = client.get(pages_of(failed)["detail"], headers=HTMX).content.decode()
    said = strip_tags(html.split('role="status">')[1].split("</p>")[0])
    assert len(said.split()) > 8


@pytest.fixture
def failed_task(worker):
    task = sample.give_up.enqueue()
    worker.drain()
    return DBTaskResult.objects.get(pk=task.id)


def test_admin_gives_failed_jobs_new_attempts(admin_client, failed_task):
    url = reverse("admin:django_tasks_database_dbtaskresult_changelist")
    admin_client.post(url, {"action": "retry", "_selected_action": [str(failed_task.pk)]})
    failed_task.refresh_from_db()
    assert (failed_task.status, failed_task.worker_ids) == ("READY", [])


def test_admin_refuses_new_attempts_without_the_permission(client, make_user, failed_task):
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_dbtaskresult"))
    client.force_login(clerk)
    url = reverse("admin:django_tasks_database_dbtaskresult_changelist")
    client.post(url, {"action": "retry", "_selected_action": [str(failed_task.pk)]})
    failed_task.refresh_from_db()
    assert failed_task.status == "FAILED"


@pytest.mark.parametrize("model", ["progress", "slot", "heartbeat"])
def test_admin_shows_and_changes_nothing(admin_client, mine, worker, model):
    worker.beat()
    worker.start_due()
    assert admin_client.get(reverse(f"admin:jobs_{model}_changelist")).status_code == 200
    assert admin_client.get(reverse(f"admin:jobs_{model}_add")).status_code == 403


@pytest.mark.parametrize("state", [State.DONE, State.FAILED, State.CANCELLED])
def test_a_page_that_waited_for_the_end_renews_itself(client, awa, mine, state):
    client.force_login(awa)
    url, elsewhere = pages_of(mine)["detail"], "http://testserver/imports/1/?state=new"
    asked = HTMX | {"HX-Current-URL": elsewhere}
    assert "HX-Refresh" not in client.get(url, headers=asked)
    Progress.objects.filter(pk=mine.pk).update(state=state, finished_at=timezone.now())
    assert client.get(url, headers=asked)["HX-Refresh"] == "true"
    own = client.get(url, headers=HTMX | {"HX-Current-URL": f"http://testserver{url}?x=1"})
    assert "HX-Refresh" not in own and 'id="progress"' in own.content.decode()


def test_only_its_owner_is_offered_a_result_which_nobody_else_may_fetch(
    client, awa, mine, onlooker
):
    Progress.objects.filter(pk=mine.pk).move(State.DONE, result_url="/there/")
    for user, offered in ((awa, True), (onlooker, False)):
        client.force_login(user)
        for page in (pages_of(mine)["detail"], reverse("jobs:list")):
            html = client.get(page).content.decode()
            assert (mine.title in html, 'href="/there/"' in html) == (True, offered)
