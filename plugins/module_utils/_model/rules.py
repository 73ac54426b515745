# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that a job's options must keep, checked before any request is sent.

Each rule that is broken raises InvalidInput with one sentence that names the option, its value and the rule.
"""

from __future__ import annotations

import json
import re

from .._errors import InvalidInput
from .._text import quoted
from .canonical import (
    canonical,
    is_flink_1_15_or_later,
    memory_megabytes,
)
from .fields import (
    FIELDS_BY_NAME,
    NAME_MAX_LENGTH,
    TAG_KEY_MAX_LENGTH,
    TAG_VALUE_MAX_LENGTH,
    TAGS_MAX_COUNT,
)
from .spec import JobSpec

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_FLINK_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}(\.[0-9]{1,9})?")
_OBS_PATH = re.compile(r"obs://[^/\s]+/\S.*")
# A bucket alone or a path in one, as the service takes it where it reads or writes itself.
_BUCKET_AND_PATH = re.compile(r"(obs://)?[a-z0-9][a-z0-9.-]*(/[^\s/]+)*/?")
_FORBIDDEN_IN_TAGS = "=*<>|\\"

# Which resource configuration versions go with which Flink versions (documented).
_FLINK_VERSIONS_OF_RESOURCE_CONFIG = {"v1": ("1.12", "1.15"), "v2": ("1.15", "1.17")}
# What sizes a job under resource_config_version v1 alone (documented).
V1_ONLY = ("cu_number", "manager_cu_number", "tm_cus")
_NUMBERS_TOGETHER = {"cu_number", "manager_cu_number", "parallel_number"}
_MINIMUM_CPU = 0.5
_MINIMUM_MEMORY_MEGABYTES = 2048
# What the types Integer and Long of the API reference can hold.
_WIDEST_INTEGER = 2**31 - 1
WIDEST_LONG = 2**63 - 1
# Strings whose line breaks mean something.
_MULTI_LINE = ("desc", "runtime_config", "sql_body", "operator_config", "static_estimator_config", "flink_log_config")
_PACKAGE_FIELDS = ("entrypoint", "dependency_jars", "dependency_files", "udf_jar_url")
_DIRTY_DATA = re.compile(r"[01]|2:\S+")


def check_spec(spec: JobSpec) -> None:
    """Check everything that can be known of a desired state without asking the service.

    :raises InvalidInput: with the first rule that is broken.
    """
    _check_identity(spec)
    for name, value in spec.given.items():
        _check_field(FIELDS_BY_NAME[name], value)
    _check_numbers_together(spec.given)
    _check_logging(spec.given)
    _check_checkpoint_path(spec.given)
    _check_versions(spec.given)
    _check_packages(spec.given)
    _check_resource_config(spec.given)
    _check_run_mode(spec.given)
    if spec.tags is not None:
        check_tags("tags", spec.tags)


def check_definition(fields: dict, managed: set) -> None:
    """Check the rules between fields on a whole definition: what the task leaves out has its current or default value.

    :param fields: values by field name.
    :param managed: names of the fields that the task gives; what it does not touch is not its fault.
    :raises InvalidInput: when the service would reject the combination.
    """
    if "obs_bucket" in managed:
        _check_logging(fields)
    if "checkpoint_path" in managed:
        _check_checkpoint_path(fields)
    if fields.get("resource_config_version") == "v2":
        _check_sizing({name: fields[name] for name in managed if name in V1_ONLY})
    elif managed & _NUMBERS_TOGETHER:
        _check_numbers_together({name: canonical(FIELDS_BY_NAME[name], fields.get(name)) for name in _NUMBERS_TOGETHER})


def _fail(option, value, rule):
    raise InvalidInput(f"{option} is {quoted(value)}, but {rule}.")


def _check_identity(spec):
    if spec.name is None and spec.job_id is None:
        raise InvalidInput("name or job_id is missing; one of them must identify the job.")
    if spec.job_id is not None:
        check_number("job_id", spec.job_id, 1, WIDEST_LONG)
    if spec.name is not None:
        check_name("name", spec.name)


def check_name(option: str, name: str) -> None:
    """Check the name of a job, or the beginning of one, in any option.

    :raises InvalidInput: no job can have it.
    """
    if not 1 <= len(name) <= NAME_MAX_LENGTH:
        _fail(option, name, f"must have 1 to {NAME_MAX_LENGTH} characters, not {len(name)}")
    if not _NAME.fullmatch(name):
        _fail(option, name, "may hold only letters, digits, underscores and hyphens")


def _check_field(field, value):
    if field.form == "int":
        _check_range(field, value)
    elif field.form == "list":
        for item in value:
            if not item.strip():
                what = "a package or file" if field.name in _PACKAGE_FIELDS else "something"
                raise InvalidInput(f"{field.name} has an empty entry, but each entry must name {what}.")
            check_string(field.name, item, field.max_length)
    elif field.form == "runtime_config":
        _check_runtime_config(value)
    elif isinstance(value, str) and not field.choices:
        check_string(field.name, value, field.max_length)
    if field.form == "bucket" and "/" in value:
        _fail(field.name, value, "must be the name of a bucket, without a folder")
    if field.form == "json" and value and not _is_json(value):
        raise InvalidInput(f"{field.name} is not JSON, but must be a dictionary or a string of JSON.")
    if field.name == "dirty_data_strategy" and value and not _DIRTY_DATA.fullmatch(value):
        _fail(field.name, value, 'must be "0" (ignore), "1" (fail) or "2:" and a path in OBS (save)')
    if field.name == "resume_max_num" and value == 0:
        _fail(field.name, value, "must be -1 (no limit) or greater than 0")
    if field.name == "flink_version" and value and not _FLINK_VERSION.fullmatch(value):
        _fail(field.name, value, 'must be a version such as "1.17", in quotes')


def _check_range(field, value):
    if field.maximum is not None and not isinstance(value, bool) and not field.minimum <= value <= field.maximum:
        _fail(field.name, value, f"must be from {field.minimum} to {field.maximum}")
    check_number(field.name, value, field.minimum, _WIDEST_INTEGER)


def check_number(option: str, value: int, least: int, most: int) -> None:
    """Check what Ansible takes for a number: booleans are among that, and numbers that the API cannot hold.

    :raises InvalidInput: it is none, or not from C(least) to C(most).
    """
    if isinstance(value, bool):
        _fail(option, value, "must be a number")
    if value < least:
        _fail(option, value, f"must be at least {least}")
    if value > most:
        _fail(option, value, f"must be at most {most}")


def check_seconds(option: str, value: float) -> None:
    """Check a number of seconds that may be 0.

    :raises InvalidInput: it is negative, or has no end.
    """
    # Not a plain comparison with 0: the string nan becomes a number that compares as neither.
    if not 0 <= value < float("inf"):
        raise InvalidInput(f"{option} is {value:g}, but must be a number of seconds, 0 or more.")


def check_string(option: str, value: str, max_length: int | None = None) -> None:
    """Check a string of any option.

    :raises InvalidInput: it is too long, or holds an invisible character or line break that has no meaning there.
    """
    allowed = "\n\t\r" if option in _MULTI_LINE else ""
    for char in value:
        if not char.isprintable() and char not in allowed:
            raise InvalidInput(
                f"{option} holds an invisible character or line break (U+{ord(char):04X}), but must be plain text."
            )
    if max_length is not None and len(value) > max_length:
        # Not quoted: it can hold a secret, and its beginning would not help.
        raise InvalidInput(f"{option} has {len(value)} characters, but must have at most {max_length}.")


def check_obs_path(option: str, path: str) -> None:
    """Check the path of a bucket, folder or file in OBS, with or without C(obs://), in any option.

    :raises InvalidInput: it is none.
    """
    if not _BUCKET_AND_PATH.fullmatch(path) or not path.isprintable():
        raise InvalidInput(
            f"{option} must be a path in OBS such as obs://bucket/folder or bucket/folder, without spaces."
        )


def _check_runtime_config(value):
    if not isinstance(value, (dict, str)):
        raise InvalidInput(
            f"runtime_config is of type {type(value).__name__}, but must be a dictionary or "
            "a string of key=value lines."
        )
    if isinstance(value, str):
        check_string("runtime_config", value)
    config = canonical(FIELDS_BY_NAME["runtime_config"], value)
    if not isinstance(config, dict):
        raise InvalidInput("runtime_config is a string that is neither key=value lines nor JSON of keys and values.")
    entries = value if isinstance(value, dict) else config
    for key, item in entries.items():
        where = f"runtime_config has the key {quoted(str(key))}"
        if not str(key).strip() or "=" in str(key) or not str(key).isprintable():
            raise InvalidInput(f"{where}, but each key must be plain text without an equals sign.")
        if isinstance(item, (dict, list)) or not str(item).isprintable():
            raise InvalidInput(f"{where}, whose value must be a single number, boolean or line of text.")


def _check_numbers_together(fields):
    cu_number, manager = fields.get("cu_number"), fields.get("manager_cu_number")
    if cu_number is not None and manager is not None and cu_number <= manager:
        _fail("cu_number", cu_number, f"must be greater than manager_cu_number, which is {manager}")
    parallel = fields.get("parallel_number")
    if cu_number is not None and parallel is not None:
        # An unknown number of manager CUs is at least its minimum, so this refuses nothing that could be valid.
        managers = FIELDS_BY_NAME["manager_cu_number"].minimum if manager is None else manager
        most = 4 * (cu_number - managers)
        if parallel > most:
            _fail("parallel_number", parallel, f"must be at most 4 * (cu_number - manager_cu_number), which is {most}")


def _check_logging(fields):
    if fields.get("log_enabled") and not fields.get("obs_bucket"):
        _fail("log_enabled", True, "it needs obs_bucket, the bucket that the logs go to")


def _check_checkpoint_path(fields):
    if fields.get("checkpoint_enabled") and fields.get("checkpoint_path"):
        path = fields["checkpoint_path"]
        _fail("checkpoint_path", path, "the service chooses the path itself when checkpoint_enabled is true")


def _check_versions(fields):
    flink_version, feature = fields.get("flink_version"), fields.get("feature")
    if flink_version and feature == "custom":
        _fail("flink_version", flink_version, "is only valid when feature is basic")
    if fields.get("image") and feature != "custom":
        _fail("image", fields["image"], "is only valid when feature is custom")
    resources = fields.get("resource_config_version")
    if flink_version and resources:
        fitting = _FLINK_VERSIONS_OF_RESOURCE_CONFIG[resources]
        known = {version for versions in _FLINK_VERSIONS_OF_RESOURCE_CONFIG.values() for version in versions}
        if flink_version in known and flink_version not in fitting:
            _fail("resource_config_version", resources, f"fits only Flink {' and '.join(fitting)}, not {flink_version}")


def _check_packages(fields):
    obs_only = is_flink_1_15_or_later(fields.get("flink_version"), fields.get("resource_config_version"))
    for name in _PACKAGE_FIELDS:
        value = fields.get(name) or []
        for path in [value] if isinstance(value, str) else value:
            if obs_only and not path.startswith("obs://"):
                _fail(name, path, "must be an obs:// path, because Flink 1.15 and later take packages only from OBS")
            if path.startswith("obs://") and not _OBS_PATH.fullmatch(path):
                _fail(name, path, "an OBS path has the form obs://bucket/path")


def _check_run_mode(fields):
    mode, job_type = fields.get("run_mode"), fields.get("job_type")
    if mode == "shared_cluster" and job_type not in (None, "flink_sql_job"):
        _fail("run_mode", mode, f"a shared cluster runs only jobs of the type flink_sql_job, not {job_type}")


def _is_json(value):
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True


def _check_resource_config(fields):
    version, config = fields.get("resource_config_version"), fields.get("resource_config")
    if version == "v2":
        _check_sizing(fields)
    if config is None:
        return
    if version != "v2":
        raise InvalidInput("resource_config is given, but it needs resource_config_version v2.")
    for name in ("max_slot", "parallel_number"):
        if config.get(name) is not None:
            check_number(f"resource_config.{name}", config[name], 1, _WIDEST_INTEGER)
    for name in ("jobmanager_resource_spec", "taskmanager_resource_spec"):
        _check_resource_spec(f"resource_config.{name}", config.get(name) or {})


def _check_sizing(fields):
    for name in V1_ONLY:
        if name in fields:
            _fail(name, fields[name], "resource_config_version v2 sizes a job by resource_config instead")


def _check_resource_spec(option, spec):
    cpu, memory = spec.get("cpu"), spec.get("memory")
    # Not a plain "less than": a string such as nan becomes a float that compares as neither.
    if cpu is not None and not _MINIMUM_CPU <= cpu < float("inf"):
        _fail(f"{option}.cpu", cpu, f"must be a finite number of at least {_MINIMUM_CPU}")
    if memory is not None:
        megabytes = memory_megabytes(memory)
        if megabytes is None:
            _fail(f"{option}.memory", memory, 'must be an amount in MB or GB, such as "4 GB"')
        if megabytes < _MINIMUM_MEMORY_MEGABYTES:
            _fail(f"{option}.memory", memory, "must be at least 2 GB")


def check_tags(option: str, tags: dict, what: str = "a job") -> None:
    """Check the tags in any option.

    :param what: what has the tags, as messages call it.
    :raises InvalidInput: with the first rule that is broken.
    """
    if len(tags) > TAGS_MAX_COUNT:
        raise InvalidInput(f"{option} has {len(tags)} tags, but {what} can have at most {TAGS_MAX_COUNT}.")
    for key, value in tags.items():
        if isinstance(value, (dict, list)):
            raise InvalidInput(f"{option} has the key {quoted(key)}, whose value must be a single string.")
        if not key:
            raise InvalidInput(f"{option} has an empty key, but each key must have at least 1 character.")
        if key.startswith("_sys_"):
            raise InvalidInput(f"{option} has the key {quoted(key)}, but keys that start with _sys_ are reserved.")
        for part, content, most in (("key", key, TAG_KEY_MAX_LENGTH), ("value", value, TAG_VALUE_MAX_LENGTH)):
            where = f"{option} has the {part} {quoted(content)}"
            if len(content) > most:
                raise InvalidInput(f"{where}, but a {part} must have at most {most} characters, not {len(content)}.")
            if any(char in _FORBIDDEN_IN_TAGS for char in content):
                raise InvalidInput(f"{where}, but a {part} must have none of {', '.join(_FORBIDDEN_IN_TAGS)}.")
            if not content.isprintable():
                raise InvalidInput(f"{where}, but a {part} must have no line break or control character.")
            if content.startswith(" "):
                raise InvalidInput(f"{where}, but a {part} must not start with a space.")
