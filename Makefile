# longlag: `make bench` is the main job, `make test` proves the parts; both set everything up.
PYTHON  ?= python3
STUDY   ?= bench
RESULTS ?= results
VENV    := .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup bench atlas test soak lint report docs speed constraints clean

help: ## what there is to make
	@echo "longlag: how long can a recurrent network remember, and why?"; echo
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 22
	@echo; echo "  STUDY=$(STUDY) picks a study of conf/study, RESULTS=$(RESULTS) the folder of the records,\n  PYTHON=$(PYTHON) a Python (3.11 or newer)."

setup: $(READY) ## create .venv and install everything into it (bench and test do it too)

# The stamp is written last: an install that was interrupted is done again.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "longlag: error: $(PYTHON) is older than Python 3.11; run make PYTHON=python3.11 ..." >&2; exit 1; }
	@echo "Setting up $(VENV); this takes a few minutes the first time."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]' || \
	  { echo "longlag: error: the installation did not finish; check the network and run make again" >&2; exit 1; }
	@touch $(READY)

bench: $(READY) ## run a study and write its report (STUDY=smoke takes a minute)
	@$(BIN)/longlag bench study=$(STUDY) results=$(RESULTS)

atlas: $(READY) ## every cell on eight tasks: hours; stop it when you like, it goes on where it was
	@$(BIN)/longlag bench study=atlas results=$(RESULTS)
	@$(BIN)/longlag atlas results=$(RESULTS)

test: lint ## lint, types and every test
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest

soak: export OMP_NUM_THREADS = 1
soak: $(READY) ## kill a study at 100 random moments and compare what it leaves (15 minutes)
	@PYTHONPATH=tests $(BIN)/python tests/killed_studies.py

lint: $(READY) ## ruff and pyright
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/pyright

report: $(READY) ## write the report of a study again from its records
	@$(BIN)/longlag report study=$(STUDY) results=$(RESULTS)

docs: export NO_MKDOCS_2_WARNING = 1
docs: $(READY) ## build the site of the documentation: open site/index.html
	@$(BIN)/mkdocs build --quiet
	@echo "site/index.html"

speed: export OMP_NUM_THREADS = 1
speed: $(READY) ## time training, engine, probe and tasks; write results/speed
	@$(BIN)/python benchmarks/training.py
	@$(BIN)/python benchmarks/speed.py --out results/speed
	@$(BIN)/python benchmarks/probe_cost.py
	@$(BIN)/python benchmarks/batches.py

constraints: ## pin every version anew from the ranges of pyproject.toml
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet pip-tools
	@printf 'torch==2.13.0\n' > $(VENV)/pins.txt
	@$(BIN)/pip-compile --quiet --upgrade --all-extras --strip-extras --no-annotate --no-header \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --constraint $(VENV)/pins.txt --output-file $(VENV)/constraints.txt pyproject.toml
	@{ echo "# Every version that longlag is tested with; written by make constraints."; \
	  sed -E -e 's/^(torch==[0-9.]+)\+cpu/\1/' -e '/^longlag @/d' -e '/^#/d' $(VENV)/constraints.txt; } > constraints.txt

clean: ## remove the environment and caches; results stay
	@rm -rf $(VENV) build dist .pytest_cache .ruff_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +
