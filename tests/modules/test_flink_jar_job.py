# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module promises: identity, running jobs, deletion, what is shown, and how many requests it costs."""

from __future__ import annotations

import json

import pytest
from ansible_collections.otc.dli.plugins.module_utils import _errors
from ansible_collections.otc.dli.plugins.module_utils._api.flink_jobs import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._model.redact import redacted, redacted_change
from ansible_collections.otc.dli.plugins.module_utils._reconcile.driver import Driver
from ansible_collections.otc.dli.plugins.module_utils._reconcile.effects import Call, outcome_of
from ansible_collections.otc.dli.plugins.module_utils._reconcile.wait import Waiting, wait_until


def path_of(request):
    below = request.path.partition("/streaming/")[2]
    return below or request.path[request.path.index("/dli_flink_job/") :]


def calls(service):
    """Return the requests since the last call, as method and last part of the path."""
    found = [f"{request.method} {path_of(request)}" for request in service.requests]
    service.requests.clear()
    return found


@pytest.mark.usefixtures("by_default")
def test_each_operation_costs_the_fewest_requests(service, job):
    definition = {"name": "job", "desc": "first", "cu_number": 4, "tags": {"team": "orders"}}
    created = job(**definition)
    job_id = created["job"]["job_id"]
    tags = f"/dli_flink_job/{job_id}/tags"
    assert calls(service) == ["GET jobs", "POST flink-jobs", f"GET jobs/{job_id}", f"GET {tags}"]
    job(**definition)
    assert calls(service) == ["GET jobs", f"GET {tags}"]
    job(name="job", desc="first")
    assert calls(service) == ["GET jobs"], "tags that the task does not give are not read"
    job(job_id=job_id, desc="first")
    # That the job is there only the list shows; the detail may be the record of a deleted one.
    assert calls(service) == [f"GET jobs/{job_id}", "GET jobs"]
    job(name="job", desc="second")
    # The list lacks what an update must not lose, so the detail is read too; after it, to see what became of it.
    assert calls(service) == ["GET jobs", f"GET jobs/{job_id}", f"PUT flink-jobs/{job_id}", f"GET jobs/{job_id}"]
    job(name="job", state="absent")
    assert calls(service) == ["GET jobs", f"GET jobs/{job_id}", f"DELETE jobs/{job_id}", f"GET jobs/{job_id}"]
    job(name="job", state="absent")
    assert calls(service) == ["GET jobs"]
    assert not service.jobs.all()


def test_several_jobs_of_a_name_are_reported_with_their_ids(service, job):
    ids = [service.jobs.add(name="duplicate").job_id for _duplicate in range(2)]
    for state in ("present", "absent"):
        result = job(name="duplicate", desc="x", state=state)
        assert result["failed"]
        assert result["msg"] == f"Several jobs are named duplicate: {ids[0]}, {ids[1]}; say which one with job_id."
    assert job(job_id=ids[0], state="absent")["changed"]


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("by", ["name", "job_id"])
def test_a_sql_job_is_left_alone(service, job, state, by):
    sql = service.jobs.add(name="sql", job_type="flink_sql_job")
    # A list may not name the type, so a task that has nothing to change does not see it.
    result = job(**({"name": "sql"} if by == "name" else {"job_id": sql.job_id}), state=state, desc="changed")
    assert result["failed"]
    assert f"Job {sql.job_id}, named sql, is a flink_sql_job, not a flink_jar_job" in result["msg"]
    assert service.jobs.all()


def test_a_job_is_renamed_by_id_and_name(service, job):
    job_id = job(name="old", desc="kept")["job"]["job_id"]
    rename = {"job_id": job_id, "name": "new"}
    expected = {"name": {"before": "old", "after": "new"}}
    assert job(check_mode=True, **rename)["changes"] == job(**rename)["changes"] == expected
    assert not job(**rename)["changed"]
    assert job(name="new")["job"]["desc"] == "kept"


def test_a_name_that_is_taken_is_not_given_to_another_job(job):
    taken, other = (job(name=name)["job"]["job_id"] for name in ("taken", "other"))
    for check_mode in (True, False):
        result = job(check_mode=check_mode, job_id=other, name="taken")
        assert result["failed"] and f"The name taken belongs to job {taken} already" in result["msg"]


def test_an_unknown_id_is_an_error_unless_the_job_shall_be_gone(job):
    result = job(job_id=12, name="job")
    assert result["failed"] and "There is no Flink job 12; to create a job, give its name alone" in result["msg"]
    assert not job(job_id=12, state="absent")["changed"]


def test_a_job_is_not_deleted_when_id_and_name_differ(service, job):
    job_id = job(name="mine")["job"]["job_id"]
    result = job(job_id=job_id, name="yours", state="absent")
    assert result["failed"] and f"Flink job {job_id} is named mine, not yours; nothing was deleted" in result["msg"]
    assert service.jobs.all()


@pytest.mark.parametrize("status", ["job_running", "job_cancel_fail"])
def test_a_job_that_may_run_takes_live_changes_only(service, job, status):
    job(name="job", desc="first", smn_topic="topic", obs_bucket="bucket", queue_name="queue")
    (planted,) = service.jobs.all()
    service.jobs.set_status(planted.job_id, status)
    result = job(name="job", desc="second", smn_topic="other")
    assert result["failed"] and f"is {status}, and desc cannot be changed before it is stopped" in result["msg"]
    assert planted.fields["smn_topic"] == "topic", "nothing was changed"
    if status == "job_running":
        calls(service)
        result = job(name="job", desc="first", smn_topic="other", obs_bucket="bucket", resume_max_num=3)
        assert result["actions"] == [{"operation": "update", "fields": ["smn_topic", "resume_max_num"]}]
        (put,) = [request.json for request in service.requests if request.method == "PUT"]
        # The other live fields go along, since an update may reset what it leaves out; obs_bucket is refused unchanged.
        live = {"restart_when_exception": False, "resume_checkpoint": False}
        assert put == {"smn_topic": "other", "resume_max_num": 3, **live}


@pytest.mark.parametrize("put_omitted", ["keep", "default"])
def test_a_live_change_leaves_the_other_live_fields(service, behave, job, put_omitted):
    behave(put_omitted=put_omitted)
    job(name="job", smn_topic="topic", restart_when_exception=True, resume_checkpoint=True, obs_bucket="bucket")
    (planted,) = service.jobs.all()
    service.jobs.set_status(planted.job_id, "job_running")
    before = dict(planted.fields)
    assert job(name="job", resume_max_num=5)["changed"]
    assert dict(planted.fields) == {**before, "resume_max_num": 5}


def test_what_the_service_does_not_return_is_null_and_not_a_default(behave, job):
    behave(list_details="no_resource_config")
    definition = {
        "name": "job",
        "resource_config_version": "v2",
        "resource_config": {"max_slot": 2},
        "feature": "basic",
    }
    job(**definition)
    shown = job(name="job")["job"]
    assert (shown["resource_config_version"], shown["resource_config"]) == (None, None)
    updated = job(name="job", desc="text")["job"]
    assert (updated["resource_config_version"], updated["feature"]) == ("v2", "basic")


@pytest.mark.usefixtures("by_default")
def test_no_answer_is_asked_for_twice(service, behave, job):
    job_id = job(name="job", desc="first")["job"]["job_id"]
    calls(service)
    job(job_id=job_id, desc="second")
    # Here the detail lacks the image, which the list has.
    assert calls(service) == [f"GET jobs/{job_id}", "GET jobs", f"PUT flink-jobs/{job_id}", f"GET jobs/{job_id}"]
    behave(unset_reads="absent")
    job(name="job", smn_topic="")
    assert calls(service) == ["GET jobs", f"GET jobs/{job_id}"]


def test_cus_in_use_that_an_update_sends_back_are_reported(behave, job):
    behave(cu_number_reads="actual")
    job(name="job", cu_number=6, parallel_number=8, tm_slot_num=4)
    assert "the update sends them back" in str(job(name="job", desc="text")["warnings"])


@pytest.mark.usefixtures("by_default")
def test_deleting_waits_until_the_service_lists_the_job_no_longer(service, behave, job):
    behave(delete_seconds=0.2)
    job_id = job(name="job")["job"]["job_id"]
    calls(service)
    assert job(name="job", state="absent")["changed"]
    assert calls(service)[-3:] == [f"GET jobs/{job_id}", "GET jobs", f"GET jobs/{job_id}"] and not service.jobs.all()


def test_a_job_that_does_not_go_is_reported_and_without_wait_not_waited_for(service, behave, job):
    behave(delete_seconds=3600)
    job(name="job")
    result = job(name="job", state="absent", wait_timeout=0.01)
    assert result["failed"]
    assert result["msg"] == "Flink job job was deleted, but the service still lists it after 0.01 seconds."
    assert job(name="job", state="absent", wait=False)["changed"]


def test_an_empty_value_is_a_value_and_a_missing_one_is_not(job):
    job(name="job", desc="text", smn_topic="topic", restart_when_exception=True, dependency_jars=["a/b.jar"])
    kept = job(name="job")
    assert not kept["changed"] and kept["job"]["desc"] == "text"
    cleared = job(name="job", desc="", restart_when_exception=False, dependency_jars=[])
    assert set(cleared["changes"]) == {"desc", "restart_when_exception", "dependency_jars"}
    assert cleared["job"]["smn_topic"] == "topic"


def test_a_rule_that_a_change_breaks_only_with_what_stays_is_reported_before_any_write(service, job):
    job(name="job", cu_number=3)
    calls(service)
    result = job(name="job", parallel_number=9)
    assert result["failed"]
    assert result["msg"] == (
        "parallel_number is 9, but must be at most 4 * (cu_number - manager_cu_number), which is 8; the job already "
        'has cu_number 3 and manager_cu_number 1 and resource_config_version "v1".'
    )
    assert all(call.startswith("GET") for call in calls(service))


ARGUMENTS = [
    # what the service has, what the task gives in the open, what is shown
    ("-rate 3", "-rate 3", "-rate 3"),
    ("-rate 3", "-rate 4", "-rate 3"),
    ("-rate 3 --password x", "-rate 3", "-rate 3 ********"),
    ("-rate 3 --password x", "-rate 4 -v", "-rate 3 ********"),
    ("-v x", "-rate 4 -v", "-v ********"),
    ("--rate=3 --key=x", "--rate=4", "--rate=3 ********"),
    ("--password x", "", "********"),
    ("a b c", "b", "******** b ********"),
]


@pytest.mark.parametrize(("actual", "public", "expected"), ARGUMENTS)
def test_of_arguments_only_what_the_task_itself_gives_is_shown(actual, public, expected):
    assert redacted("entrypoint_args", actual, public) == expected


def test_a_hidden_change_is_reported_as_a_change():
    assert redacted_change("entrypoint_args", "-v old", "-v new", "-v") == ("-v ********", "-v ******** (changed)")
    before, after = {"a": "1", "db.password": "old"}, {"a": "2", "db.password": "new"}
    assert redacted_change("runtime_config", before, after, "") == (
        {"a": "1", "db.password": "********"},
        {"a": "2", "db.password": "******** (changed)"},
    )


class Clock:
    """Time that advances only by sleeping."""

    def __init__(self):
        self.now = 0.0
        self.pauses = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


def wait_for(wanted, outcome, clock):
    steps = wait_until(
        lambda: outcome_of(Call(lambda: outcome)), wanted.__eq__, 100, "still {}".format, clock.monotonic
    )
    return Driver(None, None, Waiting(clock=clock)).run(steps)


def test_waiting_starts_quick_backs_off_and_ends_on_time():
    clock = Clock()
    with pytest.raises(_errors.WaitTimeout, match="still no") as caught:
        wait_for("yes", "no", clock)
    assert clock.now == pytest.approx(100)
    assert clock.pauses[0] == 0.5 and max(clock.pauses) <= 15
    assert clock.pauses[:-1] == sorted(clock.pauses[:-1])
    assert caught.value.details()["last_status"] is None


def test_waiting_ends_at_once_when_done():
    clock = Clock()
    assert wait_for("yes", "yes", clock) == "yes"
    assert clock.pauses == []


@pytest.mark.parametrize("given", [{}, {"entrypoint_args": "--window-ms 2000"}])
@pytest.mark.parametrize("check_mode", [False, True])
def test_words_of_the_service_that_quote_what_the_task_does_not_give(service, job, monkeypatch, given, check_mode):
    """An update sends the arguments that others have set, too."""
    service.jobs.add(name="orders", entrypoint_args="--window-ms 2000 --password hunter2 --db=swordfish", desc="old")

    def quoting(_self, _kind, _job_id, body):
        raise _errors.ApiError("PUT", 400, "DLI.0001", f"Bad request {json.dumps(body)}")

    monkeypatch.setattr(FlinkJobApi, "update_job", quoting)
    result = job(check_mode, name="orders", desc="new", **given)
    assert "hunter2" not in str(result) and "swordfish" not in str(result)
    if not check_mode:
        assert "Bad request" in result["msg"] and ("2000" in result["msg"]) == bool(given)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", []),
        ("[]", []),
        ("a.jar, b.jar", ["a.jar", "b.jar"]),
        ('["a.jar", "b.jar"]', ["a.jar", "b.jar"]),
        ("['a.jar']", ["a.jar"]),
    ],
)
def test_a_list_can_be_given_as_a_text(service, job, text, meant):
    """As ad hoc; the second run changes nothing."""
    planted = service.jobs.add(name="orders", dependency_jars=["old.jar"])
    result = job(name="orders", dependency_jars=text)
    assert result["changed"] and (planted.fields["dependency_jars"] or []) == meant
    assert not job(name="orders", dependency_jars=text)["changed"]


@pytest.mark.parametrize("option", ["queue_name", "obs_bucket", "entrypoint", "execution_agency_urn", "smn_topic"])
def test_blanks_around_a_value_are_not_meant(service, job, option):
    planted = service.jobs.add(name="orders", **{option: "value"})
    assert not job(name="orders", **{option: " value "})["changed"]
    assert job(name="orders", **{option: " other "})["changed"]
    assert planted.fields[option] == "other"
