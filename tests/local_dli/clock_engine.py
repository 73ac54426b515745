# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine that runs nothing: statuses settle with time.

It holds the steps still ahead of each job. They are taken when their time has come and somebody reads the
job, so no thread and no timer is needed, and a test can turn the clock by hand.
"""

from __future__ import annotations

import heapq
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Callable

from local_dli.behaviour import Behaviour
from local_dli.lifecycle import ALIVE, RUNNING, check_save, check_start, check_stop

if TYPE_CHECKING:
    from local_dli.jobs import Job


# Where a savepoint lies in the folder of its job.
BELOW = {"dated": "/{at}/", "nested": "/{at}/savepoint-0a1b2c-0a1b2c3d4e5f/", "fixed": "/"}
# How long a job that the service restarts has failed, as it shows; assumed.
RESTART_SECONDS = 5.0


@dataclass(frozen=True)
class Step:
    """Enter a status some seconds after the one before was entered.

    ``savepoint_folder`` is where a savepoint is made with it, as an obs:// path without a slash at its end, and
    ``below`` what comes behind that, with ``{at}`` for its time.
    ``deletes`` is the savepoint whose files are deleted with it.
    ``restarts`` says that the service has restarted the job by itself.
    """

    after: float
    status: str
    desc: str = ""
    savepoint_folder: str | None = None
    below: str = "/{at}/"
    loses_savepoint: bool = False
    deletes: str | None = None
    restarts: bool = False


@dataclass
class _Way:
    """The steps ahead of a job, and when it has entered the status it is in."""

    since: float
    steps: deque[Step]

    @property
    def due(self) -> float:
        """When the next step is to be taken; there has to be one."""
        return self.since + self.steps[0].after


class ClockEngine:
    """See lifecycle.Engine."""

    start_outcomes = re.compile(
        r"running|submit_fail|stuck|ignored|refused|(exception|finish|restarts)_after:\d+(\.\d+)?"
    )
    stop_outcomes = re.compile(r"stopped|cancel_fail|runs_on|restarts|ignored|refused")

    def __init__(self) -> None:
        self._ways: dict[int, _Way] = {}
        # A heap of when which job is due. It may hold times that no longer count: these are checked in vain.
        self._agenda: list[tuple[float, int]] = []
        # The savepoints whose files are gone.
        self._deleted: set[str] = set()

    def start(self, job: Job, resume_savepoint: bool, outcome: str, behaviour: Behaviour, now: float) -> None:
        check_start(job, resume_savepoint)
        kind, _colon, seconds = outcome.partition(":")
        if kind == "ignored":
            return
        first, submits, reason = "job_submitting", [], "Planned failure."
        if behaviour.init_seconds:
            first, submits = "job_init", [Step(behaviour.init_seconds, "job_submitting")]
        resumed_from = obs_folder(job.savepoint_path) if resume_savepoint and job.savepoint_path else None
        loses = behaviour.loses_savepoint
        if loses and behaviour.savepoint_lost == "when_asked":
            job.set_savepoint(None)
        if resumed_from in self._deleted:
            kind, reason = "submit_fail", "The files of the savepoint are gone."
        if kind in ("submit_fail", "stuck"):
            fails = [Step(behaviour.submit_seconds, "job_submit_fail", reason)]
            self.follow(job, now, first, [*submits, *(fails if kind == "submit_fail" else ())])
            return
        deletes = resumed_from if behaviour.savepoint_files_after_restart == "deleted" else None
        steps = [Step(behaviour.submit_seconds, RUNNING, loses_savepoint=loses, deletes=deletes)]
        if kind == "exception_after":
            steps.append(Step(float(seconds), "job_running_exception", "Planned exception."))
        elif kind == "restarts_after":
            steps += restart_steps(float(seconds), behaviour)
        elif kind == "finish_after":
            steps.append(Step(float(seconds), "job_finish"))
        elif behaviour.finish_after_seconds is not None:
            steps.append(Step(behaviour.finish_after_seconds, "job_finish"))
        self.follow(job, now, first, [*submits, *steps])

    def stop(self, job: Job, trigger_savepoint: bool, outcome: str, behaviour: Behaviour, now: float) -> None:
        check_stop(job)
        if outcome == "ignored":
            return
        if outcome == "restarts":
            saves = trigger_savepoint and job.status == RUNNING
            begun = "job_savepointing" if saves else "job_canceling"
            self.follow(job, now, begun, restart_steps(behaviour.cancel_seconds, behaviour))
            return
        end = Step(behaviour.cancel_seconds, behaviour.stop_ends)
        if outcome == "runs_on":
            end = Step(behaviour.cancel_seconds, RUNNING, "Planned failure of the stop.")
            trigger_savepoint = False
        if outcome == "cancel_fail":
            end = Step(behaviour.cancel_seconds, "job_cancel_fail", "Planned failure.")
        if not trigger_savepoint or job.status != RUNNING:
            self.follow(job, now, "job_canceling", [end])
        elif behaviour.savepoint == "fails":
            # What would have ended the job by itself is forgotten here: no test needs a failed savepoint and then an
            # end.
            self.follow(job, now, "job_savepointing", [Step(behaviour.savepoint_seconds, RUNNING)])
        else:
            saved = Step(behaviour.savepoint_seconds, "job_canceling")
            self.follow(job, now, "job_savepointing", _saving(saved, job.savepoint_folder, behaviour, end))

    def save(self, job: Job, folder: str, behaviour: Behaviour, now: float) -> None:
        check_save(job)
        self.follow(
            job, now, "job_savepointing", _saving(Step(behaviour.savepoint_seconds, RUNNING), folder, behaviour)
        )

    def restart(self, job: Job, behaviour: Behaviour, now: float) -> None:
        """Let a running job fail now, and be restarted without anybody."""
        self.follow(job, now, job.status, restart_steps(0.0, behaviour))

    def due(self, now: float) -> list[int]:
        found = []
        while self._agenda and self._agenda[0][0] <= now:
            found.append(heapq.heappop(self._agenda)[1])
        return found

    def advance(self, job: Job, now: float, wall_ms: Callable[[float], int]) -> Iterator[float]:
        way = self._ways.get(job.job_id)
        while way and way.steps and way.due <= now:
            way.since = way.due
            step = way.steps.popleft()
            at = wall_ms(way.since)
            job.enter(step.status, at, step.desc)
            if step.savepoint_folder is not None:
                job.set_savepoint(step.savepoint_folder + step.below.format(at=at))
                self._deleted.discard(obs_folder(str(job.savepoint_path)))
            if step.deletes:
                self._deleted.add(step.deletes)
            if step.loses_savepoint:
                job.set_savepoint(None)
            job.restart_times += step.restarts
            yield way.since
        self._note(job)

    def forget(self, job: Job) -> None:
        self._ways.pop(job.job_id, None)

    def execution(self, job: Job) -> tuple[str, str]:
        return f"{job.job_id:032x}", "RUNNING" if job.status in ALIVE else "CANCELED"

    def close(self) -> None:
        pass  # nothing runs

    def follow(self, job: Job, now: float, status: str, steps: Iterable[Step]) -> None:
        """Enter a status now and go on from there by these steps, whatever was planned before."""
        job.announce(status)
        self._ways[job.job_id] = _Way(now, deque(steps))
        self._note(job)

    def _note(self, job: Job) -> None:
        """Put a job on the agenda, or let go of it when nothing is ahead of it."""
        way = self._ways.get(job.job_id)
        if way and way.steps:
            heapq.heappush(self._agenda, (way.due, job.job_id))
        else:
            self._ways.pop(job.job_id, None)


def restart_steps(after: float, behaviour: Behaviour) -> list[Step]:
    """Return the steps of a running job that fails after so many seconds and is restarted without anybody."""
    if behaviour.restart_by == "flink":
        return [Step(after, RUNNING, restarts=True)]
    return [
        Step(after, "job_running_exception", "Planned exception."),
        Step(RESTART_SECONDS, "job_submitting"),
        Step(behaviour.submit_seconds, RUNNING, restarts=True, loses_savepoint=behaviour.loses_savepoint),
    ]


def obs_folder(path: str) -> str:
    """Return a path in object storage in the one form in which paths can be compared."""
    return path.removeprefix("obs://").rstrip("/")


def _saving(saved: Step, folder: str, behaviour: Behaviour, *then: Step) -> list[Step]:
    """Return the steps of a savepoint and what comes after it.

    :param saved: when the savepoint is made.
    """
    steps = [saved, *then]
    if behaviour.savepoint != "made":
        return steps
    late = behaviour.savepoint_late_seconds
    last = replace(steps[-1], after=late) if late else saved
    made = replace(last, savepoint_folder=folder, below=BELOW[behaviour.savepoint_folders])
    return [*steps, made] if late else [made, *then]
