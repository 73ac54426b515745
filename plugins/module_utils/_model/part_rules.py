# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules for options that have parts: settings, resources and tags. Most tasks give none of them."""

from __future__ import annotations

from collections import Counter

from .._errors import InvalidInput
from .._text import quoted
from .canonical import canonical, canonical_string, memory_megabytes, parsed_runtime_config
from .checks import WIDEST_INTEGER, check_number, check_string, fail
from .fields import FIELDS_BY_NAME, TAG_KEY_MAX_LENGTH, TAG_VALUE_MAX_LENGTH, TAGS_MAX_COUNT

_FORBIDDEN_IN_TAGS = "=*<>|\\"
_MINIMUM_CPU = 0.5
_MINIMUM_MEMORY_MEGABYTES = 2048


def check_runtime_config(value) -> None:
    """Check the settings of a job.

    :raises InvalidInput: with the first rule that is broken.
    """
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
    entries = value if isinstance(value, dict) else {**config, **dict.fromkeys(_keys_of_null(value))}
    for key, item in entries.items():
        where = f"runtime_config has the key {quoted(str(key))}"
        if not str(key).strip() or "=" in str(key) or not str(key).isprintable():
            raise InvalidInput(f"{where}, but each key must be plain text without an equals sign.")
        is_null = item is None and isinstance(value, str)
        if is_null or isinstance(item, (dict, list)) or not str(item).isprintable():
            raise InvalidInput(f"{where}, whose value must be a single number, boolean or line of text.")


def _keys_of_null(settings):
    """Return the keys to which settings in JSON give no value: the string is sent as it is, and may read otherwise."""
    parsed = parsed_runtime_config(settings.strip())
    pairs = parsed.items() if isinstance(parsed, dict) else ((item["key"], item.get("value")) for item in parsed)
    return [key for key, value in pairs if value is None]


def check_resource_config(config: dict) -> None:
    """Check the resources of a job.

    :raises InvalidInput: with the first rule that is broken.
    """
    for name in ("max_slot", "parallel_number"):
        if config.get(name) is not None:
            check_number(f"resource_config.{name}", config[name], 1, WIDEST_INTEGER)
    for name in ("jobmanager_resource_spec", "taskmanager_resource_spec"):
        _check_resource_spec(f"resource_config.{name}", config.get(name) or {})


def _check_resource_spec(option, spec):
    cpu, memory = spec.get("cpu"), spec.get("memory")
    # Not a plain "less than": a string such as nan becomes a float that compares as neither.
    if cpu is not None and not _MINIMUM_CPU <= cpu < float("inf"):
        fail(f"{option}.cpu", cpu, f"must be a finite number of at least {_MINIMUM_CPU}")
    if memory is not None:
        megabytes = memory_megabytes(memory)
        if megabytes is None:
            fail(f"{option}.memory", memory, 'must be an amount in MB or GB, such as "4 GB"')
        if megabytes < _MINIMUM_MEMORY_MEGABYTES:
            fail(f"{option}.memory", memory, "must be at least 2 GB")


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
    same = Counter(map(canonical_string, tags))
    for key in tags:
        if same[canonical_string(key)] > 1:
            raise InvalidInput(f"{option} has the key {quoted(key)} twice, once with other blanks or another form.")
