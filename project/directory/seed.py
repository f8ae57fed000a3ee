"""Demo accounts, customers, drivers and partners."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import F
from django.utils.translation import gettext as _

from project.audit.recorder import recorded
from project.search.text import normalise
from project.utilisateurs.groups import ADMINISTRATION, BUREAU, GESTION

from .demo_names import COMPANIES, PEOPLE_FIRST, PEOPLE_LAST, PLACES, phone
from .models import Customer, Driver, Partner

PASSWORD = "carnet-demo"
ACCOUNTS = (
    {"username": "bureau", "first_name": "Awa", "last_name": "Diop", "groups": [BUREAU]},
    {"username": "gestion", "first_name": "Moussa", "last_name": "Fall", "groups": [GESTION]},
    # An engineer's own, in no group: what it opens is their own day.
    {"username": "technicien", "first_name": "Ibrahima", "last_name": "Cissé", "groups": []},
    {
        "username": "admin",
        "first_name": "Camille",
        "last_name": "Mercier",
        "groups": [ADMINISTRATION],
        "is_staff": True,
        "is_superuser": True,
    },
)
CHUNK = 2000


def seed_accounts(options, rng):
    """The accounts that are not there yet; one that is keeps its password."""
    users = get_user_model().objects
    for account in ACCOUNTS:
        if users.filter(username=account["username"]).exists():
            continue
        fields = {name: value for name, value in account.items() if name != "groups"}
        user = users.create_user(**fields, email=f"{account['username']}@example.org")
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
        user.groups.set(Group.objects.filter(name__in=account["groups"]))


def seed_parties(options, rng):
    """As many as that number of bookings calls for, counting those that are there."""
    bookings = options["bookings"]
    fill(Customer, customers(rng), clamp(bookings // 20, 40, 20_000))
    fill(Driver, drivers(rng), clamp(bookings // 100, 30, 400))
    fill(Partner, partners(rng), clamp(bookings // 500, 8, 60))


def clamp(value, least, most):
    return max(least, min(value, most))


def fill(model, fields, wanted):
    """Insert records from `fields` (an endless source) until there are `wanted`; logged."""
    missing = wanted - models.QuerySet(model).count()
    if missing > 0:
        records = [model(**values) for values, _n in zip(fields, range(missing), strict=False)]
        insert_as("directory.seed", model, records, name=F("name"))


def insert_as(action, model, records, **told):
    """Insert `records` with their log, as `action`, and their history, in a few statements whatever
    their number; returns them in their order. `told` goes to `Batch.created`."""
    for record in records:
        record.derive()
    rows = models.QuerySet(model)
    with recorded(action, rows.none(), by=None, sentence=_("Created"), announced=False) as batch:
        last = rows.aggregate(last=models.Max("pk"))["last"] or 0
        rows.bulk_create(records, batch_size=CHUNK)
        new = rows.filter(pk__gt=last)
        batch.created(new, **told)
    return list(new.order_by("pk"))


def customers(rng):
    companies = rng.sample(COMPANIES, len(COMPANIES))
    while True:
        company = companies.pop() if companies and rng.random() < 0.3 else None
        name = company or person(rng)
        yield {
            "name": name,
            "kind": Customer.Kind.COMPANY if company else Customer.Kind.PERSON,
            "language": "en" if rng.random() < 0.12 else "fr",
            "billing_address": rng.choice(PLACES) if company or rng.random() < 0.3 else "",
            **contact(name, rng),
        }


def drivers(rng):
    names = set()
    while True:
        name = person(rng)
        if name in names:  # the office would tell two apart
            name = f"{name} {rng.choice('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}."
        names.add(name)
        yield {
            "name": name,
            "licence_number": f"SN-{rng.randrange(10**6):06d}",
            **contact(name, rng),
        }


def partners(rng):
    for company in rng.sample(COMPANIES, len(COMPANIES)):
        name = f"Transports {company.split(' ', 1)[1]}"
        yield {"name": name, "contact_name": person(rng), **contact(name, rng)}


def person(rng):
    return f"{rng.choice(PEOPLE_FIRST)} {rng.choice(PEOPLE_LAST)}"


def contact(name, rng):
    """Phone and e-mail, at a domain that belongs to nobody; one in twenty is no longer active."""
    words = "".join(letter if letter.isalnum() else " " for letter in normalise(name)).split()
    return {
        "phone": phone(rng),
        "email": f"{'.'.join(words)}@example.org" if rng.random() < 0.8 else "",
        "is_active": rng.random() >= 0.05,
    }
