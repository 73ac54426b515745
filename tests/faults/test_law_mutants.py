# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laws about state themselves: code that breaks one on purpose is caught, by that very law."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._api.flink_jobs import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._errors import StartFailed
from ansible_collections.otc.dli.plugins.module_utils._model import plan, plan_creation, plan_deletion
from ansible_collections.otc.dli.plugins.module_utils._model.job import ObservedJob
from ansible_collections.otc.dli.plugins.module_utils._reconcile import executor, observer, rollback
from ansible_collections.otc.dli.plugins.module_utils._reconcile.write_effects import Run

from faults import laws
from faults.scenarios import SCENARIOS
from faults.unkind import cell_from, check_cell


def start_with_empty_state(patch: pytest.MonkeyPatch) -> None:
    """No start resumes from a savepoint."""
    patch.setattr(Run, "send", lambda _self, api, job_ids: api.run_jobs(job_ids, False))


def take_any_savepoint_for_a_new_one(patch: pytest.MonkeyPatch) -> None:
    """A savepoint that was there before the stop is taken for that of the stop."""
    patch.setattr(ObservedJob, "has_newer_savepoint_than", lambda job, _before: job.has_savepoint)


def read_each_definition_once(patch: pytest.MonkeyPatch) -> None:
    """What an update sends of the fields that the task leaves alone is what was read at first."""
    real, first = FlinkJobApi.get_job, {}

    def get_job(self: FlinkJobApi, job_id: int) -> dict[str, Any]:
        response = real(self, job_id)
        return {**response, "job_config": first.setdefault(job_id, response["job_config"])}

    patch.setattr(FlinkJobApi, "get_job", get_job)


def take_a_beginning_for_the_end(patch: pytest.MonkeyPatch) -> None:
    """A job that is being stopped is taken for one that is stopped."""
    real = observer.status_of
    patch.setattr(observer, "status_of", lambda status: real(status)._replace(settled=True))
    patch.setattr(executor, "status_of", lambda status: real(status)._replace(may_run=False))
    patch.setattr(executor, "STOP_ENDS", (*executor.STOP_ENDS, "job_canceling", "job_savepointing"))
    patch.setattr(ObservedJob, "has_newer_savepoint_than", lambda _job, _before: True)


def believe_an_accepted_rollback(patch: pytest.MonkeyPatch) -> None:
    """The previous definition counts as restored when the service has accepted it."""
    patch.setattr(rollback, "holds", lambda _job, _name, _body: True)


def roll_back_whatever_happens(patch: pytest.MonkeyPatch) -> None:
    """All that ends a start counts as its failure, and a rollback does not ask who has acted."""
    patch.setattr(observer, "LifecycleError", StartFailed)
    patch.setattr(rollback.Rollback, "_check_nobody_acted", lambda _self, _job: iter(()))


def forget_that_a_job_has_run(patch: pytest.MonkeyPatch) -> None:
    """A job without a savepoint is taken for one that never ran."""
    patch.setattr(ObservedJob, "has_run", False)


def name_no_risk(patch: pytest.MonkeyPatch) -> None:
    """A plan says nothing of what puts the job's state at risk."""
    for file in (plan, plan_creation, plan_deletion):
        patch.setattr(file, "Plan", lambda **facts: executor.Plan(**{**facts, "risks": ()}))


MUTANTS = [
    (start_with_empty_state, "started from job_running, changed | - | nobody", "L1"),
    (take_any_savepoint_for_a_new_one, "started from job_running, changed | - | late savepoint", "L2"),
    (take_a_beginning_for_the_end, "stopped from job_running | - | nobody", "L4"),
    (believe_an_accepted_rollback, "broken upgrade, nothing can be cleared | - | nobody", "L5"),
    (roll_back_whatever_happens, "started from job_running, changed | 14 | stop job", "L6"),
    (forget_that_a_job_has_run, "started from job_running, changed, no older savepoint | - | no savepoint shows", "L7"),
    (name_no_risk, "stateless upgrade | - | nobody", "L9"),
]


@pytest.mark.parametrize(("mutant", "text", "law"), MUTANTS, ids=[mutant.__name__ for mutant, _text, _law in MUTANTS])
def test_each_law_catches_what_breaks_it(stage, monkeypatch, mutant, text, law):
    assert check_cell(stage, cell_from(text)) == []
    mutant(monkeypatch)
    assert law in {violation.rule for violation in check_cell(stage, cell_from(text))}


def test_the_law_on_old_reads_catches_what_breaks_it(stage, monkeypatch):
    """L3: somebody else sets a field that the task leaves alone, and a read shows it before the update."""
    scenario = SCENARIOS["started from job_running, changed"]
    scenario = replace(scenario, planted={**scenario.planted, "smn_topic": "before"})
    script = ["before stop 1: update job smn_topic=theirs"]

    def broken_laws() -> set[str]:
        stage.set(scenario)
        run = laws.observe(stage, scenario, script)
        assert [done.refused for done in stage.service.actor.done] == [""]
        return {violation.rule for violation in laws.run_violations(stage, run)}

    assert broken_laws() == set()
    read_each_definition_once(monkeypatch)
    assert "L3" in broken_laws()
