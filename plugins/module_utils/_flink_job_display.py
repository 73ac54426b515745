# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How field values are shown in results, diffs and messages, so that no secret is. All pure."""

from __future__ import annotations

from ansible_collections.otc.dli.plugins.module_utils._flink_job_fields import FIELDS_BY_NAME
from ansible_collections.otc.dli.plugins.module_utils._flink_job_values import canonical, text

MASK = "********"
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


def shown(name: str, value, public_args: str):
    """Return a canonical field value as it may be shown.

    :param public_args: the arguments that the task itself gives in the open.
    """
    if name == "entrypoint_args" and value:
        return _shown_args(value, public_args)
    if name == "runtime_config" and value:
        return _shown_config(value)
    return value


def shown_change(name: str, before, after, public_args: str) -> tuple:
    """Return a tuple of two different canonical values as they may be shown, marked where only hidden parts differ."""
    shown_before, shown_after = shown(name, before, public_args), shown(name, after, public_args)
    if isinstance(before, dict) and isinstance(shown_after, dict):
        for key, value in shown_after.items():
            if value == MASK and after[key] != before.get(key):
                shown_after[key] = CHANGED_MASK
    elif shown_before == shown_after:
        shown_after = f"{shown_after} (changed)"
    return shown_before, shown_after


def sensitive_values(runtime_config) -> set[str]:
    """Return the values of a runtime_config, in any form, that are not to be shown."""
    config = canonical(FIELDS_BY_NAME["runtime_config"], runtime_config)
    if not isinstance(config, dict):
        return set()
    # What is no single value is refused, and not told.
    single = {key: text(value) for key, value in config.items() if not isinstance(value, (dict, list))}
    return {value for key, value in single.items() if _is_sensitive(key)}


def _shown_args(arguments, public_args):
    """Only words that the task gives in the open, and former values of its own flags.

    What another run or another person has put there can be a secret, and nothing in the answer tells which word is.
    """
    words = public_args.split()
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
    # One mask for a run of hidden words: not even their number is anybody's business.
    return " ".join(word for i, word in enumerate(result) if word != MASK or i == 0 or result[i - 1] != MASK)


def _flag_of(word):
    """Return what stands before the equals sign of a word, None without one."""
    flag, separator, _value = word.partition("=")
    return flag if separator else None


def _shown_config(config):
    if not isinstance(config, dict):
        # A text without keys: what is secret in it cannot be told.
        return MASK
    return {key: MASK if _is_sensitive(key) else value for key, value in config.items()}


def _is_sensitive(key):
    lowered = text(key).lower()
    return any(part in lowered for part in _SENSITIVE_KEY_PARTS)
