# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Flink job operations of the DLI API: one method an operation, no decisions.

Paths, parameters and answers are documented in the API reference, chapter "Flink Job-related APIs".
"""

from __future__ import annotations

from ansible_collections.otc.dli.plugins.module_utils._auth import Access
from ansible_collections.otc.dli.plugins.module_utils._client import is_false, printable
from ansible_collections.otc.dli.plugins.module_utils._errors import ApiError, UnexpectedAnswer

# The documented maximum; a larger limit is refused.
PAGE_SIZE = 100


class FlinkJobApi:
    """The operations on the Flink jobs of one project.

    Every method raises a C(RequestError) when the service refuses or does not answer.
    """

    def __init__(self, client, access: Access) -> None:
        self._client = client
        self._auth = access.auth
        self._streaming = f"{access.endpoint}/v1.0/{access.project_id}/streaming"

    def _request(self, method, path, body=None, query=None):
        return self._client.request(method, self._streaming + path, self._auth, body=body, query=query)

    def list_jobs(self, show_detail: bool = True, **filters):
        """Yield every job that the filters leave, page by page as the caller goes on.

        :param show_detail: whether with details; only without them the list tells C(user_name) (documented).
        :param filters: the documented query parameters, such as C(name) or C(tags).
        """
        detail = "true" if show_detail else "false"
        seen = set()
        offset = 0
        while True:
            query = {**filters, "show_detail": detail, "limit": PAGE_SIZE, "offset": offset}
            listing = _object(self._request("GET", "/jobs", query=query), "job_list", "GET /streaming/jobs")
            page = listing.get("jobs") or []
            # A job created or deleted meanwhile shifts the pages, so that a job can come twice.
            new = [job for job in page if job.get("job_id") not in seen]
            seen.update(job.get("job_id") for job in new)
            yield from new
            offset += len(page)
            total = listing.get("total_count")
            if not new or len(page) < PAGE_SIZE or (total is not None and offset >= int(total)):
                return

    def get_job(self, job_id: int) -> dict:
        """Return the detail of a job."""
        payload = self._request("GET", f"/jobs/{job_id}")
        return _object(payload, "job_detail", f"GET /streaming/jobs/{job_id}")

    def get_execution_graph(self, job_id: int) -> dict:
        """Return how the Flink cluster sees a job that was started at least once."""
        payload = self._request("GET", f"/jobs/{job_id}/execute-graph")
        return _object(payload, "execute_graph", f"GET /streaming/jobs/{job_id}/execute-graph")

    def create_jar_job(self, body: dict) -> int:
        """Create a JAR job and return its id. It is a draft until it is run."""
        payload = self._request("POST", "/flink-jobs", body)
        job_id = _object(payload, "job", "POST /streaming/flink-jobs").get("job_id")
        if job_id is None:
            raise UnexpectedAnswer(
                "The service created a job without telling its id.", "POST /streaming/flink-jobs", 200
            )
        return int(job_id)

    def update_jar_job(self, job_id: int, body: dict) -> None:
        """Change fields of a JAR job."""
        self._request("PUT", f"/flink-jobs/{job_id}", body)

    def run_job(self, job_id: int, resume_savepoint: bool) -> None:
        """Ask for a job to be started, from its latest savepoint or with empty state."""
        self._batch("/jobs/run", {"job_ids": [job_id], "resume_savepoint": resume_savepoint})

    def stop_job(self, job_id: int, trigger_savepoint: bool) -> None:
        """Ask for a job to be stopped, with or without a savepoint."""
        self._batch("/jobs/stop", {"job_ids": [job_id], "trigger_savepoint": trigger_savepoint})

    def trigger_savepoint(self, job_id: int, savepoint_path: str) -> None:
        """Ask for a savepoint of a running job (vendor; the public reference names it only in its table of rights)."""
        self._request("POST", f"/jobs/{job_id}/savepoint", {"action": "TRIGGER", "savepoint_path": savepoint_path})

    def import_savepoint(self, job_id: int, savepoint_path: str) -> None:
        """Make a savepoint in OBS the one that the job resumes from (vendor, likewise)."""
        # The vendor's reference wants the id here once more.
        body = {"job_id": job_id, "savepoint_path": savepoint_path}
        self._request("POST", f"/jobs/{job_id}/import-savepoint", body)

    def delete_job(self, job_id: int) -> None:
        """Delete a job, in whatever status it is."""
        self._request("DELETE", f"/jobs/{job_id}")

    def _batch(self, path, body):
        """Send a request whose answer tells for each job, without its id, whether it was accepted."""
        operation = f"POST /streaming{path}"
        payload = self._request("POST", path, body)
        if not isinstance(payload, list):
            raise UnexpectedAnswer(f"The service answered {operation} without a list.", operation, 200)
        for answer in payload:
            if isinstance(answer, dict) and is_false(answer.get("is_success")):
                message = printable(answer.get("message") or "the answer gives no reason")
                raise ApiError(operation, 200, "", message)


def _object(payload, key, operation):
    value = payload.get(key) if isinstance(payload, dict) else None
    if not isinstance(value, dict):
        raise UnexpectedAnswer(f"The service answered {operation} without {key}.", operation, 200)
    return value
