# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The job template's playbook, as AWX runs it: with ansible-runner, a credential and the answers of a survey."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest
import trustme
from ansible.release import __version__ as ANSIBLE_CORE

from awx.awx_job import CHECK, CREDENTIAL_TYPE, SURVEY, TASK, Awx, survey_errors, wait_until
from local_dli import Behaviour, LocalDli
from playbooks.ansible_cli import Ansible, Outcome
from playbooks.expectations import calls

INPUTS = [field["id"] for field in CREDENTIAL_TYPE["inputs"]["fields"]]
SECRET = '--db-password=planted-Kö\\nig --key "planted quoted"'
ANSWERS = {
    "flink_job_name": "orders",
    "flink_job_state": "present",
    "flink_job_queue_name": "streaming",
    "flink_job_entrypoint": "obs://bucket/orders.jar",
    "flink_job_entrypoint_args": "--rate 3\n--window {{ 2000 }}\n",
    "flink_job_secret_entrypoint_args": SECRET,
    "flink_job_dependency_jars": "obs://bucket/a.jar\r\n obs://bucket/b.jar \n\n",
    "flink_job_flink_version": "1.15",
    "flink_job_cu_number": 4,
    "flink_job_parallel_number": 6,
    "flink_job_obs_bucket": "bucket",
    "flink_job_log_enabled": "false",
    "flink_job_checkpoint_enabled": "true",
    "flink_job_checkpoint_mode": "at_least_once",
    "flink_job_checkpoint_interval": 60,
    "flink_job_runtime_config": "table.exec.state.ttl: 3600000\nmy.password: planted-setting\n",
    "flink_job_tags": "team=orders\ncost=4711\n",
}
# Answers that ansible-core 2.19 and later read as something else than strings: 83, True, 1.1, 750, 1000, 16, False, and
# a date.
ALTERED = {
    "flink_job_desc": "0123",
    "flink_job_entrypoint_args": "yes",
    "flink_job_flink_version": "1.10",
    "flink_job_secret_entrypoint_args": "12:30",
    "flink_job_main_class": "1_000",
    "flink_job_smn_topic": "0x10",
    "flink_job_queue_name": "off",
    "flink_job_name": "2026-01-01",
}
ALTERS = tuple(map(int, ANSIBLE_CORE.split(".")[:2])) >= (2, 19)
JOB = {
    "queue_name": "streaming",
    "entrypoint": "obs://bucket/orders.jar",
    "entrypoint_args": f"--rate 3 --window {{{{ 2000 }}}} {SECRET}",
    "dependency_jars": ["obs://bucket/a.jar", "obs://bucket/b.jar"],
    "flink_version": "1.15",
    "cu_number": 4,
    "parallel_number": 6,
    "obs_bucket": "bucket",
    "log_enabled": False,
    "checkpoint_enabled": True,
    "checkpoint_mode": 2,
    "checkpoint_interval": 60,
    "runtime_config": "table.exec.state.ttl=3600000\nmy.password=planted-setting",
}


def as_texts(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers as a workflow or another caller of AWX may give them: no numbers, and all questions answered."""
    unanswered = {question["variable"]: "" for question in SURVEY["spec"]}
    return {**unanswered, **{name: str(answer) for name, answer in answers.items()}}


def credential(service: LocalDli, *names: str, **others: str) -> dict[str, str]:
    """A credential whose other inputs are empty."""
    return {**dict.fromkeys(INPUTS, ""), **{name: service.credentials[name] for name in names}, **others}


def user(service: LocalDli) -> dict[str, str]:
    names = ("username", "password", "user_domain_name", "project_name", "region")
    return credential(service, *names, auth_url=service.auth_url, endpoint=service.url)


def sent(service: LocalDli) -> dict[str, Any]:
    """The fields of the one job that was created."""
    (request,) = [request for request in service.requests if request.path.endswith("/flink-jobs")]
    return request.json


def assert_no_secrets(where: dict[str, str], inputs: dict[str, str]) -> None:
    secret = [field["id"] for field in CREDENTIAL_TYPE["inputs"]["fields"] if field.get("secret")]
    for name, text in where.items():
        for word in ("planted", "local-token-", *filter(None, map(inputs.get, secret))):
            assert word not in text, f"{word} is in {name}"


@pytest.mark.parametrize("texts", [False, True], ids=["as AWX asks", "all texts"])
def test_survey(awx: Awx, service: LocalDli, texts: bool) -> None:
    """AWX itself gives whole numbers as numbers, and leaves questions without an answer out."""
    assert survey_errors(ANSWERS) == []
    inputs = user(service)
    answers = as_texts(ANSWERS) if texts else ANSWERS
    first = awx.run(inputs, answers, "--diff")
    assert first.status == "successful", first.outcome.stdout
    assert first.result["changed"]
    assert {name: sent(service)[name] for name in JOB} == JOB
    # Not answered is not managed.
    managed = {*JOB, "name", "tags", "job_type"}
    assert sent(service).keys() <= managed
    assert sent(service)["tags"] == [{"key": "team", "value": "orders"}, {"key": "cost", "value": "4711"}]
    assert_no_secrets(first.written, inputs)
    # What is looked through does hold what was written.
    assert {"artifacts/1/stdout", "artifacts/1/rc", "artifacts/1/status"} <= first.written.keys()
    assert any(
        name.startswith("artifacts/1/job_events/") and '"changes"' in text for name, text in first.written.items()
    )

    second = awx.run(inputs, answers)
    assert second.status == "successful", second.outcome.stdout
    assert not second.result["changed"]
    assert_no_secrets(second.written, inputs)


def test_altered_answers(awx: Awx, service: LocalDli) -> None:
    """AWX writes them without quotes. Where Ansible has lost what was written, nothing is done."""
    job = awx.run(user(service), ALTERED)
    if not ALTERS:
        assert job.status == "successful", job.outcome.stdout
        assert_unaltered(service)
        return
    assert job.status == "failed"
    message = job.outcome.result(CHECK)["msg"]
    for variable, answer in ALTERED.items():
        assert message.count(f"{variable} is not a string: ansible-core 2.19 and later read") == 1
        assert answer not in message.replace("0123, 1.10 or yes", "")
    assert message.count(". ") == len(ALTERED) - 1
    assert service.requests == []


def test_a_space_keeps_an_answer(awx: Awx, service: LocalDli) -> None:
    job = awx.run(user(service), {variable: f" {answer}" for variable, answer in ALTERED.items()})
    assert job.status == "successful", job.outcome.stdout
    assert_unaltered(service)


def assert_unaltered(service: LocalDli) -> None:
    expected = {variable.removeprefix("flink_job_"): answer for variable, answer in ALTERED.items()}
    expected["entrypoint_args"] += " " + expected.pop("secret_entrypoint_args")
    assert {name: sent(service)[name] for name in expected} == expected


def test_another_job_is_not_deleted(awx: Awx, service: LocalDli) -> None:
    """0123 is 83 to YAML."""
    service.jobs.add(name="83")
    job = awx.run(user(service), {"flink_job_name": "0123", "flink_job_state": "absent"})
    assert job.status == ("failed" if ALTERS else "successful")
    assert [planted.fields["name"] for planted in service.jobs.all()] == ["83"]


@pytest.mark.parametrize("null", ["null", "~"])
def test_null_is_no_answer_but_with_a_space(awx: Awx, service: LocalDli, null: str) -> None:
    job = awx.run(
        user(service), {"flink_job_name": "orders", "flink_job_desc": null, "flink_job_main_class": f" {null}"}
    )
    assert job.status == "successful", job.outcome.stdout
    assert sent(service)["main_class"] == null
    assert sent(service).get("desc") == (None if ALTERS else null)


WRONG = {
    "a name that is none": (
        {"flink_job_parralel_number": 6},
        "flink_job_parralel_number is not a variable of this playbook.",
    ),
    "an undefined variable": (
        {"flink_job_entrypoint": "obs://bucket/app-{{ version }}.jar"},
        "flink_job_entrypoint needs a variable that is not defined.",
    ),
    "a boolean for a number": ({"flink_job_parallel_number": True}, "flink_job_parallel_number is not a number."),
    "a number in a list": (
        {"flink_job_dependency_jars": ["obs://bucket/a.jar", 12]},
        "flink_job_dependency_jars is neither a string nor a list of strings: ",
    ),
    "a dictionary for a list": (
        {"flink_job_dependency_jars": {"obs://bucket/a.jar": "b"}},
        "flink_job_dependency_jars is neither a string nor a list of strings: ",
    ),
    "omit": ({"flink_job_dependency_jars": "{{ omit }}"}, "flink_job_dependency_jars is omit: "),
    "a list": ({"flink_job_main_class": ["Orders"]}, "flink_job_main_class is not a string: "),
    "a list for settings": (
        {"flink_job_runtime_config": ["a=b"]},
        "flink_job_runtime_config is neither a string nor a dictionary: ",
    ),
}


@pytest.mark.parametrize(("given", "message"), WRONG.values(), ids=WRONG)
def test_variables_that_are_wrong(given: dict[str, Any], message: str, ansible: Ansible, service: LocalDli) -> None:
    """Given by hand, where they may hold templates: each ends the play before any request."""
    play = by_hand(ansible, service, {"flink_job_name": "orders", **given})
    assert play.code == 2
    assert message in play.stdout + play.stderr
    assert service.requests == []


@pytest.mark.parametrize(
    "given",
    [
        {"flink_job_tags": {"team": "{{ team }}"}},
        {"flink_job_dependency_jars": ["obs://bucket/{{ team }}.jar"]},
        {"flink_job_resource_config": {"max_slot": "{{ team }}"}},
    ],
    ids=str,
)
def test_an_undefined_variable_inside(given: dict[str, Any], ansible: Ansible, service: LocalDli) -> None:
    play = by_hand(ansible, service, {"flink_job_name": "orders", **given})
    assert play.code == 2
    assert "defined" in play.stdout + play.stderr
    assert service.requests == []


def test_variables_that_need_others(ansible: Ansible, service: LocalDli) -> None:
    given = {
        "flink_job_name": "orders",
        "flink_job_entrypoint": "obs://bucket/{{ app }}.jar",
        "app": "orders-{{ version }}",
    }
    play = by_hand(
        ansible, service, {**given, "version": 7, "flink_job_cu_number": "{{ 2 + 2 }}", "flink_job_desc": ""}
    )
    assert play.code == 0, play.stdout + play.stderr
    assert sent(service)["entrypoint"] == "obs://bucket/orders-7.jar"
    assert sent(service)["cu_number"] == 4


def test_a_variable_from_the_vault(ansible: Ansible, service: LocalDli) -> None:
    password, variables = ansible.folder / "password", ansible.folder / "variables.yml"
    password.write_text("planted-password")
    encrypt = ("ansible-vault", "encrypt_string", "--vault-password-file", password, "--name")
    vaulted = ansible.call(*encrypt, "flink_job_secret_entrypoint_args", "planted-words").stdout
    variables.write_text(f"flink_job_name: orders\n{vaulted}")
    play = by_hand(ansible, service, {}, "-vvv", "-e", f"@{variables}", "--vault-password-file", password)
    assert play.code == 0, play.stdout + play.stderr
    assert sent(service)["entrypoint_args"] == "planted-words"
    assert "planted-words" not in play.stdout + play.stderr


def by_hand(ansible: Ansible, service: LocalDli, given: dict[str, Any], *flags: object) -> Outcome:
    environment = {"OS_TOKEN": service.issue_token(), "OS_PROJECT_ID": service.credentials["project_id"]}
    environment["OS_DLI_ENDPOINT_OVERRIDE"] = service.url
    command = ("ansible-playbook", "otc.dli.flink_jar_job", "-i", ansible.inventory, "-e", json.dumps(given), *flags)
    return ansible.call(*command, env=environment)


@pytest.mark.parametrize("false", [False, "false", "no"])
def test_false_is_an_answer(awx: Awx, service: LocalDli, false: Any) -> None:
    service.jobs.add(name="orders", log_enabled=True, obs_bucket="bucket")
    job = awx.run(user(service), {"flink_job_name": "orders", "flink_job_log_enabled": false})
    assert job.status == "successful", job.outcome.stdout
    assert job.result["changes"].keys() == {"log_enabled"}


def test_zero_is_an_answer(awx: Awx, service: LocalDli) -> None:
    """And a wrong one here, which the module says in its own words."""
    job = awx.run(user(service), {"flink_job_name": "orders", "flink_job_resume_max_num": 0})
    assert job.status == "failed"
    assert job.result["msg"].startswith("resume_max_num is 0, but must be")


def test_lists_and_json(awx: Awx, service: LocalDli) -> None:
    """A question of type multiselect is answered with a list; JSON is as good as YAML."""
    answers = {
        "flink_job_name": "orders",
        "flink_job_dependency_files": ["obs://bucket/a.csv", "obs://bucket/b.csv"],
        "flink_job_dependency_jars": "obs://bucket/a.jar,obs://bucket/b.jar",
        "flink_job_runtime_config": '{"table.exec.state.ttl": 3600000,\n "pipeline.object-reuse": true}',
        "flink_job_tags": '{"team": "orders"}',
        "flink_job_resource_config_version": "v2",
        "flink_job_resource_config": "max_slot: 2\ntaskmanager_resource_spec:\n  memory: 8 GB\n",
    }
    job = awx.run(user(service), answers)
    assert job.status == "successful", job.outcome.stdout
    body = sent(service)
    assert body["dependency_files"] == ["obs://bucket/a.csv", "obs://bucket/b.csv"]
    assert body["dependency_jars"] == ["obs://bucket/a.jar", "obs://bucket/b.jar"]
    assert body["runtime_config"] == "table.exec.state.ttl=3600000\npipeline.object-reuse=true"
    assert body["tags"] == [{"key": "team", "value": "orders"}]
    assert body["resource_config"] == {"max_slot": 2, "taskmanager_resource_spec": {"memory": "8 GB"}}


@pytest.mark.parametrize("text", ["a.b=1\nc.d=x: y", "a.b: 1\nc.d: 'x: y'", '{"a.b": "1", "c.d": "x: y"}'])
def test_ways_to_write_flink_settings(awx: Awx, service: LocalDli, text: str) -> None:
    job = awx.run(user(service), {"flink_job_name": "orders", "flink_job_runtime_config": text})
    assert job.status == "successful", job.outcome.stdout
    assert job.result["job"]["runtime_config"] == {"a.b": "1", "c.d": "x: y"}


@pytest.mark.parametrize(
    "names",
    [
        ("token", "project_id"),
        ("username", "password", "user_domain_name", "project_id"),
        ("access_key", "secret_key", "project_id"),
        ("access_key", "secret_key", "project_name"),
    ],
    ids=" ".join,
)
def test_each_way_of_the_credential(awx: Awx, service: LocalDli, names: tuple[str, ...]) -> None:
    """AWX sets the variables of the inputs without a value too, to empty texts, which count as not given."""
    known = [name for name in names if name != "token"]
    token = {"token": service.issue_token()} if "token" in names else {}
    inputs = credential(service, *known, auth_url=service.auth_url, endpoint=service.url, **token)
    job = awx.run(inputs, {"flink_job_name": "orders"})
    assert job.status == "successful", job.outcome.stdout
    assert job.result["changed"]
    assert_no_secrets(job.written, inputs)


def test_temporary_keys(awx: Awx, service: LocalDli) -> None:
    known = service.credentials
    keys = {"access_key": known["temporary_access_key"], "secret_key": known["temporary_secret_key"]}
    inputs = credential(service, "security_token", "project_id", endpoint=service.url, **keys)
    job = awx.run(inputs, {"flink_job_name": "orders"})
    assert job.status == "successful", job.outcome.stdout
    assert_no_secrets(job.written, inputs)


def test_a_credential_that_is_refused(awx: Awx, service: LocalDli) -> None:
    inputs = {**user(service), "password": "planted-wrong"}
    job = awx.run(inputs, ANSWERS)
    assert job.status == "failed"
    assert job.result["failed"]
    assert_no_secrets(job.written, inputs)


def test_certificate_authorities_come_in_a_file(awx: Awx, authority: trustme.CA, tls_service: LocalDli) -> None:
    inputs = user(tls_service)
    trusted = awx.run({**inputs, "ca_cert": authority.cert_pem.bytes().decode()}, {"flink_job_name": "orders"})
    assert trusted.status == "successful", trusted.outcome.stdout
    assert stat.S_IMODE((trusted.folder / "env" / "injected-template.ca_cert").stat().st_mode) == 0o600
    # The authorities of the system do not know this one.
    unknown = awx.run(inputs, {"flink_job_name": "orders"})
    assert unknown.status == "failed"
    assert "certificate" in unknown.result["msg"].lower()


def test_check_mode(awx: Awx, service: LocalDli) -> None:
    """The job type "check" of a job template."""
    inputs = user(service)
    job = awx.run(inputs, ANSWERS, "--check", "--diff")
    assert job.status == "successful", job.outcome.stdout
    assert job.result["changed"]
    assert "planted" not in job.result["diff"]["after"]
    assert calls(service) == ["POST /v3/auth/tokens", "GET jobs", "GET jobs"]
    assert service.jobs.all() == []
    assert_no_secrets(job.written, inputs)


def test_cancel_and_run_again(awx: Awx, service: LocalDli) -> None:
    """Cancelled in the middle of an upgrade, while the job stops: the same launch then brings it to its end."""
    inputs = user(service)
    created = awx.run(inputs, {**ANSWERS, "flink_job_state": "started"})
    assert created.status == "successful", created.outcome.stdout
    (planted,) = service.jobs.all()

    service.behaviour = Behaviour(savepoint_seconds=600)
    answers = {**ANSWERS, "flink_job_state": "started", "flink_job_parallel_number": 8}
    with awx.launch(inputs, answers) as launched:
        wait_until(lambda: any(request.path.endswith("/jobs/stop") for request in service.requests), "it is stopped")
        launched.cancel()
        cancelled = launched.finish()
    assert cancelled.status == "canceled"
    assert not [event for event in cancelled.outcome.events if event["event"] == "runner_on_ok"]
    assert_no_secrets(cancelled.written, inputs)
    assert service.jobs.get(planted.job_id).fields["parallel_number"] == 6

    service.behaviour = Behaviour()
    service.jobs.set_status(planted.job_id, "job_running")  # the savepoint failed meanwhile
    again = awx.run(inputs, answers)
    assert again.status == "successful", again.outcome.stdout
    assert again.result["changes"].keys() == {"parallel_number"}
    assert again.result["job"]["status"] == "job_running"
    assert not awx.run(inputs, answers).result["changed"]


def test_by_its_full_name(awx: Awx, ansible: Ansible, service: LocalDli) -> None:
    """From the installed artifact, in an empty home: by ansible-playbook, and by ansible-runner."""
    environment = {"OS_TOKEN": service.issue_token(), "OS_PROJECT_ID": service.credentials["project_id"]}
    environment["OS_DLI_ENDPOINT_OVERRIDE"] = service.url
    extra = [f"--extra-vars={name}='{as_texts(ANSWERS)[name]}'" for name in ("flink_job_name", "flink_job_cu_number")]
    play = ansible.call("ansible-playbook", "otc.dli.flink_jar_job", "-i", ansible.inventory, *extra, env=environment)
    assert play.code == 0, play.stdout + play.stderr
    assert "changed=1" in play.stdout
    assert sent(service)["cu_number"] == 4

    job = awx.run(user(service), {"flink_job_name": "orders"}, playbook="otc.dli.flink_jar_job")
    assert job.status == "successful", job.outcome.stdout
    assert [event["event_data"]["task"] for event in job.outcome.events if event["event"] == "runner_on_ok"] == [TASK]
    assert not job.result["changed"]
