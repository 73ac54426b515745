# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that export and import jobs: what they send, what counts as a change, and what they refuse."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.otc.dli.plugins.module_utils._flink_archive import export_options, import_options
from ansible_collections.otc.dli.plugins.module_utils._flink_job_api import FlinkJobApi
from ansible_collections.otc.dli.plugins.modules import dli_flink_job_export, dli_flink_job_import

from module_runner import run_module
from unit.test_agreement import described


@pytest.fixture(name="call")
def fixture_call(service):
    """Return a function that runs a module with the given options and a token."""
    access = {
        "endpoint": service.url,
        "project_id": service.credentials["project_id"],
        "token": service.issue_token(),
    }

    def run(module, check_mode=False, **options):
        service.requests.clear()
        return run_module(module, {**access, **options}, check_mode=check_mode)

    return run


def bodies(service):
    return [request.json for request in service.requests if request.method != "GET"]


@pytest.mark.parametrize(("files", "count"), [("together", 1), ("each", 2)])
def test_an_export_of_some_jobs(service, behave, call, files, count):
    behave(export_files=files)
    one, two, _three = service.jobs.add_many(3)
    options = {"obs_dir": "bucket/dir", "names": ["job-1"], "job_ids": [one.job_id, one.job_id]}
    predicted = call(dli_flink_job_export, True, **options)
    assert predicted["changed"] and predicted["zip_file"] == [] and bodies(service) == []
    result = call(dli_flink_job_export, **options)
    assert result["changed"] and len(result["zip_file"]) == count and result["jobs"] == predicted["jobs"]
    selected = [two.job_id, one.job_id]
    assert bodies(service) == [{"obs_dir": "bucket/dir", "is_selected": True, "job_selected": selected}]
    assert call(dli_flink_job_export, **options)["changed"], "each export makes new files"


def test_an_export_of_all_jobs(service, call):
    service.jobs.add_many(2)
    result = call(dli_flink_job_export, obs_dir="bucket")
    assert result["jobs"] is None and bodies(service) == [{"obs_dir": "bucket", "is_selected": False}]


@pytest.mark.parametrize("check_mode", [True, False])
def test_jobs_that_cannot_be_told_are_not_exported(service, call, check_mode):
    twins = [service.jobs.add(name="twin").job_id for _number in range(2)]
    for options, words in (
        ({"names": ["none"]}, "There is no Flink job none"),
        ({"job_ids": [7]}, "There is no Flink job 7"),
        ({"names": ["twin"]}, f"Several jobs are named twin: {twins[0]}, {twins[1]}"),
    ):
        result = call(dli_flink_job_export, check_mode, obs_dir="bucket", **options)
        assert result["failed"] and words in result["msg"] and bodies(service) == []


@pytest.fixture(name="exported")
def fixture_exported(service, call):
    """A ZIP file of two jobs, of which one is gone."""
    gone, kept = service.jobs.add(name="gone", desc="old"), service.jobs.add(name="kept", desc="old")
    (path,) = call(dli_flink_job_export, obs_dir="bucket/dir")["zip_file"]
    service.jobs.delete(gone, service.behaviour)
    kept.fields["desc"] = "new"
    assert [job.name for job in service.jobs.all()] == ["kept"]
    return path


@pytest.mark.parametrize("numbers", ["number", "string"])
def test_an_import_leaves_alone_what_is_there(service, behave, call, exported, numbers):
    behave(numbers_read=numbers)
    result = call(dli_flink_job_import, zip_file=exported)
    assert result["changed"] and bodies(service) == [{"zip_file": exported, "is_cover": False}]
    new = {job.name: job for job in service.jobs.all()}
    assert new["kept"].fields["desc"] == "new" and new["gone"].fields["desc"] == "old"
    ids = sorted((job["new_job_id"] for job in result["job_mapping"]), key=str)
    assert ids == [new["gone"].job_id, None]
    again = call(dli_flink_job_import, zip_file="bucket/dir")
    assert not again["changed"] and [job["new_job_id"] for job in again["job_mapping"]] == [None, None]


def test_an_import_that_overwrites_is_a_change_each_time(service, call, exported):
    for _run in range(2):
        predicted = call(dli_flink_job_import, True, zip_file=exported, is_cover=True)
        assert predicted["changed"] and "warnings" not in predicted and bodies(service) == []
        assert call(dli_flink_job_import, zip_file=exported, is_cover=True)["changed"]
        assert {job.fields["desc"] for job in service.jobs.all()} == {"old"}


def test_names_tell_before_whether_there_is_anything_to_import(service, call, exported):
    names = ["kept", "gone"]
    assert call(dli_flink_job_import, True, zip_file=exported, names=names)["changed"] and bodies(service) == []
    assert call(dli_flink_job_import, zip_file=exported, names=names)["changed"]
    for check_mode in (True, False):
        result = call(dli_flink_job_import, check_mode, zip_file=exported, names=names)
        assert not result["changed"] and result["actions"] == [] and bodies(service) == []


def test_check_mode_says_what_it_cannot_know(service, call, exported):
    result = call(dli_flink_job_import, True, zip_file=exported)
    assert result["changed"] and "is not known before" in str(result["warnings"]) and service.requests == []


def test_a_file_that_is_not_there(call):
    result = call(dli_flink_job_import, zip_file="bucket/none.zip")
    assert result["failed"] and result["error"]["error_code"] == "DLI.0002" and not result["changed"]


@pytest.mark.parametrize(
    ("module", "operation", "options"),
    [
        (dli_flink_job_export, "export_jobs", {"obs_dir": "bucket"}),
        (dli_flink_job_import, "import_jobs", {"zip_file": "bucket/a.zip"}),
    ],
)
def test_a_lost_answer_is_told_and_not_repeated(call, monkeypatch, module, operation, options):
    calls = []

    def lost(_self, body):
        calls.append(body)
        raise ConnectionFailed("Lost.", "operation")

    monkeypatch.setattr(FlinkJobApi, operation, lost)
    result = call(module, **options)
    assert result["failed"] and result["changed"] and len(calls) == 1
    assert "was carried out is not known" in result["msg"]


@pytest.mark.parametrize(
    ("module", "options", "words"),
    [
        (dli_flink_job_export, {}, "missing required arguments: obs_dir"),
        (dli_flink_job_export, {"obs_dir": "a b"}, "obs_dir must be a path in OBS"),
        (dli_flink_job_export, {"obs_dir": "b", "names": []}, "names and job_ids name no job"),
        (dli_flink_job_export, {"obs_dir": "b", "names": ["a b"]}, "name is"),
        (dli_flink_job_export, {"obs_dir": "b", "job_ids": [0]}, "job_id is 0, but must be at least 1"),
        (dli_flink_job_import, {"zip_file": ""}, "zip_file must be a path in OBS"),
        (dli_flink_job_import, {"zip_file": "b", "names": []}, "names is empty"),
        (dli_flink_job_import, {"zip_file": "b", "names": ["a"], "is_cover": True}, "with is_cover true"),
    ],
)
def test_bad_input_is_one_sentence_and_no_request(service, call, module, options, words):
    result = call(module, **options)
    assert result["failed"] and words in result["msg"] and "\n" not in result["msg"] and service.requests == []


@pytest.mark.parametrize(
    ("module", "options"), [(dli_flink_job_export, export_options()), (dli_flink_job_import, import_options())]
)
def test_options_are_documented(module, options):
    documentation = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert {name: described(option) for name, option in documentation.items()} == {
        name: described(option) for name, option in options.items()
    }
