# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What others do while a task creates, stops or starts a job, rolls back, or waits for a savepoint."""

from __future__ import annotations

import pytest
from ansible_collections.otc.dli.plugins.modules import dli_flink_savepoint

from laws.test_laws import FLEET_JOB, SAVED, THEIRS
from local_dli.clock_engine import Step
from modules.test_lifecycle import NEW, OLD

# While a task rolls back


@pytest.mark.parametrize("deed", ["stop job", "stop-saved job"])
def test_a_stop_right_before_that_of_a_rollback_is_not_undone(world, deed):
    """L6: the service rejects the stop of the task, because the job is being stopped already."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    switches = "behave savepoint_late_seconds=30.0 cancel_seconds=1.0"
    world.others("before show 5: restart job", *(f"before stop 2: {what}" for what in (switches, deed)))
    result = world(entrypoint=NEW, health_window=60)
    assert world.others_did_all()
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
    assert world.others_did_all()
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
    assert world.others_did_all()
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
    if world.others_did_all():
        assert result["failed"] and world.job.fields["main_class"] == "org.Theirs"


def test_a_value_that_the_service_keeps_hinders_no_rollback(world):
    """L5: nobody has set it."""
    world.behave(savepoint_after_restart="kept", clearing="ignored")
    world.plant(main_class="org.Old")
    world.service.jobs.plan_start("job", "exception_after:2")
    result = world(entrypoint=NEW, main_class="", health_window=30)
    assert result["error"]["rolled_back"] is True and world.stands()[:2] == ("job_running", OLD)


@pytest.mark.parametrize("deed", [f"update job entrypoint={THEIRS}", "rename job theirs"])
def test_what_somebody_changes_while_a_rollback_stops_a_job_is_not_set_back(world, deed):
    """L6: the job is read after that."""
    world.behave(savepoint_after_restart="kept", cancel_seconds=2.0)
    world.plant()
    world.service.jobs.plan_start("job", "stuck")
    world.others(f"before show 24: {deed}")
    result = world(entrypoint=NEW, health_window=0)
    assert world.others_did_all() and not result["error"]["rolled_back"]
    assert not world.done("start")[1:] and "somebody else has" in result["msg"]


@pytest.mark.parametrize("deed", ["start job", "start-empty job"])
@pytest.mark.parametrize("submit_seconds", [0, 3, 500])
def test_a_start_right_after_the_stop_of_a_rollback_is_named(world, deed, submit_seconds):
    """L6: what runs is theirs."""
    world.behave(savepoint_after_restart="kept", cancel_seconds=2.0)
    world.plant()
    world.service.jobs.plan_start("job", "stuck")
    slow = f"behave savepoint_after_restart=kept submit_seconds={submit_seconds}"
    world.others(f"before show 25: {slow}", f"before show 25: {deed}")
    result = world(entrypoint=NEW, health_window=0)
    assert world.others_did_all() and not result["error"]["rolled_back"]
    assert "somebody else has started it meanwhile" in result["msg"]


@pytest.mark.parametrize("number", [6, 24])
def test_a_rollback_keeps_what_somebody_has_changed_that_the_task_leaves_alone(world, number):
    """L6: the previous version runs with it."""
    world.behave(savepoint_after_restart="kept", cancel_seconds=2.0)
    world.plant(desc="before")
    world.service.jobs.plan_start("job", "stuck")
    world.others(f"before show {number}: update job desc=theirs")
    result = world(entrypoint=NEW, health_window=0)
    assert world.others_did_all() and result["error"]["rolled_back"]
    assert world.stands()[:2] == ("job_running", OLD) and world.job.fields["desc"] == "theirs"


def test_a_rollback_keeps_a_new_name_of_a_job_that_is_known_by_its_id(world):
    """L6: the task says nothing of its name."""
    world.behave(savepoint_after_restart="kept")
    job = world.plant()
    world.service.jobs.plan_start("job", "submit_fail")
    world.others("before show 7: rename job theirs")
    result = world(entrypoint=NEW, health_window=0, job_id=job.job_id, name=None)
    assert world.others_did_all() and result["error"]["rolled_back"] and job.name == "theirs"


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
    assert world.others_did_all()
    assert len(world.done("start")) == (0 if state == "started" else 1)
    assert not result["failed"]


def test_a_stop_meanwhile_gets_the_same_time_to_show_its_savepoint(world):
    """L2: somebody has started the job, and stopped it with a savepoint that shows late."""
    world.behave(savepoint_after_restart="kept")
    world.plant("job_cancel_success", **SAVED)
    deeds = ("start job", "behave savepoint_late_seconds=5.0", "stop-saved job")
    world.others(*(f"before show 2: {deed}" for deed in deeds))
    result = world("started", health_window=0)
    assert world.others_did_all() and not result["failed"]
    (start,) = world.done("start")
    assert f"jobs/savepoint/{world.job.job_id}/" in start.before.savepoint_path


def test_a_definition_that_changes_meanwhile_is_planned_anew(world):
    """L3, L4: what the task starts is what it describes."""
    world.behave(savepoint_after_restart="kept")
    world.plant("job_cancel_success", **SAVED)
    world.others(f"before show 2: update job entrypoint={THEIRS} desc=theirs")
    result = world("started", entrypoint=OLD, health_window=0)
    assert world.others_did_all() and not result["failed"]
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
    assert world.others_did_all()
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
    assert world.others_did_all() and len(world.done("stop")) == 1
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
    assert world.others_did_all() and not result["failed"]
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
    assert world.others_did_all()
    assert result["failed"] and "somebody else has stopped it meanwhile" in result["msg"]
    assert not world.done("update") and not world.done("start")


def test_a_start_and_a_stop_between_the_own_stop_and_start_are_not_undone(world):
    """L6: what the job has done meanwhile would be done again from the savepoint of the own stop."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.others(*(f"before show 3: {deed}" for deed in ("start job", "stop job")))
    result = world(entrypoint=NEW, health_window=0)
    assert world.others_did_all()
    assert result["failed"] and "somebody else has stopped it meanwhile" in result["msg"]
    assert not world.done("start")


def test_a_stop_after_a_restart_that_has_ended_the_own_one_is_not_undone(world):
    """L6: that the job ran again was read twice, and that it had been restarted; there is no other reason."""
    world.behave(savepoint_after_restart="kept", cancel_seconds=4.0, restart_by="flink")
    world.plant()
    world.service.jobs.plan_stop("job", "restarts")
    world.others("before show 8: stop-saved job")
    result = world(entrypoint=NEW, health_window=0)
    assert world.others_did_all()
    assert result["failed"] and "it ran again after the stop of this task; somebody else has stopped" in result["msg"]
    assert world.stands()[:2] == ("job_cancel_success", OLD) and not world.done("start")


def test_a_stop_after_a_restart_that_has_ended_the_own_one_may_be_all_that_is_wanted(world):
    """L4: it was no restart that brought the job there."""
    world.behave(savepoint_after_restart="kept", cancel_seconds=4.0, restart_by="flink")
    world.plant()
    world.service.jobs.plan_stop("job", "restarts")
    world.others("before show 8: stop-saved job")
    result = world("stopped")
    assert world.others_did_all() and "Somebody else has brought" in str(result["warnings"])


def test_a_restart_right_before_the_own_stop_is_no_failure_of_it(world):
    """L4: the job has run again since it was read, but not since it was to be stopped."""
    world.behave(savepoint_after_restart="kept", restart_by="flink")
    world.plant()
    world.others("before stop 1: restart job")
    assert not world(entrypoint=NEW, health_window=0)["failed"]
    assert world.others_did_all() and world.stands()[:2] == ("job_running", NEW)


def test_an_old_response_about_a_restart_before_the_own_stop_is_no_failure_of_it(world):
    """L4: one replica shows the restart only when the other one shows the stop."""
    world.behave(savepoint_after_restart="kept", replica_lag_seconds=4.0, cancel_seconds=6.0, restart_by="flink")
    world.plant()
    world("started", check_mode=True)
    world.clock.sleep(100)
    world("started", check_mode=True)
    world.others_now("restart", "job")
    world.clock.sleep(1.5)
    assert not world(entrypoint=NEW, health_window=0)["failed"]
    assert world.stands()[:2] == ("job_running", NEW)


@pytest.mark.parametrize("lag", [3.0, 5.0])
def test_an_old_response_about_a_crash_loop_hinders_no_rollback(world, monkeypatch, lag):
    """L4: likewise, while the rollback stops what is restarted again and again."""
    world.behave(savepoint_after_restart="kept", replica_lag_seconds=lag, cancel_seconds=6.0)
    world.plant()
    world("started", check_mode=True)
    world.clock.sleep(100)
    loop = [Step(3.0, "job_running", restarts=True)] * 1000
    world.script(monkeypatch, "start", "job_submitting", Step(2.0, "job_running"), *loop)
    assert world(entrypoint=NEW, health_window=30)["error"]["rolled_back"]


@pytest.mark.parametrize("lag", [2.0, 5.0, 10.0])
@pytest.mark.parametrize("state", ["restarted", "stopped"])
def test_an_old_response_about_an_earlier_stop_is_no_savepoint_of_the_own_one(world, lag, state):
    """L7: the job has not come to run since the first run of the same task."""
    world.behave(savepoint_after_restart="kept", replica_lag_seconds=lag, savepoint_seconds=4.0, submit_seconds=60.0)
    world.plant()
    world("started", check_mode=True)
    world.clock.sleep(100)
    assert not world("restarted", entrypoint=OLD, health_window=0, wait=False)["failed"]
    assert not world(state, entrypoint=OLD, health_window=0, wait_timeout=120)["failed"]


@pytest.mark.parametrize("times", [0, 3])
def test_a_restart_that_is_counted_anew_right_before_the_own_stop_is_no_start_of_others(world, monkeypatch, times):
    """L4: nothing but another start time shows."""
    world.behave(savepoint_after_restart="kept", cancel_seconds=2.0)
    world.plant(restart_when_exception=True, restart_times=times, **SAVED)

    def restart():
        world.job.enter("job_running_exception", world.service.jobs.now_ms(), "It crashed.")
        world.job.enter("job_running", world.service.jobs.now_ms())
        world.job.restart_times = min(times, 1)

    world.redefine(monkeypatch, "restart", restart)
    world.others("before stop 1: restart job")
    assert not world(entrypoint=NEW, health_window=0)["failed"]
    assert world.stands()[:2] == ("job_running", NEW)


def test_a_savepoint_that_shows_at_once_is_not_waited_for(world, monkeypatch):
    """L4: the job has finished while it was stopped, and had been down for the wait."""
    world.behave(savepoint_after_restart="kept")
    job = world.plant(**SAVED)
    saved = Step(3.0, "job_finish", savepoint_folder=job.savepoint_folder)
    world.script(monkeypatch, "stop", "job_savepointing", saved)
    began = world.clock.now
    assert not world("restarted", entrypoint=NEW, health_window=0)["failed"]
    assert world.clock.now - began < 10


def test_a_start_while_the_savepoint_of_somebody_elses_stop_may_show_is_no_success_of_a_stop(world):
    """L4: the own one was rejected."""
    world.behave(savepoint_after_restart="kept", submit_seconds=60.0)
    world.plant()
    world.others("before stop 1: stop-saved job", "before show 4: start job")
    result = world("stopped")
    assert world.others_did_all() and result["failed"] and "somebody else has started it" in result["msg"]


def test_a_savepoint_of_somebody_else_is_not_that_of_the_stop_of_somebody_else(world):
    """L2: the own stop was rejected, so nothing that shows is its own."""
    world.behave(savepoint_after_restart="kept", savepoint_seconds=4.0)
    world.plant()
    late = "behave savepoint_after_restart=kept savepoint_late_seconds=8 savepoint_seconds=0 cancel_seconds=0"
    world.others("before stop 1: save job", f"before show 7: {late}", "before show 7: stop-saved job")
    world(entrypoint=NEW, health_window=0)
    assert world.others_did_all()
    assert all("/jobs/savepoint/" in start.before.savepoint_path for start in world.done("start"))


@pytest.mark.parametrize("state", ["restarted", "stopped"])
def test_a_job_that_came_to_run_right_before_its_stop_keeps_its_state(world, monkeypatch, state):
    """L2: its start time shows from the submission on, so that it does not change when the job runs."""
    world.behave(savepoint_after_restart="kept", savepoint_late_seconds=5.0)
    world.plant("job_submitting", **SAVED)
    world.follow("job_submitting", Step(5.0, "job_submitting"))
    stop = world.service.jobs.stop

    def comes_to_run(*sent, **options):
        world.job.status = "job_running"
        return stop(*sent, **options)

    monkeypatch.setattr(world.service.jobs, "stop", comes_to_run)
    result = world(state, entrypoint=OLD, health_window=0)
    assert not result["failed"] and result["savepoint_path"].startswith(world.job.savepoint_folder)


def test_a_refused_stop_of_a_job_that_has_finished_is_no_change(world):
    """L4: it was not stopped."""
    world.plant()
    world.others("before stop 1: finish job")
    result = world("stopped")
    assert world.others_did_all() and not result["failed"]
    assert not result["changed"] and not result["actions"]


# While a task starts a job


@pytest.mark.parametrize("outcome", ["submit_fail", "exception_after:0"])
def test_a_start_after_the_own_one_has_failed_is_named(world, outcome):
    """L4: the job runs as it should, but somebody else has started it, with empty state."""
    world.behave(savepoint_after_restart="kept")
    world.plant("job_cancel_success", **SAVED)
    world.service.jobs.plan_start("job", outcome)
    world.others("before show 4: start-empty job")
    result = world(resume_savepoint=True, health_window=0)
    assert world.others_did_all() and len(world.done("start")) == 1
    assert not result["failed"] and "Somebody else has started Flink job job again" in str(result["warnings"])


def test_a_start_of_another_version_after_the_own_one_has_failed_is_no_success(world):
    """L4: it is the version before."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.service.jobs.plan_start("job", "submit_fail")
    world.others(*(f"before show 6: {deed}" for deed in (f"update job entrypoint={OLD}", "start-empty job")))
    result = world(entrypoint=NEW, health_window=0)
    assert world.others_did_all() and len(world.done("start")) == 1
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
    assert world.others_did_all() and len(world.done("start")) == 2
    assert "somebody else has started it again meanwhile" in result["msg"]
    assert not result["error"].get("rolled_back")


def test_a_start_with_empty_state_by_somebody_else_is_no_own_one(world):
    """L2: the own one is rejected then, and the job may not have the state that it should."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.others("before run 1: start-empty job")
    result = world(entrypoint=NEW)
    assert world.others_did_all() and not world.done("start") and not result["failed"]
    assert "which had been started already" in str(result["warnings"])


def test_a_restart_by_the_service_is_no_start_of_others(world, monkeypatch):
    """L4: nobody knows which version the service has restarted."""
    world.behave(savepoint_after_restart="kept")
    world.plant("job_running_exception", restart_when_exception=True, **SAVED)
    world.redefine(
        monkeypatch, "restart", lambda: world.follow("job_submitting", Step(3.0, "job_running", restarts=True))
    )
    world.others("before show 2: restart job")
    result = world("started", entrypoint=NEW, health_window=0)
    assert result["failed"] and "may still run its previous definition" in result["msg"]


def test_a_restart_by_the_service_of_what_is_as_desired_is_no_start_of_others(world, monkeypatch):
    """L4: the job runs as it should."""
    world.behave(savepoint_after_restart="kept")
    world.plant("job_running_exception", restart_when_exception=True, **SAVED)
    world.redefine(monkeypatch, "restart", lambda: world.follow("job_running", Step(0.0, "job_running", restarts=True)))
    world.others("before run 1: restart job")
    result = world("started", entrypoint=OLD, health_window=0)
    assert not result["failed"] and "Somebody else has" not in str(result["warnings"])


def test_a_start_of_somebody_else_after_a_restart_and_the_own_stop_is_theirs(world):
    """L4: the service restarts nothing that was stopped."""
    world.behave(savepoint_after_restart="kept", restart_by="flink")
    world.plant()
    world.others("before stop 1: restart job", "before show 3: start job")
    result = world(entrypoint=NEW, health_window=0)
    assert world.others_did_all() and not result["failed"] and "Somebody else has" in str(result["warnings"])


def test_a_version_that_has_failed_and_is_submitted_again_for_long_is_rolled_back(world, monkeypatch):
    """L6: its failure was read, and then nothing of anybody else."""
    world.behave(savepoint_after_restart="kept")
    world.plant(restart_when_exception=True)
    failed = Step(3.0, "job_running_exception", "It crashed.")
    steps = ("job_submitting", Step(2.0, "job_running"), failed, Step(2.5, "job_submitting"))
    world.script(monkeypatch, "start", *steps)
    assert world(entrypoint=NEW, health_window=60)["error"]["rolled_back"]
    assert world.stands()[:2] == ("job_running", OLD)


def test_a_slow_start_of_somebody_else_after_the_own_one_has_failed_is_left_alone(world):
    """L6: the service does not start it again."""
    world.behave(savepoint_after_restart="kept")
    world.plant(restart_when_exception=False)
    world.service.jobs.plan_start("job", "exception_after:3")
    slow = "behave savepoint_after_restart=kept submit_seconds=500"
    world.others(f"before show 10: {slow}", "before show 10: start job")
    result = world(entrypoint=NEW, health_window=60)
    assert world.others_did_all() and result["failed"]
    assert len(world.done("stop")) == 1 and len(world.done("start")) == 1


def test_a_new_start_of_somebody_else_that_takes_long_is_no_failure_of_the_own_one(world):
    """L6: the own one had come to run."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.others(
        "before show 6: behave savepoint_after_restart=kept cancel_seconds=0 submit_seconds=500",
        "before show 6: stop job",
        "before show 7: start job",
    )
    result = world(entrypoint=NEW, health_window=30)
    assert world.others_did_all() and len(world.done("stop")) == 1
    assert result["failed"] and "It had come to run before, so it was left alone." in result["msg"]


def test_a_stop_of_somebody_else_that_fails_slowly_is_no_failure_of_the_own_start(world):
    """L6: the version has run all the time."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.service.jobs.plan_stop("job", "stopped")
    world.service.jobs.plan_stop("job", "runs_on")
    world.others(
        "before show 6: behave savepoint_after_restart=kept cancel_seconds=100",
        "before show 6: stop job",
    )
    result = world(entrypoint=NEW, health_window=30)
    assert world.others_did_all() and len(world.done("stop")) == 1
    assert result["failed"] and "It had come to run before, so it was left alone." in result["msg"]


# While a task creates or renames a job


@pytest.mark.parametrize("state", ["started", "restarted"])
def test_a_job_that_gets_the_name_right_before_the_creation_resumes_from_its_newest_savepoint(world, state):
    """L2: the savepoint of its last stop shows late."""
    definition = {name: FLEET_JOB[name] for name in ("entrypoint", "queue_name", "obs_bucket", "execution_agency_urn")}
    world.behave(savepoint_after_restart="kept")
    world.job = world.service.jobs.add(
        **FLEET_JOB | {"name": "theirs", "has_savepoint": True, "savepoint_path": "obs://bucket/saved/a/"}
    )
    switches = "behave savepoint_after_restart=kept savepoint_seconds=0 cancel_seconds=0 savepoint_late_seconds=8"
    world.others(*(f"before create 1: {deed}" for deed in (switches, "stop-saved theirs", "rename theirs job")))
    result = world(state, health_window=0, **definition)
    assert world.others_did_all() and not result["failed"]
    assert [action["operation"] for action in result["actions"]] == ["run"]
    (start,) = world.done("start")
    assert "/jobs/savepoint/" in start.before.savepoint_path


@pytest.mark.parametrize("status", ["job_init", "job_cancel_success"])
def test_a_new_name_that_an_invisible_job_has_is_the_reason(world, status):
    """L4: and not that others change the job."""
    job = world.plant(status)
    world.service.jobs.add(name="ours", status="job_init", owner="other")
    result = world("present", name="ours", job_id=job.job_id, entrypoint=NEW)
    assert result["failed"] and "DLI.0006" in result["msg"] and "is invisible then" in result["msg"]


def test_a_new_name_that_a_visible_job_takes_is_said_to_be_its(world, monkeypatch):
    """L4: right before the update."""
    job = world.plant("job_cancel_success", **SAVED)
    world.redefine(monkeypatch, "start", lambda: world.service.jobs.add(name="ours", status="job_init"))
    world.others("before update 1: start job")
    result = world("present", name="ours", job_id=job.job_id, entrypoint=NEW)
    assert world.others_did_all() and result["failed"] and "names are unique" in result["msg"]


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
