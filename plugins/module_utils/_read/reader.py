# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the current state of the job that a task means, with the fewest requests that return all that is asked for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from .._api.flink_jobs import FlinkJobApi
from .._errors import ApiError, AuthenticationFailed, ConflictError, NotFound
from .._model.job import ObservedJob, check_kind
from .._model.redact import secrets_read
from .._model.spec import JobSpec
from .._model.tags import tags_filter

if TYPE_CHECKING:
    # A task of one job needs none, and each file to be compiled makes every task slower.
    from .snapshot import Snapshot


# HTTP statuses that say that there is no such call, and that it is not for this user.
_NO_OPERATION = (404, 405, 501)
_FORBIDDEN = 403
_NO_TAGS = "the service has no request for the tags of an existing job"


class Found(NamedTuple):
    """What was found.

    :param job: the job, None when there is none.
    :param tags_problem: why the desired tags are unconfirmed, as a part of a sentence; "" when they were read.
    :param is_gone: whether a job that was listed was deleted since, as a newer read says.
    """

    job: ObservedJob | None = None
    tags_problem: str = ""
    is_gone: bool = False


class _TagsAccess:
    """Whether the tags of existing jobs can be read, which the first requests find out for all jobs of a task.

    C(obstacle) is why they cannot, and C(denied) why those of some jobs cannot, by their ids; as parts of sentences.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_known = False
        self.obstacle = ""
        self.denied: dict[int, str] = {}

    @property
    def is_settled(self) -> bool:
        """Whether it has been found out."""
        return self.is_known or bool(self.obstacle)


class JobReader:
    """Finds and reads jobs.

    The list and the detail of a job each have fields that the other leaves out (documented), and which ones may
    vary. Either is asked first, as fits the task, and the other only for managed fields that are still missing.
    """

    def __init__(
        self,
        api: FlinkJobApi,
        snapshot: Any = None,
        public_texts: dict[int, str] | None = None,
        tags_access: _TagsAccess | None = None,
    ) -> None:
        self._api = api
        self._snapshot = snapshot
        self._tags = tags_access or _TagsAccess()
        # What tasks give in the open of the jobs that were found, by id.
        self._public_texts = {} if public_texts is None else public_texts

    def within(self, snapshot: Snapshot) -> JobReader:
        """Return a reader of the same task that asks a snapshot first, and the service for what is not in it."""
        return JobReader(self._api, snapshot, self._public_texts, self._tags)

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
            if spec.tags is not None:
                return self.found_with_tags(found.job, spec.tags)
        return found

    @property
    def tags_obstacle(self) -> str:
        """Why the tags of existing jobs cannot be read, as a part of a sentence; "" as far as nothing says so."""
        return self._tags.obstacle

    @property
    def tags_problem(self) -> str:
        """Whose tags cannot be read, and why, as a part of a sentence; "" as far as nothing says so."""
        denied = self._tags.denied
        if self._tags.obstacle:
            return f"the jobs: {self._tags.obstacle}"
        ids = ", ".join(map(str, sorted(denied)))
        return f"{ids}: {next(iter(denied.values()))}" if denied else ""

    def with_tags(self, job: ObservedJob) -> ObservedJob | None:
        """Return a job with its tags as they are now.

        :returns: None where nobody can read tags of existing jobs; a job without tags where the service does not know
            the job, or not yet, or this user may not read its tags.
        :raises RequestError: the service rejected the request for another reason, or did not respond.
        """
        if not self._tags.is_settled:
            with self._tags.lock:
                if not self._tags.is_settled:
                    return self._with_tags(job)
        return self._with_tags(job)

    def _with_tags(self, job):
        if self._tags.obstacle:
            return None
        try:
            tags = self._api.get_tags(job.job_id)
        except NotFound:
            # Who knows no such call may say so in the same words as of a job that is gone.
            if self._tags.is_known or not self._has_detail(job.job_id):
                return job.with_tags(None)
            self._tags.obstacle = _NO_TAGS
            return None
        except ApiError as exc:
            if isinstance(exc, AuthenticationFailed) or exc.http_status not in (_FORBIDDEN, *_NO_OPERATION):
                raise
            if exc.http_status == _FORBIDDEN:
                return self._with_denied_tags(job, exc.api_message.rstrip("."))
            self._tags.obstacle = _NO_TAGS
            return None
        self._tags.is_known = True
        return job.with_tags(tags)

    def _with_denied_tags(self, job, why):
        """Return a job without tags; None as soon as nothing was read, and a second job says the same."""
        reason = self._tags.denied[job.job_id] = f"this user may not read them ({why})"
        if self._tags.is_known or len(self._tags.denied) == 1:
            return job.with_tags(None)
        self._tags.obstacle = reason
        return None

    def _has_detail(self, job_id):
        try:
            self.detail(job_id)
        except NotFound:
            return False
        return True

    def found_with_tags(self, job: ObservedJob, wanted: dict[str, str]) -> Found:
        """Return a job with its tags as they are now; where they cannot be read, with what the list's filter says.

        :param wanted: the tags that it shall have.
        :raises RequestError: the service rejected a request or did not respond.
        """
        tagged = self.with_tags(job)
        if tagged and tagged.tags is not None:
            return Found(tagged)
        job = job.with_tags(None)
        reason = self._tags.obstacle or self._tags.denied.get(job.job_id)
        # Where no tags were read of any job, C(with_tags) has just seen that the job is gone.
        if not reason and not (self._tags.is_known and self._has_detail(job.job_id)):
            return Found(job, is_gone=True)
        filters = tags_filter(wanted)
        reason = reason or "the service returns none for it"
        if not filters:
            return Found(job, f"{reason}, and its list cannot be asked for them")
        if any(other.job_id == job.job_id for other in self._named(job.name, **filters)):
            return Found(job)
        return Found(job, f"{reason}, and its list does not find the job by {filters['tags']}")

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
        jobs = self._named(spec.name)
        if len(jobs) > 1:
            ids = ", ".join(str(job.job_id) for job in sorted(jobs, key=lambda job: job.job_id))
            raise ConflictError(f"Several jobs are named {spec.name}: {ids}; say which one with job_id.")
        return Found(self._with_detail(jobs[0], spec.fields)) if jobs else Found()

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
        return Found(job)

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
