# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""keystoneauth1 and openstacksdk get tokens, find DLI in the catalog, and drive the service with them."""

from __future__ import annotations

from typing import Any

import openstack
import pytest
import requests
from keystoneauth1 import adapter, exceptions
from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import generic, v3

from local_dli import LocalDli

BODY = {"name": "job", "queue_name": "queue", "entrypoint": "obs://bucket/job.jar"}


def password(service: LocalDli, **changes: Any) -> dict[str, Any]:
    """Return the arguments of a keystoneauth1 plugin; None takes one away."""
    known = service.credentials
    arguments = {
        "auth_url": service.auth_url,
        "username": known["username"],
        "password": known["password"],
        "user_domain_name": known["user_domain_name"],
        "project_name": known["project_name"],
        "project_domain_name": known["user_domain_name"],
    } | changes
    return {name: value for name, value in arguments.items() if value is not None}


def drive(call: adapter.Adapter, prefix: str) -> None:
    """Take a job through its life."""
    job_id = call.post(f"{prefix}/streaming/flink-jobs", json=BODY).json()["job"]["job_id"]
    path = f"{prefix}/streaming/jobs/{job_id}"
    assert call.get(path).json()["job_detail"]["job_config"]["cu_number"] == 2
    call.put(f"{prefix}/streaming/flink-jobs/{job_id}", json={"cu_number": 3})
    assert call.get(path).json()["job_detail"]["job_config"]["cu_number"] == 3
    call.post(f"{prefix}/streaming/jobs/run", json={"job_ids": [job_id]})
    assert call.get(path).json()["job_detail"]["status"] == "job_running"
    call.post(f"{prefix}/streaming/jobs/stop", json={"job_ids": [job_id], "trigger_savepoint": True})
    assert call.get(path).json()["job_detail"]["status"] == "job_cancel_success"
    assert call.get(f"{prefix}/streaming/jobs", params={"name": "job"}).json()["job_list"]["total_count"] == 1
    call.delete(path)
    with pytest.raises(exceptions.BadRequest):
        call.get(path)


@pytest.mark.parametrize("plugin", [v3.Password, generic.Password])
@pytest.mark.parametrize("catalog_url", ["bare", "versioned"])
def test_keystoneauth(service: LocalDli, behave: Any, plugin: Any, catalog_url: str) -> None:
    behave(catalog_url=catalog_url)
    session = keystone_session.Session(auth=plugin(**password(service)))
    project_id = service.credentials["project_id"]
    assert session.get_project_id() == project_id
    endpoint = session.get_endpoint(service_type="dli", region_name=service.credentials["region"])
    versioned = f"{service.url}/v1.0/{project_id}"
    assert endpoint == (service.url if catalog_url == "bare" else versioned)
    call = adapter.Adapter(session, service_type="dli", endpoint_override=endpoint)
    drive(call, f"/v1.0/{project_id}" if catalog_url == "bare" else "")


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_openstacksdk(service: LocalDli) -> None:
    connection = openstack.connection.Connection(
        auth=password(service), auth_type="password", region_name=service.credentials["region"]
    )
    project_id = connection.session.get_project_id()
    assert project_id == service.credentials["project_id"]
    call = adapter.Adapter(connection.session, service_type="dli", region_name=service.credentials["region"])
    drive(call, f"/v1.0/{project_id}")
    assert [project.name for project in connection.identity.projects()] == ["eu-de_local", "eu-de"]


def test_no_dli_in_the_catalog(service: LocalDli, behave: Any) -> None:
    behave(catalog="without_dli")
    session = keystone_session.Session(auth=v3.Password(**password(service)))
    with pytest.raises(exceptions.EndpointNotFound):
        session.get_endpoint(service_type="dli")
    assert session.get_endpoint(service_type="identity") == service.auth_url


@pytest.mark.parametrize(
    "changes",
    [
        {"username": None, "user_id": "local-user-id", "user_domain_name": None},
        {"user_domain_name": None, "user_domain_id": "d0000000000000000000000000000001"},
        {"project_name": None, "project_domain_name": None, "project_id": "a0000000000000000000000000000001"},
        {"project_domain_name": None, "project_domain_id": "d0000000000000000000000000000001"},
    ],
)
def test_other_ways_to_name_user_and_project(service: LocalDli, changes: dict[str, Any]) -> None:
    session = keystone_session.Session(auth=v3.Password(**password(service, **changes)))
    assert session.get_project_id() == service.credentials["project_id"]


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "wrong"},
        {"username": "nobody"},
        {"user_domain_name": "elsewhere"},
        {"project_name": "nothing"},
        {"project_domain_name": "elsewhere"},
    ],
)
def test_wrong_credentials(service: LocalDli, changes: dict[str, Any]) -> None:
    session = keystone_session.Session(auth=v3.Password(**password(service, **changes)))
    with pytest.raises(exceptions.Unauthorized):
        session.get_token()


@pytest.mark.parametrize("scope", [{"domain_name": "local-domain"}, {}])
def test_a_token_of_the_domain_is_not_for_jobs(service: LocalDli, scope: dict[str, str]) -> None:
    arguments = password(service, project_name=None, project_domain_name=None, **scope)
    session = keystone_session.Session(auth=v3.Password(**arguments))
    url = f"{service.url}/v1.0/{service.credentials['project_id']}/streaming/jobs"
    with pytest.raises(exceptions.Forbidden):
        session.get(url)
    projects = session.get(f"{service.auth_url}/projects", params={"name": "eu-de_local"}).json()["projects"]
    assert [project["id"] for project in projects] == [service.credentials["project_id"]]


def test_a_token_of_another_project_is_refused(service: LocalDli) -> None:
    session = keystone_session.Session(auth=v3.Password(**password(service, project_name="eu-de")))
    with pytest.raises(exceptions.Forbidden):
        session.get(f"{service.url}/v1.0/{service.credentials['project_id']}/streaming/jobs")


def test_an_expired_token_is_replaced(service: LocalDli) -> None:
    session = keystone_session.Session(auth=v3.Password(**password(service)))
    url = f"{service.url}/v1.0/{service.credentials['project_id']}/streaming/jobs"
    session.get(url)
    service.expire_tokens()
    session.get(url)
    assert [request.status for request in service.requests] == [201, 200, 401, 201, 200]


def test_tokens_age_by_the_clock(service: LocalDli, clock: Any, api: Any) -> None:
    assert api.names() == []
    clock.forward(24 * 3600)
    assert api.error("GET", "jobs") == (401, "DLI.0013")


@pytest.mark.parametrize("headers", [{}, {"X-Auth-Token": "unknown"}, {"X-Auth-Token": ""}])
def test_without_a_good_token(service: LocalDli, headers: dict[str, str]) -> None:
    url = f"{service.url}/v1.0/{service.credentials['project_id']}/streaming/jobs"
    answer = requests.get(url, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error_code"]) == (401, "DLI.0013")
    answer = requests.get(f"{service.auth_url}/projects", headers=headers, timeout=10)
    assert answer.status_code == 401
    assert {"code", "message", "title"} == set(answer.json()["error"])


def multi_factor(service: LocalDli, **changes: str) -> v3.Auth:
    """The plugin of a user with a virtual MFA device."""
    known = {name: service.credentials[name] for name in ("mfa_user_id", "mfa_password", "passcode")} | changes
    return v3.Auth(
        service.auth_url,
        [
            v3.PasswordMethod(user_id=known["mfa_user_id"], password=known["mfa_password"]),
            v3.TOTPMethod(user_id=known["mfa_user_id"], passcode=known["passcode"]),
        ],
        project_id=service.credentials["project_id"],
    )


def test_a_passcode_counts_once(service: LocalDli) -> None:
    session = keystone_session.Session(auth=multi_factor(service))
    assert session.get_project_id() == service.credentials["project_id"]
    with pytest.raises(exceptions.Unauthorized):
        keystone_session.Session(auth=multi_factor(service)).get_token()
    service.reset()
    assert keystone_session.Session(auth=multi_factor(service)).get_token()


@pytest.mark.parametrize("changes", [{"passcode": "111111"}, {"mfa_password": "wrong"}, {"mfa_user_id": "another"}])
def test_a_login_with_a_wrong_factor(service: LocalDli, changes: dict[str, str]) -> None:
    with pytest.raises(exceptions.Unauthorized):
        keystone_session.Session(auth=multi_factor(service, **changes)).get_token()


def test_a_password_alone_is_not_enough_with_a_device(service: LocalDli) -> None:
    known = service.credentials
    plugin = v3.Password(
        service.auth_url, user_id=known["mfa_user_id"], password=known["mfa_password"], project_id=known["project_id"]
    )
    with pytest.raises(exceptions.Unauthorized):
        keystone_session.Session(auth=plugin).get_token()


def assume(service: LocalDli, token: str | None, methods: tuple[str, ...] = ("assume_role",), **changes: Any) -> Any:
    """Ask for a token of the agency; None takes a part of it away."""
    known = service.credentials
    agency = {"domain_name": known["agency_domain_name"], "xrole_name": known["agency_name"]} | changes
    identity = {"methods": methods, "assume_role": {name: value for name, value in agency.items() if value is not None}}
    body = {"auth": {"identity": identity, "scope": {"project": {"id": known["delegated_project_id"]}}}}
    headers = {} if token is None else {"X-Auth-Token": token}
    return requests.post(f"{service.auth_url}/auth/tokens", json=body, headers=headers, timeout=10)


@pytest.mark.parametrize(
    "changes", [{}, {"domain_name": None, "domain_id": "d0000000000000000000000000000002"}], ids=["name", "id"]
)
def test_an_agency(service: LocalDli, changes: dict[str, Any]) -> None:
    """Its token is for the delegated project alone."""
    own = keystone_session.Session(auth=v3.Password(**password(service))).get_token()
    answer = assume(service, own, **changes)
    assert answer.status_code == 201
    token = answer.json()["token"]
    assert token["assumed_by"]["user"]["name"] == service.credentials["username"]
    headers = {"X-Auth-Token": answer.headers["X-Subject-Token"]}
    found = {
        name: requests.get(f"{service.url}/v1.0/{project}/streaming/jobs", headers=headers, timeout=10).status_code
        for name, project in (("delegated", token["project"]["id"]), ("own", service.credentials["project_id"]))
    }
    assert found == {"delegated": 200, "own": 403}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"xrole_name": "another"}, 401),
        ({"domain_name": "local-domain"}, 401),
        ({"domain_name": None}, 400),
        ({"domain_id": "d0000000000000000000000000000002"}, 400),
        ({"methods": ("password",)}, 400),
    ],
)
def test_a_wrong_agency(service: LocalDli, changes: dict[str, Any], status: int) -> None:
    assert assume(service, service.issue_token(), **changes).status_code == status


@pytest.mark.parametrize("token", [None, "unknown"])
def test_an_agency_needs_a_token_of_a_user(service: LocalDli, token: str | None) -> None:
    assert assume(service, token).status_code == 401
