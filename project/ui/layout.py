"""How a form lays its fields out where the page brings the form's tag and its buttons."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout


def helper_of(*layout):
    """A form's `helper`, which shows it as `layout`: crispy's objects and names of fields."""
    helper = FormHelper()
    helper.form_tag = False
    helper.layout = Layout(*layout)
    return helper
