# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the files for AWX have to agree about with one another and with the module."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils._http.credentials import ENVIRONMENT, SECRET_OPTIONS
from ansible_collections.otc.dli.plugins.modules.dli_flink_jar_job import DOCUMENTATION

from awx.awx_api import credential_type_errors, survey_spec_errors
from awx.awx_job import CREDENTIAL_TYPE, LONG_SURVEY, PLAY, PLAYBOOK, ROOT, SURVEY, inject, survey_errors

GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text())
OPTIONS = PLAY["tasks"][1]["otc.dli.dli_flink_jar_job"]


def options_of_fragment(name: str) -> dict[str, dict[str, Any]]:
    """The options that a doc fragment of the collection documents."""
    module: dict[str, Any] = {}
    exec((ROOT / "plugins" / "doc_fragments" / f"{name}.py").read_text(), module)
    return yaml.safe_load(module["ModuleDocFragment"].DOCUMENTATION)["options"]


def described_options() -> dict[str, dict[str, Any]]:
    """The options that a survey may ask for: not credentials, nor how to wait and show."""
    assert "otc.dli.lifecycle" in DOCUMENTATION
    waiting = {"wait_timeout": options_of_fragment("wait")["wait_timeout"]}
    return {
        name: option
        for options in (*map(options_of_fragment, ("flink_job", "flink_jar_job", "lifecycle")), waiting)
        for name, option in options.items()
    }


def test_the_playbook_reads_an_answer_for_each_option() -> None:
    described = described_options()
    assert OPTIONS.keys() == described.keys(), f"{PLAYBOOK}: the arguments of the module"
    text = (ROOT / PLAYBOOK).read_text()
    assert {f"flink_job_{option}" for option in described} <= set(re.findall(r"flink_job_\w+", text))


def test_the_playbook_checks_each_answer_by_its_type() -> None:
    kinds = {"str": "strings", "list": "lists", "dict": "dictionaries", "bool": "booleans", "int": "integers"}
    kinds |= {"float": "numbers", "raw": "dictionaries", "json": "dictionaries"}  # or a string, as any of them
    expected: dict[str, set[str]] = {kind: set() for kind in kinds.values()}
    for name, option in described_options().items():
        expected[kinds[option["type"]]].add(name)
    kinds_in_playbook = {kind: set(names) for kind, names in PLAY["vars"]["otc_dli_survey"].items()}
    assert kinds_in_playbook == expected, f"{PLAYBOOK}: otc_dli_survey"


@pytest.mark.parametrize("survey", [SURVEY, LONG_SURVEY], ids=["short", "long"])
def test_a_survey_asks_for_options_of_the_playbook(survey: dict[str, Any]) -> None:
    variables = [question["variable"] for question in survey["spec"]]
    assert {variable.removeprefix("flink_job_") for variable in variables} <= set(OPTIONS)
    secret = [question["variable"] for question in survey["spec"] if question["type"] == "password"]
    assert secret == ["flink_job_secret_entrypoint_args"]


def test_the_short_survey_asks_the_same_as_the_long_one() -> None:
    assert [question for question in LONG_SURVEY["spec"] if question in SURVEY["spec"]] == SURVEY["spec"]
    assert len(SURVEY["spec"]) <= 10


@pytest.mark.parametrize("survey", [SURVEY, LONG_SURVEY], ids=["short", "long"])
def test_awx_takes_the_survey(survey: dict[str, Any]) -> None:
    assert survey_spec_errors(survey) == []
    assert survey_errors({"flink_job_name": "orders", "flink_job_state": "started"}, survey) == []
    assert survey_errors({"flink_job_name": "orders"}, survey) == ["flink_job_state is missing"]


def test_awx_takes_the_credential_type() -> None:
    assert credential_type_errors(CREDENTIAL_TYPE) == []


def test_the_credential_type_has_all_that_authentication_takes(tmp_path: Any) -> None:
    """But no cloud: a clouds.yaml is a file of its own, with credentials of its own. A passcode is for one task."""
    fields = {field["id"]: field for field in CREDENTIAL_TYPE["inputs"]["fields"]}
    assert fields.keys() == ENVIRONMENT.keys() - {"cloud", "passcode"}
    assert {name for name, field in fields.items() if field.get("secret")} == set(SECRET_OPTIONS) - {"passcode"}
    given = inject(CREDENTIAL_TYPE, {name: f"value of {name}" for name in fields}, tmp_path)
    assert given.keys() == {ENVIRONMENT[name][0] for name in fields}
    for name in fields.keys() - {"ca_cert"}:
        assert given[ENVIRONMENT[name][0]] == f"value of {name}"
    with open(given["OS_CACERT"], encoding="utf-8") as file:
        assert file.read() == "value of ca_cert"
    assert set(inject(CREDENTIAL_TYPE, {}, tmp_path).values()) == {""}


def test_the_execution_environment_has_this_version() -> None:
    definition = (ROOT / "docs" / "awx" / "execution-environment.yml").read_text()
    assert set(re.findall(r"otc-dli-([\d.]+)\.tar\.gz", definition)) == {GALAXY["version"]}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"injectors": {"env": {"OS_TOKEN": "{{ tokn }}"}}}, "OS_TOKEN"),
        ({"injectors": {"env": {"ANSIBLE_CONFIG": "x"}}}, "ANSIBLE_CONFIG"),
        (
            {"injectors": {"env": {"OS_CACERT": "{{ tower.filename.ca }}"}, "file": {"template.ca_cert": ""}}},
            "OS_CACERT",
        ),
        ({"inputs": {"fields": [{"id": "token", "label": "Token", "secrets": True}]}}, "secrets"),
        ({"inputs": {"fields": [{"id": "token", "label": "Token", "type": "text"}]}}, "text"),
        ({"inputs": {"fields": [{"id": "token", "label": "Token", "type": "boolean", "secret": True}]}}, "secret"),
        ({"inputs": {"fields": [{"id": "token", "label": "Token", "choices": []}]}}, "choices"),
        ({"inputs": {"fields": [{"id": "token", "label": "Token", "type": "boolean", "default": "no"}]}}, "default"),
        ({"injectors": {"env": {"PATH": "{{ token }}"}}}, "PATH"),
    ],
)
def test_awx_refuses_a_wrong_credential_type(change: dict[str, Any], error: str) -> None:
    """The double has to refuse what AWX refuses, or the tests with it would prove nothing."""
    errors = credential_type_errors({**CREDENTIAL_TYPE, **change})
    assert errors and error in " ".join(errors)


@pytest.mark.parametrize(
    "question",
    [
        {"variable": "a", "question_name": "A", "type": "text"},
        {"variable": "a", "question_name": "A", "type": "boolean", "required": False},
        {"variable": "a", "question_name": "A", "type": "multiplechoice", "required": False},
        {
            "variable": "a",
            "question_name": "A",
            "type": "multiplechoice",
            "required": False,
            "choices": [],
            "default": "x",
        },
        {"variable": "a", "question_name": "A", "type": "integer", "required": False, "default": "4"},
        {"variable": "a", "question_name": "A", "type": "text", "required": False, "min": "4"},
        {"variable": "a", "question_name": "A", "type": "text", "required": False, "default": "$encrypted$"},
    ],
)
def test_awx_refuses_a_wrong_survey(question: dict[str, Any]) -> None:
    assert survey_spec_errors({**SURVEY, "spec": [question]}) != []
