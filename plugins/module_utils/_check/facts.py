# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the check has seen, and what it has not, with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .._errors import ApiError, ConnectionFailed, RequestError, UnexpectedResponse
from .._http.answers import is_false
from .._http.retry import is_temporary

# Anything else in the place of a code may hold what is nobody's business.
_CODE = re.compile(r"(?:[A-Z]{2,6}\.)?[0-9]{1,8}")


class NotSeen(Exception):
    """A question has no answer; the text is the reason, which names nothing of the user's."""


def code_of(error: ApiError) -> str:
    """Return the error code of a response, "" when it is none."""
    return error.error_code if _CODE.fullmatch(error.error_code) else ""


def final_code_of(error: ApiError) -> str:
    """Return the code with which the service itself has rejected a request for good, "" when that is not what it did.

    A gateway, a service that is busy, or one that does not accept the user says nothing of what was asked.
    """
    code = code_of(error)
    if is_temporary(error) or error.http_status not in (400, 404) or not code:
        return ""
    # Some errors have the number alone.
    code = f"DLI.{code}" if code.isdigit() else code
    return code if code.startswith("DLI.") else ""


def is_unknown_path(error: ApiError) -> bool:
    """Whether a request was rejected because the service has no such call."""
    return error.http_status == 404 and not final_code_of(error) and not is_temporary(error)


def is_refused(payload: Any) -> bool:
    """Whether a response of HTTP 200 says of a job that the request was rejected."""
    elements = payload if isinstance(payload, list) else [payload]
    return any(isinstance(found, dict) and is_false(found.get("is_success")) for found in elements)


def accepted(payload: Any, what: str) -> Any:
    """Return a response.

    :param what: the request in words.
    :raises NotSeen: it says that the request was rejected.
    """
    if is_refused(payload):
        raise NotSeen(f"the {what} was rejected")
    return payload


def reason_of(error: RequestError | NotSeen) -> str:
    """Return why a request has not shown what it was to show.

    The sentence of the error is not used: it names the project and jobs, and quotes the service.
    """
    if isinstance(error, NotSeen):
        return str(error)
    if isinstance(error, ApiError):
        code = code_of(error)
        return f"the request was rejected with HTTP {error.http_status}{f', {code}' if code else ''}"
    if isinstance(error, UnexpectedResponse):
        return f"the response (HTTP {error.http_status}) has not the shape of the API's"
    if isinstance(error, ConnectionFailed):
        return "there was no response"
    return f"the request failed ({type(error).__name__})"


def seen(see: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return what a callable makes of responses, which may hold anything in the place of anything.

    :raises NotSeen: it cannot make anything of them.
    :raises RequestError: a request failed.
    """
    try:
        return see(*args, **options)
    except (NotSeen, RequestError):
        raise
    except Exception:  # pylint: disable=broad-except # one odd response shall not cost the answers to all questions
        raise NotSeen("the response has not the shape of the API's") from None


class Facts:
    """What was seen, by name. A name that is missing has a reason.

    C(failures) has the errors of requests.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Any] = {}
        self._reasons: dict[str, str] = {}
        self.failures: dict[str, RequestError] = {}

    def note(self, name: str, ask: Callable[..., Any], *args: Any, **options: Any) -> None:
        """Keep what a callable returns, or why it returned nothing."""
        try:
            self._seen[name] = seen(ask, *args, **options)
        except NotSeen as exc:
            self._reasons[name] = reason_of(exc)
        except RequestError as exc:
            self._reasons[name] = reason_of(exc)
            self.failures[name] = exc

    def keep(self, name: str, value: Any) -> None:
        """Keep a value."""
        self._seen[name] = value

    def has(self, name: str) -> bool:
        """Whether something was seen."""
        return name in self._seen

    def __getitem__(self, name: str) -> Any:
        if name not in self._seen:
            raise NotSeen(self._reasons.get(name, "a request before it failed"))
        return self._seen[name]


def part(value: Any, *path: str) -> Any:
    """Return what an object holds under a path of keys.

    :raises NotSeen: it has no such part.
    """
    for key in path:
        if not isinstance(value, dict) or key not in value:
            raise NotSeen(f"the response has no {'.'.join(path)}")
        value = value[key]
    return value


def config_of(job: Any) -> dict:
    """Return the C(job_config) of a job.

    :raises NotSeen: it has none.
    """
    config = part(job, "job_config")
    if not isinstance(config, dict):
        raise NotSeen("job_config is no object")
    return config


def jobs_of(payload: Any) -> tuple[list[dict], int]:
    """Return a tuple of the jobs on a page of the list, and of how many jobs there are.

    :raises NotSeen: it is no page of the list.
    """
    jobs, total = part(payload, "job_list", "jobs"), part(payload, "job_list", "total_count")
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in jobs):
        raise NotSeen("the list has no jobs in it")
    return jobs, number(total)


def number(value: Any) -> int:
    """Return a whole number, which may be written as a string.

    :raises NotSeen: it is none.
    """
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise NotSeen("a number in the response is none") from None


def one_of(values: list, what: str) -> Any:
    """Return the value that all have.

    :raises NotSeen: there is none, or they differ.
    """
    if not values:
        raise NotSeen(f"no response shows {what}")
    if any(value != values[0] for value in values):
        raise NotSeen(f"{what} differs from one field or job to the next")
    return values[0]
