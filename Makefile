# Each command sees to its own set-up, in .venv; from the second call on, it starts at once.
#
#   make report    train what experiments.toml asks for and write the report, HTML and PDF;
#                  make report OPTIONS="--data digits" passes options on
#   make test      the whole test suite
#   make torture   kills, full disks, damage and hostile input, far more than in the tests;
#                  writes what came of it to docs/reliability.md
#   make check     style, types, layers, templates, README
#   make format    put the code into the one style
#   make bench     how long training, commands and a build take beside the usual ways to train;
#                  make bench OPTIONS="--only mlp,cnn" measures these alone
#   make clean     remove .venv and the tools' caches; runs and reports stay
#
# PYTHON=python3.12 chooses the interpreter that .venv is made with.

PYTHON  ?= python3
OPTIONS ?=

BIN     := .venv/bin
PIP     := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --constraint constraints.txt
MACHINE := scripts/prepare_machine.py
CAMPAIGNS := $(BIN)/pytest --override-ini 'python_files=campaign_*.py'

.PHONY: report test torture check format bench clean machine
.DELETE_ON_ERROR:

report: .venv/.installed
	@$(BIN)/mnistreport build $(OPTIONS)

test: .venv/.installed-dev
	@$(BIN)/python $(MACHINE) poppler chromium strace
	@$(BIN)/pytest --numprocesses 2 --dist loadfile $(OPTIONS)

# Its files are no test_*.py, so that `make test` leaves them alone. What a command takes is
# measured with nothing beside it.
torture: .venv/.installed-torture
	@$(BIN)/python $(MACHINE) strace
	@$(CAMPAIGNS) --junitxml .pytest_cache/alone.xml tests/torture/campaign_size.py
	@$(CAMPAIGNS) --junitxml .pytest_cache/torture.xml --numprocesses 2 --dist load \
		--ignore tests/torture/campaign_size.py tests/torture
	@$(BIN)/python scripts/write_reliability.py .pytest_cache/alone.xml .pytest_cache/torture.xml

check: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/djlint --lint templates
	$(BIN)/pytest --quiet tests/test_readme.py

format: .venv/.installed-dev
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

bench: .venv/.installed-bench
	@$(BIN)/python -m benchmarks.speed $(OPTIONS)

clean:
	rm -rf .venv .hypothesis .import_linter_cache .pytest_cache .ruff_cache

# What pip cannot bring. Looks each time, which takes no time, as a machine may lose a library.
machine:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "error: $(PYTHON) is not Python 3.11 or newer; name one that is, as in" \
		"make PYTHON=python3.12 $(firstword $(MAKECMDGOALS) report)" >&2; exit 1; }
	@$(PYTHON) $(MACHINE) venv pango

# hatchling comes first and from constraints.txt, like everything else: a build of its own
# (pip's default) would fetch whichever version is the newest.
.venv/.installed: pyproject.toml constraints.txt | machine
	@echo "Setting up .venv; the first time this takes some minutes."
	@$(PYTHON) -m venv .venv
	@$(INSTALL) hatchling
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@

.venv/.installed-dev: .venv/.installed
	@$(INSTALL) --no-build-isolation --editable '.[dev]'
	@touch $@

.venv/.installed-torture: .venv/.installed-dev
	@$(INSTALL) --no-build-isolation --editable '.[dev,torture]'
	@touch $@

.venv/.installed-bench: .venv/.installed
	@$(INSTALL) --no-build-isolation --editable '.[benchmark]'
	@touch $@
