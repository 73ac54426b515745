# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules for values of any option, be it of a job or of something else: names, numbers, strings and paths."""

from __future__ import annotations

import re
from typing import NoReturn

from .._errors import InvalidInput
from .._text import quoted
from .fields import NAME_MAX_LENGTH

_NAME = re.compile(r"[A-Za-z0-9_-]+")
# A bucket alone or a path in one, as the service takes it where it reads or writes itself.
_BUCKET_AND_PATH = re.compile(r"(obs://)?[a-z0-9][a-z0-9.-]*(/[^\s/]+)*/?")
# What the types Integer and Long of the API reference can hold.
WIDEST_INTEGER = 2**31 - 1
WIDEST_LONG = 2**63 - 1
# Strings whose line breaks mean something.
_MULTI_LINE = ("desc", "runtime_config", "sql_body", "operator_config", "static_estimator_config", "flink_log_config")


def fail(option: str, value: object, rule: str) -> NoReturn:
    """Say which rule a value breaks.

    :raises InvalidInput: always.
    """
    raise InvalidInput(f"{option} is {quoted(value)}, but {rule}.")


def check_name(option: str, name: str) -> None:
    """Check the name of a job, or the beginning of one, in any option.

    :raises InvalidInput: no job can have it.
    """
    if not 1 <= len(name) <= NAME_MAX_LENGTH:
        fail(option, name, f"must have 1 to {NAME_MAX_LENGTH} characters, not {len(name)}")
    if not _NAME.fullmatch(name):
        fail(option, name, "may hold only letters, digits, underscores and hyphens")


def check_number(option: str, value: int, least: int, most: int) -> None:
    """Check what Ansible takes for a number: booleans are among that, and numbers that the API cannot hold.

    :raises InvalidInput: it is none, or not from C(least) to C(most).
    """
    if isinstance(value, bool):
        fail(option, value, "must be a number")
    if value < least:
        fail(option, value, f"must be at least {least}")
    if value > most:
        fail(option, value, f"must be at most {most}")


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
