# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings many jobs to their desired states: reads all, then changes them wave after wave, each planned anew."""

from __future__ import annotations

from dataclasses import dataclass

from .._api.flink_jobs import FlinkJobApi
from .._errors import ConflictError, DetailDenied, DliError, Fault, InvalidInput
from .._model.fields import JAR
from .._model.fleet import FleetTask, Purge, Rollout, duplicate_sentence, duplicates, unlisted
from .._model.fleet_result import CHANGED, FAILED, NOT_ATTEMPTED, UNCHANGED, JobEnd, fleet_result
from .._model.goal import Goal
from .._model.purge import not_to_be_purged
from .._model.status import status_of
from .._model.tags import canonical_tags, tags_filter
from .._model.verdict import counted, deed_of
from .._parallel import read_each
from .._read.reader import Found, JobReader
from .fleet_driver import FleetDriver
from .job import Convergence
from .wait import Waiting

# No job has this tag. A service that finds jobs by it and others does not compare tags at all, or not each of them.
_TAG_OF_NO_JOB = {"otc.dli-no-job-has-this-tag": "0"}
# What a value is replaced by to see whether the service compares whole values: no job with the value has these.
_OTHER_VALUES = (lambda value: value[:-1], lambda value: value[1:], lambda value: value.swapcase())
_SECONDS_BETWEEN_COUNTS = 2.0
# How many names one line of progress shows.
_MOST_NAMES = 5


@dataclass
class Member:
    """One job of the fleet.

    :param is_planned: whether it could be planned what to do about it.
    :param failure: the error that it ended in.
    """

    goal: Goal
    convergence: Convergence
    verdict: str = NOT_ATTEMPTED
    is_planned: bool = False
    failure: DliError | None = None

    @property
    def name(self) -> str:
        """Its name, or its id as a string."""
        return self.goal.spec.name or str(self.goal.spec.job_id)

    @property
    def deed(self) -> str:
        """What is done to it, as far as that is planned."""
        return deed_of(self.convergence.plan.steps)

    @property
    def is_purged(self) -> bool:
        """Whether it is here because the task does not list it."""
        return self.goal.purged_id is not None

    def look(self):
        """Find the job, as steps (see M(effects)), and see whether there is anything to do."""
        yield from self.convergence.look()
        self._planned()

    def plan(self):
        """Plan what to do about the job, as steps."""
        yield from self.convergence.make_plan()
        self._planned()

    def change(self):
        """Plan anew and carry that out, as steps."""
        self.is_planned = False
        yield from self.plan()
        yield from self.convergence.carry_out()

    def _planned(self):
        self.is_planned = True
        if not self.convergence.plan.steps:
            self.verdict = UNCHANGED

    def leave_alone(self, reason: str = "") -> None:
        """Note that the job is not to be purged after all."""
        self.convergence.plan = not_to_be_purged(self.goal, reason)
        self.is_planned, self.verdict = True, UNCHANGED

    def fail(self, exc: Exception) -> None:
        """Note that the job could not be brought to its state.

        A job that this user may not even view is somebody else's, and not to be purged.
        """
        if self.is_purged and isinstance(exc, DetailDenied) and not self.convergence.actions:
            self.leave_alone(str(exc))
            return
        self.verdict, self.failure = FAILED, exc if isinstance(exc, DliError) else Fault(exc)

    def end(self) -> JobEnd:
        """Return what became of the job."""
        spec = self.goal.spec
        return JobEnd(
            spec.name,
            spec.label,
            self.convergence.job_id,
            self.verdict,
            self.failure.result if self.failure else self.convergence.result(),
            self.is_purged,
            self.verdict == CHANGED and self.goal.state == "absent",
            self.failure,
            "" if self.failure else self.convergence.plan.tags_problem,
        )


def converge_fleet(api: FlinkJobApi, task: FleetTask, apply: bool, waiting: Waiting) -> dict:
    """Bring the jobs of a fleet to their desired states and return the module's result.

    :param apply: False for check mode: everything but the changes themselves.
    :raises FleetError: some jobs failed or were not attempted; it has the same result as a success.
    :raises InvalidInput: the task lists one job twice, by its name and by its id; nothing was changed.
    :raises ConflictError: it is not certain which jobs may be purged, or they are too many; nothing was changed.
    """
    return _Fleet(api, task, waiting).converge(apply)


class _Fleet:
    def __init__(self, api, task, waiting):
        self._api = api
        self._task = task
        self._waiting = waiting
        self._driver = FleetDriver(api, JobReader(api), waiting.clock)
        self._members = [self._member(goal) for goal in task.goals]

    def _member(self, goal, found=None):
        return Member(goal, Convergence(goal, self._waiting, self._api.keep_secret, found))

    def converge(self, apply):
        self._look(apply)
        self._check_for_duplicates()
        self._roll_out(self._task.rollout, self._change if apply else self._predict)
        return fleet_result([member.end() for member in self._members])

    def _look(self, apply):
        """See which jobs need a change; in check mode plan it too, because there is nothing to be done before."""
        snapshot = self._driver.snapshot(len(self._members))
        if self._task.purge:
            self._members += self._unlisted(self._task.purge, snapshot)
        self._run([member.look() if apply else member.plan() for member in self._members], self._members, snapshot)

    def _run(self, runs, members, snapshot=None, ended=lambda _member: None):
        """Perform steps for members, and note who fails."""

        def note(number, failure):
            if failure:
                members[number].fail(failure)
            ended(members[number])

        self._driver.run_each(runs, note, snapshot)

    def _check_for_duplicates(self):
        """Check that no job is in the list both by its name and by its id, which only the service knows.

        :raises InvalidInput: one is. It would be changed twice concurrently, each time to another state.
        """
        for first, number in duplicates(member.convergence.job_id for member in self._members):
            pair = (self._members[first - 1], self._members[number - 1])
            # Ids differ, so at least one of the two was found by the name that the job has.
            name = next(duplicate.name for duplicate in pair if duplicate.goal.spec.job_id is None)
            sentence = duplicate_sentence(first, number, pair[0].convergence.job_id, name)
            raise InvalidInput(f"{sentence}; nothing was changed.")

    # What is purged

    def _unlisted(self, purge: Purge, snapshot) -> list[Member]:
        """Return the jobs that the task does not list, within its scope.

        :raises ConflictError: the service does not filter by all of the tags, or there are too many.
        """
        jobs = [
            job
            for job in unlisted(snapshot.all_jobs(tags_filter(purge.tags)), self._task.goals)
            if JAR.has(job.job_type) and job.name.startswith(purge.name_prefix)
        ]
        if purge.tags:
            jobs = self._with_tags_of(purge, jobs, snapshot)
        # Those that are stopped already stay as they are.
        to_go = [job for job in jobs if purge.state == "absent" or status_of(job.status).may_run]
        if len(to_go) > purge.most:
            names = ", ".join(job.name for job in to_go[:_MOST_NAMES])
            rest = ", ..." if len(to_go) > _MOST_NAMES else ""
            raise ConflictError(
                f"{len(to_go)} jobs of purge_scope are not listed ({names}{rest}), but max_purged is {purge.most}; "
                "nothing was changed."
            )
        return [self._member(purge.goal(job), Found(job)) for job in jobs]

    def _with_tags_of(self, purge, jobs, snapshot):
        """Return those of the jobs that have all tags of the scope, whatever the service's filter compares.

        :raises ConflictError: neither tags nor the filter show which these are.
        """
        tagged = read_each(self._driver.reader.with_tags, jobs, self._api.concurrency)
        if self._driver.reader.tags_obstacle:
            self._check_tags_filter(purge.tags, snapshot)
            return jobs
        wanted = canonical_tags(purge.tags).items()
        return [job for job in tagged if job.tags is not None and wanted <= job.tags.items()]

    def _check_tags_filter(self, tags, snapshot):
        """Check that the service finds jobs by all of the tags, and by their whole values.

        Where tags cannot be read, the filter is all there is.

        :raises ConflictError: it does not, so jobs would seem to be in scope that are not.
        """
        # A value that a change leaves empty, or as it is, stays, so that the others are checked all the same.
        others = [{key: other(value) or value for key, value in tags.items()} for other in _OTHER_VALUES]
        others = [values for values in others if values != tags]
        found = {job.job_id for job in snapshot.all_jobs(tags_filter(tags))}
        for values in ({**tags, **_TAG_OF_NO_JOB}, *others):
            if found & {job.job_id for job in snapshot.all_jobs(tags_filter(values))}:
                raise ConflictError(
                    "The service finds jobs that have not all of the tags asked for, so it cannot tell which jobs have "
                    "those of purge_scope; nothing was changed. Use name_prefix alone."
                )

    def _still_in_scope(self, wave):
        """Return those members of a wave that may still be purged; the others are left alone.

        Each job is read again right before its deletion, with its tags. Where these cannot be read, the list is asked.
        """
        tags = self._task.purge.tags
        if not tags or not self._driver.reader.tags_obstacle:
            return wave
        try:
            listed = {job.job_id for job in self._driver.snapshot(len(wave)).all_jobs(tags_filter(tags))}
        except DliError as exc:
            # The waves before this one have changed jobs, and the result has to say so.
            for member in wave:
                member.fail(exc.copied())
            return []
        for member in wave:
            if member.goal.purged_id not in listed:
                member.leave_alone()
        return [member for member in wave if member.verdict != UNCHANGED]

    # The waves

    def _roll_out(self, rollout: Rollout, change) -> None:
        """Change wave after wave, until too many jobs have failed.

        :param change: callable that gives each member of a wave its verdict.
        """
        to_change = [member for member in self._members if member.verdict == NOT_ATTEMPTED]
        waves = list(_waves(to_change, rollout))
        count = _Count(self._waiting, len(to_change))
        if to_change:
            count.overview(self._members)
        for title, wave in waves:
            if self._failures() > rollout.max_failures:
                return
            if wave[0].is_purged and not all(member.is_planned for member in self._members if not member.is_purged):
                # It may be one of the jobs that seem to be unlisted.
                return
            change(title, wave, count)
            if title == _CANARIES and any(member.failure for member in wave):
                return

    def _change(self, title, wave, count):
        if wave[0].is_purged:
            wave = self._still_in_scope(wave)
        if not wave:
            return
        window = self._task.rollout.canary_health_window
        if title == _CANARIES and window is not None:
            for member in wave:
                member.convergence.set_health_window(window)
        count.begin(title, wave)
        self._run([member.change() for member in wave], wave, ended=count.one_more)
        done = [member for member in wave if member.verdict == NOT_ATTEMPTED]
        self._run([member.convergence.read_again() for member in done], done)
        for member in done:
            # Somebody else may have done all that was to be done.
            if not member.failure:
                member.verdict = CHANGED if member.convergence.actions else UNCHANGED

    def _predict(self, _title, wave, _count):
        """Take a wave as changed, for check mode: that a change would fail cannot be known."""
        for member in wave:
            member.verdict = CHANGED

    def _failures(self):
        return sum(member.verdict == FAILED for member in self._members)


class _Count:
    """Reports how many of the jobs to change are done: each wave, each failure, and the rest now and then."""

    def __init__(self, waiting, total):
        self._progress = waiting.progress
        self._total = total
        self._clock = waiting.clock
        self._left_of_wave = self._done = self._failed = 0
        self._reported = self._clock.monotonic()

    def overview(self, members):
        """Report what is to be done to how many, as far as it is known before the first wave."""
        verdicts = [member.deed if member.verdict == NOT_ATTEMPTED else member.verdict for member in members]
        self._progress.report(f"{_of_jobs(len(members))}: {counted(verdicts)}")

    def begin(self, title, wave):
        names = ", ".join(member.name for member in wave[:_MOST_NAMES])
        rest = f" and {len(wave) - _MOST_NAMES} more" if len(wave) > _MOST_NAMES else ""
        self._progress.report(f"{title}: {counted(member.deed for member in wave)}: {names}{rest}")
        self._left_of_wave = len(wave)

    def one_more(self, member):
        self._done += 1
        self._left_of_wave -= 1
        self._failed += bool(member.failure)
        now = self._clock.monotonic()
        if member.failure or not self._left_of_wave or now - self._reported >= _SECONDS_BETWEEN_COUNTS:
            self._reported = now
            what = f", {member.goal.spec.label} failed" if member.failure else ""
            self._progress.report(f"{self._done} of {self._total} done, {self._failed} failed{what}")


def _of_jobs(count):
    return f"{count} job{'' if count == 1 else 's'}"


_CANARIES = "canaries"


def _waves(members, rollout: Rollout):
    """Yield a title and the members to change concurrently, for each wave. What is purged comes last."""
    kept = [member for member in members if not member.is_purged]
    purged = [member for member in members if member.is_purged]
    canaries, rest = kept[: rollout.canaries], kept[rollout.canaries :]
    if rollout.canary_jobs:
        names = set(rollout.canary_jobs)
        canaries = [member for member in kept if member.name in names]
        rest = [member for member in kept if member.name not in names]
    if canaries:
        yield _CANARIES, canaries
    for title, group in (("wave", rest), ("purge", purged)):
        size = rollout.batch_size or len(group) or 1
        starts = range(0, len(group), size)
        for number, start in enumerate(starts, start=1):
            yield f"{title} {number} of {len(starts)}", group[start : start + size]
