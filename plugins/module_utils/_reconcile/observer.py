# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Watches one job: reads it until it is where it should be, and says what became of it otherwise.

It writes nothing. What it reads is compared with what was read before, because a read can be older than a write; a
response that is older than what was seen already is no news.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._errors import ConflictError, LifecycleError, NotFound, RequestError, StartFailed, WaitTimeout
from .._model.diff import remaining_changes
from .._model.fields import FIELDS_BY_NAME
from .._model.goal import Goal
from .._model.job import ObservedJob, same_path
from .._model.status import (
    DRAFT,
    FAILED,
    FINISHED,
    IN_ARREARS,
    RUNNING,
    SAVEPOINTING,
    STOP_ENDS,
    STOP_FAILED,
    STOPPING,
    SUBMIT_FAILED,
    SUBMITTING,
    status_of,
)
from .._model.tags import canonical_tags
from . import wait as _wait
from .effects import Complete, IdsNamed, Pause, Read, ReadTags, Report, Steps, outcome_of
from .wait import Waiting

_START_ENDS = (RUNNING, FINISHED)


class Observer:
    """Watches one job for a task, as steps (see M(effects)).

    C(seen) is the newest response about the job, C(defined_since) the time of the last update of this task by the
    service's clock (0 for not known), C(savepoint_path) the path of the last savepoint that the task knows
    of, and C(notes) are sentences about what turned out otherwise than planned and is no failure. C(health_window) is
    for how many seconds a started job is watched.
    """

    def __init__(self, goal: Goal, waiting: Waiting) -> None:
        self._spec = goal.spec
        self.health_window = goal.lifecycle.health_window
        self._waiting = waiting
        self._now = waiting.clock.monotonic
        self.seen: ObservedJob | None = None
        self.defined_since = 0
        self.savepoint_path = ""
        self.notes: list[str] = []
        # The job right before the last stop or start: what is older is no news.
        self._before: ObservedJob | None = None
        # Whether the job was seen to leave the status that it had before the last stop or start, and all statuses that
        # responses since then have shown, old ones too.
        self._has_left = False
        self._statuses: set[str] = set()
        # The response that shows that the last stop has failed: what ends the job after that is the stop of another.
        self.refusal: ObservedJob | None = None
        # Whether the last stop was seen at work, and how many responses in a row have shown since that the job runs
        # again after a restart.
        self._is_stopping = False
        self._times_rerun = 0
        # The response that shows that the last start has failed, likewise.
        self._failure: ObservedJob | None = None
        # Whether a job that this task has started was seen while somebody made a savepoint of it.
        self.saw_foreign_savepointing = False
        # The savepoints that responses have shown until the last stop or start, and since then.
        self._savepoints_before: set[str] = set()
        self._savepoints: set[str] = set()

    def begin_with(self, job: ObservedJob) -> None:
        """Take a job as it was read right before a plan is carried out."""
        self.seen = job
        self.savepoint_path = job.savepoint_path

    def saved(self, path: str) -> None:
        """Note the savepoint that a stop of this task has made."""
        self.savepoint_path = path
        self._know_savepoints(path)

    def foreign_savepoint(self) -> str:
        """Return a savepoint of others that has shown since the last stop or start, if only for a time; "" for none."""
        known = self._savepoints_before
        new = (path for path in sorted(self._savepoints) if path and not any(same_path(path, one) for one in known))
        return next(new, "")

    def _know_savepoints(self, *paths):
        """Count what has shown so far, and these, as known."""
        self._savepoints_before |= {*self._savepoints, *paths}
        self._savepoints = set()

    def read(self, job_id: int, is_detail: bool = False) -> Steps:
        """Read a job, again where that is older than what was seen already.

        After the grace period it is believed as it is.

        :param is_detail: whether a write rests on it.
        """

        def is_news(found):
            return not any(seen and found.is_older_than(seen) for seen in (self.seen, self._before))

        def once():
            found = yield Read(job_id, is_detail)
            self._statuses.add(found.status)
            if self._shows_failed_stop(found):
                self.refusal = found
            if self._shows_failure(found):
                self._failure = found
            if found.status == SAVEPOINTING and self._before and found.was_started_since(self._before):
                self.saw_foreign_savepointing = True
            return found

        job = yield from self._within_grace(once, is_news)
        self.seen = job
        self._savepoints.add(job.savepoint_path)
        return job

    def _shows_failed_stop(self, found):
        """Whether a response shows that the last stop has failed: the job says so, or runs again after a restart.

        A restart counts only once the stop was at work, because the job can also have failed right before it, and only
        in the second response in a row, because one can be an old one.
        """
        before = self._before
        if before is None or before.status != RUNNING or found.is_older_than(before):
            return False
        self._is_stopping |= found.status in (SAVEPOINTING, STOPPING)
        if found.shows_failed_stop_since(before):
            return True
        has_begun_again = found.restart_times > before.restart_times or found.was_started_anew_since(before)
        is_rerun = self._is_stopping and found.status == RUNNING and has_begun_again
        self._times_rerun = self._times_rerun + 1 if is_rerun else 0
        return self._times_rerun > 1

    def _shows_failure(self, found):
        """Whether a response shows that the last start has failed, of a job that the service does not restart."""
        before = self._before
        if before is None or found.status == before.status:
            return False
        if _may_be_restarted(before):
            return False
        return found.status == SUBMIT_FAILED or (found.status == FAILED and found.was_started_since(before))

    def settle(self, job: ObservedJob, label: str) -> Steps:
        """Wait until a job is no longer in a transitional status, and return it.

        :param label: how messages call the job.
        :raises ConflictError: the task does not want to wait.
        """
        if not self._waiting.wait:
            raise ConflictError(
                f"{label} is {job.status}, which is a transitional status; wait is false, so nothing was done."
            )
        yield Report(f"{job.name}: wait until {job.status} settles")
        return (yield from self.settled(job.job_id))

    def settled(self, job_id: int) -> Steps:
        """Return the detail of a job once it is not, or no longer, in a transitional status."""

        def is_settled(found):
            return status_of(found.status).settled

        def read():
            found = yield from self.read(job_id)
            if is_settled(found) and "detail" not in found.sources:
                # The list may be behind, and writes rest on this.
                found = yield from self.read(job_id, is_detail=True)
            return found

        return (yield from self._until(job_id, is_settled, "to settle", read))

    def with_shown_tags(self, job: ObservedJob) -> Steps:
        """Return a job with its tags, once they are as desired, or as they are after the grace period.

        Without a wait they are read once.
        """

        def is_done(found):
            return found is None or found.tags == canonical_tags(self._spec.tags or {})

        grace = _wait.GRACE_SECONDS if self._waiting.wait else 0.0
        found = yield from _wait.watch(lambda: outcome_of(ReadTags(job)), is_done, grace, self._now)
        return found or job

    def wait_for_name(self, name: str) -> Steps:
        """Wait until the list has a job of a name that the service calls taken, for as long as that may take."""

        def ids():
            return (yield IdsNamed(name))

        yield from self._within_grace(ids, bool)

    def created(self, draft: ObservedJob, is_detail: bool = True) -> Steps:
        """Return a job that was created just now, which the service may not show at once.

        :param is_detail: whether a write rests on it.
        :raises NotFound: it has not shown within the grace period.
        """

        def read():
            try:
                return (yield from self.read(draft.job_id, is_detail))
            except NotFound as exc:
                return exc

        job = yield from self._within_grace(read, lambda found: isinstance(found, ObservedJob))
        if isinstance(job, NotFound):
            raise job
        return job

    def late_savepoint(self, before: ObservedJob) -> Steps:
        """Return the detail of a stopped job as soon as it shows a newer savepoint, or when the grace period is over.

        The list need not show where a savepoint is.

        :param before: the job with the savepoint that does not count.
        """
        return (
            yield from self._within_grace(
                lambda: self.read(before.job_id, is_detail=True), lambda found: found.has_newer_savepoint_than(before)
            )
        )

    def imported_savepoint(self, before: ObservedJob) -> Steps:
        """Return the detail of a job as soon as it shows a savepoint, or as it is when the grace period is over."""
        return (
            yield from self._within_grace(
                lambda: self.read(before.job_id, is_detail=True), lambda found: found.has_savepoint
            )
        )

    # What a job does after it was asked to

    def started(self, before: ObservedJob) -> Steps:
        """Return a job once it runs, or has finished, after a start.

        :param before: the job right before the start.
        :raises StartFailed: it failed.
        :raises LifecycleError: it does neither, for another reason; it may be that somebody else has stopped it.
        :raises WaitTimeout: it has not settled in time.
        """
        job = yield from self.settled_after(before, "to run", _START_ENDS)
        # A job that has left its status and is back in it was stopped. So may be one that was seen to be stopping: that
        # can also be an old response about the stop before.
        is_unmoved = not self._has_left and STOPPING not in self._statuses
        shows_nothing = is_unmoved and job.status in (before.status, DRAFT)
        if job.status in _START_ENDS and not shows_nothing:
            if self._failure and job.was_started_since(self._failure):
                yield from self._meet_foreign_start(job)
            return job
        if job.status in (FAILED, SUBMIT_FAILED):
            # Also where it showed that before: what fails at once may be back in it before it is read.
            raise self._start_failed(job, "did not start")
        if job.status == IN_ARREARS:
            raise self.error(job, "the account is in arrears, so it did not start")
        if shows_nothing:
            # Nothing speaks against the new version, and a rollback would undo a stop that came before the first read.
            raise self.error(
                job,
                "it did not start: the service shows nothing of the start that it has accepted, or somebody else has "
                "stopped it meanwhile, so it was left alone",
            )
        raise self.foreign_stop(job)

    def stays_healthy(self, job: ObservedJob, before: ObservedJob) -> Steps:
        """Return a job after it has stayed running for the health window, and that without being restarted.

        :param job: the job as it runs by the start of this task.
        :param before: the job right before the start.
        :raises StartFailed: it failed, or had to be restarted.
        :raises LifecycleError: somebody else has stopped it or started it otherwise.
        """
        window = self.health_window
        if not window or job.status == FINISHED:
            return job
        ours, baseline = job, before.restart_times
        failed: tuple[ObservedJob, str] | None = None
        yield Report(f"{job.name}: watch for {window:g} s whether it stays running")
        deadline = self._now() + window
        latest = deadline + self._waiting.timeout

        def verdict_on(found):
            nonlocal ours, baseline
            if not ours.was_started_since(before) and found.was_started_since(before):
                # The time of the own start may show later than that the job runs.
                ours = found
            if found.has_no_restart and found.was_started_since(before):
                # Each run may be counted anew.
                baseline = 0
            return _unhealthy(found, ours, baseline)

        verdict_on(job)

        while True:
            job = yield from _wait.watch(
                lambda: self.read(ours.job_id), verdict_on, max(0.0, deadline - self._now()), self._now
            )
            if not verdict_on(job):
                if status_of(job.status).settled or job.status == SAVEPOINTING:
                    yield Report(f"{job.name}: it has stayed running for {window:g} s")
                    return job
                try:
                    job = yield from self.settled(job.job_id)
                except WaitTimeout as exc:
                    if failed is None or not _may_be_restarted(before):
                        raise
                    # The service starts again what had failed.
                    raise self._start_failed(*failed) from exc
            verdict = verdict_on(job)
            if not verdict:
                continue
            if verdict.is_failure:
                failed = job, verdict.what
            job = yield from self._confirmed(job, verdict_on)
            if verdict_on(job) == verdict or self._now() >= latest:
                break
        if job.status == FINISHED:
            return job
        if verdict.is_failure:
            raise self._start_failed(job, verdict.what)
        if job.status != RUNNING:
            raise self.error(job, f"{verdict.what}, so it was left alone")
        yield from self._meet_foreign_start(job)
        return job

    def _meet_foreign_start(self, job):
        """Note that somebody else has started a job again, which runs as it should.

        :raises LifecycleError: its definition is not as desired.
        """
        if (yield from self.differing(job)):
            raise self.error(job, "somebody else has started it again meanwhile, so it was left alone")
        self.notes.append(f"Somebody else has started Flink job {job.name} again meanwhile.")

    def settled_after(self, before: ObservedJob, what: str, expected: tuple) -> Steps:
        """Wait until a job has left a status and settled in another one.

        The response to a start or stop says only that it was accepted. A job that still shows its previous status may
        not have got to it yet, and counts as settled in it only after a grace period. An end that is not expected is
        read again before it is believed.

        :param before: the job right before the start or stop.
        :param what: what is waited for, as in "to stop".
        :param expected: the statuses in which it should end.
        :raises WaitTimeout: it has not settled in time.
        """
        self._before = before
        grace = self._now() + self._waiting.grace
        still, is_start = {before.status}, RUNNING in expected
        if is_start:
            # A started job may first show that it is a draft (the vendor's clients wait through that).
            still.add(DRAFT)
        elif before.status == SUBMITTING:
            # It can come to run before the stop gets to it.
            still.add(RUNNING)
        self._has_left = self._is_stopping = self.saw_foreign_savepointing = False
        self._times_rerun = 0
        self._statuses = set()
        self.refusal = self._failure = None
        self._know_savepoints(before.savepoint_path)

        def is_done(found):
            restarted = before.status != SUBMITTING and found.was_started_since(before)
            self._has_left = self._has_left or found.status not in still or restarted
            return status_of(found.status).settled and (self._has_left or self._now() >= grace)

        deadline = self._now() + self._waiting.timeout
        while True:
            job = yield from self._until(before.job_id, is_done, what, deadline=deadline)
            # A job that fails, and is restarted, again and again has another status each time.
            if job.status in expected or self._now() >= deadline:
                return job
            status = job.status
            job = yield from self._confirmed(job, lambda found: found.status)
            if job.status == status:
                return job

    def _confirmed(self, job, verdict):
        """Read a job again to see whether something unexpected stays; return the first response that is otherwise.

        :param verdict: callable that says what is unexpected of a job.
        """
        first = verdict(job)
        for _read in range(_wait.CONFIRM_READS):
            yield Pause(_wait.CONFIRM_SECONDS / _wait.CONFIRM_READS)
            job = yield from self.read(job.job_id, is_detail=True)
            if verdict(job) != first:
                break
        return job

    # What others do to a job meanwhile

    def wait_for_definition(self, before: ObservedJob, fields, differing, is_detail: bool = True) -> Steps:
        """Return a job once it shows an update of some fields, or a newer one, or as it is after the grace period.

        :param differing: callable that returns in which of the fields a job is otherwise.
        """
        names = tuple(name for name in fields if name in FIELDS_BY_NAME)

        def read():
            found = yield from self.read(before.job_id, is_detail)
            return (yield Complete(found, names))

        return (
            yield from self._within_grace(
                read,
                lambda found: not differing(found) or found.is_newer_definition_than(before, self.defined_since),
            )
        )

    def differing(self, job: ObservedJob) -> Steps:
        """Return the names of the fields in which a job is not as described, after reading those that are missing."""
        return remaining_changes(self._spec, (yield Complete(job, tuple(self._spec.fields))))

    def _within_grace(self, read, is_done):
        """Read until it is done, or until the grace period is over, and return what was read last."""
        return (yield from _wait.watch(read, is_done, _wait.GRACE_SECONDS, self._now))

    def _until(self, job_id, is_done, what, read=None, deadline=None):
        left = self._waiting.timeout if deadline is None else max(0.0, deadline - self._now())
        try:
            return (
                yield from _wait.wait_until(
                    read or (lambda: self.read(job_id)),
                    is_done,
                    left,
                    lambda job: (
                        f"Waited {self._waiting.timeout:g} seconds for Flink job {job.name} {what}; "
                        f"it was {job.status}."
                    ),
                    self._now,
                )
            )
        except WaitTimeout as exc:
            raise WaitTimeout(str(exc), exc.last, (yield from self.facts_now(job_id))) from exc

    def check_name(self, job: ObservedJob) -> None:
        """Check that a job still has the name by which the task knows it.

        :raises LifecycleError: it has another one.
        """
        if self._spec.name is not None and job.name != self._spec.name and self._spec.job_id is None:
            raise self.error(job, f"somebody else has renamed it meanwhile, from {self._spec.name}; it was left alone")

    def is_as_desired(self, job: ObservedJob, name: str) -> bool:
        """Whether the task wants to have a field as a job has it."""
        return name in self._spec.fields and name not in remaining_changes(self._spec, job)

    def check_none_is_foreign(self, job: ObservedJob, fields) -> None:
        """Check that there are no fields that somebody else has changed.

        :raises LifecycleError: with their names.
        """
        if fields:
            raise self.foreign_change(job, ", ".join(fields), "its definition was left alone")

    def _sentence(self, job, what):
        return f"Flink job {job.name} is {job.status}{job.because}; {what}."

    def _start_failed(self, job, what):
        # In the past tense, because after a rollback the job is in another status. A restarted job shows that it runs.
        status = f": {job.status}{job.because}" if job.status != RUNNING else ""
        return StartFailed(f"Flink job {job.name} {what}{status}.", self.facts(job))

    def error(self, job: ObservedJob, what: str) -> LifecycleError:
        """Return the error that says where a job stands, and what follows from that."""
        return LifecycleError(self._sentence(job, what), self.facts(job))

    def foreign_stop(self, job: ObservedJob) -> LifecycleError:
        """Return the error about a job that somebody else has stopped."""
        own = ""
        if self.refusal and self._before and self.refusal.shows_failed_stop_since(self._before):
            own = f"the stop of this task has failed{self.refusal.because}; "
        elif self.refusal:
            own = "it ran again after the stop of this task; "
        return self.error(job, f"{own}somebody else has stopped it meanwhile, so it was left alone")

    def foreign_start(self, job: ObservedJob, before: ObservedJob | None = None) -> LifecycleError:
        """Return the error about a job that somebody else has started.

        :param before: the job before that, with the same definition; None where somebody else has surely acted on it.
        """
        if before and job.restart_times > before.restart_times:
            return self.error(
                job, "it failed and was restarted by the service meanwhile, so it was left alone; run the task again"
            )
        return self.error(job, "somebody else has started it meanwhile, so it was left alone")

    def foreign_change(self, job: ObservedJob, what: str, outcome: str) -> LifecycleError:
        """Return the error about a job of which somebody else has changed something.

        :param what: what was changed, such as names of fields.
        :param outcome: what followed from that, as a clause.
        """
        return self.error(job, f"somebody else has changed {what} meanwhile, so {outcome}")

    def foreign_tags(self, job: ObservedJob) -> LifecycleError:
        """Return the error about a job whose tags somebody else has changed."""
        return self.foreign_change(job, "its tags", "they were left alone")

    # What messages and results say

    def facts_now(self, job_id: int) -> Steps:
        """Return where a job stands as far as that can be read."""
        try:
            return self.facts((yield from self.read(job_id)))
        except RequestError:
            return {"job_id": job_id, "savepoint_path": self.savepoint_path}

    def facts(self, job: ObservedJob) -> dict:
        """Return where a job stands, with the path of its savepoint even when the service has dropped that."""
        return {
            "job_id": job.job_id,
            "status": job.status,
            "has_savepoint": job.has_savepoint,
            "savepoint_path": job.savepoint_path or self.savepoint_path,
        }


@dataclass(frozen=True)
class _Verdict:
    """What is wrong with a job in its health window.

    :param what: the end of a sentence about the job.
    :param is_failure: whether the start that this task made has failed.
    """

    what: str
    is_failure: bool = False


def _may_be_restarted(job):
    """Whether the service may restart a job when it fails, as far as it shows that."""
    return not job.has("restart_when_exception") or job.value("restart_when_exception")


def _unhealthy(job, ours, baseline):
    """Return the verdict on a job in its health window; None for a status that is well or transitional.

    :param ours: the job as the start that this task made has it.
    :param baseline: how often the job had been restarted before that start.
    """
    if job.status in (*STOP_ENDS, STOP_FAILED):
        # Also where it had failed before: what somebody else does on purpose wins.
        return _Verdict("somebody else has stopped it meanwhile")
    if job.status == STOPPING:
        return None
    times = job.restart_times
    if times > baseline or 0 < times < baseline:
        return _Verdict("had to be restarted soon after its start", is_failure=True)
    if job.was_started_since(ours):
        is_settled = status_of(job.status).settled
        return _Verdict("somebody else has started it again meanwhile") if is_settled else None
    if job.status == RUNNING or not status_of(job.status).settled:
        return None
    if job.status == FAILED:
        return _Verdict("failed soon after its start", is_failure=True)
    if job.status == FINISHED:
        return _Verdict("it has finished")
    return _Verdict("the run that this task has started is over")
