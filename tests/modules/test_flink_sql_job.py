# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is different about SQL jobs: their fields, type, template and SQL. All else is tested with JAR jobs."""

from __future__ import annotations

import gc
import time

import pytest
from ansible_collections.otc.dli.plugins.module_utils._api.flink_jobs import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._model.redact import redacted, sensitive_sql_values
from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_job_adopt,
    dli_flink_job_info,
    dli_flink_sql_job,
)

from module_runner import run_module

QUERY = "CREATE TABLE orders (id INT) WITH ('connector' = 'kafka', 'topic' = 'orders');\nINSERT INTO sink SELECT 1"
SECRET = "hunter-2 it''s"


@pytest.fixture(name="sql")
def fixture_sql(access):
    """Return a function that runs the module dli_flink_sql_job on the job sql with the given options."""

    def run(check_mode=False, **options):
        return run_module(dli_flink_sql_job, {**access, "name": "sql", **options}, check_mode=check_mode, diff=True)

    return run


def sent(service):
    """Return method and last parts of the path of each request that can change something, and forget all."""
    found = [
        f"{request.method} {request.path.partition('/streaming/')[2]}"
        for request in service.requests
        if request.method != "GET"
    ]
    service.requests.clear()
    return found


def operations(result):
    return [action["operation"] for action in result["actions"]]


def test_the_calls_are_those_for_sql_jobs(service, sql):
    assert sql(sql_body=QUERY, queue_name="q", state="started")["changed"]
    (job,) = service.jobs.all()
    assert sent(service) == ["POST sql-jobs", "POST jobs/run"]
    assert (job.job_type, job.status, job.fields["sql_body"]) == (
        "flink_opensource_sql_job", "job_running", QUERY
    )  # fmt: skip
    result = sql(sql_body=QUERY + " ", queue_name="q", state="started")
    assert not result["changed"] and sent(service) == []
    assert result["job"]["sql_body"] == QUERY and result["job"]["job_type"] == "flink_opensource_sql_job"
    result = sql(sql_body="SELECT 2", state="started", health_window=0)
    assert operations(result) == ["stop", "update", "run"]
    assert result["notes"][-1] == "sql_body changed: whether the state still fits is known only when it runs."
    assert sent(service) == ["POST jobs/stop", f"PUT sql-jobs/{job.job_id}", "POST jobs/run"]
    assert sql(state="absent")["changed"] and service.jobs.all() == []


@pytest.mark.parametrize("module", [dli_flink_jar_job, dli_flink_sql_job])
def test_each_module_leaves_the_other_kind_alone(service, access, module):
    kinds = {dli_flink_jar_job: "flink_sql_job", dli_flink_sql_job: "flink_jar_job"}
    service.jobs.add(name="sql", job_type=kinds[module])
    for options in ({"desc": "new"}, {"state": "absent"}):
        result = run_module(module, {**access, "name": "sql", **options})
        assert result["failed"] and f"is a {kinds[module]}, not a " in result["msg"]
    assert sent(service) == []


@pytest.mark.parametrize("put_omitted", ["keep", "default"])
def test_what_a_new_job_does_not_take_follows_as_an_update(service, behave, sql, put_omitted):
    behave(put_omitted=put_omitted)
    options = {"sql_body": QUERY, "operator_config": {"b": 1, "a": 2}, "static_estimator_config": '{"x": [1]}'}
    predicted = sql(True, **options)
    result = sql(**options)
    assert operations(predicted) == operations(result) == ["create", "update"]
    assert predicted["actions"] == result["actions"] and predicted["diff"] == result["diff"]
    (job,) = service.jobs.all()
    assert (job.fields["operator_config"], job.fields["sql_body"]) == ('{"b": 1, "a": 2}', QUERY)
    assert not sql(**{**options, "operator_config": '{"a":2,"b":1}'})["changed"]
    assert sql(operator_config="")["changed"] and not job.fields["operator_config"]


def test_a_job_that_was_created_twice_on_the_way_counts_as_created(service, sql, monkeypatch):
    """The second time it is refused as existing, and what only an update can set is still to come."""
    real = FlinkJobApi.create_job

    def twice(self, *args):
        real(self, *args)
        return real(self, *args)

    monkeypatch.setattr(FlinkJobApi, "create_job", twice)
    options = {"sql_body": QUERY, "operator_config": {"a": 1}}
    predicted = sql(True, **options)
    result = sql(**options)
    assert operations(result) == ["create", "update"] and predicted["diff"] == result["diff"]
    assert [job.fields["operator_config"] for job in service.jobs.all()] == ['{"a": 1}']


def test_an_unmanaged_configuration_of_operators_stays(service, behave, sql):
    behave(put_omitted="default")
    job = service.jobs.add(
        name="sql", job_type="flink_sql_job", sql_body="SELECT 1\r\n", operator_config='{"b":1}', run_mode="edge_node"
    )
    assert sql(desc="new")["changed"]
    assert (job.fields["sql_body"], job.fields["operator_config"]) == ("SELECT 1\r\n", '{"b":1}')
    assert job.fields["run_mode"] == "edge_node"


def test_a_template_gives_a_new_job_its_sql_and_an_existing_one_nothing(service, sql):
    template = service.templates.add(name="template", sql_body="SELECT 'template'")["template_id"]
    predicted = sql(True, template_id=template)
    assert predicted["job"]["sql_body"] is None
    assert sql(template_id=template)["changed"]
    assert service.jobs.all()[0].fields["sql_body"] == "SELECT 'template'"
    (create,) = [request for request in service.requests if request.method == "POST"]
    assert create.json == {"name": "sql", "template_id": template}
    assert not sql(template_id=18)["changed"]
    assert sql(template_id=17, operator_config={"a": 1})["changed"], "the SQL of an existing job is known"
    sql(state="absent")
    service.requests.clear()
    result = sql(template_id=17, operator_config={"a": 1})
    assert result["failed"] and "needs sql_body then" in result["msg"] and sent(service) == []


@pytest.mark.parametrize("reads", ["as_written", "trimmed", "crlf"])
def test_the_form_of_the_sql_makes_no_change(behave, sql, reads):
    behave(sql_body_reads=reads)
    for body in ("SELECT 1\n\nFROM a\n", "SELECT 1\r\n\r\nFROM b\r\n"):
        assert sql(sql_body=body)["changed"] and not sql(sql_body=body)["changed"]
        result = sql(desc=body[-3])
        assert result["job"]["sql_body"] == body.replace("\r", "").strip()


@pytest.mark.parametrize("reads", ["as_written", "flink_sql_job"])
def test_a_type_is_set_once(service, behave, sql, reads):
    behave(sql_job_type_reads=reads)
    assert sql(job_type="flink_opensource_sql_job")["changed"]
    result = sql(job_type="flink_opensource_sql_job")
    assert not result["changed"] and not result["failed"]
    assert ("which it may do for any SQL job" in str(result.get("warnings"))) == (reads == "flink_sql_job")
    result = sql(job_type="flink_sql_job", desc="new")
    if reads == "as_written":
        assert "is a flink_opensource_sql_job, not a flink_sql_job" in result["msg"]
        assert service.jobs.all()[0].fields["desc"] is None
    else:
        assert result["changed"], "as far as anybody can know it is of that type"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"sql_body": "x" * (1024 * 1024 + 1)},
            "sql_body has 1048577 characters, but must have at most 1048576.",
        ),
        ({"sql_body": "SELECT '\x1b'"}, "sql_body holds an invisible character"),
        ({"dirty_data_strategy": "2"}, 'dirty_data_strategy is "2", but must be "0" (ignore)'),
        ({"dirty_data_strategy": "3"}, "dirty_data_strategy"),
        ({"operator_config": "{"}, "operator_config is not JSON"),
        ({"static_estimator_config": "x"}, "static_estimator_config is not JSON"),
        ({"idle_state_retention": -1}, "idle_state_retention is -1, but must be at least 0"),
        ({"template_id": -1}, "template_id is -1, but must be at least 0"),
        ({"udf_jar_url": "group/a.jar", "flink_version": "1.17"}, "udf_jar_url is"),
        ({"edge_group_ids": [""]}, "edge_group_ids has an empty entry, but each entry must name something"),
        ({"run_mode": "shared_cluster", "job_type": "flink_opensource_sql_job"}, "a shared cluster runs only jobs"),
        ({"run_mode": "moon"}, "value of run_mode must be one of"),
        ({"entrypoint": "obs://b/a.jar"}, "Unsupported parameters"),
        ({"job_type": "flink_jar_job"}, "value of job_type must be one of"),
    ],
)
def test_bad_input_is_one_sentence_and_no_request(service, sql, options, words):
    result = sql(**options)
    assert result["failed"] and words in result["msg"] and "\n" not in result["msg"]
    assert service.requests == []


def with_secrets(topic, password, comment="mine", url="jdbc:db://host/x?password=hunter-url"):
    return (
        f"-- {comment}\nCREATE TABLE a (x INT) WITH ('connector' = 'kafka', 'topic' = '{topic}',\n"
        f"'properties.sasl.jaas.config' = '{password}', 'url' = '{url}')\n/* it's */ SELECT 'literal' FROM `a`"
    )


def test_sensitive_options_of_the_sql_are_never_shown(service, sql):
    first = sql(sql_body=with_secrets("one", SECRET))
    second = sql(sql_body=with_secrets("two", "hunter-3"))
    third = sql(sql_body=with_secrets("two", "hunter-4"))
    for result in (first, second, third):
        assert result["changed"] and "hunter" not in str(result), result
    assert service.jobs.all()[0].fields["sql_body"] == with_secrets("two", "hunter-4")
    change = second["changes"]["sql_body"]
    assert "'topic' = 'one'" in change["before"] and "'topic' = 'two'" in change["after"]
    assert "'properties.sasl.jaas.config' = '********'" in change["after"] and "'literal'" in change["after"]
    assert third["changes"]["sql_body"]["after"].endswith("(changed)")


def test_what_others_have_put_into_the_sql_is_not_shown(service, sql, access):
    body = "-- hunter\nSELECT 'hunter', 'it''s hunter' FROM t WHERE a = 'hunter' /* hunter */ AND 'k' = 'hunter' -- 'x"
    service.jobs.add(name="sql", job_type="flink_sql_job", sql_body=body)
    result = sql(sql_body="SELECT 'mine'")
    assert "hunter" not in str(result)
    assert result["changes"]["sql_body"]["before"] == (
        "-- ********\nSELECT '********', '********' FROM t WHERE a = '********' /* ******** */ AND 'k' = '********' "
        "-- ********"
    )
    service.jobs.all()[0].fields["sql_body"] = body
    assert "hunter" not in str(run_module(dli_flink_job_info, {**access, "name": "sql"}))
    (found,) = run_module(dli_flink_job_info, {**access, "name": "sql", "show_entrypoint_args": True})["jobs"]
    assert found["sql_body"] == body


SETTINGS = [
    ("SET s3.secret-key=hunter2;", "SET s3.secret-key=********;"),
    ("sEt  s3.secret-key = hunter2 ;\nSELECT 1", "sEt  s3.secret-key = ********;\nSELECT 1"),
    ("SET s3.secret-key=hunter2", "SET s3.secret-key=********"),
    ("SET s3.secret-key=hunter2 hunter3\nSELECT 1", "SET s3.secret-key=********\nSELECT 1"),
    ("SET s3.secret-key=hunter2 -- why", "SET s3.secret-key=********"),
    ("SET 's3.secret-key' = hunter2;", "SET 's3.secret-key' = ********;"),
    ('SET "s3.secret-key"=hunter2;', 'SET "s3.secret-key"=********;'),
    ("SET 's3.secret-key'='hunter2';", "SET 's3.secret-key'='********';"),
    ("SET s3.secret-key='hunter;2';", "SET s3.secret-key='********';"),
    ('SET s3.secret-key="hunter;2";', 'SET s3.secret-key="********";'),
    ("SET k.jaas.config=Login password=\"hunter;2\" x='hunter';", "SET k.jaas.config=********;"),
    ("SET my.url=jdbc://user:hunter@host/db;", "SET my.url=********;"),
    ("SET sql.state-ttl=1 d; SELECT 2", "SET sql.state-ttl=1 d; SELECT 2"),
]


@pytest.mark.parametrize(("statement", "hidden"), SETTINGS)
def test_a_sensitive_setting_is_hidden_with_and_without_quotes(statement, hidden):
    for public in (statement, ""):
        assert redacted("sql_body", statement, public) == hidden
    words = [word for value in sensitive_sql_values(statement) for word in value.split()]
    assert any("hunter" in word for word in words) == ("hunter" in statement)


@pytest.mark.parametrize("first", ["it's", "a'b'c'", '"it\'s"', "a -- it's", "a /* it's */", "a*/ 'b", "`a'"])
@pytest.mark.parametrize("around", ["{}", "/* {} */", "-- {}", "'{}", '"{}"'])
def test_what_is_hidden_of_a_setting_turns_no_string_inside_out(first, around):
    """As much is hidden of what follows as where the setting is not sensitive."""
    for end in (";", "\n", ""):
        body = around.format(f"SET %s={first}{end}") + " SELECT 'literal', `name` FROM t -- comment\n, 'last'"
        plain = redacted("sql_body", body % "s3.sec-ret-key", "")
        hidden = redacted("sql_body", body % "s3.secret-key", "")
        for word in ("literal", "comment", "last"):
            assert word in plain or word not in hidden


def test_a_sensitive_setting_is_in_no_result(service, sql, access):
    body = "SET fs.s3a.secret.key=Geheim99;\nSELECT 1"
    result = sql(sql_body=body)
    assert result["changed"] and "Geheim99" not in str(result)
    assert service.jobs.all()[0].fields["sql_body"] == body
    for show in (False, True):
        options = {**access, "name": "sql", "show_entrypoint_args": show}
        (found,) = run_module(dli_flink_job_info, options)["jobs"]
        assert found["sql_body"] == "SET fs.s3a.secret.key=********;\nSELECT 1"
        found = run_module(dli_flink_job_adopt, options)
        assert "Geheim99" not in str(found)
    assert [entry["option"] for entry in found["left_out"]] == ["sql_body"]


def test_line_breaks_make_no_own_comment_or_literal_a_foreign_one(sql):
    for body in ("-- why\r\nSELECT 'a\r\nb';", "-- why\rSELECT 'a\rb';"):
        result = sql(True, sql_body=body)
        assert result["diff"]["after"]["sql_body"] == "-- why\nSELECT 'a\nb';"


def test_a_quote_in_a_name_does_not_turn_strings_inside_out(service, sql):
    body = "SELECT `it's`, 'hunter', \"a'b\", 'hunter', `plain`, 1 FROM t"
    service.jobs.add(name="sql", job_type="flink_sql_job", sql_body=body)
    result = sql(sql_body="SELECT 1")
    hidden = "SELECT `********`, '********', \"********\", '********', `plain`, 1 FROM t"
    assert result["changes"]["sql_body"]["before"] == hidden and "hunter" not in str(result)


@pytest.mark.any_core
@pytest.mark.parametrize(
    "text",
    [
        "/*",
        "'",
        "`",
        '"',
        "--",
        "'" + "'",
        "'a' = ",
        "/**/",
        "'a'='b",
        "SET a=",
        "SET a='",
        "SET a=\"x'",
        "SET " + "a" * 200,
        "SET 'a'=''x",
    ],
)
def test_a_hostile_text_costs_as_much_as_it_is_long(text):
    def cost(length):
        """Return the work for a text: CPU time of this thread, in which no other process takes part, and no collection
        of the garbage of other tests."""
        body = text * (length // len(text))
        gc.disable()
        began = time.thread_time()
        try:
            assert isinstance(redacted("sql_body", body, ""), str) and isinstance(sensitive_sql_values(body), set)
            return time.thread_time() - began
        finally:
            gc.enable()

    short, long = (min(cost(length) for _time in range(3)) for length in (8192, 16 * 8192))
    assert long < 16 * 8 * short, "256 times as much, if it grew with the square of the length"


def test_a_stream_graph_has_the_ids_of_operators(service, access):
    values = {"job_type": "flink_opensource_sql_job", "sql_body": "SELECT 'hunter'", "operator_config": "{}"}
    service.jobs.add(name="sql", flink_version="1.12", parallel_number=3, **values)
    service.jobs.add(name="new", flink_version="1.15", **values)
    service.jobs.add(name="newer", flink_version="1.17", **values)
    service.jobs.add(name="jar")
    result = run_module(dli_flink_job_info, {**access, "stream_graph": "job_graph"}, check_mode=True)
    assert not result["changed"] and "hunter" not in str(result)
    graphs = {job["name"]: job["stream_graph"] for job in result["jobs"]}
    assert graphs.pop("sql")["operator_list"][1]["parallelism"] == 3 and set(graphs.values()) == {None}
    (warning,) = map(str, result["warnings"])
    assert "There is no stream graph of Flink job newer: " in warning and "1 more" in warning
    asked = [request for request in service.requests if request.method == "POST"]
    assert [request.path.rpartition("/")[2] for request in asked] == ["gen-graph"] * 3, "none for a JAR job"
    service.requests.clear()
    result = run_module(dli_flink_job_info, {**access, "stream_graph": "job_graph", "details": False})
    assert "stream_graph is job_graph, but needs details" in result["msg"] and service.requests == []


def test_a_refusal_that_quotes_the_sql_is_masked(service, sql, monkeypatch):
    def refuse(*_args):
        raise ValueError

    monkeypatch.setattr(service.jobs, "create", refuse)
    result = sql(sql_body=with_secrets("one", SECRET))
    service.contract_violations.clear()
    assert result["failed"] and "hunter" not in str(result)
