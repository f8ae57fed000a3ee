"""Demo data: every room registers how it makes its own; `manage.py seed` runs them in order."""

import random
from collections.abc import Callable
from dataclasses import dataclass

_seeders = {}


@dataclass(frozen=True, slots=True)
class Seeder:
    name: str
    function: Callable
    order: int


def register(name, function, order):
    """Call `function(options, rng)` on `manage.py seed`, the lowest `order` first.

    `options` are the command's (`bookings`: how many, `seed`), with `say(text)` to tell progress.
    A function that finds its data there already leaves it, so that seeding twice changes nothing.
    """
    _seeders[name] = Seeder(name, function, order)


def run(options):
    for seeder in sorted(_seeders.values(), key=lambda seeder: seeder.order):
        # A source of its own for each: one that draws more does not change what the others make.
        seeder.function(options, random.Random(f"{options['seed']}:{seeder.name}"))
