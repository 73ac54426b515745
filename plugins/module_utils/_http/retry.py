# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules about failed requests: which may succeed later, which may have been carried out, how long to pause.

docs/retries.md is the same in prose, with what is documented of it and what is assumed.
"""

from __future__ import annotations

import random

from .._errors import (
    AlreadyExists,
    ApiError,
    AuthenticationFailed,
    ConnectionFailed,
    NotFound,
    RequestError,
    UnexpectedResponse,
)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 20.0
THROTTLED = 429
# An error of the server without a reason may as well come of the request itself, and then comes each time.
MOST_ATTEMPTS_UNEXPLAINED = 4
_TEMPORARY_STATUSES = (THROTTLED, 500, 502, 503, 504)
# Documented as an error of the server, a service that is not available, and a time-out; they come under HTTP 400.
_TEMPORARY_CODES = ("0999", "0012", "0019")
# What the service says with one of its codes is final, whatever the HTTP status is.
_FINAL = (NotFound, AlreadyExists, AuthenticationFailed)


def is_temporary(error: RequestError) -> bool:
    """Whether the same request may succeed later."""
    if isinstance(error, ApiError):
        if isinstance(error, _FINAL):
            return False
        return _has_temporary_code(error) or error.http_status in _TEMPORARY_STATUSES
    if isinstance(error, (ConnectionFailed, UnexpectedResponse)):
        return not error.lasting
    return False


def is_throttled(error: RequestError) -> bool:
    """Whether the service turned a request away because there are too many."""
    return isinstance(error, ApiError) and error.http_status == THROTTLED


def may_be_carried_out(error: RequestError) -> bool:
    """Whether the service may have done what a request asked for, although the request failed."""
    if isinstance(error, ConnectionFailed):
        return error.sent
    if isinstance(error, ApiError):
        return is_temporary(error) and not is_throttled(error)
    return True


def next_pause(error: RequestError, repeatable: bool, attempts: int, seconds_left: float) -> float | None:
    """Return how many seconds to wait before a failed request is sent again, None when it must not be.

    :param repeatable: whether the request does no harm when it is carried out twice, as a read.
    :param attempts: how often it was sent so far.
    :param seconds_left: time that may still go by.
    """
    if not is_temporary(error) or (may_be_carried_out(error) and not repeatable):
        return None
    if _is_unexplained(error) and attempts >= MOST_ATTEMPTS_UNEXPLAINED:
        return None
    # Growing pauses, none of them quite the same for two tasks that failed together.
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (attempts - 1), LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1.0)
    if error.retry_after is not None:
        pause = max(pause, error.retry_after)
    return pause if pause <= seconds_left else None


def _is_unexplained(error):
    return isinstance(error, ApiError) and (error.http_status == 500 or _code_number(error) == "0999")


def _has_temporary_code(error):
    return _code_number(error) in _TEMPORARY_CODES


def _code_number(error):
    service, _dot, number = error.error_code.upper().partition(".")
    return number if service == "DLI" else ""
