"""Messages as toasts: a message's tags may name the batch that it tells of, and offer its undo."""

from django.contrib import messages


def toasts_of(request):
    """The messages waiting for this user; reading them is showing them."""
    return [
        {
            "level": message.level_tag,
            "text": str(message),
            "batch": batch_in(message.extra_tags),
            "undo": "undo" in (message.extra_tags or "").split(),
        }
        for message in messages.get_messages(request)
    ]


def batch_in(tags):
    """The batch's id in a message's tags, or ''."""
    for tag in (tags or "").split():
        if tag.startswith("batch:"):
            return tag.removeprefix("batch:")
    return ""
