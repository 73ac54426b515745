# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the executor asks its driver for: each effect is one request, one pause, or one line of progress.

The executor decides and does no I/O; it yields effects, and gets the outcome of each or the error that it ended in. A
driver performs them: for one job one after the other, for a fleet many at once.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Callable

from .._api.flink_jobs import FlinkJobApi
from .._model.fields import JobKind
from .._model.job import ObservedJob
from .._model.spec import JobSpec
from .._read.reader import JobReader

# What the executor is made of: yields effects, gets their outcomes, returns something.
Steps = Generator[Any, Any, Any]


class Effect:
    """Something to be done by a driver."""

    @property
    def fits_a_list(self) -> bool:
        """Whether a list of all jobs can show it, so that a driver of many jobs reads once for all of them."""
        return False

    def perform(self, api: FlinkJobApi, reader: JobReader):
        """Do it, and return its outcome.

        :raises RequestError: the service rejected it or did not respond.
        """
        raise NotImplementedError


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
class Pause(Effect):
    """Let time pass."""

    seconds: float


@dataclass(frozen=True)
class Report(Effect):
    """Show a person who watches what happens."""

    text: str


@dataclass(frozen=True)
class Call(Effect):
    """Call something that takes no arguments, for what is no job."""

    act: Callable[[], Any]

    def perform(self, _api, _reader):
        return self.act()


@dataclass(frozen=True)
class Find(Effect):
    """Find the job that a desired state is about; its outcome is a C(Found)."""

    spec: JobSpec
    fits_a_list = True

    def perform(self, _api, reader):
        return reader.find(self.spec)


@dataclass(frozen=True)
class Read(Effect):
    """Read a job as it is now.

    :param is_detail: whether a write rests on it, so that it has to be the detail. Else a driver of many jobs may read
        a list, which can be behind.
    """

    job_id: int
    is_detail: bool = False

    @property
    def fits_a_list(self) -> bool:
        return not self.is_detail

    def perform(self, _api, reader):
        return reader.detail(self.job_id) if self.is_detail else reader.read(self.job_id, ())


@dataclass(frozen=True)
class Complete(Effect):
    """Give a job those of some fields that only the other kind of response has."""

    job: ObservedJob
    fields: tuple

    @property
    def fits_a_list(self) -> bool:
        # Where there is nothing to be read, nobody waits for others.
        return not (self.job.has_all(self.fields) or {"list", "detail"} <= self.job.sources)

    def perform(self, _api, reader):
        return reader.with_fields(self.job, self.fields)


@dataclass(frozen=True)
class ReadTags(Effect):
    """Read the tags of a job as they are now.

    Its outcome is the job with them, as that of C(JobReader.with_tags).
    """

    job: ObservedJob

    def perform(self, _api, reader):
        return reader.with_tags(self.job)


@dataclass(frozen=True)
class CompareTags(Effect):
    """Read the tags of a job as they are now, or what else shows them; its outcome is a C(Found)."""

    job: ObservedJob
    wanted: dict

    def perform(self, _api, reader):
        return reader.found_with_tags(self.job, self.wanted)


@dataclass(frozen=True)
class IdsNamed(Effect):
    """List the ids of the jobs of a name."""

    name: str
    fits_a_list = True

    def perform(self, _api, reader):
        return reader.ids_named(self.name)


@dataclass(frozen=True)
class IsThere(Effect):
    """Read whether there still is a job, whatever it is named by now."""

    job: ObservedJob
    fits_a_list = True

    def perform(self, _api, reader):
        return reader.is_there(self.job)


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


def outcome_of(effect: Effect) -> Steps:
    """Yield one effect and return its outcome."""
    return (yield effect)
