# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others do while a write of a task is lost, so that nobody knows whether the service has carried it out."""

from __future__ import annotations

import functools

import pytest
from ansible_collections.otc.dli.plugins.module_utils._read.reader import JobReader
from ansible_collections.otc.dli.plugins.modules import dli_flink_savepoint

from laws.test_laws import FLEET_JOB, SAVED, THEIRS
from local_dli.clock_engine import Step
from local_dli.errors import ApiError
from modules.test_lifecycle import NEW, OLD


@pytest.mark.parametrize("is_carried_out", [True, False])
@pytest.mark.parametrize("status", ["job_running", "job_cancel_success"])
def test_a_change_after_the_own_one_was_lost_is_not_set_back(world, monkeypatch, status, is_carried_out):
    """L6: not even where the own one has not been carried out."""
    world.behave(savepoint_after_restart="kept")
    world.plant(status, **SAVED)
    world.lose_response(monkeypatch, "update", is_carried_out)
    world.others(f"before show {3 if status == 'job_running' else 2}: update job entrypoint={THEIRS}")
    result = world("started" if status == "job_running" else "present", entrypoint=NEW)
    assert world.others_did_all() and len(world.done("update")) == is_carried_out
    assert result["failed"] and "somebody else has changed entrypoint meanwhile" in result["msg"]
    assert world.stands()[1] == THEIRS and not world.done("start")


@pytest.mark.parametrize(
    ("status", "options", "field"),
    [
        ("job_cancel_success", {"entrypoint": NEW}, "desc"),
        ("job_cancel_success", {"entrypoint": NEW}, "name"),
        ("job_running", {"entrypoint": OLD, "resume_checkpoint": True}, "resume_max_num"),
    ],
)
def test_what_somebody_else_changes_while_an_update_is_lost_is_not_set_back(world, monkeypatch, status, options, field):
    """L6: the update sends it too, though the task does not change it."""
    world.plant(status, resume_max_num=5, **SAVED)
    theirs = 7 if field == "resume_max_num" else "theirs"
    job = world.job

    world.lose_response(
        monkeypatch, "update", is_carried_out=False, meanwhile=lambda: job.fields.update({field: theirs})
    )
    result = world("present", **options)
    assert result["failed"] is (field == "name") and len(world.done("update")) == (field != "name")
    assert job.fields[field] == theirs and world.stands()[1] == (OLD if field == "name" else options["entrypoint"])


def test_an_own_update_that_is_carried_out_late_is_none_of_others(world, monkeypatch):
    """L5: neither the update nor that of the rollback gets a response."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    updates, update, job = [], world.service.jobs.update, world.job

    def lose_most(*sent, **options):
        updates.append(sent)
        if len(updates) > 4:
            return update(*sent, **options)
        if len(updates) == 4:
            job.fields["entrypoint"] = NEW
        raise ApiError(500, "DLI.0999", "No response.")

    monkeypatch.setattr(world.service.jobs, "update", lose_most)
    result = world(entrypoint=NEW, health_window=0)
    assert result["error"]["rolled_back"] and world.stands()[:2] == ("job_running", OLD)


def test_a_change_after_that_of_a_rollback_was_lost_is_not_set_back(world, monkeypatch):
    """L6: as it is without a rollback."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.service.jobs.plan_start("job", "submit_fail")
    job = world.job
    world.lose_response(monkeypatch, "update", False, lambda: job.fields.update(entrypoint=THEIRS), number=2)
    result = world(entrypoint=NEW, health_window=0)
    assert "somebody else has changed entrypoint meanwhile" in result["msg"] and world.stands()[1] == THEIRS


def test_a_rejection_is_said_although_somebody_else_has_changed_the_job(world, monkeypatch):
    """L6: what was rejected is not sent again."""
    world.plant("job_cancel_success", **SAVED)
    job = world.job

    def reject(*_sent, **_options):
        job.fields["entrypoint"] = THEIRS
        raise ApiError(400, "DLI.0005", "The main class is invalid.")

    monkeypatch.setattr(world.service.jobs, "update", reject)
    result = world("present", entrypoint=NEW)
    assert "The main class is invalid." in result["msg"] and world.stands()[1] == THEIRS


def test_a_job_that_somebody_starts_while_its_deletion_is_lost_is_not_deleted(world, monkeypatch):
    """L2, L6: it runs, and has made no savepoint since."""
    world.plant("job_cancel_success", **SAVED)
    job = world.job
    world.lose_response(monkeypatch, "delete", False, lambda: world.service.jobs.set_status(job.job_id, "job_running"))
    result = world("absent")
    assert result["failed"] and "somebody else has started it meanwhile" in result["msg"]
    assert world.stands()[0] == "job_running" and not world.done("delete")
    assert result["changed"] and result["actions"] == [], "the lost deletion may be carried out yet"


@pytest.mark.parametrize("deed", ["definition", "savepoint"])
def test_a_job_that_somebody_changes_while_its_start_is_lost_is_not_started(world, monkeypatch, deed):
    """L2, L6: it would start what nobody has asked for."""
    world.plant("job_cancel_success", **SAVED)
    job = world.job

    def change():
        if deed == "definition":
            job.fields["entrypoint"] = THEIRS
        else:
            job.set_savepoint("obs://bucket/theirs/")

    world.lose_response(monkeypatch, "start", False, change)
    result = world(entrypoint=OLD)
    assert result["failed"] and "so it was not started" in result["msg"] and not world.done("start")


@pytest.mark.parametrize("deed", ["definition", "savepoint"])
def test_a_job_that_somebody_changes_while_the_start_of_a_rollback_is_lost_is_not_started(world, monkeypatch, deed):
    """L5, L6: the definition is that of the version that has failed; the savepoint had been dropped before."""
    world.plant()
    job = world.job
    world.service.jobs.plan_start("job", "submit_fail")

    def change():
        if deed == "definition":
            job.fields["entrypoint"] = NEW
        else:
            job.set_savepoint("obs://bucket/theirs/")

    world.lose_response(monkeypatch, "start", False, change, number=2)
    result = world(entrypoint=NEW, health_window=0)
    assert "so it was not started" in result["msg"] and not result["error"].get("rolled_back")
    assert len(world.done("start")) == 1


def test_a_job_that_somebody_keeps_by_its_tags_while_its_purge_is_lost_is_not_deleted(world, monkeypatch):
    """L6: it is no longer one of those that are purged."""
    tags = [{"key": "team", "value": "ours"}]
    world.plant("job_cancel_success", tags=tags, **SAVED)
    job = world.job
    world.lose_response(monkeypatch, "delete", False, lambda: job.fields.update(tags=[]))
    result = world.fleet(purge=True, purge_scope={"tags": {"team": "ours"}}, allow_empty=True)
    assert result["failed"] and "somebody else has changed its tags meanwhile" in str(result)
    assert not world.done("delete")


def test_an_own_update_that_shows_when_the_job_is_read_again_is_done(world, monkeypatch):
    """L4: whatever else the service changes with it."""
    world.plant("job_cancel_success", **SAVED)
    job, reads = world.job, []
    detail = JobReader.detail

    def late(self, job_id):
        reads.append(job_id)
        if len(reads) == 2:
            job.fields.update(entrypoint=NEW, checkpoint_interval=30)
        return detail(self, job_id)

    world.lose_response(monkeypatch, "update", False, lambda: monkeypatch.setattr(JobReader, "detail", late))
    result = world("present", entrypoint=NEW)
    assert not result["failed"] and not world.done("update")


def test_a_savepoint_that_somebody_imports_while_the_own_import_is_lost_stays(world, monkeypatch):
    """L6: theirs wins."""
    world.plant("job_cancel_success", **SAVED)
    job = world.job
    world.lose_response(monkeypatch, "import_savepoint", False, lambda: job.set_savepoint("obs://bucket/theirs/"))
    result = world.run(dli_flink_savepoint, name="job", state="imported", savepoint_path="obs://bucket/mine/one")
    assert result["failed"] and "it shows another savepoint by now, obs://bucket/theirs/, so" in result["msg"]
    assert job.savepoint_path == "obs://bucket/theirs/"


def test_a_tag_that_somebody_sets_while_the_own_one_is_lost_stays(world, monkeypatch):
    """L6: theirs wins."""
    world.plant("job_cancel_success", **SAVED)
    job = world.job

    theirs = [{"key": "team", "value": "theirs"}]
    world.lose_response(monkeypatch, "set_tags", False, lambda: job.fields.update(tags=theirs))
    result = world("present", tags={"team": "ours"})
    assert result["failed"] and "somebody else has changed its tags meanwhile" in result["msg"]
    assert job.fields["tags"] == theirs


def test_a_crash_says_nothing_about_a_stop_without_a_savepoint_that_was_lost(world, monkeypatch):
    """L4: only a savepoint can have failed, so the stop is sent again."""
    world.plant()
    job = world.job
    world.lose_response(monkeypatch, "stop", False, lambda: setattr(job, "status_desc", "Task 7 failed."))
    result = world(entrypoint=NEW, upgrade_mode="stateless", health_window=0)
    assert not result["failed"] and len(world.done("stop")) == 1


def test_the_reason_of_a_restart_says_nothing_about_a_stop_that_was_lost(world, monkeypatch):
    """L4: the stop is sent again."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    job = world.job

    def restart():
        job.status_desc, job.restart_times = "Task 7 failed.", job.restart_times + 1

    world.lose_response(monkeypatch, "stop", False, restart)
    result = world(entrypoint=NEW, health_window=0)
    assert not result["failed"] and len(world.done("stop")) == 1


@pytest.mark.parametrize("state", ["started", "restarted", "stopped"])
def test_a_version_that_somebody_starts_while_the_own_stop_is_lost_is_not_stopped(world, monkeypatch, state):
    """L6: what runs by then is theirs."""
    world.behave(savepoint_after_restart="kept")
    world.plant()

    upgrade = functools.partial(world.others_now, "upgrade", "job", f"entrypoint={THEIRS}")
    world.lose_response(monkeypatch, "stop", is_carried_out=False, meanwhile=upgrade)
    result = world(state, entrypoint=NEW)
    assert result["failed"] and "somebody else has started it meanwhile" in result["msg"]
    assert world.stands()[:2] == ("job_running", THEIRS)


def test_a_version_that_somebody_starts_while_the_stop_of_a_rollback_is_lost_is_not_stopped(world, monkeypatch):
    """L6, L1: the rollback stops without a savepoint."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.service.jobs.plan_start("job", "stuck")

    upgrade = functools.partial(world.others_now, "upgrade", "job", f"entrypoint={THEIRS}")
    world.lose_response(monkeypatch, "stop", is_carried_out=False, meanwhile=upgrade, number=2)
    result = world(entrypoint=NEW)
    assert not result["error"]["rolled_back"] and "somebody else has started it meanwhile" in result["msg"]
    assert world.stands()[:2] == ("job_running", THEIRS)


def test_a_job_that_somebody_starts_anew_while_the_stop_of_a_purge_is_lost_is_not_deleted(world, monkeypatch):
    """L6: it is needed again."""
    world.behave(savepoint_after_restart="kept")
    world.service.jobs.add(name="team-a", **FLEET_JOB)
    world.service.jobs.add(name="team-old", **FLEET_JOB)

    upgrade = functools.partial(world.others_now, "upgrade", "team-old", f"entrypoint={THEIRS}")
    world.lose_response(monkeypatch, "stop", is_carried_out=False, meanwhile=upgrade)
    world.fleet({"name": "team-a"}, purge=True, purge_scope={"name_prefix": "team-"})
    assert {found.name for found in world.service.jobs.all()} == {"team-a", "team-old"}


@pytest.mark.parametrize("number", [6, 8, 10, 15])
def test_a_version_that_somebody_starts_after_a_batch_was_refused_as_a_whole_is_not_stopped(world, number):
    """L6: one job that cannot be stopped makes it unknown what became of the others."""
    world.behave(savepoint_after_restart="kept", batch_refusal="whole")
    jobs = [{"name": name, "entrypoint": NEW, "state": "started"} for name in ("one", "two", "three")]
    _one, two, _three = [world.service.jobs.add(name=job["name"], **FLEET_JOB) for job in jobs]
    world.others("before stop 1: finish one", f"before request {number}: upgrade two entrypoint={THEIRS}")
    world.fleet(*jobs)
    assert world.others_did_all()
    assert (two.status, two.fields["entrypoint"]) == ("job_running", THEIRS)


def test_a_job_that_came_to_run_while_its_stop_was_lost_is_stopped(world, monkeypatch):
    """L4: it was being submitted, so that it has another start time is no act of others."""
    world.behave(savepoint_after_restart="kept", submit_seconds=10.0)
    world.plant("job_cancel_success", **SAVED)
    world.others_now("start", "job")
    world.lose_response(monkeypatch, "stop", is_carried_out=False, meanwhile=lambda: world.clock.sleep(12))
    result = world("stopped")
    assert not result["failed"] and world.stands()[0] == "job_cancel_success"


def test_a_restart_by_the_service_while_the_stop_of_a_rollback_is_lost_is_no_start_of_others(world, monkeypatch):
    """L4: what fails again and again is stopped all the same."""
    world.behave(savepoint_after_restart="kept")
    world.plant(restart_when_exception=True)
    fails = [Step(10.0, "job_running_exception", "It crashed."), Step(2.0, "job_submitting")]
    loop = [*fails, Step(1.0, "job_running", restarts=True)] * 50
    world.script(monkeypatch, "start", "job_submitting", Step(0.5, "job_running"), *loop)
    world.lose_response(monkeypatch, "stop", is_carried_out=False, number=2)
    assert world(entrypoint=NEW, health_window=60)["error"]["rolled_back"]


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_start_time_that_shows_late_is_no_start_of_others(world, monkeypatch, is_lost):
    """L4: until then the job shows that of the run before."""
    world.behave(savepoint_after_restart="kept", cancel_seconds=3.0)
    world.plant(start_time=1_600_000_000_000, **SAVED)
    world.job.odd["start_time"] = 1_500_000_000_000
    world.redefine(monkeypatch, "restart", world.job.odd.clear)
    world.others(f"before show {2 if is_lost else 3}: restart job")
    if is_lost:
        world.lose_response(monkeypatch, "stop", is_carried_out=False)
    assert not world(entrypoint=NEW, health_window=0)["failed"]
    assert world.stands()[:2] == ("job_running", NEW)
