# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that is killed, at any point, and run again: it gets to the same end, and no state is lost.

The module runs in a process of its own, which is killed as soon as the service has handled its k-th request, for every
k that there is. The clock of the service goes on by a second with each request, and that of the module by its pauses
alone, so that each run has the same requests.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Callable

import pytest
from ansible_collections.otc.dli.plugins.module_utils import _module
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_jar_jobs

from lifecycle_clock import Clock
from local_dli import Behaviour, LocalDli
from module_runner import access_to, run_module

OLD = "obs://bucket/job-1.jar"
NEW = "obs://bucket/job-2.jar"

CHILD = """
import functools
import sys
from ansible.module_utils import basic
from ansible_collections.otc.dli.plugins.module_utils import _module
from ansible_collections.otc.dli.plugins.modules import {module}
from lifecycle_clock import Clock
_module.Waiting = functools.partial(_module.Waiting, clock=Clock())
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
basic._ANSIBLE_PROFILE = "legacy"
{module}.main()
"""

RUNNING = {
    "status": "job_running",
    "start_time": 1,
    "entrypoint": OLD,
    "queue_name": "queue",
    "obs_bucket": "bucket",
    "execution_agency_urn": "agency",
}


@dataclass(frozen=True)
class Scenario:
    """One task, what is there before it, and what has to be there after it.

    :param planted: the job before; None when there is none.
    :param end: status and entrypoint of the job after; None when there is none.
    :param starts: how often one task starts a job at most.
    :param resumes: whether each start has to resume from a savepoint; None for: it may or may not.
    :param again: whether the task changes something whenever it runs.
    """

    task: dict[str, Any]
    planted: dict[str, Any] | None
    end: tuple[str, str] | None
    starts: int = 0
    resumes: bool | None = True
    again: bool = False
    behaviour: dict[str, Any] = field(default_factory=dict)


SCENARIOS = {
    "create and run": Scenario(
        {"state": "started", "entrypoint": OLD, "queue_name": "queue"}, None, ("job_running", OLD), 1, False
    ),
    "upgrade with savepoint": Scenario({"state": "started", "entrypoint": NEW}, RUNNING, ("job_running", NEW), 1),
    "upgrade with a savepoint that stays": Scenario(
        {"state": "started", "entrypoint": NEW},
        RUNNING,
        ("job_running", NEW),
        1,
        behaviour={"savepoint_after_restart": "kept"},
    ),
    "stateless upgrade": Scenario(
        {"state": "started", "entrypoint": NEW, "upgrade_mode": "stateless"}, RUNNING, ("job_running", NEW), 1, False
    ),
    "stop and change": Scenario({"state": "stopped", "entrypoint": NEW}, RUNNING, ("job_cancel_success", NEW)),
    # Each run of this task means another start.
    "restart": Scenario({"state": "restarted"}, RUNNING, ("job_running", OLD), 1, again=True),
    "live change": Scenario({"state": "started", "smn_topic": "topic"}, RUNNING, ("job_running", OLD)),
    "delete": Scenario({"state": "absent"}, RUNNING, None, behaviour={"delete_seconds": 2.5}),
}

BROKEN = {
    kept: Scenario(
        {"state": "started", "entrypoint": NEW, "health_window": 5},
        RUNNING,
        ("job_running", OLD),
        2,
        behaviour={"savepoint_after_restart": kept},
    )
    for kept in ("kept", "deleted")
}


@contextlib.contextmanager
def started(module: str, args: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD.format(module=module)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    ) as child:
        assert child.stdin
        child.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": args}).encode())
        child.stdin.close()
        yield child


class _LastAnswer:
    """An answer after which the process that gets it is killed."""

    def __init__(self, answer: Any, pid: int) -> None:
        self._answer = answer
        self._pid = pid

    def __iter__(self) -> Any:
        return iter(self._answer)

    def close(self) -> None:
        self._answer.close()
        os.kill(self._pid, signal.SIGKILL)


class Stage:
    """The local service, with a clock that goes by requests and a process to kill."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.handled = 0
        self.kill_after = 0
        self.child: subprocess.Popen[bytes] | None = None
        self.service = LocalDli(clock=lambda: self.now, middleware=self._around)
        engine = self.service.jobs.engine
        self._start = engine.start
        engine.start = self._start_as_the_version_does
        self.broken: str | None = None

    def _around(self, app: Callable[..., Any]) -> Callable[..., Any]:
        self._app = app
        return self._handle

    def _handle(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        answer = self._app(environ, start_response)
        self.now += 1
        self.handled += 1
        if self.child and self.handled == self.kill_after:
            # It must not send anything more, but the answer can still be delivered; the server closes it then.
            os.kill(self.child.pid, signal.SIGSTOP)
            return _LastAnswer(answer, self.child.pid)
        return answer

    def _start_as_the_version_does(self, job: Any, resume: bool, outcome: str, *rest: Any) -> None:
        breaks = self.broken is not None and job.fields["entrypoint"] == self.broken
        self._start(job, resume, "exception_after:1.5" if breaks else outcome, *rest)

    def set(self, scenario: Scenario, broken: str | None = None) -> None:
        self.service.reset()
        times = {"submit_seconds": 1.5, "savepoint_seconds": 1.5, "cancel_seconds": 1.5}
        self.service.behaviour = Behaviour(**{**times, **scenario.behaviour})
        self.broken = broken
        self.handled = 0
        if scenario.planted is not None:
            self.service.jobs.add(name="job", **scenario.planted)

    def args(self, scenario: Scenario) -> dict[str, Any]:
        return {
            **access_to(self.service),
            "name": "job",
            "wait_timeout": 30,
            "health_window": 1,
            **scenario.task,
        }

    def run(self, scenario: Scenario) -> dict[str, Any]:
        """Run the task to its end, in this process."""
        return run_module(dli_flink_jar_job, self.args(scenario))

    def run_and_kill(self, scenario: Scenario, after: int) -> bool:
        """Run the task in a process of its own; return whether it was killed before its end."""
        with started("dli_flink_jar_job", self.args(scenario)) as child:
            self.kill_after, self.child = after, child
            assert child.stdout and child.stderr
            output, errors = child.stdout.read(), child.stderr.read()
            child.wait()
        self.child = None
        assert not errors, errors.decode()
        if child.returncode == -signal.SIGKILL:
            return True
        json.loads(output)
        return False

    def starts(self) -> list[bool]:
        """Return for each start that the service took whether it resumed from a savepoint."""
        taken = [sent for sent in self.service.requests if sent.path.endswith("/run") and sent.status == 200]
        return [sent.json["resume_savepoint"] for sent in taken]

    def end(self) -> tuple[str, str] | None:
        jobs = self.service.jobs.all()
        assert len(jobs) <= 1, "no orphan"
        return (jobs[0].status, jobs[0].fields["entrypoint"]) if jobs else None


@pytest.fixture(scope="module", name="running_stage")
def fixture_running_stage():
    stage = Stage()
    with stage.service:
        yield stage
    assert stage.service.contract_violations == []


@pytest.fixture(name="stage")
def fixture_stage(running_stage, monkeypatch):
    monkeypatch.setattr(_module, "Waiting", functools.partial(_module.Waiting, clock=Clock()))
    return running_stage


def requests_of(stage, scenario, broken=None):
    """Return how many requests the task takes when nobody kills it: so many points there are to kill it at."""
    stage.set(scenario, broken)
    result = stage.run(scenario)
    assert result["failed"] == (broken is not None), result
    assert stage.end() == scenario.end
    return stage.handled


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_task_killed_after_any_request_gets_there_the_next_time(stage, name):
    scenario = SCENARIOS[name]
    points = requests_of(stage, scenario)
    for point in range(1, points + 1):
        stage.set(scenario)
        assert stage.run_and_kill(scenario, point), f"there is no request {point}"
        assert stage.handled == point
        starts_before = len(stage.starts())
        result = stage.run(scenario)
        assert not result["failed"], (point, result)
        assert stage.end() == scenario.end, point
        if scenario.again:
            assert len(stage.starts()) - starts_before == 1
        else:
            assert len(stage.starts()) == scenario.starts, (point, "started as often as without the kill")
        assert set(stage.starts()) <= {scenario.resumes}, (point, stage.starts())
        if scenario.end:
            (job,) = stage.service.jobs.all()
            assert job.fields["smn_topic"] == scenario.task.get("smn_topic")
        if not scenario.again:
            stage.service.requests.clear()
            assert not stage.run(scenario)["changed"], point
            assert {sent.method for sent in stage.service.requests} == {"GET"}


def remember_savepoints(job):
    """Return a list that gets the path of every savepoint that the job is given from now on."""
    paths = []
    give = job.set_savepoint

    def set_savepoint(path):
        paths.append(path)
        give(path)

    job.set_savepoint = set_savepoint
    return paths


@pytest.mark.parametrize("kept", BROKEN)
def test_a_broken_upgrade_killed_after_any_request_never_loses_the_state(stage, kept):
    scenario = BROKEN[kept]
    points = requests_of(stage, scenario, broken=NEW)
    back = Scenario({**scenario.task, "entrypoint": OLD}, RUNNING, scenario.end)
    for point in range(1, points + 1):
        stage.set(scenario, broken=NEW)
        (planted,) = stage.service.jobs.all()
        made = remember_savepoints(planted)
        assert stage.run_and_kill(scenario, point), f"there is no request {point}"
        # It may fail again, as the version is broken, or refuse to start without a savepoint.
        again = stage.run(scenario)
        assert "job" in again or again["error"], again
        # Whatever is done then, by going back to the old version: nothing ever starts with empty state.
        last = stage.run(back)
        if last["failed"]:
            assert "has no savepoint to resume from; it was not started" in last["msg"], (point, last)
            assert kept == "deleted"
            path = next(path for path in made if path)
            stage.service.jobs.all()[0].set_savepoint(path)
            last = stage.run(back)
        assert not last["failed"], (point, last)
        assert stage.end() == scenario.end, point
        assert set(stage.starts()) <= {True}, (point, stage.starts())


def test_how_many_kill_points_there_are(stage, capsys):
    points = {name: requests_of(stage, scenario) for name, scenario in SCENARIOS.items()}
    points.update({f"broken upgrade, {kept}": requests_of(stage, BROKEN[kept], broken=NEW) for kept in BROKEN})
    assert min(points.values()) >= 3
    with capsys.disabled():
        print("\n" + "\n".join(f"  {count:3d} {name}" for name, count in points.items()))
        print(f"kill points: {sum(points.values())}")


def test_an_interrupt_ends_a_fleet_as_it_ends_one_job(service, access, monkeypatch):
    changes = {"entrypoint": NEW}
    service.jobs.add_many(20, entrypoint=OLD)
    updates = itertools.count(1)

    def interrupt(_latency):
        if service.requests[-1].method == "PUT" and next(updates) == 5:
            os.kill(child.pid, signal.SIGINT)

    monkeypatch.setattr(service, "sleep", interrupt)
    service.behaviour = Behaviour(latency_seconds=1)
    jobs = [{"name": f"job-{number}"} for number in range(20)]
    with started("dli_flink_jar_jobs", {**access, "jobs": jobs, "defaults": changes, "parallelism": 1}) as child:
        child.wait()
    assert child.returncode == -signal.SIGINT
    # The fifth was on its way, and perhaps another one behind it.
    assert next(updates) in (6, 7)
    assert not run_module(dli_flink_jar_jobs, {**access, "jobs": jobs, "defaults": changes})["failed"]
    assert {job.fields["entrypoint"] for job in service.jobs.all()} == {NEW}
