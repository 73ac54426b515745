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

from awx.awx_api import ADMIN_TOKEN, TOKEN, AwxApi, stored_survey, survey_spec_errors
from awx.awx_job import CREDENTIAL_TYPE, LONG_SURVEY, PLAYBOOK, ROOT, SURVEY, Awx
from local_dli import LocalDli
from playbooks.ansible_cli import Ansible, Outcome

COLLECTIONS = ROOT / ".cache" / "collections"
EXTRA = {"awx_setup_image": "registry.example/dli-ee:1", "awx_setup_scm_url": "https://git.example/otc/dli.git"}


@pytest.fixture(name="api")
def fixture_api() -> Iterator[AwxApi]:
    """AWX finds a playbook in a repository by a line that begins one."""
    playbooks = [path for path in (ROOT / "playbooks").glob("*.yml") if re.search(r"(?m)^\s*hosts:", path.read_text())]
    with AwxApi([str(path.relative_to(ROOT)) for path in playbooks]) as api:
        yield api
    assert api.refusals == []


def set_up(
    ansible: Ansible, api: AwxApi, *flags: str, env: dict[str, str], token: str = TOKEN, **extra: Any
) -> Outcome:
    """Run the playbook by its full name."""
    assert (COLLECTIONS / "ansible_collections" / "awx" / "awx").is_dir(), (
        "awx.awx is not there; get it with: python tests/tools/unpack_wheel.py collections"
    )
    paths = [ansible.environment["ANSIBLE_COLLECTIONS_PATH"], str(COLLECTIONS)]
    env = {
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(paths),
        "ANSIBLE_DEPRECATION_WARNINGS": "0",  # of awx.awx, which nobody can correct here
        "CONTROLLER_HOST": api.url,
        "CONTROLLER_OAUTH_TOKEN": token,
        **env,
    }
    variables = json.dumps({**EXTRA, **extra})
    return ansible.call(
        *("ansible-playbook", "otc.dli.awx_setup", "-i", ansible.inventory, "-e", variables, *flags), env=env
    )


def assert_no_secrets(play: Outcome, *secrets: str) -> None:
    for secret in ("planted", *secrets):
        assert secret not in play.stdout + play.stderr


def environment_of(service: LocalDli, tmp_path: Path) -> dict[str, str]:
    """The environment of a person who has a user, and certificates."""
    authorities = tmp_path / "authorities.pem"
    authorities.write_text("-----BEGIN CERTIFICATE-----\nfirst\n-----END CERTIFICATE-----\n")
    names = {"OS_USERNAME": "username", "OS_PASSWORD": "password", "OS_USER_DOMAIN_NAME": "user_domain_name"}
    env = {variable: service.credentials[name] for variable, name in names.items()}
    env |= {"OS_PROJECT_NAME": service.credentials["project_name"], "OS_AUTH_URL": service.auth_url}
    return {**env, "OS_DLI_ENDPOINT_OVERRIDE": service.url, "OS_CACERT": str(authorities)}


def test_set_up_and_launch(ansible: Ansible, api: AwxApi, service: LocalDli, tmp_path: Path) -> None:
    """What it has made of AWX runs a job."""
    env = environment_of(service, tmp_path)
    check = set_up(ansible, api, "--check", env=env)
    # What the later tasks search for is not there yet, so a check before the first run ends early, and sends nothing.
    assert check.code != 0 and api.writes == []

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
    assert credential["inputs"]["ca_cert"].strip() == Path(env["OS_CACERT"]).read_text().strip()
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

    inputs = {name: text for name, text in credential["inputs"].items() if name != "ca_cert"}
    job = Awx(ansible, kind).run(inputs, {"flink_job_name": "orders", "flink_job_state": "present"})
    assert job.status == "successful", job.outcome.stdout
    assert [planted.fields["name"] for planted in service.jobs.all()] == ["orders"]


@pytest.mark.any_core
def test_without_credentials_and_with_another_survey(ansible: Ansible, api: AwxApi) -> None:
    """Who launches the job template then chooses one. The survey has what AWX takes."""
    spec = [
        question("flink_job_desc", min=None, max=None, default=""),
        question("flink_job_state", "multiplechoice", choices="present\nstarted", default="present"),
        question("flink_job_cu_number", "integer", default=0, min=0),
        question("flink_job_tm_cus", "multiplechoice", choices=["1", "20"]),
        question("flink_job_log_enabled", "multiplechoice", choices=["true", "false"], default=""),
    ]
    play = set_up(ansible, api, env={}, awx_setup_survey={**SURVEY, "spec": spec})
    assert play.code == 0, play.stdout + play.stderr
    assert api.objects["credentials"] == []
    (template,) = api.objects["job_templates"]
    assert template["ask_credential_on_launch"] is True
    assert api.credentials_of == {}
    assert [survey["spec"] for survey in api.surveys.values()] == [spec]


@pytest.mark.any_core
def test_a_fleet(ansible: Ansible, api: AwxApi, service: LocalDli, tmp_path: Path) -> None:
    """Its job template rolls it out, and its audit fails when somebody has changed a job by hand."""
    env = environment_of(service, tmp_path)
    jobs = [{"name": "orders", "parallel_number": 2}, {"name": "archive"}]
    fleet = {"awx_setup_fleet_jobs": jobs, "awx_setup_fleet_defaults": {"queue_name": "streaming"}}
    # What the repository and the registry of a company want, as somebody has made it in AWX.
    for number, name in ((901, "git"), (902, "registry")):
        api.objects["credential_types"].append({"id": number, "name": name, "kind": name, "inputs": {"fields": []}})
        planted = {"id": number, "name": name, "organization": 1, "credential_type": number, "inputs": {}}
        api.objects["credentials"].append(planted)
    fleet |= {"awx_setup_scm_credential": "git", "awx_setup_registry_credential": "registry"}
    api.objects["notification_templates"].append({"id": 903, "name": "on call", "organization": 1})
    fleet["awx_setup_notifications"] = ["on call"]
    first = set_up(ansible, api, env=env, **fleet)
    assert first.code == 0, first.stdout + first.stderr
    templates = {template["name"]: template for template in api.objects["job_templates"]}
    rollout, audit = templates["Flink JAR job fleet"], templates["Flink JAR job audit"]
    (schedule,) = api.objects["schedules"]
    assert schedule["unified_job_template"] == audit["id"]
    (project,), (environment,) = api.objects["projects"], api.objects["execution_environments"]
    assert (project["credential"], environment["credential"]) == (901, 902)
    credential, kind = api.objects["credentials"][-1], api.objects["credential_types"][-1]
    assert api.credentials_of[rollout["id"]] == api.credentials_of[audit["id"]] == [credential["id"]]

    nodes = {node["identifier"]: node for node in api.objects["workflow_job_template_nodes"]}
    assert {name: node.get("job_type") for name, node in nodes.items()} == {
        **{"check": "check", "approve": None},
        "run": "run",
    }
    assert nodes["check"]["unified_job_template"] == nodes["run"]["unified_job_template"] == rollout["id"]
    (approval,) = api.objects["workflow_approval_templates"]
    assert (nodes["approve"]["unified_job_template"], approval["timeout"]) == (approval["id"], 86400)
    order = {nodes["check"]["id"]: [nodes["approve"]["id"]], nodes["approve"]["id"]: [nodes["run"]["id"]]}
    assert api.followers_of == order
    (workflow,) = api.objects["workflow_job_templates"]
    failures = {(template["id"], "error"): [903] for template in (rollout, audit, workflow)}
    assert api.notifications_of == {**failures, (workflow["id"], "approvals"): [903]}

    api.writes.clear()
    again = set_up(ansible, api, env=env, **fleet)
    assert again.code == 0 and api.writes == [], again.stdout + again.stderr

    awx, inputs = Awx(ansible, kind), {name: text for name, text in credential["inputs"].items() if name != "ca_cert"}
    assert rollout["extra_vars"] == audit["extra_vars"]
    variables = json.loads(rollout["extra_vars"])
    applied = awx.run(inputs, variables, playbook=rollout["playbook"])
    assert applied.status == "successful", applied.outcome.stdout
    good = awx.run(inputs, variables, playbook=audit["playbook"])
    assert good.status == "successful", good.outcome.stdout
    (orders,) = (job for job in service.jobs.all() if job.fields["name"] == "orders")
    orders.fields["parallel_number"] = 3
    bad = awx.run(inputs, variables, playbook=audit["playbook"])
    assert bad.status == "failed"
    found = json.loads(bad.outcome.result("Fail when a job needs somebody")["msg"])
    assert {name: [job["name"] for job in finding] for name, finding in found.items()} == {
        **{"failed": [], "missing": []},
        "drift": ["orders"],
    }


@pytest.mark.any_core
def test_a_run_without_what_the_first_had(ansible: Ansible, api: AwxApi) -> None:
    """Another survey from a shell without OS_…: the credential stays, also what somebody has added in AWX."""
    assert set_up(ansible, api, env={"OS_TOKEN": "planted", "OS_PROJECT_ID": "0123"}).code == 0
    (template,), (credential,) = (api.objects[name] for name in ("job_templates", "credentials"))
    api.objects["credential_types"].append({"id": 900, "name": "Vault", "inputs": {"fields": []}})
    api.objects["credentials"].append({**credential, "id": 901, "name": "Vault", "credential_type": 900, "inputs": {}})
    api.credentials_of[template["id"]].append(901)
    api.writes.clear()
    play = set_up(ansible, api, env={}, awx_setup_survey="awx_survey_all.yml")
    assert play.code == 0, play.stdout + play.stderr
    assert api.writes == [("POST", f"/api/v2/job_templates/{template['id']}/survey_spec/", LONG_SURVEY)]
    assert api.credentials_of == {template["id"]: [credential["id"], 901]}
    assert template["ask_credential_on_launch"] is False


@pytest.mark.any_core
def test_secrets_are_left_alone(ansible: Ansible, api: AwxApi) -> None:
    """Somebody may have changed a secret in AWX. One that is new there is sent, and what is not given stays."""

    def update(env: dict[str, str], **extra: Any) -> dict[str, str]:
        api.writes.clear()
        play = set_up(ansible, api, "-vvv", "--tags", "credential_type,credential", env=env, **extra)
        assert play.code == 0, play.stdout + play.stderr
        assert_no_secrets(play)
        return api.objects["credentials"][0]["inputs"]

    first = {"OS_TOKEN": "planted-first", "OS_PROJECT_ID": "0123"}
    assert update(first) == {"token": "planted-first", "project_id": "0123"}
    second = {"OS_TOKEN": "planted-second", "OS_PROJECT_ID": "4567", "OS_PASSWORD": "planted-third"}
    expected = {"token": "planted-first", "project_id": "4567", "password": "planted-third"}
    assert update(second) == expected
    assert "planted-second" not in str(api.writes)
    assert update({"OS_PROJECT_ID": "4567"}) == expected
    assert api.writes == []
    assert update({"OS_REGION_NAME": "eu-de"}) == {**expected, "region": "eu-de"}
    replaced = update({"OS_TOKEN": "planted-fourth", "OS_REGION_NAME": "eu-nl"}, awx_setup_update_secrets=True)
    assert replaced == {"token": "planted-fourth", "region": "eu-nl"}


@pytest.mark.any_core
def test_a_repository_that_does_not_work_yet(ansible: Ansible, api: AwxApi) -> None:
    """Each run fetches it again, and says so until it can be fetched and has the playbook."""
    repository, api.repository, api.repository_works = api.repository, [], False
    for flags in ((), ("--tags", "project")):
        play = set_up(ansible, api, *flags, env={})
        assert play.code == 2
        assert "fail" in play.stdout.partition("TASK [Project]")[2].partition("TASK")[0]
        assert api.objects["job_templates"] == []
    api.repository_works = True
    play = set_up(ansible, api, env={})
    assert play.code == 2
    assert "Playbook not found for project" in play.stdout + play.stderr
    api.refusals.clear()
    api.repository = repository
    play = set_up(ansible, api, env={})
    assert play.code == 0, play.stdout + play.stderr
    assert len(api.objects["job_templates"]) == 1


@pytest.mark.any_core
def test_two_organizations(ansible: Ansible, api: AwxApi, service: LocalDli, tmp_path: Path) -> None:
    """With all names the same; neither run touches what the other has made, and a second run changes nothing."""
    env = environment_of(service, tmp_path)
    organizations = {"Default": 1, "Other": 2}
    for name in organizations:
        play = set_up(ansible, api, env=env, awx_setup_organization=name)
        assert play.code == 0, play.stdout + play.stderr
    for template in api.objects["job_templates"]:
        parts = {"project": "projects", "inventory": "inventories", "execution_environment": "execution_environments"}
        made = [api.find(collection, template[part]) for part, collection in parts.items()]
        made += [api.find("credentials", number) for number in api.credentials_of[template["id"]]]
        assert {part["organization"] for part in made} == {template["organization"]}
    assert [template["organization"] for template in api.objects["job_templates"]] == list(organizations.values())
    assert {host["inventory"] for host in api.objects["hosts"]} == {item["id"] for item in api.objects["inventories"]}
    api.writes.clear()
    for name in organizations:
        again = set_up(ansible, api, env=env, awx_setup_organization=name)
        assert again.code == 0, again.stdout + again.stderr
        assert "changed=0" in again.stdout
        assert_no_secrets(again, service.credentials["password"])
    assert api.writes == []


@pytest.mark.any_core
def test_an_administrator_of_the_organization(ansible: Ansible, api: AwxApi, tmp_path: Path) -> None:
    """They may not make the credential type: one of the system does that alone, and they all the rest."""
    env = {"OS_TOKEN": "planted", "OS_PROJECT_ID": "0123"}
    refused = set_up(ansible, api, env=env, token=ADMIN_TOKEN)
    assert refused.code == 2
    assert "AWX lets only a system administrator make or change a credential type" in refused.stdout
    assert {name for name, made in api.objects.items() if made} == {"organizations"}

    alone = set_up(ansible, api, "--tags", "credential_type", env=env, awx_setup_image="", awx_setup_scm_url="")
    assert alone.code == 0, alone.stdout + alone.stderr
    assert {name for name, made in api.objects.items() if made} == {"organizations", "credential_types"}
    rest = set_up(ansible, api, env=env, token=ADMIN_TOKEN)
    assert rest.code == 0, rest.stdout + rest.stderr
    assert len(api.objects["job_templates"]) == 1

    # A later release may ask for one more input. Even an administrator of the system cannot change a type in use.
    fields = [*CREDENTIAL_TYPE["inputs"]["fields"], {"id": "passcode", "type": "string", "label": "Passcode"}]
    later = tmp_path / "later.yml"
    later.write_text(yaml.safe_dump({**CREDENTIAL_TYPE, "inputs": {"fields": fields}}))
    used = set_up(ansible, api, env=env, awx_setup_credential_type=str(later))
    assert used.code == 2
    assert "the inputs of one that a credential uses" in used.stdout
    assert [path for _method, path, _body in api.refusals] == [
        "/api/v2/credential_types/",
        f"/api/v2/credential_types/{api.objects['credential_types'][0]['id']}/",
    ]
    api.refusals.clear()
    api.writes.clear()
    flags = ("--skip-tags", "credential_type")
    left = set_up(ansible, api, *flags, env=env, token=ADMIN_TOKEN, awx_setup_credential_type=str(later))
    assert left.code == 0, left.stdout + left.stderr
    assert api.writes == []


def question(variable: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    return {"variable": variable, "question_name": "Question", "type": kind, "required": False, **more}


BAD_QUESTIONS = [
    (question("a_type", "string"), "The question a_type needs strings as variable"),
    (question("a_required", required="no"), "The question a_required needs strings as variable"),
    (
        question("no_choices", "multiplechoice"),
        "The question no_choices needs choices, and a default that is one of them.",
    ),
    (
        question("a_choice", "multiplechoice", choices="a\nb", default="c"),
        "The question a_choice needs choices, and a default that is one of them.",
    ),
    (question("a_default", default=7), "The question a_default has a default of another type."),
    (question("a_number", "integer", default="7"), "The question a_number has a default of another type."),
    (question("a_limit", max="7"), "The question a_limit needs whole numbers as min and max."),
    (question("flink_job_job_id"), "The question flink_job_job_id is for a number, so it needs the type integer"),
    (
        question("flink_job_tm_cus", "multiplechoice", choices=["1", "02"]),
        "The question flink_job_tm_cus is for a number, so it needs the type integer",
    ),
    (
        question("a_line", "multiplechoice", choices="a\nb\n"),
        "The question a_line has blank lines or white space in choices or default",
    ),
]


@pytest.mark.any_core
def test_a_bad_survey_is_seen_first(ansible: Ansible, api: AwxApi) -> None:
    """Before anything is made or changed: AWX itself sees it only after it has changed the job template."""
    questions = [bad for bad, _message in BAD_QUESTIONS]
    for bad in questions:
        survey = {**SURVEY, "spec": [bad]}
        # AWX takes the last ones, but not as they are meant.
        awx_takes_it = bad["variable"].startswith("flink_job_") or stored_survey(survey) != survey
        assert (survey_spec_errors(survey) == []) is awx_takes_it
    twice = [question("twice"), question("twice"), question("right")]
    play = set_up(ansible, api, env={}, awx_setup_survey={**SURVEY, "spec": [*questions, *twice]})
    assert play.code == 2
    text = " ".join((play.stdout + play.stderr).split())
    for _bad, message in BAD_QUESTIONS:
        assert message in text
    assert "The question twice is there twice." in text
    assert "The question right" not in text
    for empty in ({"spec": []}, {"description": None}):
        play = set_up(ansible, api, env={}, awx_setup_survey={**SURVEY, **empty})
        assert play.code == 2
        assert "The survey needs a name, a description, and questions in spec." in play.stdout + play.stderr
    assert api.writes == []


def test_what_has_to_be_given(ansible: Ansible, api: AwxApi) -> None:
    play = set_up(ansible, api, env={}, awx_setup_scm_url="")
    assert play.code == 2
    assert "Give awx_setup_image, " in play.stdout
    assert api.writes == []


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
