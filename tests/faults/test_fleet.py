# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet under faults: its jobs share requests, so that one fault meets several of them.

Its threads send their requests in an order of their own, so a fault does not meet the same request in each run. What
has to be true does not depend on that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_jobs

from fault_proxy import FAULTS
from faults.scenarios import NEW, OLD, SECRET_ARGS, SECRET_WORDS
from faults.stage import CALM, Plan

NAMES = ("one", "two", "three", "four")
RUNNING = {
    "status": "job_running",
    "start_time": 1,
    "entrypoint": OLD,
    "entrypoint_args": SECRET_ARGS,
    "queue_name": "queue",
    "obs_bucket": "bucket",
    "execution_agency_urn": "agency",
}
STARTED = {"entrypoint": NEW, "secret_entrypoint_args": SECRET_ARGS, "queue_name": "queue", "state": "started"}
TASKS = {"create and run": (None, STARTED), "upgrade": (RUNNING, STARTED), "delete": (RUNNING, {"state": "absent"})}
# One of each kind; the others differ in what the client makes of them, which is the same for every module.
KINDS = ("reset_before", "reset_after", "503_before", "503_after", "429_seconds", "twice_second", "later", "cut", "401")


@pytest.fixture(name="run")
def fixture_run(stage):
    """Return a function that runs a task on the fleet under a plan of faults."""

    def run(defaults: dict[str, Any], plan: Plan):
        return stage.run(FleetScenario(defaults), plan)

    return run


class FleetScenario:
    """What the stage has to know of a task on a fleet."""

    login = "password"
    module = dli_flink_jar_jobs
    # The task is one of many jobs already.
    as_fleet = False

    def __init__(self, defaults: dict[str, Any], names: Iterable[str] = NAMES) -> None:
        jobs = [{"name": name} for name in names]
        own = {"name": None, "health_window": None, "wait_timeout": 60, "max_failures": len(jobs)}
        self.task = {**own, "jobs": jobs, "defaults": {"health_window": 3, **defaults}}
        self.task.pop("health_window")


# Not the login, whose refusal is final. A fleet is deleted with the three requests after it.
@pytest.mark.parametrize("fault", KINDS)
@pytest.mark.parametrize(
    ("task", "index"), [(task, index) for task in TASKS for index in range(1, 4 if task == "delete" else 7)]
)
def test_a_fleet_gets_over_one_fault(stage, run, task, fault, index):
    planted, defaults = TASKS[task]
    stage.set_fleet(NAMES, planted)
    seen = run(defaults, Plan({index: FAULTS[fault]}))
    assert index < seen.requests
    assert not seen.failed, seen.problem or seen.result
    first = Counter(effect.operation for effect in seen.effects)
    again = run(defaults, CALM)
    assert not again.failed, (seen.result, again.result)
    second = Counter(effect.operation for effect in again.effects)
    starts = len(NAMES) if defaults.get("state") == "started" else 0
    # Nothing is done twice, neither in the one run nor by the next; no state is lost.
    assert first["start"] + second["start"] == starts, (first, second)
    assert first["create"] + second["create"] == (0 if planted else len(NAMES))
    effects = [effect for effect in (*seen.effects, *again.effects) if effect.operation in ("start", "stop")]
    assert all(effect.saved for effect in effects if effect.had_state)
    names = sorted(job["name"] for job in again.jobs)
    assert names == ([] if task == "delete" else sorted(NAMES))
    assert seen.changed
    for result in (seen.result, again.result):
        assert not any(word in str(result) for word in SECRET_WORDS)
    assert not run(defaults, CALM).changed


# The first page, and those that are read concurrently after it.
@pytest.mark.parametrize("index", range(1, 5))
@pytest.mark.parametrize("fault", KINDS)
def test_a_listing_of_many_pages_gets_over_one_fault(stage, fault, index):
    names = [f"job-{number}" for number in range(350)]
    stage.set_fleet(names, RUNNING)
    unchanged = {name: value for name, value in STARTED.items() if name != "entrypoint"}
    seen = stage.run(FleetScenario(unchanged, names), Plan({index: FAULTS[fault]}))
    assert index < seen.requests
    assert not seen.failed, seen.problem or seen.result
    assert seen.result["counts"] == {"changed": 0, "unchanged": 350, "failed": 0, "not_attempted": 0}
    assert seen.effects == []
