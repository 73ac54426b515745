# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Canonical forms of field values, so that the many ways to write one value compare as equal."""

from __future__ import annotations

import ast
import json
import re
import unicodedata

from .fields import Field

_CHECKPOINT_MODES = {"1": "exactly_once", "2": "at_least_once"}
_CHECKPOINT_MODE_NUMBERS = {"exactly_once": 1, "at_least_once": 2}

# Kinds for which an empty string is a value of its own.
_STRINGS = ("str", "bucket", "sql", "json", "runtime_config")

# Bounded in each part, so that no string takes long to read and no amount is infinite.
_MEMORY = re.compile(r"\s{0,9}([0-9]{1,15}(?:\.[0-9]{1,15})?)\s{0,9}(GB|G|MB|M)?\s{0,9}", re.IGNORECASE)

_FLINK_VERSION_START = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})(?![0-9])")
_FIRST_WITH_AGENCY = (1, 15)

# What a part of resource_config that is not set stands for (documented).
_RESOURCE_SPEC_DEFAULTS = {"cpu": 1.0, "memory": "4 GB"}
RESOURCE_CONFIG_DEFAULTS = {
    "max_slot": 1,
    "parallel_number": 1,
    "jobmanager_resource_spec": _RESOURCE_SPEC_DEFAULTS,
    "taskmanager_resource_spec": _RESOURCE_SPEC_DEFAULTS,
}


def canonical(field: Field, value):
    """Return the one form of a value that comparison and results use; it takes options and responses alike.

    An unset value becomes the field's documented default, or the empty value of its form where that says the
    same; a number without a default stays None. A value of an unexpected shape is returned as it is.
    """
    if value is None or (value == "" and (field.form not in _STRINGS or field.default)):
        value = field.default
    return FORMS[field.form](value)


def is_same(field: Field, one, other) -> bool:
    """Whether two canonical values mean the same.

    What is no whole number of megabytes may be shown as one, rounded up or down. So two amounts of memory that are less
    than a megabyte apart are the same. Settings and JSON are as texts are; their canonical form keeps letters and line
    breaks as they stand, because what is secret in it is to be found in that form.
    """
    if field.form == "runtime_config":
        return _as_texts(one) == _as_texts(other)
    if field.form == "json":
        return one == other or _with_composed_letters(one) == _with_composed_letters(other)
    if one == other or field.form != "resource_config" or not (isinstance(one, dict) and isinstance(other, dict)):
        return one == other
    return one.keys() == other.keys() and all(_is_same_part(one[key], other[key]) for key in one)


def _as_texts(settings):
    if not isinstance(settings, dict):
        return settings
    return {canonical_string(key): canonical_string(value) for key, value in settings.items()}


def _with_composed_letters(config):
    """Return JSON with its letters as canonical_string has them; what is not JSON is returned as it is."""
    try:
        return json.dumps(_composed(json.loads(config)), sort_keys=True)
    except (ValueError, RecursionError):
        return config


def _composed(value):
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_composed(item) for item in value]
    if not isinstance(value, dict):
        return value
    composed = {_composed(key): _composed(item) for key, item in value.items()}
    # Two keys that become one are no setting in two forms.
    return composed if len(composed) == len(value) else {key: _composed(item) for key, item in value.items()}


def _is_same_part(one, other):
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return one == other
    amounts = [memory_megabytes(part.get("memory")) for part in (one, other)]
    if None in amounts:
        return one == other
    return one.get("cpu") == other.get("cpu") and abs(amounts[0] - amounts[1]) < 1


def to_wire(field: Field, value):
    """Return a value, canonical or as given in the task, in the form that create and update take."""
    if field.form == "checkpoint_mode":
        return _CHECKPOINT_MODE_NUMBERS.get(value, value)
    if field.form == "runtime_config" and isinstance(value, dict):
        # What the vendor's client writes, and its tests read back. Lines are documented for the console's field alone.
        settings = [{"key": str(key), "value": text(item)} for key, item in value.items()]
        return json.dumps(settings, ensure_ascii=False) if settings else ""
    return value


def merged_resource_config(current, given: dict) -> dict:
    """Return a resource_config with the given parts laid over the current ones; both may be partial."""
    merged = dict(current) if isinstance(current, dict) else {}
    for key, value in given.items():
        if isinstance(value, dict):
            value = merged_resource_config(merged.get(key), value)
        if value is not None:
            merged[key] = value
    return merged


def computed_slots(fields: dict) -> tuple:
    """Return what the service may compute as C(tm_slot_num) of a job that is given none (documented), empty if unknown.

    Whether it rounds up or down is not documented.

    :param fields: canonical values by field name.
    """
    names = ("parallel_number", "tm_cus", "cu_number", "manager_cu_number")
    numbers = [fields[name] for name in names if isinstance(fields.get(name), int)]
    if len(numbers) < len(names):
        return ()
    parallel, tm_cus, cus, managers = numbers
    if cus <= managers:
        return ()
    needed, workers = parallel * tm_cus, cus - managers
    return (max(needed // workers, 1), -(-needed // workers))


def memory_megabytes(value):
    """Return the megabytes that a string such as C(4 GB), C(4096MB) or C(4) means (the default unit is GB, documented).

    None when the string is not an amount of memory.
    """
    match = _MEMORY.fullmatch(str(value))
    if not match:
        return None
    amount, unit = float(match.group(1)), (match.group(2) or "GB").upper()
    return amount * 1024 if unit.startswith("G") else amount


def major_and_minor(flink_version) -> tuple | None:
    """Return the first two numbers of a Flink version, None when the string has none."""
    match = _FLINK_VERSION_START.match(text(flink_version))
    return tuple(int(number) for number in match.groups()) if match else None


def is_flink_1_15_or_later(flink_version, resource_config_version) -> bool:
    """Whether a job runs on Flink 1.15 or later, which needs an agency (documented).

    A job that is sized by resources and names no version does (documented).
    """
    numbers = major_and_minor(flink_version)
    return resource_config_version == "v2" if numbers is None else numbers >= _FIRST_WITH_AGENCY


def text(value) -> str:
    """Return a scalar of a task as YAML's reader meant it: C(true) instead of Python's C(True)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def tag_strings(tags: dict) -> dict:
    """Return tags with keys and single values as strings; what is no single value is left for the rules to refuse."""
    return {text(key): value if isinstance(value, (dict, list)) else text(value) for key, value in tags.items()}


def canonical_string(value) -> str:
    """The text without what a service may trim, or write otherwise: line breaks, and letters with marks.

    Whether it keeps them as they are sent is unknown.
    """
    if value is None:
        return ""
    return unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").replace("\r", "\n").strip()


def _canonical_bucket(value):
    """The name alone: people write a bucket as an address too."""
    return canonical_string(value).removeprefix("obs://").rstrip("/")


def _canonical_json(value):
    """The string in one form, so that order and spaces make no difference; what is not JSON is returned as it is."""
    config = canonical_string(value)
    try:
        return json.dumps(json.loads(str(value).strip()), sort_keys=True, ensure_ascii=False) if config else ""
    except (ValueError, RecursionError):
        return config


def _canonical_int(value):
    try:
        return int(value)
    except (TypeError, ValueError):
        return value


def _canonical_bool(value):
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    return value


def _canonical_list(value):
    return [canonical_string(item) for item in value] if isinstance(value, (list, tuple)) else value or []


def list_from_option(items: list) -> list:
    """Return the list that an option means, which Ansible makes of a text by cutting it at commas.

    So a text in brackets comes in pieces, and blanks stand around the items.
    """
    if not all(isinstance(item, str) for item in items):
        return items
    whole = ",".join(items).strip()
    items = [item.strip() for item in items]
    if whole[:1] != "[" or whole[-1:] != "]":
        return items
    for read in (json.loads, ast.literal_eval):
        try:
            meant = read(whole)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(meant, list) and all(isinstance(item, str) for item in meant):
            return [item.strip() for item in meant]
    return items


def _canonical_checkpoint_mode(value):
    name = str(value).lower()
    return _CHECKPOINT_MODES.get(name, name)


def _canonical_runtime_config(value):
    """A dict of strings from a dict, a JSON object, a JSON list of key and value, or lines of key=value.

    Which of them the service returns is unknown, so each is read. Anything else is returned as it is.
    """
    config = parsed_runtime_config(value.strip()) if isinstance(value, str) else value
    if isinstance(config, list) and all(isinstance(item, dict) and isinstance(item.get("key"), str) for item in config):
        config = {item["key"]: item.get("value") for item in config}
    if isinstance(config, dict) and not any(isinstance(item, (dict, list)) for item in config.values()):
        return {str(key).strip(): text(item).strip() for key, item in config.items()}
    return {} if value is None else value


def parsed_runtime_config(config: str):
    """Return what a string of settings holds: of JSON whatever that is, of lines a dict; else the string."""
    if not config:
        return {}
    if config[0] in "[{":
        try:
            return json.loads(config)
        except (ValueError, RecursionError):
            # So it may be lines of settings, of which the first begins with a bracket.
            pass
    lines = [line.strip() for line in config.splitlines() if line.strip()]
    if not all("=" in line for line in lines):
        return config
    pairs = (line.partition("=") for line in lines)
    return {key.strip(): value.strip() for key, _separator, value in pairs}


def _canonical_resource_config(value):
    known = value if isinstance(value, dict) else {}
    return {
        "max_slot": _canonical_int(_or_default(known, "max_slot", RESOURCE_CONFIG_DEFAULTS)),
        "parallel_number": _canonical_int(_or_default(known, "parallel_number", RESOURCE_CONFIG_DEFAULTS)),
        "jobmanager_resource_spec": _canonical_resource_spec(known.get("jobmanager_resource_spec")),
        "taskmanager_resource_spec": _canonical_resource_spec(known.get("taskmanager_resource_spec")),
    }


def _canonical_resource_spec(value):
    known = value if isinstance(value, dict) else {}
    cpu = _or_default(known, "cpu", _RESOURCE_SPEC_DEFAULTS)
    memory = _or_default(known, "memory", _RESOURCE_SPEC_DEFAULTS)
    megabytes = memory_megabytes(memory)
    try:
        cpu = float(cpu)
    except (TypeError, ValueError):
        pass
    return {"cpu": cpu, "memory": memory if megabytes is None else _memory_string(megabytes)}


def _memory_string(megabytes):
    gigabytes = megabytes / 1024
    return f"{gigabytes:g} GB" if gigabytes == int(gigabytes) else f"{megabytes:g} MB"


def _or_default(mapping, key, defaults):
    value = mapping.get(key)
    return defaults[key] if value is None or value == "" else value


FORMS = {
    "str": canonical_string,
    "bucket": _canonical_bucket,
    "sql": canonical_string,
    "json": _canonical_json,
    "int": _canonical_int,
    "bool": _canonical_bool,
    "list": _canonical_list,
    "checkpoint_mode": _canonical_checkpoint_mode,
    "runtime_config": _canonical_runtime_config,
    "resource_config": _canonical_resource_config,
}
