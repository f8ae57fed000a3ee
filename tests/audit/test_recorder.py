"""Writing a change together with its log and its history: the one way by which anything changes."""

import itertools
import uuid

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from bookings.models import Booking
from project.audit.acting import acting, current_user
from project.audit.models import Batch, BatchRefusal, NumberRange
from project.audit.recorder import AlreadyDone, SelectionChanged, Stale, Ticket, line, recorded
from project.audit.refusals import Refusal, any_refusal, first_refusal
from project.audit.statements import digest_of, insert_select
from project.directory.models import Customer
from tests.factories import make_booking, make_customer, make_user

pytestmark = pytest.mark.django_db
INACTIVE = Refusal("inactive", Q(is_active=False), "no longer a customer")
COMPANY = Refusal("company", Q(kind="company"), "a company")


@pytest.fixture
def user(db):
    return make_user("awa")


def customers(*names, **fields):
    """A selection of customers made for it."""
    made = [make_customer(name, **fields).pk for name in names]
    return Customer.objects.filter(pk__in=made)


def rename(selection, user, **given):
    """The simplest service there is; the outcome."""
    with recorded("test.rename", selection, by=user, sentence="Renamed", **given) as batch:
        batch.update(name=Concat(F("name"), Value("!")))
    return batch.outcome


def written():
    """How many rows a test has left behind in the trail."""
    return Batch.objects.count(), Customer.history.count(), BatchRefusal.objects.count()


# ----------------------------------------------------------------------------------------- digests
def test_a_digest_is_of_the_records_whatever_their_order():
    selection = customers("Awa", "Binta", "Coumba")
    assert digest_of(selection.order_by("name")) == digest_of(selection.order_by("-pk"))
    assert digest_of(selection)[0] == 3
    assert digest_of(selection.none()) == (0, "0-0-0")


def test_a_digest_tells_any_two_states_of_a_selection_apart():
    keys = customers(*"ABCDE").values_list("pk", flat=True)
    row = models.QuerySet(Customer)
    digests = [digest_of(row.filter(pk__in=some))[1] for some in itertools.combinations(keys, 3)]
    for first, second in itertools.product(range(2, 9), repeat=2):  # swapped versions too
        row.filter(pk=keys[0]).update(version=first)
        row.filter(pk=keys[1]).update(version=second)
        digests.append(digest_of(row.filter(pk__in=keys))[1])
    assert len(digests) == 10 + 49
    assert len(set(digests)) == len(digests)


def test_a_digest_holds_the_largest_keys_and_versions():
    make_customer(pk=2**53)
    models.QuerySet(Customer).update(version=2**31 - 1)
    count, digest = digest_of(Customer.objects.all())
    assert count == 1
    models.QuerySet(Customer).update(version=2**31 - 2)
    assert digest_of(Customer.objects.all())[1] != digest


# ------------------------------------------------------------------------------- one record's save
def test_a_save_leaves_a_batch_a_line_and_a_history_row(user):
    customer = make_customer("Awa", by=user)
    customer.name = "Awa Ndiaye"
    batch = customer.save(by=user, reason="Married")
    assert (batch.action, batch.model, batch.user, batch.reason, batch.changed) == (
        "directory.edit", "directory.customer", user, "Married", 1,
    )  # fmt: skip
    entry = customer.logs.get(batch=batch)
    assert (entry.user, entry.changes) == (user, {"name": ["Awa", "Awa Ndiaye"]})
    assert "Married" in entry.action
    row = customer.history.get(batch_id=batch.pk)
    assert (row.name, row.version, row.history_type) == ("Awa Ndiaye", 2, "~")
    assert (row.history_user, row.history_change_reason) == (user, "Married")
    assert row.history_date == batch.created_at


def test_a_save_that_changes_nothing_writes_nothing(user):
    customer = make_customer()
    before = written()
    assert customer.save(by=user) is None
    assert written() == before
    assert Customer.objects.get().version == customer.version == 1


def test_a_save_of_what_someone_saved_since_is_refused_and_shows_theirs(user):
    mine = make_customer("Awa")
    theirs = Customer.objects.get()
    theirs.name = "Theirs"
    theirs.save()
    before = written()
    mine.name = "Mine"
    with pytest.raises(Stale) as stale:
        mine.save(by=user)
    assert stale.value.current.name == Customer.objects.get().name == "Theirs"
    assert (written(), mine.version) == (before, 1)


def test_a_save_that_the_database_refuses_leaves_nothing_and_can_be_tried_again(user):
    customer = make_customer("Awa")
    before = written()
    customer.kind = "ghost"
    with pytest.raises(IntegrityError):
        customer.save(by=user)
    assert (written(), customer.version) == (before, 1)
    customer.kind = "company"
    assert customer.save(by=user).changed == 1


def test_a_token_is_good_for_one_save():
    token = uuid.uuid4()
    first = Customer(name="Awa").save(token=token)
    with pytest.raises(AlreadyDone) as already:
        Customer(name="Awa").save(token=token)
    assert already.value.batch == first
    assert Customer.objects.count() == Batch.objects.count() == 1


# ------------------------------------------------------------------------------------ who is acting
def test_a_save_that_does_not_say_who_is_by_whoever_is_acting(user):
    with acting(user):
        assert make_customer().logs.get().user == user
        other = make_user()
        assert make_customer(by=other).logs.get().user == other
        with acting(other):
            assert current_user() == other
        assert current_user() == user
    assert current_user() is None
    assert make_customer().logs.get().user is None


def test_nobody_acts_for_a_visitor_nor_after_a_failure(user):
    with acting(AnonymousUser()):
        assert current_user() is None
    with pytest.raises(ZeroDivisionError), acting(user):
        raise ZeroDivisionError
    assert current_user() is None


# ------------------------------------------------------------------------------------- many records
def test_it_writes_the_change_the_log_and_the_history_of_each(user):
    selection = customers("Awa", "Binta")
    outcome = rename(selection, user, reason="Shouting")
    batch = outcome.batch
    batch.refresh_from_db()
    assert (outcome.changed, batch.changed, batch.refused, batch.user) == (2, 2, 0, user)
    for customer, name in zip(selection.order_by("pk"), ("Awa", "Binta"), strict=True):
        assert (customer.name, customer.version) == (f"{name}!", 2)
        assert customer.updated_at == batch.created_at
        entry = customer.logs.get(batch=batch)
        assert (entry.action, entry.action_code, entry.user) == ("Renamed", "test.rename", user)
        assert entry.changes == {"name": [name, f"{name}!"]}
        row = customer.history.get(batch_id=batch.pk)
        assert (row.name, row.version, row.history_type) == (f"{name}!", 2, "~")
        assert (row.history_user, row.history_change_reason) == (user, "Shouting")


def test_what_follows_from_other_fields_is_kept_and_not_told(user):
    booking = make_booking()
    with recorded("test.x", Booking.objects.all(), by=user, sentence="x") as batch:
        batch.update(duration_minutes=5, search_text="x")
    assert booking.logs.get(action_code="test.x").changes == {"duration_minutes": [60, 5]}


def test_nothing_selected_is_nothing_done(user):
    make_customer("Awa")
    outcome = rename(Customer.objects.none(), user, refusals=(INACTIVE,))
    assert (outcome.changed, outcome.refused) == (0, [])
    assert Customer.objects.get().name == "Awa"


def test_the_line_may_say_something_of_each_record(user):
    selection = customers("Awa", "Binta")
    sentence = Concat(Value("Met "), F("name"))
    with recorded("test.met", selection, by=user, sentence=sentence) as batch:
        batch.note()
    assert {entry.action for entry in batch.log.objects.filter(batch=batch.batch)} == {
        "Met Awa",
        "Met Binta",
    }


def test_a_note_is_a_line_and_no_change(user):
    selection = customers("Awa")
    with recorded("test.read", selection, by=user, sentence="Read") as batch:
        batch.note()
    customer = selection.get()
    assert (customer.version, customer.history.count(), customer.logs.count()) == (1, 1, 2)
    assert batch.outcome.changed == 1


def test_a_failure_inside_leaves_nothing(user):
    selection = customers("Awa", "Binta", is_active=False)
    before = written()
    with (
        pytest.raises(ZeroDivisionError),
        recorded("test.x", selection, by=user, sentence="x", refusals=(COMPANY,)) as batch,
    ):
        batch.update(name="x")
        raise ZeroDivisionError
    assert written() == before
    assert set(selection.values_list("name", "version")) == {("Awa", 1), ("Binta", 1)}


@pytest.mark.parametrize(
    "shape",
    [
        lambda all_: all_.filter(logs__isnull=False).distinct(),
        lambda all_: all_.order_by("pk")[:2],
        lambda all_: all_.filter(name="Awa") | all_.filter(name="Binta"),
        lambda all_: all_.order_by().filter(name="Awa").union(all_.order_by().filter(name="Binta")),
        lambda all_: all_.annotate(n=models.Count("logs")).filter(n=1),
        lambda all_: all_.order_by("-name"),
    ],
    ids=["distinct", "sliced", "either", "union", "grouped", "sorted"],
)
def test_any_queryset_is_a_selection(user, shape):
    everyone = customers("Awa", "Binta")
    assert rename(shape(everyone), user).changed == 2
    assert set(everyone.values_list("name", flat=True)) == {"Awa!", "Binta!"}


def test_its_statements_do_not_grow_with_the_selection(user):
    counts = []
    for number in (10, 100):
        selection = customers(*map(str, range(number)))
        models.QuerySet(Customer).filter(pk=selection.first().pk).update(is_active=False)
        with CaptureQueriesContext(connection) as statements:
            assert rename(selection, user, refusals=(INACTIVE,)).changed == number - 1
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 16  # of which at most three announce it


# --------------------------------------------------------------------------------------- refusals
def test_the_first_reason_wins_and_is_kept_with_the_batch(user):
    make_customer("Both", is_active=False, kind="company")
    make_customer("Company", kind="company")
    make_customer("Fine")
    outcome = rename(Customer.objects.all(), user, refusals=(INACTIVE, COMPANY))
    assert outcome.changed == 1
    assert {(reason.code, reason.message, reason.count) for reason in outcome.refused} == {
        ("inactive", "no longer a customer", 1),
        ("company", "a company", 1),
    }
    assert outcome.refused_count == outcome.batch.refused == 2
    names = dict(Customer.objects.values_list("pk", "name"))
    assert {
        names[refusal.object_id]: (refusal.code, refusal.message) for refusal in outcome.refusals()
    } == {"Both": ("inactive", "no longer a customer"), "Company": ("company", "a company")}
    assert set(names.values()) == {"Both", "Company", "Fine!"}

    other = rename(Customer.objects.all(), user, refusals=(COMPANY, INACTIVE))
    assert {reason.code: reason.count for reason in other.refused} == {"company": 2}


def test_a_refusal_may_look_at_other_records():
    busy, free = make_customer("Busy"), make_customer("Free")
    make_booking(customer=busy)
    rides = Exists(Booking.objects.filter(customer=OuterRef("pk")))
    refusals = (Refusal("rides", rides, "has rides"), COMPANY)
    split = Customer.objects.annotate(why=first_refusal(refusals)).values_list("pk", "why")
    assert dict(split) == {busy.pk: "rides", free.pk: ""}
    assert Customer.objects.exclude(any_refusal(refusals)).get() == free


def test_where_nothing_refuses_everything_is_accepted():
    customer = make_customer()
    assert Customer.objects.annotate(why=first_refusal(())).get().why == ""
    assert Customer.objects.exclude(any_refusal(())).get() == customer


# --------------------------------------------------------------------------- what the user had seen
def test_a_digest_that_was_seen_is_the_one_that_is_done(user):
    selection = customers("Awa", "Binta")
    ticket = Ticket(token=uuid.uuid4(), digest=digest_of(selection)[1])
    assert rename(selection, user, ticket=ticket).changed == 2


def test_a_selection_that_is_no_longer_what_was_seen_is_left_alone(user):
    selection = customers("Awa", "Binta")
    ticket = Ticket(token=uuid.uuid4(), digest=digest_of(selection)[1])
    rename(selection.filter(name="Awa"), user)
    before = written()
    with pytest.raises(SelectionChanged):
        rename(selection, user, ticket=ticket)
    assert written() == before
    fresh = Ticket(token=ticket.token, digest=digest_of(selection)[1])
    assert rename(selection, user, ticket=fresh).changed == 2


def test_a_record_that_begins_to_match_half_way_is_not_changed_unseen(user):
    customers("Awa", "Binta")
    everyone = Customer.objects.all()
    ticket = Ticket(digest=digest_of(everyone)[1])
    with (
        pytest.raises(SelectionChanged),
        recorded("test.x", everyone, by=user, sentence="x", ticket=ticket) as batch,
    ):
        make_customer("Coumba")
        batch.update(notes="x")
    assert set(everyone.values_list("name", "notes")) == {("Awa", ""), ("Binta", "")}
    assert not Batch.objects.filter(action="test.x").exists()


def test_a_token_is_good_for_one_batch(user):
    selection = customers("Awa")
    ticket = Ticket(token=uuid.uuid4())
    first = rename(selection, user, ticket=ticket)
    with pytest.raises(AlreadyDone) as already:
        rename(selection, user, ticket=ticket)
    assert already.value.batch == first.batch
    assert selection.get().name == "Awa!"


def test_a_token_that_was_not_used_up_can_be_used(user):
    selection, ticket = customers("Awa"), Ticket(token=uuid.uuid4())
    with pytest.raises(SelectionChanged):
        rename(selection, user, ticket=Ticket(token=ticket.token, digest="x"))
    assert rename(selection, user, ticket=ticket).changed == 1


# ---------------------------------------------------------------------------------- insert, select
def test_rows_are_inserted_from_a_query_without_passing_through_python():
    customers("A", "B", "C")
    with CaptureQueriesContext(connection) as statements:
        count = insert_select(
            NumberRange, ("prefix", "last"), Customer.objects.exclude(name="B"), F("name"), Value(7)
        )
    assert (count, len(statements)) == (2, 1)
    assert set(NumberRange.objects.filter(last=7).values_list("prefix", flat=True)) == {"A", "C"}


def test_a_line_has_the_room_that_the_seed_gives_it():
    assert line("Cancelled", "Flight missed") == "Cancelled — Flight missed"
    assert line("Cancelled") == "Cancelled"
    assert len(line("Cancelled", "x" * 300)) == 255
