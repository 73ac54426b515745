# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module for templates: what it sends, that a second run changes nothing, and what it refuses."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils._errors import ConnectionFailed
from ansible_collections.otc.dli.plugins.module_utils._flink_job_api import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._flink_template import MAX_LENGTHS, template_options
from ansible_collections.otc.dli.plugins.modules import dli_flink_job_template

from local_dli.contract import contract
from module_runner import run_module
from unit.test_agreement import described

SQL = "SELECT 'one' FROM a WITH ('password' = 'hunter2')"
GIVEN = {"desc": "first", "sql_body": SQL, "job_type": "flink_sql_job", "tags": {"team": "data"}}


@pytest.fixture(name="template")
def fixture_template(service):
    """Return a function that runs the module with the given options and a token."""
    access = {
        "endpoint": service.url,
        "project_id": service.credentials["project_id"],
        "token": service.issue_token(),
    }

    def run(check_mode=False, **options):
        return run_module(dli_flink_job_template, {**access, **options}, check_mode=check_mode, diff=True)

    return run


def writes(service):
    found = [request.method for request in service.requests if request.method != "GET"]
    service.requests.clear()
    return found


def promised(result):
    return {key: result.get(key) for key in ("failed", "msg", "changed", "changes", "diff", "actions")}


@pytest.mark.parametrize("names", ["unique", "free"])
def test_create_change_rename_and_delete(service, behave, template, names):
    behave(template_names=names)
    service.templates.add(name="t-other", sql_body="")
    tasks = [
        ("POST", {"name": "t", **GIVEN}),
        ("PUT", {"name": "t", "sql_body": SQL.replace("one", "two")}),
        ("PUT", {"name": "t", "sql_body": SQL.replace("one", "two").replace("hunter2", "hunter3")}),
        ("PUT", {"name": "t", "desc": ""}),
        ("DELETE", {"name": "t", "state": "absent"}),
    ]
    for method, options in tasks:
        predicted = template(True, **options)
        assert writes(service) == []
        result = template(**options)
        assert writes(service) == [method] and promised(predicted) == promised(result)
        assert result["changed"] and "hunter" not in str(result), result
        again = template(**options)
        assert not again["changed"] and not again["failed"] and writes(service) == [] and again["changes"] == {}
        assert again["diff"]["before"] == again["diff"]["after"] and "warnings" not in again
    assert [found["name"] for found in service.templates.all()] == ["t-other"]


def test_an_update_leaves_alone_what_is_not_managed(service, template):
    planted = service.templates.add(name="t", desc="a", sql_body="SELECT 1\r\n", job_type="flink_sql_job")
    assert template(template_id=planted["template_id"], name="new")["changed"]
    assert (planted["name"], planted["desc"], planted["sql_body"]) == ("new", "a", "SELECT 1\r\n")
    (sent,) = [request for request in service.requests if request.method == "PUT"]
    assert set(sent.json) == set(MAX_LENGTHS), "all of them, as an update may reset what it leaves out"


def test_tags_that_are_not_found_are_a_warning(service, template):
    service.templates.add(name="t")
    result = template(name="t", tags={"team": "data"})
    assert not result["changed"] and "The tags of Flink template t are unconfirmed" in str(result["warnings"])


def test_a_type_cannot_be_changed(service, template):
    service.templates.add(name="t", job_type="flink_sql_job")
    result = template(name="t", job_type="flink_opensource_sql_job", desc="new")
    assert "is for a flink_sql_job, not for a flink_opensource_sql_job" in result["msg"] and writes(service) == []
    service.templates.all()[0].pop("job_type")
    assert not template(name="t", job_type="flink_opensource_sql_job")["failed"], "where none is told"


def test_two_of_a_name_are_told_apart_by_id(service, template):
    first, second = (service.templates.add(name="t")["template_id"] for _number in range(2))
    for state in ("present", "absent"):
        result = template(name="t", state=state)
        assert f"Several templates are named t: {first}, {second}" in result["msg"] and writes(service) == []
    assert template(template_id=second, state="absent")["changed"]
    assert [found["template_id"] for found in service.templates.all()] == [first]


def test_an_unknown_id(template):
    assert "There is no Flink template 7" in template(template_id=7)["msg"]
    assert not template(template_id=7, state="absent")["changed"]


def test_more_templates_than_a_page_has(service, template):
    for number in range(150):
        service.templates.add(name=f"t-{number}")
    assert not template(name="t-1")["changed"]
    assert not template(template_id=service.templates.all()[0]["template_id"])["changed"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "name or template_id is missing"),
        ({"name": " "}, "name is empty"),
        ({"name": "x" * 65}, "must have at most 64 characters, not 65"),
        ({"name": "a\nb"}, "name holds a control character or line break"),
        ({"name": "t", "desc": "x" * 513}, "must have at most 512 characters"),
        ({"name": "t", "sql_body": "hunter" * 2000}, "must have at most 10000 characters"),
        ({"template_id": -1}, "template_id is -1, but must be at least 0"),
        ({"name": "t", "tags": {"": "x"}}, "tags has an empty key"),
        ({"name": "t", "job_type": "flink_jar_job"}, "value of job_type must be one of"),
    ],
)
def test_bad_input_is_one_sentence_and_no_request(service, template, options, words):
    result = template(**options)
    assert result["failed"] and words in result["msg"] and "hunter" not in result["msg"]
    assert service.requests == []


@pytest.mark.parametrize(("operation", "state"), [("create_template", "present"), ("delete_template", "absent")])
def test_a_write_whose_answer_is_lost_is_not_repeated_when_it_shows(service, template, monkeypatch, operation, state):
    real = getattr(FlinkJobApi, operation)

    def lost(self, *args):
        real(self, *args)
        raise ConnectionFailed("Lost.", "operation")

    monkeypatch.setattr(FlinkJobApi, operation, lost)
    if state == "absent":
        service.templates.add(name="t")
    result = template(name="t", state=state)
    assert result["changed"] and not result["failed"] and len(writes(service)) == 1
    assert len(service.templates.all()) == (state == "present")


def test_bounds_are_those_of_the_contract_and_options_are_documented():
    properties = contract().schema("TemplateCreate")["properties"]
    assert {name: properties[name]["maxLength"] for name in MAX_LENGTHS} == MAX_LENGTHS
    assert set(properties) == set(template_options()) - {"template_id", "state"}
    documentation = yaml.safe_load(dli_flink_job_template.DOCUMENTATION)["options"]
    assert {name: described(option) for name, option in documentation.items()} == {
        name: described(option) for name, option in template_options().items()
    }
