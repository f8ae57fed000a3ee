"""Which parties are offered where one is chosen. To make and to edit one is its model's save."""

from project.actions.activation import Activation

from . import ties

ACTIVATION = Activation("is_active", ties.refusals, ties.refusals_to_activate)
