# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module for templates: what it sends, that a second run changes nothing, and what it refuses."""

from __future__ import annotations

import functools
import json

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils._api.templates import TemplateApi
from ansible_collections.otc.dli.plugins.module_utils._errors import AlreadyExists, ApiError, ConnectionFailed
from ansible_collections.otc.dli.plugins.module_utils._http.client import HttpClient
from ansible_collections.otc.dli.plugins.module_utils._reconcile import wait
from ansible_collections.otc.dli.plugins.module_utils._reconcile.template import MAX_LENGTHS, template_options
from ansible_collections.otc.dli.plugins.modules import dli_flink_job_template

from lifecycle_clock import Clock
from local_dli.contract import contract
from module_runner import run_module
from unit.test_agreement import described

pytestmark = pytest.mark.any_core

SQL = "SELECT 'one' FROM a WITH ('password' = 'hunter2')"
GIVEN = {"desc": "first", "sql_body": SQL, "job_type": "flink_sql_job", "tags": {"team": "data"}}


@pytest.fixture(name="template")
def fixture_template(access):
    """Return a function that runs the module with the given options and a token."""

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


def test_line_breaks_make_no_own_comment_or_literal_a_foreign_one(template):
    result = template(True, name="t", sql_body="-- why\r\nSELECT 'a\r\nb';")
    assert result["diff"]["after"]["sql_body"] == "-- why\nSELECT 'a\nb';"


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
    assert not template(name="t", job_type="flink_opensource_sql_job")["failed"], "where none is shown"


def test_two_of_a_name_differ_by_id(service, template):
    first, second = (service.templates.add(name="t")["template_id"] for _number in range(2))
    for state in ("present", "absent"):
        result = template(name="t", state=state)
        assert f"Several templates are named t: {first}, {second}" in result["msg"] and writes(service) == []
    assert template(template_id=second, state="absent")["changed"]
    assert [found["template_id"] for found in service.templates.all()] == [first]


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_name_and_id_do_not_both_mean_is_not_deleted(service, template, check_mode):
    first, second = (service.templates.add(name=name)["template_id"] for name in ("t", "t-2"))
    for name in ("t-2", "none"):
        result = template(check_mode, template_id=first, name=name, state="absent")
        assert result["failed"] and result["error"]["type"] == "ConflictError" and not result["changed"]
        assert f"Flink template {first} is named t, not {name}; nothing was deleted" in result["msg"]
    assert writes(service) == [] and len(service.templates.all()) == 2
    assert template(check_mode, template_id=second, name="t-2", state="absent")["changed"]


@pytest.mark.parametrize("names", ["unique", "free"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_template_does_not_get_the_name_of_another_one(service, behave, template, check_mode, names):
    behave(template_names=names)
    first, second = (service.templates.add(name=name)["template_id"] for name in ("t", "t-2"))
    result = template(check_mode, template_id=second, name="t", desc="new")
    assert result["failed"] and result["error"]["type"] == "ConflictError" and not result["changed"]
    assert f"The name t belongs to Flink template {first} already" in result["msg"] and writes(service) == []
    assert [found["name"] for found in service.templates.all()] == ["t", "t-2"]
    # A name of which it is only a part is another one.
    assert template(check_mode, template_id=first, name="t-")["changed"]
    lists = [request.query.get("name") for request in service.requests if request.method == "GET"]
    assert lists[:2] == [None, ["t-"]] and lists.count(["t-"]) == 1, "one read of the name"


def test_one_that_has_its_name_already_costs_no_read_by_name(service, template):
    planted = service.templates.add(name="t")
    assert not template(template_id=planted["template_id"], name="t")["changed"] and len(service.requests) == 1


def test_a_template_that_another_task_renames_meanwhile_does_not_stand_in_its_own_way(service, template, monkeypatch):
    planted, real = service.templates.add(name="t"), TemplateApi.list_templates

    def renamed_after_the_first_look(self, *args, **filters):
        found = list(real(self, *args, **filters))
        planted["name"] = "new"
        return iter(found)

    monkeypatch.setattr(TemplateApi, "list_templates", renamed_after_the_first_look)
    result = template(template_id=planted["template_id"], name="new")
    assert not result["failed"] and planted["name"] == "new"


@pytest.mark.parametrize("tags", [{"team": "data", "tier": 1}, {}])
def test_the_tags_of_a_new_template_are_reported(service, template, tags):
    expected = {key: str(value) for key, value in tags.items()}
    for check_mode in (True, False):
        result = template(check_mode, name="t", desc="a", tags=tags)
        assert result["actions"] == [{"operation": "create", "fields": ["name", "desc", "tags"]}]
        assert result["changes"]["tags"] == {"before": None, "after": expected}
        assert result["diff"]["after"]["tags"] == expected and result["diff"]["before"] == {}
    again = template(name="t", tags=tags)
    assert not again["changed"] and "tags" not in again["diff"]["after"]
    changed = template(name="t", desc="b", tags=tags)
    assert changed["actions"] == [{"operation": "update", "fields": ["desc"]}] and set(changed["changes"]) == {"desc"}


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
        ({"name": "x" * 65}, "name has 65 characters, but must have at most 64."),
        ({"name": "a\nb"}, "name holds an invisible character or line break"),
        ({"name": "t", "desc": "x" * 513}, "desc has 513 characters, but must have at most 512."),
        ({"name": "t", "sql_body": "hunter" * 2000}, "sql_body has 12000 characters, but must have at most 10000."),
        ({"template_id": -1}, "template_id is -1, but must be at least 0"),
        ({"template_id": True}, "template_id is true, but must be a number"),
        ({"template_id": 2**63}, f"template_id is {2**63}, but must be at most"),
        ({"name": "t", "tags": {"": "x"}}, "tags has an empty key"),
        ({"name": "t", "tags": dict.fromkeys("abcdefghijklmnopqrstu", "x")}, "but a template can have at most 20"),
        ({"name": "t", "job_type": "flink_jar_job"}, "value of job_type must be one of"),
    ],
)
def test_bad_input_is_one_sentence_and_no_request(service, template, options, words):
    result = template(**options)
    assert result["failed"] and words in result["msg"] and "hunter" not in result["msg"]
    assert service.requests == []


LOSSES = [("create_template", "present"), ("update_template", "present"), ("delete_template", "absent")]


@pytest.mark.parametrize(("operation", "state"), LOSSES)
def test_a_write_whose_answer_is_lost_is_not_repeated_when_it_shows(service, template, monkeypatch, operation, state):
    real = getattr(TemplateApi, operation)

    def lost(self, *args):
        real(self, *args)
        raise ConnectionFailed("Lost.", "operation")

    monkeypatch.setattr(TemplateApi, operation, lost)
    if operation != "create_template":
        service.templates.add(name="t", desc="old")
    result = template(name="t", desc="new", state=state)
    assert result["changed"] and not result["failed"] and len(writes(service)) == 1
    assert [found["desc"] for found in service.templates.all()] == (["new"] if state == "present" else [])
    assert [f"{action['operation']}_template" for action in result["actions"]] == [operation]


@pytest.mark.parametrize(("operation", "state"), LOSSES)
def test_a_write_that_was_lost_is_sent_again_after_a_read(service, template, monkeypatch, operation, state):
    clock = Clock()
    monkeypatch.setattr(wait, "GRACE_SECONDS", 15.0)
    converge = functools.partial(dli_flink_job_template.converge_template, clock=clock)
    monkeypatch.setattr(dli_flink_job_template, "converge_template", converge)
    real, reads = getattr(TemplateApi, operation), []

    def lost_once(self, *args):
        reads.append(len(service.requests))
        if len(reads) == 1:
            raise ConnectionFailed("Lost.", "operation")
        real(self, *args)

    monkeypatch.setattr(TemplateApi, operation, lost_once)
    if operation != "create_template":
        service.templates.add(name="t", desc="old")
    result = template(name="t", desc="new", state=state)
    assert result["changed"] and not result["failed"] and len(reads) == 2 and reads[1] > reads[0]
    assert [found["desc"] for found in service.templates.all()] == (["new"] if state == "present" else [])
    assert clock.now == pytest.approx(15 if operation == "create_template" else 0), (
        "two of a name would be worse than a wait"
    )


@pytest.mark.parametrize(
    ("operation", "state", "field"),
    [(*LOSSES[1], "name"), (*LOSSES[1], "desc"), (*LOSSES[1], "sql_body"), (*LOSSES[2], "name")],
)
def test_what_somebody_else_changes_while_a_write_is_lost_stays(
    service, template, monkeypatch, operation, state, field
):
    """An update sends all fields, also those that the task does not change; what has another name is not meant."""
    before = {"name": "t", "desc": "old", "sql_body": "SELECT 1"}
    planted, sent = service.templates.add(**before), []

    def lost(_self, *args):
        sent.append(args)
        service.templates.update(planted, {**before, field: "theirs"})
        raise ConnectionFailed("Lost.", "operation")

    monkeypatch.setattr(TemplateApi, operation, lost)
    result = template(name="t", desc="new", state=state)
    assert result["failed"] and f"somebody else has changed {field} meanwhile, so it was left alone" in result["msg"]
    assert result["changed"] and result["actions"] == [], "the lost write may have been carried out"
    assert len(sent) == 1 and planted[field] == "theirs"


@pytest.mark.parametrize(
    ("theirs", "operation", "changes"),
    [
        ({"desc": "mine"}, "create", {"name", "desc", "sql_body"}),
        ({"desc": "theirs"}, "update", {"desc", "sql_body"}),
    ],
)
def test_a_template_that_another_task_has_just_created(service, template, monkeypatch, theirs, operation, changes):
    """What is there when a template is to be created is not taken for this task's own without reading it."""
    real = TemplateApi.create_template

    def beaten(self, body):
        if not service.templates.all():
            service.templates.add(name="t", sql_body="SELECT 1" if operation == "create" else "", **theirs)
        real(self, body)

    monkeypatch.setattr(TemplateApi, "create_template", beaten)
    result = template(name="t", desc="mine", sql_body="SELECT 1")
    assert result["changed"] and [action["operation"] for action in result["actions"]] == [operation]
    assert set(result["changes"]) == changes and "warnings" not in result
    (found,) = service.templates.all()
    assert (found["desc"], found["sql_body"]) == ("mine", "SELECT 1")
    assert result["template"]["desc"] == "mine" and result["template"]["template_id"] == found["template_id"]


def test_a_name_that_is_taken_by_what_cannot_be_seen(service, template, monkeypatch):
    monkeypatch.setattr(TemplateApi, "create_template", refused(AlreadyExists, "DLI.0006"))
    result = template(name="t")
    assert result["failed"] and not result["changed"] and "DLI.0006" in result["msg"]


def test_a_created_template_that_is_gone_again(service, template, monkeypatch):
    real = TemplateApi.list_templates
    seen = []

    def fleeting(self, *args, **filters):
        seen.append(filters)
        return iter([{"template_id": 7, "name": "t"}]) if len(seen) == 2 else real(self, *args, **filters)

    monkeypatch.setattr(TemplateApi, "create_template", refused(AlreadyExists, "DLI.0006"))
    monkeypatch.setattr(TemplateApi, "list_templates", fleeting)
    result = template(name="t")
    assert result["failed"] and "was there when it was to be created, but is gone again" in result["msg"]


def refused(kind, code):
    def operation(_self, *_args):
        raise kind("operation", 400, code, "No.")

    return operation


def test_a_request_that_was_carried_out_twice_on_its_way_is_reported(service, behave, template, monkeypatch):
    behave(template_names="free")
    real = TemplateApi.create_template

    def twice(self, body):
        real(self, body)
        real(self, body)

    monkeypatch.setattr(TemplateApi, "create_template", twice)
    result = template(name="t", desc="new")
    first, second = (found["template_id"] for found in service.templates.all())
    assert result["changed"] and f"now has several templates named t: {first}, {second}" in str(result["warnings"])


def test_a_lost_creation_beside_one_of_another_task_is_known_by_what_it_holds(service, behave, template, monkeypatch):
    behave(template_names="free")
    real = TemplateApi.create_template

    def lost(self, body):
        real(self, body)
        service.templates.add(name="t", desc="theirs")
        raise ConnectionFailed("Lost.", "operation")

    monkeypatch.setattr(TemplateApi, "create_template", lost)
    result = template(name="t", desc="mine")
    assert result["changed"] and [action["operation"] for action in result["actions"]] == ["create"]
    assert [found["desc"] for found in service.templates.all()] == ["mine", "theirs"]
    assert "now has several templates named t" in str(result["warnings"])


def test_a_failure_after_the_write_reports_what_was_done(service, template, monkeypatch):
    service.templates.add(name="t", desc="old")
    real, lists = TemplateApi.list_templates, []

    def listed_once(self, *args, **filters):
        lists.append(filters)
        if len(lists) > 1:
            raise ConnectionFailed("Lost.", "operation")
        return real(self, *args, **filters)

    monkeypatch.setattr(TemplateApi, "list_templates", listed_once)
    result = template(name="t", desc="new")
    assert result["failed"] and result["changed"]
    assert result["actions"] == [{"operation": "update", "fields": ["desc"]}]


def test_words_of_the_service_that_quote_what_the_task_does_not_give(service, template, monkeypatch):
    """An update sends the whole template, with secrets of which the task knows nothing."""
    service.templates.add(name="t", sql_body=SQL)

    def quoting(self, _method, _url, _auth, body=None, **_options):
        raise ApiError("PUT", 400, "DLI.0001", f"Bad request {json.dumps(body)}")

    real = HttpClient.request

    def request(self, method, *args, **options):
        return (quoting if method == "PUT" else real)(self, method, *args, **options)

    monkeypatch.setattr(HttpClient, "request", request)
    result = template(name="t", desc="new")
    assert result["failed"] and "Bad request" in result["msg"] and "hunter2" not in str(result)


def test_bounds_are_those_of_the_contract_and_options_are_documented():
    properties = contract().schema("TemplateCreate")["properties"]
    assert {name: properties[name]["maxLength"] for name in MAX_LENGTHS} == MAX_LENGTHS
    assert set(properties) == set(template_options()) - {"template_id", "state"}
    documentation = yaml.safe_load(dli_flink_job_template.DOCUMENTATION)["options"]
    assert {name: described(option) for name, option in documentation.items()} == {
        name: described(option) for name, option in template_options().items()
    }
