# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a start resumes from a savepoint, and what is said where there is none that it may resume from."""

from __future__ import annotations

from .._errors import ConflictError
from .goal import Goal
from .job import ObservedJob
from .status import DRAFT, FINISHED, RUNNING, STOP_FAILED, STOPPED, SUBMITTING

# Said right before a start, of a job that had one when the start was planned.
SAVEPOINT_GONE = "it has run, and has no savepoint to resume from, so it was not started with empty state"


def resumes(goal: Goal, current: ObservedJob, stop) -> bool:
    """Return whether a start resumes from a savepoint: the one that the stop makes, or else the one that is there.

    :param stop: the step that stops the job before, None when it is not stopped.
    :raises ConflictError: a job that has run would be started with empty state, and the task does not say that.
    """
    lifecycle, job = goal.lifecycle, f"Flink job {current.name}"
    if lifecycle.resume_savepoint is False:
        return False
    is_running = stop and current.status != SUBMITTING
    if is_running and stop.savepoint:
        return True
    if is_running and may_start_empty(goal):
        return False
    if is_running and goal.state == "started":
        raise ConflictError(
            f"{job} is {current.status}. resume_savepoint is true, but the job would be stopped without a savepoint, "
            "so that what it has done since its last one would be lost; nothing was changed."
        )
    if is_of_earlier_run(goal, current):
        why = (
            "trigger_savepoint is false, so it was not stopped"
            if stop
            else "it shows no newer one, so it was not started"
        )
        raise ConflictError(
            f"{job} is {current.status}. It has run on since its savepoint {current.savepoint_path} was made, and "
            f"{why}. Set resume_savepoint to true to resume it from there, which repeats what it has done since, or "
            "import another savepoint with otc.dli.dli_flink_savepoint."
        )
    if lifecycle.resume_savepoint is None and not may_start_empty(goal):
        check_savepoint_of_failed_stop(current)
    if current.has_savepoint:
        return True
    if is_running:
        raise ConflictError(
            f"{job} is {current.status}. "
            "trigger_savepoint is false, and the job has no savepoint to resume from; it was not stopped, because that "
            "would lose its state. Leave trigger_savepoint out to make one, or set resume_savepoint to false to start "
            "the job with empty state."
        )
    if lifecycle.resume_savepoint:
        raise ConflictError(f"{job} has no savepoint to resume from, as resume_savepoint asks; it was not started.")
    if current.has_run and not may_start_empty(goal):
        raise ConflictError(
            f"{job} is {current.status}{current.because}. "
            "It has run before and has no savepoint to resume from; it was not started, because that would lose its "
            "state. Import a savepoint with otc.dli.dli_flink_savepoint, or set resume_savepoint to false to start it "
            "with empty state."
        )
    return False


def check_savepoint_of_failed_stop(current: ObservedJob) -> None:
    """Check that a job is not resumed from an older savepoint than Flink made for its last stop, in which it failed.

    :raises ConflictError: it would be.
    """
    made = current.savepoint_of_failed_stop
    if not made or current.shows_savepoint_of_failed_stop:
        return
    lost = (
        f"it shows {current.savepoint_path}, which may be older, and what it has done since would be done again"
        if current.has_savepoint
        else "it shows none, and its state would be lost"
    )
    raise ConflictError(
        f"Flink job {current.name} is {current.status}. Flink made the savepoint {made} to stop it, and then the job "
        f"failed before it had stopped; {lost}, so it was not started. Import that savepoint with "
        "otc.dli.dli_flink_savepoint, and run the task again."
    )


def may_start_empty(goal: Goal) -> bool:
    """Whether a task says that a job which has run may be started with empty state."""
    lifecycle = goal.lifecycle
    if lifecycle.resume_savepoint is not None:
        return not lifecycle.resume_savepoint
    return goal.state == "started" and lifecycle.upgrade_mode == "stateless"


def is_of_earlier_run(goal: Goal, current: ObservedJob) -> bool:
    """Whether a job's savepoint is too old to resume the job from, unless the task says so: it has run on since.

    A job that has failed has nothing newer.
    """
    return (
        goal.lifecycle.resume_savepoint is None
        and current.status in (STOPPED, DRAFT, RUNNING, STOP_FAILED, FINISHED)
        and current.has_savepoint
        and current.savepoint_is_of_earlier_run
    )
