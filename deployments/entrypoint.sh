#!/bin/sh
# Bring the database and the static files up to date, then become the web server.
set -eu
cd "$(dirname "$0")/.."

.venv/bin/python manage.py migrate --noinput
.venv/bin/python manage.py collectstatic --noinput --verbosity 0
exec .venv/bin/gunicorn project.wsgi \
	--bind "${BIND:-127.0.0.1:8000}" \
	--workers "${WORKERS:-$(($(nproc) * 2 + 1))}" \
	--max-requests 5000 --max-requests-jitter 500 \
	--access-logfile - "$@"
