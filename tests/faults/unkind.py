# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix of the unkind service: scenarios × unkindness or somebody else × number of the request."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from faults import laws
from faults.invariants import Violation
from faults.laws import observe, without_savepoint
from faults.matrix import Outcome, clean_run, stage_of_process
from faults.scenarios import SCENARIOS, Scenario
from faults.stage import Stage

# The third version of a job, which somebody else brings.
THEIRS = "obs://bucket/job-3.jar"
LAG = 4.0


@dataclass(frozen=True)
class Unkindness:
    """How the service, or somebody else, makes a task's life hard.

    :param column: the column of the table in which it counts.
    :param switches: how the service behaves; for one request alone where the cell has one, else all the time.
    :param deed: what somebody else does right before the request of the cell; "" for nothing.
    :param starts: how the next starts end, and C(stops) likewise.
    """

    column: str
    switches: dict[str, Any] = field(default_factory=dict)
    deed: str = ""
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    at_request: bool = False

    def script(self, index: int, version: str) -> list[str]:
        """Return the script of a cell.

        :param version: the field that makes one version of the job differ from another.
        """
        if self.deed:
            return [f"before request {index + 1}: {self.deed.replace('entrypoint=', version + '=')}"]
        if not self.at_request:
            return []
        on = " ".join(f"{name}={value}" for name, value in self.switches.items())
        off = " ".join(f"{name}={_KIND[name]}" for name in self.switches)
        return [f"before request {index + 1}: behave {on}", f"after request {index + 1}: behave {off}"]


# The service restarts a job that fails, and Flink does not.
_ANEW: dict[str, Any] = {"restart_by": "service", "submit_seconds": 2.0}
_KIND = {"list_lag_seconds": 0, "detail_lag_seconds": 0, "list_pages": "full"}


def _always(column: str, **switches: Any) -> Unkindness:
    return Unkindness(column, switches)


def _once(column: str, **switches: Any) -> Unkindness:
    return Unkindness(column, switches, at_request=True)


def _deed(text: str, **switches: Any) -> Unkindness:
    by_nature = text.split()[0] in ("crash", "finish", "restart")
    return Unkindness("nature" if by_nature else "somebody", switches, deed=text)


ODD_JOBS = ("shared", "iso_time", "long_name", "big_id", "nulls")
UNKIND = {
    "nobody": Unkindness("nobody"),
    "list lags": _always("lag", list_lag_seconds=LAG),
    "list lags long": _always("lag", list_lag_seconds=20.0),
    "detail lags": _always("lag", detail_lag_seconds=LAG),
    "detail lags more": _always("lag", list_lag_seconds=1.0, detail_lag_seconds=10.0),
    "detail lags long": _always("lag", detail_lag_seconds=20.0),
    "replica behind": _always("lag", replica_lag_seconds=10.0),
    "replica behind first": _always("lag", replica_lag_seconds=10.0, replica_first="behind"),
    "one old list": _once("lag", list_lag_seconds=10.0),
    "one old detail": _once("lag", detail_lag_seconds=10.0),
    "one empty page": _once("pages", list_pages="empty"),
    "empty pages": _always("pages", list_pages="empty"),
    "short pages": _always("pages", list_pages="short"),
    "no job types": _always("odd", list_job_type="none"),
    **{f"odd job: {kind}": _always("odd", odd_job=kind) for kind in ODD_JOBS},
    "late savepoint": _always("savepoint", savepoint_late_seconds=3.0),
    "very late savepoint": _always("savepoint", savepoint_late_seconds=40.0),
    "no savepoint shows": _always("savepoint", savepoint="never_shown"),
    "savepoint fails": _always("savepoint", savepoint="fails"),
    "stops in job_init": _always("status", stop_ends="job_init"),
    "starts in job_init": _always("status", init_seconds=2.0),
    "stop is ignored": Unkindness("status", stops=("ignored",)),
    "stop runs on": Unkindness("status", stops=("runs_on",)),
    "start is ignored": Unkindness("status", starts=("ignored",)),
    "start is stuck": Unkindness("status", starts=("stuck",)),
    "restarted at once": Unkindness("nature", starts=("restarts_after:0",)),
    "restarted soon": Unkindness("nature", starts=("restarts_after:2",)),
    "submitted again at once": Unkindness("nature", {"restart_by": "service"}, starts=("restarts_after:0",)),
    "submitted again soon": Unkindness("nature", _ANEW, starts=("restarts_after:2",)),
    "restart job, submitted again": _deed("restart job", **_ANEW),
    **{
        text: _deed(text)
        for text in (
            "rename job theirs",
            "recreate job",
            "delete job",
            "stop job",
            "stop-saved job",
            "start job",
            "save job",
            "update job smn_topic=theirs",
            "update job desc=theirs",
            f"update job entrypoint={THEIRS}",
            f"upgrade job entrypoint={THEIRS}",
            "tag job team=theirs",
            "crash job",
            "finish job",
            "restart job",
        )
    },
}

_NAMES = (
    "started from job_running, changed",
    "restarted from job_running",
    "stopped from job_running",
    "stopped from job_running, changed",
    "absent from job_running",
    "started from job_cancel_success",
    "started from job_cancel_success, changed",
    "restarted from job_cancel_success",
    "started from job_submitting, changed",
    "started from job_running_exception, changed",
    "present without a job",
    "started without a job",
    "broken upgrade",
    "broken upgrade, its savepoint is dropped",
    "upgrade, its savepoint is dropped",
    "upgrade without rollback",
    "restart, its savepoint is dropped",
    "stateless upgrade",
    "live change",
    "rename",
    "savepoint",
    "SQL job upgraded",
    "SQL job upgraded to what is broken",
    "SQL job stopped",
)
_TAGGED = ("tags changed", "upgrade with tags", "broken upgrade with tags", "created with tags")
_AS_FLEET = (
    "started from job_running, changed",
    "restarted from job_running",
    "absent from job_running",
    "started from job_cancel_success",
    "started without a job",
    "broken upgrade",
    "upgrade with tags",
)
_UNSAVED = ("started from job_running, changed", "restarted from job_running", "broken upgrade", "SQL job upgraded")
_BROKEN = SCENARIOS["broken upgrade"]
_UNCLEARED = replace(
    _BROKEN,
    name="broken upgrade, nothing can be cleared",
    task={**_BROKEN.task, "main_class": "org.example.New", "dependency_jars": ["obs://bucket/new.jar"]},
    behaviour={**_BROKEN.behaviour, "clearing": "ignored"},
)
UNKIND_SCENARIOS: dict[str, Scenario] = {
    **{name: SCENARIOS[name] for name in (*_NAMES, *_TAGGED)},
    _UNCLEARED.name: _UNCLEARED,
    **{
        f"{name}, no older savepoint": without_savepoint(SCENARIOS[name], f"{name}, no older savepoint")
        for name in _UNSAVED
    },
    **{
        f"fleet: {name}": replace(SCENARIOS[name], name=f"fleet: {name}", group="fleet", as_fleet=True)
        for name in _AS_FLEET
    },
}


@dataclass(frozen=True)
class UnkindCell:
    """One row of runs of a task.

    :param index: number of the request to DLI, from 0; None where the unkindness lasts.
    """

    scenario: str
    index: int | None
    fault: str

    def __str__(self) -> str:
        return f"{self.scenario} | {'-' if self.index is None else self.index} | {self.fault}"


def cell_from(text: str) -> UnkindCell:
    """Return the cell that is written as C(scenario | index | unkindness), with - for no index."""
    scenario, index, fault = (part.strip() for part in text.split("|"))
    return UnkindCell(scenario, None if index == "-" else int(index), fault)


def cells_of(scenario: Scenario, requests: int) -> Iterator[UnkindCell]:
    """Yield all cells of a scenario that has so many requests when nothing disturbs it."""
    for name, unkindness in UNKIND.items():
        if unkindness.deed or unkindness.at_request:
            for index in range(requests):
                yield UnkindCell(scenario.name, index, name)
        else:
            yield UnkindCell(scenario.name, None, name)


def check_cell(stage: Stage, cell: UnkindCell) -> list[Violation]:
    """Run a task under an unkindness, then twice again, and return all that was not as it has to be."""
    scenario, unkindness = UNKIND_SCENARIOS[cell.scenario], UNKIND[cell.fault]
    _set(stage, scenario, unkindness)
    first = observe(stage, scenario, unkindness.script(cell.index or 0, next(iter(scenario.previous))))
    found = list(laws.run_violations(stage, first))
    if cell.fault == "nobody":
        found += laws.unread_writes(first)
    if any(done.refused for done in stage.service.actor.done):
        # Nothing has disturbed the task, so the cell is that of nobody.
        return []
    runs = [first]
    for _time in range(2):
        runs.append(observe(stage, scenario))
    found += laws.again_violations(stage, runs)
    if cell.fault == "nobody":
        found += laws.unforeseen_risks(stage, scenario)
    return list(dict.fromkeys(found))


def _set(stage: Stage, scenario: Scenario, unkindness: Unkindness) -> None:
    stage.set(scenario)
    service = stage.service
    if not unkindness.at_request:
        service.behaviour = replace(service.behaviour, **unkindness.switches)
    for outcome in unkindness.starts:
        service.jobs.plan_start("job", outcome)
    for outcome in unkindness.stops:
        service.jobs.plan_stop("job", outcome)


def run_scenario(name: str, every: int = 1) -> Outcome:
    """Run all cells of a scenario, or every so-manieth, in a process that may have run others before."""
    began = time.monotonic()
    scenario = UNKIND_SCENARIOS[name]
    outcome = Outcome(scenario.group, Counter(), [], 0.0)
    stage = stage_of_process()
    clean = clean_run(stage, scenario)
    for cell in itertools.islice(cells_of(scenario, clean.requests), 0, None, every):
        outcome.cells[cell.fault] += 1
        outcome.broken += [(cell, str(violation)) for violation in check_cell(stage, cell)]
    outcome.seconds = time.monotonic() - began
    return outcome
