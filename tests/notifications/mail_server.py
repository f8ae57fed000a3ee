"""A mail server of its own process, so that a test can kill it as an outage would.

    python mail_server.py PORT FOLDER [HOLD]

What it accepts becomes a file in FOLDER, before it says so. At message HOLD it says nothing any
more. It knows nobody@ (550) and has no time for later@ (451).
"""

import asyncio
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP


class Handler:
    def __init__(self, folder, hold):
        self.folder = folder
        self.hold = hold

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        with (self.folder / "connections").open("a") as log:
            log.write("connected\n")
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 No such user here"
        if address.startswith("later@"):
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        number = len(list(self.folder.glob("*.eml"))) + 1
        written = self.folder / f"{number}.part"
        written.write_bytes(envelope.content)
        written.rename(self.folder / f"{number:04}.eml")
        if number == self.hold:
            await asyncio.Event().wait()
        return "250 OK"


async def serve(port, folder, hold):
    loop = asyncio.get_running_loop()
    handler = Handler(folder, hold)
    server = await loop.create_server(lambda: SMTP(handler), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    port, folder, *hold = sys.argv[1:]
    asyncio.run(serve(int(port), Path(folder), int(hold[0]) if hold else 0))
