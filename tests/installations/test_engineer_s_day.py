"""An engineer's day: whose it is, its stops, begin, complete with what shows that it was done."""

import base64
from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation
from PIL import Image

from bookings.installations import pictures, services, work
from bookings.installations.models import Evidence, Fitting
from bookings.installations.services import Line
from bookings.installations.work_views import directions_to
from inventory import movements
from inventory.models import MouvementStock
from project.ui.formats import weekday
from tests.factories import make_engineer, make_order, make_user
from tests.installations.conftest import (
    begin,
    browser_of,
    fittings_for,
    only,
    schedule,
    states,
    tomorrow,
)

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"installations:{name}", args=args)


def picture(form="PNG", size=(60, 40), **options):
    file = BytesIO()
    Image.new("RGB", size, "navy").save(file, form, **options)
    return file.getvalue()


def sent(content=None, name="photo.png"):
    return SimpleUploadedFile(name, picture() if content is None else content)


DRAWN = "data:image/png;base64," + base64.b64encode(picture()).decode()


@pytest.fixture
def account(db):
    """An engineer's own account: in no group, with the permission for their own day."""
    user = make_user("sarah")
    user.user_permissions.add(Permission.objects.get(codename="work_engineer"))
    return user


@pytest.fixture
def sarah(account):
    return make_engineer("Sarah Ndiaye", user=account)


@pytest.fixture
def phone(account):
    """Her browser."""
    return browser_of(account)


def answers(order, **changed):
    given = {"signed_by": "Jean Diatta", "drawn": DRAWN, "without": "The camera is broken"}
    for line in order.lines.filter(serialised=True):
        for piece in range(1, line.quantity + 1):
            given[f"serial_{line.pk}_{piece}"] = f"SN-{line.pk}-{piece}"
            given[f"vehicle_{line.pk}_{piece}"] = "dk 4521 b"
    return given | changed


# ----------------------------------------------------------------------------------------- whose
def test_she_sees_her_own_day_and_no_other(phone, sarah, bureau, order):
    schedule(order, sarah, bureau)
    day = f"{url('day', sarah.pk)}?day={tomorrow():%Y-%m-%d}"
    assert phone.get(url("my-day")).url == url("day", sarah.pk)
    assert phone.get("/").url == url("my-day")
    assert order.number in phone.get(day).content.decode()
    assert phone.get(url("day", make_engineer().pk)).status_code == 403
    for name, args in (("orders", ()), ("order", (order.number,)), ("inbox", ())):
        assert phone.get(url(name, *args)).status_code == 403


def test_without_the_permission_it_is_not_hers(client, sarah, account):
    account.user_permissions.clear()
    client.force_login(account)
    assert client.get(url("my-day")).status_code == 403
    assert client.get(url("day", sarah.pk)).status_code == 403


def test_what_is_another_s_she_neither_begins_nor_completes(phone, sarah, bureau, order, engineer):
    begin(order, engineer, bureau)
    waiting = make_order()
    schedule(waiting, engineer, bureau, tomorrow(14))
    assert phone.post(url("start", waiting.number)).status_code == 403
    assert phone.get(url("complete", order.number)).status_code == 403
    assert phone.post(url("complete", order.number), answers(order)).status_code == 403
    assert states(order)[0] == "in_progress" and states(waiting)[0] == "scheduled"


def test_who_may_only_look_sees_no_button(client, bureau, order, engineer):
    schedule(order, engineer, bureau)
    onlooker = make_user("onlooker")
    onlooker.user_permissions.add(Permission.objects.get(codename="view_order"))
    client.force_login(onlooker)
    page = client.get(f"{url('day', engineer.pk)}?day={tomorrow():%Y-%m-%d}")
    assert url("start", order.number) not in page.content.decode()
    assert client.post(url("start", order.number)).status_code == 403


# ----------------------------------------------------------------------------------------- stops
def test_stops_are_in_order_with_the_way_and_the_phone(desk, bureau, engineer):
    later = make_order(contact_phone="+221 77 123 45 67", address="Gare, Thiès & environs")
    first = make_order()
    schedule(later, engineer, bureau, tomorrow(14))
    schedule(first, engineer, bureau, tomorrow(8))
    page = desk.get(f"{url('day', engineer.pk)}?day={tomorrow():%Y-%m-%d}")
    assert [stop["order"] for stop in page.context["stops"]] == [first, later]
    body = page.content.decode()
    assert 'href="tel:+221771234567"' in body
    assert "destination=Gare%2C+Thi%C3%A8s+%26+environs" in directions_to(later.address)
    assert desk.get(url("day", engineer.pk)).context["stops"] == []


def test_a_day_without_a_stop_leads_to_the_next_one(phone, sarah, bureau, order):
    assert "The next one" not in phone.get(url("day", sarah.pk)).content.decode()
    start = tomorrow(days=3)
    schedule(order, sarah, bureau, start)
    page = phone.get(url("day", sarah.pk)).content.decode()
    with translation.override("en"):
        words = f"The next one: {weekday(start)}, 10:00"
    assert f'<a href="?day={start:%Y-%m-%d}">{words}</a>' in page
    later = f"{start + timedelta(days=1):%Y-%m-%d}"
    page = phone.get(url("day", sarah.pk), {"day": later}).content.decode()
    assert "The next one" not in page


@pytest.mark.parametrize("asked", ["", "yesterday", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_today(desk, engineer, asked):
    page = desk.get(url("day", engineer.pk), {"day": asked})
    assert page.context["day"] == page.context["today"]
    assert "No appointment on this day." in page.content.decode()


# ------------------------------------------------------------------------------------------ work
def test_she_begins_and_completes_with_photo_and_signature(phone, sarah, bureau, order):
    schedule(order, sarah, bureau)
    day = f"{url('day', sarah.pk)}?day={tomorrow():%Y-%m-%d}"
    assert phone.post(url("start", order.number)).url == day
    assert states(order) == ("in_progress", ["in_progress"], "in_progress")
    response = phone.post(url("complete", order.number), answers(order, photo=sent()))
    assert response.url == day
    assert states(order) == ("completed", ["completed"], "completed")
    fitting = Fitting.objects.get()
    assert fitting.serial_number == f"SN-{fitting.line_id}-1"
    assert fitting.vehicle_registration == "DK 4521 B"
    assert MouvementStock.objects.filter(reference_document=order.number).count() == 1
    kept = {each.kind: each for each in Evidence.objects.all()}
    assert kept.keys() == {"photo", "signature"}
    assert (kept["signature"].name, kept["photo"].name) == ("Jean Diatta", "")
    log = order.logs.filter(action_code=work.COMPLETE).get()
    assert log.user.username == "sarah"


def test_sent_twice_it_is_done_once(phone, sarah, bureau, order):
    begin(order, sarah, bureau)
    token = str(phone.get(url("complete", order.number)).context["token"])
    for _time in range(2):
        assert phone.post(url("complete", order.number), answers(order, token=token)).url
    assert order.logs.filter(action_code=work.COMPLETE).count() == 1
    assert Evidence.objects.count() == 1


def test_what_is_refused_loses_nothing_that_was_filled_in(phone, sarah, bureau, order):
    begin(order, sarah, bureau)
    article = order.lines.get().article
    movements.count(article.boutique, {article.pk: (10, 0)}, by=bureau, reference="INV-1")
    token = str(phone.get(url("complete", order.number)).context["token"])
    response = phone.post(url("complete", order.number), answers(order, photo=sent(), token=token))
    assert response.status_code == 422
    form = response.context["form"]
    assert form.non_field_errors() == ["This can't be completed: too little stock is left."]
    assert list(form.errors) == ["__all__", "photo"]
    line = order.lines.get()
    body = response.content.decode()
    assert f"SN-{line.pk}-1" in body and DRAWN in body and "Jean Diatta" in body
    assert states(order)[0] == "in_progress"
    movements.receive(only(article), by=bureau, quantity=1, reference="BL-2")
    again = str(response.context["token"])
    assert again != token
    done = phone.post(url("complete", order.number), answers(order, photo=sent(), token=again))
    assert done.status_code == 302
    assert states(order)[0] == "completed"


def test_without_a_script_a_picture_of_the_signature_will_do(desk, bureau, order, engineer):
    begin(order, engineer, bureau)
    given = answers(order, drawn="", signature=sent(picture("JPEG"), "signature.jpg"))
    desk.post(url("complete", order.number), given)
    assert states(order)[0] == "completed"
    assert Evidence.objects.get().kind == "signature"


def test_a_photo_and_a_signature_are_asked_for_or_why_not(phone, sarah, bureau, order):
    begin(order, sarah, bureau)
    address = url("complete", order.number)
    none = phone.post(address, answers(order, drawn="", signed_by="", without=""))
    assert none.status_code == 422
    assert list(none.context["form"].errors) == ["photo", "signature"]
    assert "why there is none" in none.content.decode()
    no_photo = phone.post(address, answers(order, without=""))
    assert list(no_photo.context["form"].errors) == ["photo"]
    assert states(order)[0] == "in_progress"
    phone.post(address, answers(order, drawn="", signed_by="", without="Nobody was at home"))
    assert states(order)[0] == "completed"
    assert not Evidence.objects.exists()
    log = order.logs.get(action_code=work.COMPLETE)
    assert "Nobody was at home" in log.action
    assert log.batch.reason == "Nobody was at home"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"drawn": "data:text/html;base64,PGI+"}, "drawn"),
        ({"drawn": "data:image/png;base64,????"}, "drawn"),
        ({"drawn": "data:image/png;base64,aGVsbG8="}, "drawn"),
        ({"signed_by": ""}, "signed_by"),
        ({"photo": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}, "photo"),
        ({"photo": b"GIF89a" + bytes(40)}, "photo"),
        ({"photo": b""}, "photo"),
        ({"photo": picture()[:50]}, "photo"),
    ],
)
def test_what_is_no_picture_is_told_at_its_field(desk, bureau, order, engineer, wrong, field):
    begin(order, engineer, bureau)
    if "photo" in wrong:
        wrong = {"photo": sent(wrong["photo"])}
    response = desk.post(url("complete", order.number), answers(order, **wrong))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert states(order)[0] == "in_progress"
    assert not Evidence.objects.exists() and not Fitting.objects.exists()


def test_what_the_office_cancelled_meanwhile_is_said_and_not_dropped(phone, sarah, bureau, order):
    begin(order, sarah, bureau)
    services.cancel(only(order), by=bureau, reason="Storm")
    response = phone.post(url("complete", order.number), answers(order), follow=True)
    said = f"{order.number}: nothing was saved, it is not in progress (Cancelled)."
    assert said in response.content.decode()
    assert states(order)[0] == "cancelled"
    again = phone.get(url("complete", order.number), follow=True)
    assert "nothing was saved" not in again.content.decode()


def test_too_large_a_picture_is_refused(desk, bureau, order, engineer, monkeypatch):
    begin(order, engineer, bureau)
    monkeypatch.setattr(pictures, "MOST_BYTES", 10)
    response = desk.post(url("complete", order.number), answers(order, drawn="", signature=sent()))
    assert next(iter(response.context["form"].errors)) == "signature"
    monkeypatch.setattr(pictures, "MOST_BYTES", 10_000_000)
    monkeypatch.setattr(pictures, "MOST_PIXELS", 100)
    response = desk.post(url("complete", order.number), answers(order))
    assert next(iter(response.context["form"].errors)) == "drawn"


def test_a_serial_number_missing_twice_or_taken_is_told_at_its_field(desk, bureau, engineer):
    order = make_order()
    other = make_order(lines=[Line(order.lines.get().article, 2)])
    begin(order, engineer, bureau)
    work.complete(only(order), by=bureau, fittings=fittings_for(order, serial="SN"))
    begin(other, engineer, bureau, tomorrow(14))
    line = other.lines.get()
    taken = Fitting.objects.get().serial_number
    for serial, wrong in ((taken, f"serial_{line.pk}_1"), ("", f"serial_{line.pk}_1")):
        given = answers(other, **{f"serial_{line.pk}_1": serial})
        response = desk.post(url("complete", other.number), given)
        assert list(response.context["form"].errors) == [wrong], serial
    twice = answers(other, **{f"serial_{line.pk}_2": f"SN-{line.pk}-1"})
    response = desk.post(url("complete", other.number), twice)
    assert list(response.context["form"].errors) == [f"serial_{line.pk}_2"]
    assert states(other)[0] == "in_progress"


def test_what_is_not_begun_is_not_completed(desk, bureau, order, engineer):
    assert desk.get(url("complete", order.number)).status_code == 404
    schedule(order, engineer, bureau)
    assert desk.get(url("complete", order.number)).status_code == 302
    assert desk.post(url("complete", order.number), answers(order)).status_code == 302
    assert states(order)[0] == "scheduled"


# --------------------------------------------------------------------------------------- pictures
def test_a_photo_is_drawn_anew_upright_and_without_its_place():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a phone"  # lies on its side; made by
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    redrawn = pictures.redrawn(BytesIO(picture("JPEG", (3200, 1600), exif=exif)))
    with Image.open(BytesIO(redrawn)) as kept:
        assert kept.format == "JPEG"
        assert kept.size == (800, 1600)
        assert not dict(kept.getexif())


def test_pictures_are_for_who_may_see_the_order(client, desk, bureau, order, engineer):
    begin(order, engineer, bureau)
    desk.post(url("complete", order.number), answers(order))
    address = url("evidence", order.number, Evidence.objects.get().pk)
    shown = desk.get(address)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/jpeg")
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown["Content-Security-Policy"]
    assert shown.content.startswith(b"\xff\xd8")
    assert address in desk.get(order.get_absolute_url()).content.decode()
    elsewhere = make_order()
    schedule(elsewhere, engineer, bureau, tomorrow(14))
    assert desk.get(url("evidence", elsewhere.number, Evidence.objects.get().pk)).status_code == 404
    assert client.get(address).status_code == 302  # to the login
    client.force_login(make_user("onlooker"))
    assert client.get(address).status_code == 403
