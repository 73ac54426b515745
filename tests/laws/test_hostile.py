# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laws about state where responses leave something out, or people touch what the task does not manage."""

from __future__ import annotations

import pytest

from laws.test_laws import FLEET_JOB, KINDS, SAVED
from local_dli import reading
from local_dli.jobs import Job
from local_dli.lifecycle import ALIVE, RUNNING
from modules.test_lifecycle import NEW, OLD, SAVEPOINT


def read_as(monkeypatch, change, *kinds):
    """Let reads of some kinds, C(detailed_item) or C(detail), show a job as C(change) of the job and answer says."""

    def changed(real):
        return lambda job, behaviour, now_ms: change(job, real(job, behaviour, now_ms), now_ms)

    for kind in kinds:
        monkeypatch.setattr(reading, kind, changed(getattr(reading, kind)))


@pytest.fixture(name="paths_in_details_only")
def fixture_paths_in_details_only(monkeypatch):
    """The list says whether there is a savepoint, but not where it is, as in the example of the reference."""

    def without_path(_job, answer, _now_ms):
        return {name: value for name, value in answer.items() if name != "savepoint_path"}

    read_as(monkeypatch, without_path, "detailed_item")


@pytest.fixture(name="restarts_of_each_run")
def fixture_restarts_of_each_run(monkeypatch):
    """The service counts the restarts of each run anew."""
    enter = Job.enter

    def enter_anew(self, status, wall_ms, desc=""):
        if status == RUNNING and self.status not in ALIVE:
            self.restart_times = 0
        enter(self, status, wall_ms, desc)

    monkeypatch.setattr(Job, "enter", enter_anew)


@pytest.fixture(name="late_start_times")
def fixture_late_start_times(monkeypatch):
    """The service shows for 8 seconds that a job runs, but not since when."""

    def late(job, answer, now_ms):
        is_new = job.start_time is not None and now_ms - job.start_time < 8000
        return answer | ({"start_time": None} if is_new else {})

    read_as(monkeypatch, late, "detailed_item", "detail")


# Savepoints in a list that does not show where they are


@pytest.mark.usefixtures("paths_in_details_only")
@pytest.mark.parametrize("savepoint", ["made", "never_shown"])
def test_a_savepoint_without_a_path_does_not_pass_for_a_newer_one(world, savepoint):
    """L2: the list says only that there is a savepoint, and that may be the one of before the stop."""
    world.behave(savepoint=savepoint, savepoint_after_restart="kept")
    jobs = [{"name": name, "entrypoint": NEW, "state": "started"} for name in ("one", "two", "three")]
    for job in jobs:
        world.service.jobs.add(name=job["name"], **FLEET_JOB, **SAVED)
    result = world.fleet(*jobs)
    assert not [start for start in world.done("start") if start.before.savepoint_path == SAVEPOINT]
    assert result["failed"] == (savepoint == "never_shown"), result["msg"]


@pytest.mark.usefixtures("paths_in_details_only")
def test_an_upgrade_is_rolled_back_where_the_list_shows_no_path(world):
    """L2: the detail says where the savepoint is, from which the previous version resumes."""
    jobs = [{"name": name, "entrypoint": NEW, "state": "started"} for name in ("one", "two", "three")]
    for job in jobs:
        world.service.jobs.add(name=job["name"], **FLEET_JOB)
    world.service.jobs.plan_start("one", "exception_after:5")
    result = world.fleet(*jobs)
    assert result["jobs"][0]["error"]["rolled_back"] is True
    assert [job.fields["entrypoint"] for job in world.service.jobs.all()] == [OLD, NEW, NEW]


# Jobs that have run, by their status


@KINDS
@pytest.mark.parametrize(
    ("state", "status"),
    [("started", "job_running_exception"), ("restarted", "job_running_exception"), ("restarted", "job_finish")],
)
def test_a_job_that_has_ended_has_run_whatever_its_start_time_says(world, kind, state, status):
    """L1: who has crashed or finished has run, and the service may show no start time of what does not run."""
    world.kind = kind
    world.plant(status, start_time=None)
    result = world(state, **{kind.version: NEW})
    assert result["failed"] and "resume_savepoint" in result["msg"]
    assert world.done("start") == []


# What others do to what the task does not manage


@pytest.mark.parametrize("field", ["smn_topic=theirs", "resume_max_num=7", "restart_when_exception=true"])
def test_a_rollback_keeps_what_somebody_else_has_set_meanwhile(world, field):
    """L6: they change a field of the running job, which the task does not manage; then the new version fails."""
    name, _sign, value = field.partition("=")
    world.behave(savepoint_after_restart="kept")
    world.plant(smn_topic="before", resume_max_num=1)
    world.service.jobs.plan_start("job", "exception_after:20")
    world.others(f"after show 6: update job {field}")
    result = world(entrypoint=NEW, health_window=60)
    assert [done.refused for done in world.service.actor.done] == [""]
    assert result["error"]["rolled_back"] is True
    assert (world.job.fields["entrypoint"], str(world.job.fields[name]).lower()) == (OLD, value)


def test_a_new_name_that_somebody_else_has_given_is_not_undone(world):
    """L6: the task is about to rename the job too, which it knows by its id."""
    job = world.plant()
    world.others("before show 2: rename job theirs")
    result = world(name="ours", job_id=job.job_id, entrypoint=NEW)
    assert [done.refused for done in world.service.actor.done] == [""]
    assert result["failed"] and "somebody else has changed name meanwhile" in result["msg"]
    assert world.job.name == "theirs"


# What the service says of a start


@pytest.mark.usefixtures("restarts_of_each_run")
@pytest.mark.parametrize("before", [1, 3])
@pytest.mark.parametrize("restarts", [True, False])
def test_a_restart_counts_where_each_run_is_counted_anew(world, before, restarts):
    """L4: the count begins at 0 with each start, so that it need not exceed the one of the run before."""
    world.plant(restart_times=before)
    world.service.jobs.plan_start("job", "restarts_after:5" if restarts else "running")
    result = world(entrypoint=NEW, health_window=30)
    assert result["failed"] is restarts


@pytest.mark.usefixtures("late_start_times")
@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("status", ["job_init", "job_cancel_success"])
def test_a_start_time_that_shows_late_is_that_of_the_own_start(world, status, fails):
    """L4: nobody else has started the job, so the health window goes on."""
    world.behave(savepoint_after_restart="kept")
    world.plant(status, **({} if status == "job_init" else SAVED))
    world.service.jobs.plan_start("job", "exception_after:20" if fails else "running")
    began = world.clock.now
    result = world(entrypoint=NEW, health_window=30)
    assert result["failed"] is fails and "warnings" not in result
    assert fails or world.clock.now - began >= 30


def plant_what_runs_right_before_its_stop(world, monkeypatch):
    """Plant a job that is being submitted for the first time, and comes to run between the last read and the stop."""
    world.plant("job_init")
    world.others_now("start-empty", "job")
    world.clock.sleep(1)
    stop = world.service.jobs.stop

    def comes_to_run(*sent, **options):
        monkeypatch.setattr(world.service.jobs, "stop", stop)
        world.clock.sleep(2.5)
        world.service.jobs.all()
        return stop(*sent, **options)

    monkeypatch.setattr(world.service.jobs, "stop", comes_to_run)


@pytest.mark.usefixtures("late_start_times")
def test_a_first_run_that_came_to_run_right_before_its_stop_keeps_its_state(world, monkeypatch):
    """L1: nothing but its savepoint says that it has run."""
    world.behave(savepoint_after_restart="kept", savepoint_seconds=1.0, submit_seconds=3.0)
    plant_what_runs_right_before_its_stop(world, monkeypatch)
    result = world("restarted", entrypoint=OLD, health_window=0)
    assert result["savepoint_path"] and not world.empty_starts()


@pytest.mark.usefixtures("late_start_times")
def test_a_first_run_whose_savepoint_shows_late_too_keeps_its_state(world, monkeypatch):
    """L1: no read falls on any sign that it has run."""
    world.behave(savepoint_after_restart="kept", submit_seconds=3.0, savepoint_late_seconds=5.0)
    plant_what_runs_right_before_its_stop(world, monkeypatch)
    world("restarted", entrypoint=OLD, health_window=0)
    assert world.done("start") and not world.empty_starts()


@pytest.mark.usefixtures("late_start_times")
def test_a_start_time_that_shows_while_a_savepoint_is_waited_for_is_no_start_of_others(world):
    """L4: it is that of the run which the task has stopped."""
    world.behave(savepoint_after_restart="kept", savepoint_late_seconds=6.0, cancel_seconds=2.0)
    world.plant("job_cancel_success", **SAVED)
    world.others_now("start", "job")
    world.clock.sleep(1)
    assert not world(entrypoint=NEW, health_window=0)["failed"]
