# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes whose outcome is certain: when a request is lost, the job is looked at before anything is sent again.

A lost request may have been carried out, may be carried out later, or never was. Only the job tells: by its name, its
status, its definition. What does not show within the grace period counts as not done and is sent again; the service
itself then refuses what was done after all, because names are unique and only a stopped job starts (documented).
"""

from __future__ import annotations

import time

from .._api.flink_jobs import FlinkJobApi
from .._errors import (
    AlreadyExists,
    ApiError,
    AuthenticationFailed,
    NotFound,
    OutcomeUnknown,
    RequestError,
)
from .._http.retry import is_temporary, may_be_carried_out
from .._model.canonical import canonical
from .._model.fields import FIELDS_BY_NAME, JobKind
from .._model.job import ObservedJob, same_path
from .._model.status import RUNNING, SAVEPOINTING
from . import wait as _wait
from .reader import JobReader

# How often one write is sent; the pauses between are those of the looking.
ATTEMPTS = 3


class Writes:
    """Writes of any kind, each sent until its outcome is certain."""

    def __init__(self, clock=time) -> None:
        self._clock = clock

    def send(self, send, look, shows, patient=False, final=()):
        """Send a write until it is accepted or shows. Return what was seen of it, None when it was simply accepted.

        :param look: callable that reads what tells of it.
        :param shows: callable that says of what was read whether the write has been carried out.
        :param patient: whether what was lost gets time to show before it is sent again. Not needed where doing it
            twice is the same as doing it once.
        :param final: kinds of refusal of the first attempt that are not doubted.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                send()
                return None
            except RequestError as exc:
                failure = exc
            lost = may_be_carried_out(failure)
            if not lost and (not _is_rejection(failure) or (attempt == 1 and isinstance(failure, final))):
                raise failure
            seen = self._read(look, shows, failure, patient and lost)
            if shows(seen):
                # A refusal too can come of a request that was carried out twice on its way.
                return seen
            if not lost:
                raise failure
            if not is_temporary(failure):
                break
        raise OutcomeUnknown(
            f"{failure} Whether it was carried out is not known; it does not show after {attempt} attempts.", failure
        )

    def _read(self, look, shows, failure, patient):
        try:
            return _wait.watch(look, shows, _wait.GRACE_SECONDS if patient else 0.0, self._clock)
        except RequestError as exc:
            if not may_be_carried_out(failure):
                raise failure from exc
            raise OutcomeUnknown(
                f"{failure} Whether it was carried out is not known, because looking failed: {exc}", failure
            ) from exc


class JobWrites(Writes):
    """The writes to Flink jobs. Each returns when the service has accepted it, or shows that it has.

    Each raises C(OutcomeUnknown) when neither is so and nobody can tell, and another C(RequestError) when it is certain
    that it was not carried out.
    """

    def __init__(self, api: FlinkJobApi, reader: JobReader, clock=time) -> None:
        super().__init__(clock)
        self._api = api
        self._reader = reader

    def create(self, kind: JobKind, body: dict) -> tuple[int, bool]:
        """Create a job of a kind.

        :returns: its id, and whether the service told it. An id that was looked up, because the answer was lost, may be
            that of a job which another task has created at the same time.
        :raises AlreadyExists: there is a job of that name.
        """
        told = []
        found = self.send(
            lambda: told.append(self._api.create_job(kind, body)),
            lambda: self._reader.ids_named(body["name"]),
            bool,
            patient=True,
            final=AlreadyExists,
        )
        return (told[0], True) if told else (found[0], False)

    def update(self, kind: JobKind, job: ObservedJob, body: dict, fields) -> None:
        """Change a job.

        :param kind: what the task takes the job for.
        :param job: the job as it is.
        :param fields: names of the fields that change.
        """

        self.send(
            lambda: self._api.update_job(kind, job.job_id, body),
            lambda: self._reader.read(job.job_id, [name for name in fields if name in FIELDS_BY_NAME]),
            lambda found: all(_holds(found, name, body) for name in fields),
        )

    def stop(self, job: ObservedJob, savepoint: bool) -> None:
        """Stop a job, with or without a savepoint."""
        self.send(
            lambda: self._api.stop_job(job.job_id, savepoint),
            lambda: self._reader.read(job.job_id, ()),
            # A job that was being submitted comes to run without having been stopped.
            lambda found: found.status not in (job.status, RUNNING),
            patient=True,
        )

    def run(self, job: ObservedJob, resume: bool) -> None:
        """Start a job, from its savepoint or with empty state."""
        self.send(
            lambda: self._api.run_job(job.job_id, resume),
            lambda: self._reader.read(job.job_id, ()),
            lambda found: found.status != job.status or found.start_time != job.start_time,
            patient=True,
        )

    def delete(self, job: ObservedJob) -> None:
        """Delete a job, which may be gone already."""
        try:
            self.send(
                lambda: self._api.delete_job(job.job_id), lambda: self._reader.is_listed(job), lambda listed: not listed
            )
        except NotFound:
            return

    def trigger_savepoint(self, job: ObservedJob, path: str) -> None:
        """Begin a savepoint of a running job."""
        self.send(
            lambda: self._api.trigger_savepoint(job.job_id, path),
            lambda: self._reader.read(job.job_id, ()),
            lambda found: found.status == SAVEPOINTING or found.has_newer_savepoint_than(job),
            patient=True,
        )

    def import_savepoint(self, job: ObservedJob, path: str) -> None:
        """Give a job a savepoint to resume from."""
        self.send(
            lambda: self._api.import_savepoint(job.job_id, path),
            lambda: self._reader.read(job.job_id, ()),
            lambda found: found.has_savepoint and same_path(found.savepoint_path, path),
        )


def _is_rejection(failure):
    """Whether the service has refused a request itself, for what it asks."""
    return isinstance(failure, ApiError) and not isinstance(failure, AuthenticationFailed) and not is_temporary(failure)


def _holds(job, name, body):
    """Whether a job has a field as an update's body says."""
    if name == "name":
        return job.name == body["name"]
    known = FIELDS_BY_NAME[name]
    return job.value(name) == canonical(known, body.get(name))
