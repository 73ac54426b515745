# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error a request handler raises to answer with something else than success."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer with an HTTP status of 400 or more.

    :param status: HTTP status.
    :param code: error code of DLI, such as ``DLI.0001``.
    :param message: one sentence; it must never hold a value of the request, only names of fields.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers: dict[str, str] = {}

    def body(self) -> Any:
        """Return the JSON body, documented as an object with ``error_code`` and ``error_msg``."""
        return {"error_code": self.code, "error_msg": self.message}


class ErrorArray(ApiError):
    """An error whose body is an array, as the vendor's Terraform provider met it once on a failed start."""

    def body(self) -> Any:
        return [super().body()]


class IamError(ApiError):
    """An error in the shape IAM has (documented)."""

    def __init__(self, status: int, title: str, message: str) -> None:
        super().__init__(status, title, message)

    def body(self) -> Any:
        return {"error": {"code": self.status, "message": self.message, "title": self.code}}


def throttled(says_when: bool) -> ApiError:
    """Return the error of a request too many (429, documented); code and text of the gateway are assumed.

    :param says_when: give the header Retry-After, in seconds (documented).
    """
    error = ApiError(429, "APIG.0308", "There are too many concurrent requests.")
    if says_when:
        error.headers["Retry-After"] = "1"
    return error


def unoffered() -> ApiError:
    """Return the error of a call that this service does not have; the code and the shape of a gateway are assumed."""
    return ApiError(404, "APIG.0101", "There is no such call (404).")


def unshared() -> ApiError:
    """Return the error of a detail that our user may not see, though the list has the job (documented).

    The code for this case is assumed.
    """
    return ApiError(403, "DLI.0016", "You may not see the details of this job.")


def parameter(message: str) -> ApiError:
    """Return the error of a parameter that is wrong (DLI.0001, documented)."""
    return ApiError(400, "DLI.0001", message)


def unsupported(message: str) -> ApiError:
    """Return the error of an operation the state of the job forbids (DLI.0007, documented)."""
    return ApiError(400, "DLI.0007", message)
