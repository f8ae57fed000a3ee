"""What the wings know about a party: why it can't be deactivated, where it is seen at work, and
what can be asked for from its page.

The directory knows no wing: each registers its answers from its apps.py.
"""

_refusals = {}
_to_activate = {}
_links = {}
_requests = {}


def register_refusal(model, refusal):
    """A `Refusal` to deactivate records of `model`; its condition refers to their `pk`."""
    _refusals.setdefault(model, []).append(refusal)


def refusals(model):
    return tuple(_refusals.get(model, ()))


def register_refusals_to_activate(model, refusals):
    """`refusals(selection) -> (Refusal, …)` to activate those of these records of `model`."""
    _to_activate[model] = refusals


def refusals_to_activate(selection):
    refusals = _to_activate.get(selection.model)
    return refusals(selection) if refusals else ()


def register_link(model, link):
    """`link(record, user) -> (label, url)` to what a wing has of a party, or None."""
    _links.setdefault(model, []).append(link)


def links(record, user):
    found = (link(record, user) for link in _links.get(type(record), ()))
    return [link for link in found if link]


def register_request(model, request):
    """`request(record, user)`: the `actions.requests.Request` of what a wing offers to do for a
    party, or None."""
    _requests.setdefault(model, []).append(request)


def requests(record, user):
    found = (request(record, user) for request in _requests.get(type(record), ()))
    return [request for request in found if request]
