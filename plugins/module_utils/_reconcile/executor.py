# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out a plan for one job, and believes only what the service then shows; rolls back an upgrade that fails.

It does no I/O: it yields effects, and a driver performs them (see effects.py). The laws that it keeps are those of
docs/lifecycle.md.
"""

from __future__ import annotations

from .._errors import DliError, LifecycleError, OutcomeUnknown, RequestError, StartFailed, WaitTimeout
from .._model.bodies import create_body, full_update_body, live_update_body
from .._model.canonical import is_same
from .._model.diff import remaining_changes
from .._model.fields import FIELDS_BY_NAME, JAR
from .._model.goal import Goal
from .._model.job import ObservedJob
from .._model.resume import SAVEPOINT_GONE, may_start_empty
from .._model.status import DRAFT, FINISHED, RUNNING, STOP_ENDS, STOP_FAILED, STOPPING, SUBMITTING, status_of
from .._model.steps import Plan, Step
from . import wait as _wait
from .effects import Complete, IsThere, Pause, ReadTags, Report, Steps
from .observer import Observer
from .rollback import Attempt, Rollback, ensure_savepoint
from .wait import Waiting
from .writes import JobWrites, may_be_the_services_own


class JobAppeared(Exception):
    """The job that was to be created is there meanwhile, and not known to be as the plan would have made it."""


class JobGone(Exception):
    """The job that was to be deleted was gone already, so there may be another one of its name."""


class PlanAnew(Exception):
    """The job is no longer what the plan was made for.

    :param job: the job as it is.
    """

    def __init__(self, job: ObservedJob) -> None:
        super().__init__()
        self.job = job


class Executor:
    """Carries out the plan for one job, as steps (see M(effects))."""

    def __init__(self, goal: Goal, waiting: Waiting, observer: Observer) -> None:
        self._goal = goal
        self._spec = goal.spec
        self._kind = goal.spec.kind or JAR
        self._waiting = waiting
        self._now = waiting.clock.monotonic
        self._observer = observer
        self._writes = JobWrites(self._now, observer)
        self._attempt = Attempt()
        self._plan = Plan()
        # The job with the definition that a rollback goes back to, as it was read last.
        self._previous: ObservedJob | None = None
        # Writes that the service has rejected, although the job shows them: somebody else's, or carried out twice.
        self._in_doubt: list[Step] = []
        # The fields that the service was seen to show as desired.
        self._confirmed_fields: set[str] = set()

    @property
    def done(self) -> list[Step]:
        """The steps that the service has accepted."""
        return self._attempt.done

    def has_done(self, operation: str) -> bool:
        """Whether the service has accepted a step of this kind."""
        return self._attempt.has_done(operation)

    @property
    def savepoint_made(self) -> str:
        """The path of the savepoint that a stop has made, "" for none."""
        return self._attempt.savepoint

    def count_as_done(self, steps: list[Step]) -> None:
        """Note steps whose outcome became known elsewhere than where they were sent."""
        self._attempt.done += steps

    def carry_out(self, plan: Plan, current: ObservedJob | None) -> Steps:
        """Carry out a plan and return the job as it was last seen, None when it is deleted.

        :param current: the job that the plan was made for, as its detail was read right before.
        :raises JobAppeared: the plan has to be made anew.
        :raises JobGone: likewise.
        :raises PlanAnew: likewise.
        :raises LifecycleError: a stop or start did not end as planned; the error has where the job stands.
        :raises RequestError: the service rejected a request or did not respond.
        """
        job = current
        self._plan, self._previous = plan, current
        if current:
            self._observer.begin_with(current)
            self._confirm(current)
        for number, step in enumerate(plan.steps, start=1):
            wait = self._waiting.wait or number < len(plan.steps)
            if number > 1 and step.operation == "tag":
                job = yield from self._read_before_tags(job)
            elif number > 1 and step.operation != "stop":
                job = yield from self._read_before(step, job)
            yield from self._report(step, job, number, len(plan.steps))
            if step.operation == "create":
                job = yield from self._create(step)
            elif step.operation == "update":
                yield from self._update(step, job)
            elif step.operation == "tag":
                job = yield from self._tag(step, job)
            elif step.operation == "stop":
                job = yield from self._stop(step, job, wait)
            elif step.operation == "delete":
                yield from self._delete(step, job, wait)
                job = None
            else:
                job = yield from self._run(step, job, wait)
            if number == len(plan.steps) and step.operation == "update" and wait:
                job = yield from self._shown(job, step.fields, is_detail=False)
        self._attempt.done += self._in_doubt
        return job

    def check_unchanged(self, job: ObservedJob) -> Steps:
        """Return a job with all that is managed, once the task is done with it, if it is as the task has seen it.

        :raises LifecycleError: what was as desired no longer is.
        """
        is_changed = set(remaining_changes(self._spec, job)) & self._confirmed_fields
        if not is_changed and not self._has_left_state(job):
            return job
        job = yield from self._observer.read(job.job_id, is_detail=True)
        if self._has_left_state(job):
            if self._goal.state == "stopped":
                raise self._observer.foreign_start(job)
            raise self._observer.error(job, "it no longer runs, so it was left alone")
        job = yield Complete(job, tuple(self._spec.fields))
        foreign = [name for name in remaining_changes(self._spec, job) if name in self._confirmed_fields]
        if foreign:
            raise self._observer.foreign_change(job, ", ".join(foreign), "it was left alone")
        return job

    def _has_left_state(self, job):
        """Whether a job no longer runs that ran when the task was done with it, or runs though it did not."""
        last = self.done[-1].operation if self.done else ""
        if last == "update" or (last == "tag" and self._waiting.wait):
            is_down = not status_of(job.status).may_run or job.status in (STOPPING, STOP_FAILED)
            return {
                "started": is_down and job.status != FINISHED,
                "stopped": not is_down,
            }.get(self._goal.state, False)
        return False

    def leave_to_others(self) -> None:
        """Take the writes in doubt for those of somebody else."""
        self._in_doubt.clear()

    # Steps of a plan

    def _create(self, step):
        job_id, certain = yield from self._writes.create(self._kind, create_body(self._kind, self._spec))
        if not certain:
            raise JobAppeared
        self.done.append(step)
        return ObservedJob({"job_id": job_id, "name": self._spec.name, "status": DRAFT})

    def _delete(self, step, job, wait):
        is_ours = yield from self._writes.delete(job, self._still_tagged if self._goal.purged_tags else None)
        (self.done if is_ours else self._in_doubt).append(step)
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
            if not is_ours:
                raise JobGone

    def _update(self, step, job):
        self._previous = job
        try:
            since = yield from self._writes.update(self._kind, job, lambda found: self._body(step, found), step.fields)
        except RequestError as exc:
            raise (yield from self._roll_back_or_explain(exc, job)) from exc
        self._observer.defined_since = since
        self.done.append(step)

    def _tag(self, step, job):
        before = len(self.done)
        try:
            for write in self._writes.changes_of_tags(job, self._spec.tags or {}):
                yield from write
                self.done[before:] = [step]
        except RequestError as exc:
            rest = " and the tags in part" if len(self.done) > before else ""
            # All else is in place by then.
            raise (exc.explained(f"Tags are changed last; all else was done{rest}.") if self.done else exc) from exc
        return (yield from self._observer.with_shown_tags(job))

    def _body(self, step, job):
        if status_of(job.status).may_run:
            return live_update_body(self._kind, self._spec, job, step.fields)
        return full_update_body(self._kind, self._spec, job)

    def _stop(self, step, before, wait):
        done = yield from self._writes.stop(before, step.savepoint)
        (self.done if done.is_ours else self._in_doubt).append(step)
        if not wait:
            return (yield from self._observer.read(before.job_id))
        try:
            job = yield from self._observer.settled_after(before, "to stop", (*STOP_ENDS, FINISHED))
        except WaitTimeout as exc:
            later = "It may still stop later, and then stays stopped until the task is run again."
            raise WaitTimeout(f"{exc} {later}", exc.last, exc.facts) from exc
        was_submitting = before.status == SUBMITTING
        is_foreign = not done.is_ours or (job.was_started_since(before) and not was_submitting)
        if job.status == FINISHED:
            if done.is_ours and step.savepoint:
                job = yield from self._finished(job, before)
            raise PlanAnew(job)
        if job.status == RUNNING and is_foreign:
            raise PlanAnew(job)
        if job.status == RUNNING and step.savepoint:
            raise self._observer.error(
                job, "no savepoint could be made, so it was not stopped and keeps running unchanged"
            )
        if job.status not in STOP_ENDS:
            raise self._observer.error(job, "it could not be stopped; its definition was not changed")
        if self._observer.refusal:
            raise PlanAnew(job)
        return (yield from self._saved(job, before, done.is_ours)) if step.savepoint else job

    def _saved(self, job, before, is_ours):
        """Return a job that was stopped with a savepoint, once it shows that.

        What was stopped while it was being submitted has no state to save, unless it came to run before.

        :param before: the job right before the stop.
        :param is_ours: False where the service rejected the stop, and what shows may come of somebody else.
        :raises LifecycleError: it shows none.
        :raises PlanAnew: it was started meanwhile.
        """
        was_submitting, has_newer = before.status == SUBMITTING, job.has_newer_savepoint_than(before)
        may_lose_state = any(step.operation in ("run", "delete") for step in self._plan.steps)
        if was_submitting and job.start_time == "0" and not (has_newer or may_lose_state):
            return job
        stopped = job
        if not is_ours:
            # The savepoint that somebody's stop has made may show late, and one before it looks just like it.
            yield Pause(self._waiting.grace)
            job = yield from self._observer.read(before.job_id, is_detail=True)
        elif not (has_newer and job.savepoint_path):
            job = yield from self._observer.late_savepoint(before)
        if status_of(job.status).may_run or job.was_started_anew_since(stopped):
            raise PlanAnew(job)
        if job.has_newer_savepoint_than(before):
            self._attempt.savepoint = job.savepoint_path
            self._observer.saved(job.savepoint_path)
            yield Report(f"{job.name}: savepoint {job.savepoint_path}")
        elif not was_submitting or job.was_started_since(before):
            raise self._observer.error(job, self._no_savepoint(job))
        return job

    def _finished(self, job, before):
        """Return a job that has finished when it was to be stopped, once it may be run again.

        It may have ended by itself; but a JobManager that is lost while it stops a job can leave it so, too.

        :raises LifecycleError: it would run again from an older savepoint, without a word.
        """
        is_decided = self._goal.state != "restarted" or self._goal.lifecycle.resume_savepoint is not None
        if is_decided or not before.has_savepoint or job.has_newer_savepoint_than(before):
            return job
        job = yield from self._observer.late_savepoint(before)
        if job.status == FINISHED and job.has_savepoint and not job.has_newer_savepoint_than(before):
            raise self._observer.error(
                job,
                f"{_shows_only_an_older(job)}, so it was not started. Set resume_savepoint to true to resume it from "
                "there, or to false to start it with empty state",
            )
        return job

    def _no_savepoint(self, job):
        """Return what is said of a job that was stopped and shows no new savepoint, and how to go on."""
        undone = "nor was it deleted" if self._goal.saves_before_deletion else "nor was it started"
        way = "Import the one of this stop with otc.dli.dli_flink_savepoint, if it was made, and run the task again"
        if not job.has_savepoint:
            return (
                f"it shows no savepoint; its definition was not changed, {undone}. {way}; or set resume_savepoint to "
                "false to start the job with empty state"
            )
        option = " with resume_savepoint true" if job.savepoint_is_of_earlier_run else ""
        return (
            f"{_shows_only_an_older(job)}; its definition was not changed, {undone}. {way}. "
            f"Run again{option}, the task resumes from the one that shows"
        )

    def _run(self, step, before, wait):
        """Start a job. A start that is rejected, fails or takes too long is rolled back; a failed read is not."""
        resume = yield from self._resumes(step, before)
        self._observer.check_name(self._observer.seen or before)
        try:
            savepoint = (self.savepoint_made or before.savepoint_path) if resume else None
            is_known = self._observer.is_as_desired
            done = yield from self._writes.run(before, savepoint, self._spec.fields, is_known)
        except OutcomeUnknown as exc:
            raise (yield from self._stopped_for_this(exc, before.job_id)) from exc
        except RequestError as exc:
            raise (yield from self._roll_back_or_explain(exc, before)) from exc
        step = Step("run", savepoint=resume)
        self._attempt.is_our_start, self._attempt.is_started = done.is_ours, True
        if not done.is_ours:
            self._observer.notes.append(
                f"The service rejected the start of Flink job {before.name}, which had been started already: maybe by "
                "somebody else, and not from the same savepoint."
            )
        (self.done if done.is_ours else self._in_doubt).append(step)
        if not wait:
            return (yield from self._observer.read(before.job_id))
        has_started = False
        try:
            job = yield from self._observer.started(before)
            has_started = True
            return (yield from self._observer.stays_healthy(job, before))
        except StartFailed as exc:
            raise (yield from self._roll_back_or_explain(LifecycleError(str(exc), exc.job), before)) from exc
        except WaitTimeout as exc:
            if has_started:
                # Nothing says that this start has failed: somebody else may be at work.
                raise WaitTimeout(
                    f"{exc} It had come to run before, so it was left alone.", exc.last, exc.facts
                ) from exc
            error = yield from self._roll_back_or_explain(exc, before)
            if error is exc:
                later = "It may still come to run later; state: stopped gives it up."
                error = WaitTimeout(f"{exc} {later}", exc.last, exc.facts)
            raise error from exc

    def _resumes(self, step, job):
        """Return whether a start resumes from a savepoint, after a last check that it is the right one.

        :raises LifecycleError: the start would lose the job's state.
        """
        made, observer = self.savepoint_made, self._observer
        if made and self._goal.lifecycle.resume_savepoint is not False:
            # Also where a job that was still being submitted came to run before it was stopped.
            lost = yield from ensure_savepoint(job, made, observer, self._writes)
            if lost:
                raise observer.error(job, f"{lost}, so it was not started. The savepoint was at {made}")
            return True
        if not step.savepoint and job.has_run and not may_start_empty(self._goal):
            if not job.has_savepoint:
                raise observer.error(job, SAVEPOINT_GONE)
            return True
        if step.savepoint and not job.has_savepoint:
            where = f". The savepoint was at {observer.savepoint_path}" if observer.savepoint_path else ""
            raise observer.error(job, f"its savepoint is gone, so it was not started{where}")
        return step.savepoint

    # Before each write: the job is still what the plan was made for

    def _read_before(self, step, job):
        """Return the job as it is right before a further step of the plan.

        :raises LifecycleError: somebody else has changed it meanwhile, and that is left alone.
        :raises PlanAnew: it was started meanwhile.
        """
        before = job
        if self.done and self.done[-1].operation == "update":
            job = yield from self._shown(job, self.done[-1].fields)
        elif self.done and self.done[-1].operation == "create":
            job = yield from self._observer.created(job)
            self._confirm(job)
        elif "detail" not in job.sources:
            job = yield from self._observer.read(job.job_id, is_detail=True)
        # Somebody else may also have started it and stopped it again.
        if status_of(job.status).may_run or job.was_started_since(before):
            raise PlanAnew(job)
        self._observer.check_name(job)
        if step.operation == "delete" and self._goal.purged_tags:
            job = yield from self._still_tagged(job)
        if step.operation == "update":
            job = yield Complete(job, self._kind.names)
            self._check_nobody_changed(step, job)
        return job

    def _still_tagged(self, job):
        """Return a job that is to be purged for its tags, if it has them still, as far as they can be read.

        :raises LifecycleError: it has not.
        """
        tagged = yield ReadTags(job)
        if tagged and not (tagged.tags is not None and self._goal.purged_tags.items() <= tagged.tags.items()):
            raise self._observer.foreign_change(job, "its tags", "it was not deleted")
        return tagged or job

    def _read_before_tags(self, job):
        """Return the job as it is right before its tags are changed, whether it runs or not.

        :raises LifecycleError: somebody else has changed the tags meanwhile, or renamed the job.
        """
        if self.done and self.done[-1].operation == "update":
            job = yield from self._shown(job, self.done[-1].fields)
        else:
            job = yield from self._observer.read(job.job_id, is_detail=True)
        self._observer.check_name(job)
        job = (yield ReadTags(job)) or job
        known = [(change.before, change.after) for change in self._plan.changes if change.field == "tags"]
        if job.tags is None or not any(job.tags in values for values in known):
            raise self._observer.foreign_tags(job)
        return job

    def _check_nobody_changed(self, step, job):
        """Check that the fields to be changed are as the plan knows them, or as they shall be."""
        if self._plan.steps[0].operation == "create":
            return

        def is_known(change):
            known = (change.before, change.after)
            if change.field == "name":
                return job.name in known
            field = FIELDS_BY_NAME[change.field]
            return any(is_same(field, job.value(change.field), value) for value in known)

        changes = [change for change in self._plan.changes if change.field in step.fields]
        self._observer.check_none_is_foreign(job, [change.field for change in changes if not is_known(change)])

    def _shown(self, before, fields, is_detail=True):
        """Return a job once it shows an update, or as it is after the grace period.

        What the service does not show then is noted; it may not be able to clear a field.

        :param is_detail: whether a write rests on it.
        """

        def differing(found):
            return {name for name in remaining_changes(self._spec, found) if name in fields}

        job = yield from self._observer.wait_for_definition(before, fields, differing, is_detail)
        previous = self._previous
        self._attempt.unconfirmed = {
            name: job.name_or_value(name)
            for name in differing(job)
            if previous is None or may_be_the_services_own(name, job, previous)
        }
        self._confirm(job)
        return job

    def _confirm(self, job):
        """Note which fields a job was seen to have as desired."""
        self._confirmed_fields |= set(self._spec.fields) - set(remaining_changes(self._spec, job))

    # Where a step fails

    def _roll_back_or_explain(self, failure: DliError, job: ObservedJob) -> Steps:
        """Return the error that a failed step ends in, after rolling back the upgrade that it belongs to."""
        if self._plan.rollback_step and self._previous and self.savepoint_made:
            rollback = Rollback(self._attempt, self._kind, self._observer, self._writes)
            return (yield from rollback.roll_back(self._plan.rollback_step, failure, self._previous))
        return (yield from self._stopped_for_this(failure, job.job_id))

    def _stopped_for_this(self, failure, job_id):
        if isinstance(failure, LifecycleError) or not self.has_done("stop"):
            return failure
        return LifecycleError(
            f"{failure} The job had been stopped for this.", (yield from self._observer.facts_now(job_id))
        )

    def _report(self, step, job, number, count):
        """Report that a step begins; one that only creates or changes a job is over before anybody asks."""
        if count > 1 or step.operation not in ("create", "update"):
            name = job.name if job else self._spec.name
            state = (
                {"stop": " with a savepoint", "run": " from the savepoint"}[step.operation] if step.savepoint else ""
            )
            which = f" (step {number} of {count})" if count > 1 else ""
            yield Report(f"{name}: {step.operation}{state}{which}")


def _shows_only_an_older(job):
    shown = job.savepoint_path or "one without a path"
    return f"it shows no savepoint but {shown}, which it had before the stop"
