# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The job template's playbook, as AWX runs it: with ansible-runner, a credential and the answers of a survey."""

from __future__ import annotations

import json
import re
import stat
from typing import Any

import pytest
import trustme
from ansible.release import __version__ as ANSIBLE_CORE

from awx.awx_job import CHECK, CREDENTIAL_TYPE, LONG_SURVEY, PLAY, TASK, Awx, survey_errors
from local_dli import LocalDli
from playbooks.ansible_cli import Ansible, Outcome
from playbooks.expectations import calls

SURVEY_OPTIONS = PLAY["vars"]["otc_dli_survey"]
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
    "runtime_config": '[{"key": "table.exec.state.ttl", "value": "3600000"}, '
    '{"key": "my.password", "value": "planted-setting"}]',
}


def as_texts(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers as a workflow or another caller of AWX may give them: no numbers, and all questions answered."""
    unanswered = {question["variable"]: "" for question in LONG_SURVEY["spec"]}
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


def test_survey(awx: Awx, service: LocalDli) -> None:
    """AWX itself gives whole numbers as numbers, and leaves questions without an answer out; others may not."""
    assert survey_errors(ANSWERS, LONG_SURVEY) == []
    inputs = user(service)
    first = awx.run(inputs, ANSWERS, "--diff")
    assert first.status == "successful", first.outcome.stdout
    assert first.result["changed"]
    assert {name: sent(service)[name] for name in JOB} == JOB
    # Not answered is not managed.
    managed = {*JOB, "name", "tags", "job_type"}
    assert sent(service).keys() <= managed
    assert sent(service)["tags"] == [{"key": "team", "value": "orders"}, {"key": "cost", "value": "4711"}]
    assert_no_secrets(first.written, inputs)
    # What is searched does hold what was written.
    assert {"artifacts/1/stdout", "artifacts/1/rc", "artifacts/1/status"} <= first.written.keys()
    assert any(
        name.startswith("artifacts/1/job_events/") and '"changes"' in text for name, text in first.written.items()
    )

    second = awx.run(inputs, as_texts(ANSWERS))
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


@pytest.mark.any_core
def test_another_job_is_not_deleted(awx: Awx, service: LocalDli) -> None:
    """0123 is 83 to YAML."""
    service.jobs.add(name="83")
    job = awx.run(user(service), {"flink_job_name": "0123", "flink_job_state": "absent"})
    assert job.status == ("failed" if ALTERS else "successful")
    assert [planted.fields["name"] for planted in service.jobs.all()] == ["83"]


def test_null_is_no_answer_but_with_a_space(awx: Awx, service: LocalDli) -> None:
    answers = {"flink_job_desc": "null", "flink_job_smn_topic": "~"}
    spaced = {"flink_job_main_class": " null", "flink_job_queue_name": " ~"}
    job = awx.run(user(service), {"flink_job_name": "orders", **answers, **spaced})
    assert job.status == "successful", job.outcome.stdout
    found = [sent(service).get(name) for name in ("main_class", "queue_name", "desc", "smn_topic")]
    assert found == ["null", "~", *([None, None] if ALTERS else ["null", "~"])]


# What is wrong, given by hand, where it may hold templates; and the sentence about it.
WRONG = {
    "parralel_number": (6, "is not a variable of this playbook."),
    "name": ("{{ version }}", "needs a variable that is not defined."),
    "entrypoint": ("obs://bucket/app-{{ version }}.jar", "needs a variable that is not defined."),
    "job_id": ("0123", "is not a whole number in digits, without zeros before it."),
    "parallel_number": (True, "is not a whole number in digits, without zeros before it."),
    "cu_number": (".inf", "is not a whole number in digits, without zeros before it."),
    "tm_cus": (1.5, "is not a whole number in digits, without zeros before it."),
    "wait_timeout": ("nan", "is not a number in digits, without zeros before it."),
    "log_enabled": ("planted", "is neither true nor false."),
    "rollback": (["yes"], "is neither true nor false."),
    "dependency_jars": (["obs://bucket/a.jar", 12], "is neither a string nor a list of strings: "),
    "dependency_files": ({"obs://bucket/a.jar": "b"}, "is neither a string nor a list of strings: "),
    "image": ("{{ omit }}", "is omit: "),
    "main_class": (["Orders"], "is not a string: "),
    "tags": ('{"planted": a', "is neither a JSON object nor lines of key=value or key: value."),
    "runtime_config": ("my.password: *planted", "is neither a JSON object nor lines of key=value or key: value."),
    "resource_config": ("max_slot: [planted", "is neither a JSON object nor lines of key: value."),
}
# The same once more, with what is not there inside of a list and of dictionaries.
WRONG_INSIDE = {
    "tags": ({"team": "{{ team }}"}, "needs a variable that is not defined."),
    "dependency_jars": (["obs://bucket/{{ team }}.jar"], "needs a variable that is not defined."),
    "resource_config": ({"max_slot": "{{ team }}"}, "needs a variable that is not defined."),
    "runtime_config": (["a=b"], "is neither a string nor a dictionary: "),
    "cu_number": ("planted", "is not a whole number in digits, without zeros before it."),
}


@pytest.mark.parametrize("wrong", [WRONG, WRONG_INSIDE], ids=["alone", "inside"])
def test_variables_that_are_wrong(wrong: dict[str, tuple[Any, str]], ansible: Ansible, service: LocalDli) -> None:
    """One sentence for each, which does not show it, before any request."""
    play = by_hand(ansible, service, {f"flink_job_{option}": given for option, (given, _rule) in wrong.items()})
    assert play.code == 2
    assert service.requests == []
    (message,) = re.findall(r'"msg": "((?:[^"\\]|\\.)*)"', play.stdout)
    # They come in the order of the variables, one after the other.
    for option, sentence in zip(sorted(wrong), re.findall(r"flink_job_.*?(?=flink_job_|$)", message), strict=True):
        assert sentence.startswith(f"flink_job_{option} {wrong[option][1]}")
    assert "planted" not in play.stdout + play.stderr


def test_variables_that_differ_by_case_or_underscores(ansible: Ansible, service: LocalDli) -> None:
    """They would be ignored, which says nothing of the job that is meant; what is the caller's own is left alone."""
    misspelt = {"FLINK_JOB_QUEUE_NAME": "q", "flinkjob_entrypoint": "obs://b/a.jar", "flink_jobcuNumber": 4}
    own = {"flink_jobs": ["orders"], "flink_jobs_name": "x", "flink_jobber": 1, "queue_name": "x", "awx_job_id": 7}
    play = by_hand(ansible, service, {"flink_job_name": "orders", **misspelt, **own, "tower_job_id": 7})
    assert play.code == 2 and service.requests == []
    (message,) = re.findall(r'"msg": "((?:[^"\\]|\\.)*)"', play.stdout)
    assert message == (
        "FLINK_JOB_QUEUE_NAME is not a variable of this playbook: write flink_job_queue_name. "
        "flink_jobcuNumber is not a variable of this playbook: write flink_job_cu_number. "
        "flinkjob_entrypoint is not a variable of this playbook: write flink_job_entrypoint."
    )
    right = by_hand(ansible, service, {"flink_job_name": "orders", **own, "tower_job_id": 7})
    assert right.code == 0, right.stdout + right.stderr
    assert sent(service) == {"name": "orders"}


def test_blank_answers(awx: Awx, service: LocalDli) -> None:
    """An answer of white space to any question is none."""
    blank = {f"flink_job_{option}": " " for options in SURVEY_OPTIONS.values() for option in options}
    job = awx.run(user(service), {**blank, "flink_job_name": "orders"})
    assert job.status == "successful", job.outcome.stdout
    assert sent(service) == {"name": "orders"}


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
    given = {"secret_entrypoint_args": "planted-words", "runtime_config": "my.password: planted", "cu_number": "4"}
    vaulted = [ansible.call(*encrypt, f"flink_job_{option}", text).stdout for option, text in given.items()]
    variables.write_text("\n".join(["flink_job_name: orders", *vaulted]))
    play = by_hand(ansible, service, {}, "-vvv", "-e", f"@{variables}", "--vault-password-file", password)
    assert play.code == 0, play.stdout + play.stderr
    expected = {"entrypoint_args": "planted-words", "cu_number": 4}
    expected["runtime_config"] = '[{"key": "my.password", "value": "planted"}]'
    assert {option: sent(service)[option] for option in expected} == expected
    assert "planted" not in play.stdout + play.stderr


def by_hand(ansible: Ansible, service: LocalDli, given: dict[str, Any], *flags: object) -> Outcome:
    environment = {"OS_TOKEN": service.issue_token(), "OS_PROJECT_ID": service.credentials["project_id"]}
    environment["OS_DLI_ENDPOINT_OVERRIDE"] = service.url
    command = ("ansible-playbook", "otc.dli.flink_jar_job", "-i", ansible.inventory, "-e", json.dumps(given), *flags)
    return ansible.call(*command, env=environment)


def test_false_is_an_answer(awx: Awx, service: LocalDli) -> None:
    answers = {"log_enabled": False, "checkpoint_enabled": "false", "restart_when_exception": " No"}
    service.jobs.add(name="orders", obs_bucket="bucket", **dict.fromkeys(answers, True))
    job = awx.run(user(service), {"flink_job_name": "orders", **{f"flink_job_{key}": answers[key] for key in answers}})
    assert job.status == "successful", job.outcome.stdout
    assert job.result["changes"].keys() == answers.keys()


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
    settings = {setting["key"]: setting["value"] for setting in json.loads(body["runtime_config"])}
    assert settings == {"table.exec.state.ttl": "3600000", "pipeline.object-reuse": "true"}
    assert body["tags"] == [{"key": "team", "value": "orders"}]
    assert body["resource_config"] == {"max_slot": 2, "taskmanager_resource_spec": {"memory": "8 GB"}}


@pytest.mark.any_core
@pytest.mark.parametrize(
    "names",
    [
        ("token", "project_id"),
        ("access_key", "secret_key", "project_name"),
    ],
    ids=" ".join,
)
def test_each_way_of_the_credential(awx: Awx, service: LocalDli, names: tuple[str, ...]) -> None:
    """But for a user, whom the other tests have.

    AWX sets the variables of the inputs without a value too, to empty texts, which count as not given.
    """
    known = [name for name in names if name != "token"]
    token = {"token": service.issue_token()} if "token" in names else {}
    inputs = credential(service, *known, auth_url=service.auth_url, endpoint=service.url, **token)
    job = awx.run(inputs, {"flink_job_name": "orders"})
    assert job.status == "successful", job.outcome.stdout
    assert job.result["changed"]
    assert_no_secrets(job.written, inputs)


@pytest.mark.any_core
def test_temporary_keys(awx: Awx, service: LocalDli) -> None:
    known = service.credentials
    keys = {"access_key": known["temporary_access_key"], "secret_key": known["temporary_secret_key"]}
    inputs = credential(service, "security_token", "project_id", endpoint=service.url, **keys)
    job = awx.run(inputs, {"flink_job_name": "orders"})
    assert job.status == "successful", job.outcome.stdout
    assert_no_secrets(job.written, inputs)


@pytest.mark.any_core
def test_a_credential_that_is_refused(awx: Awx, service: LocalDli) -> None:
    inputs = {**user(service), "password": "planted-wrong"}
    job = awx.run(inputs, ANSWERS)
    assert job.status == "failed"
    assert job.result["failed"]
    assert_no_secrets(job.written, inputs)


@pytest.mark.any_core
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
    assert calls(service) == ["POST /v3/auth/tokens", "GET jobs"]
    assert service.jobs.all() == []
    assert_no_secrets(job.written, inputs)


@pytest.mark.any_core
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
