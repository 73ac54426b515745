# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Statuses of a job, what each of them allows, and the seam behind which jobs run.

An engine makes jobs go through their statuses. There are two: one that goes by the clock, and one that runs the jobs on
a Flink cluster.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Callable, Protocol

from local_dli.behaviour import Behaviour

if TYPE_CHECKING:
    from local_dli.jobs import Job

RUNNING = "job_running"

# Documented: these pass by themselves.
TRANSITIONAL = frozenset(
    {"job_submitting", "job_downloading", "job_savepointing", "job_canceling", "job_arrearage_recovering"}
)

# The Flink cluster has the job in these, so its running time grows; assumed.
ALIVE = frozenset({RUNNING, "job_savepointing", "job_canceling"})


def has_ended(status: str) -> bool:
    """Whether a job in this status neither runs nor is on its way to another one."""
    return status not in ALIVE and status not in TRANSITIONAL


class Refused(Exception):
    """The operation is refused for this job; the batch answer has an unsuccessful element with this text.

    The text is an error code, a colon and one sentence.
    """


class Engine(Protocol):
    """What makes jobs run. Everything is called under the lock of the store; ``now`` is a time of the store's clock.

    ``start_outcomes`` and ``stop_outcomes`` are the plans it can carry out.
    """

    start_outcomes: re.Pattern[str]
    stop_outcomes: re.Pattern[str]

    def start(self, job: Job, resume_savepoint: bool, outcome: str, behaviour: Behaviour, now: float) -> None:
        """Start a job.

        :param outcome: a planned one, or ``running``.
        :raises Refused: when its status forbids it, or there is no savepoint to resume from.
        """

    def stop(self, job: Job, trigger_savepoint: bool, outcome: str, behaviour: Behaviour, now: float) -> None:
        """Stop a job.

        :param outcome: a planned one, or ``stopped``.
        :raises Refused: when its status forbids it.
        """

    def save(self, job: Job, folder: str, behaviour: Behaviour, now: float) -> None:
        """Make a savepoint of a job and let it run on.

        :param folder: the obs:// path of a folder, without a slash at its end; the savepoint gets a folder in it.
        :raises Refused: when it is not running.
        """

    def due(self, now: float) -> Collection[int]:
        """Return the numbers of the jobs to advance now; asked whenever somebody reads.

        These are all jobs with something ahead of them that may have happened, and as few others as possible.
        """

    def advance(self, job: Job, now: float, wall_ms: Callable[[float], int]) -> Iterator[float]:
        """Bring a job that is due up to date, and yield the time of each change right after it was made.

        :param wall_ms: gives the time of day, in ms since the epoch, that belongs to a time of the store's clock.
        """

    def forget(self, job: Job) -> None:
        """Let go of a job that is deleted, or that a test has put into another status."""

    def execution(self, job: Job) -> tuple[str, str]:
        """Return Flink's number and Flink's state of a job that was started at least once."""

    def close(self) -> None:
        """Let go of all jobs."""


def check_start(job: Job, resume_savepoint: bool) -> None:
    """Check that a job can be started (documented: from draft or stopped).

    :raises Refused: when its status forbids it, or there is no savepoint to resume from (assumed).
    """
    if job.status == RUNNING or job.status in TRANSITIONAL:
        raise Refused(f"DLI.0007: a job in {job.status} cannot be started.")
    if resume_savepoint and not job.has_savepoint:
        raise Refused("DLI.0007: the job has no savepoint to resume from.")


def check_stop(job: Job) -> None:
    """Check that a job can be stopped (documented: from running; the vendor: from submitting too).

    :raises Refused: when its status forbids it.
    """
    if job.status not in (RUNNING, "job_submitting"):
        raise Refused(f"DLI.0007: a job in {job.status} cannot be stopped.")


def check_save(job: Job) -> None:
    """Check that a savepoint can be made of a job (vendor).

    :raises Refused: when the job is not running.
    """
    if job.status != RUNNING:
        raise Refused(f"DLI.0007: a job in {job.status} cannot make a savepoint.")
