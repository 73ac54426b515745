# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast the collection is, beside what else a user could take; `make bench` runs it.

Prints the report and writes it to docs/benchmarks.md. Takes about fifteen minutes. Its argument is an interpreter that
has ansible-core and requests, and nothing else: what a user has.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import measurements
from ansible_runs import ROOT, Ansible
from figures import Figures, Goal, table

from service import LATENCY_SECONDS, Service

OTHERS = 10_000
MANY_AT_ONCE = 16
# More load than the run can make by itself.
QUIET_LOAD = 2.5
BUSY = " **Others used the machine as well, so these times are too long, and some ratios wrong.**"


def main() -> None:
    """Measure all there is, print it, and write it down."""
    begun, loads = time.monotonic(), [os.getloadavg()[0]]
    goals: list[Goal] = []
    parts = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="otc-dli-bench-")))
        ansible = Ansible(folder, Path(sys.argv[1]))
        service, other = stack.enter_context(Service()), stack.enter_context(Service())
        secure = stack.enter_context(Service(folder / "authorities.pem"))
        for part in (
            lambda: single_tasks(ansible, service, secure, goals),
            lambda: requests(ansible, service, goals),
            lambda: fleets(ansible, service, goals),
            lambda: secrets(ansible, service, goals),
            lambda: crowd(ansible, service, other, goals),
            lambda: memory(ansible, service),
        ):
            parts.append(part())
            loads.append(os.getloadavg()[0])
            print(f"{parts[-1]}\n", flush=True)
    text = "\n\n".join([introduction(loads, time.monotonic() - begun), conclusion(goals), *parts])
    print(conclusion(goals))
    (ROOT / "docs" / "benchmarks.md").write_text(f"{text}\n", encoding="utf-8")


def introduction(loads: list[float], seconds: float) -> str:
    """Return what stands above all figures: how they came about, and where."""
    return f"""<!--
Copyright (c) 2026, the otc.dli authors
GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->

# Benchmarks

`make bench` measures all of this in one run and writes this page. It says how much work and how many requests the
collection needs, beside other ways to do the same on the same machine. It says nothing about how fast the live service
is: requests go to the [local service](local-service.md), in a process of its own, which adds
{LATENCY_SECONDS * 1000:g} ms to each. Unlike in the tests it does not check them against the contract, because it
shares the CPUs with what is measured.

- Times are medians, with the least and the most in brackets. Ratios are ratios of medians.
- The time of a task is taken inside a real run of `ansible-playbook`, from when Ansible turns to the task until it
  has the result.
- Measured on {os.cpu_count()} CPUs ({platform.machine()}) with Python {platform.python_version()} and ansible-core
  {version("ansible-core")}, in {seconds / 60:.0f} minutes. The load average was {min(loads):.1f} to {max(loads):.1f};
  the run itself makes it about 1.5.{BUSY if max(loads) > QUIET_LOAD else ""}"""


def conclusion(goals: list[Goal]) -> str:
    """Return the goals and whether each was met."""
    return "## Goals\n\n" + table(["goal", "bound", "measured", ""], [goal.row() for goal in goals])


def single_tasks(ansible: Ansible, service: Service, secure: Service, goals: list[Goal]) -> str:
    """Compare a task that finds nothing to do with tasks that everybody knows."""
    rows = []
    for scheme, at, bound in (("HTTP", service, 1.05), ("HTTPS", secure, 1.1)):
        ping, uri, _least, ours = kinds = measurements.single_tasks(ansible, at)
        for kind in kinds:
            ratio = kind.task.median / uri.task.median
            milliseconds = (kind.task, kind.program, kind.cpu, kind.imports)
            shown = [figures.times(1000).show() for figures in milliseconds]
            name = kind.module.rpartition(".")[2]
            rows.append([scheme, name, *shown, f"{kind.bytes_packed / 1024:,.0f}", kind.requests, f"{ratio:.2f}"])
        goals.append(Goal(f"no-op task against uri, {scheme}", ours.task.median / uri.task.median, bound))
    goals.append(Goal("requests of a no-op task", ours.requests, 1))
    header = ["service", "module", "task, ms", "program, ms", "its CPU, ms", "imports, ms", "KiB", "requests", "× uri"]
    return f"""## One task that finds nothing to do

`dli_flink_jar_job` with a job that is as described, `uri` with one GET of the very same address and token, and `ping`,
which sends nothing; {len(ping.task.values)} tasks of each kind by turns in one play. `requests_get` is the least module
that asks with the library requests (`bench/requests_get.py`): it sends the same GET, and knows nothing else. "Program"
is the packed module that Ansible copies to the host, run alone, and "KiB" its size; "imports" are those of the module
in a fresh interpreter when it is installed. Over HTTPS all read a bundle with as many authorities as a system has.
What its ratio leaves up to the goal is all that a module on that library may take for everything else.

{table(header, rows)}"""


def requests(ansible: Ansible, service: Service, goals: list[Goal]) -> str:
    """Count the requests of operations."""
    rows = measurements.requests_of_operations(ansible, service)
    name, least, count, _which = rows[-1]
    goals.append(Goal(f"requests, {name}, against the least", count / least, 1.1))
    return f"""## Requests of each operation

Counted at the service, with a token and `project_id`. "Least" is what a client needs that keeps the [laws about
state](lifecycle.md#laws): a list to find its jobs, the detail of a job right before each write to it,
each write once, and a read of how it ended. Starts and stops of up to 100 jobs are one request, and so is a read of 100
jobs before which nothing is written. The collection also reads back a job that it has created or changed, and reads
again while something takes time.

{table(["operation", "least", "requests", "which"], rows)}"""


def fleets(ansible: Ansible, service: Service, goals: list[Goal]) -> str:
    """Compare the module for fleets with a loop of the single one, and with a script."""
    parts = []
    runs = {}
    for operation in measurements.OPERATIONS:
        loop, script = measurements.loop(ansible, service, operation), measurements.sdk(service, operation)
        rows = []
        for size in sizes_of(operation):
            run = runs[operation, size] = measurements.fleet(ansible, service, operation, size)
            median = run.seconds.median
            seconds = [run.seconds.show(), loop.times(size).show(), script.times(size).show()]
            ratios = [f"{others.median * size / median:,.1f}" for others in (loop, script)]
            rows.append([f"{size:,}", *seconds, *ratios, f"{run.requests:,}", run.most_in_flight])
        header = ["jobs", "fleet, s", "loop, s", "SDK, s", "loop ÷ fleet", "SDK ÷ fleet", "requests", "in flight"]
        parts.append(f"### {operation.capitalize()}\n\n{table(header, rows)}")
        if operation == "no-op":
            goals.append(Goal("loop ÷ fleet, no-op of 500 jobs", loop.median * 500 / run_median(runs, 500), 100, True))
            goals.append(Goal("requests of a no-op of 500 jobs", runs["no-op", 500].requests, 7))
            growth = run_median(runs, 2000) / run_median(runs, 500)
            goals.append(Goal("no-op of 2,000 jobs against 500 (4 × the pages)", growth, 4))
            growth = run_median(runs, measurements.LARGEST) / run_median(runs, 2000)
            goals.append(Goal(f"no-op of {measurements.LARGEST:,} jobs against 2,000 (5 × the pages)", growth, 5))
        if operation == "create":
            growth = runs[operation, measurements.LARGEST].seconds.median / runs[operation, 2000].seconds.median
            goals.append(Goal(f"creating {measurements.LARGEST:,} jobs against 2,000 (5 × as many)", growth, 5))
    rows = []
    for size in measurements.SIZES_WITH_DRIFT:
        run = measurements.fleet(ansible, service, measurements.DRIFT, size)
        changed = size // measurements.ONE_IN
        rows.append([f"{size:,}", changed, run.seconds.show(), f"{run.requests:,}", run.most_in_flight])
    header = ["jobs", "changed", "fleet, s", "requests", "in flight"]
    parts.append(f"""### 1 % drift

One job in {measurements.ONE_IN} has another description than the task wants, and is updated.

{table(header, rows)}""")
    rows = []
    for concurrency, bound in ((measurements.CONCURRENCY, 1.3), (MANY_AT_ONCE, 1.5)):
        run = measurements.fleet(ansible, service, "create", 500, concurrency)
        limit = 500 / concurrency * LATENCY_SECONDS
        ratio = run.seconds.median / limit
        bare = measurements.bare_creates(service, 500, concurrency).show()
        rows.append([concurrency, f"{limit:.2f}", run.seconds.show(), f"{ratio:.2f}", run.most_in_flight, bare])
        default = ", the default" if concurrency == measurements.CONCURRENCY else ""
        goals.append(Goal(f"500 creates against the latency alone, concurrency {concurrency}{default}", ratio, bound))
        goals.append(Goal(f"most requests in flight, concurrency {concurrency}", run.most_in_flight, concurrency))
    header = ["concurrency", "latency alone, s", "task, s", "ratio", "most in flight", "bare client, s"]
    return f"""## Fleets

Each was measured {measurements.REPEATS} times, but creating and upgrading 2,000 jobs and more once. That Ansible packs
a module when a play first uses it is in none of the times.

- Fleet: one task of `dli_flink_jar_jobs` with concurrency {measurements.CONCURRENCY}. The numbers of requests, in all
  and in flight, are what the service saw.
- Loop: the single module with `loop:`. **Measured over {measurements.LOOP_ITEMS} jobs; the table has the time of one of
  them times the number of jobs.**
- SDK: a script with the vendor's SDK, which reads one job after the other (`bench/sdk_script.py`). **Measured
  over {measurements.SDK_JOBS} jobs, and computed likewise.** Starting Python and importing the SDK are not counted. It
  compares two fields, verifies little and undoes nothing.
- An upgrade stops running jobs with a savepoint, changes them and runs them from it, with `health_window: 0`. By
  default the new version is watched for 30 seconds; a fleet watches all its jobs concurrently.

{(2 * chr(10)).join(parts)}

### 500 creates, and how many requests are in flight

The latency alone is jobs ÷ concurrency × {LATENCY_SECONDS * 1000:g} ms. Task and service share the CPUs, so with many
concurrent requests their own work is what counts. A "bare client" is some threads that send nothing but 500 fixed
POSTs with `http.client`, and read no response: nothing can be much faster than it with this service.

{table(header, rows)}"""


def sizes_of(operation: str) -> tuple[int, ...]:
    """Return how many jobs the fleets have with which an operation is measured."""
    return measurements.SIZES if operation == "upgrade" else (*measurements.SIZES, measurements.LARGEST)


def run_median(runs: dict[tuple[str, int], measurements.Run], size: int) -> float:
    """Return the seconds of a no-op of a fleet."""
    return runs["no-op", size].seconds.median


def secrets(ansible: Ansible, service: Service, goals: list[Goal]) -> str:
    """Compare a fleet with secret arguments with the same fleet without."""
    rows = []
    for size in measurements.SIZES_WITH_SECRETS:
        processes = measurements.fleets_of_arguments(ansible, service, size)
        for operation in ("create", "no-op"):
            options = ("entrypoint_args", "secret_entrypoint_args")
            plain, secret = (Figures.of(run.cpu_seconds for run in processes[operation, option]) for option in options)
            seconds = (Figures.of(run.seconds for run in processes[operation, option]).show() for option in options)
            ratio = secret.median / plain.median
            goals.append(Goal(f"{operation} of {size:,} jobs with secrets against the same without", ratio, 1.2))
            rows.append([f"{size:,}", operation, plain.show(), secret.show(), f"{ratio:.2f}", *seconds])
    header = ["jobs", "operation", "open, CPU s", "secret, CPU s", "ratio", "open, s", "secret, s"]
    return f"""## Secrets

The program of `dli_flink_jar_jobs` run alone, by turns with jobs that each have `entrypoint_args` of their own and with
jobs that have the same as `secret_entrypoint_args`. Taking the secrets out of all output must cost no more than the
output is long. The ratio is that of processor time, which does not depend on who else uses the machine.

{table(header, rows)}"""


def crowd(ansible: Ansible, few: Service, many: Service, goals: list[Goal]) -> str:
    """Find one job among many."""
    (few_requests, alone), (many_requests, among) = measurements.crowd(ansible, few, many, OTHERS)
    ratio = among.median / alone.median
    goals.append(Goal(f"a job among {OTHERS:,} others against a job alone", ratio, 1.2))
    goals.append(Goal("requests for it, more than for a job alone", many_requests - few_requests, 0))
    rows = [
        ["0", alone.times(1000).show(), few_requests, "1.00"],
        [f"{OTHERS:,}", among.times(1000).show(), many_requests, f"{ratio:.2f}"],
    ]
    return f"""## One job in a large project

A no-op task of the single module, {len(alone.values)} times by turns. The service filters by name, as is documented.

{table(["other jobs", "task, ms", "requests", "ratio"], rows)}"""


def memory(ansible: Ansible, service: Service) -> str:
    """Measure how much memory the module's process holds."""
    rows = [[name, figures.show()] for name, figures in measurements.memory(ansible, service)]
    return f"""## Memory

The most that the process of the module held (resident set) in a task that finds nothing to do.

{table(["task", "MiB"], rows)}"""


if __name__ == "__main__":
    sys.exit(main())
