# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others do while a task stops or starts a job, rolls back, or waits for a savepoint."""

from __future__ import annotations

import pytest
from ansible_collections.otc.dli.plugins.module_utils._read.reader import JobReader
from ansible_collections.otc.dli.plugins.modules import dli_flink_savepoint

from local_dli.clock_engine import Step
from local_dli.errors import ApiError
from modules.test_lifecycle import NEW, OLD, SAVEPOINT

THEIRS = "obs://bucket/job-3.jar"
SAVED = {"has_savepoint": True, "savepoint_path": SAVEPOINT}


def carried_out(world):
    """Return whether the service has carried out all that the others wanted."""
    return {deed.refused for deed in world.service.actor.done} == {""}


# While a task rolls back


@pytest.mark.parametrize("deed", ["stop job", "stop-saved job"])
def test_a_stop_right_before_that_of_a_rollback_is_not_undone(world, deed):
    """L6: the service rejects the stop of the task, because the job is being stopped already."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    switches = "behave savepoint_late_seconds=30.0 cancel_seconds=1.0"
    world.others("before show 5: restart job", *(f"before stop 2: {what}" for what in (switches, deed)))
    result = world(entrypoint=NEW, health_window=60)
    assert carried_out(world)
    assert result["failed"] and "somebody else has stopped it meanwhile" in result["msg"]
    assert "Rolled back" not in result["msg"] and len(world.done("start")) == 1
    assert [action["operation"] for action in result["actions"]] == ["stop", "update", "run"]


def test_a_start_right_before_that_of_a_rollback_is_no_success_of_the_rollback(world):
    """L4: somebody has started the previous version, with empty state."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.service.jobs.plan_start("job", "submit_fail")
    world.others("before run 2: start-empty job")
    result = world(entrypoint=NEW, health_window=30)
    assert carried_out(world)
    assert result["failed"] and "somebody else has started it meanwhile" in result["msg"]
    assert not result["error"].get("rolled_back")


@pytest.mark.parametrize("number", range(5, 9))
def test_a_savepoint_that_somebody_is_making_is_not_passed_over(world, number):
    """L6, L2: it is one of the new version, which has crashed once, and shows only after the rollback would be over."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    save = ("behave savepoint_seconds=8.0 savepoint_late_seconds=10.0", "save job")
    world.others("before show 5: restart job", *(f"before show {number}: {what}" for what in save))
    result = world(entrypoint=NEW, health_window=60)
    assert carried_out(world)
    assert result["failed"] and "somebody else" in result["msg"]
    assert world.stands()[:2] == ("job_running", NEW) and len(world.done("stop")) == 1


@pytest.mark.parametrize("number", range(14, 19))
def test_a_value_that_somebody_sets_after_one_that_the_service_kept_is_not_set_back(world, number):
    """L6: the service does not clear the field, so that it is not as desired already."""
    world.behave(savepoint_after_restart="kept", clearing="ignored")
    world.plant(main_class="org.Old")
    world.service.jobs.plan_start("job", "exception_after:2")
    world.others(f"before show {number}: update job main_class=org.Theirs")
    result = world(entrypoint=NEW, main_class="", health_window=30)
    if carried_out(world):
        assert result["failed"] and world.job.fields["main_class"] == "org.Theirs"


def test_a_value_that_the_service_keeps_hinders_no_rollback(world):
    """L5: nobody has set it."""
    world.behave(savepoint_after_restart="kept", clearing="ignored")
    world.plant(main_class="org.Old")
    world.service.jobs.plan_start("job", "exception_after:2")
    result = world(entrypoint=NEW, main_class="", health_window=30)
    assert result["error"]["rolled_back"] is True and world.stands()[:2] == ("job_running", OLD)


def test_the_health_window_of_a_job_that_is_restarted_for_ever_ends(world, monkeypatch):
    """The service does not count the restarts, and each read shows another status."""
    world.behave(savepoint_after_restart="kept")
    world.plant(restart_when_exception=True)
    again = [Step(1.4, "job_submitting"), Step(1.6, "job_running_exception")] * 1000
    first = (Step(2.0, "job_running"), Step(3.0, "job_running_exception"))
    world.script(monkeypatch, "start", "job_submitting", *first, *again)
    began = world.clock.now
    assert world(entrypoint=NEW, health_window=30)["failed"]
    assert world.clock.now - began < 4 * 60


# While it waits for a savepoint before it starts a job


@pytest.mark.parametrize("state", ["started", "restarted"])
def test_a_job_that_finishes_meanwhile_is_not_started_twice(world, state):
    """L6: somebody has started it, and it has done its work."""
    world.behave(savepoint_after_restart="kept", finish_after_seconds=0.0)
    world.plant("job_cancel_success", **SAVED)
    world.others("before show 2: start job")
    result = world(state, health_window=0)
    assert carried_out(world)
    assert len(world.done("start")) == (0 if state == "started" else 1)
    assert not result["failed"]


def test_a_stop_meanwhile_gets_the_same_time_to_show_its_savepoint(world):
    """L2: somebody has started the job, and stopped it with a savepoint that shows late."""
    world.behave(savepoint_after_restart="kept")
    world.plant("job_cancel_success", **SAVED)
    deeds = ("start job", "behave savepoint_late_seconds=5.0", "stop-saved job")
    world.others(*(f"before show 2: {deed}" for deed in deeds))
    result = world("started", health_window=0)
    assert carried_out(world) and not result["failed"]
    (start,) = world.done("start")
    assert f"jobs/savepoint/{world.job.job_id}/" in start.before.savepoint_path


def test_a_definition_that_changes_meanwhile_is_planned_anew(world):
    """L3, L4: what the task starts is what it describes."""
    world.behave(savepoint_after_restart="kept")
    world.plant("job_cancel_success", **SAVED)
    world.others(f"before show 2: update job entrypoint={THEIRS} desc=theirs")
    result = world("started", entrypoint=OLD, health_window=0)
    assert carried_out(world) and not result["failed"]
    assert world.stands()[:2] == ("job_running", OLD) and world.job.fields["desc"] == "theirs"
    assert [action["operation"] for action in result["actions"]] == ["update", "run"]


def test_a_job_that_has_finished_while_it_was_stopped_gets_the_same_time(world):
    """L7: a JobManager that is lost can leave it so; a task that was not killed waits for the savepoint too."""
    world.behave(savepoint_after_restart="kept", savepoint_late_seconds=5.0)
    job = world.plant(start_time=1_600_000_000_000)
    job.set_savepoint(f"{job.savepoint_folder}/1600000060000/")
    world.follow("job_finish", Step(5.0, "job_finish", savepoint_folder=job.savepoint_folder))
    assert not world("restarted", health_window=0)["failed"]
    (start,) = world.done("start")
    assert "1600000060000" not in start.before.savepoint_path


@pytest.mark.parametrize(
    ("status", "options", "seconds"),
    [("job_init", {}, 0), ("job_cancel_success", {"wait_timeout": 5}, 5), ("job_cancel_success", {}, 15)],
    ids=["never ran", "a short time-out", "by default"],
)
def test_how_long_a_start_waits(world, status, options, seconds):
    """What never ran was not stopped, and no wait is longer than the time-out."""
    world.behave(savepoint_after_restart="kept")
    world.plant(status, **SAVED)
    began = world.clock.now
    assert not world("started", health_window=0, **options)["failed"]
    assert seconds <= world.clock.now - began < seconds + 3


# While a task stops a job


REFUSED = "the stop of this task has failed: Planned failure of the stop; somebody else has stopped it meanwhile"


@pytest.mark.parametrize("deed", ["stop job", "stop-saved job"])
@pytest.mark.parametrize(("seconds", "number"), [(2.0, 6), (0.0, 4), (0.0, 7), (0.0, 9)])
def test_a_stop_after_the_own_one_has_failed_is_not_undone(world, deed, seconds, number):
    """L6: the service has said why it failed before the other one began, so no old response shows that."""
    world.behave(savepoint_after_restart="kept", cancel_seconds=seconds)
    world.plant()
    world.service.jobs.plan_stop("job", "runs_on")
    world.others(f"before show {number}: {deed}")
    result = world(entrypoint=NEW, health_window=0)
    assert carried_out(world)
    assert result["failed"] and REFUSED in result["msg"]
    assert world.stands()[:2] == ("job_cancel_success", OLD) and not world.done("start")


@pytest.mark.parametrize("state", ["started", "stopped"])
@pytest.mark.parametrize("number", [4, 6, 9])
def test_a_stop_after_the_own_one_whose_response_was_lost_is_not_undone(world, monkeypatch, state, number):
    """L6: that the own one has failed shows that it was carried out, so it is not sent again, nor is the other it."""
    world.behave(savepoint_after_restart="kept", cancel_seconds=0.0)
    world.plant()
    world.service.jobs.plan_stop("job", "runs_on")
    world.lose_response(monkeypatch, "stop")
    world.others(f"before show {number}: stop-saved job")
    result = world(state, entrypoint=OLD if state == "stopped" else NEW, health_window=0)
    assert carried_out(world) and len(world.done("stop")) == 1
    assert world.stands()[:2] == ("job_cancel_success", OLD) and not world.done("start")
    assert REFUSED in result["msg"] if state == "started" else "Somebody else has brought" in str(result["warnings"])


@pytest.mark.parametrize("number", [6, 7])
def test_a_stop_after_the_own_one_has_failed_may_be_all_that_is_wanted(world, number):
    """L4: the job is as it should be."""
    world.behave(savepoint_after_restart="kept", cancel_seconds=2.0)
    world.plant()
    world.service.jobs.plan_stop("job", "runs_on")
    world.others(f"before show {number}: stop-saved job")
    result = world("stopped")
    assert carried_out(world) and not result["failed"]
    assert "Somebody else has brought" in str(result["warnings"])


def test_a_stop_that_is_still_tried_is_the_own_one(world, monkeypatch):
    """L4: the job was still being submitted, and ran for a moment, with the reason why it took so long."""
    world.behave(savepoint_after_restart="kept", submit_seconds=0.0)
    world.plant()
    world.service.jobs.plan_start("job", "stuck")
    engine = world.service.jobs.engine
    stop, asked = engine.stop, []

    def stops_late(*args):
        asked.append(args)
        if len(asked) == 1:
            return stop(*args)
        ran = Step(23.0, "job_running", "Slots came late.")
        return world.follow("job_submitting", ran, Step(2.0, "job_canceling"), Step(2.0, "job_cancel_success"))

    monkeypatch.setattr(engine, "stop", stops_late)
    result = world(entrypoint=NEW, health_window=0)
    assert result["error"]["rolled_back"] and world.stands()[:2] == ("job_running", OLD)


@pytest.mark.parametrize("state", ["started", "stopped"])
@pytest.mark.parametrize("lag", [2.0, 3.0])
@pytest.mark.parametrize("first", ["fresh", "behind"])
def test_an_old_response_about_the_own_stop_is_no_stop_of_others(world, state, lag, first):
    """L4: the stop has failed, and nobody else is there."""
    world.behave(savepoint_after_restart="kept", replica_lag_seconds=lag, replica_first=first, cancel_seconds=4.0)
    world.plant()
    world.clock.sleep(100)
    world.service.jobs.plan_stop("job", "runs_on")
    result = world(state, entrypoint=NEW, health_window=0)
    assert result["failed"] and "somebody else" not in result["msg"]


def test_a_start_and_a_stop_while_the_savepoint_shows_late_are_not_undone(world):
    """L6, L2: the savepoint that shows then is not that of the own stop."""
    world.behave(savepoint_after_restart="kept", savepoint_late_seconds=60.0)
    world.plant(**SAVED)
    now = "behave savepoint_after_restart=kept savepoint_late_seconds=0.0"
    world.others(*(f"before show 6: {deed}" for deed in ("start job", now, "stop-saved job")))
    result = world(entrypoint=NEW, health_window=0)
    assert carried_out(world)
    assert result["failed"] and "somebody else has stopped it meanwhile" in result["msg"]
    assert not world.done("update") and not world.done("start")


def test_a_start_and_a_stop_between_the_own_stop_and_start_are_not_undone(world):
    """L6: what the job has done meanwhile would be done again from the savepoint of the own stop."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.others(*(f"before show 3: {deed}" for deed in ("start job", "stop job")))
    result = world(entrypoint=NEW, health_window=0)
    assert carried_out(world)
    assert result["failed"] and "somebody else has stopped it meanwhile" in result["msg"]
    assert not world.done("start")


# While a task starts a job


@pytest.mark.parametrize("outcome", ["submit_fail", "exception_after:0"])
def test_a_start_after_the_own_one_has_failed_is_named(world, outcome):
    """L4: the job runs as it should, but somebody else has started it, with empty state."""
    world.behave(savepoint_after_restart="kept")
    world.plant("job_cancel_success", **SAVED)
    world.service.jobs.plan_start("job", outcome)
    world.others("before show 4: start-empty job")
    result = world(resume_savepoint=True, health_window=0)
    assert carried_out(world) and len(world.done("start")) == 1
    assert not result["failed"] and "Somebody else has started Flink job job again" in str(result["warnings"])


def test_a_start_of_another_version_after_the_own_one_has_failed_is_no_success(world):
    """L4: it is the version before."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.service.jobs.plan_start("job", "submit_fail")
    world.others(*(f"before show 6: {deed}" for deed in (f"update job entrypoint={OLD}", "start-empty job")))
    result = world(entrypoint=NEW, health_window=0)
    assert carried_out(world) and len(world.done("start")) == 1
    assert result["failed"] and "somebody else has started it again meanwhile, so it was left alone" in result["msg"]


@pytest.mark.parametrize("number", [10, 11])
def test_a_start_after_that_of_a_rollback_has_failed_is_no_success_of_it(world, number):
    """L4: the previous version runs, but with empty state."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.service.jobs.plan_start("job", "exception_after:0")
    world.service.jobs.plan_start("job", "submit_fail")
    world.others(f"before show {number}: start-empty job")
    result = world(entrypoint=NEW, health_window=0)
    assert carried_out(world) and len(world.done("start")) == 2
    assert "somebody else has started it again meanwhile" in result["msg"]
    assert not result["error"].get("rolled_back")


# While a write of a task is lost


@pytest.mark.parametrize("is_carried_out", [True, False])
@pytest.mark.parametrize("status", ["job_running", "job_cancel_success"])
def test_a_change_after_the_own_one_was_lost_is_not_set_back(world, monkeypatch, status, is_carried_out):
    """L6: not even where the own one has not been carried out."""
    world.behave(savepoint_after_restart="kept")
    world.plant(status, **SAVED)
    world.lose_response(monkeypatch, "update", is_carried_out)
    world.others(f"before show {3 if status == 'job_running' else 2}: update job entrypoint={THEIRS}")
    result = world("started" if status == "job_running" else "present", entrypoint=NEW)
    assert carried_out(world) and len(world.done("update")) == is_carried_out
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


# While a task makes a savepoint


def test_a_savepoint_after_the_own_one_has_failed_is_not_the_own_one(world, monkeypatch):
    """L4: that of somebody else lies elsewhere."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.script(monkeypatch, "save", "job_savepointing", Step(1.0, "job_running", "The savepoint failed."))
    world.others("before show 6: save job")
    result = world.run(dli_flink_savepoint, name="job", savepoint_path="obs://bucket/mine", wait_timeout=60)
    assert result["failed"] and "The savepoint failed; it shows no new savepoint" in result["msg"]


@pytest.mark.parametrize("is_lost", [True, False])
@pytest.mark.parametrize("number", [8, 9])
def test_a_savepoint_after_the_own_one_has_failed_at_once_is_not_the_own_one(world, monkeypatch, number, is_lost):
    """L4: three seconds show it; where the response is lost, it is not sent again, as it was carried out."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.script(monkeypatch, "save", "job_running", Step(0.0, "job_running", "The savepoint failed."))
    if is_lost:
        world.lose_response(monkeypatch, "save")
    world.others(f"before show {number}: save job")
    result = world.run(dli_flink_savepoint, name="job", savepoint_path="obs://bucket/mine", wait_timeout=60)
    assert result["failed"] and "The savepoint failed; it shows no new savepoint" in result["msg"]
    assert len(world.done("save")) == 1


def test_a_savepoint_that_fails_at_once_is_no_time_out(world, monkeypatch):
    """However short the task wants to wait."""
    world.plant()
    world.script(monkeypatch, "save", "job_running", Step(0.0, "job_running", "The savepoint failed."))
    result = world.run(dli_flink_savepoint, name="job", savepoint_path="obs://bucket/mine", wait_timeout=2)
    assert result["failed"] and "The savepoint failed; it shows no new savepoint" in result["msg"]
