"""What the forms about bookings send, and what their pages say."""

from html import unescape

from django.utils import timezone


def text_of(response):
    return unescape(response.content.decode()).replace("\u202f", " ").replace("\xa0", " ")


def answers(of=None, **given):
    """What the form of a new booking of customer `of` sends when it is filled in."""
    return {
        "customer": of.pk if of else "",
        "customer_text": of.name if of else "",
        "passenger_name": "Awa Ndiaye",
        "passenger_phone": "+221 77 123 45 67",
        "passenger_email": "awa@example.org",
        "passenger_count": "2",
        "luggage_count": "3",
        "transport_number": "AF719",
        "pickup_at": "2026-07-01T20:30",
        "duration_minutes": "90",
        "pickup_address": "Aéroport Blaise-Diagne",
        "dropoff_address": "12 rue Carnot, Dakar",
        "stops": "Colobane\r\n\r\n Médina ",
        "vehicle_class": "van",
        "distance_km": "52.5",
        "price": "35000",
        "payout": "20000",
        "currency": "XOF",
        "payment_state": "unpaid",
        "driver_notes": "Sign: Awa",
        "office_notes": "",
        **given,
    }


def as_posted(booking, **given):
    """What the form of this booking sends when nothing is typed over."""
    blank = {"price": "", "payout": "", "distance_km": ""}
    names = [*answers()]
    values = {name: getattr(booking, name, "") for name in names}
    values |= {name: blank[name] for name in blank if values[name] is None}
    values |= {
        "customer": booking.customer_id,
        "customer_text": str(booking.customer),
        "pickup_at": timezone.localtime(booking.pickup_at).strftime("%Y-%m-%dT%H:%M"),
        "stops": "\n".join(booking.stops),
        "version": booking.version,
    }
    return values | given
