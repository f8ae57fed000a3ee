"""Every declared action, through every door, on one record and on a thousand.

Nothing here names an action: what a desk declares is tested, with answers made up from its form.
The doors must agree on what changed, what was refused, the log and the history, and the number of
statements must be the same for ten records and a thousand.
"""

import datetime
from collections import Counter
from functools import partial

import pytest
from django import forms
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from project.actions import desk as desks
from project.audit.models import Batch
from project.audit.recorder import log_model_of
from project.audit.refusals import first_refusal
from tests.factories import make_user

pytestmark = pytest.mark.django_db
MANY = 1_000
CASES = [
    pytest.param(
        desk, action, id=action.code if desk.slug == "bookings" else f"{desk.slug}.{action.name}"
    )
    for desk in desks.all_desks()
    for action in desk.actions
]
DOORS = ("desk", "admin")


@pytest.fixture
def user(db, settings):
    settings.DEBUG = True  # seeding is for demonstrations
    call_command("seed", bookings=MANY, verbosity=0)
    return make_user("everywhere", is_superuser=True, is_staff=True)


def answers_to(action, selection, user):
    """Valid answers to an action's questions: what is required, then what the form insists on."""
    if action.form is None:
        return {}
    asked = action.form(selection=selection, user=user).fields
    answers = {name: answer_to(field) for name, field in asked.items() if field.required}
    for _ in asked:
        form = action.form(answers, selection=selection, user=user)
        if form.is_valid():
            return answers
        name = next(iter(form.errors))
        answers[name] = answer_to(asked[name])
    raise AssertionError(f"no answers found for {action.code}: {form.errors}")


def answer_to(field):
    if isinstance(field, forms.ModelChoiceField):
        return field.queryset.order_by("pk").values_list("pk", flat=True).first()
    if isinstance(field, forms.ChoiceField):
        return next(value for value, _label in field.choices if value)
    if isinstance(field, forms.DateField):
        return (datetime.date.today() + datetime.timedelta(days=3)).isoformat()
    if isinstance(field, forms.TimeField):
        return "10:15"
    if isinstance(field, (forms.IntegerField, forms.DecimalField)):
        return field.initial or 1
    return "For the test"


def through_desk(client, desk, action, records, answers):
    keys = ",".join(str(key) for key in records.values_list("pk", flat=True))
    url = desk.action_url(action)
    return post_twice(client, url, {"pk": keys, **answers}, HTTP_HX_REQUEST="true")


def through_admin(client, desk, action, records, answers):
    opts = desk.model._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    keys = list(records.values_list("pk", flat=True))
    everything = len(keys) > 1
    chosen = {
        "action": action.name,
        "index": "0",
        "select_across": "1" if everything else "0",
        "_selected_action": [str(keys[0])],
    }
    # The list itself opens to what is all of it, so that both doors get the same records.
    query = "?" if everything else f"?id__exact={keys[0]}"
    return post_twice(client, url + query, {**chosen, **answers})


def post_twice(client, url, data, **headers):
    """Ask, then confirm with what the dialog gave; the confirming response."""
    asked = client.post(url, data, **headers)
    if asked.context is None or "hidden" not in asked.context or "preview" not in asked.context:
        return asked  # a report answers at once
    hidden = dict(asked.context["hidden"])
    ticket = {name: hidden[name] for name in ("confirm", "token", "digest")}
    return client.post(url, {**data, **ticket}, **headers)


def run(door, client, desk, action, records, answers):
    """What came of it: everything that must not depend on the door."""
    before, asked = set(Batch.objects.values_list("pk", flat=True)), records.count()
    response = {"desk": through_desk, "admin": through_admin}[door](
        client, desk, action, records, answers
    )
    assert response.status_code in (200, 302), response.content[:2000]
    batch = Batch.objects.exclude(pk__in=before).get()
    log, key = log_model_of(desk.model)
    lines = log._base_manager.filter(batch=batch, action_code=action.code)
    history = desk.model.history.filter(batch_id=batch.pk)
    touched = desk.model.objects.filter(pk__in=lines.values(f"{key}_id"))
    told = list(get_messages(response.wsgi_request))
    return {
        "action": batch.action,
        "user": batch.user,
        "changed": batch.changed,
        "refused": Counter(batch.refusals.values_list("code", flat=True)),
        "lines": lines.count(),
        "line_users": set(lines.values_list("user", flat=True)),
        "line_records": lines.values(key).distinct().count(),
        "history": history.count(),
        "history_users": set(history.values_list("history_user", flat=True)),
        "stale_history": 0 if action.reports else unlike(touched, history),
        "told": len(told) if not action.reports else 0,
        "asked": asked,
    }


def unlike(touched, history):
    """How many of the touched records are not in the history at their present version."""
    return (
        touched.count()
        - history.filter(version__in=touched.values("version")).values("id").distinct().count()
    )


def undone(work):
    """Run `work` and roll it back, so that the next door finds the records as they were."""
    with transaction.atomic():
        result = work()
        transaction.set_rollback(True)
    return result


def eligible(desk, action, user):
    """A record that the action accepts."""
    everything = desk.model.objects.order_by("pk")
    refusals = action.refusals_for(everything, cleaned(action, everything, user))
    ready = everything.annotate(_refusal=first_refusal(refusals)).filter(_refusal="")
    return desk.model.objects.filter(pk=ready.values_list("pk", flat=True).first())


def cleaned(action, selection, user):
    if action.form is None:
        return {}
    form = action.form(answers_to(action, selection, user), selection=selection, user=user)
    assert form.is_valid()
    return form.cleaned_data


def prepare(desk, action, user):
    """Where the demo data has no record for an action, its inverse makes some."""
    everything = desk.model.objects.all()
    if not eligible(desk, action, user).exists():
        inverse = desk.action(action.inverse)
        some = everything.filter(pk__in=list(everything.values_list("pk", flat=True)[:20]))
        inverse.run(some, by=user, **cleaned(inverse, some, user))


@pytest.mark.parametrize(("desk", "action"), CASES)
def test_every_door_does_the_same(client, user, desk, action):
    client.force_login(user)
    prepare(desk, action, user)
    everything = desk.model.objects.order_by("pk")
    for records in (eligible(desk, action, user), everything):
        answers = answers_to(action, records, user)
        results = {
            door: undone(partial(run, door, client, desk, action, records, answers))
            for door in DOORS
        }
        result = results["desk"]
        assert result == results["admin"]
        assert result["changed"] > 0
        assert result["changed"] + result["refused"].total() == result["asked"]
        assert result["lines"] == result["line_records"] == result["changed"]
        assert result["history"] == (0 if action.reports else result["changed"])
        assert result["stale_history"] == 0
        assert result["line_users"] == {user.pk}
        assert result["history_users"] == (set() if action.reports else {user.pk})
        assert result["action"] == action.code
        assert result["told"] == (0 if action.reports else 1)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("desk", "action"), CASES)
def test_its_statements_do_not_grow_with_the_selection(client, user, desk, action, door):
    client.force_login(user)
    prepare(desk, action, user)
    few = desk.model.objects.filter(
        pk__in=[
            *desk.model.objects.order_by("pk").values_list("pk", flat=True)[:10],
            eligible(desk, action, user).get().pk,
        ]
    )
    if door == "admin":  # whose "all" is the whole list
        few = eligible(desk, action, user)
    answers = answers_to(action, few, user)
    counts = {}
    for name, records in (("few", few), ("many", desk.model.objects.order_by("pk"))):
        with CaptureQueriesContext(connection) as statements:
            undone(partial(run, door, client, desk, action, records, answers))
        counts[name] = len(statements)
    # A refusal found among the many is stored, named and counted: a few statements, once.
    assert counts["many"] <= counts["few"] + 12, counts


@pytest.mark.parametrize(("desk", "action"), CASES)
def test_it_asks_for_its_permission_at_every_door(client, db, desk, action):
    app, codename = desk.view_permission.split(".")
    onlooker = make_user("onlooker", is_staff=True)
    onlooker.user_permissions.add(
        Permission.objects.get(content_type__app_label=app, codename=codename)
    )
    client.force_login(onlooker)
    assert client.post(desk.action_url(action), {"pk": "1"}).status_code in (302, 403)
    before = Batch.objects.count()
    opts = desk.model._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    client.post(url, {"action": action.name, "index": "0", "_selected_action": ["1"]})
    assert Batch.objects.count() == before
