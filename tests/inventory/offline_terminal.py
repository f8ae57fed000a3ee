"""A till that sells without a network and sends when it can: what a terminal has to get right.

    python tests/inventory/offline_terminal.py http://localhost:8000 --serial 0a1badae951f8473 \
        --article 1 --sales 20 [--key KEY] [--skew -3600] [--queue sales.json]

It keeps its sales in a file, sends them until each is answered for, and sends again what was not:
after a time-out it can't know whether the server heard. Nothing beyond the standard library.
"""

import argparse
import json
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

MAY_DROP = {"EN_QUARANTAINE"}
AT_ONCE = 250


class OfflineTerminal:
    """`skew` is how far, in seconds, its clock is off."""

    def __init__(self, url, serial, *, queue, key="", skew=0, timeouts=(10,)):
        self.url = f"{url}/api/v2/simple/ventes/sync/"
        self.headers = {"X-Device-Serial": serial, "Content-Type": "application/json"}
        if key:
            self.headers["Authorization"] = f"Bearer {key}"
        self.queue = Path(queue)
        self.skew = timedelta(seconds=skew)
        self.timeouts = timeouts
        self.attempts = self.refused = 0
        self.answers = {"creees": [], "deja_recues": [], "erreurs": []}

    @property
    def waiting(self):
        return json.loads(self.queue.read_text()) if self.queue.exists() else []

    def keep(self, ventes):
        """Written beside and put in place, so that a power cut leaves one whole file."""
        fresh = self.queue.with_suffix(".new")
        fresh.write_text(json.dumps(ventes))
        fresh.replace(self.queue)

    def sell(self, *lines):
        """Note a sale of (article id, quantity, price); no server is asked. Returns its number."""
        vente = {
            "numero_facture": f"T-{uuid4().hex[:12]}",
            "date_vente": (datetime.now(UTC) + self.skew).isoformat(),
            "lignes": [
                {"article_id": article, "quantite": quantity, "prix_unitaire": price}
                for article, quantity, price in lines
            ],
        }
        self.keep([*self.waiting, vente])
        return vente["numero_facture"]

    def sync(self, tries=10, pause=0.05):
        """Send what waits until all is answered for, or the tries are over. Whether it is."""
        for attempt in range(tries):
            if not self.waiting:
                return True
            timeout = self.timeouts[min(attempt, len(self.timeouts) - 1)]
            wait = self.send(self.waiting[:AT_ONCE], timeout)
            time.sleep(wait or pause * min(2**attempt, 20))
        return not self.waiting

    def send(self, ventes, timeout):
        """Send once; what was answered for leaves the queue. Seconds that the server asks for."""
        self.attempts += 1
        request = Request(self.url, json.dumps({"ventes": ventes}).encode(), self.headers)
        try:
            with urlopen(request, timeout=timeout) as response:
                details = json.load(response)["details"]
        except HTTPError as error:
            self.refused += 1
            return float(error.headers.get("Retry-After", 0))
        except (OSError, HTTPException, ValueError):
            return 0  # perhaps it was heard, perhaps not: the same again
        for kind, answers in details.items():
            self.answers[kind] += answers
        done = {each["numero_facture"] for each in details["creees"] + details["deja_recues"]}
        done |= {each["numero_facture"] for each in details["erreurs"] if each["code"] in MAY_DROP}
        self.keep([each for each in self.waiting if each["numero_facture"] not in done])
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--serial", required=True)
    parser.add_argument("--key", default="")
    parser.add_argument("--article", type=int, required=True)
    parser.add_argument("--sales", type=int, default=10)
    parser.add_argument("--skew", type=float, default=0)
    parser.add_argument("--queue", default="sales.json")
    asked = parser.parse_args()
    till = OfflineTerminal(
        asked.url, asked.serial, key=asked.key, skew=asked.skew, queue=asked.queue
    )
    for _ in range(asked.sales):
        till.sell((asked.article, 1, 1000))
    finished = till.sync()
    counts = {kind: len(answers) for kind, answers in till.answers.items()}
    print(json.dumps({"finished": finished, "attempts": till.attempts, **counts}))


if __name__ == "__main__":
    main()
