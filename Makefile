# make demo   a recommendation on one of the sample tables
# make check  linters, types and the quick tests: for every commit
# make test   linters, types and all tests
# make bench  the engine beside skorch, scikit-learn and a plain loop; an idle machine, most of an hour
# make score  how polluted tables are read: exactly, refused, or silently wrong (which must be none)
# make calibrate  the verdict held against known truths, with TABLES="FOLDER ..." on tables of yours; hours,
#                 and it goes on where it was broken off
# make regret  the recommendation held against other choices, with TABLES="FOLDER ..." on tables of yours; hours,
#              and it goes on too
# All create .venv first, so a machine with nothing but Python is enough.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
TABLES ?= data

.PHONY: demo check test bench score calibrate regret lint clean

demo: $(READY)
	$(VENV)/bin/regchoose recommend data/diabetes.csv --no-input

# In as many processes as there are cores; neighbours stay together, since they share what they set up. With one
# thread a process, since processes that share the cores wait for each other's threads.
PYTEST := OMP_NUM_THREADS=1 $(VENV)/bin/pytest -n auto --dist worksteal

check: lint
	$(PYTEST) -m "not slow"

test: lint
	$(PYTEST)

bench: $(READY)
	$(VENV)/bin/python -m tests.benchmarks.bench_engine
	$(VENV)/bin/python -m tests.benchmarks.bench_sample

score: $(READY)
	$(VENV)/bin/python -m tests.table.pollution.score

calibrate: $(READY)
	$(VENV)/bin/python -m tests.benchmarks.calibration $(TABLES)

regret: $(READY)
	$(VENV)/bin/python -m tests.benchmarks.regret $(TABLES)

lint: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

$(READY): pyproject.toml configs/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint configs/constraints.txt --editable '.[bench,dev]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
