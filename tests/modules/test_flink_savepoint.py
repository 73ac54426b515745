# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dli_flink_savepoint promises: a savepoint counts when the job shows it, and an import is done once."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.otc.dli.plugins.doc_fragments import auth
from ansible_collections.otc.dli.plugins.module_utils import _errors
from ansible_collections.otc.dli.plugins.module_utils._api.flink_jobs import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._model.spec import JobSpec
from ansible_collections.otc.dli.plugins.module_utils._reconcile import savepoint, wait
from ansible_collections.otc.dli.plugins.modules import dli_flink_savepoint

import local_dli.errors
from lifecycle_clock import Clock
from local_dli.jobs import Job
from module_runner import run_module

pytestmark = pytest.mark.any_core

RUNNING = {"name": "job", "queue_name": "queue", "status": "job_running", "obs_bucket": "bucket", "start_time": 1}
UNLISTED = (
    "The public API reference of Open Telekom Cloud does not list this operation, so the service may not offer it."
)


@pytest.fixture(name="savepoint")
def fixture_savepoint(service, access):
    """Return a function that runs the module with the given options and a token."""

    def run(check_mode=False, diff=False, **options):
        service.requests.clear()
        return run_module(dli_flink_savepoint, {**access, **options}, check_mode=check_mode, diff=diff)

    return run


def calls(service):
    return [f"{request.method} {request.path.rpartition('/streaming/')[2]}" for request in service.requests]


def sent(service):
    """Return the bodies of all writes."""
    return [request.json for request in service.requests if request.method != "GET"]


@pytest.mark.parametrize("is_success", ["boolean", "string"])
@pytest.mark.parametrize("by", ["name", "job_id"])
def test_a_savepoint_is_made_and_shown(service, behave, savepoint, is_success, by):
    behave(is_success=is_success, savepoint_seconds=0.2)
    planted = service.jobs.add(**RUNNING)
    result = savepoint(**{by: planted.job_id if by == "job_id" else "job"}, diff=True)
    assert result["changed"], result
    assert planted.status == "job_running" and planted.has_savepoint
    assert (result["job"]["status"], result["job"]["savepoint_path"]) == ("job_running", planted.savepoint_path)
    assert result["changes"] == {
        "has_savepoint": {"before": False, "after": True},
        "savepoint_path": {"before": None, "after": planted.savepoint_path},
    }
    target = f"obs://bucket/jobs/savepoint/{planted.job_id}/"
    assert result["actions"] == [{"operation": "savepoint", "savepoint_path": target}]
    assert result["diff"]["after"]["(actions)"] == result["actions"]
    # The vendor writes this path without a scheme.
    assert sent(service) == [{"action": "TRIGGER", "savepoint_path": f"bucket/jobs/savepoint/{planted.job_id}"}]


@pytest.mark.usefixtures("by_default")
def test_each_run_makes_a_savepoint_and_costs_the_fewest_requests(service, savepoint):
    planted = service.jobs.add(**RUNNING)
    first = savepoint(name="job")
    detail = f"GET jobs/{planted.job_id}"
    assert calls(service) == ["GET jobs", detail, f"POST jobs/{planted.job_id}/savepoint", detail]
    second = savepoint(name="job")
    assert second["changed"]
    assert second["changes"] == {
        "savepoint_path": {"before": first["job"]["savepoint_path"], "after": second["job"]["savepoint_path"]}
    }


@pytest.mark.parametrize("had", [True, False])
def test_check_mode_predicts_a_savepoint_and_makes_none(service, savepoint, had):
    planted = service.jobs.add(**RUNNING, has_savepoint=had, savepoint_path="obs://bucket/old/" if had else None)
    predicted = savepoint(check_mode=True, name="job", savepoint_path="bucket/dir")
    assert predicted["changed"] and sent(service) == []
    assert (predicted["job"]["has_savepoint"], predicted["job"]["savepoint_path"]) == (True, None)
    result = savepoint(name="job", savepoint_path="bucket/dir")
    assert result["actions"] == predicted["actions"]
    assert result["actions"] == [{"operation": "savepoint", "savepoint_path": "obs://bucket/dir"}]
    assert planted.savepoint_path != "obs://bucket/old/"
    assert sent(service) == [{"action": "TRIGGER", "savepoint_path": "bucket/dir"}]


def test_without_wait_the_savepoint_is_only_asked_for(service, behave, savepoint):
    behave(savepoint_seconds=3600)
    service.jobs.add(**RUNNING)
    result = savepoint(name="job", wait=False)
    assert result["changed"] and result["job"]["status"] == "job_savepointing"
    assert result["changes"] == {"has_savepoint": {"before": False, "after": True}}


def test_a_savepoint_that_takes_too_long_is_reported(service, behave, savepoint):
    behave(savepoint_seconds=3600)
    planted = service.jobs.add(**RUNNING)
    result = savepoint(name="job", wait_timeout=0.01)
    assert result["failed"]
    assert result["msg"] == "Waited 0.01 seconds for a savepoint of Flink job job; it was job_savepointing."
    error = result["error"]
    assert (error["last_status"], error["status"]) == ("job_savepointing", "job_savepointing")
    assert (error["job_id"], error["has_savepoint"], error["savepoint_path"]) == (planted.job_id, False, None)


@pytest.mark.parametrize("had", [True, False])
def test_a_failed_savepoint_is_an_error_that_says_that_the_job_goes_on(service, behave, savepoint, had):
    behave(savepoint="fails", savepoint_seconds=0.3)
    path = "obs://bucket/old/" if had else None
    service.jobs.add(**RUNNING, has_savepoint=had, savepoint_path=path)
    result = savepoint(name="job")
    assert result["failed"]
    assert result["msg"] == "Flink job job is job_running; it shows no new savepoint, and it keeps running."
    facts = {key: result["error"][key] for key in ("status", "has_savepoint", "savepoint_path")}
    assert facts == {"status": "job_running", "has_savepoint": had, "savepoint_path": path}


class Api:
    """A service that is in the next of the given states each time it is asked, and stays in the last."""

    def __init__(self, *states):
        self.states = list(states)

    def list_jobs(self, **_filters):
        yield self._job("job_running", None)

    def get_job(self, _job_id):
        return self._job(*(self.states.pop(0) if len(self.states) > 1 else self.states[0]))

    def trigger_savepoint(self, _job_id, _path):
        pass

    @staticmethod
    def _job(status, path):
        facts = {"job_id": 1, "name": "job", "status": status, "has_savepoint": path is not None}
        return {**facts, "savepoint_path": path, "job_config": {"obs_bucket": "bucket"}}


@pytest.fixture(name="grace")
def fixture_grace(monkeypatch):
    monkeypatch.setattr(wait, "GRACE_SECONDS", 15.0)


def make(api, clock):
    task = savepoint.SavepointTask(JobSpec("job"), "present")
    return savepoint.converge_savepoint(api, task, True, wait.Waiting(clock=clock))


@pytest.mark.usefixtures("grace")
def test_a_job_that_has_not_begun_its_savepoint_yet_is_given_time():
    api = Api(*[("job_running", None)] * 3, ("job_savepointing", None), ("job_running", "obs://b/s/"))
    assert make(api, Clock())["job"]["savepoint_path"] == "obs://b/s/"


@pytest.mark.usefixtures("grace")
def test_a_savepoint_that_never_begins_is_not_waited_for_all_the_time():
    clock = Clock()
    with pytest.raises(_errors.LifecycleError, match="it shows no new savepoint, and it keeps running"):
        make(Api(("job_running", None)), clock)
    assert clock.now < 2 * wait.GRACE_SECONDS


def test_a_job_that_ends_meanwhile_is_reported():
    with pytest.raises(_errors.LifecycleError, match="is job_finish; it shows no new savepoint, and it no longer runs"):
        make(Api(("job_running", None), ("job_savepointing", None), ("job_finish", None)), Clock())


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("status", ["job_init", "job_cancel_success", "job_running_exception", "job_finish"])
def test_a_job_that_does_not_run_has_no_savepoint_made(service, savepoint, check_mode, status):
    service.jobs.add(**{**RUNNING, "status": status})
    result = savepoint(check_mode=check_mode, name="job")
    assert result["failed"]
    assert result["msg"] == f"Flink job job is {status}, but a savepoint can be made of a running job only."
    assert sent(service) == []


@pytest.mark.usefixtures("by_default")
def test_a_transitional_status_settles_first(service, behave, savepoint, job):
    behave(submit_seconds=1.0)
    options = {"queue_name": "queue", "entrypoint": "obs://bucket/job.jar", "obs_bucket": "bucket"}
    job(name="job", **options, state="started", wait=False)
    (planted,) = service.jobs.all()
    assert planted.status == "job_submitting"
    result = savepoint(name="job", wait=False)
    assert result["failed"]
    assert "is job_submitting, which is a transitional status; wait is false, so nothing was done." in result["msg"]
    assert savepoint(name="job")["changed"] and planted.has_savepoint


def test_a_job_without_a_bucket_needs_a_path(service, savepoint):
    service.jobs.add(**{**RUNNING, "obs_bucket": None})
    result = savepoint(name="job")
    assert result["failed"] and sent(service) == []
    assert result["msg"] == "savepoint_path is missing, and Flink job job has no obs_bucket to put the savepoint into."
    assert savepoint(name="job", savepoint_path="obs://other/dir/")["changed"]


@pytest.mark.parametrize("state", ["present", "imported"])
@pytest.mark.parametrize("by", ["name", "job_id"])
def test_an_unknown_job_is_an_error(savepoint, state, by):
    result = savepoint(**{by: 12}, state=state, savepoint_path="obs://b/s/")
    assert result["failed"] and result["msg"] == "There is no Flink job 12."


def test_a_sql_job_has_savepoints_too(service, savepoint):
    service.jobs.add(name="sql", job_type="flink_sql_job", status="job_running")
    result = savepoint(name="sql", savepoint_path="obs://b/s/")
    assert result["changed"] and result["job"]["has_savepoint"]


@pytest.mark.usefixtures("by_default")
@pytest.mark.parametrize("status", ["job_init", "job_cancel_success", "job_running"])
def test_a_savepoint_is_imported_once(service, savepoint, status):
    planted = service.jobs.add(**{**RUNNING, "status": status})
    options = {"name": "job", "state": "imported", "savepoint_path": "obs://bucket/some/savepoint/"}
    predicted = savepoint(check_mode=True, diff=True, **options)
    assert predicted["changed"] and sent(service) == [] and not planted.has_savepoint
    result = savepoint(diff=True, **options)
    assert sent(service) == [{"job_id": planted.job_id, "savepoint_path": "obs://bucket/some/savepoint/"}]
    assert planted.savepoint_path == "obs://bucket/some/savepoint/"
    for key in ("changed", "changes", "actions", "diff"):
        assert predicted[key] == result[key], key
    assert predicted["job"]["savepoint_path"] == result["job"]["savepoint_path"] == planted.savepoint_path
    for same in ("obs://bucket/some/savepoint/", "obs://bucket/some/savepoint", "bucket/some/savepoint"):
        again = savepoint(**{**options, "savepoint_path": same})
        assert not again["changed"] and again["actions"] == [] and again["changes"] == {}
        assert calls(service) == ["GET jobs"]
    assert savepoint(**{**options, "savepoint_path": "obs://bucket/another"})["changed"]


def test_an_import_that_the_service_does_not_show_is_reported(service, savepoint, monkeypatch):
    service.jobs.add(**RUNNING)
    monkeypatch.setattr(Job, "set_savepoint", lambda _job, _path: None)
    result = savepoint(name="job", state="imported", savepoint_path="obs://bucket/some/savepoint/")
    assert result["changed"] and "does not show it" in str(result["warnings"])


@pytest.mark.parametrize(
    ("status", "code", "explained"),
    [
        (404, "APIG.0101", True),
        (404, "DLI.0023", True),
        (400, "DLI.0007", True),
        (400, "DLI.0002", True),
        (403, "DLI.0016", False),
        (400, "DLI.0001", False),
    ],
)
@pytest.mark.parametrize("state", ["present", "imported"])
def test_an_operation_that_the_service_does_not_have_is_reported(
    service, savepoint, monkeypatch, status, code, explained, state
):
    service.jobs.add(**RUNNING)

    def refuse(*_arguments):
        raise local_dli.errors.ApiError(status, code, "No.")

    monkeypatch.setattr(service.jobs, "save", refuse)
    monkeypatch.setattr(Job, "set_savepoint", refuse)
    result = savepoint(name="job", state=state, savepoint_path="obs://bucket/some/savepoint/")
    assert result["failed"] and result["error"]["error_code"] == code
    assert (UNLISTED in result["msg"]) == explained


@pytest.mark.parametrize("keeps_record", [True, False])
@pytest.mark.parametrize("state", ["present", "imported"])
def test_a_job_that_is_deleted_meanwhile_is_reported(service, behave, savepoint, monkeypatch, keeps_record, state):
    behave(delete_keeps_record=keeps_record, delete_seconds=0.0)
    planted = service.jobs.add(**RUNNING)
    operation = "trigger_savepoint" if state == "present" else "import_savepoint"
    real = getattr(FlinkJobApi, operation)

    def too_late(*args):
        service.jobs.delete(planted, service.behaviour)
        return real(*args)

    monkeypatch.setattr(FlinkJobApi, operation, too_late)
    result = savepoint(name="job", state=state, savepoint_path="obs://bucket/some/savepoint/")
    assert result["failed"] and not result["changed"]
    assert (result["msg"], result["error"]["type"]) == ("There is no Flink job job.", "ConflictError")


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("state", ["present", "imported"])
def test_a_deleted_job_that_keeps_its_record_is_not_there(service, behave, savepoint, check_mode, state):
    behave(delete_keeps_record=True, delete_seconds=0.0)
    planted = service.jobs.add(**RUNNING)
    service.jobs.delete(planted, service.behaviour)
    options = {"job_id": planted.job_id, "state": state, "savepoint_path": "obs://bucket/some/savepoint/"}
    result = savepoint(check_mode=check_mode, **options)
    assert result["failed"] and result["msg"] == f"There is no Flink job {planted.job_id}."
    # By its name, and then all: it could have been renamed meanwhile.
    assert calls(service) == [f"GET jobs/{planted.job_id}", "GET jobs", "GET jobs"]


def test_arguments_and_sensitive_settings_are_masked(service, savepoint):
    service.jobs.add(**RUNNING, entrypoint_args="--password hunter2", runtime_config="db.password=hunter3")
    for options in ({}, {"state": "imported", "savepoint_path": "obs://bucket/some/savepoint/"}):
        result = savepoint(name="job", diff=True, **options)
        assert result["changed"] and "hunter" not in str(result)
        assert result["job"]["entrypoint_args"] == "********"


PATH_RULE = "savepoint_path must be a path in OBS such as obs://bucket/folder or bucket/folder, without spaces."


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "name or job_id is missing; one of them must identify the job."),
        ({"name": "a", "job_id": 1}, "name and job_id are both given, but one of them must identify the job alone."),
        ({"name": "a b"}, 'name is "a b", but may hold only letters, digits, underscores and hyphens.'),
        (
            {"name": "a", "state": "imported"},
            "savepoint_path is missing; state imported needs it to know the savepoint.",
        ),
        (
            {"name": "a", "state": "imported", "savepoint_path": "obs://bucket/"},
            "savepoint_path names a bucket alone, but must name the folder of the savepoint.",
        ),
        ({"name": "a", "savepoint_path": ""}, PATH_RULE),
        ({"name": "a", "savepoint_path": "s3a://bucket/dir"}, PATH_RULE),
        ({"name": "a", "savepoint_path": "obs://bucket/a dir"}, PATH_RULE),
        ({"name": "a", "savepoint_path": "/dir"}, PATH_RULE),
        ({"name": "a", "wait_timeout": 0}, "wait_timeout is 0, but must be a number of seconds greater than 0."),
    ],
)
def test_bad_input_is_reported_before_any_request(service, savepoint, options, sentence):
    result = savepoint(**options)
    assert result["failed"] and result["msg"] == sentence
    assert service.requests == []


def test_documentation_has_the_options_of_the_argument_spec():
    documentation = yaml.safe_load(dli_flink_savepoint.DOCUMENTATION)["options"]
    keys = ("type", "choices", "default", "aliases")

    def described(options):
        return {name: {key: option[key] for key in keys if key in option} for name, option in options.items()}

    assert described(documentation) == described(savepoint.savepoint_options())
    assert not set(documentation) & set(yaml.safe_load(auth.ModuleDocFragment.DOCUMENTATION)["options"])
