# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""L8: the project, region and address are those that the task says, known by having been given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils import _module
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job

from local_dli import LocalDli
from local_dli.iam import PROJECTS
from module_runner import run_module

# What openstacksdk says of a library of its own.
pytestmark = pytest.mark.filterwarnings("ignore:Support for InfluxDB")


@pytest.fixture(name="service")
def fixture_service():
    with LocalDli() as service:
        yield service
    assert service.contract_violations == []


@pytest.fixture(name="clouds_file")
def fixture_clouds_file(tmp_path: Path, service: LocalDli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud whose project is another one than that of the task."""
    known = service.credentials
    other = next(project for project in PROJECTS if project["id"] != known["project_id"])
    auth = {"auth_url": service.auth_url, "project_id": other["id"]}
    auth |= {name: known[name] for name in ("username", "password", "user_domain_name")}
    clouds = {"clouds": {"prod": {"auth": auth, "dli_endpoint_override": service.url}}}
    path = tmp_path / "clouds.yaml"
    path.write_text(yaml.safe_dump(clouds), encoding="utf-8")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))


def projects_asked(service: LocalDli) -> set[str]:
    return {sent.path.split("/")[2] for sent in service.requests if "/streaming/" in sent.path}


@pytest.mark.usefixtures("clouds_file")
@pytest.mark.parametrize("option", ["project_id", "project_name"])
def test_a_project_that_the_task_gives_counts_also_where_the_environment_says_the_same(
    service: LocalDli, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """L8: equal to the environment does not mean that it was not given."""
    known = service.credentials
    monkeypatch.setenv(f"OS_{option.upper()}", known[option])
    task = {"name": "job", "cloud": "prod", option: known[option], "endpoint": service.url}
    result = run_module(dli_flink_jar_job, task, check_mode=True)
    assert not result["failed"], result["msg"]
    assert projects_asked(service) == {known["project_id"]}


@pytest.mark.usefixtures("clouds_file")
def test_the_law_on_projects_catches_what_breaks_it(service: LocalDli, monkeypatch: pytest.MonkeyPatch) -> None:
    """L8: the mutant takes what is equal to the environment for not given."""
    known, real = service.credentials, _module.resolve_credentials

    def resolve(params: dict[str, Any], environ: Any, load_cloud: Any) -> Any:
        said = set(environ.values())
        return real({name: None if value in said else value for name, value in params.items()}, environ, load_cloud)

    monkeypatch.setenv("OS_PROJECT_ID", known["project_id"])
    monkeypatch.setattr(_module, "resolve_credentials", resolve)
    task = {"name": "job", "cloud": "prod", "project_id": known["project_id"], "endpoint": service.url}
    run_module(dli_flink_jar_job, task, check_mode=True)
    assert projects_asked(service) != {known["project_id"]}


def test_a_token_that_the_task_takes_from_the_environment_wins_over_a_password_there(
    service: LocalDli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L8: the task gives one way, the environment another."""
    known, token = service.credentials, service.issue_token()
    names = {"username": "OS_USERNAME", "password": "OS_PASSWORD", "user_domain_name": "OS_USER_DOMAIN_NAME"}
    for name, variable in names.items():
        monkeypatch.setenv(variable, known[name])
    monkeypatch.setenv("OS_TOKEN", token)
    monkeypatch.setenv("OS_AUTH_URL", service.auth_url)
    task = {"name": "job", "token": token, "project_id": known["project_id"], "endpoint": service.url}
    result = run_module(dli_flink_jar_job, task, check_mode=True)
    assert not result["failed"], result["msg"]
    assert {sent.headers.get("x-auth-token") for sent in service.requests} == {token}


def test_a_security_token_of_the_environment_does_not_join_the_keys_of_the_task(
    service: LocalDli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L8: permanent keys have none; that of the environment belongs to others."""
    known = service.credentials
    monkeypatch.setenv("OS_SECURITY_TOKEN", "foreign")
    keys = {name: known[name] for name in ("access_key", "secret_key", "project_id")}
    result = run_module(dli_flink_jar_job, {"name": "job", "endpoint": service.url, **keys}, check_mode=True)
    assert not result["failed"], result["msg"]
    assert not any("x-security-token" in sent.headers for sent in service.requests)
