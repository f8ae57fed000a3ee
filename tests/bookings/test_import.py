"""Bookings from files: what a row is, what it writes, what it may not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import Booking, BookingLog
from bookings.states import PaymentState, Status
from project.audit.models import Batch
from project.exchange.imports import services as imports
from project.exchange.imports import writing
from project.exchange.imports.models import Import
from project.exchange.imports.rows import State
from project.jobs.worker import Worker
from project.notifications.models import OutgoingMail
from project.utilisateurs.models import CustomUser
from tests.bookings.importing import errors, row_for, rows_of, states, take, undo, write
from tests.exchange.imports.files import csv, workbook
from tests.factories import make_booking, make_customer, make_driver, make_partner, make_user

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2026, 12, 31, 14, 30, tzinfo=UTC)


@pytest.fixture
def ride(customer):
    return make_booking(
        customer=customer,
        pickup_at=START,
        price=Decimal("35000"),
        passenger_phone="+221 77 123 45 67",
        office_notes="Fenêtre",
    )


def only(*codenames):
    """Somebody with no other right than these."""
    user = make_user()
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return CustomUser.objects.get(pk=user.pk)


# ------------------------------------------------------------------------------------- preview
def test_a_preview_writes_nothing_but_itself(bureau, customer, ride):
    before = (Booking.objects.count(), BookingLog.objects.count(), Batch.objects.count())
    item = take(bureau, row_for(), {"Référence": ride.reference, "Prix": 40000})
    assert states(item) == [State.NEW, State.CHANGED]
    assert (Booking.objects.count(), BookingLog.objects.count(), Batch.objects.count()) == before


def test_rows_are_new_changed_unchanged_or_in_error(bureau, customer, ride):
    item = take(
        bureau,
        row_for(Référence="", Prix=""),
        {"Référence": ride.reference, "Prix": 40000},
        {"Référence": ride.reference.lower(), "Prix": ""},
        {"Référence": "R-26-999999", "Prix": 1},
    )
    assert states(item) == [State.NEW, State.CHANGED, State.ERROR, State.ERROR]
    changed = rows_of(item)[1]
    assert (changed.before, changed.pk, changed.version) == ({"price": "35000"}, ride.pk, 1)
    assert "Unknown" in errors(item)[3]["reference"] or "Inconnu" in errors(item)[3]["reference"]


def test_what_is_as_it_was_is_unchanged(bureau, ride):
    item = take(
        bureau,
        {
            "Référence": ride.reference,
            "Départ": "31/12/2026 14:30",
            "Client": "hotel teranga",
            "Prix": "35 000",
            "Téléphone": "+221 77 123 45 67",
        },
    )
    assert states(item) == [State.UNCHANGED]
    with pytest.raises(imports.NotNow):
        imports.confirm(item)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_titles_are_known_in_both_languages_and_any_order(bureau, customer, language):
    titles = {
        "fr": ["Destination", "Client", "Passager", "PRISE EN CHARGE", "Départ *"],
        "en": ["Drop-off", "Customer", "Passenger", "Pickup", "Departure"],
    }[language]
    cells = ["Dakar", customer.name, "Awa", "Diass", "2026-12-31 14:30"]
    item = take(bureau, data=workbook(titles, cells), language=language)
    assert states(item) == [State.NEW]


def test_unknown_titles_have_to_be_matched(bureau, customer):
    data = workbook(
        ["Quand", "Qui", "Voyageur", "De", "Vers"],
        ["31/12/2026 14:30", customer.name, "Awa", "Diass", "Dakar"],
    )
    item = take(bureau, data=data)
    assert item.stage == Import.Stage.MATCHING
    assert imports.samples(item)[1] == [customer.name]
    imports.match(item, ["departure", "customer", "passenger", "pickup", "dropoff"])
    assert states(item) == [State.NEW]


def test_a_csv_does_as_well(bureau, customer):
    titles = ["Départ", "Client", "Passager", "Téléphone", "Prise en charge", "Destination"]
    cells = ["31/12/2026 14:30", customer.name, "Awa", "0771234567", "Diass", "Dakar"]
    item = take(bureau, name="a.csv", data=csv(titles, cells, encoding="cp1252"))
    write(item)
    assert Booking.objects.get().passenger_phone == "0771234567"


def test_columns_with_an_action_of_their_own_are_left_aside(bureau, ride):
    item = take(bureau, {"Référence": ride.reference, "Prix": 1, "Statut": "Confirmée"})
    assert item.ignored == ["Statut"]
    write(item)
    ride.refresh_from_db()
    assert (ride.status, ride.price) == (Status.PENDING, 1)


# -------------------------------------------------------------------------- errors at their cell
@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"Départ": "demain"}, "departure"),
        ({"Départ": "31/12/1999 10:00"}, "departure"),
        ({"Départ": "31/12/2099 10:00"}, "departure"),
        ({"Client": "Personne"}, "customer"),
        ({"Passager": ""}, "passenger"),
        ({"Passager": "x" * 121}, "passenger"),
        ({"Téléphone": "appelez"}, "phone"),
        ({"Téléphone": "?appelez"}, "phone"),
        ({"E-mail": "awa"}, "email"),
        ({"Passagers": 0}, "passengers"),
        ({"Passagers": 100}, "passengers"),
        ({"Durée": 20_000}, "duration"),
        ({"Véhicule": "Fusée"}, "vehicle"),
        ({"Distance": -1}, "distance"),
        ({"Prix": "35,5"}, "price"),
        ({"Prix": -1}, "price"),
        ({"Devise": "ABC"}, "currency"),
        ({"Paiement": "Payée"}, "price"),
        ({"Chauffeur": "Personne"}, "driver"),
    ],
)
def test_what_a_form_would_refuse_is_an_error_at_its_cell(bureau, customer, cells, column):
    item = take(bureau, row_for(**cells))
    assert states(item) == [State.ERROR]
    assert list(errors(item)[0]) == [column]


def test_namesakes_and_those_who_left_are_told_apart(bureau, customer):
    make_customer("Awa Fall")
    make_customer("Awa Fall")
    make_customer("Parti", is_active=False)
    make_customer("HÔTEL TÉRANGA", is_active=False)
    item = take(
        bureau,
        row_for("Awa Fall"),
        row_for("Parti"),
        row_for("Hôtel Téranga"),
        row_for("hotel teranga"),
    )
    assert states(item) == [State.ERROR, State.ERROR, State.NEW, State.NEW]


def test_a_ride_has_a_driver_or_a_partner(gestion, customer):
    make_driver("Ali")
    make_partner("Taxis")
    item = take(gestion, row_for(Chauffeur="Ali", Partenaire="Taxis"))
    assert list(errors(item)[0]) == ["partner"]


def test_a_reference_stands_once_in_a_file(bureau, ride):
    item = take(
        bureau,
        {"Référence": ride.reference, "Prix": 1},
        {"Référence": ride.reference, "Prix": 2},
    )
    assert states(item) == [State.CHANGED, State.ERROR]


def test_rides_of_a_driver_do_not_overlap_in_the_file_or_with_others(gestion, customer):
    ali = make_driver("Ali")
    taken = make_booking(driver=ali, pickup_at=START)
    item = take(
        gestion,
        row_for(departure="31/12/2026 15:00", Chauffeur="Ali"),
        row_for(departure="31/12/2026 15:30", Chauffeur="Ali"),
        row_for(departure="31/12/2026 16:00", Chauffeur="Ali"),
        row_for(departure="31/12/2026 16:30", Chauffeur="Ali"),
    )
    assert states(item) == [State.ERROR, State.NEW, State.ERROR, State.NEW]
    assert taken.reference in errors(item)[0]["departure"]


def test_two_rides_may_change_places(gestion, customer):
    ali = make_driver("Ali")
    one = make_booking(customer=customer, driver=ali, pickup_at=START)
    other = make_booking(customer=customer, driver=ali, pickup_at=START + timedelta(hours=1))
    item = take(
        gestion,
        {"Référence": one.reference, "Départ": "31/12/2026 15:30"},
        {"Référence": other.reference, "Départ": "31/12/2026 14:30"},
    )
    write(item)
    one.refresh_from_db()
    assert (states(item), one.pickup_at) == ([State.WRITTEN] * 2, START + timedelta(hours=1))


@pytest.fixture
def row_by_row(monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 1)


def test_two_rides_of_two_chunks_may_change_places(row_by_row, gestion, customer):
    ali = make_driver("Ali")
    one = make_booking(customer=customer, driver=ali, pickup_at=START)
    other = make_booking(customer=customer, driver=ali, pickup_at=START + timedelta(hours=1))
    item = take(
        gestion,
        {"Référence": one.reference, "Départ": "31/12/2026 15:30"},
        {"Référence": other.reference, "Départ": "31/12/2026 14:30"},
    )
    assert states(item) == [State.CHANGED] * 2
    item = write(item)
    one.refresh_from_db()
    assert (states(item), one.pickup_at) == ([State.WRITTEN] * 2, START + timedelta(hours=1))
    assert [batch.batch.changed for batch in item.batches.all()] == [2]
    assert one.logs.count() == one.history.count() == 2


def test_what_can_not_be_written_the_second_time_either_is_told(row_by_row, gestion, customer):
    ali = make_driver("Ali")
    one = make_booking(customer=customer, driver=ali, pickup_at=START)
    free = make_booking(customer=customer, pickup_at=START)
    item = take(
        gestion,
        {"Référence": free.reference, "Départ": "31/12/2026 18:30", "Chauffeur": "Ali"},
        {"Référence": one.reference, "Départ": "31/12/2026 15:30", "Chauffeur": ""},
    )
    assert states(item) == [State.CHANGED] * 2
    taken = make_booking(customer=customer, driver=ali, pickup_at=START + timedelta(hours=4))
    item = write(item)
    assert states(item) == [State.ERROR, State.WRITTEN]
    assert taken.reference in " ".join(errors(item)[0].values())
    assert not rows_of(item)[0].was
    imports.refresh(item)
    assert states(item) == [State.ERROR, State.WRITTEN]


def test_the_hour_that_comes_twice_is_the_one_that_the_ride_has(bureau, customer, settings):
    settings.TIME_ZONE = "Europe/Paris"
    late = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    ride = make_booking(customer=customer, pickup_at=late)
    item = take(
        bureau,
        {"Référence": ride.reference, "Départ": "31/10/2027 02:30", "Prix": 5},
        row_for(departure="31/10/2027 02:30"),
    )
    assert states(item) == [State.CHANGED, State.ERROR]
    assert rows_of(item)[0].before == {"price": None}
    assert "+02:00" in errors(item)[1]["departure"]


# -------------------------------------------------------------------------------- empty cells
def test_an_empty_cell_leaves_the_field_alone(bureau, ride):
    write(take(bureau, {"Référence": ride.reference, "Prix": 5, "Notes pour le bureau": ""}))
    ride.refresh_from_db()
    assert (ride.price, ride.office_notes) == (5, "Fenêtre")


def test_an_empty_cell_empties_the_field_where_that_was_asked(bureau, ride):
    cells = {"Référence": ride.reference, "Prix": "", "Notes pour le bureau": "", "Arrêts": "a"}
    write(take(bureau, cells, clears=True))
    ride.refresh_from_db()
    assert (ride.price, ride.office_notes, ride.stops) == (None, "", ["a"])


def test_what_a_ride_needs_is_not_emptied(bureau, ride):
    item = take(bureau, {"Référence": ride.reference, "Passager": "", "Prix": 1}, clears=True)
    assert list(errors(item)[0]) == ["passenger"]


# ------------------------------------------------------------------------------------- writing
def test_what_was_shown_is_written_with_log_and_history(bureau, customer, ride):
    item = take(
        bureau,
        row_for(Prix=12000, Référence="", Arrêts="Pikine\nThiès"),
        {**row_for(), "Référence": ride.reference, "Prix": 40000, "Passager": "Awa"},
    )
    item = write(item)
    assert states(item) == [State.WRITTEN] * 2
    made = Booking.objects.exclude(pk=ride.pk).get()
    assert (made.price, made.stops, made.status) == (12000, ["Pikine", "Thiès"], Status.PENDING)
    assert (made.ends_at - made.pickup_at, made.version) == (timedelta(minutes=60), 1)
    assert "pikine" in made.search_text and made.reference.lower() in made.search_text
    assert made.currency == "XOF"
    log, history = made.logs.get(), made.history.get()
    assert (log.action_code, log.user, history.history_type) == ("bookings.imported", bureau, "+")
    assert "courses.xlsx" in history.history_change_reason
    ride.refresh_from_db()
    assert (ride.price, ride.passenger_name, ride.version) == (40000, "Awa", 2)
    log = ride.logs.get(action_code="bookings.import_changes")
    assert Decimal(log.changes["price"][1]) == 40000
    assert set(log.changes) == {"price", "passenger_name", "pickup_address", "dropoff_address"}
    assert ride.history.latest().version == 2
    assert "awa" in ride.search_text.split()
    assert [row.name for row in rows_of(item)] == [made.reference, ride.reference]


def test_a_set_based_ride_is_what_a_form_would_save(bureau, customer):
    write(take(bureau, row_for(Durée=90, Distance="47,5", Arrêts="Thiès")))
    made = Booking.objects.get()
    stored = {name: getattr(made, name) for name in ("ends_at", "address_text", "search_text")}
    made.derive()
    assert stored == {name: getattr(made, name) for name in stored}
    made.full_clean()


def test_a_driver_given_and_taken_is_logged(gestion, customer):
    ali = make_driver("Ali")
    ride = make_booking(customer=customer, pickup_at=START)
    write(take(gestion, {"Référence": ride.reference, "Chauffeur": "ali"}))
    ride.refresh_from_db()
    assert ride.driver == ali
    assert ride.logs.latest("pk").changes == {"driver": [None, ali.pk]}
    write(take(gestion, {"Référence": ride.reference, "Prix": 1, "Chauffeur": ""}, clears=True))
    ride.refresh_from_db()
    assert ride.driver is None


def test_bad_rows_stay_and_the_others_are_written(bureau, customer):
    item = write(take(bureau, row_for(), row_for("Personne"), row_for()))
    assert states(item) == [State.WRITTEN, State.ERROR, State.WRITTEN]
    assert Booking.objects.count() == 2


def test_what_someone_changed_since_the_preview_is_not_overwritten(bureau, ride):
    item = take(bureau, {"Référence": ride.reference, "Prix": 5})
    ride.office_notes = "Autre"
    ride.save(by=bureau)
    write(item)
    ride.refresh_from_db()
    assert (ride.price, states(item)) == (35000, [State.ERROR])
    imports.refresh(item)
    write(item)
    ride.refresh_from_db()
    assert (ride.price, ride.office_notes) == (5, "Autre")


def test_a_customer_who_left_since_the_preview_gets_no_ride(bureau, customer):
    item = take(bureau, row_for())
    customer.is_active = False
    customer.save(by=bureau)
    write(item)
    assert (Booking.objects.count(), list(errors(item)[0])) == (0, ["customer"])


def test_a_driver_taken_since_the_preview_is_not_taken_twice(gestion, customer):
    ali = make_driver("Ali")
    item = take(gestion, row_for(Chauffeur="Ali"))
    make_booking(driver=ali, pickup_at=START)
    write(item)
    assert (Booking.objects.count(), list(errors(item)[0])) == (1, ["departure"])


@pytest.mark.parametrize(
    ("fields", "cells", "column"),
    [
        ({"archived_at": START, "status": Status.COMPLETED}, {"Prix": 1}, ""),
        ({"settled": True}, {"Prix": 1}, "price"),
        ({"settled": True}, {"Chauffeur": "Autre"}, "driver"),
        ({"status": Status.COMPLETED}, {"Chauffeur": "Autre"}, "driver"),
        ({"payment_state": PaymentState.PAID}, {"Prix": ""}, "price"),
    ],
)
def test_what_is_closed_to_the_form_is_closed_to_a_file(gestion, customer, fields, cells, column):
    ali, _autre = make_driver("Ali"), make_driver("Autre")
    fields = dict(fields)
    if fields.pop("settled", False):
        fields |= {"settled_on": START.date(), "settled_amount": 1, "settled_by": gestion}
    ride = make_booking(customer=customer, driver=ali, price=2, **fields)
    cells = {"Référence": ride.reference, "Notes pour le bureau": "x", **cells}
    item = take(gestion, cells, clears=True)
    assert list(errors(item)[0]) == [column]


def test_customers_hear_of_it_only_where_that_is_asked(bureau, hotel):
    write(take(bureau, row_for()))
    assert OutgoingMail.objects.count() == 0
    write(take(bureau, row_for()), tell=True)
    assert OutgoingMail.objects.count() == 1


def test_a_ride_given_to_another_customer_is_told_to_both(bureau, hotel):
    former = make_customer("Ancien", email="ancien@example.org")
    ride = make_booking(customer=former, pickup_at=START)
    write(take(bureau, {"Référence": ride.reference, "Client": "Hôtel Téranga"}), tell=True)
    assert set(OutgoingMail.objects.values_list("kind", flat=True)) == {
        "bookings.created",
        "bookings.withdrawn",
    }


# --------------------------------------------------------------------------------- permissions
def test_creating_and_changing_need_rights_of_their_own(customer, ride):
    rows = (
        {**row_for(), "Référence": ""},
        {**row_for(), "Référence": ride.reference, "Passager": "Autre"},
    )
    adder = only("import_booking", "view_booking", "add_booking")
    changer = only("import_booking", "view_booking", "change_booking")
    assert states(take(adder, *rows)) == [State.NEW, State.ERROR]
    assert states(take(changer, *rows)) == [State.ERROR, State.CHANGED]
    nobody = only("import_booking", "view_booking")
    assert states(take(nobody, *rows)) == [State.ERROR, State.ERROR]


def test_giving_a_driver_needs_the_right_to_assign(customer):
    make_driver("Ali")
    adder = only("import_booking", "add_booking")
    assert list(errors(take(adder, row_for(Chauffeur="Ali")))[0]) == ["driver"]


def test_a_right_lost_since_the_preview_is_lost(bureau, customer):
    item = take(bureau, row_for())
    bureau.groups.clear()
    write(item)
    assert (Booking.objects.count(), states(item)) == (0, [State.ERROR])


def test_the_right_to_import_lost_since_the_preview_is_lost(customer, ride):
    user = only("import_booking", "add_booking", "change_booking")
    change = {**row_for(), "Référence": ride.reference, "Passager": "Autre"}
    item = take(user, {**row_for(), "Référence": ""}, change)
    assert states(item) == [State.NEW, State.CHANGED]
    user.user_permissions.remove(Permission.objects.get(codename="import_booking"))
    write(item)
    assert (Booking.objects.count(), states(item)) == (1, [State.ERROR] * 2)
    assert [list(found.values()) for found in errors(item)] == [
        ["Vous n’avez pas le droit d’importer."]
    ] * 2


# ---------------------------------------------------------------------------- correct, and undo
def test_a_row_is_corrected_in_place(bureau, customer):
    item = take(bureau, row_for("Personne"), row_for())
    imports.correct(item, 2, {"customer": "Hôtel Téranga"})
    assert states(item) == [State.NEW, State.NEW]
    assert rows_of(item)[0].cells[1] == "Hôtel Téranga"


def test_correcting_one_row_clears_the_other(bureau, ride):
    other = make_booking(customer=ride.customer)
    item = take(
        bureau,
        {"Référence": ride.reference, "Prix": 1},
        {"Référence": ride.reference, "Prix": 2},
    )
    imports.correct(item, 2, {"reference": other.reference})
    assert states(item) == [State.CHANGED, State.CHANGED]


def test_a_written_row_is_corrected_no_more(bureau, customer):
    item = write(take(bureau, row_for(), row_for("Personne")))
    with pytest.raises(imports.NotNow):
        imports.correct(item, 2, {"customer": "Autre"})
    imports.correct(item, 3, {"customer": "Hôtel Téranga"})
    write(item)
    assert (states(item), Booking.objects.count()) == ([State.WRITTEN] * 2, 2)


def test_the_whole_import_is_undone(gestion, customer, ride):
    ali = make_driver("Ali")
    item = write(
        take(
            gestion,
            row_for(departure="31/12/2026 20:30", Référence=""),
            {
                **row_for(),
                "Référence": ride.reference,
                "Prix": 1,
                "Chauffeur": "Ali",
                "Passager": "Autre",
            },
        )
    )
    ride.refresh_from_db()
    assert (ride.driver, ride.price) == (ali, 1)
    item = undo(item)
    assert item.stage == Import.Stage.UNDONE
    ride.refresh_from_db()
    assert (ride.driver, ride.price, ride.passenger_name[:9]) == (None, 35000, "Passenger")
    made = Booking.objects.exclude(pk=ride.pk).get()
    assert made.status == Status.CANCELLED and made.archived_at
    with pytest.raises(imports.NotNow):
        imports.confirm(item)


def test_an_undo_gives_no_ride_back_to_a_customer_who_left(bureau, customer):
    former = make_customer("Ancien")
    ride = make_booking(customer=former, pickup_at=START)
    item = write(take(bureau, {"Référence": ride.reference, "Client": customer.name}))
    former.is_active = False
    former.save()
    undo(item)
    ride.refresh_from_db()
    assert ride.customer == customer


def test_an_undo_leaves_and_names_what_changed_since(gestion, customer, ride):
    item = write(
        take(
            gestion,
            {"Référence": ride.reference, "Prix": 1, **row_for()},
            row_for(departure="01/01/2027 10:00"),
        )
    )
    ride.refresh_from_db()
    ride.office_notes = "Depuis"
    ride.save(by=gestion)
    item = undo(item)
    ride.refresh_from_db()
    assert ride.price == 1
    assert item.stage == Import.Stage.UNDONE
    assert "1" in item.job.message and item.job.state == "done"


def test_an_import_of_which_a_part_was_undone_stays_open_for_the_rest(customer, ride):
    clerk = only("import_booking", "view_booking", "add_booking", "change_booking")
    new = row_for(departure="31/12/2026 20:30", Référence="")
    item = write(take(clerk, new, {**row_for(), "Référence": ride.reference, "Prix": 1}))
    item = undo(item)
    ride.refresh_from_db()
    made = Booking.objects.exclude(pk=ride.pk).get()
    assert (item.stage, ride.price, made.archived_at) == (Import.Stage.READY, 35000, None)
    assert "1 (" in item.job.message and ".)" not in item.job.message
    assert not item.job.message.endswith("..")
    clerk.user_permissions.set(Permission.objects.all())
    item.owner = CustomUser.objects.get(pk=clerk.pk)
    item = undo(item)
    made.refresh_from_db()
    assert (item.stage, bool(made.archived_at)) == (Import.Stage.UNDONE, True)


# ----------------------------------------------------------------------------------- statements
def counted(work, *arguments):
    """(what it gives, how many statements it took)"""
    with CaptureQueriesContext(connection) as queries:
        given = work(*arguments)
    return given, len(queries)


def many(customer, number, **given):
    start = datetime(2027, 1, 1, tzinfo=UTC)
    return [
        row_for(departure=f"{start + timedelta(hours=2 * place):%Y-%m-%d %H:%M}", **given)
        for place in range(number)
    ]


def test_statements_do_not_grow_with_the_rows(gestion, customer):
    make_driver("Ali")
    take(gestion, *many(customer, 2, Chauffeur="Ali"))  # what is asked once a process
    rides = [make_booking(customer=customer) for _ in range(60)]
    changes = [{"Référence": ride.reference, "Prix": 7, **row_for()} for ride in rides]
    for make in (lambda n: many(customer, n, Chauffeur="Ali"), lambda n: changes[:n]):
        previews, writes = [], []
        for number in (5, 60):
            item, statements = counted(take, gestion, *make(number))
            previews.append(statements)
            assert set(states(item)) <= {State.NEW, State.CHANGED}
            writes.append(counted(writing.write_chunk, item, 0)[1])
            undo(item)
        assert previews[0] == previews[1] <= 25
        assert writes[0] == writes[1]


def test_statements_grow_by_the_chunk_however_many_rows_it_has(gestion, customer, monkeypatch):
    make_driver("Ali")
    take(gestion, *many(customer, 2, Chauffeur="Ali"))  # what is asked once a process
    previews, writes = {}, {}
    for chunks in (2, 4):
        for rows in (3, 12):
            monkeypatch.setattr(imports, "CHUNK", rows)
            item, statements = counted(take, gestion, *many(customer, chunks * rows))
            assert item.chunks.count() == chunks
            previews.setdefault(chunks, set()).add(statements)
            imports.confirm(item)
            writes.setdefault(chunks, set()).add(counted(Worker().drain)[1])
            assert states(item) == [State.WRITTEN] * chunks * rows
            undo(item)
    ((two,), (four,)) = previews.values()
    assert four - two == 2  # one for each chunk that is kept
    ((two,), (four,)) = writes.values()
    assert two < four
