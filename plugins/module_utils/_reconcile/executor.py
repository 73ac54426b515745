# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out a plan for one job, and believes only what the service then shows; rolls back an upgrade that fails.

It does no I/O: it yields effects, and a driver performs them (see effects.py). The laws that it keeps are those of
docs/lifecycle.md.
"""

from __future__ import annotations

from .._errors import (
    ConflictError,
    DliError,
    LifecycleError,
    NotFound,
    OutcomeUnknown,
    RequestError,
    StartFailed,
    WaitTimeout,
)
from .._model.bodies import create_body, full_update_body, live_update_body, restoring_body
from .._model.canonical import is_same
from .._model.diff import remaining_changes
from .._model.fields import FIELDS_BY_NAME, JAR
from .._model.goal import Goal
from .._model.job import ObservedJob, same_path
from .._model.plan import Plan, Step, may_start_empty
from .._model.status import (
    DRAFT,
    FAILED,
    FINISHED,
    IN_ARREARS,
    RUNNING,
    SAVEPOINTING,
    STOP_FAILED,
    STOPPED,
    STOPPING,
    SUBMIT_FAILED,
    SUBMITTING,
    status_of,
)
from . import wait as _wait
from .effects import Complete, IdsNamed, IsThere, Pause, Read, Report, Steps
from .wait import Waiting
from .writes import JobWrites, holds

# Where a stop ends: the vendor's clients take a draft for a stopped job as well.
STOP_ENDS = (STOPPED, DRAFT)
_START_ENDS = (RUNNING, FINISHED)


class JobAppeared(Exception):
    """The job that was to be created is there meanwhile, and not known to be as the plan would have made it."""


class PlanAnew(Exception):
    """The job is no longer what the plan was made for.

    :param job: the job as it is.
    """

    def __init__(self, job: ObservedJob) -> None:
        super().__init__()
        self.job = job


class Executor:
    """Carries out the plan for one job, as steps (see M(effects)).

    C(done) are the steps that the service has accepted, C(savepoint_made) is the path of the savepoint that a stop
    made, and C(notes) are sentences about what turned out otherwise than planned and is no failure.
    """

    def __init__(self, goal: Goal, waiting: Waiting) -> None:
        self._goal = goal
        self._spec = goal.spec
        self._kind = goal.spec.kind or JAR
        self._waiting = waiting
        self._now = waiting.clock.monotonic
        self._writes = JobWrites(self._now)
        self._plan = Plan()
        # The job as it was before the upgrade, which a rollback goes back to.
        self._previous: ObservedJob | None = None
        # The newest response about the job, and the one right before the last stop or start: what is older than either
        # is no news.
        self._seen: ObservedJob | None = None
        self._before: ObservedJob | None = None
        # Writes that the service has rejected, although the job shows them: somebody else's, or carried out twice.
        self._in_doubt: list[Step] = []
        # The changed fields that the service did not show as desired, and all fields that it did.
        self._unconfirmed: set[str] = set()
        self._confirmed_fields: set[str] = set()
        self._is_our_start = False
        # Whether the job was seen to leave the status that it had before the last stop or start, and all statuses that
        # responses since then have shown, old ones too.
        self._has_left = False
        self._statuses: set[str] = set()
        self._savepoint_path = ""
        self.savepoint_made = ""
        self.notes: list[str] = []
        self.done: list[Step] = []

    def count_as_done(self, steps: list[Step]) -> None:
        """Note steps whose outcome became known elsewhere than where they were sent."""
        self.done += steps

    def carry_out(self, plan: Plan, current: ObservedJob | None) -> Steps:
        """Carry out a plan and return the job as it was last seen, None when it is deleted.

        :param current: the job that the plan was made for, as its detail was read right before.
        :raises JobAppeared: the plan has to be made anew.
        :raises PlanAnew: likewise.
        :raises LifecycleError: a stop or start did not end as planned; the error has where the job stands.
        :raises RequestError: the service rejected a request or did not respond.
        """
        job = self._seen = current
        self._plan, self._previous = plan, current
        if current:
            self._savepoint_path = current.savepoint_path
            self._confirm(current)
        for number, step in enumerate(plan.steps, start=1):
            wait = self._waiting.wait or number < len(plan.steps)
            if number > 1 and step.operation != "stop":
                job = yield from self._read_before(step, job)
            yield from self._report(step, job, number, len(plan.steps))
            if step.operation == "create":
                job = yield from self._create(step)
            elif step.operation == "update":
                yield from self._update(step, job)
            elif step.operation == "stop":
                job = yield from self._stop(step, job, wait)
            elif step.operation == "delete":
                yield from self._delete(step, job, wait)
                job = None
            else:
                job = yield from self._run(step, job, wait)
            if number == len(plan.steps) and step.operation == "update" and wait:
                job = yield from self._shown(job, step.fields, is_detail=False)
        self.done += self._in_doubt
        return job

    def check_unchanged(self, job: ObservedJob) -> Steps:
        """Return a job with all that is managed, once the task is done with it, if it is as the task has seen it.

        :raises LifecycleError: what was as desired no longer is.
        """
        is_changed = set(remaining_changes(self._spec, job)) & self._confirmed_fields
        if not is_changed and not self._has_left_state(job):
            return job
        job = yield from self.read(job.job_id, is_detail=True)
        if self._has_left_state(job):
            if self._goal.state == "stopped":
                raise self.foreign_start(job)
            raise self._stands(job, "it no longer runs, so it was left alone")
        job = yield Complete(job, tuple(self._spec.fields))
        foreign = [name for name in remaining_changes(self._spec, job) if name in self._confirmed_fields]
        if foreign:
            raise self._stands(job, f"somebody else has changed {', '.join(foreign)} meanwhile, so it was left alone")
        return job

    def _has_left_state(self, job):
        """Whether a job no longer runs that ran when the task was done with it, or runs though it did not."""
        if self.done and self.done[-1].operation == "update":
            is_down = not status_of(job.status).may_run or job.status in (STOPPING, STOP_FAILED)
            return {
                "started": is_down and job.status != FINISHED,
                "stopped": not is_down,
            }.get(self._goal.state, False)
        return False

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

    def wait_for_name(self, name: str) -> Steps:
        """Wait until the list has a job of a name that the service calls taken, for as long as that may take."""

        def ids():
            return (yield IdsNamed(name))

        yield from _wait.watch(ids, bool, _wait.GRACE_SECONDS, self._now)

    def leave_to_others(self) -> None:
        """Take the writes in doubt for those of somebody else."""
        self._in_doubt.clear()

    def read(self, job_id: int, is_detail: bool = False) -> Steps:
        """Read a job, again where that is older than what was seen already.

        After the grace period it is believed as it is.

        :param is_detail: whether a write rests on it.
        """

        def is_news(found):
            return not any(seen and found.is_older_than(seen) for seen in (self._seen, self._before))

        def once():
            found = yield Read(job_id, is_detail)
            self._statuses.add(found.status)
            return found

        job = yield from _wait.watch(once, is_news, _wait.GRACE_SECONDS, self._now)
        self._seen = job
        return job

    # Steps of a plan

    def _create(self, step):
        job_id, certain = yield from self._writes.create(self._kind, create_body(self._kind, self._spec))
        if not certain:
            raise JobAppeared
        self.done.append(step)
        return ObservedJob({"job_id": job_id, "name": self._spec.name, "status": DRAFT})

    def _delete(self, step, job, wait):
        yield from self._writes.delete(job)
        self.done.append(step)
        if wait:

            def is_there():
                return (yield IsThere(job))

            yield from _wait.wait_until(
                is_there,
                lambda there: not there,
                self._waiting.timeout,
                lambda _there: (
                    f"Flink job {job.name} was deleted, but the service still lists it after "
                    f"{self._waiting.timeout:g} seconds."
                ),
                self._now,
            )

    def _update(self, step, job):
        self._previous = job
        try:
            yield from self._writes.update(self._kind, job, self._body(step, job), step.fields)
        except RequestError as exc:
            raise (yield from self._explained(exc, job)) from exc
        self.done.append(step)

    def _body(self, step, job):
        if status_of(job.status).may_run:
            return live_update_body(self._kind, self._spec, job, step.fields)
        return full_update_body(self._kind, self._spec, job)

    def _stop(self, step, before, wait):
        done = yield from self._writes.stop(before, step.savepoint)
        (self.done if done.is_ours else self._in_doubt).append(step)
        if not wait:
            return (yield from self.read(before.job_id))
        job = yield from self._left(before, "to stop", (*STOP_ENDS, FINISHED))
        was_started = before.status != SUBMITTING and _is_another_start(job, before)
        if job.status == FINISHED or (job.status == RUNNING and (was_started or not done.is_ours)):
            raise PlanAnew(job)
        if job.status == RUNNING and step.savepoint:
            raise self._stands(job, "no savepoint could be made, so it was not stopped and goes on running unchanged")
        if job.status not in STOP_ENDS:
            raise self._stands(job, "it could not be stopped; its definition was not changed")
        has_run = before.status != SUBMITTING or _is_another_start(job, before)
        if step.savepoint and has_run:
            if not job.has_newer_savepoint_than(before):
                job = yield from self.late_savepoint(before)
            if not job.has_newer_savepoint_than(before):
                undone = ", nor was it deleted" if self._goal.saves_before_deletion else ", nor was it started"
                raise self._stands(job, f"it shows no savepoint; its definition was not changed{undone}")
            self._savepoint_path = self.savepoint_made = job.savepoint_path
        return job

    def _run(self, step, before, wait):
        """Start a job. What rolls an upgrade back is that its start fails, not that a read of it fails."""
        resume = yield from self._resume_of(step, before)
        self._check_name(self._seen or before)
        try:
            done = yield from self._writes.run(before, resume)
        except OutcomeUnknown as exc:
            raise (yield from self._stopped_for_this(exc, before.job_id)) from exc
        except RequestError as exc:
            raise (yield from self._explained(exc, before)) from exc
        step = Step("run", savepoint=resume)
        self._is_our_start = done.is_ours
        (self.done if done.is_ours else self._in_doubt).append(step)
        if not wait:
            return (yield from self.read(before.job_id))
        try:
            job = yield from self._started(before)
            return (yield from self._stays_healthy(job, before))
        except StartFailed as exc:
            raise (yield from self._explained(LifecycleError(str(exc), exc.job), before)) from exc
        except WaitTimeout as exc:
            raise (yield from self._explained(exc, before)) from exc

    def _resume_of(self, step, before):
        """Return whether a start resumes from a savepoint, after a last check that it is the right one.

        :raises LifecycleError: it would lose the job's state.
        """
        if self.savepoint_made and self._goal.lifecycle.resume_savepoint is not False:
            # Also where a job that was still being submitted came to run before it was stopped.
            yield from self._give_savepoint(before, self.savepoint_made)
            return True
        if not step.savepoint and before.has_run and not may_start_empty(self._goal):
            if not before.has_savepoint:
                raise self._stands(
                    before, "it has run, and has no savepoint to resume from, so it was not started with empty state"
                )
            return True
        if step.savepoint and not before.has_savepoint:
            where = f". The savepoint was at {self._savepoint_path}" if self._savepoint_path else ""
            raise self._stands(before, f"its savepoint is gone, so it was not started{where}")
        return step.savepoint

    # What a job does after it was asked to

    def _started(self, before):
        """Return a job once it runs, or has finished, after a start."""
        job = yield from self._left(before, "to run", _START_ENDS)
        if job.status in _START_ENDS:
            return job
        # A job that has left its status and is back in it was stopped. So may be one that was seen to be stopping: that
        # can also be an old response about the stop before.
        has_not_begun = job.status == before.status and not self._has_left and STOPPING not in self._statuses
        if job.status in (FAILED, SUBMIT_FAILED) or has_not_begun:
            raise StartFailed(self._sentence(job, "it did not start"), self.facts(job))
        if job.status == IN_ARREARS:
            raise self._stands(job, "the account is in arrears, so it did not start")
        raise self._stands(job, "somebody else has stopped it meanwhile, so it was left alone")

    def _stays_healthy(self, job, before):
        """Return a job after it has stayed running for the health window, and that without being restarted."""
        window = self._goal.lifecycle.health_window
        if not window or job.status == FINISHED:
            return job
        ours, baseline = job, before.restart_times
        yield Report(f"{job.name}: watch for {window:g} s whether it stays running")
        deadline = self._now() + window

        def is_over(found):
            return _unhealthy(found, ours, baseline) is not None

        while True:
            job = yield from _wait.watch(
                lambda: self.read(ours.job_id), is_over, max(0.0, deadline - self._now()), self._now
            )
            if not is_over(job):
                if status_of(job.status).settled or job.status == SAVEPOINTING:
                    return job
                job = yield from self.settled(job.job_id)
            if not is_over(job):
                continue
            verdict = _unhealthy(job, ours, baseline)
            job = yield from self._confirmed(job, lambda found: _unhealthy(found, ours, baseline))
            if _unhealthy(job, ours, baseline) == verdict:
                break
        if job.status == FINISHED:
            return job
        if verdict in ("it failed soon after its start", "it had to be restarted soon after its start"):
            raise StartFailed(self._sentence(job, verdict), self.facts(job))
        if job.status == RUNNING and not (yield from self._differing(job)):
            self.notes.append(f"Somebody else has started Flink job {job.name} again meanwhile.")
            return job
        raise self._stands(job, f"{verdict}, so it was left alone")

    def _left(self, before, what, expected):
        """Wait until a job has left a status and settled in another one.

        The response to a start or stop says only that it was accepted. A job that still shows its previous status may
        not have got to it yet, and counts as settled in it only after a grace period. An end that is not expected is
        read again before it is believed.
        """
        self._before = before
        grace = self._now() + min(_wait.GRACE_SECONDS, self._waiting.timeout)
        still, is_start = {before.status}, RUNNING in expected
        if is_start:
            # A started job may first show that it is a draft (the vendor's clients wait through that).
            still.add(DRAFT)
        elif before.status == SUBMITTING:
            # It can come to run before the stop gets to it.
            still.add(RUNNING)
        self._has_left = False
        self._statuses = set()

        def is_done(found):
            restarted = before.status != SUBMITTING and _is_another_start(found, before)
            self._has_left = self._has_left or found.status not in still or restarted
            return status_of(found.status).settled and (self._has_left or self._now() >= grace)

        while True:
            job = yield from self._until(before.job_id, is_done, what)
            if job.status in expected:
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

    def late_savepoint(self, before: ObservedJob) -> Steps:
        """Return a stopped job as soon as it shows a newer savepoint, or as it is when the grace period is over.

        :param before: the job with the savepoint that does not count.
        """
        return (
            yield from _wait.watch(
                lambda: self.read(before.job_id),
                lambda found: found.has_newer_savepoint_than(before),
                _wait.GRACE_SECONDS,
                self._now,
            )
        )

    # Before each write: the job is still what the plan was made for

    def _read_before(self, step, job):
        """Return the job as it is right before a further step of the plan.

        :raises LifecycleError: somebody else has changed it meanwhile, and that is left alone.
        :raises PlanAnew: it was started meanwhile.
        """
        if self.done and self.done[-1].operation == "update":
            job = yield from self._shown(job, self.done[-1].fields)
        elif self.done and self.done[-1].operation == "create":
            job = yield from self._created(job)
        elif "detail" not in job.sources:
            job = yield from self.read(job.job_id, is_detail=True)
        if status_of(job.status).may_run:
            raise PlanAnew(job)
        self._check_name(job)
        if step.operation == "update":
            job = yield Complete(job, self._kind.names)
            self._check_nobody_changed(step, job)
        return job

    def _check_name(self, job):
        if self._spec.name is not None and job.name != self._spec.name and self._spec.job_id is None:
            raise self._stands(
                job, f"somebody else has renamed it meanwhile, from {self._spec.name}; it was left alone"
            )

    def _created(self, draft):
        """Return the detail of a job that was created just now, which the service may not show at once."""

        def read():
            try:
                return (yield from self.read(draft.job_id, is_detail=True))
            except NotFound as exc:
                return exc

        job = yield from _wait.watch(read, lambda found: isinstance(found, ObservedJob), _wait.GRACE_SECONDS, self._now)
        if isinstance(job, NotFound):
            raise job
        self._confirm(job)
        return job

    def _check_nobody_changed(self, step, job):
        """Check that the fields to be changed are as the plan knows them, or as they shall be."""
        if self._plan.steps[0].operation == "create":
            return
        foreign = [
            change.field
            for change in self._plan.changes
            if change.field in step.fields
            and change.field in FIELDS_BY_NAME
            and not any(
                is_same(FIELDS_BY_NAME[change.field], job.value(change.field), known)
                for known in (change.before, change.after)
            )
        ]
        self._check_none_is_foreign(job, foreign)

    def _check_none_is_foreign(self, job, fields):
        if fields:
            raise self._stands(
                job, f"somebody else has changed {', '.join(fields)} meanwhile, so its definition was left alone"
            )

    def _shown(self, before, fields, is_detail=True):
        """Return a job once it shows an update, or as it is after the grace period.

        What the service does not show then is noted; it may not be able to clear a field.

        :param is_detail: whether a write rests on it.
        """

        def differing(found):
            return {name for name in remaining_changes(self._spec, found) if name in fields}

        job = yield from self._until_defined(before, fields, differing, is_detail)
        self._unconfirmed = differing(job)
        self._confirm(job)
        return job

    def _until_defined(self, before, fields, differing, is_detail=True):
        """Return a job once it shows an update of some fields, or a newer one, or as it is after the grace period.

        :param differing: callable that returns in which of the fields a job is otherwise.
        """
        names = tuple(name for name in fields if name in FIELDS_BY_NAME)

        def read():
            found = yield from self.read(before.job_id, is_detail)
            return (yield Complete(found, names))

        return (
            yield from _wait.watch(
                read,
                lambda found: not differing(found) or found.is_newer_definition_than(before),
                _wait.GRACE_SECONDS,
                self._now,
            )
        )

    def _confirm(self, job):
        """Note which fields a job was seen to have as desired."""
        self._confirmed_fields |= set(self._spec.fields) - set(remaining_changes(self._spec, job))

    def _differing(self, job):
        """Return the names of the fields in which a job is not as described, after reading those that are missing."""
        return remaining_changes(self._spec, (yield Complete(job, tuple(self._spec.fields))))

    # Rolling back

    def _explained(self, failure: DliError, job: ObservedJob) -> Steps:
        """Return the error that a failed step ends in, after rolling back the upgrade that it belongs to."""
        if self._plan.rollback_step and self._previous and self.savepoint_made:
            return (yield from self._roll_back(self._plan.rollback_step, failure, self._previous))
        return (yield from self._stopped_for_this(failure, job.job_id))

    def _stopped_for_this(self, failure, job_id):
        if isinstance(failure, LifecycleError) or not any(step.operation == "stop" for step in self.done):
            return failure
        return LifecycleError(f"{failure} The job had been stopped for this.", (yield from self._facts_now(job_id)))

    def _roll_back(self, rollback_step: Step, failure: DliError, previous: ObservedJob) -> Steps:
        """Return the error that says what became of a failed upgrade, after undoing it as far as that is possible.

        :param previous: the job as it was before the upgrade.
        """
        job_id = previous.job_id
        yield Report(f"{previous.name}: roll back to the previous definition")
        try:
            job = yield from self._stop_what_may_run(job_id)
            body = restoring_body(self._kind, previous, rollback_step.fields)
            yield from self._writes.update(self._kind, job, body, rollback_step.fields)
            self.done.append(rollback_step)
            job = yield from self._restored(job, rollback_step.fields, body)
            lost = yield from self._lost_savepoint(job)
            if lost:
                return LifecycleError(
                    f"{failure} The previous definition was restored, but the job was not started, because {lost} and "
                    f"the job's state would be lost. The savepoint was at {self.savepoint_made}.",
                    (yield from self._facts_now(job_id)),
                )
            self._check_name(self._seen or job)
            yield from self._writes.run(job, True)
            self.done.append(Step("run", savepoint=True))
            yield from self._started(job)
        except DliError as exc:
            return LifecycleError(
                f"{failure} The upgrade could not be undone: {exc}", (yield from self._facts_now(job_id))
            )
        return LifecycleError(
            f"{failure} The previous definition was restored and runs again from the savepoint.",
            (yield from self._facts_now(job_id)),
            rolled_back=True,
        )

    def _stop_what_may_run(self, job_id):
        """Return the failed job once it is settled; what is still being submitted, or runs after all, is stopped.

        :raises LifecycleError: somebody else has acted on it, or whether it still runs is not known, so that another
            start could be a second one.
        """
        job = yield from self.read(job_id, is_detail=True)
        if job.has_savepoint and not same_path(job.savepoint_path, self.savepoint_made):
            raise self._stands(
                job, f"somebody else has made a savepoint of it meanwhile, {job.savepoint_path}, so it was left alone"
            )
        if any(step.operation == "update" for step in self.done):
            foreign = [name for name in (yield from self._differing(job)) if name not in self._unconfirmed]
            self._check_none_is_foreign(job, foreign)
        if status_of(job.status).may_run:
            if not self._is_our_start:
                raise self.foreign_start(job)
            before = job
            yield from self._writes.stop(before, False)
            self.done.append(Step("stop"))
            job = yield from self._left(before, "to stop", (*STOP_ENDS, FAILED, SUBMIT_FAILED, FINISHED))
            if status_of(job.status).may_run:
                raise self._stands(job, "the new version could not be stopped")
        return job

    def _restored(self, before, fields, body):
        """Return a job that shows the previous definition.

        :raises LifecycleError: it still shows another one.
        """

        def differing(found):
            return [name for name in fields if not holds(found, name, body)]

        job = yield from self._until_defined(before, fields, differing)
        if differing(job):
            raise self._stands(
                job,
                f"the service still shows another value for {', '.join(differing(job))} than the previous definition "
                f"has, so it was not started. The savepoint is at {self.savepoint_made}",
            )
        return job

    def _give_savepoint(self, job, path):
        """See that a job shows the savepoint that this task made, right before it is started from it.

        :raises LifecycleError: it does not.
        """
        lost = yield from self._lost_savepoint(job)
        if lost:
            raise self._stands(job, f"{lost}, so it was not started. The savepoint was at {path}")

    def _lost_savepoint(self, job):
        """Return why a job cannot resume from the savepoint that this task made, "" when it can.

        The service is documented to drop savepoints after a restart; then it is given the path again.
        """
        path = self.savepoint_made
        if not job.has_savepoint:
            try:
                yield from self._writes.import_savepoint(job, path)
            except RequestError:
                return "the service no longer has its savepoint"
            job = yield from _wait.watch(
                lambda: self.read(job.job_id, is_detail=True),
                lambda found: found.has_savepoint,
                _wait.GRACE_SECONDS,
                self._now,
            )
        if not job.has_savepoint:
            return "the service no longer has its savepoint"
        if not same_path(job.savepoint_path, path):
            return f"the service shows another savepoint, {job.savepoint_path},"
        return ""

    # What messages and results say

    def _report(self, step, job, number, count):
        """Report that a step begins; one that only creates or changes a job is over before anybody asks."""
        if count > 1 or step.operation not in ("create", "update"):
            name = job.name if job else self._spec.name
            state = (
                {"stop": " with a savepoint", "run": " from the savepoint"}[step.operation] if step.savepoint else ""
            )
            which = f" (step {number} of {count})" if count > 1 else ""
            yield Report(f"{name}: {step.operation}{state}{which}")

    def _until(self, job_id, is_done, what, read=None):
        try:
            return (
                yield from _wait.wait_until(
                    read or (lambda: self.read(job_id)),
                    is_done,
                    self._waiting.timeout,
                    lambda job: (
                        f"Waited {self._waiting.timeout:g} seconds for Flink job {job.name} {what}; it is {job.status}."
                    ),
                    self._now,
                )
            )
        except WaitTimeout as exc:
            raise WaitTimeout(str(exc), exc.last, (yield from self._facts_now(job_id))) from exc

    def _sentence(self, job, what):
        return f"Flink job {job.name} is {job.status}{job.because}; {what}."

    def _stands(self, job, what):
        return LifecycleError(self._sentence(job, what), self.facts(job))

    def foreign_start(self, job: ObservedJob) -> LifecycleError:
        """Return the error about a job that somebody else has started."""
        return self._stands(job, "somebody else has started it meanwhile, so it was left alone")

    def _facts_now(self, job_id):
        try:
            return self.facts((yield from self.read(job_id)))
        except RequestError:
            return {"job_id": job_id, "savepoint_path": self._savepoint_path}

    def facts(self, job: ObservedJob) -> dict:
        """Return where a job stands, with the path of its savepoint even when the service has dropped that."""
        return {
            "job_id": job.job_id,
            "status": job.status,
            "has_savepoint": job.has_savepoint,
            "savepoint_path": job.savepoint_path or self._savepoint_path,
        }


def _is_another_start(job, before):
    return job.start_time not in ("0", before.start_time)


def _unhealthy(job, ours, baseline):
    """Return what is wrong with a job in its health window; None for a status that is well or transitional.

    :param ours: the job as the start that this task made has it.
    :param baseline: how often the job had been restarted before that start.
    """
    times = job.restart_times
    if times > baseline or 0 < times < baseline:
        return "it had to be restarted soon after its start"
    if _is_another_start(job, ours):
        return "somebody else has started it again meanwhile" if status_of(job.status).settled else None
    if job.status == RUNNING or not status_of(job.status).settled:
        return None
    if job.status == FAILED:
        return "it failed soon after its start"
    if job.status == FINISHED:
        return "it has finished"
    if job.status in (*STOP_ENDS, STOP_FAILED):
        return "somebody else has stopped it meanwhile"
    return "it no longer runs by the start of this task"
