# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Effects that change something, which a task that finds nothing to do does without (see M(effects))."""

from __future__ import annotations

from dataclasses import dataclass

from .._api.flink_jobs import FlinkJobApi
from .._model.fields import JobKind
from .effects import Effect


class Batchable(Effect):
    """Something that one request can do to many jobs.

    What is equal in C(batch), which is hashable, can go out in one request.
    """

    job_id: int

    @property
    def batch(self) -> tuple:
        """What the request says besides the jobs."""
        return (type(self).__name__,)

    def perform(self, api, _reader):
        self.send(api, [self.job_id])

    def send(self, api: FlinkJobApi, job_ids: list[int]) -> None:
        """Do it to several jobs.

        :raises RequestError: the service did not accept it for each of them, or did not respond.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Create(Effect):
    """Create a job; its outcome is the id."""

    kind: JobKind
    body: dict

    def perform(self, api, _reader):
        return api.create_job(self.kind, self.body)


@dataclass(frozen=True)
class Update(Effect):
    """Change the definition of a job; its outcome is the time of that, 0 where it is not known."""

    kind: JobKind
    job_id: int
    body: dict

    def perform(self, api, _reader):
        return api.update_job(self.kind, self.job_id, self.body)


@dataclass(frozen=True)
class RemoveTags(Effect):
    """Remove tags from a job."""

    job_id: int
    tags: dict

    def perform(self, api, _reader):
        api.remove_tags(self.job_id, self.tags)


@dataclass(frozen=True)
class AddTags(Effect):
    """Add tags to a job."""

    job_id: int
    tags: dict

    def perform(self, api, _reader):
        api.add_tags(self.job_id, self.tags)


@dataclass(frozen=True)
class Stop(Batchable):
    """Stop a job, with or without a savepoint."""

    job_id: int
    savepoint: bool

    @property
    def batch(self) -> tuple:
        return (*super().batch, self.savepoint)

    def send(self, api, job_ids):
        api.stop_jobs(job_ids, self.savepoint)


@dataclass(frozen=True)
class Run(Batchable):
    """Start a job, from its savepoint or with empty state."""

    job_id: int
    resume: bool

    @property
    def batch(self) -> tuple:
        return (*super().batch, self.resume)

    def send(self, api, job_ids):
        api.run_jobs(job_ids, self.resume)


@dataclass(frozen=True)
class Delete(Batchable):
    """Delete a job."""

    job_id: int

    def perform(self, api, _reader):
        api.delete_job(self.job_id)

    def send(self, api, job_ids):
        api.delete_jobs(job_ids)


@dataclass(frozen=True)
class TriggerSavepoint(Effect):
    """Begin a savepoint of a running job."""

    job_id: int
    path: str

    def perform(self, api, _reader):
        api.trigger_savepoint(self.job_id, self.path)


@dataclass(frozen=True)
class ImportSavepoint(Effect):
    """Give a job a savepoint to resume from."""

    job_id: int
    path: str

    def perform(self, api, _reader):
        api.import_savepoint(self.job_id, self.path)
