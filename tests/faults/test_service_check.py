# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of the service under the faults of the network, and killed: it touches nothing of the user's, says nothing
wrong, and the next one deletes whatever it has left.
"""

from __future__ import annotations

import functools
import itertools
import os
import random
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._check.own_jobs import NAME_PREFIX
from ansible_collections.otc.dli.plugins.modules import dli_service_check

from fault_proxy import FAULTS
from faults.invariants import output_violations
from faults.matrix import LASTING
from faults.scenarios import SECRET_ARGS, Scenario
from faults.stage import Observation, Plan, Stage
from local_dli.journal import CLIENT
from modules.service_checks import NOT_SEEN, RUN, expected, observed, plant_users_jobs

ALL_FAULTS = "SERVICE_CHECK_ALL_FAULTS" in os.environ
_TASKS: dict[str, dict[str, Any]] = {
    "read": {"level": "read"},
    "draft": {"level": "draft", "obs_dir": RUN["obs_dir"]},
    "run": {**RUN, "secret_entrypoint_args": SECRET_ARGS},
}
LEVELS = tuple(_TASKS)
# The last name is left out by the stage, whose tasks are about one job.
SCENARIOS = {
    level: Scenario(
        f"check {level}",
        "check",
        {**task, "name": None},
        module=dli_service_check,
        behaviour={"submit_seconds": 1.0, "savepoint_seconds": 0.0, "cancel_seconds": 0.0},
        templates=({"name": "orders", "desc": "", "sql_body": "SELECT 1", "job_type": "flink_opensource_sql_job"},),
    )
    for level, task in _TASKS.items()
}
# Gigabytes would be sent if each request met these, and the client is the same for all of them.
_LARGE = ("huge", "bomb")
# HTTP 429 is what they are about, whoever sends it.
OF_THROTTLING = ("throttle_retry_after", "max_in_flight")
FAULTS_OF_ALL = [*(name for name in FAULTS if name not in _LARGE), *(f"{name}+" for name in LASTING)]


@pytest.fixture(name="users", scope="module")
def fixture_users(stage):
    return Users(stage)


@pytest.fixture(name="requests_of", scope="module")
def fixture_requests_of(stage, users):
    """Return a function that returns how many requests a check of a level sends without faults."""

    @functools.cache
    def requests_of(level):
        users.plant(SCENARIOS[level])
        clean = stage.run(SCENARIOS[level])
        assert not clean.failed, clean.result
        assert (wrong_answers(stage, clean), users.violations(), users.left()) == ([], [], [])
        return clean.requests

    return requests_of


class Users:
    """The user's jobs and templates, which are there before each check."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._ids: set[tuple[str, int]] = set()
        self._before: list[Any] = []

    def plant(self, scenario: Scenario) -> None:
        """Put them there, and nothing else."""
        service = self._stage.service
        self._stage.set(scenario)
        plant_users_jobs(service)
        self._ids = {("job", job.job_id) for job in service.jobs.all()} | {
            ("template", template["template_id"]) for template in service.templates.all()
        }
        self._before = self._things()

    def violations(self) -> list[str]:
        """Return what a check has done to them."""
        events = [event for event in self._stage.service.journal.events if event.by == CLIENT]
        done = [f"{event.operation} of a {event.what}" for event in events if (event.what, event.job_id) in self._ids]
        return done or ["they are changed"] * (self._things() != self._before)

    def left(self) -> list[str]:
        """Return the names of what a check has left."""
        service = self._stage.service
        names = [job.fields["name"] for job in service.jobs.all()]
        names += [template["name"] for template in service.templates.all()]
        return [name for name in names if name.startswith(NAME_PREFIX)]

    def _things(self) -> list[Any]:
        service = self._stage.service
        things = [(job.fields["name"], job.status, dict(job.fields)) for job in service.jobs.all()]
        things += [(template["name"], "", template) for template in service.templates.all()]
        return [thing for thing in things if not thing[0].startswith(NAME_PREFIX)]


def violations_of_next(stage: Stage, users: Users) -> list[str]:
    """Run the next check, and return what is not as it has to be then."""
    again = stage.run(SCENARIOS["draft"])
    found = [f"the next check fails: {again.result or again.problem}"] * again.failed
    found += [f"the user's: {words}" for words in users.violations()]
    return found + [f"after the next check there is {name}" for name in users.left()]


def wrong_answers(stage: Stage, seen: Observation) -> list[str]:
    if seen.failed or seen.result is None:
        return []
    truth = expected(stage.service.behaviour)
    return [
        f"{name} is observed to be {answer}, and is {truth[name]}"
        for name, answer in observed(seen.result).items()
        if name in truth and name not in OF_THROTTLING and answer not in (NOT_SEEN, truth[name])
    ]


def violations_of_cell(stage: Stage, users: Users, level: str, plan: Plan) -> list[str]:
    """Run a check of a level while some of its requests go wrong, then the next one, and return what is not right."""
    users.plant(SCENARIOS[level])
    seen = stage.run(SCENARIOS[level], plan)
    found = [str(violation) for violation in output_violations(stage, seen)]
    found += [f"the user's: {words}" for words in users.violations()]
    found += [f"a foreign host got {seen.foreign} requests"] * bool(seen.foreign)
    found += [f"it fails: {seen.result}"] * (seen.failed and plan.is_temporary)
    found += wrong_answers(stage, seen)
    comes_later = any(fault.late for fault in plan.faults.values())
    return found + (violations_of_next(stage, users) if users.left() or comes_later else [])


def plan_of(fault: str, number: int) -> Plan:
    return Plan({number: FAULTS[fault.rstrip("+")]}, fault.endswith("+"))


@pytest.mark.parametrize("fault", FAULTS_OF_ALL if ALL_FAULTS else FAULTS_OF_ALL[::6])
@pytest.mark.parametrize("level", LEVELS if ALL_FAULTS else LEVELS[-1:])
def test_a_fault_at_any_request_costs_answers_at_most(stage, users, requests_of, level, fault):
    requests = requests_of(level)
    numbers = range(requests) if ALL_FAULTS else [random.Random(fault).randrange(requests)]
    found = {number: violations_of_cell(stage, users, level, plan_of(fault, number)) for number in numbers}
    print(f"{len(found)} cells: {level}, {fault}")
    assert {number: words for number, words in found.items() if words} == {}


@pytest.mark.parametrize("level", LEVELS)
def test_a_check_that_is_killed_is_cleaned_up_by_the_next(stage, users, level):
    found: dict[int, list[str]] = {}
    for point in itertools.count(1, 1 if ALL_FAULTS else 24):
        users.plant(SCENARIOS[level])
        if stage.run_and_kill(SCENARIOS[level], point) is None:
            break
        found[point] = [f"the user's: {words}" for words in users.violations()] + violations_of_next(stage, users)
    print(f"{len(found)} cells: {level}, killed")
    assert {point: words for point, words in found.items() if words} == {}
    assert len(found) >= 1
