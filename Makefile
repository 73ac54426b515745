# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything here makes the virtual environment it needs, and all of it is written below this folder:
# environments in .venv and .nox, caches in .cache. `make clean` takes them away.

PYTHON ?= python3

# Which Flink the tests on a real one, chaos and the demo take: 1.15, 1.17 or 2, see requirements/flink-*.txt.
export FLINK ?= 1.17

export XDG_CACHE_HOME := $(CURDIR)/.cache
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help test test-checks test-suites test-engines unit faults chaos bench test-flink test-versions test-like format fragments generated demo demo-flink docs check release lock clean

help:
	@echo 'make test    every check and every test: linters, artifact, ansible-test sanity, pytest on ansible-core old and new'
	@echo 'make unit    tests of units, modules and files, on the newest ansible-core (other arguments for pytest: ARGS="-k name")'
	@echo 'make faults  everything that can go wrong between module and service, at every request; takes hours'
	@echo 'make chaos   random upgrades, kills and losses on a real Flink, which needs a JDK (11 or 17); or ARGS="--schedules 5" FLINK=2'
	@echo 'make bench   how fast it is beside other ways to do the same; writes docs/benchmarks.md; takes fifteen minutes'
	@echo 'make test-flink  the tests on a real Flink, which need a JDK (11 or 17); make test has them where there is one; or FLINK=1.15'
	@echo 'make test-versions  jobs that go to another version of Flink; a download of 800 MB'
	@echo 'make test-like REPORT=report.json  tests of the modules against a service like that of a report, see docs/check-service.md'
	@echo 'make format  write the Python files as the linter wants them'
	@echo 'make fragments  what is generated from the options, such as the documentation of those of many jobs; takes seconds'
	@echo 'make generated  what is generated and committed, such as a fragment of the documentation and the pictures'
	@echo 'make demo    the collection at work against a local service'
	@echo 'make demo-flink  upgrades and a rollback on a real Flink, which needs a JDK (11 or 17)'
	@echo 'make check   linters, formatting and types'
	@echo 'make docs    the documentation site, in .cache/docs/html'
	@echo 'make release builds and checks the artifact, and runs the demo from it; with VERSION=1.2.3 makes that release'
	@echo 'make lock    pin the newest versions of what requirements/*.in names'
	@echo 'make clean   remove the environments and caches that these made'
	@echo 'All of them need Python 3.11 or newer; another than "python3" is named as in: make PYTHON=python3.12 test'

# Half of the checks runs on one CPU, and tests wait for processes, those with Flink or a rulebook most of all: side by
# side they take two thirds of the time. What the others print comes as one block; "+" shows that of the suites as it
# comes.
test: .venv/nox/ready
	+@$(MAKE) --no-print-directory --keep-going --jobs 3 --output-sync=target test-checks test-engines test-suites

test-checks: .venv/nox/ready
	.venv/nox/bin/python -m nox --tags checks

test-suites: .venv/nox/ready
	+.venv/nox/bin/python -m nox --tags suites

test-engines: .venv/nox/ready
	.venv/nox/bin/python -m nox --tags engines

unit: .venv/nox/ready
	.venv/nox/bin/python -m nox --session unit -- $(ARGS)

faults: .venv/nox/ready
	.venv/nox/bin/python -m nox --session faults

chaos: .venv/nox/ready
	.venv/nox/bin/python -m nox --session chaos -- $(ARGS)

bench: .venv/nox/ready
	.venv/nox/bin/python -m nox --session bench

test-like: .venv/nox/ready
	.venv/nox/bin/python -m nox --session like -- $(REPORT)

test-flink: .venv/nox/ready
	.venv/nox/bin/python -m nox --session flink

test-versions: .venv/nox/ready
	.venv/nox/bin/python -m nox --session versions

format: .venv/nox/ready
	.venv/nox/bin/python -m nox --session format

fragments: .venv/nox/ready
	.venv/nox/bin/python -m nox --session generated -- fleet_fragment seen

generated: .venv/nox/ready
	.venv/nox/bin/python -m nox --session generated

demo: .venv/demo/ready
	.venv/demo/bin/python demo/run.py

demo-flink: .venv/demo/ready
	.venv/demo/bin/python -m pip install --quiet --no-deps --requirement requirements/flink-$(FLINK).txt
	.venv/demo/bin/python demo/run_flink.py

docs: .venv/nox/ready
	.venv/nox/bin/python -m nox --session docs

check: .venv/nox/ready
	.venv/nox/bin/python -m nox --session lint typing

release: .venv/nox/ready
	.venv/nox/bin/python -m nox --session release -- $(VERSION)

lock: .venv/nox/ready
	.venv/nox/bin/python -m nox --session lock

# The file `ready` shows that the environment holds what its requirements file asks for.
.venv/%/ready: requirements/%.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'otc.dli is developed with Python 3.11 or newer, which "$(PYTHON)" is not: name one, as in make PYTHON=python3.12' >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv/$*
	.venv/$*/bin/python -m pip install --quiet --requirement $<
	@touch $@

clean:
	rm -rf .venv .nox .cache .ansible .hypothesis .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
