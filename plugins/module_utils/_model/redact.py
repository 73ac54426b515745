# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How field values are shown in results, diffs and messages, so that no secret is."""

from __future__ import annotations

import re

from .canonical import canonical, text
from .fields import FIELDS_BY_NAME

MASK = "********"
# Shorter words are left alone: hiding each "1" or "on" would garble the whole result.
SHORTEST_SECRET_WORD = 4
CHANGED_MASK = f"{MASK} (changed)"
# Parts of the option names that Flink itself treats as sensitive when it shows its configuration.
_SENSITIVE_KEY_PARTS = (
    "password",
    "secret",
    "token",
    "apikey",
    "api-key",
    "access-key",
    "access.key",
    "account.key",
    "service-key",
    "auth-params",
    "basic-auth",
    "jaas.config",
    "http-headers",
)

# An option in SQL, such as 'connector' = 'kafka': all before the value, the key, the value.
_SQL_OPTION = re.compile(r"('([A-Za-z][\w.-]{0,199})'\s{0,99}=\s{0,99}')((?:[^']|'')*)'")
# A setting such as SET s3.secret-key = abc, with or without quotes: all before the value, a quote, the key, the value.
_SQL_SETTING = re.compile(
    r"(\b(?i:set)\s{1,99}(['\"`]?)([A-Za-z][\w.-]{0,199})\2\s{0,99}=\s{0,99})"
    r"((?:[^;\n'\"]+|'(?:[^']|'')*'|\"[^\"]*\"|['\"])+)"
)
# The value of one, if it is quoted as a whole, and where a comment after it begins.
_QUOTED_VALUE = re.compile(r"'((?:[^']|'')*)'|\"([^\"]*)\"")
_COMMENT_BEHIND = re.compile(r"\s--|/\*")
# What people write freely in SQL: comments, string literals and quoted names. Hints are no comments; what has no end
# goes to the end.
_SQL_PART = re.compile(r"--[^\n]*|/\*(?!\+)(?:[^*]|\*(?!/))*(?:\*/|\Z)|'(?:[^']|'')*(?:'|\Z)|`[^`]*`|\"[^\"]*\"")
# They are looked at so that a quote in one does not pass for the beginning of a string.
_NAME_QUOTES = '`"'
# What a hidden one of them looks like, by how it begins.
_REDACTED_PARTS = {"-": f"-- {MASK}", "/": f"/* {MASK} */", "'": f"'{MASK}'", "`": f"`{MASK}`", '"': f'"{MASK}"'}
# A value that itself holds settings or a URL with a password.
_SECRET_IN_VALUE = re.compile(
    "(?:" + "|".join(map(re.escape, _SENSITIVE_KEY_PARTS)) + r")[\w.-]{0,99}\s{0,9}=|://[^/\s@]{0,999}:[^/\s@]{0,999}@",
    re.IGNORECASE,
)


def redacted(name: str, value, public_text: str):
    """Return a canonical field value as it may be shown.

    :param public_text: the arguments or the SQL that the task itself gives in the open.
    """
    if name == "entrypoint_args" and value:
        return _redacted_args(value, public_text)
    if name == "sql_body" and value:
        return _redacted_sql(value, public_text)
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
    # What is no single value is refused, and not told.
    single = {key: text(value) for key, value in config.items() if not isinstance(value, (dict, list))}
    return {value for key, value in single.items() if _is_sensitive(key)}


def sensitive_sql_values(sql) -> set[str]:
    """Return the values of options and settings in SQL that are not to be shown, as they stand there and are meant."""
    found = {match[3] for match in _SQL_OPTION.finditer(sql or "") if _is_sensitive_option(match[2], match[3])}
    for match in _SQL_SETTING.finditer(sql or ""):
        if _is_sensitive_option(match[3], match[4]):
            quoted = _QUOTED_VALUE.match(match[4])
            found.add((quoted[1] or quoted[2] or "") if quoted else _COMMENT_BEHIND.split(match[4], 1)[0].strip())
    return found | {value.replace("''", "'") for value in found}


def secret_words(fields: dict) -> set[str]:
    """Return what is secret in the SQL and the runtime_config of a job or template, as far as it is to be hidden."""
    words = sensitive_values(fields.get("runtime_config")) | sensitive_sql_values(fields.get("sql_body"))
    return {word for word in words if len(word) >= SHORTEST_SECRET_WORD and word not in ("true", "false")}


def _redacted_sql(sql, public_sql):
    """Without values of sensitive options, and without comments and strings that the task does not itself give.

    As with arguments, former values of the options that the task gives in the open are shown.
    """
    sql, public_sql = _without_sensitive_options(sql), _without_sensitive_options(public_sql)
    public_parts = set(_SQL_PART.findall(public_sql))
    public_keys = {match[2] for match in _SQL_OPTION.finditer(public_sql) if match[3] != MASK}
    public_places = set()
    for match in _SQL_OPTION.finditer(sql):
        public_places.add(match.start(2) - 1)
        if match[3] == MASK or match[2] in public_keys:
            public_places.add(match.start(3) - 1)
    # Their keys tell which values are sensitive.
    public_places.update(match.start(3) - 1 for match in _SQL_SETTING.finditer(sql) if match[2] == "'")

    def redacted_part(match):
        part = match[0]
        if match.start() in public_places or part in public_parts:
            return part
        if part[0] in _NAME_QUOTES and "'" not in part:
            return part
        return _REDACTED_PARTS[part[0]]

    # At the end: a value without quotes can hold half a string or comment, and what follows must not pass for the rest.
    return _without_sensitive_settings(_SQL_PART.sub(redacted_part, sql))


def _without_sensitive_options(sql):
    return _SQL_OPTION.sub(
        lambda match: f"{match[1]}{MASK}'" if _is_sensitive_option(match[2], match[3]) else match[0], sql
    )


def _without_sensitive_settings(sql):
    def redacted_setting(match):
        if not _is_sensitive_option(match[3], match[4]):
            return match[0]
        quote = match[4][0] if _QUOTED_VALUE.fullmatch(match[4].rstrip()) else ""
        return f"{match[1]}{quote}{MASK}{quote}"

    return _SQL_SETTING.sub(redacted_setting, sql)


def _is_sensitive_option(key, value):
    return _is_sensitive(key) or bool(_SECRET_IN_VALUE.search(value))


def _redacted_args(arguments, public_text):
    """Only words that the task gives in the open, and former values of its own flags."""
    words = _args_with_masks(arguments, public_text)
    # One mask for a run of hidden words: not even their number is anybody's business.
    return " ".join(word for i, word in enumerate(words) if word != MASK or i == 0 or words[i - 1] != MASK)


def redacted_part_of_args(arguments: str, public_text: str) -> str:
    """Return those of a job's arguments that results do not show.

    :param public_text: as C(JobSpec.public_text).
    """
    redacted_words = _args_with_masks(arguments, public_text)
    return " ".join(word for word, redacted_word in zip(arguments.split(), redacted_words) if redacted_word == MASK)


def _args_with_masks(arguments, public_text):
    """Return the words of arguments, with a mask for each that the task does not give in the open.

    What another run or another person has put there can be a secret, and nothing in the answer tells which word is.
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
        # A text without keys: what is secret in it cannot be told.
        return MASK
    return {key: MASK if _is_sensitive(key) else value for key, value in config.items()}


def _is_sensitive(key):
    lowered = text(key).lower()
    return any(part in lowered for part in _SENSITIVE_KEY_PARTS)
