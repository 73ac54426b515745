# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that a job's options must keep.

A rule about one option is checked before any request is sent. A rule between fields is checked then as far as the task
itself gives what it is about. For the rest it is checked as soon as the job is read, before anything is written. Each
rule that is broken raises InvalidInput with one sentence that names the option, its value and the rule, and what the
job has already.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Callable, NamedTuple

from .._errors import InvalidInput
from .._text import quoted
from .canonical import major_and_minor
from .checks import WIDEST_INTEGER, WIDEST_LONG, check_name, check_number, check_string, fail
from .fields import FIELDS_BY_NAME, TYPE_OF_ANY_SQL_JOB
from .spec import JobSpec

_FLINK_VERSION = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}(\.[0-9]{1,9})?")
_OBS_PATH = re.compile(r"obs://[^/\s]+/\S.*")

# Which resource configuration versions go with which Flink versions (vendor). Of other versions nothing is known.
_FLINK_VERSIONS_OF_RESOURCE_CONFIG = {"v1": ("1.12", "1.13", "1.15"), "v2": ("1.13", "1.15", "1.17")}
# What sizes a job under resource_config_version v1 alone (documented).
V1_ONLY = ("cu_number", "manager_cu_number", "tm_cus")
# The last Flink version with packages that were uploaded to DLI, of which it advises against them (documented).
_LAST_WITH_PACKAGES_IN_DLI = (1, 15)
_PACKAGE_FIELDS = ("entrypoint", "dependency_jars", "dependency_files", "udf_jar_url")
# What says which Flink a job has.
_FLINK_VERSION_FIELDS = ("flink_version", "feature")
_DIRTY_DATA = re.compile(r"[01]|2:\S+")


class Rule(NamedTuple):
    """One rule between fields.

    :param fields: names of all fields that C(broken) reads, because a change of each of them can break the rule.
        Messages name the first one of them that the task gives and changes.
    :param broken: callable that takes values by field name, and returns what the rule says when they certainly break
        it, else "". A field without a value is left to the service, and one that is missing is not known.
    :param of: the field that the rule is about where a request leaves that out when the rule takes its meaning, so that
        only a task which gives it can break the rule; "" for none.
    :param part: callable that returns what messages show of the first field's value.
    """

    fields: tuple[str, ...]
    broken: Callable[[dict], str]
    of: str = ""
    part: Callable = lambda value: value

    @property
    def name(self) -> str:
        """What the rule is called."""
        return " and ".join(self.fields)


def check_spec(spec: JobSpec) -> None:
    """Check everything that can be known of a desired state without asking the service.

    :raises InvalidInput: with the first rule that is broken.
    """
    _check_identity(spec)
    for name, value in spec.given.items():
        _check_field(FIELDS_BY_NAME[name], value)
    _check_rules(spec.given, {}, set(spec.given))
    if spec.tags is not None:
        from .part_rules import check_tags

        check_tags("tags", spec.tags)


def check_new(spec: JobSpec) -> None:
    """Check the rules between fields on a job that is made of the task alone; its other fields have no value.

    :raises InvalidInput: with the first rule that is broken.
    """
    _check_rules(spec.given, {name: None for name in FIELDS_BY_NAME if name not in spec.given}, set(spec.given))


def check_changed(spec: JobSpec, current: dict, changes: set[str]) -> None:
    """Check the rules between fields on a job as it will be.

    What no change is about is left as it is, right or wrong: the service has taken it.

    :param current: what the job has of all fields, None for what is not set or not known.
    :param changes: names of the fields that change.
    :raises InvalidInput: with the first rule that is broken.
    """
    _check_rules(spec.given, {name: value for name, value in current.items() if name not in spec.given}, changes, True)


def package_warnings(fields: dict, changes: set[str]) -> list[str]:
    """Return sentences about packages that the service takes, but advises against.

    :param fields: the values of a job as it will be.
    :param changes: names of the fields that change.
    """
    if _flink_version(fields) != _LAST_WITH_PACKAGES_IN_DLI:
        return []
    return [
        f"{name} has the package {quoted(package)}, which was uploaded to DLI; for Flink 1.15 the service recommends "
        "packages in OBS, and later versions take no others."
        for name in _PACKAGE_FIELDS
        if {name, *_FLINK_VERSION_FIELDS} & changes and (package := _package_in_dli(fields.get(name)))
    ]


def _check_rules(given, rest, changes, is_there=False):
    fields = {**rest, **given}
    for rule in RULES:
        touched = [name for name in rule.fields if name in given and name in changes]
        if not touched or (rule.of and rule.of not in given):
            continue
        requirement = rule.broken(fields)
        if requirement:
            option = touched[0]
            shown = {name: fields.get(name) for name in rule.fields}
            shown[rule.fields[0]] = rule.part(shown[rule.fields[0]])
            already = _already({name: value for name, value in shown.items() if name in rest}) if is_there else ""
            raise InvalidInput(
                f"{option} is {_in_words(shown[option])}, but {requirement.removeprefix(option + ' ')}{already}."
            )


def _in_words(value):
    return "given" if isinstance(value, dict) else quoted(value)


def _already(fields):
    """Return the end of a sentence, which says what a job has of some fields; "" where they are none."""
    has = [f"{name} {quoted(value)}" for name, value in fields.items() if value not in (None, "", [], {})]
    lacks = [name for name, value in fields.items() if value in (None, "", [], {})]
    shown = f"; the job already has {' and '.join(has)}" if has else ""
    return shown + (f"; the job shows no {' and no '.join(lacks)}" if lacks else "")


def _check_identity(spec):
    if spec.name is None and spec.job_id is None:
        raise InvalidInput("name or job_id is missing; one of them must identify the job.")
    if spec.job_id is not None:
        check_number("job_id", spec.job_id, 1, WIDEST_LONG)
    if spec.name is not None:
        check_name("name", spec.name)


def _check_field(field, value):
    if field.form == "int":
        _check_range(field, value)
    elif field.form == "list":
        for item in value:
            if not item.strip():
                what = "a package or file" if field.name in _PACKAGE_FIELDS else "something"
                raise InvalidInput(f"{field.name} has an empty entry, but each entry must name {what}.")
            check_string(field.name, item, field.max_length)
    elif field.form in ("runtime_config", "resource_config"):
        # Most tasks give none of them, and to compile their rules takes 0.5 ms.
        from .part_rules import check_resource_config, check_runtime_config

        check_parts = check_runtime_config if field.form == "runtime_config" else check_resource_config
        check_parts(value)
    elif isinstance(value, str) and not field.choices:
        check_string(field.name, value, field.max_length)
    if field.form == "bucket" and "/" in value:
        fail(field.name, value, "must be the name of a bucket, without a folder")
    if field.form == "json" and value and not _is_json(value):
        raise InvalidInput(f"{field.name} is not JSON, but must be a dictionary or a string of JSON.")
    if field.name == "dirty_data_strategy" and value and not _DIRTY_DATA.fullmatch(value):
        fail(field.name, value, 'must be "0" (ignore), "1" (fail) or "2:" and a path in OBS (save)')
    if field.name == "resume_max_num" and value == 0:
        fail(field.name, value, "must be -1 (no limit) or greater than 0")
    if field.name in _PACKAGE_FIELDS:
        for path in _paths(value):
            if path.startswith("obs://") and not _OBS_PATH.fullmatch(path):
                fail(field.name, path, "an OBS path has the form obs://bucket/path")
    if field.name == "flink_version" and value and not _FLINK_VERSION.fullmatch(value):
        fail(field.name, value, 'must be a version such as "1.17", in quotes')


def _check_range(field, value):
    if field.maximum is not None and not isinstance(value, bool) and not field.minimum <= value <= field.maximum:
        fail(field.name, value, f"must be from {field.minimum} to {field.maximum}")
    check_number(field.name, value, field.minimum, WIDEST_INTEGER)


def _paths(value):
    return [value] if isinstance(value, str) else value or []


def _package_in_dli(value):
    """Return the first package that was uploaded to DLI, "" for none."""
    return next((path for path in _paths(value) if path and not path.startswith("obs://")), "")


def _flink_version(fields):
    """Return the Flink version as two numbers, None where it is not known; an image of one's own brings its own."""
    return None if fields.get("feature") == "custom" else major_and_minor(fields.get("flink_version"))


def _more_managers_than_cus(fields):
    cu_number, manager = fields.get("cu_number"), fields.get("manager_cu_number")
    if fields.get("resource_config_version") == "v2" or None in (cu_number, manager) or cu_number > manager:
        return ""
    return f"cu_number must be greater than manager_cu_number, which is {manager}"


def _more_parallel_than_cus(fields):
    cu_number, parallel = fields.get("cu_number"), fields.get("parallel_number")
    if fields.get("resource_config_version") == "v2" or None in (cu_number, parallel):
        return ""
    manager = fields.get("manager_cu_number")
    # An unknown number of manager CUs is at least its minimum, so this refuses nothing that could be valid.
    most = 4 * (cu_number - (FIELDS_BY_NAME["manager_cu_number"].minimum if manager is None else manager))
    if parallel <= most:
        return ""
    return f"parallel_number must be at most 4 * (cu_number - manager_cu_number), which is {most}"


def _sized_otherwise(fields, name):
    if fields.get("resource_config_version") != "v2" or fields.get(name) is None:
        return ""
    return "resource_config_version v2 sizes a job by resource_config instead"


def _not_sized_by_resources(fields):
    if fields.get("resource_config") is None or fields.get("resource_config_version", "v2") == "v2":
        return ""
    return "resource_config needs resource_config_version v2"


def _version_does_not_fit(fields):
    resources, version = fields.get("resource_config_version"), _flink_version(fields)
    written = f"{version[0]}.{version[1]}" if version else ""
    fitting = _FLINK_VERSIONS_OF_RESOURCE_CONFIG.get(resources, ())
    # A version that is not known is the service's to refuse.
    known = {one for versions in _FLINK_VERSIONS_OF_RESOURCE_CONFIG.values() for one in versions}
    if not fitting or written in fitting or written not in known:
        return ""
    listed = f"{', '.join(fitting[:-1])} and {fitting[-1]}"
    return f"resource_config_version {resources} fits only Flink {listed}, not {written}"


def _version_of_image(fields):
    is_broken = fields.get("flink_version") and fields.get("feature") == "custom"
    return "flink_version is only valid when feature is basic" if is_broken else ""


def _image_without_feature(fields):
    is_broken = fields.get("image") and fields.get("feature", "custom") != "custom"
    return "image is only valid when feature is custom" if is_broken else ""


def _package_not_in_obs(fields, name):
    version = _flink_version(fields)
    if version is None or version <= _LAST_WITH_PACKAGES_IN_DLI or not _package_in_dli(fields.get(name)):
        return ""
    return f"{name} must be an obs:// path, because Flink later than 1.15 takes packages only from OBS"


def _logs_without_bucket(fields):
    is_broken = fields.get("log_enabled") and not fields.get("obs_bucket", "unknown")
    return "log_enabled needs obs_bucket, the bucket that the logs go to" if is_broken else ""


def _path_is_chosen(fields):
    is_broken = fields.get("checkpoint_enabled") and fields.get("checkpoint_path")
    return "the service chooses the path itself when checkpoint_enabled is true" if is_broken else ""


def _not_on_shared_cluster(fields):
    job_type = fields.get("job_type")
    # The service may show this type for any SQL job.
    if fields.get("run_mode") != "shared_cluster" or job_type in (None, "", TYPE_OF_ANY_SQL_JOB):
        return ""
    return f"a shared cluster runs only jobs of the type {TYPE_OF_ANY_SQL_JOB}, not {job_type}"


RULES = (
    Rule(("cu_number", "manager_cu_number", "resource_config_version"), _more_managers_than_cus),
    Rule(("parallel_number", "cu_number", "manager_cu_number", "resource_config_version"), _more_parallel_than_cus),
    Rule(("log_enabled", "obs_bucket"), _logs_without_bucket),
    Rule(("checkpoint_path", "checkpoint_enabled"), _path_is_chosen, of="checkpoint_path"),
    Rule(("flink_version", "feature"), _version_of_image, of="flink_version"),
    Rule(("image", "feature"), _image_without_feature, of="image"),
    Rule(("resource_config_version", *_FLINK_VERSION_FIELDS), _version_does_not_fit),
    *(
        Rule((name, *_FLINK_VERSION_FIELDS), partial(_package_not_in_obs, name=name), part=_package_in_dli)
        for name in _PACKAGE_FIELDS
    ),
    *(Rule((name, "resource_config_version"), partial(_sized_otherwise, name=name), of=name) for name in V1_ONLY),
    Rule(("resource_config", "resource_config_version"), _not_sized_by_resources, of="resource_config"),
    Rule(("run_mode", "job_type"), _not_on_shared_cluster),
)


def _is_json(value):
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True
