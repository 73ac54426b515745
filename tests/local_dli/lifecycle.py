# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Statuses of a job and the way through them.

A job holds the steps still ahead of it. They are taken when somebody looks at the job and their time has come, so no
thread and no timer is needed, and a test can turn the clock by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


@dataclass(frozen=True)
class Step:
    """Enter a status some seconds after the one before was entered."""

    after: float
    status: str
    desc: str = ""
    makes_savepoint: bool = False
    loses_savepoint: bool = False


class Refused(Exception):
    """The operation is refused for this job; the batch answer has an unsuccessful element with this text."""


def start(job: Job, resume_savepoint: bool, outcome: str, behaviour: Behaviour, now: float) -> None:
    """Start a job (documented: from draft or stopped) and plan how it goes on.

    :param outcome: ``running``, ``submit_fail``, ``exception_after:<seconds>`` or ``finish_after:<seconds>``.
    :raises Refused: when its status forbids it, or there is no savepoint to resume from (assumed).
    """
    if job.status == RUNNING or job.status in TRANSITIONAL:
        raise Refused(f"DLI.0007: a job in {job.status} cannot be started.")
    if resume_savepoint and not job.has_savepoint:
        raise Refused("DLI.0007: the job has no savepoint to resume from.")
    kind, _colon, seconds = outcome.partition(":")
    if kind == "submit_fail":
        job.follow(now, "job_submitting", [Step(behaviour.submit_seconds, "job_submit_fail", "Planned failure.")])
        return
    # Documented: a savepoint does not outlive the restart. Assumed: it is lost when the job runs, not when it is asked.
    steps = [Step(behaviour.submit_seconds, RUNNING, loses_savepoint=behaviour.savepoint_after_restart == "deleted")]
    if kind == "exception_after":
        steps.append(Step(float(seconds), "job_running_exception", "Planned exception."))
    elif kind == "finish_after":
        steps.append(Step(float(seconds), "job_finish"))
    elif behaviour.finish_after_seconds is not None:
        steps.append(Step(behaviour.finish_after_seconds, "job_finish"))
    job.follow(now, "job_submitting", steps)


def stop(job: Job, trigger_savepoint: bool, outcome: str, behaviour: Behaviour, now: float) -> None:
    """Stop a job (documented: from running; the vendor: from submitting too).

    :param outcome: ``stopped`` or ``cancel_fail``.
    :raises Refused: when its status forbids it.
    """
    if job.status not in (RUNNING, "job_submitting"):
        raise Refused(f"DLI.0007: a job in {job.status} cannot be stopped.")
    end = Step(behaviour.cancel_seconds, "job_cancel_success")
    if outcome == "cancel_fail":
        end = Step(behaviour.cancel_seconds, "job_cancel_fail", "Planned failure.")
    if not trigger_savepoint or job.status != RUNNING:
        job.follow(now, "job_canceling", [end])
    elif behaviour.savepoint == "fails":
        # What would have ended the job by itself is forgotten here: no test needs a failed savepoint and then an end.
        job.follow(now, "job_savepointing", [Step(behaviour.savepoint_seconds, RUNNING)])
    else:
        saved = Step(behaviour.savepoint_seconds, "job_canceling", makes_savepoint=True)
        job.follow(now, "job_savepointing", [saved, end])


def save(job: Job, behaviour: Behaviour, now: float) -> None:
    """Make a savepoint of a running job and let it run on (vendor).

    :raises Refused: when the job is not running.
    """
    if job.status != RUNNING:
        raise Refused(f"DLI.0007: a job in {job.status} cannot make a savepoint.")
    made = behaviour.savepoint == "made"
    job.follow(now, "job_savepointing", [Step(behaviour.savepoint_seconds, RUNNING, makes_savepoint=made)])
