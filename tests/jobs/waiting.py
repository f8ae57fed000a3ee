import time
from pathlib import Path


def wait_for(condition, *, seconds=90):
    """The first true answer of `condition`, asked again and again."""
    until = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
    return answer


def lines_of(path):
    return Path(path).read_text().splitlines() if Path(path).exists() else []
