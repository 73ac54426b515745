# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fixed share of what ``make chaos`` does, and that it finds what a broken collection loses or doubles."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import requests

from chaos.ledger import Ledger, LedgerEngine, Start, is_documented, unsaved_end, untrue_starts
from chaos.mutants import forget_state, stop_without_a_savepoint, take_the_first_savepoint
from chaos.row import MOST_RESTARTING, RESTARTING, Row, play, requests_of, undone, unsaved_stops
from chaos.schedule import Kill, Loss, Schedule, Step, draw
from chaos.world import ATTEMPTS, Ran, World, temporary_world
from local_dli import LocalDli
from local_dli.flink_engine import SHOWS_SECONDS, FlinkEngine, _Run
from local_dli.jobs import Job
from local_flink import FlinkMissing, find_java
from local_flink.rest import AWAY, FlinkError, FlinkJob

SETTINGS = {"checkpoint_enabled": False, "parallel_number": 1}
TWO_UPGRADES = (Step("upgrade"), Step("upgrade"))


@pytest.fixture(scope="module", name="world")
def fixture_world() -> Iterator[World]:
    try:
        find_java("javac")
        with temporary_world() as world:
            yield world
    except FlinkMissing as error:
        pytest.skip(str(error))


SHARE = {
    "killed after the stop, and one that crashes": (
        Step("upgrade", Kill(request=6)),
        Step("crashes in the window", draws=(0.5,)),
    ),
    "an upgrade, and another one as soon as it runs": (Step("upgrade and upgrade", draws=(0.1, 0.9, 0.1)),),
    "one that fails while it stops": (Step("fails while it stops", draws=(0.5,)),),
    "a TaskManager lost at the start": (Step("rescale", loss=Loss("after run", 0.5)),),
}


@pytest.mark.parametrize("steps", SHARE.values(), ids=SHARE)
def test_nothing_is_lost_doubled_or_forgotten(world: World, steps: tuple[Step, ...]) -> None:
    behaviour = {"savepoint_after_restart": "kept"}
    played = play(world, Schedule(0, SETTINGS | {"checkpoint_enabled": True}, behaviour, steps))
    assert played.violations == [], "\n".join([*played.violations, *played.log])
    assert len(played.seconds) == len(steps)
    assert bool(played.kills) == any(step.kill for step in steps)
    assert sum(played.losses.values()) == sum(step.loss is not None for step in steps)


@pytest.mark.parametrize("mutant", [forget_state, take_the_first_savepoint])
def test_a_collection_that_is_broken_is_found(world: World, mutant) -> None:
    played = play(world, Schedule(0, SETTINGS, steps=TWO_UPGRADES), mutant)
    # Its output alone shows it, and so do the starts.
    assert any(" doubled, " in violation for violation in played.violations), played.violations
    assert any(" resumed from " in violation for violation in played.violations), played.violations
    assert any("Flink's jobmanager runs" in line for line in played.log), "its world is gone when somebody reads why"


def test_a_collection_that_stops_without_a_savepoint_is_found(world: World) -> None:
    """Without checkpoints, the output does not show it: what was done since the start is done again."""
    played = play(world, Schedule(0, SETTINGS), stop_without_a_savepoint)
    assert any(": stop without a savepoint" in violation for violation in played.violations), played.violations
    assert not any(" doubled, " in violation for violation in played.violations), played.violations


def test_a_seed_always_draws_the_same_schedule() -> None:
    assert draw(7) == draw(7) != draw(8)
    assert any(" and " in step.operation for step in draw(7).steps)


@contextmanager
def two_tasks() -> Iterator[tuple[LocalDli, Callable[[str, str], None], Callable[[], list[str]]]]:
    """Yield a service with a running job, what sends a request of one of two tasks, and what finds acts undone."""
    with LocalDli() as service, requests.Session() as http:
        http.trust_env = False
        job_id = service.jobs.add(name="job", status="job_running", queue_name="queue").job_id
        url = f"{service.url}/v1.0/{service.credentials['project_id']}/streaming"
        tokens = {"mine": service.issue_token(), "theirs": service.issue_token()}

        def call(task: str, operation: str) -> None:
            sends = {
                "read": ("GET", f"jobs/{job_id}", None),
                "update": ("PUT", f"flink-jobs/{job_id}", {"desc": task}),
                "run": ("POST", "jobs/run", {"job_ids": [job_id]}),
                "stop": ("POST", "jobs/stop", {"job_ids": [job_id], "trigger_savepoint": True}),
                "give up": ("POST", "jobs/stop", {"job_ids": [job_id]}),
            }
            method, path, body = sends[operation]
            headers = {"X-Auth-Token": tokens[task]}
            answer = http.request(method, f"{url}/{path}", headers=headers, timeout=60, json=body)
            assert answer.status_code == 200, answer.text

        def found() -> list[str]:
            return list(undone(service, *tokens.values()))

        yield service, call, found


@pytest.mark.parametrize("reader", ["mine", "theirs"])
def test_what_one_of_two_tasks_undoes_is_found(reader: str) -> None:
    """Only where it could have noticed it."""
    with two_tasks() as (_service, call, found):
        call("mine", "stop")
        call("theirs", "read")
        call("theirs", "run")
        call(reader, "read")
        call("mine", "stop")
        undoes = ["stop at request 4, after the other task's start at request 2 was read"]
        assert found() == (undoes if reader == "mine" else [])


@pytest.mark.parametrize(
    ("status", "is_noticed"),
    [
        ("job_running_exception", False),
        ("job_running", False),
        ("job_savepointing", False),
        ("job_submitting", False),
        ("job_cancel_success", True),
    ],
)
def test_a_stop_that_does_not_show_cannot_be_noticed(status: str, is_noticed: bool) -> None:
    with two_tasks() as (service, call, found):
        call("mine", "stop")
        call("mine", "run")
        call("theirs", "stop")
        service.jobs.all()[0].status = status
        call("mine", "read")
        service.jobs.all()[0].status = "job_running_exception"
        call("mine", "run")
        undoes = ["start at request 4, after the other task's stop at request 2 was read"]
        assert found() == (undoes if is_noticed else [])


@pytest.mark.parametrize("runs_on", [True, False])
def test_a_stop_that_came_to_nothing_cannot_be_undone(runs_on: bool) -> None:
    """Its JobManager was lost, and the job runs on."""
    with two_tasks() as (service, call, found):
        job = service.jobs.all()[0]
        call("mine", "stop")
        call("mine", "run")
        call("theirs", "stop")
        service.jobs.set_status(job.job_id, "job_canceling")
        call("mine", "read")
        service.jobs.set_status(job.job_id, "job_running" if runs_on else "job_running_exception")
        call("mine", "read")
        service.jobs.set_status(job.job_id, "job_running")
        call("mine", "stop")
        undoes = ["stop at request 5, after the other task's stop at request 2 was read"]
        assert found() == ([] if runs_on else undoes)


def test_what_two_tasks_sent_and_saw_can_be_read() -> None:
    with two_tasks() as (service, call, _found):
        call("theirs", "read")
        call("mine", "stop")
        tokens = sorted({request.headers["x-auth-token"] for request in service.requests})
        lines = list(requests_of(service, *tokens))
    assert [line.rpartition(": ")[2] for line in lines] == ["job_running", "no status"]
    assert list(requests_of(service)) == []


def test_what_a_task_reads_after_its_own_stop_is_none_of_the_other_one() -> None:
    """The other task's stop has failed, and nothing has shown it."""
    with two_tasks() as (service, call, found):
        call("mine", "stop")
        call("mine", "run")
        call("theirs", "stop")
        service.jobs.all()[0].status = "job_running"
        call("mine", "stop")
        call("mine", "read")
        call("mine", "run")
        assert found() == []


@pytest.mark.parametrize("is_read", [True, False])
def test_an_update_right_before_the_own_one_cannot_be_noticed(is_read: bool) -> None:
    """What a task reads after its own update shows that one."""
    with two_tasks() as (service, call, found):
        service.jobs.all()[0].status = "job_cancel_success"
        call("mine", "update")
        call("theirs", "update")
        if is_read:
            call("mine", "read")
        call("mine", "update")
        call("mine", "read")
        call("mine", "update")
        undoes = ["update at request 3", "update at request 5"]
        assert [undoes_it.split(",")[0] for undoes_it in found()] == (undoes if is_read else [])


def engine_with_savepoints(obs: Path, count: int = 2) -> tuple[LedgerEngine, Job, list[str]]:
    """Return an engine, a job of it, and the paths of so many savepoints that lie in object storage, oldest first."""
    engine = LedgerEngine(None, obs)
    with LocalDli() as service:
        job = service.jobs.add(name="job", obs_bucket="data")
    paths = [make_savepoint(obs, job, moment) for moment in range(1000, 1000 + count)]
    assert engine.newest_savepoint(job) == paths[-1]
    return engine, job, paths


def begin_run(engine: LedgerEngine, job: Job, start: Start, **facts: Any) -> _Run:
    """Have an engine know a start of a job, and return its run.

    :param facts: what the run is otherwise like than one that has nothing special.
    """
    engine.ledgers[job.job_id].starts.append(start)
    engine._jobs[job.job_id] = job
    usual = {"savepoint_path": start.resumed_from, "submits_at": 0.0, "loses_savepoint": False, "may_restart": False}
    run = engine._runs[job.job_id] = _Run(**{**usual, **facts})
    return run


def make_savepoint(obs: Path, job: Job, moment: int) -> str:
    """Put a savepoint into object storage, and return its path."""
    path = f"{job.savepoint_folder.rstrip('/')}/{moment}/savepoint-1/"
    folder = obs / path.removeprefix("obs://")
    folder.mkdir(parents=True)
    (folder / "_metadata").touch()
    return path


@pytest.fixture(name="deaf_flink")
def fixture_deaf_flink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FlinkEngine, "start", lambda *_args: None)
    monkeypatch.setattr(FlinkEngine, "_update", lambda *_args: None)


@pytest.mark.usefixtures("deaf_flink")
@pytest.mark.parametrize("stops", [True, False])
@pytest.mark.parametrize(
    ("is_lost", "shows", "counts"),
    [(True, "", False), (True, "path", True), (True, "reason", True), (False, "", True)],
)
def test_a_savepoint_that_its_request_has_lost_counts_where_it_shows(
    tmp_path: Path, stops: bool, is_lost: bool, shows: str, counts: bool
) -> None:
    """For all further starts, until somebody imports it."""
    engine, job, (older, newest) = engine_with_savepoints(tmp_path)
    ledger = engine.ledgers[job.job_id]
    savepoint = "asked for" if is_lost else None
    begin_run(engine, job, Start(1, older, older, True), flink_id="f1", savepoint=savepoint, stops=stops)
    engine.recover(60)
    assert (ledger.starts[0].lost_manager, ledger.starts[0].lost_a_stop) == (True, is_lost and stops)
    assert ledger.starts[0].saved == ([newest] if is_lost and not stops else [])
    job.set_savepoint(newest if shows == "path" else older)
    job.status_desc = f"A savepoint has been created at: {newest.rstrip('/')}, but" if shows == "reason" else ""
    for _start in range(2):
        engine.start(job, True)
    assert [start.newest for start in ledger.starts[1:]] == [newest if counts else older] * 2
    if shows == "reason":
        job.status_desc = "The TaskManager was lost."
        engine.start(job, True)
        assert ledger.starts[-1].newest == older, "nothing shows it any more"
    job.set_savepoint(newest)
    engine.start(job, True)
    assert ledger.starts[-1].newest == newest


@pytest.mark.usefixtures("deaf_flink")
def test_a_savepoint_after_one_that_was_lost_counts(tmp_path: Path) -> None:
    """The job was stopped again, and the service shows its savepoint late, or somebody imports an older one over it."""
    engine, job, (older, _lost) = engine_with_savepoints(tmp_path)
    ledger = engine.ledgers[job.job_id]
    begin_run(engine, job, Start(1, older, older, True), flink_id="f1", savepoint="asked for", stops=True)
    engine.recover(60)
    newest = make_savepoint(tmp_path, job, 2000)
    job.set_savepoint(older)
    engine.start(job, True)
    assert list(untrue_starts(ledger)) == [f"start 2 resumed from {older}, and the newest is {newest}"]


@pytest.mark.usefixtures("deaf_flink")
def test_a_savepoint_that_was_shown_counts_when_it_no_longer_shows(tmp_path: Path) -> None:
    engine, job, (older, lost) = engine_with_savepoints(tmp_path)
    ledger = engine.ledgers[job.job_id]
    begin_run(engine, job, Start(1, older, older, True))
    ledger.unknown = {lost}
    for shown in (lost, older):
        job.set_savepoint(shown)
        engine._update(job)
    engine.start(job, True)
    assert ledger.starts[-1].newest == lost


@pytest.mark.parametrize("asks", ["stop", "save"])
def test_what_fails_without_a_savepoint_has_lost_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asks: str
) -> None:
    """Not even where another one lies there that does not show."""
    engine, job, (older, _other) = engine_with_savepoints(tmp_path)
    ledger, start = engine.ledgers[job.job_id], Start(1, older, older, checkpoints=True)
    begin_run(engine, job, start, flink_id="f1", savepoint="asked for", stops=asks == "stop")
    monkeypatch.setattr(FlinkEngine, asks, lambda *_args: None)
    if asks == "stop":
        engine.stop(job, True, "stopped")
    else:
        engine.save(job, "obs://data/elsewhere")
    engine.recover(60)
    assert (start.lost_a_stop, start.saved, ledger.unknown) == (False, [], set())


def test_a_stop_that_is_lost_with_its_job_manager_stops_nothing(tmp_path: Path) -> None:
    engine, job, (path,) = engine_with_savepoints(tmp_path, 1)
    start = Start(1, path, path, checkpoints=True, stopping=True, stopped_early=True)
    begin_run(engine, job, start, flink_id="f1", stops=True)
    engine.recover(60)
    assert (start.stopping, start.stopped_early, start.lost_manager) == (False, False, True)


def test_a_job_that_flink_does_not_have_yet_is_not_restarted_by_the_next_job_manager(tmp_path: Path) -> None:
    engine, job, (path,) = engine_with_savepoints(tmp_path, 1)
    start = Start(1, path, path, checkpoints=True)
    begin_run(engine, job, start, submits_at=60.0)
    engine.recover(60)
    assert not start.lost_manager


def test_a_job_that_ended_unseen_and_that_no_job_manager_knows_has_failed(tmp_path: Path) -> None:
    engine, job, (path,) = engine_with_savepoints(tmp_path, 1)
    start = Start(1, path, path, checkpoints=True)
    begin_run(engine, job, start, flink_id="f1")
    engine.rest = Mock(**{"job.return_value": FlinkJob("f1", "RUNNING", runs=True)})
    list(engine.advance(job, 1.0, int))
    assert start.state == "RUNNING"
    engine.recover(-1)
    engine.rest.job.side_effect = FlinkError(404, "There is no such job.")
    list(engine.advance(job, 2.0, int))
    assert start.has_failed


def test_a_job_that_fails_as_it_stops_while_flink_does_not_answer_has_committed_all(tmp_path: Path) -> None:
    """It answers the question for the savepoint, and not the one for the job."""
    engine, job, (older, _newest) = engine_with_savepoints(tmp_path)
    start = Start(1, older, older, checkpoints=True)
    begin_run(engine, job, start, flink_id="f1", savepoint="asked for", stops=True)
    engine.rest = Mock(
        **{
            "saved.side_effect": FlinkError(200, "The TaskManager was lost."),
            "job.side_effect": FlinkError(AWAY, "No JobManager answers."),
        }
    )
    list(engine.advance(job, 1.0, int))
    assert start.lost_a_stop


@pytest.mark.parametrize(("status", "is_early"), [("job_submitting", True), ("job_running", False)])
def test_what_is_stopped_while_it_is_submitted_leaves_no_savepoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str, is_early: bool
) -> None:
    """Even if its tasks come to run in the last moment."""
    engine, job, (path,) = engine_with_savepoints(tmp_path, 1)
    start = Start(1, path, path, checkpoints=True)
    engine.ledgers[job.job_id].starts.append(start)
    monkeypatch.setattr(FlinkEngine, "stop", lambda *_args: None)
    job.status = status
    engine.stop(job, True, "stopped")
    assert (start.stopping, start.stopped_early) == (False, is_early)


@pytest.mark.parametrize(
    ("starter", "ends", "status", "restarts", "lost_manager", "found"),
    [
        ("theirs", "give up", "job_running", 0, False, "by a task that has not started it"),
        ("theirs", "give up", "job_running", 1, False, "by a task that has not started it"),
        ("theirs", "stop", "job_running", 0, False, ""),
        ("mine", "give up", "job_running", 0, False, "of what runs and was never restarted"),
        ("mine", "give up", "job_running", 1, False, ""),
        ("mine", "give up", "job_running", 0, True, ""),
        ("mine", "give up", "job_submitting", 0, False, ""),
    ],
)
def test_a_stop_without_a_savepoint_that_gives_up_what_runs_is_found(
    starter: str, ends: str, status: str, restarts: int, lost_manager: bool, found: str
) -> None:
    """Another task may have started it, and the own one only where it has failed."""
    with two_tasks() as (service, call, _found):
        job = service.jobs.all()[0]
        call("mine", "stop")
        call(starter, "run")
        service.jobs.set_status(job.job_id, status)
        job.restart_times += restarts
        call("mine", ends)
        ledger = Ledger([Start(1, None, None, True, lost_manager=lost_manager)])
        sentences = [f"stop without a savepoint at request 2, {found}"] if found else []
        assert list(unsaved_stops(service, job, ledger)) == sentences


@pytest.mark.parametrize(
    ("last", "newest", "is_found"),
    [
        (Start(1, "a", "a", True, "FINISHED", ran=True), "b", False),
        (Start(1, "a", "a", True, "FINISHED", ran=True), "a", True),
        (Start(1, "a", "a", True, "FINISHED", ran=True, saved=["b"]), "b", True),
        (Start(1, "a", "a", True, "CANCELED", ran=True), "b", True),
        (Start(1, "a", "a", True, "RUNNING", ran=True), "a", True),
        (Start(1, "a", "a", True, "CANCELED"), "a", False),
        (Start(1, "a", "a", True, "CANCELED", ran=True, stopped_early=True), "a", False),
        (Start(1, "a", "a", True, "FAILED", ran=True), "a", False),
    ],
)
def test_a_last_stop_without_a_savepoint_is_found(last: Start, newest: str, is_found: bool) -> None:
    assert bool(list(unsaved_end(Ledger([last]), newest))) is is_found


@pytest.mark.parametrize("has_run", [True, False])
def test_a_savepoint_whose_files_are_deleted_is_still_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_run: bool
) -> None:
    """Also when the service has meanwhile submitted the job again, from a checkpoint."""
    engine, job, (_older, newest) = engine_with_savepoints(tmp_path)
    folder = tmp_path / newest.removeprefix("obs://")
    engine.ledgers[job.job_id].starts.append(Start(1, newest, newest, checkpoints=True))
    run = engine._runs[job.job_id] = _Run(newest, 0.0, False, True, deletes=folder)

    def restart(*_args: Any) -> None:
        shutil.rmtree(folder)
        run.savepoint_path, run.ran = "obs://data/checkpoints/0a1b/chk-3", has_run

    monkeypatch.setattr(FlinkEngine, "_update", restart)
    engine._update(job)
    assert engine.newest_savepoint(job) == newest


@pytest.mark.parametrize("status", [404, 503])
def test_a_job_that_no_job_manager_knows_is_not_begun_again(tmp_path: Path, status: int) -> None:
    engine, job, paths = engine_with_savepoints(tmp_path)
    run = _Run(paths[-1], 0.0, False, True, is_submitted_again=True, flink_id="f1")
    job.fields["resume_checkpoint"] = True
    engine.rest = Mock(**{"newest_checkpoint.side_effect": FlinkError(status, "It is so planned.")})
    with nullcontext() if status == 404 else pytest.raises(FlinkError):
        assert not engine._begin_again(job, run, 0.0)
    assert (run.flink_id, run.restarts) == ("f1", 0)


def test_a_job_begins_again_from_a_checkpoint_that_was_read_after_its_end(tmp_path: Path) -> None:
    """What Flink shows of its checkpoints may be a moment old."""
    engine, job, paths = engine_with_savepoints(tmp_path)
    engine._runs[job.job_id] = _Run(paths[-1], 0.0, False, True, is_submitted_again=True, flink_id="f1")
    engine.ledgers[job.job_id].starts.append(Start(1, paths[-1], paths[-1], checkpoints=True))
    job.fields |= {"resume_checkpoint": True, "resume_max_num": -1}
    failed = FlinkJob("f1", "FAILED", runs=False)
    engine.rest = Mock(**{"job.return_value": failed, "newest_checkpoint.return_value": None})
    engine.rest.failure.return_value = "It is so planned."
    asked = []
    for now in (0.0, SHOWS_SECONDS / 2, SHOWS_SECONDS):
        list(engine.advance(job, now, int))
        asked.append(engine.rest.newest_checkpoint.call_count)
    assert asked == [0, 0, 1]


@pytest.mark.parametrize("is_made", [True, False])
def test_a_job_that_fails_as_it_stops_has_committed_all_if_its_savepoint_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_made: bool
) -> None:
    engine, job, paths = engine_with_savepoints(tmp_path, 1 + is_made)
    start = Start(1, paths[0], paths[0], checkpoints=True)
    engine.ledgers[job.job_id].starts.append(start)
    engine.ledgers[job.job_id].before = paths[0]
    run = engine._runs[job.job_id] = _Run(paths[0], 0.0, False, True, savepoint="asked for", stops=True)

    def fail(*_args: Any) -> None:
        run.savepoint, run.stops = None, False

    monkeypatch.setattr(FlinkEngine, "_update", fail)
    engine._update(job)
    assert start.lost_a_stop is is_made


@pytest.mark.parametrize(
    ("is_after_a_loss", "step", "message", "is_excused"),
    [
        (True, Step("savepoint now"), f"The savepoint failed: {RESTARTING}.", True),
        (True, Step("savepoint now"), "It was refused.", False),
        (False, Step("savepoint now"), f"The savepoint failed: {RESTARTING}.", False),
        (False, Step("savepoint now", Kill(request=1)), "It was refused.", True),
        (False, Step("savepoint now", loss=Loss("between", 0)), "It was refused.", True),
    ],
)
def test_what_fails_is_excused_only_if_something_disturbed_it(
    is_after_a_loss: bool, step: Step, message: str, is_excused: bool
) -> None:
    """Or if Flink is still restarting the job after the step before."""
    row = Row(None, Schedule(0))
    row._is_after_a_loss = is_after_a_loss
    row.expect_success(step, Ran({"failed": True, "msg": message}))
    assert (row.played.violations == []) is is_excused


@pytest.mark.parametrize(("message", "attempts"), [(RESTARTING, MOST_RESTARTING), ("It was refused.", ATTEMPTS)])
def test_the_operator_tries_more_often_while_flink_restarts_the_job(message: str, attempts: int) -> None:
    ran = Ran({"failed": True, "msg": message})
    world = Mock(
        spec=World, job=Mock(status="job_running"), **{"run.return_value": ran, "newest_savepoint.return_value": None}
    )
    row = Row(world, Schedule(0))
    row.good = {"parallel_number": 1}
    row.recover()
    assert world.run.call_count == attempts and len(row.played.violations) == 1


@pytest.mark.parametrize(
    ("status", "reads", "is_noticed"),
    [
        ("", 0, False),
        ("job_savepointing", 2, False),
        ("job_canceling", 2, False),
        ("job_running", 1, False),
        ("job_running", 2, True),
    ],
)
def test_a_stop_while_ones_own_is_at_work_cannot_be_noticed(status: str, reads: int, is_noticed: bool) -> None:
    """Both end in the same way; they differ only in reads between, which show that the own one was undone."""
    with two_tasks() as (service, call, found):
        job = service.jobs.all()[0]
        call("mine", "stop")
        if status:
            service.jobs.set_status(job.job_id, status)
        for _time in range(reads):
            call("mine", "read")
        service.jobs.set_status(job.job_id, "job_running")
        call("theirs", "stop")
        service.jobs.set_status(job.job_id, "job_cancel_success")
        call("mine", "read")
        call("mine", "run")
        undoes = [f"start at request {3 + reads}"]
        assert [sentence.split(",")[0] for sentence in found()] == (undoes if is_noticed else [])


FAILED = Start(1, "a", "a", checkpoints=True, state="FAILED")
RESTARTED = Start(1, "a", "a", True, "FAILED", restarts=3, saved=["b"])
CANCELED = Start(2, "a", "a", True, "CANCELED")
LOST = Start(2, "a", "a", True, "FINISHED", ran=True, lost_a_stop=True)
FURTHER = Start(3, "b", "b", True, "RUNNING")
AGAIN = Start(2, "a", "a", checkpoints=True, state="RUNNING")


@pytest.mark.parametrize(
    ("starts", "writers", "documented"),
    [
        ([FAILED, AGAIN], [1, 2], True),
        ([FAILED, Start(2, "a", "a", True, ""), Start(3, "a", "a", True, "RUNNING")], [1, 3], True),
        ([Start(1, None, None, True, "FAILED"), Start(2, None, None, True, "RUNNING")], [1, 2], True),
        ([FAILED, Start(2, "a", "a", True, "FINISHED"), Start(3, "b", "b", True, "RUNNING")], [1, 3], True),
        ([Start(1, "a", "a", True, "FAILED", saved=["b"]), Start(2, "b", "b", True, "RUNNING")], [1, 2], True),
        ([FAILED, Start(2, "a", "a", True, "FAILED", saved=["b"]), Start(3, "b", "b", True, "RUNNING")], [1, 3], True),
        ([FAILED, Start(2, "a", "a", True, "FAILED"), Start(3, "b", "b", True, "RUNNING")], [1, 3], True),
        ([Start(1, "a", "a", True, "CANCELED", stopping=True, restarts=1), AGAIN], [1, 2], True),
        ([Start(1, "a", "a", True, "CANCELED", stopped_early=True, restarts=3), AGAIN], [1, 2], True),
        ([Start(1, "a", "a", True, "CANCELED", stopping=True, lost_manager=True), AGAIN], [1, 2], True),
        ([Start(1, "a", "a", True, "CANCELED", ran=True, restarts=3), AGAIN], [1, 2], False),
        ([FAILED, AGAIN], [2, 2], False),
        ([FAILED, Start(2, "a", "a", True, "FINISHED", lost_a_stop=True)], [2, 2], True),
        ([RESTARTED, Start(2, "b", "b", True, "RUNNING")], [1, 1], True),
        ([replace(RESTARTED, restarts=0, lost_manager=True), Start(2, "b", "b", True, "RUNNING")], [1, 1], True),
        ([replace(RESTARTED, restarts=0), Start(2, "b", "b", True, "RUNNING")], [1, 1], False),
        ([replace(RESTARTED, state="FINISHED"), Start(2, "b", "b", True, "RUNNING")], [1, 1], False),
        ([RESTARTED, Start(2, "a", "b", True, "RUNNING")], [1, 1], False),
        ([replace(RESTARTED, saved=["b", "c"]), Start(2, "b", "c", True, "RUNNING")], [1, 1], False),
        ([RESTARTED], [1, 1], False),
        ([FAILED, LOST, FURTHER], [1, 3], True),
        ([FAILED, LOST, FURTHER], [2, 3], True),
        ([FAILED, LOST, replace(FURTHER, state="FINISHED"), Start(4, "c", "c", True, "RUNNING")], [2, 4], True),
        ([FAILED, LOST, replace(FURTHER, resumed_from="a")], [2, 3], False),
        ([FAILED, replace(LOST, lost_a_stop=False), FURTHER], [2, 3], False),
        ([FAILED, replace(LOST, state="RUNNING"), FURTHER], [2, 3], False),
        ([FAILED, replace(LOST, state="CANCELED", stopping=True), FURTHER], [2, 3], False),
        ([FAILED, LOST, replace(FURTHER, state="CANCELED", ran=True), Start(4, "b", "b", True)], [2, 4], False),
        ([FAILED, Start(2, "a", "a", True, "FINISHED"), Start(3, "a", "b", True, "RUNNING")], [1, 3], False),
        ([Start(1, "a", "a", True, "FAILED", saved=["b"]), Start(2, "a", "b", True, "RUNNING")], [1, 2], False),
        ([FAILED, Start(2, "a", "b", True, "RUNNING")], [1, 2], False),
        ([FAILED, Start(2, None, "a", True, "RUNNING")], [1, 2], False),
        ([FAILED, Start(2, "b", "b", True, "RUNNING")], [1, 2], False),
        ([Start(1, "a", "a", False, "FAILED"), AGAIN], [1, 2], False),
        ([Start(1, "a", "a", True, "CANCELED", stopping=True), AGAIN], [1, 2], False),
        ([Start(1, "a", "a", True, "FINISHED", restarts=1), AGAIN], [1, 2], False),
        ([Start(1, "a", "a", True, "RUNNING"), AGAIN], [1, 2], False),
        ([FAILED, Start(2, "a", "a", True, "CANCELED", ran=True), Start(3, "a", "a", True, "RUNNING")], [1, 3], False),
        ([FAILED, Start(2, "a", "a", True, "CANCELED"), Start(3, "a", "a", True, "RUNNING")], [1, 3], True),
        ([FAILED, replace(CANCELED, ran=True, stopped_early=True), Start(3, "a", "a", True, "RUNNING")], [1, 3], True),
        ([replace(FAILED, unknown=frozenset("b")), Start(2, "b", "b", True, "RUNNING")], [1, 2], True),
    ],
    ids=[
        "again after a failure",
        "again after a failed submission",
        "again where there was no savepoint",
        "again after one that went less far",
        "again from a savepoint that was made while it ran on",
        "again after one that failed and had made a savepoint while it ran on",
        "again after one that failed when it was stopped, and had made a savepoint for that",
        "again after it was stopped, because Flink had to restart it",
        "again after it was stopped while it was submitted again",
        "again after it was stopped, because the next JobManager had to restart it",
        "again after it was restarted, ran and was stopped",
        "twice by one start",
        "twice by one start whose JobManager was lost while it stopped the job",
        "before a savepoint from which the next resumed, and once more when it was restarted",
        "before a savepoint, and once more when the next JobManager restarted it",
        "before a savepoint, and not restarted",
        "before a savepoint, and then stopped well",
        "before a savepoint from which the next did not resume",
        "before a savepoint that was not the newest one when the next resumed",
        "before a savepoint from which nothing has resumed",
        "again after one that was lost with its JobManager when it was stopped",
        "again after one that was lost with its JobManager and has come less far since",
        "again after that one, and another one that went less far",
        "again after that one, from an older savepoint",
        "again after one that came less far, and was not lost",
        "beside that one, which runs",
        "again after that one, which was stopped without a savepoint",
        "again after that one, and one that was stopped",
        "from an older savepoint after one that went less far",
        "not from the savepoint that was made while it ran on",
        "from an older savepoint",
        "with empty state",
        "from another savepoint",
        "without checkpoints",
        "after it was stopped",
        "after it was restarted and ran well",
        "beside one that runs",
        "after one between was stopped",
        "after one between was stopped before it ran",
        "after one between was stopped as it came to run",
        "from a savepoint of which nobody knew before",
    ],
)
def test_which_doubles_are_documented(starts: list[Start], writers: list[int], documented: bool) -> None:
    assert is_documented(writers, Ledger(starts)) is documented
