# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every switch changes what it says it changes, and nothing has to be waited for."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._model.fields import JAR, KINDS, JobKind

from local_dli import Behaviour
from local_dli.behaviour import _hints, add_arguments, from_arguments, grades

V2 = {"resource_config_version": "v2", "resource_config": {"taskmanager_resource_spec": {"memory": "4096 MB"}}}


def test_a_mistyped_switch_is_refused() -> None:
    for wrong in (
        {"put_omitted": "reset"},
        {"detail_omits_image": 1},
        {"submit_seconds": -1},
        {"submit_seconds": "1"},
        {"submit_seconds": True},
        {"max_in_flight": 0},
        {"max_in_flight": 1.0},
        {"max_in_flight": "1"},
        {"max_in_flight": True},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Behaviour(**wrong)
    with pytest.raises(TypeError):
        Behaviour(put_ommitted="keep")


def test_a_flag_gives_its_switch_a_value_of_its_type() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert from_arguments(parser.parse_args([])) == Behaviour()
    flags = ["--max-in-flight", "2", "--no-throttle-retry-after", "--submit-seconds", "2", "--batch-refusal", "whole"]
    assert from_arguments(parser.parse_args(flags)) == Behaviour(
        max_in_flight=2, throttle_retry_after=False, submit_seconds=2.0, batch_refusal="whole"
    )
    for wrong in (["--max-in-flight", "1.5"], ["--batch-refusal", "none"]):
        with pytest.raises(SystemExit):
            parser.parse_args(wrong)


@pytest.mark.parametrize(
    ("reads", "text"), [("as_written", "SELECT\n1\n"), ("trimmed", "SELECT\n1"), ("crlf", "SELECT\r\n1\r\n")]
)
def test_sql_body_reads(api: Any, behave: Any, reads: str, text: str) -> None:
    behave(sql_body_reads=reads)
    job_id = api.ok("POST", "sql-jobs", json={"name": "sql", "sql_body": "SELECT\n1\n"})["job"]["job_id"]
    assert api.detail(job_id)["sql_body"] == text


@pytest.mark.parametrize(
    ("reads", "kind"), [("as_written", "flink_opensource_sql_job"), ("flink_sql_job", "flink_sql_job")]
)
def test_sql_job_type_reads(api: Any, behave: Any, reads: str, kind: str) -> None:
    behave(sql_job_type_reads=reads)
    job_id = api.ok("POST", "sql-jobs", json={"name": "sql"})["job"]["job_id"]
    assert api.detail(job_id)["job_type"] == kind
    assert api.detail(api.create())["job_type"] == "flink_jar_job"


TEXT = " a\r\nu\N{COMBINING DIAERESIS} "
TEXTS = {
    "as_written": TEXT,
    "trimmed": "a\r\nu\N{COMBINING DIAERESIS}",
    "lf": " a\nu\N{COMBINING DIAERESIS} ",
    "nfc": " a\r\n\N{LATIN SMALL LETTER U WITH DIAERESIS} ",
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("reads", TEXTS)
def test_texts_read(api: Any, behave: Any, kind: JobKind, reads: str) -> None:
    behave(texts_read=reads)
    # sql_body and runtime_config have switches of their own.
    texts = {field.name: field.form for field in kind.readable if not field.choices}
    texts = {name: form for name, form in texts.items() if form in ("str", "bucket", "json", "list")}
    job_id = api.create() if kind is JAR else api.ok("POST", "sql-jobs", json={"name": "sql"})["job"]["job_id"]
    body = {name: [TEXT] if form == "list" else TEXT for name, form in texts.items()}
    api.ok("PUT", f"{kind.path.strip('/')}/{job_id}", json=body)
    detail, (item,) = api.detail(job_id), api.jobs()
    read = {name: {**detail, **detail["job_config"]}[name] for name in texts}
    text = TEXTS[reads]
    expected = {name: [text] if form == "list" else text for name, form in texts.items()}
    assert read == expected, "tests/local_dli/reading.py: _texts has the names"
    assert (item["desc"], item["queue_name"]) == (text, text)


def test_the_manual_names_every_switch_and_what_its_default_rests_on() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "local-service.md").read_text(encoding="utf-8")
    for switch in dataclasses.fields(Behaviour):
        row = next(line for line in manual.splitlines() if line.startswith(f"| `{switch.name}` |"))
        assert row.endswith(f"| {grades()[switch.name]} |")
        # The first value is the default, which a time that is zero or unset need not say.
        first = row.split("|")[2].split(",")[0].strip().strip("`")
        default = "unset" if switch.default is None else str(switch.default)
        assert first == (default.lower() if isinstance(switch.default, bool) else default)
        for value in getattr(_hints()[switch.name], "__args__", ()):
            assert not isinstance(value, str) or f"`{value}`" in manual


@pytest.mark.parametrize(("value", "expected"), [("keep", (5, "text", True)), ("default", (2, "", False))])
def test_put_omitted(api: Any, behave: Any, service: Any, value: str, expected: tuple[Any, ...]) -> None:
    behave(put_omitted=value)
    tags = [{"key": "a", "value": "b"}]
    job_id = api.create(cu_number=5, desc="text", checkpoint_enabled=True, tags=tags)
    api.update(job_id, queue_name="other")
    detail = api.detail(job_id)
    config = detail["job_config"]
    assert (config["cu_number"], detail["desc"], config["checkpoint_enabled"]) == expected
    assert (detail["name"], detail["queue_name"]) == ("job", "other")
    assert service.jobs.get(job_id).fields["tags"] == tags


def test_put_omitted_resets_only_live_fields_of_a_running_job(api: Any, behave: Any) -> None:
    behave(put_omitted="default")
    job_id = api.create(cu_number=5, obs_bucket="bucket", smn_topic="topic", resume_max_num=3)
    api.batch("run", job_id)
    api.update(job_id, resume_max_num=4)
    config = api.config(job_id)
    assert (config["cu_number"], config["obs_bucket"]) == (5, "bucket")
    assert (config["smn_topic"], config["resume_max_num"]) == (None, 4)


@pytest.mark.parametrize("written", [True, False])
def test_put_omitted_and_the_path_of_checkpoints(api: Any, behave: Any, written: bool) -> None:
    behave(put_omitted="default")
    job_id = api.create(checkpoint_enabled=True)
    path = api.config(job_id)["checkpoint_path"]
    api.update(job_id, checkpoint_enabled=written)
    assert api.config(job_id)["checkpoint_path"] == (path if written else None)


@pytest.mark.parametrize(("value", "expected"), [("empty", ("", None, None)), ("ignored", ("text", ["a"], "topic"))])
def test_clearing(api: Any, behave: Any, value: str, expected: tuple[Any, ...]) -> None:
    behave(clearing=value)
    job_id = api.create(desc="text", dependency_jars=["a"], smn_topic="topic")
    api.update(job_id, desc="", dependency_jars=[], smn_topic="")
    detail = api.detail(job_id)
    config = detail["job_config"]
    assert (detail["desc"], config["dependency_jars"], config["smn_topic"]) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("exact", ["job"]), ("contains", ["job-2", "job"]), ("ignored", ["other", "job-2", "job"])]
)
def test_name_filter(api: Any, behave: Any, value: str, expected: list[str]) -> None:
    behave(name_filter=value)
    for name in ("job", "job-2", "other"):
        api.create(name=name)
    assert api.names(name="job") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("match", ["both"]), ("any", ["one", "both"]), ("ignored", ["other", "one", "both"]), ("none", [])],
)
def test_tags_filter(api: Any, behave: Any, value: str, expected: list[str]) -> None:
    behave(tags_filter=value)
    api.create(name="both", tags=[{"key": "a", "value": "b"}, {"key": "c", "value": "d"}])
    api.create(name="one", tags=[{"key": "a", "value": "b"}])
    api.create(name="other", tags=[{"key": "a", "value": "d"}])
    assert api.names(tags="c=d,a=b") == expected


@pytest.mark.parametrize(
    ("value", "yes", "no", "of_others"),
    [("by_call", "true", "false", True), ("boolean", True, False, True), ("string", "true", "false", "true")],
)
def test_is_success(api: Any, behave: Any, value: str, yes: Any, no: Any, of_others: Any) -> None:
    behave(is_success=value)
    job_id = api.create()
    assert api.update(job_id, desc="a")["is_success"] == yes
    assert [element["is_success"] for element in api.batch("run", job_id, 1)] == [yes, no]
    assert api.ok("GET", "job-templates")["is_success"] == of_others
    export = {"obs_dir": "bucket/folder", "is_selected": False}
    assert api.ok("POST", "jobs/export", json=export)["is_success"] == of_others


@pytest.mark.parametrize(
    ("value", "expected"), [("full", ["true", "false", "true"]), ("short", ["false"]), ("object", "false")]
)
def test_batch_answers(api: Any, behave: Any, value: str, expected: Any) -> None:
    behave(batch_answers=value)
    first, last = api.create(), api.create(name="other")
    answer = api.batch("delete", first, 1, last)
    elements = [answer] if value == "object" else answer
    outcomes = [element["is_success"] for element in elements]
    assert (outcomes[0] if value == "object" else outcomes) == expected
    assert all(set(element) == {"is_success", "message"} for element in elements)


@pytest.mark.parametrize("value", ["error", "error_array", "element"])
def test_run_refusal(api: Any, behave: Any, value: str) -> None:
    behave(run_refusal=value)
    job_id = api.create(queue_name="")
    answer = api.call("POST", "jobs/run", json={"job_ids": [job_id]})
    body = answer.json()
    if value == "element":
        assert (answer.status_code, body[0]["is_success"]) == (200, "false")
        assert "DLI.13024" in body[0]["message"]
    else:
        assert answer.status_code == 400
        assert (body if value == "error" else body[0])["error_code"] == "DLI.13024"
    assert api.status(job_id) == "job_init"


@pytest.mark.parametrize("value", ["at_start", "at_write"])
def test_unknown_queue(api: Any, service: Any, behave: Any, value: str) -> None:
    behave(unknown_queue=value, run_refusal="error")
    service.jobs.queues = ["queue"]
    job_id = api.create(queue_name="queue")
    wrong = {"name": "other", "queue_name": "quue"}
    answers = [
        api.call("POST", "flink-jobs", json=wrong),
        api.call("PUT", f"flink-jobs/{job_id}", json={"queue_name": "quue"}),
        api.call("POST", "jobs/run", json={"job_ids": [job_id]}),
    ]
    at_start = value == "at_start"
    assert [answer.status_code for answer in answers] == ([200, 200, 400] if at_start else [400, 400, 200])
    refused = [answer.json() for answer in answers if answer.status_code == 400]
    assert [body["error_code"] for body in refused] == ["DLI.0002"] * len(refused)
    assert {body["error_msg"] for body in refused} == {"The queue quue does not exist."}
    assert api.status(job_id) == ("job_init" if at_start else "job_running")


@pytest.mark.parametrize(
    ("value", "expected"), [("requested", (9, 0)), ("actual", (7, 7)), ("actual_unmarked", (7, 0))]
)
def test_cu_number_reads(api: Any, behave: Any, value: str, expected: tuple[int, int]) -> None:
    behave(cu_number_reads=value)
    # 1 + ceil(5 / 2) * 2
    job_id = api.create(cu_number=9, parallel_number=5, tm_slot_num=2, tm_cus=2)
    config = api.config(job_id)
    assert (config["cu_number"], config["real_cu_number"]) == expected


@pytest.mark.parametrize("slots", [{}, {"tm_slot_num": 0}])
def test_actual_cus_without_slots(api: Any, behave: Any, slots: dict[str, int]) -> None:
    behave(cu_number_reads="actual")
    # Slots are ceil(6 * 1 / (4 - 1)) = 2, so 1 + ceil(6 / 2) * 1
    assert api.config(api.create(cu_number=4, parallel_number=6, **slots))["cu_number"] == 4
    # Slots are ceil(1 * 1 / (9 - 1)) = 1, so 1 + 1 * 1
    assert api.config(api.create(name="other", cu_number=9, **slots))["cu_number"] == 2


@pytest.mark.parametrize("value", ["null", "empty", "absent"])
def test_unset_reads(api: Any, behave: Any, value: str) -> None:
    behave(unset_reads=value, v1_resources_read="unset")
    detail = api.detail(api.create(main_class=""))
    config = detail["job_config"]
    if value == "absent":
        assert not {"main_class", "start_time"} & set(detail)
        assert not {"obs_bucket", "dependency_jars", "tm_slot_num", "resource_config"} & set(config)
    else:
        string, array = (None, None) if value == "null" else ("", [])
        assert (detail["main_class"], config["obs_bucket"], config["dependency_jars"]) == (string, string, array)
        assert (config["tm_slot_num"], config["resource_config"], detail["start_time"]) == (None, None, None)


@pytest.mark.parametrize(("value", "expected"), [("number", (2, -1, 1)), ("string", ("2", "-1", "1"))])
def test_numbers_read(api: Any, behave: Any, value: str, expected: tuple[Any, ...]) -> None:
    behave(numbers_read=value)
    job_id = api.create(**V2)
    config = api.config(job_id)
    assert (config["cu_number"], config["resume_max_num"], config["resource_config"]["max_slot"]) == expected
    assert config["checkpoint_enabled"] is False
    assert api.detail(job_id)["job_id"] == job_id


@pytest.mark.parametrize(
    "written", ["a=1\nb=x=y", '[{"key": "a", "value": "1"}, {"key": "b", "value": "x=y"}]', '{"a": "1", "b": "x=y"}']
)
@pytest.mark.parametrize("value", ["as_written", "lines", "json_list", "json_object"])
def test_runtime_config_reads(api: Any, behave: Any, value: str, written: str) -> None:
    behave(runtime_config_reads=value)
    read = api.config(api.create(runtime_config=written))["runtime_config"]
    if value == "as_written":
        assert read == written
    elif value == "lines":
        assert read == "a=1\nb=x=y"
    elif value == "json_list":
        assert json.loads(read) == [{"key": "a", "value": "1"}, {"key": "b", "value": "x=y"}]
    else:
        assert json.loads(read) == {"a": "1", "b": "x=y"}


@pytest.mark.parametrize("written", ["no settings", "[1]"])
def test_runtime_config_of_no_form_reads_as_written(api: Any, behave: Any, written: str) -> None:
    behave(runtime_config_reads="json_object")
    assert api.config(api.create(runtime_config=written))["runtime_config"] == written


@pytest.mark.parametrize(("value", "expected"), [("name", "at_least_once"), ("number", 2)])
def test_checkpoint_mode_reads(api: Any, behave: Any, value: str, expected: Any) -> None:
    behave(checkpoint_mode_reads=value)
    assert api.config(api.create(checkpoint_mode=2))["checkpoint_mode"] == expected


@pytest.mark.parametrize(
    ("value", "written", "expected"),
    [
        ("as_written", "4096 MB", "4096 MB"),
        ("mb", "4 GB", "4096 MB"),
        ("mb", "4", "4096 MB"),
        ("gb", "4096 MB", "4 GB"),
        ("gb", "2500 MB", "2500 MB"),
    ],
)
def test_memory_reads(api: Any, behave: Any, value: str, written: str, expected: str) -> None:
    behave(memory_reads=value)
    config = {"jobmanager_resource_spec": {"memory": written}}
    read = api.config(api.create(resource_config_version="v2", resource_config=config))["resource_config"]
    assert read["jobmanager_resource_spec"]["memory"] == expected


@pytest.mark.parametrize("value", ["defaults", "unset"])
def test_v1_resources_read(api: Any, behave: Any, value: str) -> None:
    behave(v1_resources_read=value)
    own = {"cpu": 1.0, "memory": "4G"}
    config = api.config(api.create())
    expected = {"jobmanager_resource_spec": own, "taskmanager_resource_spec": own} if value == "defaults" else None
    assert config["resource_config"] == expected


@pytest.mark.parametrize("value", ["30", "10"])
@pytest.mark.parametrize("put_omitted", ["keep", "default"])
def test_jar_checkpoint_interval(api: Any, behave: Any, value: str, put_omitted: str) -> None:
    behave(jar_checkpoint_interval=value, put_omitted=put_omitted)
    unsaid, said = api.create(), api.create(name="other", checkpoint_interval=60)
    assert api.config(unsaid)["checkpoint_interval"] == int(value)
    api.update(said, desc="new")
    assert api.config(said)["checkpoint_interval"] == (60 if put_omitted == "keep" else int(value))


@pytest.mark.parametrize(("value", "unsaid"), [("as_written", None), ("zero", 0), ("computed", 2)])
def test_tm_slot_num_reads(api: Any, behave: Any, value: str, unsaid: int | None) -> None:
    behave(tm_slot_num_reads=value)
    # ceil(5 * 1 / (4 - 1)) = 2
    sizes = {"cu_number": 4, "parallel_number": 5}
    assert api.config(api.create(**sizes))["tm_slot_num"] == unsaid
    assert api.config(api.create(name="zero", tm_slot_num=0, **sizes))["tm_slot_num"] == (unsaid or 0)
    assert api.config(api.create(name="said", tm_slot_num=7, **sizes))["tm_slot_num"] == 7


@pytest.mark.parametrize("value", ["full", "short"])
def test_execution_plan(api: Any, behave: Any, service: Any, value: str) -> None:
    behave(execution_plan=value)
    job = service.jobs.add(status="job_running", start_time=service.jobs.now_ms() - 5000)
    graph = api.ok("GET", f"jobs/{job.job_id}/execute-graph")["execute_graph"]
    listed = {"jid", "name", "isStoppable", "state", "start-time", "end-time", "duration"}
    assert listed <= set(graph) and graph["duration"] == 5000
    assert (graph.keys() > listed) is (value == "full")
    if value == "full":
        (vertex,), (node,) = graph["vertices"], graph["plan"]["nodes"]
        assert vertex["id"] == node["id"] and vertex["tasks"]["RUNNING"] == 1


@pytest.mark.parametrize("value", ["english", "by_header"])
def test_messages(api: Any, behave: Any, value: str) -> None:
    behave(messages=value)
    asked = api.call("GET", "jobs/7", headers={"X-Language": "en-us"}).json()
    unasked = api.call("GET", "jobs/7").json()
    assert asked["error_msg"] == "The job does not exist."
    assert (asked == unasked) is (value == "english") and unasked["error_msg"].isascii() is (value == "english")


@pytest.mark.parametrize("value", ["nested", "plain"])
@pytest.mark.parametrize("status", ["job_running", "job_init"])
def test_savepoint_outcome(api: Any, behave: Any, service: Any, value: str, status: str) -> None:
    behave(savepoint_outcome=value)
    job = service.jobs.add(status=status)
    body = {"action": "TRIGGER", "savepoint_path": "bucket/folder"}
    answer = api.ok("POST", f"jobs/{job.job_id}/savepoint", json=body)
    made = status == "job_running"
    if value == "plain":
        assert answer["is_success"] is made
    else:
        assert answer["is_success"] is True
        assert json.loads(answer["message"])["is_success"] == str(made).lower()


@pytest.mark.parametrize(("value", "count"), [("table", 17), ("example", 12)])
def test_summary_fields(api: Any, behave: Any, value: str, count: int) -> None:
    behave(summary_fields=value)
    api.create()
    item = api.jobs()[0]
    assert len(item) == count
    assert {"user_name", "duration", "root_id"} <= set(item)
    assert not {"job_config", "main_class", "entrypoint_args", "update_time", "project_id", "user_id"} & set(item)


@pytest.mark.parametrize(("value", "named"), [("all", True), ("no_resource_config", False)])
def test_list_details(api: Any, behave: Any, value: str, named: bool) -> None:
    behave(list_details=value)
    api.create(**V2)
    item = api.jobs(show_detail="true")[0]
    assert ("resource_config" in item["job_config"]) is named
    assert not {"user_name", "duration", "root_id"} & set(item)
    assert {"main_class", "entrypoint_args", "update_time", "project_id", "user_id"} <= set(item)


@pytest.mark.parametrize("omits", [True, False])
def test_detail_omits_image(api: Any, behave: Any, omits: bool) -> None:
    behave(detail_omits_image=omits)
    job_id = api.create(flink_version="1.17", feature="basic", **V2)
    image = {"flink_version", "feature", "image"}
    config = api.config(job_id)
    assert (not image & set(config)) is omits
    assert config["resource_config_version"] == "v2"
    assert image <= set(api.jobs(show_detail="true")[0]["job_config"])


@pytest.mark.parametrize("keeps", [True, False])
def test_delete_keeps_record(api: Any, behave: Any, keeps: bool) -> None:
    behave(delete_keeps_record=keeps)
    job_id = api.create()
    api.ok("DELETE", f"jobs/{job_id}")
    assert api.names() == []
    assert api.call("GET", f"jobs/{job_id}").status_code == (200 if keeps else 400)
    assert api.error("PUT", f"flink-jobs/{job_id}", json={"desc": "a"}) == (400, "DLI.16001")
    assert api.create() > job_id


# catalog and catalog_url are tested with the clients that read the catalog, in test_keystone.py.


@pytest.mark.parametrize(("code", "status"), [("DLI.0023", 404), ("DLI.16001", 400), ("DLI.0002", 400)])
def test_not_found(api: Any, behave: Any, code: str, status: int) -> None:
    behave(not_found=code)
    for method, path in (("GET", "jobs/7"), ("DELETE", "jobs/7"), ("GET", "jobs/7/execute-graph")):
        assert api.error(method, path) == (status, code)
    assert api.error("PUT", "flink-jobs/7", json={}) == (status, code)
    assert code in api.batch("run", 7)[0]["message"]


@pytest.mark.parametrize("value", ["made", "fails"])
def test_savepoint(api: Any, behave: Any, value: str) -> None:
    behave(savepoint=value)
    job_id = api.create(obs_bucket="bucket")
    api.batch("run", job_id)
    assert api.batch("stop", job_id, trigger_savepoint=True)[0]["is_success"] == "true"
    detail = api.detail(job_id)
    made = value == "made"
    assert (detail["status"], detail["has_savepoint"]) == ("job_cancel_success" if made else "job_running", made)
    assert bool(detail["savepoint_path"]) is made


@pytest.mark.parametrize(
    ("value", "lost", "has_after_failure", "has"),
    [
        ("deleted", "when_it_runs", True, False),
        ("deleted", "when_asked", False, False),
        ("kept", "when_it_runs", True, True),
        ("kept", "when_asked", True, True),
    ],
)
def test_savepoint_after_restart(
    api: Any, behave: Any, service: Any, value: str, lost: str, has_after_failure: bool, has: bool
) -> None:
    behave(savepoint_after_restart=value, savepoint_lost=lost)
    job_id = api.create()
    service.jobs.get(job_id).has_savepoint = True
    service.jobs.plan_start(job_id, "submit_fail")
    api.batch("run", job_id, resume_savepoint=True)
    assert api.detail(job_id)["has_savepoint"] is has_after_failure
    service.jobs.get(job_id).has_savepoint = True
    api.batch("run", job_id, resume_savepoint=True)
    assert api.detail(job_id)["has_savepoint"] is has


@pytest.mark.parametrize(("value", "status"), [("kept", "job_running"), ("deleted", "job_submit_fail")])
def test_savepoint_files_after_restart(api: Any, behave: Any, service: Any, value: str, status: str) -> None:
    """Its path can still be imported, but leads to nothing; a new savepoint is another one."""
    behave(savepoint_files_after_restart=value, savepoint_folders="fixed")
    job_id = api.create(obs_bucket="bucket")
    job = service.jobs.get(job_id)
    for path, ends_in in (("obs://bucket/first/", "job_running"), ("bucket/first", status)):
        job.set_savepoint(path)
        api.batch("run", job_id, resume_savepoint=True)
        assert api.status(job_id) == ends_in
        if ends_in == "job_running":
            api.batch("stop", job_id, trigger_savepoint=False)
    api.batch("run", job_id)
    for _time in range(2):
        api.batch("stop", job_id, trigger_savepoint=True)
        api.batch("run", job_id, resume_savepoint=True)
        assert api.status(job_id) == "job_running"


@pytest.mark.parametrize("offered", [True, False])
def test_savepoint_operations(api: Any, behave: Any, service: Any, offered: bool) -> None:
    behave(savepoint_operations="offered" if offered else "absent")
    job = service.jobs.add(status="job_running")
    calls = {
        "savepoint": {"action": "TRIGGER", "savepoint_path": "bucket/folder"},
        "import-savepoint": {"job_id": job.job_id, "savepoint_path": "obs://bucket/folder/"},
    }
    for operation, body in calls.items():
        path = f"jobs/{job.job_id}/{operation}"
        if offered:
            assert api.ok("POST", path, json=body)["is_success"] is True, "of the request, not of the savepoint"
        else:
            assert api.error("POST", path, json=body) == (404, "APIG.0101")
    assert service.jobs.get(job.job_id).has_savepoint is offered


def test_latency(api: Any, behave: Any, clock: Any) -> None:
    behave(latency_seconds=2.5)
    before = clock.now
    api.names()
    assert clock.now == before + 2.5
