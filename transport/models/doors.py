"""The verbs that records answer to by themselves: one-line doors to the services.

A model may not know the services, which stand above it; the wing's apps.py hands them in.
"""

_services = {}


def hang(**services):
    """Open a door to each service, called as `service(record, **how)`."""
    _services.update(services)


def open_door(name, record, **how):
    return _services[name](record, **how)
