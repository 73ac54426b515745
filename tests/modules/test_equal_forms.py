# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing changes twice: each option in each equal form, written first and again, read back in each form.

A cell is an option, the form in which it was written first, the form in which the task gives it now, and a form in
which the service shows it. One run looks at a cell of each option. The job runs, so a change would stop it.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from ansible_collections.otc.dli.plugins.module_utils._model.fields import JAR, SQL, Field, JobKind, job_options
from ansible_collections.otc.dli.plugins.module_utils._model.goal import goal_options, lifecycle_options
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_sql_job

from local_dli import Behaviour
from module_runner import run_module

pytestmark = pytest.mark.any_core

MODULES = {"JAR": dli_flink_jar_job, "SQL": dli_flink_sql_job}
KINDS = {"JAR": JAR, "SQL": SQL}
TEMPLATE_ID = 7


def text(value: str) -> list[str]:
    """Return a line as people write it: with other blanks around it, and with a letter and its marks apart."""
    return [value, f"  {value}\n", unicodedata.normalize("NFD", value)]


def lines(*values: str) -> list[str]:
    whole = "\n".join(values)
    return [whole, "\r\n".join(values) + "\r\n", f"\n {whole} ", unicodedata.normalize("NFD", whole)]


def listed(*values: str) -> list[Any]:
    quoted = ", ".join(f'"{value}"' for value in values)
    return [list(values), ", ".join(values), f"[{quoted}]", [f" {value} " for value in values]]


def number(value: int) -> list[Any]:
    return [value, str(value), f" {value} "]


YES: list[Any] = [True, "yes", "True", 1, "on"]
NO: list[Any] = [False, "no", "False", 0, "off"]
SETTINGS: list[Any] = [
    {"a.b": 1, "on": True, "text": "ü "},
    "a.b=1\non=true\ntext=ü",
    " a.b = 1\r\non = true\r\n\r\ntext = ü\r\n",
    '[{"key": "a.b", "value": "1"}, {"key": "on", "value": "true"}, {"key": "text", "value": "ü"}]',
    '{"text": "ü", "on": true, "a.b": 1}',
    unicodedata.normalize("NFD", "a.b=1\non=true\ntext=ü"),
    '{"text": "u\\u0308", "on": true, "a.b": 1}',
]
JSON: list[Any] = [
    {"a": 1, "b": ["ü"]},
    '{"b": ["ü"], "a": 1}',
    ' {"a":1,\n"b":["\\u00fc"]}\n',
    unicodedata.normalize("NFD", '{"a": 1, "b": ["ü"]}'),
    '{"a": 1, "b": ["u\\u0308"]}',
]
RESOURCES: list[Any] = [
    {
        "max_slot": slots,
        "parallel_number": slots,
        "jobmanager_resource_spec": {"cpu": cpu, "memory": small},
        "taskmanager_resource_spec": {"cpu": cpu, "memory": large},
    }
    for slots, cpu, small, large in (
        (2, 1.0, "4 GB", "4.2 GB"),
        ("2", "1", "4096 MB", "4300.8 MB"),
        (2, 1, "4G", "4.2g"),
        (" 2 ", "1.0", "4", "4.2"),
    )
]
TAGS: list[Any] = [
    {"team": "größe", "count": 1, "flag": True},
    {"team": unicodedata.normalize("NFD", "größe"), "count": "1", "flag": "true"},
    "team=größe,count=1,flag=true",
    '{"flag": "true", "count": "1", "team": "größe "}',
]


def forms_of(field: Field) -> list[Any]:
    """Return the equal forms of an option for which nothing but its type matters."""
    if field.choices:
        return [field.choices[-1]]
    if field.form == "int":
        return number(int(field.minimum or 0) + 3)
    usual = {
        "str": text(f"{field.name}-ü"),
        "bool": YES,
        "list": listed("1", "ü"),
        "json": JSON,
        "sql": lines("ü", "1"),
    }
    return usual[field.form]


# What needs another value than any of its type, or has more forms.
SPECIAL: dict[str, list[Any]] = {
    "desc": lines("Größe", "second line"),
    "obs_bucket": ["bucket", "obs://bucket", " obs://bucket/ "],
    "runtime_config": SETTINGS,
    "tags": TAGS,
}
# What only jobs of one size, of one kind or with one feature have.
BY_CUS: dict[str, list[Any]] = {
    "resource_config_version": ["v1"],
    "flink_version": ["1.12", 1.12, " 1.12 "],
    "cu_number": number(5),
    "manager_cu_number": number(2),
    "parallel_number": number(6),
    "tm_cus": number(2),
    "tm_slot_num": number(3),
}
BY_RESOURCES: dict[str, list[Any]] = {"resource_config_version": ["v2"], "resource_config": RESOURCES}
OF_JAR: dict[str, list[Any]] = {
    "entrypoint": text("obs://bucket/ü.jar"),
    "entrypoint_args": ["--size ü --a=1", "--size\n  ü\r\n--a=1\n", unicodedata.normalize("NFD", " --size ü --a=1")],
    "secret_entrypoint_args": ["--key planted-word", "--key\nplanted-word\n", " --key planted-word "],
}
OF_SQL: dict[str, list[Any]] = {
    "job_type": ["flink_opensource_sql_job"],
    "run_mode": ["exclusive_cluster"],
    "dirty_data_strategy": ["2:obs://bucket/dirty", " 2:obs://bucket/dirty "],
    "template_id": number(TEMPLATE_ID),
}
EMPTY_LIST: list[Any] = [[], "", "[]"]
EMPTY: dict[str, list[Any]] = {
    "desc": ["", " ", "\n"],
    "smn_topic": ["", " "],
    "obs_bucket": ["", " "],
    "execution_agency_urn": ["", " "],
    "log_enabled": NO,
    "checkpoint_enabled": NO,
    "restart_when_exception": NO,
    "resume_max_num": number(-1),
    "runtime_config": [{}, "", "[]", "{}"],
    "flink_log_config": ["", " "],
    "tags": [{}, "{}"],
}
NAMED = {"name": ["job"]}
# What not each definition can have.
_APART = {*BY_CUS, *BY_RESOURCES, "feature", "image", "checkpoint_enabled", "checkpoint_path"}


def usual(kind: JobKind) -> dict[str, list[Any]]:
    """Return what each definition of a job of a kind has, a new option too, unless its type has no usual forms."""
    known = {**SPECIAL, **(OF_JAR if kind is JAR else OF_SQL)}
    others = [field for field in kind.fields if field.name not in {*known, *_APART}]
    return {**NAMED, **{field.name: forms_of(field) for field in others}, **known}


# What is given together, by kind and how.
DEFINITIONS: dict[tuple[str, str], dict[str, list[Any]]] = {
    ("JAR", "by CUs"): {
        **usual(JAR), **BY_CUS, "feature": ["basic"], "checkpoint_enabled": NO,
        "checkpoint_path": text("obs://bucket/checkpoints-ü"),
    },
    ("JAR", "by resources"): {
        **usual(JAR), **BY_RESOURCES, "feature": ["custom"], "image": text("org/image:1"), "checkpoint_enabled": YES,
    },
    ("JAR", "empty"): {
        **NAMED, **EMPTY, "main_class": ["", " "], "entrypoint_args": ["", "\n"], "dependency_jars": EMPTY_LIST,
        "dependency_files": EMPTY_LIST, "checkpoint_path": ["", " "],
    },
    ("SQL", "by CUs"): {**usual(SQL), **BY_CUS, "checkpoint_enabled": YES},
    ("SQL", "by resources"): {**usual(SQL), **BY_RESOURCES, "checkpoint_enabled": NO},
    ("SQL", "empty"): {
        **NAMED, **EMPTY, "edge_group_ids": EMPTY_LIST, "udf_jar_url": ["", " "], "operator_config": ["", " "],
        "static_estimator_config": ["", "\n"],
    },
    ("JAR", "by id"): {"job_id": [], "queue_name": text("queue-ü"), "tags": TAGS},
    ("SQL", "by id"): {"job_id": [], "queue_name": text("queue-ü"), "tags": TAGS},
}  # fmt: skip
# A number that is replaced without a sign of it is a known limit.
LIMITS = {("cu_number_reads", "actual_unmarked")}


def readings() -> list[dict[str, Any]]:
    """Return forms in which the service may show a job: each value of each switch about that, in one of them at least.

    No two of these switches are about the same value.
    """
    hints = get_type_hints(Behaviour)
    choices = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}
    choices |= {name: (False, True) for name, hint in hints.items() if hint is bool}
    more = ("list_details", "detail_omits_image", "list_job_type", "summary_fields")
    forms = {
        name: [value for value in values if (name, value) not in LIMITS]
        for name, values in choices.items()
        if name.endswith(("_read", "_reads")) or name in more
    }
    return [
        {name: values[number % len(values)] for name, values in forms.items()}
        for number in range(max(len(values) for values in forms.values()))
    ]


READINGS = readings()


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_of_a_job_is_in_the_table(kind):
    table = {option for (name, _how), definition in DEFINITIONS.items() if name == kind for option in definition}
    assert table == set(job_options(KINDS[kind]))
    # What is left says what shall become of the job, and is no part of it.
    assert set(goal_options(KINDS[kind])) - table == {"state", *lifecycle_options()}


def test_each_form_of_each_switch_is_read():
    assert len(READINGS) >= 4 and len({tuple(reading.items()) for reading in READINGS}) == len(READINGS)


@pytest.mark.parametrize(("kind", "how"), DEFINITIONS)
def test_nothing_changes_twice(service, access, kind, how, record_property):
    module, definition = MODULES[kind], DEFINITIONS[kind, how]
    count = max(len(forms) for forms in definition.values())
    cells, violations = set(), []
    for first in range(count):
        service.reset()
        service.templates.add(template_id=TEMPLATE_ID, name="template", sql_body="SELECT 1")
        created = run_module(module, {**access, "name": "job", **_given(definition, first)})
        assert not created["failed"], created
        job = service.jobs.all()[0]
        service.jobs.set_status(job.job_id, "job_running")
        for number, reading in enumerate(READINGS):
            service.behaviour = Behaviour(**reading)
            for again in range(count):
                options = _given({**definition, **_identity(definition, job)}, again)
                service.requests.clear()
                result = run_module(module, {**access, **options, "state": "started"})
                if result["failed"] or result["changed"] or any(sent.method != "GET" for sent in service.requests):
                    violations.append((first, again, reading, result.get("msg"), result.get("changes")))
                cells |= {
                    (option, first % len(forms), again % len(forms), number)
                    for option, forms in {**definition, **_identity(definition, job)}.items()
                }
    record_property("cells", len(cells))
    print(f"{kind} {how}: {len(cells)} cells, {len(violations)} violations")
    assert violations == []


def _given(definition, number):
    return {option: forms[number % len(forms)] for option, forms in definition.items() if forms}


def _identity(definition, job):
    return {"job_id": [job.job_id, str(job.job_id)]} if "job_id" in definition else {}
