# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists that leave out what is there, and jobs of others in them in a form that none of the API's jobs has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._http.client import HttpClient
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_jar_jobs,
    dli_flink_job_adopt,
    dli_flink_job_audit,
    dli_flink_job_export,
    dli_flink_job_import,
    dli_flink_job_info,
    dli_flink_job_template,
    dli_flink_savepoint,
    dli_flink_sql_job,
)
from werkzeug import Response

from local_dli import LocalDli
from local_dli.jobs import ODD
from module_runner import run_module
from modules.test_client import LISTS, api_at

pytestmark = pytest.mark.any_core

JOB = {"queue_name": "queue", "entrypoint": "obs://bucket/app.jar"}
SQL_JOB = {"job_type": "flink_sql_job", "queue_name": "queue"}
ARCHIVE = "obs://bucket/archive.zip"
NAMES = [f"job-{number}" for number in range(4)]

# What would go wrong if a list without the jobs were believed.
LISTED_BY: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "delete a JAR job": (dli_flink_jar_job, JOB, {"name": "job-0", "state": "absent"}),
    "create a JAR job": (dli_flink_jar_job, JOB, {"name": "job-0", **JOB}),
    "delete a SQL job": (dli_flink_sql_job, SQL_JOB, {"name": "job-0", "state": "absent"}),
    "delete by id": (dli_flink_jar_job, JOB, {"job_id": "$job_id", "state": "absent"}),
    "delete a fleet": (
        dli_flink_jar_jobs,
        JOB,
        {"jobs": [{"name": name} for name in NAMES], "defaults": {"state": "absent"}},
    ),
    "purge": (
        dli_flink_jar_jobs,
        JOB,
        {"jobs": [{"name": "job-0"}], "purge": True, "purge_scope": {"name_prefix": "job"}},
    ),
    "ask for all jobs": (dli_flink_job_info, JOB, {}),
    "ask for one job": (dli_flink_job_info, JOB, {"name": "job-0"}),
    "audit": (dli_flink_job_audit, JOB, {}),
    "save": (dli_flink_savepoint, JOB, {"name": "job-0"}),
    "export": (dli_flink_job_export, JOB, {"obs_dir": "obs://bucket/dir", "names": ["job-0"]}),
    "import": (dli_flink_job_import, JOB, {"zip_file": ARCHIVE, "names": NAMES}),
}


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("case", LISTED_BY)
def test_a_list_without_the_jobs_that_it_counts_is_not_believed(
    case: str, check_mode: bool, service: LocalDli, access: dict[str, str], behave: Any
) -> None:
    module, planted, options = LISTED_BY[case]
    jobs = [service.jobs.add(name=name, **planted) for name in NAMES]
    behave(list_pages="empty")
    options = {name: jobs[0].job_id if value == "$job_id" else value for name, value in options.items()}
    result = run_module(module, {**access, **options}, check_mode=check_mode)
    assert result["failed"] and not result["changed"]
    assert "jobs, so the list is incomplete." in result["msg"]
    assert [job.name for job in service.jobs.all()] == NAMES
    assert all(sent.method == "GET" for sent in service.requests)


def test_a_list_without_the_templates_that_it_counts_is_not_believed(httpserver: Any) -> None:
    listing = {"template_list": {"templates": [], "total_count": 1}}
    httpserver.expect_request("/v1.0/p/streaming/job-templates").respond_with_json(listing)
    access = {"endpoint": httpserver.url_for("").rstrip("/"), "project_id": "p", "token": "a-token"}
    result = run_module(dli_flink_job_template, {**access, "name": "t", "state": "absent"})
    assert result["failed"] and "with 0 of 1 templates, so the list is incomplete" in result["msg"]


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("at", [0, 100, 200])
@pytest.mark.parametrize(("kind", "path", "key", "id_name", "method"), LISTS)
def test_a_page_that_is_empty_once_is_read_again(
    httpserver: Any, kind: Any, path: str, key: str, id_name: str, method: str, at: int, concurrency: int
) -> None:
    elements = [{id_name: number} for number in range(250)]
    empty = [at]

    def page(request: Any) -> Response:
        offset, limit = int(request.args["offset"]), int(request.args["limit"])
        found = elements[offset : offset + limit]
        if offset in empty:
            empty.remove(offset)
            found = []
        listing = {key.replace("_list", "s"): found, "total_count": len(elements)}
        return Response(json.dumps({key: listing}), content_type="application/json")

    httpserver.expect_request(f"/v1.0/p/streaming/{path}").respond_with_handler(page)
    client = HttpClient(concurrency=concurrency)
    read = getattr(api_at(httpserver, client, kind=kind), method)()
    assert sorted(element[id_name] for element in read) == list(range(250))
    client.close()


ODD_FIELDS: dict[str, dict[str, Any]] = {
    **{kind: values for kind, values in ODD.items() if values},
    "no id": {"job_id": None},
    "an id beyond 64 bits": {"job_id": "92233720368547758080"},
    "an id that is no number": {"job_id": "f-77"},
    "a name that is a list": {"name": ["job-0"]},
    "a config that is a list": {"job_config": []},
    "a time as an object": {"create_time": {"seconds": 1}},
    "CUs in words": {"job_config": {"cu_number": "two"}},
}
# These are forms that a job of the API may have.
NOT_ODD = ("big_id", "nulls")
# Tasks on four jobs of one's own, and whether they show all jobs of the project.
BESIDE_OTHERS: dict[str, tuple[Any, dict[str, Any], bool]] = {
    "a fleet": (dli_flink_jar_jobs, {"jobs": [{"name": name, **JOB} for name in NAMES]}, False),
    "a fleet by id": (dli_flink_jar_jobs, {"jobs": [{"job_id": "$job_id"}, *({"name": n} for n in NAMES[1:])]}, False),
    "a purge": (
        dli_flink_jar_jobs,
        {"jobs": [{"name": n} for n in NAMES], "purge": True, "purge_scope": {"name_prefix": "c"}},
        False,
    ),
    "a job": (dli_flink_jar_job, {"name": "job-0", **JOB}, False),
    "a job by its id": (dli_flink_jar_job, {"job_id": "$job_id"}, False),
    "an export": (dli_flink_job_export, {"obs_dir": "obs://bucket/dir", "names": NAMES}, False),
    "an import": (dli_flink_job_import, {"zip_file": ARCHIVE, "names": NAMES}, False),
    "all jobs": (dli_flink_job_info, {}, True),
    "a summary": (dli_flink_job_info, {"details": False}, True),
    "one job": (dli_flink_job_info, {"name": "job-0"}, False),
    "an audit": (dli_flink_job_audit, {}, True),
    "a comparison": (dli_flink_job_audit, {"jobs": [{"name": n, **JOB} for n in NAMES]}, True),
    "an adoption": (dli_flink_job_adopt, {}, True),
}


# A purge within whose scope an ordinary job is deletes it.
PAIRS = [(case, odd) for case in BESIDE_OTHERS for odd in ODD_FIELDS if case != "a purge" or odd not in NOT_ODD]


@pytest.mark.parametrize(("case", "odd"), PAIRS)
def test_an_odd_job_of_somebody_else_is_left_alone(
    case: str, odd: str, service: LocalDli, access: dict[str, str], behave: Any
) -> None:
    behave(name_filter="ignored")
    module, options, shows_all = BESIDE_OTHERS[case]
    theirs = service.jobs.add(name="colleagues-job", **JOB)
    theirs.odd = ODD_FIELDS[odd]
    job_id = [service.jobs.add(name=name, **JOB) for name in NAMES][0].job_id
    text = json.dumps(options).replace('"$job_id"', str(job_id))
    result = run_module(module, {**access, **json.loads(text)}, check_mode=module is dli_flink_job_export)
    assert not result["failed"], result["msg"]
    assert theirs in service.jobs.all()
    warnings = str(result.get("warnings", ""))
    is_left_out = shows_all and odd not in NOT_ODD
    assert ("A job is left out of the result. The service responded to GET " in warnings) == is_left_out
    if is_left_out and "job_id" not in ODD_FIELDS[odd]:
        assert f"job {theirs.job_id}, whose " in warnings
    if case == "a comparison":
        assert result["findings"]["missing"] == [] and result["findings"]["drift"] == []


@pytest.mark.parametrize("case", ["a fleet", "a job", "an export", "one job", "a comparison"])
def test_the_job_that_is_meant_is_checked_strictly(case: str, service: LocalDli, access: dict[str, str]) -> None:
    module, options, _shows_all = BESIDE_OTHERS[case]
    jobs = [service.jobs.add(name=name, **JOB) for name in NAMES]
    jobs[0].odd = {"create_time": "2026-01-31T12:00:00Z"}
    result = run_module(module, {**access, **options})
    assert result["failed"]
    assert f"job {jobs[0].job_id}, whose create_time is not a whole number." in result["msg"]
    assert all(sent.method == "GET" for sent in service.requests)


def test_the_other_jobs_of_a_fleet_are_brought_to_their_states(service: LocalDli, access: dict[str, str]) -> None:
    jobs = [service.jobs.add(name=name, **JOB) for name in NAMES]
    jobs[0].odd = {"create_time": "2026-01-31T12:00:00Z"}
    task = {"jobs": [{"name": name} for name in NAMES], "defaults": {"cu_number": 4}, "max_failures": 1}
    result = run_module(dli_flink_jar_jobs, {**access, **task})
    assert result["counts"] == {"changed": 3, "unchanged": 0, "failed": 1, "not_attempted": 0}


def test_an_odd_template_of_somebody_else(service: LocalDli, access: dict[str, str], monkeypatch: Any) -> None:
    service.templates.add(name="t", desc="old")
    theirs = service.templates.add(name="theirs")
    theirs["create_time"] = "2026-01-31T12:00:00Z"
    for identity in ({"name": "t"}, {"template_id": service.templates.all()[0]["template_id"]}):
        monkeypatch.setattr(service, "validate_responses", False)
        assert not run_module(dli_flink_job_template, {**access, **identity, "desc": "old"})["failed"]
    result = run_module(dli_flink_job_template, {**access, "name": "theirs", "desc": "new"})
    assert result["failed"] and "whose create_time is not a whole number" in result["msg"]
