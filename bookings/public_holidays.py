"""Public holidays of the country that the installation is in."""

import holidays
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import get_language


def check_country():
    """Stop the start where the country is none that the calendar knows."""
    if settings.HOLIDAYS_COUNTRY not in holidays.list_supported_countries(include_aliases=False):
        raise ImproperlyConfigured(
            f"HOLIDAYS_COUNTRY: {settings.HOLIDAYS_COUNTRY!r} is not a country code that the "
            "holidays package knows (ISO 3166, as in SN or FR)."
        )


def holidays_of(days):
    """{day: name} of those of `days` that are holidays, in the user's language where it can."""
    known = holidays.country_holidays(
        settings.HOLIDAYS_COUNTRY, years={day.year for day in days}, language=_language()
    )
    return {day: known[day] for day in days if day in known}


def _language():
    """The calendar's name for the user's language; None for the country's own."""
    calendar = holidays.country_holidays(settings.HOLIDAYS_COUNTRY)
    wanted = (get_language() or "").split("-")[0]
    for name in calendar.supported_languages:
        if name.split("_")[0] == wanted:
            return name
    return None
