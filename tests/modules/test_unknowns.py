# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service's documentation leaves open: the module is right either way.

Each test runs the module against the local service with a switch set one way and the other.
"""

from __future__ import annotations

import pytest
from ansible_collections.otc.dli.plugins.modules import dli_flink_job_adopt

from module_runner import run_module
from playbooks.expectations import assert_one_sentence

pytestmark = pytest.mark.any_core

DEFINITION = {
    "name": "job",
    "desc": "first",
    "queue_name": "queue",
    "entrypoint": "obs://bucket/job.jar",
    "entrypoint_args": "-rate 3",
    "cu_number": 6,
    "parallel_number": 8,
    "tm_slot_num": 4,
    "checkpoint_enabled": True,
    "checkpoint_mode": "at_least_once",
    "runtime_config": {"a.b": "1"},
    "smn_topic": "topic",
    "flink_version": "1.15",
}


OLD, NEW = "obs://bucket/job-1.jar", "obs://bucket/job-2.jar"


def written(service, name="job"):
    """Return the fields of a job as the service keeps them."""
    (found,) = [planted for planted in service.jobs.all() if planted.fields["name"] == name]
    return found.fields


@pytest.mark.parametrize("put_omitted", ["keep", "default"])
def test_an_update_changes_just_what_the_task_names(service, behave, job, put_omitted):
    behave(put_omitted=put_omitted)
    job(**DEFINITION)
    before = dict(written(service))
    result = job(name="job", desc="second")
    assert result["changes"] == {"desc": {"before": "first", "after": "second"}}
    assert dict(written(service)) == {**before, "desc": "second"}


@pytest.mark.parametrize("put_omitted", ["keep", "default"])
@pytest.mark.parametrize("numbers_read", ["number", "string"])
def test_an_update_of_a_v2_job_keeps_its_resources(service, behave, job, put_omitted, numbers_read):
    behave(put_omitted=put_omitted, numbers_read=numbers_read)
    job(
        name="job",
        resource_config_version="v2",
        resource_config={
            "max_slot": 2,
            # Its own default the service writes as 4G, which an update writes as 4 GB.
            "jobmanager_resource_spec": {"cpu": 1, "memory": "4 GB"},
            "taskmanager_resource_spec": {"cpu": 2, "memory": "8 GB"},
        },
    )
    before = dict(written(service))
    assert job(name="job", desc="second")["changed"]
    assert dict(written(service)) == {**before, "desc": "second"}
    partial = {"name": "job", "resource_config_version": "v2", "resource_config": {"parallel_number": 3}}
    result = job(**partial)
    assert result["changed"] and result["job"]["resource_config"] == {
        "max_slot": 2,
        "parallel_number": 3,
        "jobmanager_resource_spec": {"cpu": 1.0, "memory": "4 GB"},
        "taskmanager_resource_spec": {"cpu": 2.0, "memory": "8 GB"},
    }
    assert not job(**partial)["changed"]


@pytest.mark.parametrize("clearing", ["empty", "ignored"])
def test_a_cleared_field_is_empty_or_the_task_says_that_it_is_not(behave, job, clearing):
    job(**DEFINITION)
    # An update that resets what it leaves out resets what it is to clear as well.
    behave(clearing=clearing, put_omitted="keep")
    result = job(name="job", desc="", smn_topic="")
    assert result["changed"]
    if clearing == "empty":
        # An unset value may read in another way than an empty one.
        assert (result["job"]["desc"], result["job"]["smn_topic"] or "") == ("", "")
        assert "warnings" not in result
        assert not job(name="job", desc="", smn_topic="")["changed"]
    else:
        assert (result["job"]["desc"], result["job"]["smn_topic"]) == ("first", "topic")
        assert "still shows another value for desc, smn_topic" in str(result["warnings"])


@pytest.mark.parametrize("name_filter", ["exact", "contains", "ignored"])
def test_a_name_means_the_job_of_exactly_that_name(service, behave, job, name_filter):
    behave(name_filter=name_filter)
    for number in range(120):
        service.jobs.add(name=f"job-{number}")
    assert job(name="job")["actions"][0]["operation"] == "create"
    assert not job(name="job")["changed"]
    assert job(name="job-7", state="absent")["job"]["name"] == "job-7"
    assert len(service.jobs.all()) == 120


@pytest.mark.parametrize("tags_filter", ["match", "any", "ignored", "none"])
@pytest.mark.parametrize("job_tags", ["absent", "forbidden"])
def test_tags_that_cannot_be_read_are_verified_by_the_list(service, behave, job, tags_filter, job_tags):
    behave(tags_filter=tags_filter, job_tags=job_tags)
    tagged = {"name": "job", "tags": {"team": "orders"}}
    assert job(**tagged)["changed"]
    service.requests.clear()
    same = job(**tagged)
    other = job(name="job", tags={"team": "other"})
    assert not same["changed"] and not other["changed"], "tags cannot be changed, so they are no change for ever"
    assert ("warnings" in same) == (tags_filter == "none")
    assert ("warnings" in other) == (tags_filter != "ignored")
    if tags_filter in ("match", "any"):
        assert "are unconfirmed" in str(other["warnings"]) and "team=other" in str(other["warnings"])


@pytest.mark.parametrize("is_success", ["by_call", "boolean", "string"])
def test_success_is_read_in_either_form(behave, job, is_success):
    behave(is_success=is_success)
    assert job(**DEFINITION)["changed"]
    assert not job(**DEFINITION)["changed"]
    assert job(name="job", state="absent")["changed"]


@pytest.mark.parametrize("cu_number_reads", ["requested", "actual"])
def test_cus_that_the_service_rewrites_are_no_change(service, behave, job, cu_number_reads):
    behave(cu_number_reads=cu_number_reads)
    job(**DEFINITION)
    again = job(**DEFINITION)
    assert not again["changed"]
    assert ("cu_number is not compared" in str(again.get("warnings"))) == (cu_number_reads == "actual")
    # An update for another reason sends what the task asks for, not what the service has made of it.
    assert job(**{**DEFINITION, "desc": "second"})["changed"]
    assert written(service)["cu_number"] == 6
    more = job(**{**DEFINITION, "desc": "second", "cu_number": 9})
    assert more["changed"] == (cu_number_reads == "requested")


@pytest.mark.parametrize("cu_number_reads", ["requested", "actual"])
def test_cus_that_do_not_fit_the_job_are_refused_before_an_update_sends_them(service, behave, job, cu_number_reads):
    behave(cu_number_reads=cu_number_reads)
    job(name="job", cu_number=3, parallel_number=5)
    service.requests.clear()
    refused = job(name="job", cu_number=2, desc="second")
    assert refused["failed"] and "parallel_number must be at most 4 * (cu_number - manager_cu_number)" in refused["msg"]
    assert {request.method for request in service.requests} == {"GET"}


def test_cus_rewritten_without_a_sign_are_reported_as_unconfirmed(behave, job):
    behave(cu_number_reads="actual_unmarked")
    job(**DEFINITION)
    again = job(**DEFINITION)
    assert again["changed"] and "still shows another value for cu_number" in str(again["warnings"])


@pytest.mark.parametrize("unset_reads", ["null", "empty", "absent"])
@pytest.mark.parametrize("numbers_read", ["number", "string"])
def test_unset_values_and_numbers_are_read_in_every_form(behave, job, unset_reads, numbers_read):
    behave(unset_reads=unset_reads, numbers_read=numbers_read)
    empties = {"desc": "", "smn_topic": "", "dependency_jars": [], "runtime_config": {}, "log_enabled": False}
    definition = {"name": "job", "cu_number": 4, "resume_max_num": -1, **empties}
    assert job(**definition)["changed"]
    assert not job(**definition)["changed"]


@pytest.mark.parametrize("form", ["as_written", "lines", "json_list", "json_object"])
@pytest.mark.parametrize(
    "given", [{"a.b": "1", "c": "x=y"}, "a.b=1\nc=x=y", '[{"key": "a.b", "value": "1"}]'], ids=type
)
def test_runtime_config_is_read_in_every_form(behave, job, form, given):
    behave(runtime_config_reads=form)
    assert job(name="job", runtime_config=given)["changed"]
    assert not job(name="job", runtime_config=given)["changed"]


@pytest.mark.parametrize("switches", [{"checkpoint_mode_reads": "number"}, {"checkpoint_mode_reads": "name"}])
def test_checkpoint_mode_is_read_in_either_form(behave, job, switches):
    behave(**switches)
    assert job(**DEFINITION)["changed"]
    assert not job(**DEFINITION)["changed"]


@pytest.mark.parametrize("memory_reads", ["as_written", "mb", "gb"])
@pytest.mark.parametrize("memory", ["4 GB", "4096MB", "4", "2560 MB"])
def test_memory_is_read_in_every_unit(behave, job, memory_reads, memory):
    behave(memory_reads=memory_reads)
    definition = {
        "name": "job",
        "resource_config_version": "v2",
        "resource_config": {"taskmanager_resource_spec": {"memory": memory}},
    }
    assert job(**definition)["changed"]
    assert not job(**definition)["changed"]


@pytest.mark.usefixtures("by_default")
@pytest.mark.parametrize("list_details", ["all", "no_resource_config"])
@pytest.mark.parametrize("detail_omits_image", [True, False])
@pytest.mark.parametrize("by", ["name", "job_id"])
def test_list_and_detail_complete_each_other(service, behave, job, list_details, detail_omits_image, by):
    behave(list_details=list_details, detail_omits_image=detail_omits_image)
    definition = {"resource_config_version": "v1", "flink_version": "1.15", "feature": "basic"}
    definition |= {"name": "job", "entrypoint": "obs://bucket/job.jar"}
    created = job(**definition)
    assert created["changed"] and "warnings" not in created
    if by == "job_id":
        definition = {**definition, "job_id": created["job"]["job_id"]}
    service.requests.clear()
    assert not job(**definition)["changed"]
    # By its id both are asked anyway: only the list shows that the job is there.
    assert len(service.requests) == (2 if by == "job_id" or list_details == "no_resource_config" else 1)


@pytest.mark.parametrize("state", ["present", "started", "stopped"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_record_of_a_deleted_job_is_no_job(behave, job, state, check_mode):
    behave(delete_keeps_record=True)
    job_id = job(name="job", queue_name="queue")["job"]["job_id"]
    job(name="job", state="absent")
    for options in ({}, {"desc": "new"}):
        result = job(job_id=job_id, state=state, check_mode=check_mode, **options)
        assert result["failed"] and result["msg"].startswith(f"There is no Flink job {job_id};"), result


@pytest.mark.parametrize("delete_keeps_record", [True, False])
@pytest.mark.parametrize("not_found", ["DLI.0023", "DLI.16001", "DLI.0002"])
def test_a_deleted_job_is_gone_whatever_its_record_says(behave, job, delete_keeps_record, not_found):
    behave(delete_keeps_record=delete_keeps_record, not_found=not_found)
    job_id = job(name="job")["job"]["job_id"]
    assert job(job_id=job_id, state="absent")["changed"]
    assert not job(job_id=job_id, state="absent")["changed"]
    assert not job(name="job", state="absent")["changed"]


def test_a_name_that_an_invisible_job_owns_is_refused_in_the_services_words(service, job):
    service.jobs.add(name="job", owner="other")
    result = job(name="job")
    assert result["failed"] and result["error"]["error_code"] == "DLI.0006"
    assert "may belong to another user" in result["msg"]


@pytest.mark.parametrize("interval", [10, 30, None])
def test_the_default_of_checkpoint_interval_is_what_the_service_shows(service, access, job, interval):
    service.jobs.add(name="job", checkpoint_interval=interval)
    assert not job(name="job", checkpoint_enabled=False)["changed"]
    described = run_module(dli_flink_job_adopt, access)["jar_jobs"][0]
    assert described.get("checkpoint_interval") == interval, "elsewhere the default may be another one"
    for wanted in (10, 30):
        result = job(name="job", checkpoint_interval=wanted)
        assert result["changed"] == (service.jobs.all()[0].fields["checkpoint_interval"] != interval)
        assert "warnings" not in result and not job(name="job", checkpoint_interval=wanted)["changed"]
        interval = wanted
    assert job(check_mode=True, name="new", entrypoint="a/b.jar")["job"]["checkpoint_interval"] is None


@pytest.mark.parametrize("unknown_queue", ["at_start", "at_write"])
@pytest.mark.parametrize("run_refusal", ["error", "error_array", "element"])
def test_a_queue_that_is_not_there_is_rejected_in_the_services_words(service, behave, job, unknown_queue, run_refusal):
    behave(unknown_queue=unknown_queue, run_refusal=run_refusal)
    service.jobs.queues = ["queue"]
    good = {**DEFINITION, "obs_bucket": "bucket", "state": "started"}
    wrong = {**good, "queue_name": "quue"}
    new = job(**wrong)
    assert_one_sentence(new["msg"])
    assert [planted.status for planted in service.jobs.all()] == ["job_init"] * (unknown_queue == "at_start")
    job(**good)
    upgrade = job(**wrong)
    for result in (new, upgrade):
        assert "DLI.0002: The queue quue does not exist." in result["msg"]
    assert "Rolled back: the previous definition runs again, from the savepoint" in upgrade["msg"]
    assert [(planted.status, planted.fields["queue_name"]) for planted in service.jobs.all()] == [
        ("job_running", "queue")
    ]
    assert not job(**good)["changed"]


@pytest.mark.parametrize("files", ["kept", "deleted"])
def test_a_rollback_from_a_savepoint_whose_files_are_gone_loses_no_state(service, behave, job, files):
    """The service takes its path, and the start from it fails; no start has empty state, in the next run neither."""
    behave(savepoint_files_after_restart=files)
    definition = {"name": "job", "queue_name": "queue", "obs_bucket": "bucket", "state": "started"}
    job(**definition, entrypoint=OLD)
    service.jobs.plan_start("job", "exception_after:0")
    result = job(**definition, entrypoint=NEW)
    assert result["error"]["savepoint_path"].startswith("obs://bucket/jobs/savepoint/")
    assert result["error"]["rolled_back"] is (files == "kept")
    if files == "deleted":
        assert "The upgrade could not be undone" in result["msg"]
        assert "The files of the savepoint are gone." in result["msg"]
        assert "The files of the savepoint are gone." in job(**definition, entrypoint=OLD)["msg"]
    first, *starts = [event for event in service.journal.events if event.operation == "start"]
    assert first.asked == {"resume_savepoint": False}
    assert [event.asked for event in starts] == [{"resume_savepoint": True}] * (2 if files == "kept" else 3)
