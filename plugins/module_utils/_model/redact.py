# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How field values are shown in results, diffs and messages, so that no secret is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._text import MASK
from .canonical import canonical, text
from .fields import FIELDS_BY_NAME
from .sensitive import holds_secret, is_sensitive

if TYPE_CHECKING:
    from .job import ObservedJob

# Shorter words are left alone: hiding each "1" or "on" would garble the whole result.
SHORTEST_SECRET_WORD = 4
CHANGED_MASK = f"{MASK} (changed)"


def redacted(name: str, value, public_text: str):
    """Return a canonical field value as it may be shown.

    :param public_text: the arguments or the SQL that the task itself gives in the open.
    """
    if name == "entrypoint_args" and value:
        return _redacted_args(value, public_text)
    if name == "sql_body" and value:
        # Jobs with a JAR need none of this, and each file to be compiled makes every task slower: this one by 3 %.
        from .sql import redacted_sql

        return redacted_sql(value, public_text)
    if name == "runtime_config" and value:
        return _redacted_config(value)
    return value


def redacted_change(name: str, before, after, public_text: str) -> tuple:
    """Return a tuple of two different canonical values as they may be shown, marked where only hidden parts differ."""
    redacted_before, redacted_after = redacted(name, before, public_text), redacted(name, after, public_text)
    if isinstance(before, dict) and isinstance(redacted_after, dict):
        for key, value in redacted_after.items():
            if value == MASK and after[key] != before.get(key):
                redacted_after[key] = CHANGED_MASK
    elif redacted_before == redacted_after:
        redacted_after = f"{redacted_after} (changed)"
    return redacted_before, redacted_after


def redacted_fields(values: dict, public_text: str) -> dict:
    """Return fields as results show them.

    :param values: canonical values by field name.
    :param public_text: as C(JobSpec.public_text).
    """
    result = {name: redacted(name, value, public_text) for name, value in values.items()}
    if "resource_config" in values and values.get("resource_config_version") == "v1":
        # Without effect under v1 (documented); defaults that nobody asked for would only mislead.
        result["resource_config"] = {}
    return result


def sensitive_values(runtime_config) -> set[str]:
    """Return the values of a runtime_config, in any form, that are not to be shown."""
    config = canonical(FIELDS_BY_NAME["runtime_config"], runtime_config)
    if not isinstance(config, dict):
        return set()
    # A value that is a list or a dictionary is refused, and never shown.
    single = {key: text(value) for key, value in config.items() if not isinstance(value, (dict, list))}
    return {value for key, value in single.items() if is_secret_setting(key, value)}


def is_secret_setting(key, value) -> bool:
    """Whether the value of a setting is not to be shown."""
    return is_sensitive(text(key)) or holds_secret(text(value))


def sensitive_sql_values(sql) -> set[str]:
    """Return the values of options and settings in SQL that are not to be shown, as they stand there and are meant."""
    if not sql:
        return set()
    # See C(redacted).
    from .sql import secrets_in_sql

    return secrets_in_sql(sql)


def secret_words(fields: dict) -> set[str]:
    """Return what is secret in the SQL and the runtime_config of a job or template, as far as it is to be hidden."""
    words = sensitive_values(fields.get("runtime_config")) | sensitive_sql_values(fields.get("sql_body"))
    return {word for word in words if len(word) >= SHORTEST_SECRET_WORD and word not in ("true", "false")}


def _redacted_args(arguments, public_text):
    """Only words that the task gives in the open, and previous values of its own flags."""
    words = _args_with_masks(arguments, public_text)
    # One mask for a run of hidden words: not even their number is anybody's business.
    return " ".join(word for i, word in enumerate(words) if word != MASK or i == 0 or words[i - 1] != MASK)


def secrets_read(job: ObservedJob, public_text: str) -> set[str]:
    """Return what a job holds that can be secret: arguments of others, previous passwords, sensitive settings.

    :param public_text: as C(JobSpec.public_text).
    """
    arguments = redacted_part_of_args(job.value("entrypoint_args"), public_text)
    fields = {name: job.value(name) for name in ("runtime_config", "sql_body")}
    return secret_words(fields) | ({arguments} if arguments else set())


def redacted_part_of_args(arguments: str, public_text: str) -> str:
    """Return those of a job's arguments that results do not show.

    :param public_text: as C(JobSpec.public_text).
    """
    redacted_words = _args_with_masks(arguments, public_text)
    return " ".join(word for word, redacted_word in zip(arguments.split(), redacted_words) if redacted_word == MASK)


def _args_with_masks(arguments, public_text):
    """Return the words of arguments, with a mask for each that the task does not give in the open.

    What another run or another person has put there can be a secret, and nothing in the response says which word is.
    """
    words = public_text.split()
    public_words = set(words)
    flags_with_value = {
        flag for flag, value in zip(words, words[1:]) if flag.startswith("-") and not value.startswith("-")
    }
    flags_with_equals_sign = {flag for flag, separator, _value in (word.partition("=") for word in words) if separator}
    result = []
    previous = ""
    for word in arguments.split():
        result.append(
            word
            if word in public_words or previous in flags_with_value or _flag_of(word) in flags_with_equals_sign
            else MASK
        )
        previous = word
    return result


def _flag_of(word):
    """Return what stands before the equals sign of a word, None without one."""
    flag, separator, _value = word.partition("=")
    return flag if separator else None


def _redacted_config(config):
    if not isinstance(config, dict):
        # A string without keys: nothing shows which part of it is secret.
        return MASK
    return {key: MASK if is_secret_setting(key, value) else value for key, value in config.items()}
