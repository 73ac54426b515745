# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks in a row, each with several faults, drawn by Hypothesis, against a model of what may be true.

The environment variable FAULT_SCHEDULES says how many rows of tasks are drawn; `make faults` draws more.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from fault_proxy import FAULTS
from faults.invariants import run_violations
from faults.scenarios import NEW, OLD, SECRET_ARGS, Scenario
from faults.stage import CALM, Observation, Plan, Stage

SCHEDULES = int(os.environ.get("FAULT_SCHEDULES", "40"))
TASKS = 4
# Without those that take long for what they show here, and those of TLS.
DRAWN = sorted(name for name, fault in FAULTS.items() if not fault.large and fault.kind != "certificate")

STATES = st.sampled_from(["present", "started", "stopped", "restarted", "absent"])
VERSIONS = st.sampled_from([OLD, NEW])
SCHEDULE = st.builds(
    Plan,
    st.dictionaries(st.integers(0, 20), st.sampled_from(DRAWN).map(FAULTS.__getitem__), max_size=4),
    st.booleans(),
)
BASE = Scenario("drawn", "drawn", {"secret_entrypoint_args": SECRET_ARGS, "queue_name": "queue"})
RUNNING = "job_running"


class Tasks(RuleBasedStateMachine):
    """One job, and tasks that come one after the other.

    The model is the set of what the job may be: ``versions`` it may have (None for: there is no job) and, after a task
    that has succeeded, whether it runs.
    """

    stage: Stage

    @initialize(kept=st.sampled_from(["kept", "deleted"]))
    def begin(self, kept):
        self.stage.set(replace(BASE, behaviour={"savepoint_after_restart": kept, "delete_seconds": 1.5}))
        self.versions = {None}
        self.runs = False

    @rule(state=STATES, version=VERSIONS, plan=SCHEDULE)
    def task(self, state, version, plan):
        wanted = {"state": state} if state == "absent" else {**BASE.task, "state": state, "entrypoint": version}
        scenario = replace(BASE, task=wanted)
        seen = self.stage.run(scenario, plan)
        broken = list(run_violations(self.stage, scenario, seen))
        target = None if state == "absent" else version
        if seen.failed:
            # It may have got anywhere on its way, but nowhere else.
            self.versions |= {target, version} if state != "absent" else {None}
        else:
            self.versions = {target}
            broken += self.broken_promises(state, seen)
        there = {job["entrypoint"] for job in seen.jobs} or {None}
        assert broken == [], (str(plan), state, version, list(map(str, broken)))
        assert there <= self.versions, (str(plan), state, version, there, self.versions)
        if any(fault.delivery == "late" for fault in plan.faults.values()):
            # What comes after the end of the task can undo it.
            self.versions |= {version, None} if state == "absent" else {version}
            self.versions |= {job.fields["entrypoint"] for job in self.stage.service.jobs.all()} or {None}

    def broken_promises(self, state: str, seen: Observation) -> list[str]:
        """Return in what a task that succeeded has not done what its state means."""
        statuses = [job["status"] for job in seen.jobs]
        if state in ("started", "restarted") and statuses != [RUNNING]:
            return [f"{state}, but {statuses}"]
        if state == "stopped" and RUNNING in statuses:
            return [f"stopped, but {statuses}"]
        if state == "restarted" and seen.starts != 1:
            return [f"restarted with {seen.starts} starts"]
        return []

    def teardown(self):
        """Whatever has happened: a task without faults comes to its end, and the next one finds nothing to do."""
        if not hasattr(self, "versions"):
            return
        scenario = replace(BASE, task={**BASE.task, "state": "started", "entrypoint": NEW})
        last = self.stage.run(scenario, CALM)
        assert list(run_violations(self.stage, scenario, last)) == []
        assert not last.failed, last.result
        assert [(job["status"], job["entrypoint"]) for job in last.jobs] == [(RUNNING, NEW)]
        again = self.stage.run(scenario, CALM)
        assert not (again.failed or again.changed or again.effects), again.result


def test_tasks_in_a_row_with_faults_drawn(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tasks, "stage", stage, raising=False)
    chosen = settings(
        max_examples=SCHEDULES, stateful_step_count=TASKS, suppress_health_check=list(HealthCheck), deadline=None
    )
    run_state_machine_as_test(Tasks, settings=chosen)
