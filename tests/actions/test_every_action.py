"""Every declared action, through every door, on one record and on a thousand.

Nothing here names an action: what a desk declares is tested, with answers made up from its form.
The doors must agree on what changed, what was refused, the log and the history, and the number of
statements must be the same for ten records and a thousand.
"""

import datetime
from collections import Counter
from functools import partial
from itertools import combinations

import pytest
from django import forms
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from project.actions import desk as desks
from project.audit.models import Batch
from project.audit.recorder import log_model_of
from project.audit.refusals import first_refusal
from tests.factories import (
    make_camion,
    make_compagnie,
    make_conteneur,
    make_customer,
    make_driver,
    make_partner,
    make_transitaire,
    make_user,
)

pytestmark = pytest.mark.django_db
MANY = 1_000
FREE = (
    make_customer,
    make_driver,
    make_partner,
    make_transitaire,
    make_camion,
    make_conteneur,
    make_compagnie,
)
CASES = [
    pytest.param(
        desk, action, id=action.code if desk.slug == "bookings" else f"{desk.slug}.{action.name}"
    )
    for desk in desks.all_desks()
    for action in desk.actions
]
DOORS = ("desk", "admin")


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory):
    """The demo data, once for all these tests: each of them takes back only what it did."""
    seeding = override_settings(DEBUG=True, MEDIA_ROOT=tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), transaction.atomic():
        with seeding:  # which is for demonstrations
            call_command("seed", bookings=MANY, verbosity=0)
        for make in FREE:
            make()  # whom nothing ties down, in whatever wing
        yield
        transaction.set_rollback(True)


@pytest.fixture
def user(demo, db):
    return make_user("everywhere", is_superuser=True, is_staff=True)


def answers_to(action, selection, user):
    """Valid answers to an action's questions: what is required, then what the form insists on."""
    if action.form is None:
        return {}
    blank = action.form(selection=selection, user=user)

    def answer(name):
        """What the dialog proposes, or else something that the field takes."""
        proposed = blank[name].value()
        if name in answers.get("picked", ()):  # a change to what it is would be none
            proposed = None
        return answer_to(blank.fields[name]) if proposed in (None, "") else str(proposed)

    answers = {}
    answers |= {name: answer(name) for name, field in blank.fields.items() if field.required}
    for _ in blank.fields:
        form = action.form(answers, selection=selection, user=user)
        if form.is_valid():
            return answers
        name = next(iter(form.errors))
        answers[name] = answer(name)
    raise AssertionError(f"no answers found for {action.code}: {form.errors}")


def answer_to(field):
    if isinstance(field, forms.ModelChoiceField):
        return field.queryset.order_by("pk").values_list("pk", flat=True).first()
    if isinstance(field, forms.MultipleChoiceField):
        return [field.choices[0][0]]
    if isinstance(field, forms.ChoiceField):
        return next(value for value, _label in field.choices if value)
    if isinstance(field, forms.DateField):
        return (datetime.date.today() + datetime.timedelta(days=3)).isoformat()
    if isinstance(field, forms.TimeField):
        return "23:30"
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
    everything = len(keys) > 2
    chosen = {
        "action": action.name,
        "index": "0",
        "select_across": "1" if everything else "0",
        "_selected_action": keys[:2],
    }
    # The list itself opens to what is all of it, so that both doors get the same records.
    query = "?" if everything else f"?id__in={','.join(map(str, keys))}"
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
    before = set(Batch.objects.values_list("pk", flat=True))
    scope = action.scope(None)
    asked = logged(scope.widen(records) if scope else records)
    model, asked = asked.model, asked.count()
    response = {"desk": through_desk, "admin": through_admin}[door](
        client, desk, action, records, answers
    )
    assert response.status_code in (200, 302), response.content[:2000]
    batch = Batch.objects.exclude(pk__in=before).get()
    log, key = log_model_of(model)
    lines = log._base_manager.filter(batch=batch, action_code=action.code)
    touched = model.objects.filter(pk__in=lines.values(f"{key}_id"))
    written = model.history.filter(batch_id=batch.pk)
    history = written.filter(id__in=touched.values("pk"))
    # What else the batch changed (the ride that a return was made from) says so in its own log.
    also = log._base_manager.filter(batch=batch, **{f"{key}__in": written.values("id")})
    assert also.values(key).distinct().count() == written.count()
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


def logged(records):
    """The records whose log tells what is done to these: of a ledger, those that keep it."""
    keeper = getattr(records.model, "logged_on", None)
    if keeper is None:
        return records
    owners = records.model._meta.get_field(keeper).related_model.objects
    return owners.filter(pk__in=records.order_by().values(keeper))


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


def accepted(desk, action, user, records):
    """The keys of those of `records` that the action accepts."""
    refusals = action.refusals_for(records, cleaned(action, records, user))
    ready = records.annotate(_refusal=first_refusal(refusals)).filter(_refusal="")
    return list(ready.values_list("pk", flat=True))


def eligible(desk, action, user):
    """A record that the action accepts; two, where it takes two to be accepted."""
    everything = desk.model.objects.order_by("pk")
    ready = accepted(desk, action, user, everything)
    for keys in [ready[:1], *([first, other] for first, other in combinations(ready[:60], 2))]:
        records = everything.filter(pk__in=keys)
        if keys and len(accepted(desk, action, user, records)) == len(keys):
            return records
    return everything.none()


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
            *eligible(desk, action, user).values_list("pk", flat=True),
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
