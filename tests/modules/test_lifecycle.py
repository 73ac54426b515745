# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting, stopping and upgrading: every status with every state, and everything that can go wrong on the way.

The module and the local service share one clock, which only the module's own pauses turn: minutes pass in no time.
"""

from __future__ import annotations

import functools
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from ansible_collections.otc.dli.plugins.module_utils import _module
from ansible_collections.otc.dli.plugins.module_utils._model import goal
from ansible_collections.otc.dli.plugins.module_utils._model.goal import Lifecycle
from ansible_collections.otc.dli.plugins.module_utils._model.status import STATUSES
from ansible_collections.otc.dli.plugins.module_utils._reconcile.wait import Waiting
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_sql_job
from flask import has_request_context, request

from lifecycle_clock import Clock
from local_dli import Behaviour, LocalDli, clock_engine
from local_dli.clock_engine import Step
from local_dli.errors import ApiError
from local_dli.lifecycle import TRANSITIONAL
from module_runner import access_to, run_module
from modules.lifecycle_table import NOTHING, REASONS, REFUSED, STATES, TABLE, markdown, settled

pytestmark = pytest.mark.any_core

DOCUMENT = Path(__file__).parents[2] / "docs" / "lifecycle.md"

# As the option's default is, before the tests' own fixture sets it to 0.
HEALTH_WINDOW = Lifecycle().health_window
OLD = "obs://bucket/job-1.jar"
NEW = "obs://bucket/job-2.jar"
SAVEPOINT = "obs://bucket/planted/"


class Kind(NamedTuple):
    """A kind of job: its module, its type, and the option that makes one version of it differ from another."""

    module: ModuleType
    job_type: str
    version: str


JAR_JOB = Kind(dli_flink_jar_job, "flink_jar_job", "entrypoint")
SQL_JOB = Kind(dli_flink_sql_job, "flink_opensource_sql_job", "sql_body")


class World:
    """The local service with one planted job, and the module run against it."""

    def __init__(self, service, clock, kind=JAR_JOB):
        self.service = service
        self.kind = kind
        self.clock = clock
        self.job = None
        self._access = access_to(service)

    def behave(self, **switches):
        self.service.behaviour = Behaviour(**switches)

    def plant(self, status="job_running", **values):
        """Plant a job of the old version that has run before, unless it is a draft."""
        known = {"queue_name": "queue", "obs_bucket": "bucket", "execution_agency_urn": "agency"}
        known |= {"job_type": self.kind.job_type, self.kind.version: OLD}
        ran = {} if status == "job_init" else {"start_time": 1}
        self.job = self.service.jobs.add(name="job", status=status, **{**known, **ran, **values})
        return self.job

    def plant_again(self, **values):
        """Plant such a job in the place of the one before."""
        self.service.jobs.clear()
        return self.plant(**values)

    def follow(self, status, *steps):
        """Let the job be in a status now, and go on from there by these steps."""
        self.service.jobs.engine.follow(self.job, self.clock.now, status, steps)

    def script(self, monkeypatch, operation, status, *steps):
        """Let the next start or stop go another way than the local service knows."""
        engine = self.service.jobs.engine
        real = getattr(engine, operation)

        def scripted(*_args):
            monkeypatch.setattr(engine, operation, real)
            self.follow(status, *steps)

        monkeypatch.setattr(engine, operation, scripted)

    def __call__(self, state="started", check_mode=False, **options):
        """Run the task and return its result; the requests of the last run are those that are kept."""
        self.service.requests.clear()
        given = {"name": "job", "wait_timeout": 60, **options}
        return run_module(self.kind.module, {**self._access, "state": state, **given}, check_mode=check_mode)

    def writes(self):
        """Return what the last run has sent but for reads, each as one word and what matters of its body."""
        found = []
        for sent in self.service.requests:
            word = sent.path.rpartition("/")[2] if sent.method == "POST" else sent.method
            if word == "run":
                found.append(("run", sent.json["resume_savepoint"]))
            elif word == "stop":
                found.append(("stop", sent.json["trigger_savepoint"]))
            elif word == "import-savepoint":
                found.append(("import", sent.json["savepoint_path"]))
            elif word == "PUT":
                found.append(("update", sent.json.get(self.kind.version)))
            elif word != "GET":
                found.append((word,))
        return found

    def stands(self):
        """Return where the job is: its status, its version and whether it has a savepoint."""
        (job,) = self.service.jobs.all()
        assert job is self.job
        return job.status, job.fields[self.kind.version], job.has_savepoint


@pytest.fixture(scope="module", name="timed_service")
def fixture_timed_service():
    clock = Clock()
    with LocalDli(clock=clock.monotonic) as service:
        yield service, clock
    assert service.contract_violations == []


@pytest.fixture(name="world")
def fixture_world(timed_service, monkeypatch):
    service, clock = timed_service
    service.reset()
    monkeypatch.setattr(_module, "Waiting", functools.partial(Waiting, clock=clock))
    monkeypatch.setattr(goal, "DEFAULTS", Lifecycle())
    return World(service, clock)


def operations(result):
    return ", ".join(action["operation"] for action in result["actions"]) or NOTHING


# The table


def test_the_table_has_every_status_and_state():
    assert set(TABLE) == set(STATUSES)
    assert all(tuple(row) == STATES for row in TABLE.values())
    assert {status for status, row in TABLE.items() if "waits" in row["started"][0]} == TRANSITIONAL


@pytest.mark.parametrize("changed", [False, True], ids=["unchanged", "changed"])
def test_the_document_has_the_table(changed):
    assert markdown(changed) in DOCUMENT.read_text(encoding="utf-8"), "tests/modules/lifecycle_table.py prints it"


@pytest.mark.parametrize(("reason", "words"), REASONS.items())
def test_the_document_has_the_words_of_each_refusal(reason, words):
    assert f"\n- **{reason}** (`{words}`): " in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [JAR_JOB, SQL_JOB], ids=["JAR", "SQL"])
@pytest.mark.parametrize("changed", [False, True], ids=["unchanged", "changed"])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("status", TABLE)
def test_each_status_with_each_state(world, monkeypatch, status, state, changed, kind):
    world.kind = kind
    world.behave(savepoint_after_restart="kept")
    version = NEW if changed else OLD
    at, cell = settled(status, state, changed)
    waits = status != at

    def plant():
        world.service.jobs.clear()
        old = {} if status == "job_init" else {"has_savepoint": True, "savepoint_path": SAVEPOINT}
        world.plant(status, **old)
        if waits:
            world.follow(status, Step(20.0, at))

    # Whether the service takes a stop after one that failed is unknown; here it does, and the job runs.
    real_check = clock_engine.check_stop

    def check_stop(job):
        job.status = {"job_cancel_fail": "job_running"}.get(job.status, job.status)
        real_check(job)

    monkeypatch.setattr(clock_engine, "check_stop", check_stop)

    plant()
    began = world.clock.now
    predicted = world(state, check_mode=True, **{kind.version: version})
    assert world.writes() == []
    plant()
    result = world(state, **{kind.version: version})
    assert (world.clock.now - began >= 40) == waits, "transitional statuses are waited for, in check mode too"

    if cell.startswith(REFUSED):
        words = REASONS[cell[len(REFUSED) :]]
        for refused in (predicted, result):
            assert refused["failed"] and words in refused["msg"]
        assert world.writes() == []
        assert world.stands() == (at, OLD, True)
        return

    assert not predicted["failed"] and not result["failed"], result
    assert operations(predicted) == operations(result) == cell
    for key in ("changed", "actions", "risks", "changes"):
        assert predicted[key] == result[key]
    steps = [] if cell == NOTHING else cell.split(", ")
    assert [write[0].replace("DELETE", "delete") for write in world.writes()] == steps
    if cell == "delete":
        assert world.service.jobs.all() == []
    else:
        ends = {"run": "job_running", "stop": "job_cancel_success"}
        end = next((ends[step] for step in reversed(steps) if step in ends), at)
        assert world.stands() == (end, version if "update" in steps else OLD, status != "job_init")
        assert predicted["job"]["status"] == result["job"]["status"] == end
        for write in world.writes():
            if write[0] in ("run", "stop"):
                assert write[1] is (status != "job_init"), "with a savepoint, where there can be one"
        # A job that is stopped while it is submitted has nothing new to save.
        assert (world.job.savepoint_path in (None, SAVEPOINT)) == ("stop" not in steps or at == "job_submitting")
    if state != "restarted":
        again = world(state, **{kind.version: version})
        assert not again["changed"] and world.writes() == []


@pytest.mark.parametrize("state", ["started", "restarted"])
@pytest.mark.parametrize("status", ["job_running_exception", "job_submit_fail"])
def test_a_failed_job_without_a_savepoint_is_not_started_unless_the_task_says_so(world, status, state):
    world.plant(status)
    for check_mode in (True, False):
        result = world(state, check_mode)
        assert result["failed"] and "has run before and has no savepoint" in result["msg"]
        assert "set resume_savepoint to false" in result["msg"]
        assert world.writes() == []
    result = world(state, resume_savepoint=False)
    assert world.writes() == [("run", False)]
    assert result["risks"] == ["The job is started without a savepoint, so with empty state."]


def test_a_job_that_never_ran_has_no_state_to_lose(world):
    world.plant("job_submit_fail", start_time=None)
    assert operations(world()) == "run" and world.writes() == [("run", False)]


@pytest.mark.parametrize("state", ["started", "stopped", "restarted"])
def test_a_stop_after_one_that_failed_may_be_refused(world, state):
    world.plant("job_cancel_fail", has_savepoint=True, savepoint_path=SAVEPOINT)
    result = world(state, entrypoint=NEW)
    assert result["failed"]
    assert world.stands() == ("job_cancel_fail", OLD, True)


def test_a_status_that_does_not_settle_is_reported(world):
    world.plant("job_savepointing")
    result = world(entrypoint=NEW)
    assert result["msg"] == "Waited 60 seconds for Flink job job to settle; it was job_savepointing."
    assert result["error"]["last_status"] == "job_savepointing"
    result = world(entrypoint=NEW, wait=False)
    assert "is job_savepointing, which is a transitional status; wait is false, so nothing was done" in result["msg"]
    assert world.writes() == []


# An upgrade that goes well

UPGRADE = [("stop", True), ("update", NEW), ("run", True)]
UNDONE = [("update", OLD), ("run", True)]


@pytest.mark.parametrize("kept", ["kept", "deleted"])
def test_an_upgrade_stops_with_a_savepoint_and_resumes_from_it(world, kept):
    world.behave(savepoint_after_restart=kept, savepoint_seconds=10, cancel_seconds=10, submit_seconds=10)
    world.plant()
    began = world.clock.now
    result = world(entrypoint=NEW, health_window=50)
    assert world.writes() == UPGRADE
    assert world.stands() == ("job_running", NEW, kept == "kept")
    assert result["risks"] == []
    assert result["notes"] == ["entrypoint changed: whether the state still fits is known only when it runs."]
    assert world.clock.now - began >= 10 + 10 + 10 + 50, "it was watched"
    assert not world(entrypoint=NEW)["changed"]


def test_an_older_savepoint_does_not_pass_for_a_new_one(world, monkeypatch):
    world.plant(has_savepoint=True, savepoint_path=SAVEPOINT)
    world.script(monkeypatch, "stop", "job_savepointing", Step(1, "job_cancel_success"))
    result = world(entrypoint=NEW)
    assert f"it shows no savepoint but {SAVEPOINT}, which it had before the stop; its definition was" in result["msg"]
    assert world.writes() == [("stop", True)]
    assert (result["error"]["status"], result["error"]["savepoint_path"]) == ("job_cancel_success", SAVEPOINT)


def test_a_stateless_upgrade_makes_no_savepoint_and_resumes_from_none(world):
    world.plant(has_savepoint=True, savepoint_path=SAVEPOINT)
    result = world(entrypoint=NEW, upgrade_mode="stateless")
    assert world.writes() == [("stop", False), ("update", NEW), ("run", False)]
    assert result["risks"] == ["The job is stopped without a savepoint, so its state is lost."]
    assert world.stands()[:2] == ("job_running", NEW)


@pytest.mark.parametrize("check_mode", [True, False])
def test_upgrade_mode_fail_says_what_would_need_a_stop(world, check_mode):
    world.plant()
    result = world(check_mode=check_mode, entrypoint=NEW, smn_topic="topic", upgrade_mode="fail")
    assert "is job_running, and entrypoint cannot be changed before it is stopped" in result["msg"]
    assert "upgrade_mode is fail, so nothing was changed" in result["msg"]
    assert world.writes() == []
    assert not world(smn_topic="topic", upgrade_mode="fail")["failed"], "a live change needs none"


def test_a_live_change_does_not_stop_the_job(world):
    world.plant()
    assert operations(world(smn_topic="topic")) == "update"
    assert world.stands() == ("job_running", OLD, False)


# An upgrade that fails before the new version is there: nothing is changed


def test_a_savepoint_that_fails_leaves_the_old_version_running(world):
    world.behave(savepoint="fails", savepoint_seconds=5)
    world.plant()
    result = world(entrypoint=NEW)
    assert "no savepoint could be made, so it was not stopped and keeps running unchanged" in result["msg"]
    assert result["error"]["status"] == "job_running"
    assert world.writes() == [("stop", True)]
    assert world.stands() == ("job_running", OLD, False)


@pytest.mark.parametrize("older", [True, False])
def test_a_job_that_fails_while_its_savepoint_is_made_is_left_alone(world, monkeypatch, older):
    world.plant(has_savepoint=older, savepoint_path=SAVEPOINT if older else None)
    world.script(monkeypatch, "stop", "job_savepointing", Step(5, "job_running_exception", "No heap."))
    result = world(entrypoint=NEW)
    assert "is job_running_exception: No heap; it could not be stopped; its definition was not changed" in result["msg"]
    assert world.writes() == [("stop", True)]
    assert world.stands() == ("job_running_exception", OLD, older)
    assert (result["error"]["status"], result["error"]["has_savepoint"]) == ("job_running_exception", older)
    if not older:
        again = world(entrypoint=NEW)
        assert "has no savepoint to resume from; it was not started" in again["msg"]
        assert world.writes() == []


def test_a_stop_that_hangs_is_reported_and_the_next_run_goes_on_from_there(world):
    world.behave(cancel_seconds=100)
    world.plant()
    result = world(entrypoint=NEW)
    assert result["msg"] == (
        "Waited 60 seconds for Flink job job to stop; it was job_canceling. It may still stop later, and then stays "
        "stopped until the task is run again."
    )
    assert result["error"]["last_status"] == "job_canceling"
    assert world.writes() == [("stop", True)]
    assert world.stands() == ("job_canceling", OLD, True)
    assert not world(entrypoint=NEW)["failed"]
    assert world.writes() == UPGRADE[1:]


@pytest.mark.parametrize("batch_answers", ["full", "short"])
def test_a_refused_stop_leaves_the_old_version_running(world, batch_answers):
    world.behave(batch_answers=batch_answers)
    world.plant()
    world.service.jobs.plan_stop("job", "refused")
    result = world(entrypoint=NEW)
    assert "The service refused POST" in result["msg"] and "planned refusal" in result["msg"]
    assert world.writes() == [("stop", True)]
    assert world.stands() == ("job_running", OLD, False)


@pytest.mark.parametrize("state", ["started", "stopped", "restarted"])
def test_a_stop_that_fails_is_reported(world, state):
    world.plant()
    world.service.jobs.plan_stop("job", "cancel_fail")
    result = world(state, entrypoint=NEW)
    assert "job_cancel_fail: Planned failure; it could not be stopped; its definition was not changed" in result["msg"]
    assert world.writes() == [("stop", True)]
    assert world.stands() == ("job_cancel_fail", OLD, True)
    assert result["error"]["savepoint_path"] == world.job.savepoint_path
    assert "Use state stopped to stop it again" in world(entrypoint=NEW)["msg"]


def test_a_bounded_job_that_finishes_while_it_is_stopped_has_done_its_work(world, monkeypatch):
    world.plant()
    world.script(monkeypatch, "stop", "job_savepointing", Step(5, "job_finish"))
    result = world(entrypoint=NEW)
    assert not result["failed"]
    assert world.writes() == UPGRADE[:2]
    assert world.stands() == ("job_finish", NEW, False)
    assert result["job"]["status"] == "job_finish"
    assert "finished before it could be stopped, and was not started again" in str(result["warnings"])


def test_a_finished_job_is_not_run_again_from_a_savepoint_of_an_earlier_run(world):
    """It has done since what it would do again, and its JobManager may have been lost as it was stopped."""
    world.behave(savepoint_after_restart="kept")
    job = world.plant("job_finish", start_time=1_600_000_000_000)
    job.set_savepoint(f"{job.savepoint_folder}/1500000000000/")
    result = world("restarted")
    assert result["failed"] and "It has run on since its savepoint" in result["msg"] and world.writes() == []
    assert not world("restarted", resume_savepoint=True)["failed"] and world.writes() == [("run", True)]


def test_a_bounded_job_that_finishes_while_it_is_to_be_restarted_is_not_run_with_empty_state(world, monkeypatch):
    world.plant()
    world.script(monkeypatch, "stop", "job_savepointing", Step(5, "job_finish"))
    for writes in ([("stop", True)], []):
        result = world("restarted")
        assert "has run before and has no savepoint to resume from; it was not started" in result["msg"]
        assert world.writes() == writes
    assert not world("restarted", resume_savepoint=False)["failed"] and world.writes() == [("run", False)]


@pytest.mark.parametrize("resumes", [True, False])
def test_a_bounded_job_that_finishes_while_it_is_to_be_restarted_is_run_again_as_the_task_says(
    world, monkeypatch, resumes
):
    world.plant(has_savepoint=True, savepoint_path=SAVEPOINT)
    world.script(monkeypatch, "stop", "job_savepointing", Step(5, "job_finish"))
    assert not world("restarted", resume_savepoint=resumes)["failed"]
    assert world.writes() == [("stop", True), ("run", resumes)]
    assert world.stands()[0] == "job_running"


# An upgrade whose new version fails: the old one comes back


@pytest.mark.parametrize("kept", ["kept", "deleted"])
@pytest.mark.parametrize("kind", [JAR_JOB, SQL_JOB], ids=["JAR", "SQL"])
def test_a_version_that_cannot_be_submitted_is_undone(world, kept, kind):
    world.kind = kind
    world.behave(savepoint_after_restart=kept)
    world.plant()
    world.service.jobs.plan_start("job", "submit_fail")
    result = world(**{kind.version: NEW})
    assert result["msg"] == (
        "Flink job job did not start: job_submit_fail: Planned failure. "
        f"Rolled back: the previous definition runs again, from the savepoint {result['error']['savepoint_path']}."
    )
    assert world.writes() == UPGRADE + UNDONE
    assert world.stands() == ("job_running", OLD, kept == "kept")
    assert (result["error"]["rolled_back"], result["error"]["status"]) == (True, "job_running")


def test_a_field_that_the_detail_lacks_is_no_change_of_somebody_else(world):
    """Only the list has the Flink version; a rollback reads the detail."""
    world.behave(savepoint_after_restart="kept")
    world.plant(flink_version="1.15")
    world.service.jobs.plan_start("job", "exception_after:20")
    result = world(entrypoint=NEW, flink_version="1.15")
    assert result["error"]["rolled_back"] is True, result["msg"]
    assert world.writes() == UPGRADE + UNDONE
    assert world.stands()[:2] == ("job_running", OLD)


@pytest.mark.parametrize("after", [0, 20])
@pytest.mark.parametrize("kept", ["kept", "deleted"])
def test_a_version_that_fails_within_the_health_window_is_undone(world, kept, after):
    world.behave(savepoint_after_restart=kept)
    world.plant()
    world.service.jobs.plan_start("job", f"exception_after:{after}")
    result = world(entrypoint=NEW)
    reason = "failed soon after its start" if after else "did not start"
    assert f"Flink job job {reason}: job_running_exception: Planned exception. Rolled back: " in result["msg"]
    assert result["error"]["rolled_back"] is True
    assert world.stands()[:2] == ("job_running", OLD)
    imports = [write for write in world.writes() if write[0] == "import"]
    if kept == "kept":
        assert world.writes() == UPGRADE + UNDONE
    else:
        assert world.writes() == [*UPGRADE, UNDONE[0], *imports, UNDONE[1]]
        ((_word, path),) = imports
        assert path.startswith(f"obs://bucket/jobs/savepoint/{world.job.job_id}/"), "the one of this very stop"


def test_a_version_that_fails_after_the_health_window_is_not_noticed(world):
    world.plant()
    world.service.jobs.plan_start("job", "exception_after:200")
    assert not world(entrypoint=NEW)["failed"] and world.writes() == UPGRADE


@pytest.mark.parametrize("how", ["refused", "ignored"])
def test_without_the_savepoint_the_old_version_is_restored_and_not_started(world, monkeypatch, how):
    world.behave(savepoint_after_restart="deleted")
    planted = world.plant()
    made = []
    real = planted.set_savepoint

    def set_savepoint(path):
        if has_request_context() and request.path.endswith("/import-savepoint"):
            if how == "refused":
                raise ApiError(400, "DLI.0007", "No import.")
            return
        made.append(path)
        real(path)

    monkeypatch.setattr(planted, "set_savepoint", set_savepoint)
    world.service.jobs.plan_start("job", "exception_after:5")
    result = world(entrypoint=NEW)
    assert "The previous definition was restored, but the job was not started" in result["msg"]
    assert result["msg"].endswith(f"The savepoint was at {made[0]}."), "so that a person can import it"
    assert world.writes() == [*UPGRADE, UNDONE[0], ("import", made[0])]
    assert world.stands() == ("job_running_exception", OLD, False)
    assert (result["error"]["status"], result["error"]["rolled_back"]) == ("job_running_exception", False)
    # And the next run does not start it with empty state either.
    assert "has no savepoint to resume from; it was not started" in world(entrypoint=OLD)["msg"]


@pytest.mark.parametrize("run_refusal", ["error", "error_array", "element"])
def test_a_refused_start_of_the_new_version_is_undone(world, run_refusal):
    world.behave(run_refusal=run_refusal)
    world.plant()
    world.service.jobs.plan_start("job", "refused")
    result = world(entrypoint=NEW)
    assert "DLI.13024" in result["msg"] and "the previous definition runs again, from the" in result["msg"]
    assert world.writes() == UPGRADE + UNDONE
    assert world.stands()[:2] == ("job_running", OLD)


@pytest.mark.parametrize("run_refusal", ["error", "error_array", "element"])
@pytest.mark.parametrize("state", ["started", "restarted"])
def test_a_refused_start_leaves_the_job_where_it_is(world, run_refusal, state):
    world.behave(run_refusal=run_refusal)
    world.plant("job_cancel_success", queue_name=None, has_savepoint=True, savepoint_path=SAVEPOINT)
    result = world(state)
    assert result["failed"] and "DLI.13024" in result["msg"]
    assert world.stands() == ("job_cancel_success", OLD, True)
    assert operations(world(queue_name="queue")) == "update, run" and world.writes()[-1] == ("run", True)


@pytest.mark.parametrize("run_refusal", ["error", "error_array", "element"])
def test_an_undoing_that_is_refused_too_leaves_the_old_version_stopped_with_its_savepoint(world, run_refusal):
    world.behave(run_refusal=run_refusal)
    world.plant()
    world.service.jobs.plan_start("job", "refused", times=2)
    result = world(entrypoint=NEW)
    assert result["msg"].count("DLI.13024") == 2 and "The upgrade could not be undone: " in result["msg"]
    assert world.writes() == UPGRADE + UNDONE
    assert world.stands() == ("job_cancel_success", OLD, True)
    assert (result["error"]["status"], result["error"]["has_savepoint"]) == ("job_cancel_success", True)
    assert result["error"]["rolled_back"] is False
    assert operations(world(entrypoint=OLD)) == "run" and world.writes() == [("run", True)]


def test_an_undoing_that_fails_too_says_where_the_job_stands(world):
    world.plant()
    world.service.jobs.plan_start("job", "submit_fail", times=2)
    result = world(entrypoint=NEW)
    assert "The upgrade could not be undone: Flink job job did not start: job_submit_fail" in result["msg"]
    assert world.stands() == ("job_submit_fail", OLD, True)
    assert result["error"]["rolled_back"] is False and result["error"]["has_savepoint"] is True


def test_a_version_that_never_gets_submitted_is_stopped_and_undone(world, monkeypatch):
    world.plant()
    world.script(monkeypatch, "start", "job_submitting", Step(10000, "job_running"))
    result = world(entrypoint=NEW)
    assert "Waited 60 seconds for Flink job job to run; it was job_submitting. Rolled back" in result["msg"]
    assert world.writes() == [*UPGRADE, ("stop", False), *UNDONE]
    assert world.stands()[:2] == ("job_running", OLD)
    assert result["error"]["rolled_back"] is True


@pytest.mark.parametrize("outcome", ["submit_fail", "refused"])
def test_without_rollback_the_new_version_stays_and_so_does_the_savepoint(world, outcome):
    world.plant()
    world.service.jobs.plan_start("job", outcome)
    result = world(entrypoint=NEW, rollback=False)
    assert result["failed"] and "previous definition" not in result["msg"]
    assert world.writes() == UPGRADE
    assert world.stands() == ("job_submit_fail" if outcome == "submit_fail" else "job_cancel_success", NEW, True)
    assert operations(world(entrypoint=NEW)) == "run" and world.writes() == [("run", True)]


# Starting, stopping and restarting what is not upgraded


@pytest.mark.parametrize("state", ["started", "restarted"])
@pytest.mark.parametrize("saved", [True, False])
@pytest.mark.parametrize("asked", [True, False, None])
def test_a_stopped_job_resumes_as_asked(world, state, saved, asked):
    world.plant("job_cancel_success", has_savepoint=saved, savepoint_path=SAVEPOINT if saved else None)
    result = world(state, **({} if asked is None else {"resume_savepoint": asked}))
    if asked is not False and not saved:
        reason = "as resume_savepoint asks" if asked else "It has run before and has no savepoint to resume from"
        assert reason in result["msg"] and "it was not started" in result["msg"]
        assert world.stands()[0] == "job_cancel_success" and world.writes() == []
        return
    assert world.writes() == [("run", saved and asked is not False)]
    assert result["actions"] == [{"operation": "run", "resume_savepoint": saved and asked is not False}]


def test_a_restart_can_forget_the_state_on_request(world):
    world.plant()
    world("restarted", resume_savepoint=False)
    assert world.writes() == [("stop", True), ("run", False)]
    world("restarted", resume_savepoint=False, trigger_savepoint=False)
    assert world.writes() == [("stop", False), ("run", False)]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_restart_without_a_new_savepoint_ends_as_a_stop_and_a_start_do(world, check_mode):
    world.plant()
    result = world("restarted", check_mode, trigger_savepoint=False)
    assert "the job has no savepoint to resume from; it was not stopped" in result["msg"] and world.writes() == []
    world.plant_again(has_savepoint=True, savepoint_path=SAVEPOINT)
    for resume in (None, True):
        options = {} if resume is None else {"resume_savepoint": resume}
        result = world("restarted", check_mode, trigger_savepoint=False, **options)
        assert result["risks"] == [
            "The job is stopped without a savepoint and resumes from the one that it has, so what it has done since is "
            "done again."
        ]
        assert world.writes() == ([] if check_mode else [("stop", False), ("run", True)])
        world.plant_again(has_savepoint=True, savepoint_path=SAVEPOINT)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_job_that_is_to_resume_is_not_upgraded_without_a_savepoint(world, check_mode):
    """An older savepoint is none of what the job has done since."""
    world.plant(has_savepoint=True, savepoint_path=SAVEPOINT)
    result = world("started", check_mode, resume_savepoint=True, upgrade_mode="stateless", entrypoint=NEW)
    assert "resume_savepoint is true, but the job would be stopped without a savepoint" in result["msg"]
    assert world.writes() == [] and world.stands() == ("job_running", OLD, True)


@pytest.mark.parametrize("state", ["started", "restarted"])
def test_a_job_that_is_to_resume_is_not_made_anew(world, state):
    result = world(state, resume_savepoint=True, entrypoint=NEW, queue_name="queue")
    assert "There is no Flink job job, so none with a savepoint" in result["msg"]
    assert world.writes() == []


def test_a_stop_can_go_without_a_savepoint_on_request(world):
    world.plant()
    result = world("stopped", trigger_savepoint=False)
    assert world.writes() == [("stop", False)]
    assert result["risks"] == ["The job is stopped without a savepoint, so its state is lost."]
    assert world.stands() == ("job_cancel_success", OLD, False)


def test_without_wait_the_last_step_is_not_waited_for(world):
    world.behave(submit_seconds=50, cancel_seconds=50)
    world.plant("job_init")
    began = world.clock.now
    assert world(wait=False)["job"]["status"] == "job_submitting"
    again = world(wait=False)
    assert not again["failed"] and not again["changed"] and world.writes() == [], "it is on its way"
    assert world.clock.now == began
    world()
    assert world.stands()[0] == "job_running"
    began = world.clock.now
    assert world("stopped", wait=False)["job"]["status"] == "job_canceling"
    again = world("stopped", wait=False)
    assert not again["failed"] and not again["changed"] and world.writes() == [] and world.clock.now == began


def test_without_wait_an_upgrade_waits_for_its_savepoint_all_the_same(world):
    world.behave(savepoint_seconds=20, submit_seconds=50)
    world.plant()
    result = world(entrypoint=NEW, wait=False)
    assert world.writes() == UPGRADE
    assert result["job"]["status"] == "job_submitting"
    assert world.job.has_savepoint


def test_a_finished_job_is_run_again_only_by_a_restart(world):
    world.behave(finish_after_seconds=0)
    world.plant("job_finish")
    assert not world()["changed"] and world.writes() == []
    for _time in range(2):
        assert "has no savepoint to resume from; it was not started" in world("restarted")["msg"]
        assert operations(world("restarted", resume_savepoint=False)) == "run"
        assert world.stands()[0] == "job_finish"


def test_a_new_job_is_created_and_run(world):
    predicted = world(check_mode=True, entrypoint=NEW, queue_name="queue")
    result = world(entrypoint=NEW, queue_name="queue")
    assert operations(predicted) == operations(result) == "create, run"
    assert predicted["job"]["status"] == result["job"]["status"] == "job_running"
    assert not world(entrypoint=NEW, queue_name="queue")["changed"]


@pytest.mark.parametrize("outcome", ["refused", "submit_fail"])
def test_a_new_job_that_does_not_start_is_there_and_started_next_time(world, outcome):
    world.service.jobs.plan_start("job", outcome)
    result = world(entrypoint=NEW, queue_name="queue")
    assert result["failed"]
    (job,) = world.service.jobs.all()
    assert job.status == ("job_init" if outcome == "refused" else "job_submit_fail")
    assert operations(world(entrypoint=NEW, queue_name="queue")) == "run"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"obs_bucket": None}, "has no obs_bucket, so there may be no place for its savepoint"),
        ({"execution_agency_urn": None, "flink_version": "1.15"}, "has no execution_agency_urn"),
    ],
)
def test_check_mode_shows_what_puts_the_state_at_risk(world, values, words):
    world.plant(**values)
    result = world(check_mode=True, entrypoint=NEW)
    assert any(words in risk for risk in result["risks"])
    assert world.writes() == []


# Failures that once left a job down, doubled, or its savepoint unnamed.


@pytest.mark.parametrize("task", [{"entrypoint": NEW, "rollback": False}, {"state": "restarted"}], ids=str)
def test_a_failed_start_names_the_savepoint_that_the_service_dropped(world, task):
    world.plant()
    world.service.jobs.plan_start("job", "exception_after:0")
    result = world(**task)
    assert result["failed"]
    assert "jobs/savepoint/" in result["msg"] + result["error"]["savepoint_path"], "nobody can find it any more"


def test_a_refused_change_after_the_stop_does_not_leave_the_job_down(world, monkeypatch):
    world.plant()

    def update(*_args):
        raise ApiError(400, "DLI.0001", "No.")

    monkeypatch.setattr(world.service.jobs, "update", update)
    result = world(entrypoint=NEW)
    assert result["failed"]
    assert world.stands()[0] == "job_running" or result["error"].get("status") == "job_cancel_success"


def test_where_it_stands_is_read_after_the_undoing_failed(world):
    world.plant()
    world.service.jobs.plan_start("job", "exception_after:5")
    world.service.jobs.plan_start("job", "refused")
    result = world(entrypoint=NEW)
    assert world.job.has_savepoint  # it was imported
    assert result["error"]["has_savepoint"] is True


def test_where_it_stands_is_read_after_both_starts_hang(world):
    world.behave(submit_seconds=10000)
    world.plant()
    assert world(entrypoint=NEW)["error"]["status"] == world.stands()[0]


def test_a_refused_stop_in_a_rollback_names_the_job(world, monkeypatch):
    world.plant()
    world.script(monkeypatch, "start", "job_submitting", Step(10000, "job_running"))
    world.service.jobs.plan_stop("job", "stopped")
    world.service.jobs.plan_stop("job", "refused")
    assert world(entrypoint=NEW)["error"].get("savepoint_path")


@pytest.mark.parametrize("options", [{"rollback": False}, {"upgrade_mode": "stateless"}], ids=str)
def test_the_health_window_counts_without_rollback_too(world, options):
    world.plant()
    world.service.jobs.plan_start("job", "exception_after:5")
    assert world(entrypoint=NEW, **options)["failed"]


@pytest.mark.parametrize(
    ("options", "window"), [({}, HEALTH_WINDOW), ({"health_window": 0}, 0), ({"entrypoint": NEW}, 0)], ids=str
)
def test_the_next_run_watches_a_start_that_it_finds(world, options, window):
    """As after an interruption; a job that is to be changed is stopped again at once."""
    world.behave(submit_seconds=20)
    world.plant("job_init")
    world(wait=False)
    began = world.clock.now
    assert not world(check_mode=True, **options)["failed"]
    assert world.clock.now - began >= 20 + window


@pytest.mark.parametrize("state", ["started", "present"])
def test_a_start_that_the_next_run_finds_can_fail(world, state):
    world.behave(submit_seconds=20)
    world.plant("job_init")
    world.service.jobs.plan_start("job", "exception_after:5")
    world(wait=False)
    result = world(state)
    assert result["failed"] is (state == "started")
    if state == "started":
        assert "failed soon after its start: job_running_exception: Planned exception." in result["msg"]
        assert result["error"]["status"] == "job_running_exception"
    assert world.writes() == []


def test_actions_are_those_that_were_carried_out(world, monkeypatch):
    world.plant()
    world.script(monkeypatch, "stop", "job_savepointing", Step(5, "job_finish"))
    result = world(entrypoint=NEW)
    assert operations(result) == ", ".join(write[0] for write in world.writes())


def test_a_job_that_finishes_just_before_the_stop_has_done_its_work(world, monkeypatch):
    world.plant()
    real = world.service.jobs.stop

    def stop(*args):
        world.service.jobs.set_status(world.job.job_id, "job_finish")
        return real(*args)

    monkeypatch.setattr(world.service.jobs, "stop", stop)
    assert not world("stopped")["failed"]


def test_a_stop_in_the_undoing_that_fails_is_not_taken_for_a_stop(world, monkeypatch):
    world.plant()
    world.script(monkeypatch, "start", "job_submitting", Step(10000, "job_running"))
    world.service.jobs.plan_stop("job", "stopped")
    world.service.jobs.plan_stop("job", "cancel_fail")
    world(entrypoint=NEW)
    assert ("update", OLD) not in world.writes(), "whether the new version still runs is not known"


def test_resuming_from_a_savepoint_older_than_the_failed_run_is_a_risk(world):
    world.behave(savepoint_after_restart="kept")
    world.plant("job_running_exception", has_savepoint=True, savepoint_path=SAVEPOINT)
    assert world(check_mode=True)["risks"]
