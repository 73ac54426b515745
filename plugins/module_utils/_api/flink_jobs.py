# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations on Flink jobs: one method an operation, no decisions.

Paths, parameters and responses are documented in the API reference, chapter "Flink Job-related APIs".
"""

from __future__ import annotations

import json

from .._errors import AccessDenied, DetailDenied, UnexpectedResponse
from .._model.fields import JobKind
from .._model.job import MAY_BE_SHARED, OddJob
from .._model.responses import check_graph, check_job, checked_id, is_whole_number, lacking
from .connection import object_of
from .pages import read_pages
from .tags import TagApi

# How many jobs one request is asked to run, stop or delete. A maximum is not documented.
BATCH_SIZE = 100


class FlinkJobApi(TagApi):
    """The operations on the Flink jobs of one project, and on their tags."""

    def list_jobs(self, show_detail: bool = True, at_most: int | None = None, odd: list | None = None, **filters):
        """Yield every job that the filters leave, page by page as the caller goes on.

        Whether the service's filter compares whole names is unknown. Jobs of another name are left out here, so that
        the job that is asked for can be managed whatever form the others have.

        :param show_detail: whether with details; only without them the list has C(user_name) (documented).
        :param at_most: how many jobs the caller can use.
        :param odd: takes an C(OddJob) for each job that has not the shape of the API's; None when that is an error.
        :param filters: the documented query parameters, such as C(name) or C(tags).
        :raises TooMany: there are more; where the service says how many, this takes one request.
        """
        query = {**filters, "show_detail": "true" if show_detail else "false"}
        wanted = filters.get("name")
        operation = self._operation("GET", "/jobs")

        def request(page):
            return self._request("GET", "/jobs", query={**query, **page})

        for job in read_pages(request, operation, "job_list", "jobs", "job_id", self.concurrency, at_most):
            if wanted is not None and job.get("name") not in (None, "", wanted):
                continue
            try:
                check_job(job, operation)
            except UnexpectedResponse as exc:
                # By a name that is asked for, only the job that has it is meant.
                if odd is None and (wanted is None or job.get("name") == wanted):
                    raise
                if odd is not None:
                    odd.append(OddJob(job, str(exc)))
                continue
            yield job

    def get_job(self, job_id: int) -> dict:
        """Return the detail of a job.

        :raises DetailDenied: the user may not view it, although the list may have it.
        """
        operation = self._operation("GET", f"/jobs/{job_id}")
        try:
            response = self._request("GET", f"/jobs/{job_id}")
        except AccessDenied as exc:
            denied = DetailDenied(operation, exc.http_status, exc.error_code, exc.api_message, exc.request_id)
            raise denied.explained(f"Job {job_id} {MAY_BE_SHARED}; its owner can grant that.") from exc
        job = object_of(response, "job_detail", operation)
        check_job(job, operation)
        if int(job["job_id"]) != job_id:
            raise UnexpectedResponse(
                f"The service responded to {operation} with job {job['job_id']}.", operation, 200, lasting=True
            )
        return job

    def get_execution_graph(self, job_id: int) -> dict:
        """Return how the Flink cluster sees a job that was started at least once."""
        operation = self._operation("GET", f"/jobs/{job_id}/execute-graph")
        graph = object_of(self._request("GET", f"/jobs/{job_id}/execute-graph"), "execute_graph", operation)
        check_graph(graph, operation)
        return graph

    def get_stream_graph(self, job_id: int, body: dict) -> dict:
        """Return what the service makes of SQL, without running it. Changes nothing, although it is a POST."""
        operation = self._operation("POST", f"/jobs/{job_id}/gen-graph", "v3")
        payload = self._request("POST", f"/jobs/{job_id}/gen-graph", body, version="v3")
        text = payload.get("stream_graph") if isinstance(payload, dict) else None
        try:
            graph = json.loads(text) if isinstance(text, str) else None
        except (ValueError, RecursionError):
            graph = None
        if not isinstance(graph, dict):
            raise lacking(operation, "a stream_graph")
        return graph

    def create_job(self, kind: JobKind, body: dict) -> int:
        """Create a job and return its id. It is a draft until it is run."""
        operation = self._operation("POST", kind.path)
        job = object_of(self._request("POST", kind.path, body), "job", operation)
        return checked_id(job.get("job_id"), operation)

    def update_job(self, kind: JobKind, job_id: int, body: dict) -> int:
        """Change fields of a job, and return since when it is so, in milliseconds by the service's clock.

        0 where the response does not say it.
        """
        response = self._request("PUT", f"{kind.path}/{job_id}", body)
        job = response.get("job") if isinstance(response, dict) else None
        time = job.get("update_time", 0) if isinstance(job, dict) else 0
        return int(time) if is_whole_number(time) else 0

    def run_jobs(self, job_ids: list[int], resume_savepoint: bool) -> None:
        """Ask for jobs to be started, from their latest savepoints or with empty state."""
        self._batch("/jobs/run", {"job_ids": job_ids, "resume_savepoint": resume_savepoint})

    def stop_jobs(self, job_ids: list[int], trigger_savepoint: bool) -> None:
        """Ask for jobs to be stopped, with or without savepoints."""
        self._batch("/jobs/stop", {"job_ids": job_ids, "trigger_savepoint": trigger_savepoint})

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

    def delete_jobs(self, job_ids: list[int]) -> None:
        """Delete jobs, in whatever status they are."""
        self._batch("/jobs/delete", {"job_ids": job_ids})
