# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the executor asks its driver for: each effect is one request, one pause, or one line of progress.

The executor decides and does no I/O; it yields effects, and gets the outcome of each or the error that it ended in. A
driver performs them: for one job one after the other, for a fleet many at once. Those that change something are in
M(write_effects). Every task loads these, so they are plain classes, which Python makes a hundred times faster than
dataclasses.
"""

from __future__ import annotations

from collections.abc import Generator
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


class Pause(Effect):
    """Let time pass."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class Report(Effect):
    """Show a person who watches what happens."""

    def __init__(self, text: str) -> None:
        self.text = text


class Call(Effect):
    """Call something that takes no arguments, for what is no job."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act

    def perform(self, _api, _reader):
        return self.act()


class Find(Effect):
    """Find the job that a desired state is about; its outcome is a C(Found)."""

    fits_a_list = True

    def __init__(self, spec: JobSpec) -> None:
        self.spec = spec

    def perform(self, _api, reader):
        return reader.find(self.spec)


class Read(Effect):
    """Read a job as it is now.

    :param is_detail: whether a write rests on it, so that it has to be the detail. Else a driver of many jobs may read
        a list, which can be behind.
    """

    def __init__(self, job_id: int, is_detail: bool = False) -> None:
        self.job_id = job_id
        self.is_detail = is_detail

    @property
    def fits_a_list(self) -> bool:
        return not self.is_detail

    def perform(self, _api, reader):
        return reader.detail(self.job_id) if self.is_detail else reader.read(self.job_id, ())


class Complete(Effect):
    """Give a job those of some fields that only the other kind of response has."""

    def __init__(self, job: ObservedJob, fields: tuple) -> None:
        self.job = job
        self.fields = fields

    @property
    def fits_a_list(self) -> bool:
        # Where there is nothing to be read, nobody waits for others.
        return not (self.job.has_all(self.fields) or {"list", "detail"} <= self.job.sources)

    def perform(self, _api, reader):
        return reader.with_fields(self.job, self.fields)


class ReadTags(Effect):
    """Read the tags of a job as they are now.

    Its outcome is the job with them, as that of C(JobReader.with_tags).
    """

    def __init__(self, job: ObservedJob) -> None:
        self.job = job

    def perform(self, _api, reader):
        return reader.with_tags(self.job)


class CompareTags(Effect):
    """Read the tags of a job as they are now, or what else shows them; its outcome is a C(Found)."""

    def __init__(self, job: ObservedJob, wanted: dict) -> None:
        self.job = job
        self.wanted = wanted

    def perform(self, _api, reader):
        return reader.found_with_tags(self.job, self.wanted)


class IdsNamed(Effect):
    """List the ids of the jobs of a name."""

    fits_a_list = True

    def __init__(self, name: str) -> None:
        self.name = name

    def perform(self, _api, reader):
        return reader.ids_named(self.name)


class IsThere(Effect):
    """Read whether there still is a job, whatever it is named by now."""

    fits_a_list = True

    def __init__(self, job: ObservedJob) -> None:
        self.job = job

    def perform(self, _api, reader):
        return reader.is_there(self.job)


def outcome_of(effect: Effect) -> Steps:
    """Yield one effect and return its outcome."""
    return (yield effect)
