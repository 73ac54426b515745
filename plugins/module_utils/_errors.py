# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one family of exceptions that everything below the module layer raises."""

from __future__ import annotations

import os
import traceback
from typing import TypeVar

_Error = TypeVar("_Error", bound="DliError")
_SENTENCE_ENDS = (".", "!", "?", "\u3002")


class DliError(Exception):
    """Base of all errors; its text is one whole sentence meant for the person who runs the task.

    An error is never changed. What is learned about it on its way up makes another one of it.

    C(result) is what the task returns besides, such as what had been changed before it failed. C(may_have_changed)
    is whether that can be more than is known; who reacts to changes must not miss one.
    """

    may_have_changed = False

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.result: dict = {}

    def after(self: _Error, actions: list, risks: tuple = ()) -> _Error:
        """Return the same error, whose result says what had been done before it.

        :param actions: the operations that had been carried out.
        :param risks: sentences about what put a job's state at risk in what was planned.
        """
        facts = {"risks": list(risks)} if risks else {}
        return self.with_result({"changed": bool(actions) or self.may_have_changed, "actions": actions, **facts})

    def with_result(self: _Error, result: dict) -> _Error:
        """Return the same error with what the task returns besides."""
        return self._copy(result=result)

    def in_doubt(self: _Error) -> _Error:
        """Return the same error of a task, of which a write may have been carried out, or may be yet."""
        return self._copy(may_have_changed=True)

    def explained(self: _Error, explanation: str) -> _Error:
        """Return the same error with another sentence, which says what it means for the task."""
        return self._copy(args=(f"{self} {explanation}",))

    def copied(self: _Error) -> _Error:
        """Return the same error for somebody else to raise, which leaves a trace of its own in it."""
        return self._copy()

    def _copy(self: _Error, **attributes) -> _Error:
        other = type(self).__new__(type(self))
        other.args = self.args
        other.__dict__.update(self.__dict__)
        for name, value in attributes.items():
            setattr(other, name, value)
        return other

    def details(self) -> dict:
        """Facts about the error for the module's C(error) return value."""
        return {"type": type(self).__name__}


class Fault(DliError):
    """Something happened that this collection does not reckon with.

    :param exc: what was raised, perhaps amid a change.
    """

    may_have_changed = True

    def __init__(self, exc: Exception) -> None:
        place = traceback.extract_tb(exc.__traceback__)[-1]
        self._type = type(exc).__name__
        super().__init__(
            f"This is a fault of the collection otc.dli, please report it: {self._type} in {place.name}, "
            f"{os.path.basename(place.filename)} line {place.lineno}."
        )

    def details(self) -> dict:
        return {"type": self._type}


class InvalidInput(DliError):
    """An option or a combination of options breaks a rule; nothing was sent or changed."""


class MissingLibrary(DliError):
    """An optional Python library that the chosen options need is not installed.

    :param library: name of the library on the package index.
    :param reason: what it is needed for, as the end of the sentence.
    """

    def __init__(self, library: str, reason: str, cause: str = "") -> None:
        super().__init__(f"The Python library {library} is required {reason}.")
        self.library = library
        self.reason = reason
        self.cause = cause


class ConflictError(DliError):
    """What exists on the service contradicts what the task asks for; nothing was changed."""


class LifecycleError(DliError):
    """A start, stop or upgrade did not end as planned.

    :param job: what is known of where the job stands now, for the result.
    :param rolled_back: whether the previous definition runs again.
    """

    def __init__(self, message: str, job: dict, rolled_back: bool = False) -> None:
        super().__init__(message)
        self.job = job
        self.rolled_back = rolled_back

    def details(self) -> dict:
        return {**super().details(), **self.job, "rolled_back": self.rolled_back}


class StartFailed(LifecycleError):
    """The start that this task made has failed, by the job's own status."""


class FleetError(DliError):
    """Some jobs of a fleet failed.

    :param result: what became of each job.
    """

    def __init__(self, message: str, result: dict) -> None:
        super().__init__(message)
        self.result = result


class WaitTimeout(DliError):
    """Something did not happen within C(wait_timeout).

    :param last: what was seen last.
    :param facts: what is known of where the job stands now, for the result.
    """

    def __init__(self, message: str, last: object = None, facts: dict | None = None) -> None:
        super().__init__(message)
        self.last = last
        self.facts = facts or {}

    def details(self) -> dict:
        return {**super().details(), **self.facts, "last_status": getattr(self.last, "status", None)}


class RequestError(DliError):
    """A request got no usable response: no connection, no response in time, or one that is not the API's.

    :param operation: method and path of the request; never its query, headers or body.

    C(retry_after) is the pause in seconds that the response asks for, or None.
    """

    def __init__(self, message: str, operation: str) -> None:
        super().__init__(message)
        self.operation = operation
        self.retry_after: float | None = None

    def details(self) -> dict:
        return {**super().details(), "operation": self.operation}


class OutcomeUnknown(RequestError):
    """A write may or may not have been carried out, and reading did not show which.

    :param failure: what became of the request.
    """

    may_have_changed = True

    def __init__(self, message: str, failure: RequestError) -> None:
        super().__init__(message, failure.operation)
        self.failure = failure

    def details(self) -> dict:
        return {**self.failure.details(), "type": type(self).__name__}


class ConnectionFailed(RequestError):
    """There was no response at all.

    :param sent: False when the request can not have reached the service.
    :param lasting: whether the same request would fail in the same way again, as with a wrong certificate.
    """

    def __init__(self, message: str, operation: str, sent: bool = True, lasting: bool = False) -> None:
        super().__init__(message, operation)
        self.sent = sent
        self.lasting = lasting


class UnexpectedResponse(RequestError):
    """There was a response, but not one that the API can have given.

    :param http_status: HTTP status code of the response.
    :param lasting: whether the same request would get such a response again, as with a redirect.
    """

    def __init__(self, message: str, operation: str, http_status: int, lasting: bool = False) -> None:
        super().__init__(message, operation)
        self.http_status = http_status
        self.lasting = lasting

    def details(self) -> dict:
        return {**super().details(), "http_status": self.http_status}


class ApiError(RequestError):
    """The service refused a request.

    :param http_status: HTTP status code; 200 when the refusal came as C(is_success) false.
    :param error_code: the service's code, such as C(DLI.0002), or "" when it named none.
    :param api_message: the service's own words.
    :param request_id: the value of the response's C(X-Request-Id) header, or "".

    C(in_array) is whether the response is an array, and not the object that is documented.
    """

    in_array = False

    def __init__(
        self, operation: str, http_status: int, error_code: str, api_message: str, request_id: str = ""
    ) -> None:
        self.http_status = http_status
        self.error_code = error_code
        self.api_message = api_message
        self.request_id = request_id
        # IAM's code repeats the status.
        response = f"HTTP {http_status}" + (f", {error_code}" if error_code not in ("", str(http_status)) else "")
        trace = f" (request id {request_id})" if request_id else ""
        text = f"The service refused {operation} with {response}: {api_message}{trace}"
        # The service's words may be no sentence; another one may follow them.
        super().__init__(text if text.endswith(_SENTENCE_ENDS) else f"{text}.", operation)

    def details(self) -> dict:
        return {
            **super().details(),
            "http_status": self.http_status,
            "error_code": self.error_code,
            "message": self.api_message,
            "request_id": self.request_id,
        }


class AccessDenied(ApiError):
    """The user may not do or see this, although the credentials are right."""


class DetailDenied(AccessDenied):
    """The list has a job, whose detail the service refuses: it is shared without the right to view it (documented)."""


class NotFound(ApiError):
    """The service knows no such object."""


class AlreadyExists(ApiError):
    """The service already has an object of that name."""


class AuthenticationFailed(ApiError):
    """The service does not accept the credentials."""
