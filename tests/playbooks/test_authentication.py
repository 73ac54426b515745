# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each way to authenticate, end to end; the service checks tokens, passwords and signatures."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
import yaml
from ansible_collections.otc.dli.plugins.module_utils._http import signer
from ansible_collections.otc.dli.plugins.module_utils._http.clouds_yaml import load_cloud
from ansible_collections.otc.dli.plugins.module_utils._http.credentials import resolve_credentials
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job
from pytest_httpserver import HTTPServer

from local_dli import Behaviour, LocalDli
from module_runner import SHOW_OPTIONS, run_module
from playbooks.ansible_cli import Ansible
from playbooks.expectations import assert_nothing_of_python, assert_one_sentence, calls

# Not plain ASCII, so that a signature has to be over the bytes that are sent.
JOB = {"name": "orders", "desc": "Aufträge, 100 % & mehr"}
CREATE = ["GET jobs", "POST flink-jobs", "GET jobs/{job_id}"]
LOGIN = ["POST /v3/auth/tokens"]
LOOK_UP = ["GET /v3/projects"]

# The variable that each option falls back to, as documented.
VARIABLES = {
    "auth_url": "OS_AUTH_URL",
    "username": "OS_USERNAME",
    "password": "OS_PASSWORD",
    "user_id": "OS_USER_ID",
    "user_domain_name": "OS_USER_DOMAIN_NAME",
    "user_domain_id": "OS_USER_DOMAIN_ID",
    "passcode": "OS_PASSCODE",
    "agency_name": "OS_AGENCY_NAME",
    "agency_domain_name": "OS_AGENCY_DOMAIN_NAME",
    "project_id": "OS_PROJECT_ID",
    "project_name": "OS_PROJECT_NAME",
    "region": "OS_REGION_NAME",
    "token": "OS_TOKEN",
    "access_key": "OS_ACCESS_KEY",
    "secret_key": "OS_SECRET_KEY",
    "security_token": "OS_SECURITY_TOKEN",
    "cloud": "OS_CLOUD",
    "endpoint": "OS_DLI_ENDPOINT_OVERRIDE",
    "ca_cert": "OS_CACERT",
}

AGENCY = {"agency_name": "$agency_name", "agency_domain_name": "$agency_domain_name"}

# The options of each way, the fields of the service's credentials where a value begins with $, and what it costs
# before the job is created.
WAYS: dict[str, tuple[dict[str, str], list[str]]] = {
    "token": ({"token": "$token", "project_id": "$project_id", "endpoint": "$url"}, []),
    "token, project by name": (
        {"token": "$token", "project_name": "$project_name", "endpoint": "$url", "auth_url": "$auth_url"},
        LOOK_UP,
    ),
    "password, project by name": (
        {
            "username": "$username",
            "password": "$password",
            "user_domain_name": "$user_domain_name",
            "project_name": "$project_name",
            "auth_url": "$auth_url",
        },
        LOGIN,
    ),
    "password, project by id": (
        {
            "username": "$username",
            "password": "$password",
            "user_domain_name": "$user_domain_name",
            "project_id": "$project_id",
            "auth_url": "$auth_url",
        },
        LOGIN,
    ),
    "password, endpoint of the region": (
        {
            "username": "$username",
            "password": "$password",
            "user_domain_name": "$user_domain_name",
            "project_name": "$project_name",
            "auth_url": "$auth_url",
            "region": "$region",
        },
        LOGIN,
    ),
    "password, IAM's address without version": (
        {
            "username": "$username",
            "password": "$password",
            "user_domain_name": "$user_domain_name",
            "project_name": "$project_name",
            "auth_url": "$url",
            "endpoint": "$url",
        },
        LOGIN,
    ),
    "keys": (
        {
            "access_key": "$access_key",
            "secret_key": "$secret_key",
            "project_id": "$project_id",
            "endpoint": "$url",
        },
        [],
    ),
    "keys, project by name": (
        {
            "access_key": "$access_key",
            "secret_key": "$secret_key",
            "project_name": "$project_name",
            "endpoint": "$url",
            "auth_url": "$auth_url",
        },
        LOOK_UP,
    ),
    "temporary keys": (
        {
            "access_key": "$temporary_access_key",
            "secret_key": "$temporary_secret_key",
            "security_token": "$security_token",
            "project_id": "$project_id",
            "endpoint": "$url",
        },
        [],
    ),
    "password and passcode": (
        {
            "user_id": "$mfa_user_id",
            "password": "$mfa_password",
            "passcode": "$passcode",
            "user_domain_id": "$user_domain_id",
            "project_name": "$project_name",
            "auth_url": "$auth_url",
        },
        LOGIN,
    ),
    "password, agency": (
        {
            "username": "$username",
            "password": "$password",
            "user_domain_name": "$user_domain_name",
            **AGENCY,
            "project_name": "$delegated_project_name",
            "auth_url": "$auth_url",
        },
        LOGIN * 2,
    ),
    "password and passcode, agency, project by id": (
        {
            "user_id": "$mfa_user_id",
            "password": "$mfa_password",
            "passcode": "$passcode",
            "user_domain_id": "$user_domain_id",
            **AGENCY,
            "project_id": "$delegated_project_id",
            "auth_url": "$auth_url",
        },
        LOGIN * 2,
    ),
    "token, agency": (
        {"token": "$token", **AGENCY, "project_id": "$delegated_project_id", "auth_url": "$auth_url"},
        LOGIN,
    ),
    "cloud with password": ({"cloud": "with-password"}, LOGIN),
    "cloud with token": ({"cloud": "with-token"}, []),
    "cloud with keys": ({"cloud": "with-keys"}, []),
    "cloud with keys as otcextensions names them": ({"cloud": "with-ak-and-sk"}, []),
    "cloud with temporary keys": ({"cloud": "with-temporary-keys"}, []),
    "cloud with keys beside auth": ({"cloud": "with-keys-beside-auth"}, []),
    "cloud with a passcode": ({"cloud": "with-passcode"}, LOGIN),
    "cloud with an agency": ({"cloud": "with-agency"}, LOGIN * 2),
}


def options_of(way: str, service: LocalDli) -> dict[str, str]:
    """The options of a way with the service's values filled in."""
    known = {
        **service.credentials,
        "url": service.url,
        "auth_url": service.auth_url,
        "token": service.issue_token(),
    }
    return {name: known[value[1:]] if value[0] == "$" else value for name, value in WAYS[way][0].items()}


# What openstacksdk says of a library of its own.
pytestmark = pytest.mark.filterwarnings("ignore:Support for InfluxDB")


def run(options: dict[str, Any], **flags: bool) -> dict[str, Any]:
    return run_module(dli_flink_jar_job, options, **flags)


def write_clouds(path: Path, service: LocalDli) -> None:
    """Write a clouds.yaml with a cloud for each kind of credentials."""
    known = service.credentials
    user = {name: known[name] for name in ("username", "password", "user_domain_name")}
    iam = {"auth_url": service.auth_url}
    project = {"project_id": known["project_id"]}
    temporary = {
        "access_key": known["temporary_access_key"],
        "secret_key": known["temporary_secret_key"],
        "security_token": known["security_token"],
    }
    place = {"region_name": known["region"], "dli_endpoint_override": service.url}
    clouds: dict[str, Any] = {
        "with-password": {"auth": {**iam, **user, "project_name": known["project_name"]}},
        "of-another-project": {"auth": {**iam, **user, "project_name": "not-this-one"}},
        "with-token": {"auth_type": "token", "auth": {**iam, **project, "token": service.issue_token()}},
        "with-keys": {
            "auth": {**iam, **project, "access_key": known["access_key"], "secret_key": known["secret_key"]},
        },
        "with-ak-and-sk": {"auth": {**iam, **project, "ak": known["access_key"], "sk": known["secret_key"]}},
        "with-temporary-keys": {"auth": {**iam, **project, **temporary}},
        "with-keys-beside-auth": {
            "auth": {**iam, **project},
            "ak": known["access_key"],
            "sk": known["secret_key"],
        },
        "with-passcode": {
            "auth_type": "v3multifactor",
            "auth": {
                **iam,
                **project,
                "auth_methods": ["v3password", "v3totp"],
                "user_id": known["mfa_user_id"],
                "password": known["mfa_password"],
                "passcode": known["passcode"],
            },
        },
        "with-mfa-user": {
            "auth": {
                **iam,
                **project,
                "user_id": known["mfa_user_id"],
                "password": known["mfa_password"],
            },
        },
        "with-agency": {
            "auth": {
                **iam,
                **user,
                "agency_name": known["agency_name"],
                "agency_domain_name": known["agency_domain_name"],
                "project_name": known["delegated_project_name"],
            }
        },
    }
    path.write_text(yaml.safe_dump({"clouds": {name: {**cloud, **place} for name, cloud in clouds.items()}}))


@pytest.fixture(name="clouds_file")
def fixture_clouds_file(tmp_path: Path, service: LocalDli) -> Path:
    path = tmp_path / "our-clouds.yaml"
    write_clouds(path, service)
    return path


@pytest.mark.parametrize("source", ["options", "environment"])
@pytest.mark.parametrize("way", WAYS)
def test_a_way(way: str, source: str, service: LocalDli, clouds_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_file))
    options = options_of(way, service)
    if source == "environment":
        for name, value in options.items():
            monkeypatch.setenv(VARIABLES[name], value)
        options = {}
    result = run({**options, **JOB})
    assert not result["failed"], result["msg"]
    (job,) = service.jobs.all()
    assert (job.job_id, job.name, job.fields["desc"]) == (result["job"]["job_id"], *JOB.values())
    project = service.credentials["delegated_project_id" if "agency" in way else "project_id"]
    assert job.project_id == project
    assert calls(service, project) == [*WAYS[way][1], *(call.format(job_id=job.job_id) for call in CREATE)]


def test_the_task_wins_over_the_file_and_the_file_over_the_environment(
    service: LocalDli, clouds_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_file))
    monkeypatch.setenv("OS_PROJECT_NAME", "another-one")
    right = service.credentials["project_name"]
    for options in ({"cloud": "with-password"}, {"cloud": "of-another-project", "project_name": right}):
        service.requests.clear()
        result = run({**options, "name": "orders", "state": "absent"})
        assert not result["failed"], result["msg"]
        assert calls(service) == [*LOGIN, "GET jobs"]


@pytest.mark.parametrize("catalog_url", ["bare", "versioned"])
def test_the_catalog_says_where_the_service_is(catalog_url: Any, service: LocalDli) -> None:
    service.behaviour = Behaviour(catalog_url=catalog_url)
    result = run({**options_of("password, project by name", service), **JOB})
    assert result["changed"]
    assert len(calls(service)) == len(LOGIN) + len(CREATE)


def test_real_playbook_by_each_kind_of_credentials(ansible: Ansible, service: LocalDli, clouds_file: Path) -> None:
    """In processes of their own too, with the environment as it is there; two clouds, and one without openstacksdk."""
    broken = ansible.folder / "broken" / "openstack"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('openstacksdk is not there')\n")
    variables = {
        **service.credentials,
        "dli_endpoint": service.url,
        "dli_auth_url": service.auth_url,
        "dli_token": service.issue_token(),
        "broken_library": str(broken.parent),
    }
    play = ansible.runner("ways.yml", variables=variables, env={"OS_CLIENT_CONFIG_FILE": str(clouds_file)})
    assert play.code == 0, play.stdout
    for way in ("a token", "a password", "keys", "temporary keys", "a cloud of clouds.yaml"):
        assert not play.result(f"Ask with {way}")["changed"]
    assert calls(service) == ["GET jobs", *LOGIN, "GET jobs", *LOOK_UP, "GET jobs", "GET jobs", *LOGIN, "GET jobs"]
    refused = play.result("Ask for a cloud without openstacksdk")
    assert refused["failed"]
    # This text is Ansible's own, the same in all modules.
    assert refused["msg"].startswith("Failed to import the required Python library (openstacksdk) on ")
    assert "This is required for the option cloud." in refused["msg"]


def test_the_task_wins_over_the_environment(service: LocalDli, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that has loaded other credentials does not contradict a task that brings its own."""
    monkeypatch.setenv("OS_TOKEN", "somebody-elses")
    monkeypatch.setenv("OS_CLOUD", "somewhere-else")
    monkeypatch.setenv("OS_PROJECT_NAME", "another-project")
    for way in ("password, project by id", "keys", "temporary keys"):
        service.requests.clear()
        result = run({**options_of(way, service), "name": "orders", "state": "absent"})
        assert not result["failed"], result["msg"]
        assert calls(service) == [*WAYS[way][1], "GET jobs"]


@pytest.mark.parametrize("way", ["token", "password, project by id", "keys", "temporary keys"])
def test_wrong_credentials(way: str, service: LocalDli) -> None:
    options = options_of(way, service)
    secret = next(name for name in ("token", "password", "secret_key") if name in options)
    result = run({**options, secret: "not-the-right-one", **JOB})
    assert result["failed"]
    assert_one_sentence(result["msg"])
    assert result["error"]["http_status"] == 401
    assert len(service.requests) == 1
    assert service.jobs.all() == []


def test_a_token_that_has_expired(service: LocalDli) -> None:
    options = options_of("token", service)
    service.expire_tokens()
    result = run({**options, **JOB})
    assert result["failed"]
    assert_one_sentence(result["msg"])
    assert "HTTP 401" in result["msg"]
    assert "expired" in result["msg"]
    assert result["error"]["type"] == "AuthenticationFailed"


@pytest.mark.parametrize(
    ("way", "advice"),
    [
        ("keys, project by name", "Check the keys, and the clock of the host that runs the module."),
        ("token, project by name", "The token may have expired; give a new one."),
    ],
)
def test_iam_refuses_the_credentials_with_the_same_advice(way: str, advice: str, service: LocalDli) -> None:
    """An hour's difference between two clocks shows first where the project is searched for."""
    options = options_of(way, service)
    secret = "token" if "token" in options else "secret_key"
    result = run({**options, secret: "not-the-right-one", **JOB})
    assert result["failed"] and result["msg"].endswith(advice)
    assert calls(service) == LOOK_UP


@pytest.mark.parametrize(
    ("way", "wrong", "words"),
    [
        ("password and passcode", {"passcode": "111111"}, "A passcode counts once, and for less than a minute"),
        ("password and passcode", {"passcode": ""}, "The passcode is missing or wrong."),
        ("password, agency", {"agency_name": "another"}, "Check agency_name, agency_domain_name and the project"),
        (
            "password, agency",
            {"agency_domain_name": "another"},
            "Check agency_name, agency_domain_name and the project",
        ),
        ("token, agency", {"token": "not-the-right-one"}, "Check agency_name, agency_domain_name and the project"),
        ("token, agency", {"project_id": "a" * 32}, "Check agency_name, agency_domain_name and the project"),
    ],
)
def test_iam_refuses_a_passcode_or_an_agency(way: str, wrong: dict[str, str], words: str, service: LocalDli) -> None:
    result = run({**options_of(way, service), **wrong, **JOB})
    assert result["failed"] and words in result["msg"]
    assert result["error"]["http_status"] == 401
    assert calls(service) in (LOGIN, LOGIN * 2)


def test_a_passcode_counts_once(service: LocalDli) -> None:
    """It is hidden, and no second login is tried with it."""
    options = options_of("password and passcode", service)
    first = run({**options, **SHOW_OPTIONS, **JOB})
    assert first["changed"] and first["invocation"]
    again = run({**options, **JOB})
    assert again["failed"] and again["msg"].endswith("give a new one.")
    assert options["passcode"] not in f"{first}{again}"
    assert calls(service) == [*LOGIN, *(call.format(job_id=service.jobs.all()[0].job_id) for call in CREATE), *LOGIN]


@pytest.mark.parametrize("source_of_passcode", ["task", "environment"])
@pytest.mark.parametrize("source_of_password", ["cloud of the task", "cloud of the environment", "environment"])
def test_a_passcode_joins_the_password_of_another_source(
    source_of_password: str,
    source_of_passcode: str,
    service: LocalDli,
    clouds_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It counts for less than a minute, so it is seldom kept where the password is."""
    options = options_of("password and passcode", service)
    passcode = options.pop("passcode")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_file))
    variables = {"OS_CLOUD": "with-mfa-user"} if source_of_password == "cloud of the environment" else {}
    if source_of_password == "environment":
        variables = {VARIABLES[name]: value for name, value in options.items()}
    if source_of_passcode == "environment":
        variables["OS_PASSCODE"] = passcode
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    given = {"cloud": "with-mfa-user"} if source_of_password == "cloud of the task" else {}
    given |= {"passcode": passcode} if source_of_passcode == "task" else {}
    result = run({**given, "name": "orders", "state": "absent"})
    assert not result["failed"], result["msg"]
    assert calls(service) == [*LOGIN, "GET jobs"]


def test_a_passcode_of_the_task_wins_over_one_of_the_cloud(
    service: LocalDli, clouds_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_file))
    stale = {"OS_PASSCODE": "271828"}
    assert resolved({"cloud": "with-passcode", "passcode": "314159"}, stale)["passcode"] == "314159"
    assert resolved({"cloud": "with-passcode"}, stale)["passcode"] == service.credentials["passcode"]


def test_a_passcode_of_the_environment_stands_in_the_way_of_no_user_by_name(
    clouds_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM takes a passcode only with the id of the user, so it is somebody else's."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_file))
    assert "passcode" not in resolved({"cloud": "with-password"}, {"OS_PASSCODE": "314159"})


def test_a_token_that_expires_is_got_anew_for_an_agency(service: LocalDli, httpserver: HTTPServer) -> None:
    """Behind an address that refuses the first token of the agency."""
    options = {**options_of("password, agency", service), "endpoint": service.url}
    issue = service.iam.issue_token
    issued: list[str] = []

    def expired_at_first(project: dict[str, str] | None) -> str:
        issued.append(issue(project))
        if len(issued) == 2:
            service.iam.tokens.pop(issued[-1])
        return issued[-1]

    service.iam.issue_token = expired_at_first  # type: ignore[method-assign]
    result = run({**options, **JOB})
    assert result["changed"], result
    assert calls(service, service.credentials["delegated_project_id"])[:5] == [*LOGIN * 2, "GET jobs", *LOGIN * 2]


def test_an_hour_between_two_clocks_gets_advice_from_iam_too(
    service: LocalDli, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SimpleNamespace(strftime=time.strftime, gmtime=lambda: time.gmtime(time.time() - 3600))
    monkeypatch.setattr(signer, "time", slow)
    for way, asked in (("keys, project by name", LOOK_UP), ("keys", ["GET jobs"])):
        service.requests.clear()
        result = run({**options_of(way, service), **JOB})
        assert result["failed"] and "X-Sdk-Date is too far from the time of this service" in result["msg"]
        assert result["msg"].endswith("Check the keys, and the clock of the host that runs the module.")
        assert calls(service) == asked


def test_a_project_that_does_not_exist(service: LocalDli) -> None:
    for way in ("keys, project by name", "password, project by name"):
        result = run({**options_of(way, service), "project_name": "no-such-project", **JOB})
        assert result["failed"]
        assert_one_sentence(result["msg"])
    assert service.jobs.all() == []


def test_tls(ansible: Ansible, authority: trustme.CA, tls_service: LocalDli) -> None:
    """In a process of its own, because Python warns there, and only there, of connections that are not verified."""
    ca_file = ansible.folder / "authority.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    wrong_file = ansible.folder / "another-authority.pem"
    trustme.CA().cert_pem.write_to_path(str(wrong_file))
    variables = {
        **tls_service.credentials,
        "dli_auth_url": tls_service.auth_url,
        "right_authority": str(ca_file),
        "wrong_authority": str(wrong_file),
    }
    # requests lets this variable win over what a session says.
    play = ansible.runner("tls.yml", variables=variables, env={"REQUESTS_CA_BUNDLE": str(wrong_file)})
    assert play.code == 0, play.stdout
    assert not play.result("Trust the authority")["changed"]
    assert not play.result("Verify nothing")["changed"]
    refused = play.result("Trust another authority")
    assert refused["failed"]
    assert_one_sentence(refused["msg"])
    assert "certificate could not be verified" in refused["msg"]
    assert "see the option ca_cert" in refused["msg"]
    assert calls(tls_service) == [*LOGIN, "GET jobs"] * 2


def test_tls_with_the_systems_authorities(tls_service: LocalDli) -> None:
    result = run({**options_of("token", tls_service), **JOB})
    assert result["failed"]
    assert_one_sentence(result["msg"])
    assert "certificate could not be verified" in result["msg"]
    assert tls_service.requests == []


def test_tls_by_the_environment(
    tls_service: LocalDli, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca_file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    monkeypatch.setenv("OS_CACERT", str(ca_file))
    assert run({**options_of("token", tls_service), **JOB})["changed"]


# What the task says, what the file says, and what holds; None for nothing.
VERIFY = [
    (None, None, True),
    (None, False, False),
    (None, True, True),
    (True, False, True),
    (False, True, False),
    (False, None, False),
]


@pytest.mark.parametrize(("of_task", "of_file", "verify"), VERIFY)
def test_the_task_wins_over_the_file_about_certificates(
    of_task: bool | None, of_file: bool | None, verify: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clouds.yaml"
    cloud = {"auth": {"token": "t", "project_id": "p"}, "region_name": "eu-de"}
    if of_file is not None:
        cloud["verify"] = of_file
    path.write_text(yaml.safe_dump({"clouds": {"ours": cloud}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    assert resolve_credentials({"cloud": "ours", "validate_certs": of_task}, {}, load_cloud).verify is verify
    if of_file is None:
        options = {"token": "t", "project_id": "p", "region": "eu-de", "validate_certs": of_task}
        assert resolve_credentials(options, {}, load_cloud).verify is verify


def test_certificates_are_verified_for_a_task_that_says_so(
    tls_service: LocalDli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clouds.yaml"
    known = {"token": tls_service.issue_token(), "project_id": tls_service.credentials["project_id"]}
    cloud = {"auth": known, "dli_endpoint_override": tls_service.url, "verify": False}
    path.write_text(yaml.safe_dump({"clouds": {"ours": cloud}}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    result = run({"cloud": "ours", "validate_certs": True, **JOB})
    assert result["failed"]
    assert "certificate could not be verified" in result["msg"]
    assert tls_service.requests == []


def test_a_file_of_authorities_that_is_not_there(tls_service: LocalDli, tmp_path: Path) -> None:
    result = run({**options_of("token", tls_service), "ca_cert": str(tmp_path / "nowhere.pem"), **JOB})
    assert result["failed"]
    assert_one_sentence(result["msg"])
    assert "nowhere.pem" in result["msg"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a certificate",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        b"\xff\xfe\x00" * 40,
    ],
    ids=["nothing", "text", "half a certificate", "binary"],
)
def test_a_file_of_authorities_that_holds_none(content: bytes, tls_service: LocalDli, tmp_path: Path) -> None:
    path = tmp_path / "authorities.pem"
    path.write_bytes(content)
    result = run({**options_of("token", tls_service), "ca_cert": str(path), **JOB})
    assert result["failed"] and result["msg"].endswith(", but that file holds no certificates in PEM.")
    assert_one_sentence(result["msg"])
    assert result["error"]["type"] == "InvalidInput" and tls_service.requests == []


def test_a_folder_of_authorities(tls_service: LocalDli, authority: trustme.CA, tmp_path: Path) -> None:
    """As OpenSSL takes it: files that are named by a hash of their subject, of which there is none here."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    result = run({**options_of("token", tls_service), "ca_cert": str(tmp_path), **JOB})
    assert result["failed"] and "certificate could not be verified" in result["msg"]


# Not too short: Ansible hides each occurrence of a secret, and one letter would be everywhere.
USER = {"username": "somebody", "password": "our-password", "user_domain_name": "somewhere"}
KEYS = {"access_key": "our-access-key", "secret_key": "our-secret-key"}
PROJECT = {"project_id": "0123"}
# Nobody listens there, and no request is to be sent anyway.
HERE = {"endpoint": "http://127.0.0.1:9", "auth_url": "http://127.0.0.1:9/v3"}

# What is given, and what the message has to say.
REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "nothing at all": ({}, "No credentials are given"),
    "place and project alone": ({**PROJECT, **HERE}, "No credentials are given"),
    "password without username": ({**USER, "username": "", **PROJECT, **HERE}, "username is missing"),
    "password without domain": (
        {**USER, "user_domain_name": "", **PROJECT, **HERE},
        "user_domain_name is missing; username and password need the domain that the user belongs to, by its name, its "
        "user_domain_id, or by OS_USER_DOMAIN_NAME, OS_DOMAIN_NAME, OS_USER_DOMAIN_ID or OS_DOMAIN_ID in the "
        "environment.",
    ),
    "user_id without domain, project by name": (
        {"user_id": "0123", "password": "our-password", "project_name": "p", **HERE},
        "user_domain_name is missing; project_name needs the domain",
    ),
    "user_id without password": ({"user_id": "0123", **PROJECT, **HERE}, "user_id is given without password"),
    "username without password": ({"username": "somebody", **PROJECT, **HERE}, "username is given without password"),
    "passcode without password": ({"passcode": "012345", **PROJECT, **HERE}, "passcode is given without password"),
    "passcode without the user's id": (
        {**USER, "passcode": "012345", **PROJECT, **HERE},
        "user_id is missing; passcode needs the id of the user.",
    ),
    "passcode that YAML has read as a number": (
        {**USER, "username": "", "user_id": "0123", "passcode": "5349", **PROJECT, **HERE},
        "passcode must be the 6 digits that the MFA device shows, in quotes.",
    ),
    "agency without its domain": (
        {**USER, "agency_name": "a", **PROJECT, **HERE},
        "agency_domain_name is missing; an agency is known by its name and by the domain that has created it.",
    ),
    "domain of an agency without its name": (
        {**USER, "agency_domain_name": "d", **PROJECT, **HERE},
        "agency_name is missing; an agency is known by its name and by the domain that has created it.",
    ),
    "agency with keys": (
        {**KEYS, "agency_name": "a", "agency_domain_name": "d", **PROJECT, **HERE},
        "agency_name is given with secret_key, but only a token or a password can act for an agency",
    ),
    "agency without the user's domain": (
        {"user_id": "0", "password": "our-password", "agency_name": "a", "agency_domain_name": "d", **PROJECT, **HERE},
        "user_domain_name is missing; agency_name needs the domain that the user belongs to",
    ),
    "agency with a token, without IAM": (
        {"token": "t", "agency_name": "a", "agency_domain_name": "d", **PROJECT, "endpoint": "http://127.0.0.1:9"},
        "auth_url or region is missing; agency_name cannot be used without IAM's address.",
    ),
    "access_key without secret_key": (
        {"access_key": "our-key", **PROJECT, **HERE},
        "access_key is given without secret_key",
    ),
    "secret_key without access_key": ({"secret_key": "our-key", **PROJECT, **HERE}, "access_key is missing"),
    "security_token alone": (
        {"security_token": "our-token", **PROJECT, **HERE},
        "security_token is given without secret_key",
    ),
    "token and password": ({"token": "our-token", **USER, **PROJECT, **HERE}, "token and password are different ways"),
    "token and keys": ({"token": "our-token", **KEYS, **PROJECT, **HERE}, "token and secret_key are different ways"),
    "cloud and token": ({"cloud": "c", "token": "our-token", **PROJECT, **HERE}, "cloud and token are different ways"),
    "cloud and password": ({"cloud": "c", **USER, **PROJECT, **HERE}, "cloud and password are different ways"),
    "token without project": (
        {"token": "our-token", **HERE},
        "project_id or project_name is missing; a Flink job belongs to a project, which the environment can name as "
        "OS_PROJECT_ID, OS_TENANT_ID, OS_PROJECT_NAME or OS_TENANT_NAME.",
    ),
    "keys without project": ({**KEYS, **HERE}, "project_id or project_name is missing"),
    "password without project": ({**USER, **HERE}, "project_id or project_name is missing"),
    "token without endpoint": ({"token": "our-token", **PROJECT}, "endpoint or region is missing"),
    "keys without endpoint": ({**KEYS, **PROJECT}, "endpoint or region is missing"),
    "password without auth_url": (
        {**USER, **PROJECT, "endpoint": "http://127.0.0.1:9"},
        "auth_url or region is missing",
    ),
    "project_name without auth_url": (
        {"token": "our-token", "project_name": "p", "endpoint": "http://127.0.0.1:9"},
        "auth_url or region is missing",
    ),
    "unknown region": ({"token": "our-token", **PROJECT, "region": "eu-xx"}, "endpoint is missing"),
    "unknown region, password": ({**USER, **PROJECT, "region": "eu-xx"}, "auth_url is missing"),
    "endpoint without scheme": (
        {"token": "our-token", **PROJECT, "endpoint": "dli.example.org"},
        "endpoint must be an http",
    ),
    "endpoint of another scheme": (
        {"token": "our-token", **PROJECT, "endpoint": "ftp://dli.example.org"},
        "endpoint must be",
    ),
    "endpoint with a password": (
        {"token": "our-token", **PROJECT, "endpoint": "http://u:p@127.0.0.1:9"},
        "endpoint must be",
    ),
    "endpoint without host": ({"token": "our-token", **PROJECT, "endpoint": "https://"}, "endpoint must be an http"),
    "endpoint with a bad port": (
        {"token": "our-token", **PROJECT, "endpoint": "http://127.0.0.1:99999"},
        "endpoint must be",
    ),
    "endpoint with a query": (
        {"token": "our-token", **PROJECT, "endpoint": "https://127.0.0.1:9?to=elsewhere"},
        "endpoint must be",
    ),
    "endpoint with a backslash": (
        {"token": "our-token", **PROJECT, "endpoint": "http://127.0.0.1:9\\elsewhere"},
        "endpoint must be",
    ),
    "token with a line break": ({"token": "our-token\n", **PROJECT, **HERE}, "token holds a space, line break"),
    "password with a line break": ({**USER, "password": "our-password\n", **PROJECT, **HERE}, "password holds a line"),
    "auth_url with a space": ({**USER, **PROJECT, "auth_url": "http://127.0.0.1 :9"}, "auth_url must be an http"),
    "a cloud that is not there": ({"cloud": "no-such-cloud"}, "cloud no-such-cloud could not be read"),
}


@pytest.mark.parametrize("source", ["options", "environment"])
@pytest.mark.parametrize("case", REFUSED)
def test_credentials_that_are_missing_or_contradict_each_other(
    case: str, source: str, service: LocalDli, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, expected = REFUSED[case]
    if source == "environment":
        for name, value in options.items():
            monkeypatch.setenv(VARIABLES[name], value)
        options = {}
    result = run({**options, **JOB})
    assert result["failed"]
    assert not result["changed"]
    message = result["msg"]
    if source == "environment":
        message = message.replace(", taken from the environment,", "")
    assert message.startswith(expected)
    assert_one_sentence(result["msg"])
    assert_nothing_of_python(result)
    assert result["error"]["type"] == "InvalidInput"
    assert service.requests == []


def test_a_task_that_gives_a_password_and_keys(service: LocalDli) -> None:
    """Of the environment and of clouds.yaml the keys are for OBS, but nobody writes those into a task of DLI."""
    result = run({**USER, **KEYS, **PROJECT, **HERE, **JOB})
    assert result["msg"] == "password and secret_key are different ways to authenticate; give only one of them."
    assert service.requests == []


USED_WITH_NOTHING = {
    ("cloud", "with-password"): ("username", "user_id", "access_key", "security_token"),
    ("token", "our-token"): ("username", "user_id", "passcode", "access_key", "security_token"),
    ("password", "our-password"): ("access_key", "security_token"),
    ("secret_key", "our-key"): ("username", "user_id", "passcode"),
}


@pytest.mark.parametrize(
    ("way", "value", "option"), [(*way, option) for way, options in USED_WITH_NOTHING.items() for option in options]
)
def test_what_a_task_gives_of_another_way_is_not_dropped(
    way: str, value: str, option: str, service: LocalDli, clouds_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_file))
    complete = {"password": USER, "secret_key": KEYS}.get(way, {})
    result = run({**PROJECT, **HERE, **complete, way: value, option: "012345", **JOB})
    assert result["msg"] == (
        f"{option} is given with {way}, but belongs to another way to authenticate; give only one of them."
    )
    assert result["error"]["type"] == "InvalidInput" and service.requests == []


@pytest.mark.parametrize(
    ("cloud", "words"),
    [
        ("with-token", 'cloud "with-token" has token instead.'),
        ("with-keys", 'cloud "with-keys" has secret_key instead.'),
    ],
)
def test_a_passcode_for_a_cloud_without_a_password(
    cloud: str, words: str, service: LocalDli, clouds_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_file))
    result = run({"cloud": cloud, "passcode": "012345", **JOB})
    assert result["msg"] == f"passcode is given, but goes only with a password, and {words}"
    assert service.requests == []


# As openstacksdk's own loader reads them: other digits, a date, a boolean.
OTHER_THAN_WRITTEN = {
    "password": "{auth: {user_id: u, password: 0123456, project_id: p}}",
    "user_id": "{auth: {user_id: 0123, password: secret, project_id: p}}",
    "passcode": "{auth: {user_id: u, password: secret, passcode: 042137, project_id: p}}",
    "project_id": "{auth: {token: t, project_id: 00001234}}",
    "project_name": "{auth: {token: t, project_name: 2026-01-01}}",
    "tenant_id": "{auth: {token: t, tenant-id: 00001234}}",
    "token": "{auth: {token: 12_34, project_id: p}}",
    "sk": "{auth: {project_id: p}, ak: key, sk: 0777}",
    "ak": "{auth: {ak: 1.10, sk: secret, project_id: p}}",
    "domain_id": "{auth: {username: u, password: secret, domain_id: 0123, project_id: p}}",
    "user_domain_name": "{auth: {username: u, password: secret, user_domain_name: yes, project_id: p}}",
    "agency_name": "{auth: {token: t, agency_name: 0x10, agency_domain_name: d, project_id: p}}",
    "security_token": "{regions: [{name: eu-de, values: {auth: {ak: a, sk: s, security_token: 077, project_id: p}}}]}",
}


@pytest.mark.parametrize("option", OTHER_THAN_WRITTEN)
def test_what_yaml_has_not_read_as_text(
    option: str, service: LocalDli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clouds.yaml"
    path.write_text(f"clouds: {{ours: {OTHER_THAN_WRITTEN[option]}}}")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    result = run({"cloud": "ours", **HERE, **JOB})
    assert result["msg"] == f'cloud "ours" has {option} in clouds.yaml, but not as a string; put it in quotes.'
    assert result["error"]["type"] == "InvalidInput" and service.requests == []


@pytest.mark.parametrize(
    "content",
    [
        "clouds: {with-password: {auth: }}",
        "clouds: [with-password]",
        "[]",
        "clouds: {",
        "clouds: {with-password: {auth: {password: 0123, username: u}}}",
    ],
)
def test_a_broken_clouds_file(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(content)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    result = run({"cloud": "with-password", **JOB})
    assert result["failed"]
    assert_one_sentence(result["msg"])
    assert result["error"]["type"] == "InvalidInput"


FAR = "dli.example.org"
# None of them is this host itself for certain, whatever a resolver or a system may make of it.
NOT_LOOPBACK = [
    FAR, "10.0.0.1", "0.0.0.0", "128.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "localhost.", "localhost.example.org",
    "127.0.0.1.example.org", "[::]", "[::2]", "[::ffff:127.0.0.1]", "[fe80::1]",
]  # fmt: skip
LOOPBACK = ["localhost", "LocalHost", "127.0.0.1", "127.255.255.254", "[::1]", "[0:0:0:0:0:0:0:1]"]
RULE = "but credentials are sent over plain http only to localhost, 127.0.0.0/8 and ::1; use https, or set allow_http"


@pytest.fixture(name="looked_up")
def fixture_looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let every host be this one, and return which ones were asked for."""
    hosts: list[str] = []

    def look_up(host: str, port: int, *_how: object, **_options: object) -> list[tuple]:
        hosts.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return hosts


def far(url: str) -> str:
    return url.replace("127.0.0.1", FAR)


@pytest.mark.parametrize("host", NOT_LOOPBACK)
def test_plain_http_to_another_host(host: str, service: LocalDli, looked_up: list[str]) -> None:
    token = {"token": service.issue_token(), "project_id": service.credentials["project_id"]}
    url = service.url.replace("127.0.0.1", host)
    result = run({**token, "endpoint": url, **JOB})
    assert result["failed"]
    assert result["msg"] == f'endpoint is "{url}", {RULE} to true.'
    assert result["error"]["type"] == "InvalidInput"
    assert looked_up == [] and service.requests == []


@pytest.mark.parametrize("host", LOOPBACK)
def test_plain_http_that_stays_on_the_host(host: str, service: LocalDli, looked_up: list[str]) -> None:
    token = {"token": service.issue_token(), "project_id": service.credentials["project_id"]}
    result = run({**token, "endpoint": service.url.replace("127.0.0.1", host), **JOB})
    assert result["changed"], result
    assert looked_up


@pytest.mark.parametrize("source", ["option", "environment", "clouds.yaml"])
@pytest.mark.parametrize("option", ["endpoint", "auth_url"])
def test_plain_http_from_each_source(
    option: str,
    source: str,
    service: LocalDli,
    looked_up: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    addresses = {"endpoint": service.url, "auth_url": service.auth_url}
    addresses[option] = far(addresses[option])
    user = {name: service.credentials[name] for name in ("username", "password", "user_domain_name", "project_name")}
    options = {**user, **addresses}
    if source == "environment":
        for name, value in options.items():
            monkeypatch.setenv(VARIABLES[name], value)
        options = {}
    elif source == "clouds.yaml":
        path = tmp_path / "clouds.yaml"
        auth = {**user, "auth_url": addresses["auth_url"]}
        cloud = {"auth": auth, "dli_endpoint_override": addresses["endpoint"]}
        path.write_text(yaml.safe_dump({"clouds": {"ours": cloud}}))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        options = {"cloud": "ours"}
    result = run({**options, **JOB})
    assert result["failed"]
    assert result["msg"] == f'{option} is "{addresses[option]}", {RULE} to true.'
    assert_one_sentence(result["msg"])
    assert looked_up == [] and service.requests == []
    assert run({**options, **JOB, "allow_http": True})["changed"]
    assert FAR in looked_up


@pytest.mark.parametrize("scheme", ["http", "https", "ftp"])
def test_an_address_of_the_catalog(
    scheme: str, service: LocalDli, httpserver: HTTPServer, looked_up: list[str]
) -> None:
    """IAM is this host, and names another one for the service: over plain http nothing is sent there."""
    address = far(service.url).replace("http", scheme, 1)
    dli = {"type": "dli", "endpoints": [{"interface": "public", "region": "r", "url": address}]}
    token = {"token": {"project": {"id": service.credentials["project_id"]}, "catalog": [dli]}}
    headers = {"X-Subject-Token": service.issue_token()}
    httpserver.expect_request("/v3/auth/tokens", "POST").respond_with_json(token, 201, headers)
    options = {**USER, "project_name": "ours", "auth_url": httpserver.url_for("/v3"), "retry_timeout": 0, **JOB}
    result = run(options)
    assert result["failed"]
    assert_one_sentence(result["msg"])
    assert service.requests == []
    source = "The address of DLI in the token's catalog"
    if scheme == "http":
        assert result["msg"] == f'{source} is "{address}", {RULE} to true.'
        assert FAR not in looked_up
        assert run({**options, "allow_http": True})["changed"]
    elif scheme == "https":
        assert result["error"]["type"] == "ConnectionFailed" and FAR in looked_up
    else:
        assert result["msg"].startswith(f"{source} must be an http or https URL")
        assert FAR not in looked_up


# What the task says, and nobody else

OTHERS = {
    "OS_USERNAME": "somebody-else",
    "OS_USER_DOMAIN_NAME": "their-domain",
    "OS_USER_DOMAIN_ID": "their-domain-id",
    "OS_PROJECT_ID": "f" * 32,
    "OS_PROJECT_NAME": "their-project",
    "OS_REGION_NAME": "eu-nl",
    "OS_AUTH_URL": "https://iam.theirs.example.org/v3",
    "OS_DLI_ENDPOINT_OVERRIDE": "https://dli.theirs.example.org",
}
OTHERS_PASSWORD = {**OTHERS, "OS_PASSWORD": "their-password"}
OTHERS_KEYS = {
    **OTHERS,
    "OS_ACCESS_KEY": "their-access-key",
    "OS_SECRET_KEY": "their-secret-key",
    "OS_SECURITY_TOKEN": "their-security-token",
}
THEIR_AGENCY = {
    "OS_AGENCY_NAME": "their-agency",
    "OS_AGENCY_DOMAIN_NAME": "their-delegating-domain",
    "OS_DELEGATED_PROJECT": "their-delegated-project",
}
OTHERS_OF_ALL_WAYS = {
    **OTHERS_PASSWORD,
    **OTHERS_KEYS,
    **THEIR_AGENCY,
    "OS_PASSCODE": "314159",
    "OS_TOKEN": "their-token",
    "OS_CLOUD": "their-cloud",
}
THEIRS = {value for environ in (OTHERS_OF_ALL_WAYS,) for value in environ.values()}


def values_of(credentials: Any) -> dict[str, Any]:
    """What was resolved, without what is empty."""
    return {name: value for name, value in credentials._asdict().items() if value not in ("", True, False)}


def resolved(options: dict[str, Any], environ: dict[str, str]) -> dict[str, Any]:
    return values_of(resolve_credentials(options, environ, load_cloud))


@pytest.mark.parametrize("way", [way for way in WAYS if not way.startswith("cloud")])
def test_a_complete_set_of_the_task_is_left_as_it_is(way: str, service: LocalDli) -> None:
    """Whatever a shell has loaded: what is resolved is the same as in an empty one."""
    options = options_of(way, service)
    alone = resolved(options, {})
    assert resolved(options, OTHERS_OF_ALL_WAYS) == alone
    assert not THEIRS & set(alone.values())
    # Neither does it matter that the environment happens to say the same.
    same = {VARIABLES[name]: value for name, value in options.items()}
    assert resolved(options, {**OTHERS_OF_ALL_WAYS, **same}) == alone


GIVEN_AND_EQUAL = {
    "project_id of another cloud": ({"cloud": "of-another-project", "project_id": "$project_id"}, LOGIN),
    "project_name of another cloud": ({"cloud": "of-another-project", "project_name": "$project_name"}, LOGIN),
    "token beside a password": (
        {"token": "$token", "project_id": "$project_id", "endpoint": "$url"},
        [],
    ),
    "keys beside a security token": (
        {"access_key": "$access_key", "secret_key": "$secret_key", "project_id": "$project_id", "endpoint": "$url"},
        [],
    ),
}


@pytest.mark.parametrize("case", GIVEN_AND_EQUAL)
def test_what_the_task_gives_counts_as_given_though_the_environment_says_the_same(
    case: str, service: LocalDli, clouds_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds_file))
    known = {**service.credentials, "url": service.url, "token": service.issue_token()}
    given, login = GIVEN_AND_EQUAL[case]
    options = {name: known[value[1:]] if value[0] == "$" else value for name, value in given.items()}
    for name, value in OTHERS_OF_ALL_WAYS.items():
        if name not in ("OS_TOKEN", "OS_CLOUD"):
            monkeypatch.setenv(name, value)
    for name, value in options.items():
        monkeypatch.setenv(VARIABLES[name], value)
    result = run({**options, "name": "orders", "state": "absent"})
    assert not result["failed"], result["msg"]
    assert calls(service) == [*login, "GET jobs"]


# The options of a task, the environment, and what the project and the addresses come to.
PLACES: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "all of the environment": (
        {},
        OTHERS_PASSWORD,
        {
            "project_id": "f" * 32,
            "project_name": "their-project",
            "region": "eu-nl",
            "auth_url": "https://iam.theirs.example.org/v3",
            "endpoint": "https://dli.theirs.example.org",
        },
    ),
    "the region of the task": (
        {"region": "eu-de"},
        OTHERS_PASSWORD,
        {"region": "eu-de", "auth_url": "https://iam.eu-de.otc.t-systems.com/v3", "endpoint": ""},
    ),
    "the region of the task, which the environment is about too": (
        {"region": "eu-nl"},
        OTHERS_PASSWORD,
        {
            "region": "eu-nl",
            "auth_url": "https://iam.theirs.example.org/v3",
            "endpoint": "https://dli.theirs.example.org",
        },
    ),
    "IAM of the task": (
        {"auth_url": "https://iam.example.org"},
        OTHERS_PASSWORD,
        {"region": "", "auth_url": "https://iam.example.org/v3", "endpoint": ""},
    ),
    "the service of the task, and the user of the environment": (
        {"endpoint": "https://dli.example.org"},
        OTHERS_PASSWORD,
        {"region": "eu-nl", "auth_url": "https://iam.theirs.example.org/v3", "endpoint": "https://dli.example.org"},
    ),
    "the name of the task's project": (
        {"project_name": "ours"},
        OTHERS_PASSWORD,
        {"project_name": "ours", "project_id": ""},
    ),
    "the id of the task's project": (
        {"project_id": "0123"},
        OTHERS_PASSWORD,
        {"project_name": "", "project_id": "0123"},
    ),
    "a project of the environment by the name that the vendor's page gives it": (
        {"token": "t", "region": "eu-de"},
        {"OS_TENANT_NAME": "ours"},
        {"project_name": "ours", "project_id": ""},
    ),
    "a project of the environment by the id that the vendor's provider gives it": (
        {"token": "t", "region": "eu-de"},
        {"OS_TENANT_ID": "0123"},
        {"project_name": "", "project_id": "0123"},
    ),
    "an agency of the environment with its project": (
        {},
        {**OTHERS_PASSWORD, **THEIR_AGENCY},
        {"agency_name": "their-agency", "project_name": "their-delegated-project", "project_id": ""},
    ),
    "a project of the task for an agency of the environment": (
        {"project_id": "0123"},
        {**OTHERS_PASSWORD, **THEIR_AGENCY},
        {"agency_name": "their-agency", "project_name": "", "project_id": "0123"},
    ),
    "an agency of the task for a user of the environment": (
        {"agency_name": "a", "agency_domain_name": "d", "project_name": "ours"},
        {**OTHERS_PASSWORD, **THEIR_AGENCY},
        {"agency_name": "a", "agency_domain_name": "d", "project_name": "ours", "username": "somebody-else"},
    ),
    "a token of the task, which acts for no agency of the environment": (
        {"token": "t", "region": "eu-de"},
        {**OTHERS_PASSWORD, **THEIR_AGENCY},
        {"agency_name": "", "agency_domain_name": "", "project_id": "f" * 32},
    ),
    "keys for OBS beside a password": (
        {},
        {**OTHERS_PASSWORD, "OS_ACCESS_KEY": "for-obs", "OS_SECRET_KEY": "for-obs-too"},
        {"password": "their-password", "access_key": "", "secret_key": ""},
    ),
    "a domain by the name that the vendor's page gives it": (
        {},
        {**OTHERS_PASSWORD, "OS_USER_DOMAIN_NAME": "", "OS_USER_DOMAIN_ID": "", "OS_DOMAIN_NAME": "ours"},
        {"user_domain_name": "ours"},
    ),
    "the domain of the task": (
        {"user_domain_name": "ours"},
        OTHERS_PASSWORD,
        {"user_domain_name": "ours", "user_domain_id": "", "username": "somebody-else"},
    ),
    "an empty option": (
        {"project_id": "", "project_name": "ours"},
        OTHERS_PASSWORD,
        {"project_id": "", "project_name": "ours"},
    ),
}


@pytest.mark.parametrize("case", PLACES)
def test_project_and_address(case: str) -> None:
    options, environ, expected = PLACES[case]
    credentials = resolve_credentials(options, environ, load_cloud)
    assert {name: getattr(credentials, name) for name in expected} == expected


# What the task gives of a set, and the end of the message about the rest, which the environment has.
NOT_COMPLETED = {
    "half of a pair": (
        {"username": "me"},
        "username is given without password; both are needed to authenticate (OS_PASSWORD of the environment is not "
        "used, because the task gives username).",
    ),
    "a password without its user": (
        {"password": "our-password"},
        "username is missing; password and username are needed together (OS_USERNAME of the environment is not used, "
        "because the task gives password).",
    ),
    "an agency without its project": (
        {"agency_name": "a", "agency_domain_name": "d"},
        "project_id or project_name is missing; a Flink job belongs to a project, which the environment can name as "
        "OS_PROJECT_ID, OS_TENANT_ID, OS_PROJECT_NAME or OS_TENANT_NAME (OS_PROJECT_ID or OS_TENANT_ID of the "
        "environment is not used, because the task gives agency_name).",
    ),
    "keys without a place": (
        {**KEYS, "region": "eu-xx"},
        'endpoint is missing; addresses are known only for the regions eu-de and eu-nl, not for "eu-xx" '
        "(OS_DLI_ENDPOINT_OVERRIDE of the environment is not used, because the task gives region).",
    ),
    "a password for another service": (
        {**USER, "endpoint": "https://dli.example.org"},
        "auth_url or region is missing; username and password cannot be used without IAM's address (OS_AUTH_URL of the "
        "environment is not used, because the task gives endpoint).",
    ),
}


@pytest.mark.parametrize("case", NOT_COMPLETED)
def test_the_environment_does_not_complete_what_the_task_gives(
    case: str, service: LocalDli, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, message = NOT_COMPLETED[case]
    for name, value in OTHERS_PASSWORD.items():
        monkeypatch.setenv(name, value)
    result = run({**options, **JOB})
    assert result["failed"] and result["msg"] == message
    assert_one_sentence(result["msg"])
    assert service.requests == []


def test_a_secret_of_the_environment_is_hidden_though_the_task_uses_another(
    service: LocalDli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_PASSWORD", "their-password")
    result = run({**options_of("token", service), **JOB, "desc": "their-password was here"})
    assert result["changed"]
    assert "their-password" not in str(result)


CLOUDS_BY_REGION: dict[str, Any] = {
    "with-regions": {
        "auth": {"token": "t", "project_id": "p"},
        "regions": [
            {"name": "eu-de", "values": {"dli_endpoint_override": "https://dli.de.example.org"}},
            {
                "name": "eu-nl",
                "values": {
                    "auth": {"project_id": "q", "auth_url": "https://iam.nl.example.org"},
                    "dli_endpoint_override": "https://dli.nl.example.org",
                },
            },
        ],
    },
    "of-a-profile": {"profile": "otc", "auth": {**USER, "project_name": "ours"}},
    "with-one-region": {"region_name": "eu-de", "auth": {"token": "t", "project_id": "p"}},
    "without-a-project": {"region_name": "eu-de", "auth": {"token": "t"}},
    # As the page of the vendor's "Using OpenStackClient" writes it.
    "keys-for-obs": {
        "profile": "otc",
        "auth": {**USER, "project_name": "ours"},
        "ak": "for-obs",
        "sk": "for-obs-too",
    },
    "keys-beside-auth": {
        "region_name": "eu-de",
        "auth": {"project_id": "p"},
        "access_key": "ours",
        "secret_key": "ours-too",
        "security_token": "of-both",
    },
    "keys-inside-auth": {"region_name": "eu-de", "auth": {**USER, "project_id": "p", "ak": "obs", "sk": "obs-too"}},
    "user-by-id": {"region_name": "eu-de", "auth": {"user_id": "0123", "password": "secret", "project_id": "p"}},
    "domain-by-id": {
        "region_name": "eu-de",
        "auth": {"username": "u", "password": "secret", "user_domain_id": "4567", "project_name": "ours"},
    },
}
IN_NL = {"region": "eu-nl", "auth_url": "https://iam.eu-nl.otc.t-systems.com/v3"}
IN_DE = {"region": "eu-de", "auth_url": "https://iam.eu-de.otc.t-systems.com/v3"}
FROM_CLOUDS: list[tuple[dict[str, str], dict[str, str], dict[str, str]]] = [
    ({"cloud": "with-regions"}, {}, {"region": "eu-de", "project_id": "p", "endpoint": "https://dli.de.example.org"}),
    (
        {"cloud": "with-regions", "region": "eu-nl"},
        {},
        {
            "region": "eu-nl",
            "project_id": "q",
            "endpoint": "https://dli.nl.example.org",
            "auth_url": "https://iam.nl.example.org/v3",
        },
    ),
    (
        {"cloud": "with-regions", "region": "eu-nl"},
        OTHERS,
        {"region": "eu-nl", "project_id": "q", "endpoint": "https://dli.nl.example.org"},
    ),
    (
        {},
        {"OS_CLOUD": "with-regions", "OS_REGION_NAME": "eu-nl"},
        {"region": "eu-nl", "project_id": "q", "endpoint": "https://dli.nl.example.org"},
    ),
    ({"cloud": "with-regions"}, {"OS_REGION_NAME": "eu-nl"}, {"region": "eu-de", "project_id": "p"}),
    ({"cloud": "of-a-profile"}, {}, {**IN_DE, "project_name": "ours"}),
    ({"cloud": "of-a-profile", "region": "eu-nl"}, {}, {**IN_NL, "project_name": "ours"}),
    ({"cloud": "of-a-profile", "region": "eu-nl", "project_id": "0123"}, OTHERS, {**IN_NL, "project_id": "0123"}),
    (
        {"cloud": "with-one-region", "endpoint": "https://dli.example.org"},
        OTHERS,
        {"region": "eu-de", "endpoint": "https://dli.example.org", "project_id": "p"},
    ),
    (
        {},
        {"OS_CLOUD": "without-a-project", "OS_PROJECT_NAME": "ours", "OS_DLI_ENDPOINT_OVERRIDE": "https://d.example"},
        {"project_name": "ours", "endpoint": "https://d.example", **IN_DE},
    ),
    ({"cloud": "keys-for-obs"}, {}, {"password": "our-password", "access_key": "", "secret_key": "", **IN_DE}),
    ({"cloud": "keys-inside-auth"}, {}, {"password": "our-password", "access_key": "", "secret_key": ""}),
    ({"cloud": "keys-beside-auth"}, {}, {"access_key": "ours", "secret_key": "ours-too", "security_token": "of-both"}),
    ({"cloud": "user-by-id"}, {}, {"user_id": "0123", "username": "", "user_domain_name": "", "user_domain_id": ""}),
    ({"cloud": "domain-by-id"}, {}, {"username": "u", "user_domain_id": "4567", "user_domain_name": ""}),
]


@pytest.fixture(name="clouds_by_region")
def fixture_clouds_by_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": CLOUDS_BY_REGION}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))


@pytest.mark.usefixtures("clouds_by_region")
@pytest.mark.parametrize(("options", "environ", "expected"), FROM_CLOUDS)
def test_a_cloud(options: dict[str, str], environ: dict[str, str], expected: dict[str, str]) -> None:
    credentials = resolve_credentials(options, environ, load_cloud)
    assert {name: getattr(credentials, name) for name in expected} == expected
    if "cloud" in options:
        assert not THEIRS & set(resolved(options, OTHERS).values()) - {"eu-nl"}


@pytest.mark.usefixtures("clouds_by_region")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cloud": "with-regions", "region": "eu-xx"}, "Region eu-xx is not a valid region name"),
        ({"cloud": "with-one-region", "region": "eu-nl"}, "Valid choices are eu-de"),
        (
            {"cloud": "without-a-project"},
            "OS_PROJECT_ID or OS_TENANT_ID of the environment is not used, because the task gives cloud",
        ),
    ],
)
def test_a_cloud_that_does_not_say_what_is_asked_of_it(
    options: dict[str, str], words: str, service: LocalDli, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in OTHERS.items():
        monkeypatch.setenv(name, value)
    result = run({**options, **JOB})
    assert result["failed"] and words in result["msg"]
    assert result["error"]["type"] == "InvalidInput"
    assert service.requests == []


@pytest.mark.parametrize(
    ("address", "root"),
    [
        ("https://dli.example.com", "https://dli.example.com"),
        ("https://dli.example.com/", "https://dli.example.com"),
        ("https://dli.example.com/v1.0", "https://dli.example.com"),
        ("https://dli.example.com/v3/", "https://dli.example.com"),
        (f"https://dli.example.com/v1.0/{'0' * 32}", "https://dli.example.com"),
        ("https://dli.example.com/v1.0/0123", "https://dli.example.com"),
        ("https://v3.example.com", "https://v3.example.com"),
        ("https://v1.0", "https://v1.0"),
        ("https://v3/v3", "https://v3"),
        ("https://example.com/v3gateway/dli", "https://example.com/v3gateway/dli"),
        ("https://example.com/otc/v3/dli", "https://example.com/otc/v3/dli"),
        ("https://example.com/otc/v3/dli/v1.0", "https://example.com/otc/v3/dli"),
        ("https://example.com/dli-v3", "https://example.com/dli-v3"),
        (f"https://example.com/gateway/{'0' * 32}", f"https://example.com/gateway/{'0' * 32}"),
    ],
)
def test_an_address_is_cut_at_whole_segments_of_its_path(address: str, root: str) -> None:
    options = {"token": "t", "project_id": "0123", "endpoint": address}
    assert resolve_credentials(options, {}, load_cloud).endpoint == root


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://iam.example.com/v3", "https://iam.example.com/v3"),
        ("https://iam.example.com", "https://iam.example.com/v3"),
        ("https://v3", "https://v3/v3"),
        ("https://iam.example.com/identity-v3", "https://iam.example.com/identity-v3/v3"),
    ],
)
def test_the_version_of_iam_is_a_whole_segment_too(address: str, url: str) -> None:
    options = {"token": "t", "project_id": "0123", "endpoint": "https://dli.example.com", "auth_url": address}
    assert resolve_credentials(options, {}, load_cloud).auth_url == url


@pytest.mark.parametrize(
    ("user", "sent"),
    [
        ({"user_id": "u1", "project_id": "0123"}, {"id": "u1"}),
        (
            {"username": "u", "user_domain_id": "d1", "project_name": "ours"},
            {"name": "u", "domain": {"id": "d1"}},
        ),
    ],
)
def test_a_login_with_ids(
    user: dict[str, str], sent: dict[str, Any], service: LocalDli, httpserver: HTTPServer
) -> None:
    token = {"token": {"project": {"id": service.credentials["project_id"]}, "catalog": []}}
    headers = {"X-Subject-Token": service.issue_token()}
    httpserver.expect_request("/v3/auth/tokens", "POST").respond_with_json(token, 201, headers)
    place = {"auth_url": httpserver.url_for("/v3"), "endpoint": service.url}
    if "project_id" in user:
        user = {**user, "project_id": service.credentials["project_id"]}
    assert run({**user, "password": "our-password", **place, **JOB})["changed"]
    auth = httpserver.log[0][0].get_json()["auth"]
    assert auth["identity"]["password"]["user"] == {**sent, "password": "our-password"}
    expected = {"id": user["project_id"]} if "project_id" in user else {"name": "ours", "domain": {"id": "d1"}}
    assert auth["scope"]["project"] == expected
