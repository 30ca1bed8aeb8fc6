# Two commands set everything up on a machine with Python 3.10 or newer, make and git:
#   make demo    look around: a sample account, collected and served on this machine
#   make test    everything the tests need, and all tests
# Overrides: PYTHON=python3.13, VENV=folder, DEMO_PORT=8002 (0: any free port).

PYTHON ?= python3
VENV ?= .venv
DEMO_PORT ?= 8001

INSTALLED := $(VENV)/.installed
TESTABLE := $(VENV)/.testable
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
DEMO := $(VENV)/demo/iaminsights.sqlite3

.PHONY: demo test lint format generated clean

demo: $(INSTALLED)
	@mkdir -p $(dir $(DEMO))
	@$(VENV)/bin/iaminsights demo $(DEMO)
	@echo 'Serving the sample account; press Ctrl-C to stop. DEMO_PORT=8002 make demo uses another port.'
	@$(VENV)/bin/python -m datasette $(DEMO) -m metadata.yml --port $(DEMO_PORT) || \
		case $$? in 130) ;; *) exit 1;; esac

# Three processes keep two cores busy, since each of them waits now and then. They start hundreds of
# interpreters, which find their bytecode also where somebody wants none to be written.
test: export PYTHONDONTWRITEBYTECODE =
test: $(TESTABLE) lint
	$(VENV)/bin/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

lint: $(TESTABLE)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(TESTABLE)
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# The facts of escalation rules, metadata.yml, the generated parts of the documentation, the
# fingerprint of the schema.
generated: $(TESTABLE)
	$(VENV)/bin/python docs/escalation_pages.py
	$(VENV)/bin/python docs/generate.py
	$(VENV)/bin/python -m tests.schema_versions

clean:
	rm -rf $(VENV) build dist *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): setup.py $(VENV)/bin/python
	$(PIP) install --editable .
	@touch $@

$(TESTABLE): setup.py $(VENV)/bin/python
	$(PIP) install --editable '.[test]'
	$(VENV)/bin/python tests/browser.py --install
	@touch $@
