"""What the wings know about a party: why it can't be deactivated, and where it is seen at work.

The directory knows no wing: each registers its answers from its apps.py.
"""

_refusals = {}
_links = {}


def register_refusal(model, refusal):
    """A `Refusal` to deactivate records of `model`; its condition refers to their `pk`."""
    _refusals.setdefault(model, []).append(refusal)


def refusals(model):
    return tuple(_refusals.get(model, ()))


def register_link(model, link):
    """`link(record, user) -> (label, url)` to what a wing has of a party, or None."""
    _links.setdefault(model, []).append(link)


def links(record, user):
    found = (link(record, user) for link in _links.get(type(record), ()))
    return [link for link in found if link]
