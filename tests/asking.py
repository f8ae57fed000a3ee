"""Posting as staff do: an action is asked for, then confirmed with what its dialog gave."""

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

HTMX = {"HX-Request": "true"}
TICKET = ("confirm", "token", "digest")


def browser_of(user):
    """Who is signed in, reading English."""
    user.language = "en"
    user.save()
    client = Client()
    client.force_login(user)
    return client


def url_of(name, slug="bookings"):
    return reverse("action", args=[slug, name])


def picked(*records):
    return {"pk": ",".join(str(record.pk) for record in records)}


def only(*records):
    """A selection of just these, which are of one kind."""
    return type(records[0]).objects.filter(pk__in=[record.pk for record in records])


def ticket_of(asked):
    """What a dialog, shown by this response, sends along when it is confirmed."""
    hidden = dict(asked.context["hidden"])
    return {name: hidden[name] for name in TICKET}


def act(client, url, data, **given):
    """Ask, then confirm; the response to that."""
    ticket = ticket_of(client.post(url, data, **given))
    return client.post(url, {**data, **ticket}, **given)


def toasts(response):
    """The texts that a response leaves for the user."""
    return [str(message) for message in get_messages(response.wsgi_request)]
