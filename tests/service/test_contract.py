# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract is valid OpenAPI, says where each fact comes from, and is kept by the service's own answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from openapi_spec_validator import OpenAPIV31SpecValidator

from local_dli.behaviour import GRADES
from local_dli.contract import ALIKE, _digest, contract

SCHEMAS = contract().document["components"]["schemas"]


def properties(schema: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            yield f"{place}.{name}", value
        for key, value in schema.items():
            if key == "properties":
                for name, nested in value.items():
                    yield from properties(nested, f"{place}.{name}")
            elif isinstance(value, (dict, list)):
                yield from properties(value, place)
    elif isinstance(schema, list):
        for value in schema:
            yield from properties(value, place)


ALL_PROPERTIES = [pair for name, schema in SCHEMAS.items() for pair in properties(schema, name)]


def test_it_is_valid_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(contract().document).iter_errors()) == []


def test_it_has_the_operations() -> None:
    named = {
        operation["operationId"]
        for path in contract().document["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    }
    assert named >= {
        "createFlinkJarJob", "updateFlinkJarJob", "listFlinkJobs", "showFlinkJob", "runFlinkJobs", "stopFlinkJobs",
        "deleteFlinkJob", "deleteFlinkJobs", "createToken", "listProjects",
    }  # fmt: skip


@pytest.mark.parametrize(("place", "schema"), ALL_PROPERTIES, ids=[place for place, _schema in ALL_PROPERTIES])
def test_a_property_has_a_type_and_a_source(place: str, schema: dict[str, Any]) -> None:
    assert schema["x-source"] in GRADES, place
    assert {"type", "$ref", "anyOf"} & set(schema), place


def test_request_bodies_are_closed() -> None:
    def objects(schema: Any) -> Iterator[dict[str, Any]]:
        if isinstance(schema, dict):
            if "$ref" in schema:
                yield from objects(SCHEMAS[schema["$ref"].rpartition("/")[2]])
            if schema.get("type") == "object":
                yield schema
            for value in schema.values():
                yield from objects(value)
        elif isinstance(schema, list):
            for value in schema:
                yield from objects(value)

    bodies = [
        operation["requestBody"]
        for path in contract().document["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and "requestBody" in operation
    ]
    assert len(bodies) == 17
    for schema in objects(bodies):
        assert schema["additionalProperties"] is False


def test_there_are_14_statuses() -> None:
    assert len(SCHEMAS["JobStatus"]["enum"]) == 14


def test_an_answer_that_breaks_the_contract_is_loud(api: Any, service: Any) -> None:
    job = service.jobs.add()
    job.status = "job_dreaming"
    answer = api.call("GET", f"jobs/{job.job_id}")
    assert (answer.status_code, answer.json()["error_code"]) == (500, "LOCAL.CONTRACT")
    assert len(service.contract_violations) == 1
    assert "status" in service.contract_violations[0]
    service.contract_violations.clear()


def test_answers_need_not_be_checked(api: Any, service: Any) -> None:
    service.validate_responses = False
    job = service.jobs.add()
    job.status = "job_dreaming"
    assert api.status(job.job_id) == "job_dreaming"


def test_requests_need_not_be_checked(api: Any, service: Any) -> None:
    body = {"name": "a", "resume_max_num": 0}
    assert api.call("POST", "flink-jobs", json=body).status_code == 400
    service.validate_requests = False
    assert api.call("POST", "flink-jobs", json=body).status_code == 200


def test_a_broken_service_is_loud(api: Any, service: Any) -> None:
    job = service.jobs.add()
    job.fields.pop("desc")
    assert api.error("GET", f"jobs/{job.job_id}") == (500, "LOCAL.BROKEN")
    assert service.contract_violations.pop() == "showFlinkJob: KeyError in the local service"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "a" * 58}, "name"),
        ({"name": "a", "cu_numbr": 3}, "cu_numbr"),
        ({"name": "a", "cu_number": "3"}, "cu_number"),
        ({"name": "a", "cu_number": 1}, "cu_number"),
        ({"name": "a", "resume_max_num": 0}, "resume_max_num"),
        ({"name": "a", "checkpoint_mode": "exactly_once"}, "checkpoint_mode"),
        ({"name": "a", "smn_topic": None}, "smn_topic"),
        ({"name": "a", "tags": [{"key": "_sys_a", "value": "b"}]}, "tags.0.key"),
        ({"name": "a", "tags": [{"key": "a", "value": "b"}] * 21}, "tags"),
        ({"name": "a", "resource_config": {"max_slot": 0}}, "resource_config.max_slot"),
    ],
)
def test_a_wrong_body_is_refused_by_the_name_of_the_field(api: Any, body: dict[str, Any], names: str) -> None:
    answer = api.call("POST", "flink-jobs", json=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "DLI.0001")
    assert f" {names} " in answer.json()["error_msg"]


def test_a_refusal_does_not_repeat_the_value(api: Any) -> None:
    answer = api.call("POST", "flink-jobs", json={"name": "a", "entrypoint_args": ["--password", "hidden"]})
    assert answer.status_code == 400
    assert "hidden" not in answer.text


@pytest.mark.parametrize(("content", "kind"), [("{", "application/json"), ("", "application/json"), ("{}", "a/b")])
def test_a_body_that_is_no_json_is_refused(api: Any, content: str, kind: str) -> None:
    assert api.error("POST", "flink-jobs", data=content, headers={"Content-Type": kind}) == (400, "DLI.0001")


@pytest.mark.parametrize("query", [{"limit": 101}, {"limit": -1}, {"order": "up"}, {"status": "running"}])
def test_a_wrong_query_is_refused(api: Any, query: dict[str, Any]) -> None:
    assert api.error("GET", "jobs", params=query) == (400, "DLI.0001")


def test_what_was_right_elsewhere_is_checked_anew(api: Any) -> None:
    body = b'{"name": "a"}'
    assert api.call("POST", "flink-jobs", data=body, headers={"Content-Type": "application/json"}).status_code == 200
    assert api.error("POST", "flink-jobs", data=body, headers={"Content-Type": "a/b"}) == (400, "DLI.0001")
    job_id = api.call("GET", "jobs", params={"limit": 100}).json()["job_list"]["jobs"][0]["job_id"]
    assert api.error("GET", "jobs", params={"limit": 101}) == (400, "DLI.0001")
    assert api.error("PUT", f"flink-jobs/{job_id}", data=body, headers={"Content-Type": "a/b"}) == (400, "DLI.0001")


def test_no_schema_tells_numbers_apart_that_count_as_alike() -> None:
    def keywords(part: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(part, dict):
            yield from part.items()
        for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from keywords(value)

    found = list(keywords(contract().document))
    assert {"uniqueItems", "multipleOf"}.isdisjoint(name for name, _value in found)
    assert {value for name, value in found if name == "format"} <= {"int64", "double", "date-time"}
    assert ALIKE.stop < 2**63
    bounds = [value for name, value in found if re.match("minimum|maximum|exclusive|const|enum", name)]
    values = [value for bound in bounds for value in (bound if isinstance(bound, list) else [bound])]
    numbers = [value for value in values if isinstance(value, (int, float))]
    assert 10_000 in numbers
    assert [number for number in numbers if ALIKE.start <= number < ALIKE.stop] == []
    # Of a text in a path they keep the kind of the characters, and both ends of the range are as long as it can be.
    texts = [value["schema"] for value in contract().document["components"]["parameters"].values()
             if value["in"] == "path" and value["schema"]["type"] == "string"]  # fmt: skip
    ends = str(ALIKE.start), str(ALIKE.stop - 1)
    for schema in texts:
        assert schema["minLength"] <= len(ends[0]) and len(ends[1]) <= schema["maxLength"]
        assert re.fullmatch(schema["pattern"], ends[0]) and re.fullmatch(schema["pattern"], ends[1])


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (b'{"job_id": 100001}', b'{"job_id": 1578467395713}', True),
        (b"[100001,100002]", b"[100002,100001]", True),
        (b'{"a": "\\\\", "job_id": 100001}', b'{"a": "\\\\", "job_id": 100002}', True),
        (b"[99999]", b"[100001]", False),
        (b"[1000000000000000]", b"[100001]", False),
        (b"[-100001]", b"[-100002]", False),
        (b"[0100001]", b"[100001]", False),
        (b"[100001.5]", b"[100002.5]", False),
        (b"[1e100001]", b"[1e100002]", False),
        (b'["100001"]', b'["100002"]', False),
        (b'["a\\", 100001, "]', b'["a\\", 100002, "]', False),
        (b"[100001, 100001]", b"[100001]", False),
    ],
)
def test_which_bodies_are_alike(one: bytes, other: bytes, alike: bool) -> None:
    assert (_digest(one, True) == _digest(other, True)) == alike
    assert _digest(one, False) != _digest(other, False)


def test_queries_of_iam_can_be_empty(service: Any) -> None:
    credentials = service.credentials
    domain = {"name": credentials["user_domain_name"]}
    user = {"name": credentials["username"], "password": credentials["password"], "domain": domain}
    scope = {"project": {"id": credentials["project_id"]}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    answer = requests.post(f"{service.auth_url}/auth/tokens?nocatalog", json=body, timeout=10)
    assert (answer.status_code, "catalog" in answer.json()["token"]) == (201, False)


def test_an_unknown_path_is_refused(api: Any) -> None:
    assert api.error("GET", "job") == (404, "APIG.0101")
    assert api.error("PATCH", "jobs") == (405, "APIG.0101")
    assert api.call("PATCH", "jobs").headers["Allow"] == "GET, HEAD"
    assert api.call("PATCH", "jobs/7").headers["Allow"] == "DELETE, GET, HEAD"
