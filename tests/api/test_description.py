"""The description of all APIs is the committed one."""

import io

from django.conf import settings
from django.core.management import call_command

SWAGGER = settings.BASE_DIR / "docs" / "swagger.yaml"


def test_the_description_is_current():
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--lang", "en", stdout=out)
    again = "manage.py spectacular --lang en --file docs/swagger.yaml"
    assert SWAGGER.read_text() == out.getvalue(), again
