# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laws about state, each at a small input that a kind service and a single person never show."""

from __future__ import annotations

import pytest
from ansible_collections.otc.dli.plugins.module_utils._model.fleet_result import CHANGED, FAILED, NOT_ATTEMPTED
from ansible_collections.otc.dli.plugins.module_utils._read.reader import JobReader
from ansible_collections.otc.dli.plugins.modules import dli_flink_job_info, dli_flink_savepoint

from local_dli import Behaviour, clock_engine
from local_dli.clock_engine import Step
from local_dli.errors import ApiError
from modules.test_lifecycle import JAR_JOB, NEW, OLD, SAVEPOINT, SQL_JOB

THEIRS = "obs://bucket/job-3.jar"
KINDS = pytest.mark.parametrize("kind", [JAR_JOB, SQL_JOB], ids=["JAR", "SQL"])
FLEET_JOB = {
    "status": "job_running",
    "start_time": 1,
    "entrypoint": OLD,
    "queue_name": "queue",
    "obs_bucket": "bucket",
    "execution_agency_urn": "agency",
}
SAVED = {"has_savepoint": True, "savepoint_path": SAVEPOINT}


# 1. Empty state


@KINDS
@pytest.mark.parametrize("state", ["started", "restarted"])
def test_a_stop_without_a_savepoint_is_not_followed_by_an_empty_start_in_the_next_run(world, kind, state):
    """L1, L7: the first run fails, rightly; the second and third must not start the job with empty state."""
    world.kind = kind
    world.behave(savepoint="never_shown")
    world.plant()
    for _time in range(3):
        result = world(state, **{kind.version: NEW})
        assert world.empty_starts() == []
        assert result["failed"]
    assert "resume_savepoint" in result["msg"], "it says how to go on"


@pytest.mark.parametrize("state", ["started", "restarted"])
def test_a_fleet_does_not_start_with_empty_state_in_the_next_run(world, state):
    """L1, L7: as for a single job."""
    world.behave(savepoint="never_shown")
    world.plant()
    for _time in range(3):
        assert world.fleet({"name": "job", "entrypoint": NEW, "state": state})["failed"]
        assert world.empty_starts() == []


@KINDS
@pytest.mark.parametrize("state", ["started", "restarted"])
def test_a_savepoint_of_an_earlier_run_is_not_resumed_from_without_a_word(world, kind, state):
    """L7: the stop that failed the first run was to make a newer one; the folder of the old one shows its time."""
    world.kind = kind
    world.behave(savepoint="never_shown")
    world.plant(start_time=1_600_000_000_000, has_savepoint=True, savepoint_path="obs://bucket/jobs/1/1500000000000/")
    for _time in range(3):
        result = world(state, **{kind.version: NEW})
        assert result["failed"] and world.done("start") == []
    assert "resume_savepoint to true" in result["msg"], "it says how to go on"
    assert not world("started", resume_savepoint=True, health_window=0, **{kind.version: NEW})["failed"]
    assert [start.asked["resume_savepoint"] for start in world.done("start")] == [True]


@pytest.mark.parametrize("lag", [0.5, 2.0])
def test_a_stop_that_only_a_list_has_shown_counts_as_seen(world, lag):
    """L2: the detail, read right after the list, shows the job stopped, with an older savepoint."""
    world.behave(savepoint_after_restart="kept")
    job = world.plant(start_time=1_600_000_000_000)
    job.set_savepoint("obs://bucket/older/")
    world.behave(savepoint_after_restart="kept", cancel_seconds=5.0, savepoint_late_seconds=4.0, list_lag_seconds=lag)
    world.others("before list 1: stop-saved job")
    assert world.run(dli_flink_job_info)["jobs"][0]["status"] == "job_running"
    world.clock.sleep(5 + lag / 2)
    result = world()
    assert not result["failed"]
    assert [start.before.savepoint_path for start in world.done("start")] != ["obs://bucket/older/"]


@pytest.mark.parametrize("below", ["", "savepoint-1-2/"])
def test_a_savepoint_of_the_last_run_is_not_known_to_be_of_its_stop(world, below):
    """L9: somebody has made one, and then stopped the job without another."""
    world.behave(savepoint_after_restart="kept")
    job = world.plant(start_time=1_600_000_000_000)
    job.set_savepoint(f"{job.savepoint_folder}/1600000060000/{below}")
    world.service.jobs.stop(job, False, world.service.behaviour)
    for check_mode in (True, False):
        result = world(check_mode=check_mode)
        assert "The savepoint was made at 2020-09-13 12:27:40 UTC" in " ".join(result["notes"])


@pytest.mark.parametrize("late", [1.0, 5.0, 14.0])
@pytest.mark.parametrize("older", [SAVED, {}], ids=["an older one shows", "none shows"])
def test_a_savepoint_of_a_running_job_that_shows_late_is_waited_for(world, late, older):
    """L4: a job that runs again right after it does not show yet whether it has been made."""
    world.behave(savepoint_after_restart="kept", savepoint_seconds=2.0, savepoint_late_seconds=late)
    job = world.plant(**older)
    result = world.run(dli_flink_savepoint, name="job")
    assert not result["failed"], result["msg"]
    assert result["job"]["savepoint_path"] == job.savepoint_path != SAVEPOINT


@KINDS
@pytest.mark.parametrize("state", ["started", "restarted"])
@pytest.mark.parametrize("folders", ["dated", "nested", "fixed"])
@pytest.mark.parametrize("at", [0.0, 1.5, 3.5])
def test_a_late_savepoint_is_waited_for_where_an_older_one_shows(world, kind, state, folders, at):
    """L2: a colleague has stopped the job, or this task before it was killed; at all moments of that stop."""
    world.kind = kind
    switches = {"savepoint_after_restart": "kept", "savepoint_folders": folders}
    world.behave(**switches)
    older = {"dated": "1500000000000/", "nested": "1500000000000/savepoint-1-2/", "fixed": "older/"}[folders]
    job = world.plant(start_time=1_600_000_000_000)
    job.set_savepoint(f"{job.savepoint_folder}/{older}")
    world.behave(**switches, savepoint_seconds=1.0, cancel_seconds=1.0, savepoint_late_seconds=3.0)
    world.service.jobs.stop(job, True, world.service.behaviour)
    world.clock.sleep(at)
    result = world(state)
    made = [event.after.savepoint_path for event in world.service.journal.events if event.operation == "saved"]
    starts = [event.before.savepoint_path for event in world.done("start")]
    assert starts == made and not result["failed"]


@KINDS
@pytest.mark.parametrize("state", ["started", "restarted"])
@pytest.mark.parametrize("below", ["", "savepoint-1-2/"])
@pytest.mark.parametrize("late", [1.0, 5.0, 14.0])
def test_a_late_savepoint_is_waited_for_where_one_of_the_same_run_shows(world, kind, state, below, late):
    """L2, L7: somebody had made one, and then this task was killed right after its stop."""
    world.kind = kind
    world.behave(savepoint_after_restart="kept", savepoint_late_seconds=late)
    job = world.plant(start_time=1_600_000_000_000)
    job.set_savepoint(f"{job.savepoint_folder}/1600000060000/{below}")
    world.service.jobs.stop(job, True, world.service.behaviour)
    result = world(state, **{kind.version: NEW})
    made = [event.after.savepoint_path for event in saved_events(world)]
    assert not result["failed"]
    assert [event.before.savepoint_path for event in world.done("start")] == made


@pytest.mark.parametrize(("deed", "writes"), [("start job", []), ("rename job theirs", [])])
def test_what_others_do_while_a_late_savepoint_is_waited_for_is_not_undone(world, deed, writes):
    """L3, L6: the job is read again right before it is started."""
    world.behave(savepoint_after_restart="kept")
    world.plant("job_cancel_success", **SAVED)
    world.others(f"before show 2: {deed}")
    result = world("started")
    assert [done.refused for done in world.service.actor.done] == [""]
    assert world.writes() == writes
    assert result["failed"] == (deed != "start job")


def test_a_savepoint_that_the_task_names_is_not_waited_for(world):
    """Who asks to resume from the savepoint that is there knows it."""
    world.plant("job_cancel_success", **SAVED)
    began = world.clock.now
    assert not world("started", resume_savepoint=True, health_window=0)["failed"]
    assert world.clock.now - began < 15


@KINDS
@pytest.mark.parametrize("state", ["started", "restarted"])
def test_a_savepoint_that_shows_late_is_waited_for(world, kind, state):
    """L1: a colleague has stopped the job with a savepoint, which shows 3 seconds after the status."""
    world.kind = kind
    world.behave(savepoint_late_seconds=3.0)
    job = world.plant()
    world.service.jobs.stop(job, True, world.service.behaviour)
    world(state)
    assert world.empty_starts() == []
    assert world.writes() == [("run", True)]


@KINDS
@pytest.mark.parametrize("status", ["job_cancel_success", "job_init", "job_submit_fail", "job_running_exception"])
def test_a_job_that_has_run_and_shows_no_savepoint_is_refused_from_whatever_status(world, kind, status):
    """L1: a rollback or a task that was killed, or a stop that ends in job_init, leaves such a job behind."""
    world.kind = kind
    world.plant(status, start_time=1)
    result = world("started")
    assert world.empty_starts() == []
    assert result["failed"] and "resume_savepoint" in result["msg"]
    assert not world("started", resume_savepoint=False)["failed"], "as the task says so"


def test_a_rollback_that_could_not_resume_is_not_followed_by_an_empty_start(world):
    """L1, L7: the savepoint was dropped and cannot be imported, and the new version was stopped."""
    world.behave(savepoint_operations="absent", savepoint_after_restart="deleted")
    world.plant()
    world.service.jobs.plan_start("job", "restarts_after:5")
    first = world(entrypoint=NEW)
    assert first["failed"] and "state would be lost" in first["msg"]
    for version in (NEW, NEW, OLD):
        assert world(entrypoint=version)["failed"]
        assert world.empty_starts() == []


MADE = "obs://bucket/jobs/savepoint/100001/1700000000000"
FAILED_WHILE_IT_STOPPED = (
    "org.apache.flink.runtime.scheduler.stopwithsavepoint.StopWithSavepointStoppingException: A savepoint has been "
    f"created at: {MADE}, but the corresponding job 00000000000000000000000000000001 failed during stopping. The "
    "savepoint is consistent, but might have uncommitted transactions."
)


@KINDS
@pytest.mark.parametrize("state", ["started", "restarted"])
@pytest.mark.parametrize("shown", [SAVED, {}], ids=["an older one shows", "none shows"])
def test_a_job_that_failed_while_it_stopped_resumes_from_the_savepoint_of_that_stop(world, kind, state, shown):
    """L2: Flink has made it and names it in the reason of the failure; the service need not show it."""
    world.kind = kind
    world.plant("job_running_exception", status_desc=FAILED_WHILE_IT_STOPPED, **shown)
    for check_mode in (True, False, False):
        result = world(state, check_mode, **{kind.version: NEW})
        assert result["failed"] and f"Flink made the savepoint {MADE} to stop it" in result["msg"]
        assert (SAVEPOINT in result["msg"]) is bool(shown)
        assert world.writes() == []
    assert not world.run(dli_flink_savepoint, name="job", state="imported", savepoint_path=f"{MADE}/")["failed"]
    result = world(state, **{kind.version: NEW})
    assert not result["failed"] and result["risks"] == []
    assert world.writes() == [("update", NEW), ("run", True)]


@pytest.mark.parametrize(
    ("options", "resumes"),
    [({"resume_savepoint": True}, True), ({"resume_savepoint": False}, False), ({"upgrade_mode": "stateless"}, True)],
    ids=["from the older one", "with empty state", "stateless"],
)
def test_a_job_that_failed_while_it_stopped_is_started_otherwise_where_the_task_says_so(world, options, resumes):
    world.plant("job_running_exception", status_desc=FAILED_WHILE_IT_STOPPED, **SAVED)
    result = world(**options)
    assert not result["failed"] and result["risks"], "it says what is done again, or lost"
    assert world.writes() == [("run", resumes)]


# 2. One task and the same as two


@pytest.mark.parametrize("resume", [None, True])
@pytest.mark.parametrize("how", ["made", "imported"])
def test_a_restart_without_a_new_savepoint_resumes_from_the_one_that_is_there(world, how, resume):
    """L7: as two tasks, stopped and then started, it resumes."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    path = {"savepoint_path": SAVEPOINT, "state": "imported"} if how == "imported" else {}
    assert not world.run(dli_flink_savepoint, name="job", **path)["failed"]
    asked = {} if resume is None else {"resume_savepoint": resume}
    result = world("restarted", trigger_savepoint=False, **asked)
    assert world.empty_starts() == []
    assert not result["failed"] and world.writes() == [("stop", False), ("run", True)]


# 3. Somebody else in the health window


def test_a_rollback_does_not_resume_from_a_savepoint_that_somebody_else_has_made(world):
    """L2: the savepoint that they made is one of the new version."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.others("after show 4: save job", "after show 6: crash job")
    world(entrypoint=NEW, health_window=60)
    (stop,) = world.done("stop")
    ours = f"jobs/savepoint/{stop.job_id}/"
    assert any("others/savepoints" in (event.after.savepoint_path or "") for event in saved_events(world))
    assert all(ours in start.before.savepoint_path for start in world.done("start"))


def test_a_savepoint_that_somebody_else_has_made_counts_also_when_the_service_has_dropped_it(world):
    """L6: the new version fails, and the service drops the savepoint when it starts that again."""
    world.behave(restart_by="service")
    world.plant()
    world.others("after show 4: save job", "after show 9: restart job")
    result = world(entrypoint=NEW, health_window=60)
    assert not world.job.has_savepoint
    assert [deed.refused for deed in world.service.actor.done] == ["", ""]
    assert result["failed"] and "somebody else has made a savepoint of it meanwhile, obs://" in result["msg"]
    assert len(world.done("start")) == 1 and world.stands()[1] == NEW


@pytest.mark.parametrize("outcome", ["refused", "submit_fail", "exception_after:2", "restarts_after:2"])
@pytest.mark.parametrize("older", [SAVED, {"has_savepoint": True, "savepoint_path": SAVEPOINT.rstrip("/")}, {}])
def test_a_savepoint_of_the_old_version_hinders_no_rollback(world, outcome, older):
    """L2: theirs was made before the stop, and shows until the savepoint of the stop does."""
    world.behave(savepoint_after_restart="kept")
    world.plant(**older)
    world.others("before stop 1: save job", "before stop 1: behave savepoint_seconds=2.0 cancel_seconds=1.0")
    world.service.jobs.plan_start("job", outcome)
    result = world(entrypoint=NEW, health_window=30)
    assert result["failed"] and "Rolled back" in result["msg"], result["msg"]
    assert world.stands()[:2] == ("job_running", OLD)
    assert all(f"jobs/savepoint/{world.job.job_id}/" in start.before.savepoint_path for start in world.done("start"))


def saved_events(world):
    return [event for event in world.service.journal.events if event.operation == "saved"]


@KINDS
@pytest.mark.parametrize("deed", ["stop job", "stop-saved job"])
@pytest.mark.parametrize("number", [6, 7])
def test_a_stop_by_somebody_else_while_the_job_is_started_is_not_undone(world, kind, deed, number):
    """L6: it shows as stopping, and then as it did before the start."""
    world.kind = kind
    world.behave(savepoint_after_restart="kept", submit_seconds=60.0, cancel_seconds=1.0)
    world.plant()
    world.others(f"after show {number}: {deed}")
    result = world(**{kind.version: NEW})
    assert result["failed"] and len(world.done("start")) == 1


def test_a_change_by_somebody_else_at_the_end_is_reported(world):
    """L4, L6: the task has seen its own version, and then there is another one."""
    world.plant("job_cancel_success", **SAVED)
    world.others(f"before run 1: update job entrypoint={THEIRS}")
    result = world(entrypoint=NEW)
    assert result["failed"] and "somebody else has changed entrypoint meanwhile" in result["msg"]
    assert world.stands()[1] == THEIRS


@pytest.mark.parametrize("deed", ["stop job", "stop-saved job"])
def test_a_stop_by_somebody_else_in_the_health_window_is_not_undone(world, deed):
    """L6: what an operator does on purpose wins."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.others(f"after show 4: {deed}")
    result = world(entrypoint=NEW, health_window=60)
    assert result["failed"], "it is reported"
    assert world.stands()[:2] == ("job_cancel_success", NEW)


def test_a_second_good_upgrade_in_the_health_window_is_not_undone(world):
    """L6, L2: the older version must not come back over the newer task's."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.others("after show 4: restart job", f"after show 5: upgrade job entrypoint={THEIRS}")
    world(entrypoint=NEW, health_window=60)
    assert world.stands()[:2] == ("job_running", THEIRS)


@pytest.mark.parametrize("cancel_seconds", [0.0, 4.0])
@pytest.mark.parametrize("number", [5, 6])
@pytest.mark.parametrize("kept", ["kept", "deleted"])
def test_a_stop_of_a_version_that_has_crashed_is_not_undone(world, cancel_seconds, number, kept):
    """L6, L2: it was restarted, so that it counts as failed; then somebody stops it with a savepoint of its own."""
    world.behave(savepoint_after_restart=kept)
    world.plant()
    switches = f"behave savepoint_late_seconds=30.0 cancel_seconds={cancel_seconds}"
    deeds = ("restart job", switches, "stop-saved job")
    world.others(*(f"before show {number}: {deed}" for deed in deeds))
    result = world(entrypoint=NEW, health_window=60)
    assert [deed.refused for deed in world.service.actor.done] == ["", "", ""]
    assert result["failed"] and "somebody else has stopped it meanwhile" in result["msg"]
    assert world.stands()[:2] == ("job_cancel_success", NEW)
    assert len(world.done("start")) == 1


@pytest.mark.parametrize("number", range(6, 9))
def test_a_stop_while_a_failure_is_confirmed_is_not_undone(world, number):
    """L6: as above, after the restart was seen."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    switches = "behave savepoint_late_seconds=30.0 cancel_seconds=1.0"
    world.others(
        "before show 5: restart job", *(f"before show {number}: {deed}" for deed in (switches, "stop-saved job"))
    )
    result = world(entrypoint=NEW, health_window=60)
    assert [deed.refused for deed in world.service.actor.done] == ["", "", ""]
    assert result["failed"] and "somebody else has stopped it meanwhile" in result["msg"]
    assert world.stands()[:2] == ("job_cancel_success", NEW)


@KINDS
@pytest.mark.parametrize("outcome", ["submit_fail", "exception_after:2", "restarts_after:2"])
def test_a_version_of_somebody_else_that_fails_is_not_rolled_back(world, kind, outcome):
    """L6: it came right after the task's own update, so that the task starts it."""
    world.kind = kind
    theirs = THEIRS if kind is JAR_JOB else "theirs"
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.others(f"after update 1: update job {kind.version}={theirs}")
    world.service.jobs.plan_start("job", outcome)
    result = world(health_window=30, **{kind.version: NEW})
    assert result["failed"] and f"somebody else has changed {kind.version} meanwhile" in result["msg"]
    assert len(world.done("update")) == 1 and world.stands()[1] == theirs


@pytest.mark.parametrize("state", ["stopped", "restarted", "started"])
def test_a_job_that_fails_and_is_restarted_for_ever_is_waited_for_a_bounded_time(world, monkeypatch, state):
    """It is never seen twice in the same status, while the task waits for its stop."""
    world.behave(savepoint_after_restart="kept")
    world.plant(restart_when_exception=True)
    world.script(monkeypatch, "stop", "job_savepointing", *crash_loop(1000))
    began = world.clock.now
    result = world(state, entrypoint=NEW)
    assert result["failed"]
    assert world.clock.now - began < 3 * 60


def crash_loop(times):
    """Return the steps of a job that crashes right after each of its starts."""
    return [Step(0.9, status) for status in ("job_running_exception", "job_submitting", "job_running") * times]


# 4. A status that is no failure


def test_a_savepoint_that_somebody_makes_in_the_health_window_is_no_failure(world):
    """L4: job_savepointing is a running job."""
    world.behave(savepoint_after_restart="kept", savepoint_seconds=2.0)
    world.plant()
    world.others("after show 8: save job")
    result = world(entrypoint=NEW, health_window=60)
    assert any(done.refused == "" for done in world.service.actor.done)
    assert not result["failed"], result["msg"]
    assert world.stands()[:2] == ("job_running", NEW)


# 5. A rollback that does not clear


def test_a_rollback_that_leaves_new_fields_behind_is_not_called_one(world):
    """L5: the service ignores empty values, so what was unset before cannot be unset again."""
    world.behave(clearing="ignored", savepoint_after_restart="kept")
    world.plant()
    world.service.jobs.plan_start("job", "submit_fail")
    new = {"main_class": "org.example.New", "dependency_jars": ["obs://bucket/new.jar"], "runtime_config": {"a": "1"}}
    result = world(entrypoint=NEW, **new)
    left = [name for name in new if world.job.fields[name]]
    assert result["failed"] and left
    assert not result["error"]["rolled_back"]
    assert all(name in result["msg"] for name in left)


# 6. A fleet that plans once and acts in waves


def two_jobs(world):
    for name in ("one", "two"):
        world.service.jobs.add(name=name, **FLEET_JOB, smn_topic="before")
    return [{"name": name, "entrypoint": NEW, "state": "started"} for name in ("one", "two")]


def test_a_field_that_somebody_sets_in_the_first_wave_is_not_set_back_in_the_second(world):
    """L3: the second wave must not rest on the listing of before the first."""
    jobs = two_jobs(world)
    world.others("after run 1: update two smn_topic=theirs")
    result = world.fleet(*jobs, batch_size=1)
    assert not result["failed"]
    (two,) = (job for job in world.service.jobs.all() if job.name == "two")
    assert two.fields["smn_topic"] == "theirs"


def test_a_savepoint_that_somebody_makes_in_the_first_wave_is_not_taken_for_that_of_the_stop(world):
    """L2: only a savepoint newer than what was read right before the stop counts."""
    jobs = two_jobs(world)
    world.others("after run 1: save two", "before stop 2: behave savepoint=never_shown")
    result = world.fleet(*jobs, batch_size=1)
    assert result["failed"]
    assert not any("others/" in (start.before.savepoint_path or "") for start in world.done("start"))


def test_a_job_that_is_renamed_out_of_the_scope_is_not_purged(world):
    """L3: name and scope are checked again right before the deletion."""
    world.service.jobs.add(name="team-a", **FLEET_JOB)
    world.service.jobs.add(name="team-old", **{**FLEET_JOB, "status": "job_cancel_success"}, **SAVED)
    world.others("after run 1: rename team-old other-old")
    job = {"name": "team-a", "entrypoint": NEW, "state": "started"}
    world.fleet(job, purge=True, purge_scope={"name_prefix": "team-"})
    assert [done.refused for done in world.service.actor.done] == [""]
    assert "other-old" in {job.name for job in world.service.jobs.all()}


# 7. Purge


def names(world):
    return {job.name for job in world.service.jobs.all()}


def test_a_job_whose_type_the_list_leaves_out_is_not_purged_as_a_jar_job(world):
    """L3: its detail says that it is a SQL job."""
    world.behave(list_job_type="none")
    world.service.jobs.add(name="team-a", **FLEET_JOB)
    world.service.jobs.add(name="team-sql", job_type="flink_opensource_sql_job", status="job_cancel_success")
    world.fleet({"name": "team-a"}, purge=True, purge_scope={"name_prefix": "team-"})
    assert names(world) == {"team-a", "team-sql"}


def test_nothing_is_purged_when_a_listed_job_could_not_be_planned(world):
    """L3: the job that is listed by its id was made anew, so its new self seems unlisted."""
    job = world.service.jobs.add(name="team-a", **FLEET_JOB)
    world.service.jobs.delete(job, Behaviour())
    world.service.jobs.all()
    world.service.jobs.add(name="team-a", **FLEET_JOB)
    world.fleet({"job_id": job.job_id}, purge=True, purge_scope={"name_prefix": "team-"}, max_failures=5)
    assert names(world) == {"team-a"}


def test_a_fuzzy_tags_filter_does_not_widen_the_scope_of_a_purge(world):
    """L3: the filter finds team=database for team=data."""
    world.behave(tags_filter="prefix")
    world.service.jobs.add(name="ours", **FLEET_JOB, tags=[{"key": "team", "value": "data"}])
    world.service.jobs.add(name="theirs", **FLEET_JOB, tags=[{"key": "team", "value": "database"}])
    world.fleet({"name": "ours"}, purge=True, purge_scope={"tags": {"team": "data"}})
    assert names(world) == {"ours", "theirs"}


def test_an_empty_list_does_not_purge_the_whole_scope(world):
    """L9: one wrong variable must not delete all jobs of a team."""
    for number in range(3):
        world.service.jobs.add(name=f"team-{number}", **FLEET_JOB)
    result = world.fleet(purge=True, purge_scope={"name_prefix": "team-"})
    assert result["failed"] and len(names(world)) == 3


def test_a_purge_stops_with_a_savepoint_before_it_deletes(world):
    """L9, L1: a running job keeps its state."""
    for name in ("team-a", "team-old"):
        world.service.jobs.add(name=name, **FLEET_JOB)
    world.fleet({"name": "team-a"}, purge=True, purge_scope={"name_prefix": "team-"})
    assert names(world) == {"team-a"}
    assert [event.asked["trigger_savepoint"] for event in world.done("stop")] == [True]


def test_many_jobs_are_not_purged_without_a_word(world):
    """L9: more than a small number is refused before the first wave."""
    for number in range(50):
        world.service.jobs.add(name=f"team-{number}", **FLEET_JOB)
    job = {"name": "team-0", "entrypoint": NEW, "state": "started"}
    result = world.fleet(job, purge=True, purge_scope={"name_prefix": "team-"})
    assert result["failed"] and len(names(world)) == 50
    assert world.writes() == []


# 8. A list behind the detail


def test_a_field_that_another_task_has_just_set_is_not_set_back(world):
    """L3: the list still shows what it was before."""
    world.behave(list_lag_seconds=2.0)
    world.plant(smn_topic="before")
    assert not world("present", smn_topic="theirs")["failed"]
    assert not world(entrypoint=NEW)["failed"]
    assert world.job.fields["smn_topic"] == "theirs"


def test_the_same_upgrade_is_not_done_twice(world):
    """L3: the list still shows the version of before."""
    world.behave(list_lag_seconds=60.0)
    world.plant()
    assert not world(entrypoint=NEW)["failed"]
    again = world(entrypoint=NEW)
    assert not again["failed"] and world.writes() == []


def test_a_fleet_does_not_undo_healthy_upgrades_because_the_list_is_behind(world):
    """L4: four jobs, and a list that is 4 seconds behind."""
    world.behave(list_lag_seconds=4.0, savepoint_seconds=1.0, cancel_seconds=1.0, submit_seconds=1.0)
    jobs = [{"name": f"job-{number}", "entrypoint": NEW, "state": "started"} for number in range(4)]
    for job in jobs:
        world.service.jobs.add(name=job["name"], **FLEET_JOB)
    result = world.fleet(*jobs)
    assert not result["failed"], result["msg"]
    assert len(world.done("start")) == len(world.done("stop")) == 4
    assert {job.fields["entrypoint"] for job in world.service.jobs.all()} == {NEW}


@pytest.mark.parametrize(("deed", "deletions"), [("recreate", 1), ("delete", 0)])
def test_a_job_that_was_gone_already_counts_as_a_change_in_doubt(world, deed, deletions):
    """L4: late reads still show the one that somebody else has deleted, and not yet the one made in its place.

    To the task it looks as if its own request had been delivered twice.
    """
    world.plant(status="job_init")
    world.behave(list_lag_seconds=4.0, detail_lag_seconds=4.0)
    world.clock.sleep(10)
    world.others(f"after list 1: {deed} job")
    result = world("absent")
    assert not result["failed"] and result["changed"], result
    assert [action["operation"] for action in result["actions"]] == ["delete"]
    assert world.service.jobs.all() == [] and len(world.done("delete")) == deletions


def test_a_deletion_whose_response_was_lost_counts_although_late_reads_still_show_the_job(world, monkeypatch):
    """L4: that the job is gone when the request is sent again comes of the first one."""
    world.plant(status="job_init")
    world.behave(list_lag_seconds=4.0, detail_lag_seconds=2.0)
    world.clock.sleep(10)
    world.lose_response(monkeypatch, "delete")
    result = world("absent")
    assert not result["failed"] and result["changed"], result
    assert world.service.jobs.all() == [] and len(world.done("delete")) == 1


@pytest.mark.parametrize("is_fleet", [False, True])
def test_a_job_that_is_gone_when_its_tags_are_read_is_planned_anew(world, is_fleet):
    """L4: the list that shows it is older than the response that does not know it."""
    world.plant(status="job_init")
    world.behave(list_lag_seconds=4.0)
    world.clock.sleep(10)
    world.others("after list 1: delete job")
    wanted = {"entrypoint": OLD, "tags": {"team": "data"}}
    result = world.fleet({"name": "job", **wanted}) if is_fleet else world("present", **wanted)
    assert not result["failed"] and result["changed"], result
    assert len(world.done("create")) == 1


def test_an_earlier_update_of_somebody_else_does_not_pass_for_ours(world):
    """L4: it comes to show while the task waits for its own."""
    world.plant(status="job_init")
    world.behave(list_lag_seconds=4.0, detail_lag_seconds=4.0)
    world.clock.sleep(10)
    world.others("after list 1: update job desc=theirs")
    assert not world("present")["failed"]
    world.clock.sleep(3)
    result = world("present", entrypoint=NEW)
    assert result["changed"] and "still shows another value" not in str(result.get("warnings"))
    assert world.job.fields["entrypoint"] == NEW and world.job.fields["desc"] == "theirs"


@pytest.mark.parametrize("lag", [{"detail_lag_seconds": 2.0}, {"list_lag_seconds": 2.0, "detail_lag_seconds": 2.0}])
def test_a_job_that_was_created_may_show_late(world, lag):
    world.behave(**lag)
    single = world("present", name="one", entrypoint=NEW)
    many = world.fleet({"name": "two", "entrypoint": NEW}, {"name": "three", "entrypoint": NEW})
    assert [result["changed"] and not result["failed"] for result in (single, many)] == [True, True]
    assert single["job"]["entrypoint"] == NEW and len(world.done("create")) == 3


# 10. Risks (9 is in test_access.py)


@pytest.mark.parametrize(
    ("state", "options"),
    [("started", {"entrypoint": NEW, "resume_savepoint": False}), ("absent", {})],
    ids=["upgrade", "deletion"],
)
def test_whatever_may_lose_state_is_among_the_risks_before_it_happens(world, state, options):
    """L9."""
    world.plant()
    result = world(state, check_mode=True, **options)
    assert result["risks"]


# 11. Stuck


def test_a_job_that_is_stuck_in_job_submitting_can_be_stopped(world):
    """L7: stopping while submitting is documented; a stop must not wait for a start to end."""
    world.plant("job_cancel_success", **SAVED)
    world.service.jobs.plan_start("job", "stuck")
    started = world(wait_timeout=60)
    assert started["failed"] and started["msg"].endswith("It may still come to run later; state: stopped gives it up.")
    result = world("stopped")
    assert not result["failed"], result["msg"]
    assert world.stands()[0] == "job_cancel_success"


# 12. Pages


def test_an_empty_page_is_not_a_job_that_is_gone(world):
    """L3: total_count says that there is one."""
    world.behave(list_pages="empty")
    world.plant()
    result = world("absent")
    assert result["failed"] or world.service.jobs.all() == []


@pytest.mark.parametrize("pages", ["empty", "short"])
def test_a_fleet_does_not_take_a_page_for_the_whole_list(world, pages):
    """L3: absent jobs of a list that has them."""
    world.behave(list_pages=pages)
    for number in range(4):
        world.service.jobs.add(name=f"job-{number}", **FLEET_JOB)
    result = world.fleet(*[{"name": f"job-{number}", "state": "absent"} for number in range(4)])
    assert result["failed"] or world.service.jobs.all() == []


@pytest.mark.parametrize("fails", [False, True])
def test_canaries_by_name_come_first_and_are_watched_for_longer(world, fails):
    """One that fails after the window of the others would be over is rolled back, and ends the rollout."""
    world.behave(savepoint_after_restart="kept")
    for number in range(4):
        world.service.jobs.add(name=f"job-{number}", **FLEET_JOB)
    if fails:
        world.service.jobs.plan_start("job-3", "exception_after:40")
    jobs = [{"name": f"job-{number}", "entrypoint": NEW, "state": "started", "health_window": 5} for number in range(4)]
    began = world.clock.now
    result = world.fleet(*jobs, canary_jobs=["job-3", "job-1"], canary_health_window=60)
    verdicts = {job["name"]: job["verdict"] for job in result["jobs"]}
    if fails:
        assert verdicts == {"job-0": NOT_ATTEMPTED, "job-1": CHANGED, "job-2": NOT_ATTEMPTED, "job-3": FAILED}
        assert result["jobs"][3]["error"]["rolled_back"] is True
        assert {job.fields["entrypoint"] for job in world.service.jobs.all() if job.name != "job-1"} == {OLD}
    else:
        assert set(verdicts.values()) == {CHANGED} and world.clock.now - began >= 60
        started = [event.before.name for event in world.done("start")]
        assert set(started[:2]) == {"job-1", "job-3"} and set(started[2:]) == {"job-0", "job-2"}


# 13. Two at once


@pytest.mark.parametrize("state", ["started", "restarted"])
def test_the_savepoint_of_somebody_else_is_not_taken_for_the_own_stop(world, state):
    """L4: job_savepointing shows right after the own stop was refused, and it is not the stop that shows."""
    world.behave(savepoint_seconds=5.0)
    world.plant()
    world.others("before stop 1: save job")
    result = world(state, entrypoint=NEW)
    assert not result["failed"] and world.stands()[:2] == ("job_running", NEW)


def test_a_stop_before_the_first_read_after_a_start_is_not_undone(world):
    """L3: the job shows what it showed before the start, so nothing says that the new version has failed."""
    world.plant()
    world.behave(submit_seconds=5.0)
    world.others("after run 1: stop job")
    result = world(entrypoint=NEW)
    assert result["failed"] and "somebody else has stopped it" in result["msg"] and "Rolled back" not in result["msg"]
    assert world.stands()[:2] == ("job_cancel_success", NEW) and len(world.done("start")) == 1
    assert not world(entrypoint=NEW)["failed"] and world.empty_starts() == []


@pytest.mark.parametrize("status", ["job_init", "job_cancel_success", "job_finish"])
def test_a_start_of_which_nothing_shows_is_no_success_and_no_failure_of_the_version(world, status):
    """L4: the service has accepted it, and does nothing; a job that had finished still shows that."""
    saved = {} if status == "job_init" else SAVED
    world.plant(status, **saved)
    world.service.jobs.plan_start("job", "ignored")
    state = "restarted" if status == "job_finish" else "started"
    result = world(state)
    assert result["failed"]
    assert "it did not start: the service shows nothing of the start that it has accepted" in result["msg"]
    assert not world(state)["failed"] and world.stands()[0] == "job_running"


def test_a_start_that_begins_late_is_not_called_the_stop_of_somebody_else(world):
    """L6: a started job can show job_init for long."""
    world.plant("job_cancel_success", **SAVED)
    world.behave(init_seconds=20.0)
    assert "it did not start: the service shows nothing of the start" in world()["msg"]


def test_the_loser_of_two_equal_upgrades_does_not_fail(world):
    """L6: the job is as desired, because somebody else was faster."""
    world.plant()
    world.behave(savepoint_seconds=5.0)
    world.others("before stop 1: save job", f"after show 4: upgrade job entrypoint={NEW}")
    result = world(entrypoint=NEW)
    assert not result["failed"], result["msg"]
    assert world.stands()[:2] == ("job_running", NEW)


# 14. Between the start and the first read


def test_a_restart_by_the_service_before_the_first_read_counts(world):
    """L4: the number of restarts is read before the start, not after it."""
    world.plant()
    world.service.jobs.plan_start("job", "restarts_after:0")
    result = world(entrypoint=NEW, health_window=30)
    assert result["failed"]


@pytest.mark.parametrize("lasts", [0, 2, 29])
@pytest.mark.parametrize("down", [0.0, 0.5, 2.0, 3.5, 5.0, 10.0])
def test_a_version_that_fails_is_rolled_back_also_when_the_service_starts_it_again(world, monkeypatch, lasts, down):
    """L4: that is no start by somebody else, who would be left alone; the service counts it."""
    monkeypatch.setattr(clock_engine, "RESTART_SECONDS", down)
    world.behave(restart_by="service", submit_seconds=2.0)
    world.plant()
    world.service.jobs.plan_start("job", f"restarts_after:{lasts}")
    result = world(entrypoint=NEW, health_window=30)
    assert result["failed"] and "Rolled back" in result["msg"]
    assert world.stands()[:2] == ("job_running", OLD)
    assert [start.asked["resume_savepoint"] for start in world.done("start")] == [True, True]


def plant_what_is_restarted_while_it_stops(world, monkeypatch):
    world.plant()
    monkeypatch.setattr(clock_engine, "RESTART_SECONDS", 0.1)
    steps = clock_engine.restart_steps(1.0, Behaviour(restart_by="service", submit_seconds=0.1))
    world.script(monkeypatch, "stop", "job_savepointing", *steps)


def test_a_job_that_the_service_restarts_while_it_is_to_be_stopped_is_left_alone(world, monkeypatch):
    """L6: nobody else has started it, and the message does not say so."""
    plant_what_is_restarted_while_it_stops(world, monkeypatch)
    result = world(entrypoint=NEW)
    assert result["failed"] and "it failed and was restarted by the service meanwhile" in result["msg"], result["msg"]
    assert world.writes() == [("stop", True)] and world.stands()[:2] == ("job_running", OLD)


def test_an_upgrade_by_somebody_else_after_a_restart_by_the_service_is_reported(world, monkeypatch):
    """L6: to run the task again would undo it."""
    plant_what_is_restarted_while_it_stops(world, monkeypatch)
    world.others(f"before show 5: upgrade job entrypoint={THEIRS}")
    result = world(entrypoint=NEW)
    assert result["failed"] and "somebody else has started it meanwhile" in result["msg"], result["msg"]
    assert world.stands()[1] == THEIRS


@pytest.mark.parametrize("restarts", [True, False])
@pytest.mark.parametrize("summary_fields", ["table", "example"])
def test_a_job_that_failed_and_may_be_started_by_the_service_is_not_called_stopped(world, restarts, summary_fields):
    """L9: nothing can be stopped, but the job may run again."""
    world.behave(summary_fields=summary_fields)
    world.plant("job_running_exception", start_time=1, restart_when_exception=restarts)
    for check_mode in (True, False):
        result = world("stopped", check_mode)
        assert not result["failed"] and not result["changed"]
        assert ("set restart_when_exception to false" in str(result.get("warnings"))) is restarts
        fleet = world.fleet({"name": "job", "state": "stopped"}, check_mode=check_mode)
        assert not fleet["changed"]
        assert ("set restart_when_exception to false" in str(fleet.get("warnings"))) is restarts
    result = world("stopped", restart_when_exception=False)
    assert result["changed"] is restarts and "warnings" not in result


def test_a_failed_job_whose_detail_is_refused_has_nothing_to_stop(world):
    """L4: that nothing is to be done may rest on the list."""
    world.behave(summary_fields="example")
    world.plant("job_running_exception", detail_refused=True)
    assert not world("stopped")["failed"]
    assert not world.fleet({"name": "job", "state": "stopped"})["failed"]


def test_a_job_that_is_renamed_between_two_reads_is_not_gone(world):
    """L3: by its id it is still there."""
    job = world.plant("job_cancel_success", **SAVED)
    world.others("after show 1: rename job other")
    result = world("absent", name=None, job_id=job.job_id)
    assert result["failed"] or world.service.jobs.all() == []


@pytest.mark.parametrize("late", [0, 3, None])
@pytest.mark.parametrize("older", [SAVED, {}], ids=["an older one shows", "none shows"])
def test_a_job_that_finishes_while_it_is_to_be_restarted_resumes_from_no_older_savepoint(
    world, monkeypatch, older, late
):
    """L2: a JobManager that is lost while it stops a job can leave it so, with or without the savepoint of the stop."""
    folder = world.plant(**older).savepoint_folder
    saved = [] if late is None else [clock_engine.Step(late, "job_finish", savepoint_folder=folder)]
    world.script(monkeypatch, "stop", "job_savepointing", clock_engine.Step(5, "job_finish"), *saved)
    result = world("restarted")
    starts = [start.before.savepoint_path or "" for start in world.done("start")]
    if late is None or (late and not older):
        assert result["failed"] and starts == []
    else:
        assert not result["failed"] and len(starts) == 1 and starts[0].startswith(folder)


@pytest.mark.parametrize("state", ["started", "restarted"])
@pytest.mark.parametrize("theirs", [f"entrypoint={NEW}", "main_class=org.example.Other"])
def test_a_bounded_job_that_somebody_else_has_run_to_its_end_is_not_run_again(world, state, theirs):
    """L6: our stop is refused, and the savepoint is that of their stop."""
    world.behave(savepoint_after_restart="kept")
    world.plant()
    world.others(f"before stop 1: upgrade job {theirs}", "before stop 1: finish job")
    result = world(state, entrypoint=NEW)
    assert world.done("start") == [] and world.writes()[1:] == []
    assert result["failed"] is (NEW not in theirs)


@pytest.mark.parametrize("status", ["job_finish", "job_cancel_success"])
def test_a_restart_waits_for_a_late_savepoint_of_what_ended_as_it_was_stopped(world, status):
    """L2: by the run before, which was interrupted."""
    job = world.plant(**SAVED)
    folder = job.savepoint_folder
    world.follow(
        "job_savepointing", clock_engine.Step(5, status), clock_engine.Step(3, status, savepoint_folder=folder)
    )
    assert not world("restarted")["failed"]
    (start,) = world.done("start")
    assert start.before.savepoint_path.startswith(folder)


def test_a_restart_starts_a_job_that_finishes_meanwhile(world):
    """L4: restarted is a success only when the job was started."""
    world.plant()
    world.others("before stop 1: finish job")
    result = world("restarted")
    assert result["failed"] or world.stands()[0] == "job_running"


# 15. Odd jobs of others


@pytest.mark.parametrize("odd", ["iso_time", "long_name", "big_id", "nulls"])
def test_an_odd_job_of_somebody_else_fails_neither_a_fleet_nor_a_report(world, odd):
    """L6: what is none of the task's business does not stop it."""
    world.behave(odd_job=odd)
    for number in range(4):
        world.service.jobs.add(name=f"job-{number}", **FLEET_JOB)
    result = world.fleet(*[{"name": f"job-{number}", "entrypoint": OLD, "state": "started"} for number in range(4)])
    assert not result["failed"], result["msg"]
    assert not world.run(dli_flink_job_info)["failed"]


# 16. The health window


@pytest.mark.parametrize(("state", "status"), [("started", "job_cancel_success"), ("restarted", "job_running")])
def test_the_health_window_counts_for_every_start(world, state, status):
    """L4: a job that is dead half a second later is no success."""
    world.plant(status, **SAVED)
    world.service.jobs.plan_start("job", "exception_after:0.5")
    assert world(state, health_window=30)["failed"]


# 17. A create that cannot run


@pytest.mark.parametrize("options", [{"entrypoint": NEW}, {"queue_name": "queue"}], ids=["no queue", "no entrypoint"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_new_job_that_cannot_run_is_refused_before_anything_is_written(world, options, check_mode):
    """L9: a draft must not be left behind."""
    result = world("started", check_mode, **options)
    assert result["failed"] and world.writes() == [] and world.service.jobs.all() == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_new_job_without_an_entrypoint_gets_a_warning(world, check_mode):
    """L9: the option may be misspelt in a dictionary of options."""
    result = world("present", check_mode, queue_name="queue")
    assert "entrypoint" in str(result.get("warnings", []))


# Siblings of the above


def test_what_only_the_list_shows_is_not_set_back_in_the_second_wave(world):
    """L3: the detail leaves out the image, and the listing of before the first wave is too old for it."""
    for name in ("one", "two"):
        world.service.jobs.add(name=name, **{**FLEET_JOB, "status": "job_cancel_success"}, image="before:1")
    world.others("after update 1: update two image=theirs:2")
    result = world.fleet(*({"name": name, "entrypoint": NEW} for name in ("one", "two")), batch_size=1)
    assert not result["failed"] and [done.refused for done in world.service.actor.done] == [""]
    (two,) = (job for job in world.service.jobs.all() if job.name == "two")
    assert (two.fields["entrypoint"], two.fields["image"]) == (NEW, "theirs:2")


def test_what_only_the_list_shows_is_read_again_after_a_wait(world):
    """L3: somebody sets the image, which the detail leaves out, while the task waits for the savepoint to show."""
    world.behave(savepoint_late_seconds=3.0)
    job = world.plant(image="before:1")
    world.service.jobs.stop(job, True, world.service.behaviour)
    world.others("after show 2: update job image=theirs:2")
    result = world(entrypoint=NEW, health_window=0)
    assert not result["failed"] and [done.refused for done in world.service.actor.done] == [""]
    assert (world.job.fields["entrypoint"], world.job.fields["image"]) == (NEW, "theirs:2")


@KINDS
def test_a_savepoint_that_shows_late_is_waited_for_where_an_older_one_shows(world, kind):
    """L2: the older one is no reason to refuse the start, because the newer one comes."""
    world.kind = kind
    world.behave(savepoint_late_seconds=3.0)
    older = "obs://bucket/jobs/1/1500000000000/"
    job = world.plant(start_time=1_600_000_000_000, has_savepoint=True, savepoint_path=older)
    world.service.jobs.stop(job, True, world.service.behaviour)
    result = world("started", health_window=0)
    assert not result["failed"], result["msg"]
    (start,) = world.done("start")
    assert start.before.savepoint_path != older


@KINDS
@pytest.mark.parametrize("folder", ["20240101", "42", "1500000000"])
def test_a_folder_that_is_a_number_and_no_time_in_milliseconds_is_no_old_savepoint(world, kind, folder):
    """L7: a savepoint that somebody imports from a folder of their own is resumed from, with a risk."""
    world.kind = kind
    imported = {"has_savepoint": True, "savepoint_path": f"obs://bucket/backup/{folder}/"}
    world.plant("job_cancel_success", start_time=1_600_000_000_000, **imported)
    result = world("started", health_window=0)
    assert not result["failed"], result["msg"]
    assert world.writes() == [("run", True)]
    assert any("not known to be newer" in risk for risk in result["risks"])


@pytest.mark.parametrize("split", [False, True], ids=["one task", "two tasks"])
def test_a_restart_without_a_new_savepoint_does_not_go_back_to_one_of_an_earlier_run(world, split):
    """L7: as one task and as two, a start from there is refused until the task says it."""
    older = "obs://bucket/jobs/1/1500000000000/"
    world.plant(start_time=1_600_000_000_000, has_savepoint=True, savepoint_path=older)
    if split:
        assert not world("stopped", trigger_savepoint=False)["failed"]
        result = world("started")
    else:
        result = world("restarted", trigger_savepoint=False)
        assert world.stands()[0] == "job_running"
    assert result["failed"] and "resume_savepoint to true" in result["msg"]
    assert world.done("start") == []
    assert not world("restarted", trigger_savepoint=False, resume_savepoint=True)["failed"]


def test_a_purge_that_only_stops_does_not_count_what_is_stopped_already(world):
    """L7: the task that succeeded once succeeds again."""
    for number in range(7):
        world.service.jobs.add(name=f"team-{number}", **FLEET_JOB)
    scope = {"purge": True, "purge_scope": {"name_prefix": "team-"}, "purge_state": "stopped", "allow_empty": True}
    assert "7 jobs of purge_scope" in world.fleet(**scope)["msg"]
    first = world.fleet(**scope, max_purged=7)
    assert first["counts"]["changed"] == 7
    again = world.fleet(**scope)
    assert not again["failed"], again["msg"]
    assert again["counts"]["unchanged"] == 7 and world.writes() == []


def tagged(**tags):
    return [{"key": key, "value": value} for key, value in tags.items()]


@pytest.mark.parametrize("job_tags", ["offered", "absent"])
def test_a_job_that_leaves_the_tags_of_a_purge_is_left_alone_with_a_warning(world, job_tags):
    """L3: what was not done is not among the actions."""
    world.behave(job_tags=job_tags)
    world.service.jobs.add(name="kept", **FLEET_JOB)
    world.service.jobs.add(name="moved", **FLEET_JOB, tags=tagged(team="data"))
    world.others("after run 1: tag moved team=web")
    job = {"name": "kept", "entrypoint": NEW, "state": "started"}
    result = world.fleet(job, purge=True, purge_scope={"tags": {"team": "data"}})
    assert not result["failed"] and names(world) == {"kept", "moved"}
    (moved,) = (report for report in result["jobs"] if report["purged"])
    assert moved["verdict"] == "unchanged" and not {"actions", "changes", "risks"} & set(moved)
    assert "moved is no longer one that may be purged, so it was left alone" in str(result["warnings"])


def test_a_list_that_is_refused_before_a_purge_hides_nothing_that_was_done(world, monkeypatch):
    """L9: the jobs of the first wave are changed, and the result says so."""
    world.behave(job_tags="absent")
    world.service.jobs.add(name="kept", **FLEET_JOB)
    world.service.jobs.add(name="old", **FLEET_JOB, tags=tagged(team="data"))
    search = world.service.jobs.search

    def refuse_later(*query):
        if world.done("start"):
            raise ApiError(403, "DLI.0016", "no right to list")
        return search(*query)

    monkeypatch.setattr(world.service.jobs, "search", refuse_later)
    job = {"name": "kept", "entrypoint": NEW, "state": "started", "health_window": 0}
    result = world.fleet(job, purge=True, purge_scope={"tags": {"team": "data"}}, retry_timeout=0)
    assert result["failed"] and result["changed"]
    assert [report["verdict"] for report in result["jobs"]] == ["changed", "failed"]
    assert names(world) == {"kept", "old"}


@pytest.mark.parametrize("job_tags", ["offered", "absent"])
def test_each_tag_of_a_purge_is_checked_also_beside_one_that_cannot_be(world, job_tags):
    """L3: a value of one digit has no part and no other case, and the filter finds team=database for team=data."""
    world.behave(tags_filter="prefix", job_tags=job_tags)
    world.service.jobs.add(name="ours", **FLEET_JOB, tags=tagged(team="data", stage="1"))
    world.service.jobs.add(name="theirs", **FLEET_JOB, tags=tagged(team="database", stage="1"))
    result = world.fleet({"name": "ours"}, purge=True, purge_scope={"tags": {"team": "data", "stage": "1"}})
    assert result["failed"] == (job_tags == "absent") and names(world) == {"ours", "theirs"}


def test_a_job_of_a_fleet_that_somebody_else_brings_to_its_state_is_not_called_changed(world):
    """L6: as for a single job."""
    world.service.jobs.add(name="one", **FLEET_JOB)
    world.behave(savepoint_seconds=1.0)
    world.others("before stop 1: save one", f"before show 5: upgrade one entrypoint={NEW}")
    result = world.fleet({"name": "one", "entrypoint": NEW, "state": "started"})
    assert not result["failed"], result["msg"]
    assert [done.refused for done in world.service.actor.done] == ["", ""]
    assert world.done("stop") == world.done("start") == []
    assert result["jobs"][0]["verdict"] == "unchanged" and not result["changed"]


def test_a_fleet_does_not_take_a_job_for_settled_because_the_list_is_behind(world):
    """L3: the list shows the job as it was before the savepoint that somebody makes, and a stop would be refused."""
    jobs = [{"name": name, "entrypoint": NEW, "state": "started"} for name in ("one", "two")]
    for job in jobs:
        world.service.jobs.add(name=job["name"], **FLEET_JOB)
    world.behave(savepoint_seconds=5.0, list_lag_seconds=20.0)
    world.others("after list 1: save one", "after list 1: save two")
    result = world.fleet(*jobs)
    assert not result["failed"], result["msg"]
    stops = [sent.json["job_ids"] for sent in world.service.requests if sent.path.endswith("/jobs/stop")]
    assert sorted(sum(stops, [])) == sorted(job.job_id for job in world.service.jobs.all())


def test_a_fault_in_a_read_hides_nothing_that_was_done(world, monkeypatch):
    """L9: the job was stopped, and the result says so."""
    world.plant()
    detail = JobReader.detail

    def faulty(self, job_id):
        return 1 // 0 if world.done("stop") else detail(self, job_id)

    monkeypatch.setattr(JobReader, "detail", faulty)
    result = world(entrypoint=NEW)
    assert result["failed"] and result["error"]["type"] == "ZeroDivisionError"
    assert result["changed"] and [action["operation"] for action in result["actions"]] == ["stop"]


# Every failure of a start or stop, and the same task again


FAILURES = {
    "no savepoint shows": ({"savepoint": "never_shown"}, [], [], {}),
    "savepoint fails": ({"savepoint": "fails"}, [], [], {}),
    "stop fails": ({}, [], ["cancel_fail"], {}),
    "stop is refused": ({}, [], ["refused"], {}),
    "stop is ignored": ({}, [], ["ignored"], {}),
    "stop runs on": ({}, [], ["runs_on"], {}),
    "start is refused": ({}, ["refused"], [], {}),
    "start is refused twice": ({}, ["refused", "refused"], [], {}),
    "start fails": ({}, ["submit_fail"], [], {}),
    "start fails twice": ({}, ["submit_fail", "submit_fail"], [], {}),
    "start is ignored": ({}, ["ignored"], [], {}),
    "start is stuck": ({}, ["stuck"], [], {}),
    "start is stuck twice": ({}, ["stuck", "stuck"], [], {}),
    "fails soon": ({}, ["exception_after:5"], [], {}),
    "is restarted soon": ({}, ["restarts_after:5"], [], {}),
    "fails soon, no rollback": ({}, ["exception_after:5"], [], {"rollback": False}),
    "fails soon, savepoint is dropped": ({"savepoint_operations": "absent"}, ["exception_after:5"], [], {}),
    "is restarted soon, savepoint is dropped": ({"savepoint_operations": "absent"}, ["restarts_after:5"], [], {}),
}


@KINDS
@pytest.mark.parametrize("older", [False, True], ids=["", "older savepoint"])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_task_that_failed_is_never_less_safe_when_it_is_run_again(world, kind, failure, older):
    """L7: no later run starts with empty state, or from a savepoint older than the last stop that was to make one."""
    switches, starts, stops, options = FAILURES[failure]
    world.kind = kind
    world.behave(**switches)
    world.plant(**(SAVED if older else {}))
    for outcome in starts:
        world.service.jobs.plan_start("job", outcome)
    for outcome in stops:
        world.service.jobs.plan_stop("job", outcome)
    assert world("started", **{kind.version: NEW}, **options)["failed"]
    risks = []
    for _time in range(2):
        risks += world("started", **{kind.version: NEW}, **options).get("risks", [])
    assert world.empty_starts() == []
    saves = [event for event in world.done("stop") if event.asked["trigger_savepoint"]]
    for start in world.done("start") if saves else []:
        # The service does not show which stop a savepoint is of, so all that can be done is to say it.
        is_stated = any("not known to be newer than the last start" in risk for risk in risks)
        assert start.before.savepoint_path != SAVEPOINT or is_stated, "the stop was to make a newer one"
