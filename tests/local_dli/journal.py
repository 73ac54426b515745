# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The journal of truth: what was done to jobs and templates, by whom, and what the job was like before and after.

Tests judge by it, because neither what a read shows nor what the code under test says has to be true.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_dli.history import snapshot

if TYPE_CHECKING:
    from local_dli.jobs import Job

# Who did it: whoever sent a request, the second actor, or the service by itself.
CLIENT = "client"
OTHER = "other"
SERVICE = "service"
# The position of what happens before the first request.
BEFORE_ALL = -1


@dataclass(frozen=True)
class Event:
    """Something that happened.

    :param position: where between the requests: request number n from 0 is 3 * n + 1, what the second actor did right
        before it one less, and what it did right after it one more.
    :param by: ``client``, ``other`` or ``service``.
    :param operation: ``create``, ``update``, ``start``, ``stop``, ``save``, ``import-savepoint``, ``delete``,
        ``export``, ``import``; by the service ``enter`` (a status), ``saved`` and ``restart``.
    :param job_id: number of the job, or of the template.
    :param what: ``job`` or ``template``.
    :param before: the job right before, where there was one; likewise ``after``.
    :param asked: what the request had to say: ``resume_savepoint``, ``trigger_savepoint``, ``body``, ``path``.
    :param time: when it happened, by the clock of the service.
    """

    position: int
    by: str
    operation: str
    job_id: int
    what: str = "job"
    before: Job | None = None
    after: Job | None = None
    asked: dict[str, Any] = field(default_factory=dict)
    time: float = 0.0

    @property
    def request(self) -> int:
        """Number of the request that did it, from 0; only where somebody has sent one."""
        return (self.position - 1) // 3


class Journal:
    """All events so far, in order; ``position`` and ``by`` are those of the events that come next."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.events: list[Event] = []
        self.position = BEFORE_ALL
        self.by = CLIENT

    @contextlib.contextmanager
    def acting(self, by: str, position: int | None = None) -> Iterator[None]:
        """Let somebody else be the one who does what happens meanwhile."""
        previous = self.by, self.position
        self.by, self.position = by, self.position if position is None else position
        try:
            yield
        finally:
            self.by, self.position = previous

    @contextlib.contextmanager
    def noting(self, operation: str, job: Job, **asked: Any) -> Iterator[None]:
        """Note an operation on a job when it ends well."""
        before = snapshot(job)
        yield
        self.note(operation, job.job_id, before=before, after=snapshot(job), asked=asked)

    @contextlib.contextmanager
    def as_one(self, operation: str) -> Iterator[None]:
        """Note whatever happens meanwhile, if anything does, as one operation."""
        first = len(self.events)
        yield
        if len(self.events) > first:
            self.events[first:] = []
            self.note(operation, 0)

    def note(self, operation: str, job_id: int, **facts: Any) -> None:
        """Note an event of now."""
        self.events.append(
            Event(self.position, facts.pop("by", self.by), operation, job_id, time=self._clock(), **facts)
        )

    def clear(self) -> None:
        """Forget all events."""
        self.events.clear()
        self.position = BEFORE_ALL
