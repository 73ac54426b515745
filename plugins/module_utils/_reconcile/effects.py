# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the executor asks its driver for: each effect is one request, one pause, or one line of progress.

The executor decides and does no I/O; it yields effects, and gets the outcome of each or the error that it ended in. A
driver performs them: for one job one after the other, for a fleet many at once. Those that change something are in
M(write_effects).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Callable

from .._api.flink_jobs import FlinkJobApi
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


def outcome_of(effect: Effect) -> Steps:
    """Yield one effect and return its outcome."""
    return (yield effect)
