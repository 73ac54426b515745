# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fields of Flink jobs, declared once: option, bounds, default, where the service shows them; and which kinds
of jobs there are.

The argument spec, the validation, the comparison and the request bodies all derive from this table; a test holds
it against the API contract and the options' documentation.
Sources: the create, update and detail pages of the API reference; "vendor" marks what only the vendor's SDK or
Terraform provider shows.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple


class Field(NamedTuple):
    """One field of the API.

    :param form: how its value is normalised and sent, a key of C(canonical.FORMS).
    :param default: the documented default, which an unset value stands for; None when none is documented, or when what
        the service shows contradicts it.
    :param minimum: least number allowed, inclusive.
    :param maximum: greatest number allowed, inclusive.
    :param max_length: most characters of a string, or of each string of a list.
    :param live: whether the service takes a change while the job runs (vendor).
    :param top_level: whether the detail has it beside C(job_config) instead of inside.
    :param aliases: other option names that people expect.
    :param only: the name of the one kind of job that has it; "" for every kind.
    :param shapes_state: whether a savepoint may no longer fit after a change of it (documented for checkpoints).
    :param on_create: whether it can be given to a new job.
    :param on_update: whether an existing job takes a change of it.
    :param reads_back: whether the service ever shows it.
    :param unset_reads: a value that stands for none, where the service may show one (vendor).
    """

    name: str
    form: str = "str"
    default: object = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    choices: tuple = ()
    live: bool = False
    top_level: bool = False
    aliases: tuple = ()
    only: str = ""
    shapes_state: bool = False
    on_create: bool = True
    on_update: bool = True
    reads_back: bool = True
    unset_reads: int | None = None


SQL_JOB_TYPES = ("flink_opensource_sql_job", "flink_sql_job")
# The reference names no other type of SQL jobs where it lists what responses have.
TYPE_OF_ANY_SQL_JOB = "flink_sql_job"

# Where two documented limits contradict, the wider one stands here: cu_number ends at 400 in the API reference and
# at 10000 in the user guide.
FIELDS = (
    Field("desc", max_length=2048, top_level=True, aliases=("description",)),
    Field("queue_name", max_length=128, top_level=True, aliases=("queue",)),
    Field("entrypoint", only="JAR", shapes_state=True),
    Field("main_class", top_level=True, only="JAR", shapes_state=True),
    Field("entrypoint_args", top_level=True, only="JAR"),
    Field("dependency_jars", "list", only="JAR", shapes_state=True),
    Field("dependency_files", "list", only="JAR"),
    Field("sql_body", "sql", max_length=1024 * 1024, top_level=True, only="SQL", shapes_state=True),
    Field("template_id", "int", minimum=0, only="SQL", on_update=False, reads_back=False),
    Field("job_type", default=SQL_JOB_TYPES[0], choices=SQL_JOB_TYPES, top_level=True, only="SQL", on_update=False),
    Field(
        "run_mode",
        default="shared_cluster",
        choices=("shared_cluster", "exclusive_cluster", "edge_node"),
        top_level=True,
        only="SQL",
    ),
    Field("udf_jar_url", only="SQL", shapes_state=True),
    Field("idle_state_retention", "int", default=3600, minimum=0, only="SQL"),
    Field("dirty_data_strategy", default="0", only="SQL"),
    Field("edge_group_ids", "list", only="SQL"),
    Field("operator_config", "json", only="SQL", shapes_state=True, on_create=False),
    Field("static_estimator_config", "json", only="SQL", on_create=False),
    Field("feature", choices=("basic", "custom"), only="JAR"),
    Field("flink_version", shapes_state=True),
    Field("image", only="JAR"),
    Field("execution_agency_urn", aliases=("agency",)),
    Field("cu_number", "int", default=2, minimum=2, maximum=10000, aliases=("cu_num",)),
    Field("manager_cu_number", "int", default=1, minimum=1, aliases=("manager_cu_num",)),
    Field(
        "parallel_number",
        "int",
        default=1,
        minimum=1,
        maximum=2000,
        aliases=("parallel_num", "parallelism"),
        shapes_state=True,
    ),
    Field("tm_cus", "int", default=1, minimum=1, aliases=("tm_cu_num",)),
    # The vendor's client sends 0 for a job that gives none.
    Field("tm_slot_num", "int", minimum=1, unset_reads=0),
    Field("resource_config_version", default="v1", choices=("v1", "v2")),
    Field("resource_config", "resource_config", shapes_state=True),
    Field("checkpoint_enabled", "bool", default=False),
    Field("checkpoint_mode", "checkpoint_mode", default="exactly_once", choices=("exactly_once", "at_least_once")),
    # Documented is a default of 10, and the vendor's tests read 30 from a new job, so unset stands for neither.
    Field("checkpoint_interval", "int", minimum=1, maximum=3600),
    Field("checkpoint_path", live=True, only="JAR"),
    Field("log_enabled", "bool", default=False),
    Field("obs_bucket", "bucket", live=True),
    Field("smn_topic", live=True),
    Field("restart_when_exception", "bool", default=False, live=True),
    Field("resume_checkpoint", "bool", default=False, live=True),
    Field("resume_max_num", "int", default=-1, minimum=-1, live=True),
    Field("runtime_config", "runtime_config"),
    Field("flink_log_config", "json"),
)
FIELDS_BY_NAME = {field.name: field for field in FIELDS}


class JobKind:
    """One kind of Flink job: all that distinguishes it from the others.

    :param name: how people call it, and C(Field.only).
    :param job_types: what the service calls such jobs.
    :param path: where they are created and changed, below C(/streaming).
    """

    def __init__(self, name: str, job_types: tuple[str, ...], path: str) -> None:
        self.name = name
        self.job_types = job_types
        self.path = path

    @cached_property
    def fields(self) -> tuple:
        """All fields of such a job, in the order of the table."""
        return tuple(field for field in FIELDS if field.only in ("", self.name))

    @cached_property
    def names(self) -> tuple:
        """Their names."""
        return tuple(field.name for field in self.fields)

    @cached_property
    def readable(self) -> tuple:
        """The fields that the service shows."""
        return tuple(field for field in self.fields if field.reads_back)

    def has(self, job_type: str) -> bool:
        """Whether a job of a type is of this kind; where the service shows no type, it counts as one."""
        return job_type in ("", *self.job_types)


JAR = JobKind("JAR", ("flink_jar_job",), "/flink-jobs")
SQL = JobKind("SQL", (*SQL_JOB_TYPES, "flink_sql_edge_job"), "/sql-jobs")
KINDS = (JAR, SQL)


def known_kind(job_type: str) -> JobKind | None:
    """Return the kind of a job by its type; None for a type that is not known, C(JAR) where the service gives none."""
    return next((kind for kind in KINDS if kind.has(job_type)), None)


def kind_of(job_type: str) -> JobKind:
    """Return the kind of a job by its type; C(JAR) for a type that is not known."""
    return known_kind(job_type) or JAR


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

_OPTION_OF_FORM: dict[str, dict] = {
    "str": {"type": "str"},
    "bucket": {"type": "str"},
    "int": {"type": "int"},
    "bool": {"type": "bool"},
    "list": {"type": "list", "elements": "str"},
    "checkpoint_mode": {"type": "str"},
    "sql": {"type": "str"},
    "json": {"type": "json"},
    # A dict or a string, which no other type of Ansible's takes.
    "runtime_config": {"type": "raw"},
    "resource_config": {"type": "dict", "options": RESOURCE_CONFIG_OPTIONS},
}


def identity_options() -> dict:
    """Return the part of the argument spec that says which job is meant."""
    return {"name": {"type": "str", "aliases": ["job_name"]}, "job_id": {"type": "int", "aliases": ["id"]}}


def job_options(kind: JobKind) -> dict:
    """Return the part of the argument spec that describes a job of a kind."""
    options: dict[str, dict] = {**identity_options(), "tags": {"type": "dict"}}
    if any(field.name == "entrypoint_args" for field in kind.fields):
        options["secret_entrypoint_args"] = {"type": "str", "no_log": True}
    for field in kind.fields:
        option = dict(_OPTION_OF_FORM[field.form])
        if field.choices:
            option["choices"] = list(field.choices)
        if field.aliases:
            option["aliases"] = list(field.aliases)
        options[field.name] = option
    return options
