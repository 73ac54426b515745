# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules that export and import jobs: what they send, what counts as a change, and what they refuse."""

from __future__ import annotations

import functools

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils._api.archives import ArchiveApi
from ansible_collections.otc.dli.plugins.module_utils._errors import ApiError, ConnectionFailed
from ansible_collections.otc.dli.plugins.module_utils._reconcile import wait
from ansible_collections.otc.dli.plugins.module_utils._reconcile.archive import export_options, import_options
from ansible_collections.otc.dli.plugins.modules import dli_flink_job_export, dli_flink_job_import

from lifecycle_clock import Clock
from module_runner import run_module
from unit.test_agreement import described

pytestmark = pytest.mark.any_core


@pytest.fixture(name="call")
def fixture_call(service, access):
    """Return a function that runs a module with the given options and a token."""

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
def test_jobs_that_are_not_certain_are_not_exported(service, call, check_mode):
    duplicates = [service.jobs.add(name="duplicate").job_id for _number in range(2)]
    for options, words in (
        ({"names": ["none"]}, "There is no Flink job none"),
        ({"job_ids": [7]}, "There is no Flink job 7"),
        ({"names": ["duplicate"]}, f"Several jobs are named duplicate: {duplicates[0]}, {duplicates[1]}"),
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


def test_names_show_before_whether_there_is_anything_to_import(service, call, exported):
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
        (dli_flink_job_import, "import_jobs", {"zip_file": "bucket/a.zip", "is_cover": True}),
    ],
)
def test_a_lost_response_is_reported_and_not_repeated(call, monkeypatch, module, operation, options):
    calls = []

    def lost(_self, body):
        calls.append(body)
        raise ConnectionFailed("Lost.", "operation")

    monkeypatch.setattr(ArchiveApi, operation, lost)
    result = call(module, **options)
    assert result["failed"] and result["changed"] and len(calls) == 1
    assert "Lost. Whether the" in result["msg"] and "was carried out is not known" in result["msg"]


@pytest.mark.parametrize("cover", [True, False])
def test_a_gateways_page_and_what_it_means_are_two_sentences(call, monkeypatch, sent, cover):
    page = ApiError("POST /import", 502, "", "the response is an HTML page, not the API's JSON")
    sent(*[(0, page)] * 9)
    result = call(dli_flink_job_import, zip_file="bucket/a.zip", is_cover=cover)
    words = "Whether the import was" if cover else "Whether it was"
    assert f"not the API's JSON. {words} carried out is not known" in result["msg"]


LOST = ConnectionFailed("Lost.", "operation")
NAMES = ["kept", "gone"]


@pytest.fixture(name="sent")
def fixture_sent(monkeypatch):
    """Return a function that lets imports go as planned, and returns the times at which they are sent.

    It takes for each import how often the service gets it and the error that the client gets. All others go well.
    """
    clock, calls = Clock(), []
    monkeypatch.setattr(wait, "GRACE_SECONDS", 15.0)
    real = ArchiveApi.import_jobs
    monkeypatch.setattr(
        dli_flink_job_import, "import_jobs", functools.partial(dli_flink_job_import.import_jobs, clock=clock)
    )

    def plan(*fates):
        fates = list(fates)

        def import_jobs(self, body):
            calls.append(clock.now)
            times, error = fates.pop(0) if fates else (1, None)
            for _time in range(times):
                mapping = real(self, body)
            if error:
                raise error
            return mapping

        monkeypatch.setattr(ArchiveApi, "import_jobs", import_jobs)
        return calls

    return plan


@pytest.mark.parametrize("times", [0, 1])
def test_a_lost_import_of_names_is_read_before_it_is_sent_again(service, call, exported, sent, times):
    calls = sent((times, LOST))
    result = call(dli_flink_job_import, zip_file=exported, names=NAMES)
    assert result["changed"] and not result["failed"] and result["actions"] == [{"operation": "import"}]
    assert calls == ([0.0] if times else [0.0, 15.0])
    new = {job.name: job.job_id for job in service.jobs.all()}
    assert set(new) == set(NAMES)
    ids = [job["new_job_id"] for job in result["job_mapping"] if job["new_job_id"] is not None]
    assert ids == [new["gone"]]
    assert ("The response to the import was lost" in str(result.get("warnings"))) == bool(times)
    assert not call(dli_flink_job_import, zip_file=exported, names=NAMES)["changed"]


@pytest.mark.parametrize("times", [0, 1])
def test_a_lost_import_of_no_names_is_sent_again_as_that_leaves_alone_what_is_there(
    service, call, exported, sent, times
):
    calls = sent((times, LOST))
    result = call(dli_flink_job_import, zip_file=exported)
    assert result["changed"] and not result["failed"] and calls == [0.0, 15.0]
    assert sorted(job.name for job in service.jobs.all()) == sorted(NAMES)
    assert ("whether the first one has imported any is not known" in str(result.get("warnings"))) == bool(times)
    assert not call(dli_flink_job_import, zip_file=exported)["changed"]


def test_an_import_that_is_lost_each_time_fails_in_the_end(service, call, exported, sent):
    calls = sent(*[(0, LOST)] * 9)
    result = call(dli_flink_job_import, zip_file=exported, names=NAMES)
    assert result["failed"] and result["changed"] and len(calls) == 3
    assert "Whether it was carried out is not known" in result["msg"]


@pytest.mark.parametrize("times", [0, 1])
def test_an_import_that_is_refused_after_one_was_lost(call, exported, sent, times):
    sent((times, LOST), (0, ApiError("operation", 400, "DLI.0001", "No.")))
    result = call(dli_flink_job_import, zip_file=exported)
    assert result["failed"] and result["changed"] and "an import was carried out before is not known" in result["msg"]


def test_an_import_that_was_carried_out_twice_on_its_way_is_a_change(service, call, exported, sent):
    sent((2, None))
    result = call(dli_flink_job_import, zip_file=exported, names=NAMES)
    assert [job["new_job_id"] for job in result["job_mapping"]] == [None, None]
    assert result["changed"] and result["actions"] == [{"operation": "import"}]


def test_jobs_that_were_not_overwritten_are_reported_with_the_reason(service, call):
    for number in range(3):
        service.jobs.add(name=f"job-{number}", desc="old")
    (path,) = call(dli_flink_job_export, obs_dir="bucket")["zip_file"]
    for job in service.jobs.all():
        job.fields["desc"] = "new"
        service.jobs.set_status(job.job_id, "job_running" if job.name != "job-1" else "job_init")
    result = call(dli_flink_job_import, zip_file=path, is_cover=True)
    assert result["changed"] and sorted(job.fields["desc"] for job in service.jobs.all()) == ["new", "new", "old"]
    first, *_others = [job for job in result["job_mapping"] if job["new_job_id"] is None]
    (warning,) = map(str, result["warnings"])
    assert (
        f"2 of 3 jobs in {path} were not imported. The first one is that with old_job_id {first['old_job_id']}: "
        f"{first['remark']}"
    ) in warning and first["remark"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["none"], "none is still not there after the import of {}; the ZIP file may not have it."),
        (["gone", "none"], "none is still not there after the import of {}; the ZIP file may not have it."),
        (
            ["none", "kept", "nor-this"],
            "none, nor-this are still not there after the import of {}; the ZIP file may not have them.",
        ),
    ],
)
def test_names_that_are_still_not_there_after_an_import_are_reported_each_time(call, exported, sent, names, words):
    sent()
    for run in range(2):
        result = call(dli_flink_job_import, zip_file=exported, names=names)
        assert not result["failed"] and result["changed"] == (run == 0)
        (warning,) = map(str, result["warnings"])
        assert words.format(exported) in warning


def test_what_an_import_has_made_may_take_a_while_to_be_listed(service, call, exported, sent, monkeypatch):
    sent()
    real, answers = ArchiveApi.list_jobs, iter([[], []])
    monkeypatch.setattr(ArchiveApi, "list_jobs", lambda *args, **options: next(answers, None) or real(*args, **options))
    result = call(dli_flink_job_import, zip_file=exported, names=["gone"])
    assert result["changed"] and "warnings" not in result and len(service.jobs.all()) == 2


def test_many_names_are_searched_for_in_one_list(service, call, exported):
    names = [job.name for job in service.jobs.add_many(50)]
    assert not call(dli_flink_job_import, zip_file=exported, names=names)["changed"] and len(service.requests) == 1
    assert call(dli_flink_job_import, zip_file=exported, names=[*names, "gone"])["changed"]
    assert [request.method for request in service.requests] == ["GET", "POST", "GET"]


def test_a_read_that_fails_after_an_import_reports_what_was_done(call, exported, sent, monkeypatch):
    sent()
    real, failures = ArchiveApi.list_jobs, iter([None])

    def list_jobs(*args, **options):
        if next(failures, "fails") == "fails":
            raise LOST
        return real(*args, **options)

    monkeypatch.setattr(ArchiveApi, "list_jobs", list_jobs)
    result = call(dli_flink_job_import, zip_file=exported, names=["gone"])
    assert result["failed"] and result["changed"] and result["actions"] == [{"operation": "import"}]


def test_names_that_the_file_does_not_have_are_no_change(call, exported):
    call(dli_flink_job_import, zip_file=exported)
    result = call(dli_flink_job_import, zip_file=exported, names=["none"])
    assert not result["changed"] and result["actions"] == [] and not result["failed"]


@pytest.mark.parametrize(
    ("module", "options", "words"),
    [
        (dli_flink_job_export, {}, "missing required arguments: obs_dir"),
        (dli_flink_job_export, {"obs_dir": "a b"}, "obs_dir must be a path in OBS"),
        (dli_flink_job_export, {"obs_dir": "b", "names": []}, "names and job_ids name no job"),
        (dli_flink_job_export, {"obs_dir": "obs://"}, "obs_dir must be a path in OBS"),
        (dli_flink_job_export, {"obs_dir": "b", "names": ["a b"]}, 'names is "a b", but may hold only letters'),
        (dli_flink_job_export, {"obs_dir": "b", "names": ["a", ""]}, 'names is "", but must have 1 to'),
        (dli_flink_job_export, {"obs_dir": "b", "job_ids": [5, 0]}, "job_ids is 0, but must be at least 1"),
        (dli_flink_job_export, {"obs_dir": "b", "job_ids": [True]}, "job_ids is true, but must be a number"),
        (dli_flink_job_export, {"obs_dir": "b", "job_ids": [2**63]}, f"job_ids is {2**63}, but must be at most"),
        (dli_flink_job_import, {"zip_file": ""}, "zip_file must be a path in OBS"),
        (dli_flink_job_import, {"zip_file": "b/\x7f"}, "zip_file must be a path in OBS"),
        (dli_flink_job_import, {"zip_file": "b", "names": ["a b"]}, 'names is "a b", but may hold only letters'),
        (dli_flink_job_import, {"zip_file": "b", "names": []}, "names is empty"),
        (dli_flink_job_import, {"zip_file": "b", "names": ["a"], "is_cover": True}, "with is_cover true"),
    ],
)
def test_bad_input_is_one_sentence_and_no_request(service, call, module, options, words):
    result = call(module, **options)
    assert result["failed"] and words in result["msg"] and service.requests == []
    assert result["msg"].isprintable() and not result["msg"].startswith(("name is", "job_id is"))


@pytest.mark.parametrize(
    ("module", "options"), [(dli_flink_job_export, export_options()), (dli_flink_job_import, import_options())]
)
def test_options_are_documented(module, options):
    documentation = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert {name: described(option) for name, option in documentation.items()} == {
        name: described(option) for name, option in options.items()
    }
