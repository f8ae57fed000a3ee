# The newcomer's road: `make run`, `make test`. README.md has the plain commands.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
BIN := .venv/bin
READY := .venv/.ready

run: $(READY)
	@exec $(BIN)/python manage.py run

test: $(READY)
	@$(BIN)/python -m pytest -n 2 $(ARGS)

bench: $(READY)
	@$(BIN)/python -m pytest tests/bench $(ARGS)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

messages: $(READY)
	$(BIN)/python manage.py catalogs

# Written last, so that an install which failed half-way is done again.
$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Carnet needs Python 3.11 or newer: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
		{ echo 'This Python cannot make environments; on Debian: apt install python3-venv' >&2; exit 1; }
	@echo 'Installing what requirements.txt names into .venv (a minute, once) ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.PHONY: run test bench lint messages
