# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings many jobs to their desired states: one listing, a plan for each job, and then changes in waves."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from .._api.flink_jobs import FlinkJobApi
from .._errors import (
    ConflictError,
    DliError,
    Fault,
    FleetError,
    InvalidInput,
)
from .._model.fields import JAR
from .._model.fleet import (
    MOST_PARALLEL,
    FleetTask,
    Purge,
    Rollout,
    duplicate_sentence,
    duplicates,
    unlisted,
)
from .._model.goal import Goal
from .._model.spec import JobSpec
from .._parallel import do_each, ended_by_interrupt
from .._progress import Progress
from .fleet_reader import FleetReader
from .job import Convergence
from .reader import tags_filter
from .wait import Waiting

# No job has this tag. A service that finds jobs by it and others does not look at tags at all, or not at each of them.
_TAG_OF_NO_JOB = {"otc.dli-no-job-has-this-tag": "0"}
_SECONDS_BETWEEN_COUNTS = 2.0
# How many names one line of progress tells.
_MOST_NAMES = 5
_SHOWN_OF_A_JOB = ("changes", "actions", "risks", "savepoint_path")

UNCHANGED = "unchanged"
CHANGED = "changed"
FAILED = "failed"
NOT_ATTEMPTED = "not_attempted"


@dataclass
class Member:
    """One job of the fleet.

    :param name: its name, or its id as a text.
    :param label: how messages call it.
    :param is_purged: whether it is here because the task does not list it.
    :param failure: the error that it ended in.
    """

    name: str
    label: str
    goal: Goal
    convergence: Convergence
    is_purged: bool = False
    verdict: str = NOT_ATTEMPTED
    failure: DliError | None = None

    def fail(self, exc: DliError) -> None:
        """Note that the job could not be brought to its state."""
        self.verdict, self.failure = FAILED, exc


def converge_fleet(api: FlinkJobApi, task: FleetTask, apply: bool, waiting: Waiting) -> dict:
    """Bring the jobs of a fleet to their desired states and return the module's result.

    :param apply: False for check mode: everything but the changes themselves.
    :raises FleetError: some jobs failed or were not attempted; it has the same result as a success.
    :raises InvalidInput: the task lists one job twice, by its name and by its id; nothing was changed.
    """
    return _Fleet(api, task, waiting).converge(apply)


class _Fleet:
    def __init__(self, api, task, waiting):
        self._api = api
        self._task = task
        self._waiting = waiting
        # What many jobs do at one time is told by their number alone.
        self._quietly = replace(waiting, progress=Progress())
        self._reader = FleetReader(api)
        self._members = [self._member(goal) for goal in task.goals]

    def _member(self, goal, is_purged=False):
        name = goal.spec.name or str(goal.spec.job_id)
        convergence = Convergence(self._api, self._reader, goal, self._quietly)
        return Member(name, goal.spec.label, goal, convergence, is_purged)

    def converge(self, apply):
        self._plan()
        self._check_for_duplicates()
        self._roll_out(self._task.rollout, self._change if apply else self._predict)
        return self._result()

    def _plan(self):
        with self._reader.snapshot(len(self._task.goals)):
            if self._task.purge:
                self._members += [self._member(goal, True) for goal in self._purged(self._task.purge)]
                self._reader.size = len(self._members)
            self._each(self._members, lambda member: member.convergence.make_plan())
        for member in self._members:
            if not member.failure and not member.convergence.plan.steps:
                member.verdict = UNCHANGED

    def _purged(self, purge: Purge) -> list[Goal]:
        """Return goals for the jobs that the task does not list, within its scope.

        :raises ConflictError: the service does not filter by all the tags, so other jobs would seem to be in scope.
        """
        if purge.tags and self._reader.all_jobs(**tags_filter({**purge.tags, **_TAG_OF_NO_JOB})):
            raise ConflictError(
                "The service finds jobs that have not all of the tags asked for, so it cannot tell which jobs have "
                "those of purge_scope; nothing was changed. Use name_prefix alone."
            )
        return [
            Goal(JobSpec(job.name), purge.state)
            for job in unlisted(self._reader.all_jobs(**tags_filter(purge.tags)), self._task.goals)
            if JAR.has(job.job_type) and job.name.startswith(purge.name_prefix)
        ]

    def _check_for_duplicates(self):
        """Check that no job is in the list both by its name and by its id, which only the service can tell.

        :raises InvalidInput: one is. Two threads would change it at one time, each to a state of its own.
        """
        for first, number in duplicates(member.convergence.job_id for member in self._members):
            pair = (self._members[first - 1], self._members[number - 1])
            # Ids differ, so at least one of the two was found by the name that the job has.
            name = next(duplicate.name for duplicate in pair if duplicate.goal.spec.job_id is None)
            sentence = duplicate_sentence(first, number, pair[0].convergence.job_id, name)
            raise InvalidInput(f"{sentence}; nothing was changed.")

    def _roll_out(self, rollout: Rollout, change) -> None:
        """Change wave after wave, until too many jobs have failed.

        :param change: callable that gives each member of a wave its verdict.
        """
        to_change = [member for member in self._members if member.verdict == NOT_ATTEMPTED]
        count = _Count(self._waiting, len(to_change))
        for wave, is_canary in _waves(to_change, rollout):
            if self._failures() > rollout.max_failures:
                return
            change(wave, count)
            if is_canary and any(member.failure for member in wave):
                return

    def _change(self, wave, count):
        count.begin(wave)
        # What jobs that are waited for ask for together goes out in one request, so all of them begin at one time.
        threads = len(wave) if any(member.convergence.is_waited_for for member in wave) else MOST_PARALLEL
        self._each(wave, lambda member: member.convergence.carry_out(), count.one_more, threads)
        done = [member for member in wave if not member.failure]
        with self._reader.snapshot(len(done)):
            self._each(done, lambda member: member.convergence.read_again())
        for member in done:
            member.verdict = FAILED if member.failure else CHANGED

    def _predict(self, wave, _count):
        """Take a wave as changed, for check mode: that a change would fail cannot be known."""
        for member in wave:
            member.verdict = CHANGED

    def _each(self, members, act, done=lambda _member: None, threads=MOST_PARALLEL):
        """Do something for each member at one time, and note who fails.

        :param threads: how many there are to begin with. More than there can be requests at one time are of no use
            where nothing else is waited for, and each costs time.
        """

        def attempt(member):
            try:
                act(member)
            except DliError as exc:
                member.fail(exc)
            except Exception as exc:  # pylint: disable=broad-except # what became of the others is told all the same
                member.fail(Fault(exc))
            done(member)

        with ended_by_interrupt():
            do_each(attempt, members, threads)

    def _failures(self):
        return sum(member.verdict == FAILED for member in self._members)

    def _result(self):
        reports, diffs, warnings = [], [], []
        counts = dict.fromkeys((CHANGED, UNCHANGED, FAILED, NOT_ATTEMPTED), 0)
        for member in self._members:
            counts[member.verdict] += 1
            result = member.failure.result if member.failure else member.convergence.result()
            reports.append(_report(member, result))
            if member.verdict == CHANGED:
                diffs.append(result["diff"])
            warnings += result.get("warnings", [])
        result = {
            "changed": any(report["changed"] for report in reports),
            "counts": counts,
            "jobs": reports,
            "diff": diffs,
            "warnings": warnings,
        }
        if counts[FAILED]:
            raise FleetError(_sentence(self._members, counts), result)
        return result


class _Count:
    """Tells how many of the jobs to change are done: each wave, each failure, and the rest now and then."""

    def __init__(self, waiting, total):
        self._progress = waiting.progress
        self._total = total
        self._clock = waiting.clock
        self._lock = threading.Lock()
        self._begun = self._wave_end = self._done = self._failed = 0
        self._told = self._clock.monotonic()

    def begin(self, wave):
        self._begun += len(wave)
        names = ", ".join(member.name for member in wave[:_MOST_NAMES])
        rest = f" and {len(wave) - _MOST_NAMES} more" if len(wave) > _MOST_NAMES else ""
        self._progress.report(f"{self._begun} of {self._total} started: {names}{rest}")
        self._wave_end = self._done + len(wave)

    def one_more(self, member):
        with self._lock:
            self._done += 1
            self._failed += bool(member.failure)
            now = self._clock.monotonic()
            is_time = now - self._told >= _SECONDS_BETWEEN_COUNTS
            if member.failure or self._done == self._wave_end or is_time:
                self._told = now
                what = f", {member.label} failed" if member.failure else ""
                self._progress.report(f"{self._done} of {self._total} done, {self._failed} failed{what}")


def _waves(members, rollout: Rollout):
    """Yield lists of members to change at one time, and whether they are canaries. What is purged comes last."""
    kept = [member for member in members if not member.is_purged]
    purged = [member for member in members if member.is_purged]
    canaries, rest = kept[: rollout.canaries], kept[rollout.canaries :]
    if canaries:
        yield canaries, True
    for group in (rest, purged):
        size = rollout.batch_size or len(group)
        for start in range(0, len(group), size or 1):
            yield group[start : start + size], False


def _report(member, result):
    """Return what the result tells of one job."""
    is_changed = member.verdict == CHANGED or bool(result.get("changed") and member.failure)
    job = result.get("job") or {}
    report = {
        "name": member.goal.spec.name or job.get("name"),
        "job_id": job.get("job_id") or member.convergence.job_id,
        "verdict": member.verdict,
        "changed": is_changed,
        "purged": member.is_purged,
        "status": None,
    }
    if member.verdict != NOT_ATTEMPTED:
        # What was not attempted is not as its plan has it, and what was deleted has no status.
        is_gone = member.verdict == CHANGED and member.goal.state == "absent"
        report["status"] = None if is_gone else job.get("status")
        report.update({key: result[key] for key in _SHOWN_OF_A_JOB if result.get(key)})
    if member.failure:
        report.update({"msg": str(member.failure), "error": member.failure.details()})
    return report


def _sentence(members, counts):
    failed = [member for member in members if member.failure]
    left = counts[NOT_ATTEMPTED]
    rest = f", {left} {'was' if left == 1 else 'were'} not attempted" if left else ""
    first = failed[0]
    others = f" So did {', '.join(member.label for member in failed[1:])}." if len(failed) > 1 else ""
    count = f"{len(failed)} of {len(members)} Flink jobs failed{rest}."
    return f"{count} {first.label} failed with: {first.failure}{others}"
