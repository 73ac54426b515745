# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a job reads back: the shapes of lists and details, and the forms values take there."""

from __future__ import annotations

import functools
import json
import unicodedata
from typing import Any

from local_dli.behaviour import Behaviour
from local_dli.contract import contract
from local_dli.jobs import JAR_JOB, OWN_MEMORY, Job, actual_cus, megabytes, slots

# Without show_detail (documented). The reference's example of a list has fewer fields than its table.
SUMMARY_TABLE = (
    "job_id", "name", "desc", "user_name", "job_type", "status", "status_desc", "create_time", "start_time", "duration",
    "root_id", "graph_editor_enabled", "has_savepoint", "queue_name", "edge_group_ids", "restart_times",
    "savepoint_path",
)  # fmt: skip
SUMMARY_EXAMPLE = (
    "job_id", "name", "desc", "user_name", "job_type", "status", "status_desc", "create_time", "duration", "root_id",
    "graph_editor_enabled", "has_savepoint",
)  # fmt: skip

# Valid without show_detail only (documented), so neither a detailed list nor the detail has them.
SUMMARY_ONLY = frozenset({"user_name", "duration", "root_id"})

# The list names the image and not the resources, the detail the other way round (documented).
IMAGE_FIELDS = frozenset({"flink_version", "feature", "image"})
RESOURCE_FIELDS = frozenset({"resource_config", "resource_config_version"})

CHECKPOINT_MODES = {1: "exactly_once", 2: "at_least_once"}

# Values a job has from the service where it has none of its own, as in the reference's example of a detail.
FIXED_CONFIG = {
    "root_id": -1,
    "edge_group_ids": None,
    "graph_editor_enabled": False,
    "graph_editor_data": "",
    "executor_number": None,
    "executor_cu_number": None,
    "idle_state_retention": 3600,
    "config_url": None,
    "udf_jar_url": None,
    "dirty_data_strategy": None,
    "operator_config": None,
    "static_estimator_config": None,
}

# The sizes of a job that says none (vendor-tested); under v1 nothing can be given, and these read all the same.
V1_RESOURCES = {
    name: {"cpu": 1.0, "memory": OWN_MEMORY} for name in ("jobmanager_resource_spec", "taskmanager_resource_spec")
}

# Texts with a switch of their own, which says how they read.
OTHER_TEXTS = frozenset({"sql_body", "runtime_config"})


def summary(job: Job, behaviour: Behaviour, now_ms: int) -> dict[str, Any]:
    """Return a job as an item of a list without show_detail."""
    names = SUMMARY_TABLE if behaviour.summary_fields == "table" else SUMMARY_EXAMPLE
    values = _top_level(job, behaviour, now_ms)
    return _item(job, _with_unset({name: values[name] for name in names}, "FlinkJobListItem", behaviour), behaviour)


def detailed_item(job: Job, behaviour: Behaviour, now_ms: int) -> dict[str, Any]:
    """Return a job as an item of a list with show_detail."""
    missing = RESOURCE_FIELDS if behaviour.list_details == "no_resource_config" else frozenset()
    return _item(job, _detailed(job, behaviour, now_ms, missing), behaviour)


def _item(job: Job, values: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """Return what a list shows of a job, which may leave out its type."""
    if behaviour.list_job_type == "none" or (behaviour.list_job_type == "jar" and job.job_type != JAR_JOB):
        values = {name: value for name, value in values.items() if name != "job_type"}
    return values | job.odd


def detail(job: Job, behaviour: Behaviour, now_ms: int) -> dict[str, Any]:
    """Return a job as its detail."""
    missing = IMAGE_FIELDS if behaviour.detail_omits_image else frozenset()
    return _detailed(job, behaviour, now_ms, missing) | job.odd


def _detailed(job: Job, behaviour: Behaviour, now_ms: int, missing: frozenset[str]) -> dict[str, Any]:
    values = {name: value for name, value in _top_level(job, behaviour, now_ms).items() if name not in SUMMARY_ONLY}
    # The list says 0 for a job that never ran, the reference's example of a detail says null.
    values["start_time"] = job.start_time
    answer = _with_unset(values, "FlinkJobDetail", behaviour)
    config = {name: value for name, value in _config(job, behaviour).items() if name not in missing}
    answer["job_config"] = _with_unset(config, "FlinkJobConfig", behaviour)
    return answer


def _top_level(job: Job, behaviour: Behaviour, now_ms: int) -> dict[str, Any]:
    """Return what a job has beside its configuration: what was written, but for what the service has of its own."""
    is_jar = job.job_type == JAR_JOB
    duration = 0 if job.start_time is None else (job.end_time or now_ms) - job.start_time
    names = contract().schema("FlinkJobDetail")["properties"]
    values = {name: job.fields.get(name) for name in names if name != "job_config"} | {
        "job_id": job.job_id,
        # In the reference's examples these are empty strings where others are null.
        "desc": job.fields["desc"] or "",
        "user_name": job.owner,
        "job_type": _job_type(job, behaviour),
        "status": job.status,
        "status_desc": job.status_desc,
        "create_time": job.create_time,
        "start_time": job.start_time or 0,
        "duration": duration,
        "root_id": job.root_id,
        "graph_editor_enabled": False,
        "has_savepoint": job.has_savepoint,
        "user_id": f"{job.owner}-id",
        "project_id": job.project_id,
        # For a JAR job as in the reference's example.
        "sql_body": "" if is_jar else _sql_body(job.fields["sql_body"], behaviour),
        "run_mode": "exclusive_cluster" if is_jar else job.fields["run_mode"],
        "update_time": job.update_time,
        # The configuration has them.
        "edge_group_ids": None,
        "restart_times": job.restart_times,
        "savepoint_path": job.savepoint_path,
    }
    return _with_texts(values, behaviour)


def _job_type(job: Job, behaviour: Behaviour) -> str:
    if job.job_type == JAR_JOB or behaviour.sql_job_type_reads == "as_written":
        return job.job_type
    return "flink_sql_job"


def _sql_body(text: str | None, behaviour: Behaviour) -> str | None:
    if text is None or behaviour.sql_body_reads == "as_written":
        return text
    if behaviour.sql_body_reads == "trimmed":
        return text.strip()
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _config(job: Job, behaviour: Behaviour) -> dict[str, Any]:
    names = contract().schema("FlinkJobConfig")["properties"]
    config = FIXED_CONFIG | {name: job.fields[name] for name in names if name in job.fields}
    config["real_cu_number"] = 0
    is_v1 = config["resource_config_version"] != "v2"
    if behaviour.cu_number_reads != "requested" and is_v1:
        config["cu_number"] = actual_cus(job.fields)
        if behaviour.cu_number_reads == "actual":
            config["real_cu_number"] = config["cu_number"]
    if config["runtime_config"]:
        config["runtime_config"] = _runtime_config(config["runtime_config"], behaviour)
    if config["resource_config"]:
        config["resource_config"] = _resource_config(config["resource_config"], behaviour)
    elif is_v1 and behaviour.v1_resources_read == "defaults":
        config["resource_config"] = V1_RESOURCES
    if not config["tm_slot_num"] and behaviour.tm_slot_num_reads != "as_written" and is_v1:
        config["tm_slot_num"] = slots(job.fields) if behaviour.tm_slot_num_reads == "computed" else 0
    if behaviour.numbers_read == "string":
        config = _integers_as_strings(config)
    if behaviour.checkpoint_mode_reads == "name":
        config["checkpoint_mode"] = CHECKPOINT_MODES[job.fields["checkpoint_mode"]]
    else:
        config["checkpoint_mode"] = job.fields["checkpoint_mode"]
    return _with_texts(config, behaviour)


@functools.cache
def _texts() -> frozenset[str]:
    """Return the names of the fields that hold texts, or lists of them, as people write them."""
    schemas = (contract().schema(f"Flink{kind}Job{verb}") for kind in ("Jar", "Sql") for verb in ("Create", "Update"))
    properties = {name: field for schema in schemas for name, field in schema["properties"].items()}
    # Of a choice or a pattern there is nothing to rewrite. The element of a list is described as a text of its own is.
    texts = {
        name
        for name, field in properties.items()
        if field.get("items", field).get("type") == "string" and not field.keys() & {"enum", "pattern"}
    }
    return frozenset(texts - OTHER_TEXTS)


def _with_texts(values: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    """Return values with the texts that people write in the form that the switch says."""
    if behaviour.texts_read == "as_written":
        return values

    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(item) for item in value]
        if not isinstance(value, str):
            return value
        if behaviour.texts_read == "trimmed":
            return value.strip()
        if behaviour.texts_read == "lf":
            return value.replace("\r\n", "\n").replace("\r", "\n")
        return unicodedata.normalize("NFC", value)

    return {name: read(value) if name in _texts() else value for name, value in values.items()}


def _with_unset(values: dict[str, Any], schema: str, behaviour: Behaviour) -> dict[str, Any]:
    """Give unset values the form the switch says; a number has no empty form and stays null."""
    if behaviour.unset_reads == "null":
        return values
    if behaviour.unset_reads == "absent":
        return {name: value for name, value in values.items() if value is not None}
    empty = {"string": "", "array": []}
    properties = contract().schema(schema)["properties"]
    return {
        name: empty.get(properties[name].get("type", [None])[0]) if value is None else value
        for name, value in values.items()
    }


def _integers_as_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _integers_as_strings(item) for key, item in value.items()}
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _runtime_config(text: str, behaviour: Behaviour) -> str:
    if behaviour.runtime_config_reads == "as_written":
        return text
    pairs = runtime_pairs(text)
    if pairs is None:
        return text
    if behaviour.runtime_config_reads == "lines":
        return "\n".join(f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in pairs)
    if behaviour.runtime_config_reads == "json_list":
        # What is written so already reads as written (vendor-tested).
        is_list = text.lstrip().startswith("[")
        return text if is_list else json.dumps([{"key": key, "value": value} for key, value in pairs])
    return json.dumps(dict(pairs))


def runtime_pairs(text: str) -> list[tuple[str, Any]] | None:
    """Return the settings of a runtime_config in any of its forms, or None when it has none of them."""
    try:
        data = json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if not all("=" in line for line in lines):
            return None
        return [(key.strip(), value.strip()) for key, _sign, value in (line.partition("=") for line in lines)]
    if isinstance(data, dict):
        return list(data.items())
    if isinstance(data, list) and all(isinstance(item, dict) and {"key", "value"} <= set(item) for item in data):
        return [(item["key"], item["value"]) for item in data]
    return None


def _resource_config(config: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    read = dict(config)
    for name in ("jobmanager_resource_spec", "taskmanager_resource_spec"):
        read[name] = config[name] | {"memory": _memory(config[name]["memory"], behaviour)}
    return read


def _memory(memory: str, behaviour: Behaviour) -> str:
    size = megabytes(memory)
    if behaviour.memory_reads == "gb" and size % 1024 == 0:
        return f"{size / 1024:.0f} GB"
    if behaviour.memory_reads == "mb":
        return f"{size:.0f} MB"
    return memory
