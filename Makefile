# make run        the default study, end to end      make test    unit tests and every notebook
# make lab        JupyterLab                         make bench   training throughput beside its peers
# make tables     the tables of all pages, from the CSV files
# make claims     the table of claims, from the committed studies
# make notebooks  executes every notebook in place, as it is committed
# make slow       simulations of intervals, as tests
# make torture    a tiny study, killed forty times: the same results to the bit (20 minutes)
# make clean      removes .venv; runs stay
# Each creates .venv from the lock by itself; tests run in TEST_JOBS processes. ARGS goes to run_all.py:
# make run ARGS="--report"

PYTHON ?= python3
STUDY ?= demo
ARGS ?=
JOBS ?= 2
TEST_JOBS ?= 2
BIN := .venv/bin

# Kernels are those of .venv, whatever others Jupyter is told of.
export JUPYTER_PREFER_ENV_PATH := 1
unexport JUPYTER_PATH

.PHONY: help setup run test slow torture claims tables lab bench notebooks clean

help:
	@sed -n 's/^# make/make/p' Makefile

setup: .venv/ready

# Scripts in .venv hold its path: an environment of a folder that was moved or copied is made anew.
ifneq "$(shell cat .venv/ready 2>/dev/null)" "$(shell pwd -P)"
.PHONY: .venv/ready
endif

.venv/ready: requirements.lock pyproject.toml tools/install.py
	$(PYTHON) -c 'import sys; sys.exit("xltlib needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python tools/install.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	pwd -P > .venv/ready

run: setup
	$(BIN)/python run_all.py $(STUDY) --jobs $(JOBS) $(ARGS)

test: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadgroup --nbval --nbval-cell-timeout=600 notebooks tests xltlib

slow: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow tests

torture: setup  # writes tests/torture.csv
	OMP_NUM_THREADS=1 $(BIN)/python tests/torture.py $(ARGS)

claims: setup  # the table of verdicts and its figure, from the committed studies
	mkdir -p runs && cd notebooks && ../$(BIN)/python -m papermill 91_claims.ipynb ../runs/claims.ipynb -p save True

tables: setup  # the tables of README.md, docs/ and figures/*/README.md, from the CSV files
	$(BIN)/python -m xltlib.tables

lab: setup
	$(BIN)/python -m jupyterlab --notebook-dir=. $(ARGS)

bench: setup
	$(BIN)/python benchmarks/throughput.py $(ARGS)
	$(BIN)/python benchmarks/noise.py
	$(BIN)/python benchmarks/scoring.py
	$(BIN)/python benchmarks/adaptation.py

# Execute every notebook with its committed parameters, in place, as they are committed.
notebooks: setup
	$(BIN)/python notebooks/execute.py

clean:
	rm -rf .venv
