# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of a Flink JAR job, declared once: option, bounds, default, where the service tells them back.

The argument spec, the validation, the comparison and the request bodies all derive from this table; a test holds
it against the API contract and the options' documentation.
Sources: the create, update and detail pages of the API reference; "vendor" marks what only the vendor's SDK or
Terraform provider shows.
"""

from __future__ import annotations

from dataclasses import dataclass

JOB_TYPE = "flink_jar_job"


@dataclass(frozen=True)
class Field:
    """One field of the API.

    :param kind: how its value is normalised and sent, a key of C(_flink_job_values.KINDS).
    :param default: the documented default, which an unset value stands for; None when none is documented.
    :param minimum: least number allowed, inclusive.
    :param maximum: greatest number allowed, inclusive.
    :param max_length: most characters of a string, or of each string of a list.
    :param live: whether the service takes a change while the job runs (vendor).
    :param top_level: whether the detail has it beside C(job_config) instead of inside.
    :param aliases: other option names that people expect.
    """

    name: str
    kind: str = "str"
    default: object = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    choices: tuple = ()
    live: bool = False
    top_level: bool = False
    aliases: tuple = ()


# Where two documented limits contradict, the wider one stands here: cu_number ends at 400 in the API reference and
# at 10000 in the user guide.
FIELDS = (
    Field("desc", max_length=512, top_level=True, aliases=("description",)),
    Field("queue_name", max_length=128, top_level=True, aliases=("queue",)),
    Field("entrypoint"),
    Field("main_class", top_level=True),
    Field("entrypoint_args", top_level=True),
    Field("dependency_jars", "list"),
    Field("dependency_files", "list"),
    Field("feature", choices=("basic", "custom")),
    Field("flink_version"),
    Field("image"),
    Field("execution_agency_urn", aliases=("agency",)),
    Field("cu_number", "int", default=2, minimum=2, maximum=10000, aliases=("cu_num",)),
    Field("manager_cu_number", "int", default=1, minimum=1, aliases=("manager_cu_num",)),
    Field("parallel_number", "int", default=1, minimum=1, maximum=2000, aliases=("parallel_num", "parallelism")),
    Field("tm_cus", "int", default=1, minimum=1, aliases=("tm_cu_num",)),
    Field("tm_slot_num", "int", minimum=1),
    Field("resource_config_version", default="v1", choices=("v1", "v2")),
    Field("resource_config", "resource_config"),
    Field("checkpoint_enabled", "bool", default=False),
    Field("checkpoint_mode", "checkpoint_mode", default="exactly_once", choices=("exactly_once", "at_least_once")),
    Field("checkpoint_interval", "int", default=10, minimum=1, maximum=3600),
    Field("checkpoint_path", live=True),
    Field("log_enabled", "bool", default=False),
    Field("obs_bucket", live=True),
    Field("smn_topic", live=True),
    Field("restart_when_exception", "bool", default=False, live=True),
    Field("resume_checkpoint", "bool", default=False, live=True),
    Field("resume_max_num", "int", default=-1, minimum=-1, live=True),
    Field("runtime_config", "runtime_config"),
)
FIELDS_BY_NAME = {field.name: field for field in FIELDS}

NAME_MAX_LENGTH = 57
TAGS_MAX_COUNT = 20
# The create page says 36 and 128 for a key, 43 for a value; the user guide says 255 for a value.
TAG_KEY_MAX_LENGTH = 128
TAG_VALUE_MAX_LENGTH = 255

_RESOURCE_SPEC_OPTIONS: dict[str, dict] = {
    "cpu": {"type": "float"},
    "memory": {"type": "str"},
}
RESOURCE_CONFIG_OPTIONS: dict[str, dict] = {
    "max_slot": {"type": "int"},
    "parallel_number": {"type": "int"},
    "jobmanager_resource_spec": {"type": "dict", "options": _RESOURCE_SPEC_OPTIONS},
    "taskmanager_resource_spec": {"type": "dict", "options": _RESOURCE_SPEC_OPTIONS},
}

_OPTION_OF_KIND: dict[str, dict] = {
    "str": {"type": "str"},
    "int": {"type": "int"},
    "bool": {"type": "bool"},
    "list": {"type": "list", "elements": "str"},
    "checkpoint_mode": {"type": "str"},
    # A dict or a string, which no other type of Ansible's takes.
    "runtime_config": {"type": "raw"},
    "resource_config": {"type": "dict", "options": RESOURCE_CONFIG_OPTIONS},
}


def job_options() -> dict:
    """Return the part of the argument spec that describes a job."""
    options: dict[str, dict] = {
        "name": {"type": "str", "aliases": ["job_name"]},
        "job_id": {"type": "int", "aliases": ["id"]},
        "secret_entrypoint_args": {"type": "str", "no_log": True},
        "tags": {"type": "dict"},
    }
    for field in FIELDS:
        option = dict(_OPTION_OF_KIND[field.kind])
        if field.choices:
            option["choices"] = list(field.choices)
        if field.aliases:
            option["aliases"] = list(field.aliases)
        options[field.name] = option
    return options
