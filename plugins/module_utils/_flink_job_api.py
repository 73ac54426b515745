# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Flink job operations of the DLI API: one method an operation, no decisions.

Paths, parameters and answers are documented in the API reference, chapter "Flink Job-related APIs".
"""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext

from ansible_collections.otc.dli.plugins.module_utils._auth import Access
from ansible_collections.otc.dli.plugins.module_utils._client import is_false, operation_of, request_id_of
from ansible_collections.otc.dli.plugins.module_utils._errors import (
    ApiError,
    AuthenticationFailed,
    RequestError,
    UnexpectedAnswer,
)
from ansible_collections.otc.dli.plugins.module_utils._flink_job_answer import (
    check_graph,
    check_job,
    check_template,
    checked_id,
    is_whole_number,
    lacking,
)
from ansible_collections.otc.dli.plugins.module_utils._flink_job_display import secret_words
from ansible_collections.otc.dli.plugins.module_utils._flink_job_fields import JobKind
from ansible_collections.otc.dli.plugins.module_utils._printable import printable
from ansible_collections.otc.dli.plugins.module_utils._retry import is_temporary

_VERSION = "v1.0"
# The documented maximum; a larger limit is refused.
PAGE_SIZE = 100
# Far more than a project has: a list that goes on beyond it has no end.
_MOST_ELEMENTS = 100_000
# How often a list is read when others delete elements of it meanwhile.
_MOST_READINGS = 3


class TooMany(Exception):
    """A list has more elements than the caller can use."""


class FlinkJobApi:
    """The operations on the Flink jobs of one project.

    Every method raises a C(RequestError) when the service refuses or does not answer, or answers in a shape that is
    not the API's; what they return has been checked.

    C(keep_secret) is to be told what must not be shown, as C(Access.keep_secret). C(parallelism) is how many requests
    may be in flight at one time.
    """

    def __init__(self, client, access: Access) -> None:
        self._client = client
        self.parallelism = client.parallelism
        self._auth = access.auth
        self._renewing = threading.Lock()
        self._may_renew = True
        self.keep_secret = access.keep_secret
        self._endpoint = access.endpoint
        self._project_id = access.project_id

    def _request(self, method, path, body=None, query=None, version=_VERSION):
        return self._send(self._client.request, method, path, body, query, version)

    def _send(self, send, method, path, body, query=None, version=_VERSION):
        """Send a request by one of the client's methods, with the credentials, renewed if need be."""
        try:
            return self._answer(send, method, self._url(path, version), body, query)
        except RequestError:
            # An update sends what the task leaves alone too, and a service may quote in its refusal what it was sent.
            for secret in secret_words(body or {}):
                self.keep_secret(secret)
            raise

    def _url(self, path, version=_VERSION):
        return f"{self._endpoint}/{version}/{self._project_id}/streaming{path}"

    def _operation(self, method, path, version=_VERSION):
        return operation_of(method, self._url(path, version))

    def _answer(self, send, method, url, body, query):
        auth = self._auth
        try:
            return send(method, url, auth, body=body, query=query)
        except AuthenticationFailed as exc:
            # What is refused for its credentials was not carried out.
            self._renew(auth, exc)
        try:
            return send(method, url, self._auth, body=body, query=query)
        except AuthenticationFailed as exc:
            exc.explained(self._auth.advice)
            raise

    def _renew(self, refused, failure):
        with self._renewing:
            # Another thread may have renewed them already.
            if self._auth is not refused:
                return
            if not self._may_renew:
                failure.explained("No new token could be had.")
                raise failure
            try:
                renewed = refused.renewed()
            except RequestError as exc:
                # Other threads wait here for the same: a refused login of each of them could lock the user out.
                self._may_renew = is_temporary(exc)
                raise
            if renewed is None:
                failure.explained(refused.advice)
                raise failure
            self._auth = renewed

    def list_jobs(self, show_detail: bool = True, at_most: int | None = None, **filters):
        """Yield every job that the filters leave, page by page as the caller goes on.

        Whether the service's filter compares whole names is unknown. Jobs of another name are left out here, so that
        the job that is asked for can be managed whatever the others look like.

        :param show_detail: whether with details; only without them the list tells C(user_name) (documented).
        :param at_most: how many jobs the caller can use.
        :param filters: the documented query parameters, such as C(name) or C(tags).
        :raises TooMany: there are more; where the service tells how many, this takes one request.
        """
        query = {**filters, "show_detail": "true" if show_detail else "false"}
        wanted = filters.get("name")
        operation = self._operation("GET", "/jobs")
        for _job_id, job in self._pages("/jobs", "job_list", "jobs", "job_id", query, at_most):
            if wanted is None or job.get("name") in (None, "", wanted):
                check_job(job, operation)
                yield job

    def get_job(self, job_id: int) -> dict:
        """Return the detail of a job."""
        operation = self._operation("GET", f"/jobs/{job_id}")
        job = _object(self._request("GET", f"/jobs/{job_id}"), "job_detail", operation)
        check_job(job, operation)
        if int(job["job_id"]) != job_id:
            raise UnexpectedAnswer(
                f"The service answered {operation} with job {job['job_id']}.", operation, 200, lasting=True
            )
        return job

    def get_execution_graph(self, job_id: int) -> dict:
        """Return how the Flink cluster sees a job that was started at least once."""
        operation = self._operation("GET", f"/jobs/{job_id}/execute-graph")
        graph = _object(self._request("GET", f"/jobs/{job_id}/execute-graph"), "execute_graph", operation)
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

    def list_templates(self, **filters):
        """Yield every template that the filters leave. The filter by name is fuzzy (documented)."""
        operation = self._operation("GET", "/job-templates")
        for template_id, template in self._pages(
            "/job-templates", "template_list", "templates", "template_id", filters
        ):
            check_template(template, operation)
            yield {**template, "template_id": template_id}

    def create_template(self, body: dict) -> None:
        """Create a template of SQL jobs."""
        self._request("POST", "/job-templates", body)

    def update_template(self, template_id: int, body: dict) -> None:
        """Change a template."""
        self._request("PUT", f"/job-templates/{template_id}", body)

    def delete_template(self, template_id: int) -> None:
        """Delete a template; jobs that were made from it stay (documented)."""
        self._request("DELETE", f"/job-templates/{template_id}")

    def export_jobs(self, body: dict) -> list:
        """Export jobs into ZIP files in OBS, and return the paths of these."""
        operation = self._operation("POST", "/jobs/export")
        payload = self._request("POST", "/jobs/export", body)
        files = payload.get("zip_file") if isinstance(payload, dict) else None
        if not isinstance(files, list) or not all(isinstance(path, str) for path in files):
            raise lacking(operation, "a list of ZIP files")
        return [printable(path) for path in files]

    def import_jobs(self, body: dict) -> list[dict]:
        """Import jobs from ZIP files in OBS, and return what became of each: its old id, new id (None) and a remark."""
        operation = self._operation("POST", "/jobs/import")
        payload = self._request("POST", "/jobs/import", body)
        mapping = payload.get("job_mapping") if isinstance(payload, dict) else None
        if not isinstance(mapping, list) or not all(isinstance(job, dict) for job in mapping):
            raise lacking(operation, "a job_mapping")
        return [_imported(job, operation) for job in mapping]

    def create_job(self, kind: JobKind, body: dict) -> int:
        """Create a job and return its id. It is a draft until it is run."""
        operation = self._operation("POST", kind.path)
        job = _object(self._request("POST", kind.path, body), "job", operation)
        return checked_id(job.get("job_id"), operation)

    def update_job(self, kind: JobKind, job_id: int, body: dict) -> None:
        """Change fields of a job."""
        self._request("PUT", f"{kind.path}/{job_id}", body)

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

    def _pages(self, path, key, what, id_name, query, at_most=None):
        """Yield the id of each element of a list, and the element, page by page as the caller goes on."""
        operation = self._operation("GET", path)

        def read(offset):
            answer = self._request("GET", path, query={**query, "limit": PAGE_SIZE, "offset": offset})
            return _page(_object(answer, key, operation), operation, what)

        seen: set[int] = set()
        for _reading in range(_MOST_READINGS):
            with self._pages_of(read) as page_at:
                is_whole = yield from _new_elements(page_at, seen, operation, id_name, at_most)
            if is_whole:
                return

    def _pages_of(self, read):
        """Return a context manager that gives a callable, which returns the page at an offset (see C(ReadAhead))."""
        if self.parallelism == 1:
            return nullcontext(lambda offset, _step, _end: read(offset))
        # A task of one job needs none of this, and each file to be compiled makes every task slower.
        from ansible_collections.otc.dli.plugins.module_utils._parallel import ReadAhead

        return ReadAhead(read, self.parallelism)

    def _batch(self, path, body):
        """Send a request whose answer tells for each job, without its id, whether it was accepted."""
        operation = self._operation("POST", path)
        payload, headers = self._send(self._client.request_with_headers, "POST", path, body)
        if not isinstance(payload, list) or not all(isinstance(answer, dict) for answer in payload):
            raise lacking(operation, "a list of results")
        for answer in payload:
            if is_false(answer.get("is_success")):
                message = answer.get("message")
                words = printable(message) if isinstance(message, str) else ""
                raise ApiError(operation, 200, "", words or "the answer gives no reason", request_id_of(headers))


def _new_elements(page_at, seen, operation, id_name, at_most):
    """Yield the id of each element of a list that was not seen yet, and the element; return whether none was missed.

    One that is deleted shifts those behind it to pages that were read already, and the total tells that it happened.
    """
    offset, step, total, longest, is_whole = 0, PAGE_SIZE, None, 0, True
    here: set[int] = set()
    while True:
        total_before = total
        page, total = page_at(offset, step, total)
        is_whole = is_whole and total_before in (None, total)
        # What is created meanwhile shifts the pages the other way, so that an element can come twice.
        elements = {checked_id(element.get(id_name), operation, id_name): element for element in page}
        is_over = elements.keys() <= here
        here.update(elements)
        new = {element_id: element for element_id, element in elements.items() if element_id not in seen}
        seen.update(new)
        if at_most is not None and max(total or 0, len(seen)) > at_most:
            raise TooMany(operation)
        yield from new.items()
        offset, step, longest = offset + len(page), len(page), max(longest, len(page))
        # A page can be short before the last one, if the service has a limit of its own.
        if is_over or (len(page) < longest if total is None else offset >= total):
            return is_whole
        if offset >= _MOST_ELEMENTS:
            raise UnexpectedAnswer(
                f"The service answered {operation} with a list without end.", operation, 200, lasting=True
            )


def _imported(job, operation):
    ids = {}
    for name in ("old_job_id", "new_job_id"):
        value = job.get(name)
        if value is not None and not is_whole_number(value):
            raise lacking(operation, f"a valid {name}")
        # -1 is documented for a job that was not imported, because one of its name is there.
        ids[name] = None if value is None or int(value) < 0 else int(value)
    remark = job.get("remark")
    return {**ids, "remark": printable(remark) if isinstance(remark, str) else ""}


def _page(listing, operation, what):
    """Return a tuple of what is on a page of the list and the number of all, None when that is not told."""
    page, total = listing.get(what), listing.get("total_count")
    if page is None:
        page = []
    if not isinstance(page, list) or not all(isinstance(element, dict) for element in page):
        raise lacking(operation, f"a list of {what}")
    if total is not None and not is_whole_number(total):
        raise lacking(operation, "a valid total_count")
    return page, None if total is None else int(total)


def _object(payload, key, operation):
    value = payload.get(key) if isinstance(payload, dict) else None
    if not isinstance(value, dict):
        raise lacking(operation, key)
    return value
