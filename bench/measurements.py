# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured: each function runs one part and returns its figures."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible_runs import FLEET, REQUESTS_GET, SINGLE, Ansible, Process
from figures import Figures

from service import Service

DRAFT = {"entrypoint": "obs://bucket/job-1.jar", "queue_name": "queue"}
RUNNING = {
    **DRAFT,
    "status": "job_running",
    "start_time": 1,
    "obs_bucket": "bucket",
    "execution_agency_urn": "agency",
}
# Watching a new version for half a minute, which is the default, would hide all else.
UPGRADED = {"entrypoint": "obs://bucket/job-2.jar", "state": "started", "health_window": 0}
# By operation: how many jobs of how many there are before, in which form, and what the task says of each.
OPERATIONS = {"no-op": (1, DRAFT, DRAFT), "create": (0, DRAFT, DRAFT), "upgrade": (1, RUNNING, UPGRADED)}
# Of all jobs the task describes one in so many otherwise than it is.
DRIFT = "1 % drift"
ONE_IN = 100
SIZES = (1, 10, 100, 500, 2000)
# An upgrade takes too long with as many.
LARGEST = 10_000
SIZES_WITH_DRIFT = (100, 500, 2000, LARGEST)
SIZES_WITH_SECRETS = (500, 1500, 5000)
LOOP_ITEMS = 20
SDK_JOBS = 50
REPEATS = 3
CONCURRENCY = 4


@dataclass(frozen=True)
class Kind:
    """One of the modules that are compared: how long its task takes, how much its program weighs and takes alone."""

    module: str
    task: Figures
    program: Figures
    cpu: Figures
    imports: Figures
    bytes_packed: int
    requests: int


@dataclass(frozen=True)
class Run:
    """A fleet that was brought to its state: the figures of its task, and what the service saw of the last one."""

    seconds: Figures
    requests: int
    most_in_flight: int


def single_tasks(ansible: Ansible, service: Service, rounds: int = 20) -> list[Kind]:
    """Compare ping, uri, the least module and ours where there is nothing to do: each in turn, and all repeated."""
    service.plant(1, **DRAFT)
    url = f"{service.jobs_url}?name=job-0&show_detail=true&limit=100&offset=0"
    uri = {"url": url, "headers": {"X-Auth-Token": service.access["token"]}}
    least = {"url": url, "token": service.access["token"]}
    if "ca_cert" in service.access:
        uri["ca_path"] = least["ca_cert"] = service.access["ca_cert"]
    kinds = {
        "ansible.builtin.ping": {},
        "ansible.builtin.uri": uri,
        REQUESTS_GET: least,
        SINGLE: {**service.access, "name": "job-0", **DRAFT},
    }
    packed = {module: ansible.pack(module, options) for module, options in kinds.items()}
    requests = {}
    for module, program in packed.items():
        service.counts()
        ansible.run_packed(program)
        requests[module] = service.counts()["requests"]
    alone = [(module, ansible.run_packed(packed[module])) for _round in range(rounds) for module in kinds]
    imports = [(module, ansible.import_seconds(_python_name(module))) for _round in range(10) for module in kinds]
    tasks = [{"name": module, module: options} for module, options in kinds.items()]
    # The first round is left out: Ansible packs the modules then.
    timed = ansible.run(tasks * (rounds + 1))[len(tasks) :]
    return [
        Kind(
            module,
            Figures.of(run.seconds for run in timed if run.task == module),
            Figures.of(process.seconds for name, process in alone if name == module),
            Figures.of(process.cpu_seconds for name, process in alone if name == module),
            Figures.of(seconds for name, seconds in imports if name == module),
            packed[module].stat().st_size,
            requests[module],
        )
        for module in kinds
    ]


def _python_name(module: str) -> str:
    folder, _dot, name = module.rpartition(".")
    if folder == "ansible.builtin":
        return f"ansible.modules.{name}"
    return f"ansible_collections.{folder}.plugins.modules.{name}"


def requests_of_operations(ansible: Ansible, service: Service) -> list[list[object]]:
    """Return for each operation: its name, the fewest requests that it can do with, those that it took, and which."""
    job = {**service.access, "name": "job-0"}
    stopped = {"state": "stopped"}
    fleet = {"jobs": [{"name": f"job-{number}"} for number in range(500)], **service.access}
    info = "otc.dli.dli_flink_job_info"
    operations = [
        ("no-op", 1, 1, DRAFT, SINGLE, {**job, **DRAFT}),
        ("create", 2, 0, DRAFT, SINGLE, {**job, **DRAFT}),
        ("create and start", 5, 0, DRAFT, SINGLE, {**job, **RUNNING_OPTIONS, "state": "started"}),
        ("update", 3, 1, DRAFT, SINGLE, {**job, "desc": "another"}),
        ("upgrade with savepoint", 8, 1, RUNNING, SINGLE, {**job, **UPGRADED}),
        ("stop with savepoint", 4, 1, RUNNING, SINGLE, {**job, **stopped}),
        ("delete", 4, 1, DRAFT, SINGLE, {**job, "state": "absent"}),
        ("info of one job", 1, 1, DRAFT, info, job),
        ("500 jobs: no-op", 5, 500, DRAFT, FLEET, {**fleet, "defaults": DRAFT}),
        ("500 jobs: create", 501, 0, DRAFT, FLEET, {**fleet, "defaults": DRAFT}),
        ("500 jobs: upgrade with savepoint", 2020, 500, RUNNING, FLEET, {**fleet, "defaults": UPGRADED}),
    ]
    rows = []
    for name, least, planted, fields, module, options in operations:
        service.plant(planted, **fields)
        ansible.one(module, options)
        counts = service.counts()
        which = ", ".join(f"{count} {kind}" for kind, count in sorted(counts["kinds"].items()))
        rows.append([name, least, counts["requests"], which])
    return rows


RUNNING_OPTIONS = {name: value for name, value in RUNNING.items() if name not in ("status", "start_time")}


def fleet(ansible: Ansible, service: Service, operation: str, size: int, concurrency: int = CONCURRENCY) -> Run:
    """Bring a fleet of this size to its state with one task, some times."""
    existing, fields, options = OPERATIONS["no-op" if operation == DRIFT else operation]
    jobs = [{"name": f"job-{number}"} for number in range(size)]
    if operation == DRIFT:
        for job in jobs[::ONE_IN]:
            job["desc"] = "another"
    task = {**service.access, "jobs": jobs, "defaults": options, "concurrency": concurrency}
    seconds, counts = [], {}
    # The largest ones that write to each job take minutes: once has to do.
    for _repeat in range(1 if size > 500 and operation in ("create", "upgrade") else REPEATS):
        service.plant(existing * size, **fields)
        timed = ansible.one(FLEET, task)
        counts = service.counts()
        if timed.changed != (operation != "no-op"):
            sys.exit(f"{operation} of {size} jobs: changed is {timed.changed}")
        seconds.append(timed.seconds)
    return Run(Figures.of(seconds), counts["requests"], counts["most_in_flight"])


def fleets_of_arguments(ansible: Ansible, service: Service, size: int) -> dict[tuple[str, str], list[Process]]:
    """Create two fleets and find them as described, by turns; return the processes by operation and option.

    In the one each job has arguments of its own in the open, in the other these are secret.
    """
    programs = {}
    for option in ("entrypoint_args", "secret_entrypoint_args"):
        jobs = [{"name": f"job-{n}", option: f"--key 'key {n}' --pin=S3cret/{n}"} for n in range(size)]
        service.plant(0)
        task = {**service.access, "jobs": jobs, "defaults": DRAFT, "concurrency": CONCURRENCY}
        programs[option] = ansible.pack(FLEET, task)
    processes: dict[tuple[str, str], list[Process]] = {}
    # To create the largest ones takes minutes: once has to do.
    for _repeat in range(1 if size > 500 else REPEATS):
        for option, program in programs.items():
            service.plant(0)
            for operation in ("create", *("no-op",) * REPEATS):
                process = ansible.run_packed(program)
                if process.changed != (operation == "create"):
                    sys.exit(f"{operation} of {size} jobs with {option}: changed is {process.changed}")
                processes.setdefault((operation, option), []).append(process)
    return processes


def bare_creates(service: Service, jobs: int, concurrency: int) -> Figures:
    """Return the seconds that it takes to send only the requests that create jobs, so many concurrently."""
    address = urlsplit(service.jobs_url)
    path = f"{address.path.removesuffix('/jobs')}/flink-jobs"
    headers = {"X-Auth-Token": service.access["token"], "Content-Type": "application/json"}

    def send(first):
        connection = HTTPConnection(address.netloc)
        for number in range(first, jobs, concurrency):
            connection.request("POST", path, json.dumps({"name": f"job-{number}", **DRAFT}), headers)
            connection.getresponse().read()
        connection.close()

    seconds = []
    for _repeat in range(REPEATS):
        service.plant(0)
        start = time.perf_counter()
        with ThreadPoolExecutor(concurrency) as pool:
            list(pool.map(send, range(concurrency)))
        seconds.append(time.perf_counter() - start)
        if service.counts()["jobs"] != jobs:
            sys.exit("The bare client did not create its jobs.")
    return Figures.of(seconds)


def loop(ansible: Ansible, service: Service, operation: str) -> Figures:
    """Return the seconds for each job of a loop of the single module over LOOP_ITEMS jobs."""
    existing, fields, options = OPERATIONS[operation]
    task = {**service.access, "name": "job-{{ item }}", **options}
    seconds = []
    for _repeat in range(REPEATS):
        service.plant(existing * LOOP_ITEMS, **fields)
        seconds.append(ansible.one(SINGLE, task, loop=list(range(LOOP_ITEMS))).seconds / LOOP_ITEMS)
    return Figures.of(seconds)


def sdk(service: Service, operation: str) -> Figures:
    """Return the seconds for each job of the script with the vendor's SDK over SDK_JOBS jobs."""
    existing, fields, options = OPERATIONS[operation]
    task = {
        **service.keys,
        "project_id": service.access["project_id"],
        "endpoint": service.access["endpoint"],
        "operation": operation,
        "count": SDK_JOBS,
        "fields": {name: value for name, value in options.items() if name in DRAFT},
    }
    seconds = []
    for _repeat in range(REPEATS):
        service.plant(existing * SDK_JOBS, **fields)
        command = [sys.executable, Path(__file__).with_name("sdk_script.py")]
        done = subprocess.run(command, input=json.dumps(task), stdout=subprocess.PIPE, text=True, check=True)
        seconds.append(float(done.stdout) / SDK_JOBS)
    return Figures.of(seconds)


def crowd(ansible: Ansible, few: Service, many: Service, others: int, rounds: int = 20) -> list[tuple[int, Figures]]:
    """Find one job in a project with nothing else and in one with many others; return requests and seconds."""
    found = []
    tasks = []
    for service, count in ((few, 1), (many, others + 1)):
        service.plant(count, **DRAFT)
        task = {"name": str(count), SINGLE: {**service.access, "name": "job-0", **DRAFT}}
        ansible.run([task])
        found.append((service.counts()["requests"], task))
        tasks.append(task)
    timed = ansible.run(tasks * (rounds + 1))[len(tasks) :]
    return [
        (requests, Figures.of(run.seconds for run in timed if run.task == task["name"])) for requests, task in found
    ]


def memory(ansible: Ansible, service: Service) -> list[tuple[str, Figures]]:
    """Return the most memory that the process of a module held, in MiB, where there is nothing to do."""
    programs: list[tuple[str, int, str, dict[str, Any]]] = [
        ("ansible.builtin.ping", 0, "ansible.builtin.ping", {}),
        ("one job", 1, SINGLE, {**service.access, "name": "job-0", **DRAFT}),
    ]
    for size in (500, 2000, LARGEST):
        jobs = [{"name": f"job-{number}"} for number in range(size)]
        programs.append((f"fleet of {size:,}", size, FLEET, {**service.access, "jobs": jobs, "defaults": DRAFT}))
    figures = []
    for name, planted, module, options in programs:
        service.plant(planted, **DRAFT)
        program = ansible.pack(module, options)
        figures.append((name, Figures.of(ansible.run_packed(program).mebibytes for _repeat in range(REPEATS))))
    return figures
