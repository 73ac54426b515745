# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the current state of the job that a task means, with the fewest requests that return all that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._api.flink_jobs import FlinkJobApi
from .._errors import ConflictError, NotFound
from .._model.job import ObservedJob, check_kind
from .._model.redact import secrets_read
from .._model.spec import JobSpec

if TYPE_CHECKING:
    # A task of one job needs none, and each file to be compiled makes every task slower.
    from .snapshot import Snapshot


@dataclass(frozen=True)
class Found:
    """What was found.

    :param job: the job, None when there is none.
    :param tags_match: False when the job is there, but not found by the desired tags.
    """

    job: ObservedJob | None = None
    tags_match: bool = True


class JobReader:
    """Finds and reads jobs.

    The list and the detail of a job each have fields that the other leaves out (documented), and which ones may
    vary. Either is asked first, as fits the task, and the other only for managed fields that are still missing.
    """

    def __init__(self, api: FlinkJobApi, snapshot: Any = None, public_texts: dict[int, str] | None = None) -> None:
        self._api = api
        self._snapshot = snapshot
        # What tasks give in the open of the jobs that were found, by id.
        self._public_texts = {} if public_texts is None else public_texts

    def within(self, snapshot: Snapshot) -> JobReader:
        """Return a reader of the same task that asks a snapshot first, and the service for what is not in it."""
        return JobReader(self._api, snapshot, self._public_texts)

    def find(self, spec: JobSpec) -> Found:
        """Find the job that a desired state is about, and read what it manages.

        :raises ConflictError: the name belongs to several jobs, or to one of another kind.
        :raises RequestError: the service rejected a request or did not respond.
        """
        found = self._find_by_name(spec) if spec.job_id is None else self._find_by_id(spec)
        if found.job:
            self._public_texts[found.job.job_id] = spec.public_text
            self._keep_secrets_of(found.job)
            check_kind(found.job, spec.kind)
        return found

    def read(self, job_id: int, fields) -> ObservedJob:
        """Read a job by its id, with the given fields as far as the service returns them."""
        job = self._snapshot.with_id(job_id) if self._snapshot else None
        return self.with_fields(self._noted(job) if job else self.detail(job_id), fields)

    def with_fields(self, job: ObservedJob, fields) -> ObservedJob:
        """Return a job with the given fields as far as the service returns them."""
        return self._with_list(self._with_detail(job, fields), fields)

    def is_there(self, job: ObservedJob) -> bool:
        """Whether the service still has a job, whatever it is named by now."""
        if self._snapshot and self._snapshot.is_without(job.job_id):
            return False
        try:
            now = self.detail(job.job_id)
        except NotFound:
            return False
        return self._listed_by_any_name(now) is not None

    def ids_named(self, name: str) -> list[int]:
        """Return the ids of the jobs of a name."""
        return [job.job_id for job in self._named(name)]

    def _find_by_name(self, spec):
        tags = tags_filter(spec.tags)
        jobs = self._named(spec.name, **tags)
        tags_match = True
        if tags and not jobs:
            jobs = self._named(spec.name)
            tags_match = False
        if len(jobs) > 1:
            ids = ", ".join(str(job.job_id) for job in sorted(jobs, key=lambda job: job.job_id))
            raise ConflictError(f"Several jobs are named {spec.name}: {ids}; say which one with job_id.")
        return Found(self._with_detail(jobs[0], spec.fields), tags_match) if jobs else Found()

    def _find_by_id(self, spec):
        try:
            job = self.read(spec.job_id, spec.fields)
        except NotFound:
            return Found()
        if "list" not in job.sources:
            listed = self._listed_by_any_name(job)
            if not listed:
                return Found()
            job = job.completed_by(listed)
        if spec.name is not None and spec.name != job.name:
            self._check_name_is_free(spec)
        tags = tags_filter(spec.tags)
        tags_match = not tags or any(other.job_id == job.job_id for other in self._named(job.name, **tags))
        return Found(job, tags_match)

    def _check_name_is_free(self, spec):
        owners = [job.job_id for job in self._named(spec.name) if job.job_id != spec.job_id]
        if owners:
            raise ConflictError(f"The name {spec.name} belongs to job {owners[0]} already; names are unique.")

    def detail(self, job_id: int) -> ObservedJob:
        """Read the detail of a job as it is now."""
        return self._noted(ObservedJob(self._api.get_job(job_id), "detail"))

    def _noted(self, job):
        if job.job_id in self._public_texts:
            self._keep_secrets_of(job)
        return job

    def _keep_secrets_of(self, job):
        """Keep out of messages what the job holds that its task does not give, such as a previous password."""
        for secret in secrets_read(job, self._public_texts[job.job_id]):
            self._api.keep_read(secret)

    def _named(self, name, **filters):
        listed = self._snapshot.named(name, filters) if self._snapshot else None
        if listed is not None:
            return listed
        # Jobs of other names are left out already, but not those that have none.
        jobs = (ObservedJob(response, "list") for response in self._api.list_jobs(name=name, **filters))
        return [job for job in jobs if job.name == name]

    def _with_detail(self, job, fields):
        if "detail" in job.sources or job.has_all(fields):
            return job
        # The list may be behind the detail.
        return self.detail(job.job_id).completed_by(job)

    def _with_list(self, job, fields):
        if "list" in job.sources or job.has_all(fields):
            return job
        listed = self._listed(job)
        return job.completed_by(listed) if listed else job

    def _listed(self, job):
        """Return a job as the list shows it, None when it is not listed."""
        return next((other for other in self._named(job.name) if other.job_id == job.job_id), None)

    def _listed_by_any_name(self, job):
        """Return a job as the list shows it, whatever it is named by now; None when it is not listed.

        Deleted jobs keep a record (documented), which the detail may still show.
        """
        listed = self._listed(job)
        if listed is None:
            jobs = (ObservedJob(response, "list") for response in self._api.list_jobs())
            listed = next((other for other in jobs if other.job_id == job.job_id), None)
        return listed


def tags_filter(tags: dict | None) -> dict:
    """Return the list's tags filter; its form is known from the vendor's Terraform provider.

    A comma inside a tag would make it mean something else, so such tags are left out of the filter.
    """
    pairs = [f"{key}={value}" for key, value in (tags or {}).items() if "," not in key + value]
    return {"tags": ",".join(pairs)} if pairs else {}
