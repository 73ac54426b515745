# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a response of the IAM and DLI APIs says, be it a success or not; _http/failures.py says what a failure means."""

from __future__ import annotations

import json

from .._text import printable

_NO_CONTENT = 204


def parsed(response, content):
    """Return a tuple of the response's JSON and what is wrong with it ("" when nothing is)."""
    if not content:
        return None, "" if response.status_code == _NO_CONTENT else "empty"
    try:
        return json.loads(content), ""
    except (ValueError, RecursionError):
        content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type == "text/html" or content.lstrip()[:1] == b"<":
            return None, "an HTML page, not the API's JSON"
        return None, "not valid JSON"


def outcome_in(response):
    """Return the outcome that the message of a response holds as JSON, an empty dictionary when it holds none.

    The vendor's reference shows savepoints so: the response is a success, and the outcome inside says what became of
    the request.
    """
    message = response.get("message")
    if not isinstance(message, str) or not message.lstrip().startswith("{"):
        return {}
    try:
        outcome = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return outcome if "is_success" in outcome else {}


def words(value):
    """Return a string or number of a response as it may be shown, "" for anything else."""
    return printable(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def request_id_of(headers) -> str:
    """Return what identifies a request to the service's support, "" when its response does not say."""
    return printable(headers.get("X-Request-Id", ""))


def is_rejection(response: dict) -> bool:
    """Whether a response, or the outcome that its message holds, says that the request was rejected."""
    return is_false(response.get("is_success")) or is_false(outcome_in(response).get("is_success"))


def is_error(response):
    """Whether a response has the code of an error and no word of success, whatever its HTTP status says."""
    return bool(words(response.get("error_code"))) and "is_success" not in response


def is_false(value) -> bool:
    """Whether a flag of a response says no: it comes as a boolean or as a string (documented both ways)."""
    return value is False or (isinstance(value, str) and value.strip().lower() == "false")
