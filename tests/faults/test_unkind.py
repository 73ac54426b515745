# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laws about state against an unkind service: a share of the matrix, and tasks in a row drawn by Hypothesis.

``python -m faults.run_all --only unkind`` runs the whole matrix. The environment variable UNKIND_SCHEDULES says how
many rows of tasks are drawn.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from fault_proxy import FAULTS
from faults import laws, unkind
from faults.matrix import clean_run
from faults.scenarios import NEW, OLD, SECRET_ARGS, Scenario
from faults.stage import CALM, Plan, Stage
from faults.unkind import UNKIND, UNKIND_SCENARIOS

SCHEDULES = int(os.environ.get("UNKIND_SCHEDULES", "25"))
TASKS = 4
# Of each scenario, so many kinds of unkindness, with a cell of each; those are drawn, but always the same.
SHARE = 4


@pytest.mark.parametrize("name", UNKIND_SCENARIOS)
def test_a_share_of_the_unkind_matrix(stage, name):
    clean = clean_run(stage, UNKIND_SCENARIOS[name])
    cells = list(unkind.cells_of(UNKIND_SCENARIOS[name], clean.requests))
    drawn = random.Random(name)
    broken = []
    for fault in drawn.sample(sorted(UNKIND), SHARE):
        cell = drawn.choice([cell for cell in cells if cell.fault == fault])
        broken += [f"{cell} => {violation}" for violation in unkind.check_cell(stage, cell)]
    assert not broken, "\n" + "\n".join(broken)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("broken upgrade", "start job"),
        ("broken upgrade, its savepoint is dropped", "rename job theirs"),
        ("SQL job upgraded to what is broken", "start job"),
    ],
)
def test_what_others_do_during_a_rollback_is_left_alone(stage, name, fault):
    """At each request from the failure on; each of these has broken a law."""
    clean = clean_run(stage, UNKIND_SCENARIOS[name])
    cells = [cell for cell in unkind.cells_of(UNKIND_SCENARIOS[name], clean.requests) if cell.fault == fault]
    broken = [f"{cell} => {violation}" for cell in cells[17:26] for violation in unkind.check_cell(stage, cell)]
    assert not broken, "\n" + "\n".join(broken)


def test_one_unkind_cell(stage, pytestconfig):
    """The cell that --cell names, or else one that stands for the rest."""
    cell = unkind.cell_from(pytestconfig.getoption("--cell") or "started from job_running, changed | 12 | stop job")
    assert [str(violation) for violation in unkind.check_cell(stage, cell)] == []


STATES = st.sampled_from(["present", "started", "stopped", "restarted", "absent"])
VERSIONS = st.sampled_from([OLD, NEW])
TAGS = st.sampled_from([{}, {}, {"tags": {"team": "data"}}])
DEEDS = st.sampled_from([known.deed for known in UNKIND.values() if known.deed])
SCRIPT = st.lists(
    st.tuples(st.sampled_from(["before", "after"]), st.integers(1, 20), DEEDS).map(
        lambda act: f"{act[0]} request {act[1]}: {act[2]}"
    ),
    max_size=2,
)
# Those that neither take real time nor reach the service twice or too late, which are the business of the other rows.
DRAWN = ("reset_before", "reset_after", "503_before", "503_after", "500_after", "429_seconds", "garbage_after", "cut")
FAULTS_DRAWN = st.dictionaries(st.integers(0, 20), st.sampled_from(DRAWN), max_size=2)
SECONDS = st.sampled_from([0.0, 0.0, 2.0, 4.0])
BASE = Scenario("drawn", "drawn", {"secret_entrypoint_args": SECRET_ARGS, "queue_name": "queue"})


class Tasks(RuleBasedStateMachine):
    """One job, tasks that come one after the other, somebody else between their requests, and a service that lags."""

    stage: Stage

    @initialize(
        kept=st.sampled_from(["kept", "deleted"]),
        stop_ends=st.sampled_from(["job_cancel_success", "job_init"]),
        list_lag=SECONDS,
        detail_lag=SECONDS,
        late=SECONDS,
    )
    def begin(self, kept, stop_ends, list_lag, detail_lag, late):
        self.switches = {
            "savepoint_after_restart": kept,
            "stop_ends": stop_ends,
            "list_lag_seconds": list_lag,
            "detail_lag_seconds": detail_lag,
            "savepoint_late_seconds": late,
        }
        self.stage.set(replace(BASE, behaviour=self.switches))
        self.runs = []

    @rule(
        state=STATES,
        version=VERSIONS,
        tags=TAGS,
        as_fleet=st.booleans(),
        faults=FAULTS_DRAWN,
        script=SCRIPT,
        times=st.integers(1, 3),
    )
    def task(self, state, version, tags, as_fleet, faults, script, times):
        plan = Plan({index: FAULTS[name] for index, name in faults.items()})
        wanted = {**BASE.task, **tags, "state": state, "entrypoint": version}
        if state == "absent":
            wanted = {"state": state}
        scenario = replace(BASE, task=wanted, as_fleet=as_fleet, again=state == "restarted")
        first = laws.observe(self.stage, scenario, script, plan)
        broken = list(laws.run_violations(self.stage, first, self.runs))
        runs = [first]
        for _time in range(times - 1):
            runs.append(laws.observe(self.stage, scenario))
        broken += laws.again_violations(self.stage, runs)
        self.runs += runs
        assert broken == [], list(map(str, broken))

    def teardown(self):
        """Whatever has happened: in the end a task without a disturbance ends well, or says why it does not."""
        if not hasattr(self, "runs"):
            return
        self.stage.clock.sleep(60)
        scenario = replace(BASE, task={**BASE.task, "state": "started", "entrypoint": NEW})
        last = laws.observe(self.stage, scenario, (), CALM)
        assert list(laws.run_violations(self.stage, last, self.runs)) == []
        again = laws.observe(self.stage, scenario)
        # Those before are other tasks, so what this one does after their success is no repetition.
        assert list(laws.again_violations(self.stage, [last, again])) == []
        assert list(laws.lost_savepoint(again, [*self.runs, last])) == []
        assert last.seen.failed or not again.writes, again.seen.result


def test_tasks_in_a_row_with_somebody_else_drawn(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tasks, "stage", stage, raising=False)
    chosen = settings(
        max_examples=SCHEDULES,
        stateful_step_count=TASKS,
        suppress_health_check=list(HealthCheck),
        deadline=None,
        # To make a row shorter takes minutes, and the one that broke a law says all that is needed.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    run_state_machine_as_test(Tasks, settings=chosen)
