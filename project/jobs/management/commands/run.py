import os
import signal
import socket
import subprocess
import sys
import threading
import warnings
from contextlib import suppress

import uvicorn
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections, transaction

HANGUP = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none
PATIENCE = 10  # seconds that open pages and the job at hand get to finish


class Server(uvicorn.Server):
    """Ends the streams of events first: it would wait for them as for any other response."""

    async def shutdown(self, sockets=None):
        if close_streams := self.lifespan.state.get("close_streams"):
            close_streams()
        await super().shutdown(sockets)


class Command(BaseCommand):
    help = "Start Carnet here: database, demo data where there is nothing, pages and worker."

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *, host, port, **options):
        for ending in (signal.SIGTERM, HANGUP):
            signal.signal(ending, lambda *_: sys.exit())
        # Ctrl-C: uvicorn closes the pages, then raises it again.
        with suppress(KeyboardInterrupt), listen(host, port) as listener:
            call_command("migrate", interactive=False, verbosity=0)
            self.fill_where_empty()
            self.announce(host, port)
            connections.close_all()
            self.serve(listener)
        self.stdout.write("Stopped.")

    def fill_where_empty(self):
        if get_user_model().objects.exists():
            return
        if settings.DEBUG:
            with transaction.atomic():  # stopped half-way, it leaves an empty database to fill
                call_command("seed")
        else:
            self.stdout.write("No account yet: python manage.py createsuperuser")

    def announce(self, host, port):
        shown = "localhost" if host == "127.0.0.1" else host
        self.stdout.write(self.style.SUCCESS(f"Carnet is at http://{shown}:{port} (Ctrl-C stops)"))
        demo = get_user_model().objects.filter(username="bureau").first()
        if settings.DEBUG and demo is not None and demo.check_password("carnet-demo"):
            self.stdout.write(
                "Demo accounts: bureau, gestion, technicien, admin; password carnet-demo"
            )
        self.stdout.flush()

    def serve(self, listener):
        """Serve pages beside a worker, until a signal or until either of them ends."""
        server = Server(
            uvicorn.Config(
                "project.asgi:application",
                log_config=None,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=PATIENCE,
            )
        )
        signal.signal(HANGUP, server.handle_exit)
        # WhiteNoise streams its files by a synchronous iterator, which Django then reads whole:
        # right for our small ones.
        warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous")
        # A session of its own: a Ctrl-C in the terminal reaches this process alone, which then
        # stops the worker in order.
        worker = subprocess.Popen(
            [sys.executable, settings.BASE_DIR / "manage.py", "worker", f"--follow={os.getpid()}"],
            start_new_session=True,
        )

        def follow_worker():
            worker.wait()
            server.should_exit = True

        threading.Thread(target=follow_worker, daemon=True).start()
        try:
            server.run(sockets=[listener])
            if worker.poll() is not None:
                raise CommandError(f"The worker ended by itself, with status {worker.returncode}.")
        finally:
            stop(worker)


def listen(host, port):
    """Take the port before anything else, so that a second start changes nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise CommandError(
            f"Cannot listen on {host}:{port}. Is Carnet running already? "
            "Choose another port with --port."
        ) from error


def stop(worker):
    """Let the worker finish its job; past PATIENCE end it, its job will run again."""
    worker.terminate()
    try:
        worker.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
