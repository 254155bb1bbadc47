# Every target sets up what it needs itself; nothing else has to be typed on a bare machine with Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One BLAS thread: the kernels use the cores themselves, and figures repeat bit for bit.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup demo test lint format bench clean

setup: $(VENV)/.ready

# venv + pip, since pip takes a CPU build of torch where one lies ready; see docs/contributing.md.
$(VENV)/.ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "unheard needs Python 3.11 or newer; set PYTHON=/path/to/it"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

demo: setup
	$(BIN)/unheard demo demo

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# About an hour on two cores; LASTFM=user_artists.parquet (HetRec 2011 Last.fm 2K) adds accuracy on real listeners.
bench: setup
	$(BIN)/python -m pip install --quiet --editable '.[dev,bench]'
	mkdir -p out
	for each in als top_n identity weekly kills scale; do $(BIN)/python benchmarks/$$each.py > out/$$each.json || exit 1; done
	test -z "$(LASTFM)" || $(BIN)/python benchmarks/accuracy.py "$(LASTFM)" --json out/accuracy.json

clean:
	rm -rf $(VENV) demo out build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
