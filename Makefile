# Sahti. `make` alone says what there is.
.DEFAULT_GOAL := help
.PHONY: help setup run serve test check lint demo bench chaos lock clean

# The first Python that really runs and is new enough; a pyenv shim may be on the path without running.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$python; break; }; \
	done)
SETUP = $(if $(PYTHON),$(PYTHON) -m setup,@echo "No Python 3.11 or newer was found. Install one (Debian: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python3.11" && exit 1;)

help:  ## what there is to type
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup:  ## environments, training, database, demonstration places (each once for its content)
	@$(SETUP) ready

run: setup  ## the demonstration: set up, start everything, say where to look; Ctrl-C stops it
	@exec .venv/bin/sahti up --demo

serve:  ## the real thing: as `make run`, without simulated phones and made-up places
	@$(SETUP) ready --production
	@exec .venv/bin/sahti up

test:  ## what CI runs: linters, types, floors, every test
	@$(SETUP) test

check: test  ## the same as `make test`

lint:  ## linters, types and floors only
	@$(SETUP) lint

demo: setup  ## a story of a minute over the real processes, which checks itself
	@SAHTI_DEMO=1 exec .venv/bin/sahti demo

bench:  ## the table of speeds, beside pgbench and a bare Flask route
	@$(SETUP) ready --dev
	@exec .venv/bin/sahti bench

chaos:  ## every fault under load and a campaign of 100,000, in some 15 minutes; prints the ledgers (ONLY=words)
	@$(SETUP) ready --dev
	@exec .venv/bin/python -m tests.processes.chaos $(if $(ONLY),--only "$(ONLY)")

lock:  ## write the lock files anew (UPGRADE=yes takes newer versions)
	@$(SETUP) lock $(if $(filter yes,$(UPGRADE)),--upgrade)

clean:  ## remove environments, models and caches (DATA=yes: data and keys too)
	@$(SETUP) clean
