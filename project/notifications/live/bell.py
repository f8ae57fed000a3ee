"""The bell in the frame of every page: how much is unread, and from where the stream goes on."""

from project.audit import recorder
from project.notifications.models import Notification
from project.ui import context
from project.utilisateurs import backends

from .announce import announce
from .kinds import all_told, kinds_of, muted_by, open_to
from .reading import count_of_unread
from .turns import PresentPoint


def open_room():
    """Listen to every batch, and show the bell and what rings it."""
    recorder.listeners.append(announce)
    backends.carry("unread", count_of_unread())
    backends.carry("present_point", PresentPoint())
    context.register("bell", bell)
    context.register("kinds", choices)


def mine(user):
    """The notifications of this user, but for those of records that they may no longer see."""
    notifications = Notification.objects.filter(user=user)
    models = open_to(user)
    if len(models) < len(all_told()):
        notifications = notifications.filter(announcement__batch__model__in=models)
    return notifications


def unread(user):
    return mine(user).filter(read_at=None)


def bell(request):
    """{unread, point}, as they were read with the user: one moment, so that nothing falls between
    the count and the stream."""
    user = request.user
    whole = len(open_to(user)) == len(all_told())
    count = user.unread if whole else unread(user)[: backends.MOST_SHOWN].count()
    return {"unread": count, "point": user.present_point}


def choices(request):
    """The kinds that a user can switch off, and whether they ring: for their profile."""
    muted = muted_by(request.user)
    return [
        {"name": kind.name, "label": kind.label, "on": kind.name not in muted}
        for kind in kinds_of(request.user)
    ]
