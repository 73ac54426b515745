# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that sets up AWX, run by ansible-playbook with the real awx.awx against a double of AWX's API."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from awx.awx_api import TOKEN, AwxApi
from awx.awx_job import CREDENTIAL_TYPE, PLAYBOOK, ROOT, SURVEY, Awx
from local_dli import LocalDli
from playbooks.ansible_cli import Ansible, Outcome

COLLECTIONS = ROOT / ".cache" / "awx"
EXTRA = {"awx_setup_image": "registry.example/dli-ee:1", "awx_setup_scm_url": "https://git.example/otc/dli.git"}


@pytest.fixture(name="api")
def fixture_api() -> Iterator[AwxApi]:
    """AWX finds a playbook in a repository by a line that begins one."""
    playbooks = [path for path in (ROOT / "playbooks").glob("*.yml") if re.search(r"(?m)^\s*hosts:", path.read_text())]
    with AwxApi([str(path.relative_to(ROOT)) for path in playbooks]) as api:
        yield api
    assert api.refusals == []


def set_up(ansible: Ansible, api: AwxApi, *flags: str, env: dict[str, str], **extra: Any) -> Outcome:
    """Run the playbook by its full name."""
    assert (COLLECTIONS / "ansible_collections" / "awx" / "awx").is_dir(), (
        "awx.awx is not there; get it with: python tests/tools/unpack_wheel.py awx"
    )
    paths = [ansible.environment["ANSIBLE_COLLECTIONS_PATH"], str(COLLECTIONS)]
    env = {
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(paths),
        "ANSIBLE_DEPRECATION_WARNINGS": "0",  # of awx.awx, which nobody can correct here
        "CONTROLLER_HOST": api.url,
        "CONTROLLER_OAUTH_TOKEN": TOKEN,
        **env,
    }
    variables = json.dumps({**EXTRA, **extra})
    return ansible.call(
        *("ansible-playbook", "otc.dli.awx_setup", "-i", ansible.inventory, "-e", variables, *flags), env=env
    )


def assert_no_secrets(play: Outcome, *secrets: str) -> None:
    for secret in ("planted", *secrets):
        assert secret not in play.stdout + play.stderr


def test_set_up_and_launch(ansible: Ansible, api: AwxApi, service: LocalDli, tmp_path: Path) -> None:
    """What it has made of AWX runs a job; a second run changes nothing."""
    authorities = tmp_path / "authorities.pem"
    authorities.write_text("-----BEGIN CERTIFICATE-----\nfirst\n-----END CERTIFICATE-----\n")
    names = {"OS_USERNAME": "username", "OS_PASSWORD": "password", "OS_USER_DOMAIN_NAME": "user_domain_name"}
    env = {variable: service.credentials[name] for variable, name in names.items()}
    env |= {"OS_PROJECT_NAME": service.credentials["project_name"], "OS_AUTH_URL": service.auth_url}
    env |= {"OS_DLI_ENDPOINT_OVERRIDE": service.url, "OS_CACERT": str(authorities)}

    check = set_up(ansible, api, "--check", env=env)
    # What the later tasks look up is not there yet, so a check before the first run ends early, and sends nothing.
    assert check.code != 0 and api.writes == []
    api.refusals.clear()

    first = set_up(ansible, api, "-vvv", env=env)
    assert first.code == 0, first.stdout + first.stderr
    assert "changed=7" in first.stdout
    assert_no_secrets(first, service.credentials["password"])

    (kind,) = api.objects["credential_types"]
    assert {key: kind[key] for key in CREDENTIAL_TYPE} == CREDENTIAL_TYPE
    (credential,) = api.objects["credentials"]
    assert credential["credential_type"] == kind["id"]
    assert credential["inputs"].keys() == {
        *("username", "password", "user_domain_name", "project_name", "auth_url", "endpoint", "ca_cert")
    }
    assert credential["inputs"]["password"] == service.credentials["password"]
    assert credential["inputs"]["ca_cert"].strip() == authorities.read_text().strip()
    (environment,) = api.objects["execution_environments"]
    assert environment["image"] == EXTRA["awx_setup_image"]
    (host,) = api.objects["hosts"]
    assert json.loads(host["variables"]) == {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    }
    (template,) = api.objects["job_templates"]
    assert template["playbook"] == PLAYBOOK
    assert template["execution_environment"] == environment["id"]
    assert template["ask_credential_on_launch"] is False
    assert api.credentials_of == {template["id"]: [credential["id"]]}
    assert api.surveys == {template["id"]: SURVEY}

    api.writes.clear()
    second = set_up(ansible, api, env=env)
    assert second.code == 0, second.stdout + second.stderr
    assert "changed=0" in second.stdout
    assert api.writes == []

    inputs = {name: text for name, text in credential["inputs"].items() if name != "ca_cert"}
    job = Awx(ansible, kind).run(inputs, {"flink_job_name": "orders", "flink_job_state": "present"})
    assert job.status == "successful", job.outcome.stdout
    assert [planted.fields["name"] for planted in service.jobs.all()] == ["orders"]


def test_without_credentials(ansible: Ansible, api: AwxApi) -> None:
    """Who launches the job template then chooses one."""
    play = set_up(ansible, api, env={})
    assert play.code == 0, play.stdout + play.stderr
    assert api.objects["credentials"] == []
    (template,) = api.objects["job_templates"]
    assert template["ask_credential_on_launch"] is True
    assert api.credentials_of == {}


def test_a_changed_survey_and_a_new_secret(ansible: Ansible, api: AwxApi) -> None:
    env = {"OS_TOKEN": "planted-first", "OS_PROJECT_ID": "0123"}
    assert set_up(ansible, api, env=env).code == 0
    survey = {**SURVEY, "spec": SURVEY["spec"][:2]}
    env["OS_TOKEN"] = "planted-second"
    play = set_up(ansible, api, env=env, awx_setup_survey=survey, awx_setup_update_secrets=True)
    assert play.code == 0, play.stdout + play.stderr
    assert_no_secrets(play)
    assert list(api.surveys.values()) == [survey]
    assert api.objects["credentials"][0]["inputs"] == {"token": "planted-second", "project_id": "0123"}


@pytest.mark.parametrize("missing", sorted(EXTRA))
def test_what_has_to_be_given(ansible: Ansible, api: AwxApi, missing: str) -> None:
    extra = {name: value for name, value in EXTRA.items() if name != missing}
    arguments = ("otc.dli.awx_setup", "-i", ansible.inventory, "-e", json.dumps(extra))
    paths = os.pathsep.join([ansible.environment["ANSIBLE_COLLECTIONS_PATH"], str(COLLECTIONS)])
    env = {"ANSIBLE_COLLECTIONS_PATH": paths, "CONTROLLER_HOST": api.url, "CONTROLLER_OAUTH_TOKEN": TOKEN}
    play = ansible.call("ansible-playbook", *arguments, env=env)
    assert play.code != 0
    assert "Give the" in play.stdout + play.stderr


def test_the_credential_takes_what_the_type_has() -> None:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
    (play,) = yaml.load((ROOT / "playbooks" / "awx_setup.yml").read_text(), Loader)
    assert set(play["vars"]["awx_setup_inputs"]) == {field["id"] for field in CREDENTIAL_TYPE["inputs"]["fields"]}
    variables = {name: str(text) for name, text in play["vars"]["awx_setup_inputs"].items()}
    for name, template in CREDENTIAL_TYPE["injectors"]["env"].items():
        (of,) = [key for key, text in variables.items() if f"'{name}'" in text]
        assert of in template
