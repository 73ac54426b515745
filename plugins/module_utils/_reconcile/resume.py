# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a start resumes from, checked right before it."""

from __future__ import annotations

from .._errors import RequestError
from .._model.goal import Goal
from .._model.job import ObservedJob, same_path
from .._model.plan import Step, may_start_empty
from .effects import Steps
from .observer import Observer
from .writes import JobWrites


def resume_of(step: Step, job: ObservedJob, made: str, goal: Goal, observer: Observer, writes: JobWrites) -> Steps:
    """Return whether a start resumes from a savepoint, after a last check that it is the right one.

    :param step: the start as it is planned.
    :param job: the job as it is right before.
    :param made: the path of the savepoint that this task has made, "" for none.
    :raises LifecycleError: the start would lose the job's state.
    """
    if made and goal.lifecycle.resume_savepoint is not False:
        # Also where a job that was still being submitted came to run before it was stopped.
        lost = yield from lost_savepoint(job, made, observer, writes)
        if lost:
            raise observer.error(job, f"{lost}, so it was not started. The savepoint was at {made}")
        return True
    if not step.savepoint and job.has_run and not may_start_empty(goal):
        if not job.has_savepoint:
            raise observer.error(
                job, "it has run, and has no savepoint to resume from, so it was not started with empty state"
            )
        return True
    if step.savepoint and not job.has_savepoint:
        where = f". The savepoint was at {observer.savepoint_path}" if observer.savepoint_path else ""
        raise observer.error(job, f"its savepoint is gone, so it was not started{where}")
    return step.savepoint


def lost_savepoint(job: ObservedJob, made: str, observer: Observer, writes: JobWrites) -> Steps:
    """Return why a job cannot resume from the savepoint that this task made, "" when it can.

    The service is documented to drop savepoints after a restart; then it is given the path again.
    """
    if not job.has_savepoint:
        try:
            yield from writes.import_savepoint(job, made)
        except RequestError:
            return "the service no longer has its savepoint"
        job = yield from observer.imported_savepoint(job)
    if not job.has_savepoint:
        return "the service no longer has its savepoint"
    if not same_path(job.savepoint_path, made):
        return f"the service shows another savepoint, {job.savepoint_path},"
    return ""
