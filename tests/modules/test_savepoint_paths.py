# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Savepoints whose path does not change, and such that are never shown: each message leads out of where the job is."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_savepoint

from local_dli.journal import CLIENT
from module_runner import run_module

pytestmark = pytest.mark.any_core

VERSIONS = [f"obs://bucket/job-{number}.jar" for number in range(4)]
RUNS = {"status": "job_running", "start_time": 1, "queue_name": "queue", "obs_bucket": "bucket"}
OWN = "obs://bucket/imported/savepoint"


@pytest.fixture(name="upgrade")
def fixture_upgrade(access):
    def run(version: int, **options: Any) -> dict[str, Any]:
        task = {"name": "job", "state": "started", "entrypoint": VERSIONS[version], **options}
        return run_module(dli_flink_jar_job, {**access, **task})

    return run


def starts(service):
    """Return whether each start by a task resumed, and from where."""
    events = [event for event in service.journal.events if event.by == CLIENT and event.operation == "start"]
    return [(event.asked["resume_savepoint"], event.before.savepoint_path) for event in events]


@pytest.mark.parametrize("kept", ["deleted", "kept"])
def test_upgrades_with_savepoints_at_one_path(service, behave, upgrade, kept):
    """The path does not show which stop made it. Where the service drops it at each start, that shows."""
    behave(savepoint_folders="fixed", savepoint_after_restart=kept)
    job = service.jobs.add(name="job", entrypoint=VERSIONS[0], **RUNS)
    path = f"{job.savepoint_folder}/"
    assert not upgrade(1)["failed"]
    for version in (2, 3):
        result = upgrade(version)
        if kept == "kept":
            assert result["failed"] and job.status == "job_cancel_success"
            assert f"it shows no savepoint but {path}, which it had before the stop" in result["msg"]
            assert "Run again, the task resumes from the one that shows." in result["msg"]
            result = upgrade(version)
            assert "is done again" in str(result["risks"])
        assert not result["failed"], result["msg"]
        assert (job.status, job.fields["entrypoint"]) == ("job_running", VERSIONS[version])
    assert starts(service) == [(True, path)] * 3


@pytest.mark.parametrize("way", ["import", "empty state"])
def test_upgrades_with_savepoints_that_are_never_shown(service, access, behave, upgrade, way):
    behave(savepoint="never_shown")
    job = service.jobs.add(name="job", entrypoint=VERSIONS[0], **RUNS)
    for version in (1, 2):
        result = upgrade(version)
        assert result["failed"] and job.status == "job_cancel_success" and job.fields["entrypoint"] != VERSIONS[version]
        assert "it shows no savepoint; its definition was not changed, nor was it started." in result["msg"]
        assert "Import the one of this stop with otc.dli.dli_flink_savepoint" in result["msg"]
        assert "set resume_savepoint to false to start the job with empty state." in result["msg"]
        assert upgrade(version)["failed"], "by itself nothing starts the job"
        if way == "import":
            imported = {"name": "job", "state": "imported", "savepoint_path": f"{OWN}-{version}"}
            assert not run_module(dli_flink_savepoint, {**access, **imported})["failed"]
            result = upgrade(version)
        else:
            result = upgrade(version, resume_savepoint=False)
        assert not result["failed"], result["msg"]
        assert (job.status, job.fields["entrypoint"]) == ("job_running", VERSIONS[version])
    expected = {"import": [(True, f"{OWN}-1"), (True, f"{OWN}-2")], "empty state": [(False, None)] * 2}
    assert starts(service) == expected[way]


def test_a_dated_savepoint_of_an_earlier_run_is_resumed_from_where_the_message_says(service, behave, upgrade):
    behave(savepoint="never_shown", savepoint_after_restart="kept")
    old = {"start_time": 1_600_000_000_000, "has_savepoint": True, "savepoint_path": "obs://b/1500000000000/"}
    job = service.jobs.add(name="job", entrypoint=VERSIONS[0], **{**RUNS, **old})
    for version in (1, 2):
        result = upgrade(version)
        assert "Run again with resume_savepoint true, the task resumes from the one that shows." in result["msg"]
        assert upgrade(version)["failed"]
        assert not upgrade(version, resume_savepoint=True)["failed"]
        assert (job.status, job.fields["entrypoint"]) == ("job_running", VERSIONS[version])
    assert starts(service) == [(True, "obs://b/1500000000000/")] * 2


@pytest.mark.parametrize("given", [None, "obs://bucket/here/", "bucket/here"])
@pytest.mark.parametrize("folders", ["dated", "nested", "fixed"])
def test_a_second_savepoint_at_the_path_that_shows_is_refused_before_anything_is_sent(
    service, access, behave, upgrade, given, folders
):
    behave(savepoint_folders=folders, savepoint_after_restart="kept")
    job = service.jobs.add(name="job", entrypoint=VERSIONS[0], **RUNS)
    task = {**access, "name": "job", **({"savepoint_path": given} if given else {})}
    first = run_module(dli_flink_savepoint, task)
    assert not first["failed"] and first["changed"] and job.has_savepoint
    service.requests.clear()
    second = run_module(dli_flink_savepoint, task)
    assert second["failed"] == (folders == "fixed")
    if second["failed"]:
        assert "already" in second["msg"] and "Give another folder as savepoint_path." in second["msg"]
        assert {request.method for request in service.requests} == {"GET"}
        other = run_module(dli_flink_savepoint, {**task, "savepoint_path": "bucket/there"})
        assert not other["failed"] and job.savepoint_path == "obs://bucket/there/"
    assert not upgrade(1)["failed"] and job.status == "job_running"
