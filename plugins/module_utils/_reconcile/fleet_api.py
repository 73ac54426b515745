# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Flink job operations for many jobs at one time: what threads ask for together goes out in one request."""

from __future__ import annotations

import threading

from .._api.flink_jobs import FlinkJobApi
from .._errors import (
    ApiError,
    AuthenticationFailed,
    RequestError,
    UnexpectedResponse,
)
from .._http.retry import is_throttled, may_be_carried_out
from .together import Together

# A maximum is not documented; this many ids are sent in one request.
BATCH_SIZE = 100


class FleetApi(FlinkJobApi):
    """As its base, but starts, stops and deletions of several threads share requests.

    The answer of the service does not say which job an element stands for (documented), so when one is refused no job
    of the request is known to be accepted. Each of them then gets C(UnexpectedResponse), which says that the outcome is
    unknown, and is sent alone the next time.
    """

    def __init__(self, client, access) -> None:
        super().__init__(client, access)
        self._lock = threading.Lock()
        self._batches: dict[tuple, Together] = {}
        self._alone: set[tuple] = set()

    def run_job(self, job_id: int, resume_savepoint: bool) -> None:
        self._ask("run", job_id, super().run_job, resume_savepoint=resume_savepoint)

    def stop_job(self, job_id: int, trigger_savepoint: bool) -> None:
        self._ask("stop", job_id, super().stop_job, trigger_savepoint=trigger_savepoint)

    def delete_job(self, job_id: int) -> None:
        self._ask("delete", job_id, super().delete_job)

    def _ask(self, operation, job_id, send_alone, **flags):
        with self._lock:
            is_alone = (operation, job_id) in self._alone
            key = (operation, *flags.values())
            if key not in self._batches:
                self._batches[key] = Together(lambda ids: self._send_batch(operation, ids, flags), BATCH_SIZE)
        if is_alone:
            send_alone(job_id, **flags)
        else:
            self._batches[key].ask(job_id)

    def _send_batch(self, operation, ids, flags):
        try:
            self._batch(f"/jobs/{operation}", {"job_ids": ids, **flags})
        except RequestError as exc:
            with self._lock:
                self._alone.update((operation, job_id) for job_id in ids)
            if len(ids) > 1 and isinstance(exc, ApiError) and _is_about_one(exc):
                reason = str(exc).rstrip(".")
                raise UnexpectedResponse(
                    f"The service did not accept the request to {operation} {len(ids)} jobs together ({reason}).",
                    exc.operation,
                    exc.http_status,
                ) from exc
            raise
        return {}


def _is_about_one(rejection):
    """Whether a refusal may be about one job of the request alone."""
    return not (may_be_carried_out(rejection) or is_throttled(rejection) or isinstance(rejection, AuthenticationFailed))
