# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out the plan of one job, also where others are at work on it; a job that is as desired needs none of this."""

from __future__ import annotations

from typing import Protocol

from .._errors import AlreadyExists, ConflictError, DliError, LifecycleError
from .._model.diff import remaining_changes
from .._model.goal import Goal
from .._model.job import ObservedJob
from .._model.status import DRAFT, FINISHED, RUNNING, STOP_ENDS, STOPPED, status_of
from .._model.steps import Plan
from .effects import Complete, Pause, Read, ReadTags, Report, Steps
from .executor import Executor, JobAppeared, JobGone, PlanAnew
from .observer import Observer
from .wait import MOST_PLANS, Waiting


class Planning(Protocol):
    """Where the plan for a job comes from, and what plans anew; the methods are steps."""

    goal: Goal
    waiting: Waiting
    plan: Plan
    current: ObservedJob | None

    @property
    def observer(self) -> Observer:
        """What watches the job."""

    def make_plan(self) -> Steps:
        """Read the job, and plan what to do about it."""

    def plan_for(self, job: ObservedJob) -> Steps:
        """Plan what to do about a job whose detail was read just now."""


class Work:
    """What a task does to one job, as steps (see M(effects)).

    :param job: the job, with its plan.
    """

    def __init__(self, job: Planning) -> None:
        self._job = job
        self._goal = job.goal
        self._waiting = job.waiting
        self._observer = job.observer
        self.executor = Executor(job.goal, job.waiting, job.observer)

    def carry_out(self) -> Steps:
        """Carry out the plan. When the job turns out to be another than planned for, plan anew for that one."""
        plan, current = self._job.plan, self._job.current
        for _attempt in range(MOST_PLANS):
            if not self.executor.has_done("stop"):
                # A stop of this task has waited for its savepoint itself.
                plan, current = yield from self._with_late_savepoint(plan, current)
            try:
                return (yield from self.executor.carry_out(plan, current))
            except JobAppeared:
                # The response to the create was lost. As far as anybody can know the job comes of it.
                self.executor.count_as_done(_creations(plan))
                gone = f"{self._goal.spec.label} was there after its creation, but is gone again."
                plan = yield from self._plan_for_what_appeared(ConflictError(gone))
            except AlreadyExists as exc:
                # Another task was faster, or the name is that of a job which this user cannot see.
                taken = exc.explained(
                    "The list of this user's jobs does not have it: a job of that name may belong to another user, "
                    "and is invisible then."
                )
                yield from self._observer.wait_for_name(self._goal.spec.name or "")
                if not _creations(plan):
                    # Where the list has it, this says whose it is.
                    yield from self._job.make_plan()
                    raise taken from exc
                plan = yield from self._plan_for_what_appeared(taken)
            except JobGone:
                # Somebody else has deleted it, or the request was delivered twice on its way.
                yield from self._job.make_plan()
                plan = self._job.plan
                if plan.steps:
                    self.executor.leave_to_others()
            except PlanAnew as exc:
                plan = yield from self._meet_others(exc.job, current)
            current = self._job.current
        raise ConflictError(f"{self._goal.spec.label} is changed by others faster than it can be read.")

    def _with_late_savepoint(self, plan: Plan, current: ObservedJob | None) -> Steps:
        """Return a tuple of the plan and the job, both as they are when a stop before this task must show completely.

        The savepoint of the stop may show later than its end, and one that was made before it looks just like it.
        """
        for _attempt in range(MOST_PLANS):
            if current is None or not self._may_lack_a_savepoint(plan, current):
                return plan, current
            yield Report(f"{current.name}: wait whether its last stop has made a newer savepoint")
            self._observer.begin_with(current)
            yield Pause(self._waiting.grace)
            before, job = current, (yield from self._observer.read(current.job_id, is_detail=True))
            self._observer.check_name(job)
            yield from self._job.plan_for(job)
            plan, current = self._job.plan, self._job.current
            if current is None or not current.was_started_since(before):
                return plan, current
        raise ConflictError(f"{self._goal.spec.label} is changed by others faster than it can be read.")

    def _may_lack_a_savepoint(self, plan: Plan, current: ObservedJob) -> bool:
        """Whether a plan resumes a job from a savepoint that need not be that of its last stop."""
        steps = {step.operation: step for step in plan.steps}
        resumes = "run" in steps and steps["run"].savepoint and "stop" not in steps
        was_stopped = current.status == STOPPED or (current.status in (DRAFT, FINISHED) and current.has_run)
        return resumes and was_stopped and self._goal.lifecycle.resume_savepoint is None

    def _plan_for_what_appeared(self, missing: DliError) -> Steps:
        """Return a plan for a job that was to be created and is there.

        :param missing: the error for: it is not.
        """
        planned = self._job.plan
        yield from self._job.make_plan()
        if self._job.current is None:
            raise missing
        plan = self._job.plan
        # What only an update can set is still missing from a job that this task has just created, too. What has run
        # was there before.
        if self.executor.done or not (self._job.current.has_run or _updated(plan) - _updated(planned)):
            self._job.plan = planned
            if not self.executor.done:
                # It is just as this task creates it, so it may come of a request that was delivered twice on its way.
                self.executor.count_as_done(_creations(planned))
        return plan

    def _meet_others(self, job: ObservedJob, planned_for: ObservedJob | None) -> Steps:
        """Return a plan where a job has finished, or somebody else has acted on it, while this task was at work.

        It has no steps where the job is as desired.

        :param planned_for: the job as it was when the plan was made.
        :raises LifecycleError: somebody else wants the job otherwise, so it is left alone.
        """
        executor, observer = self.executor, self._observer
        goal, spec = self._goal, self._goal.spec
        if not status_of(job.status).settled or "detail" not in job.sources:
            # What only a list has shown may be behind.
            job = yield from observer.settled(job.job_id)
        was_started = planned_for is None or job.start_time not in ("0", planned_for.start_time)
        planned = self._job.plan
        executor.leave_to_others()
        if job.status == FINISHED and not was_started:
            # A bounded job that ended by itself while it was being stopped has done its work.
            if goal.state != "restarted":
                observer.notes.append(
                    f"Flink job {job.name} finished before it could be stopped, and was not started again."
                )
            try:
                yield from self._job.plan_for(job)
            except ConflictError as exc:
                raise LifecycleError(str(exc), observer.facts(job)) from exc
            plan, self._job.plan = self._job.plan, planned
            return plan
        if not executor.done and not was_started:
            # What seemed to be the stop of this task was something else, such as a savepoint that somebody made.
            yield from self._job.plan_for(job)
            return self._job.plan
        ends = STOP_ENDS if goal.state == "stopped" else (RUNNING, FINISHED)
        is_there = goal.state in ("started", "restarted", "stopped") and job.status in ends
        if is_there:
            job = yield Complete(job, tuple(spec.fields))
            if spec.tags is not None:
                job = (yield ReadTags(job)) or job
        if not is_there or remaining_changes(spec, job):
            if job.status in STOP_ENDS:
                raise observer.foreign_stop(job)
            is_as_before = planned_for and planned_for.definition() == job.definition()
            raise observer.foreign_start(job, planned_for if is_as_before else None)
        has_more_restarts = planned_for is not None and job.restart_times > planned_for.restart_times
        is_restarted = has_more_restarts and job.status == RUNNING and not self.executor.has_done("stop")
        if is_restarted and self.executor.has_done("update"):
            raise observer.error(
                job,
                "the service has restarted it before this task could start it, so that it may still run its previous "
                "definition; state: restarted runs the new one",
            )
        observer.notes.append(
            f"The service has restarted {spec.label} while this task was at work on it."
            if is_restarted
            else f"Somebody else has brought {spec.label} to this state while this task was at work on it."
        )
        self._job.current = job
        if not executor.done:
            self._job.plan = planned._replace(steps=(), changes=(), before=planned.after, risks=(), notes=())
        return Plan()

    def read_again(self, job: ObservedJob) -> Steps:
        """Read the job again after all that was done to it, and return it."""
        fields = tuple(self._goal.spec.fields)
        # All but a creation ends with a read of the job, and what others did was read as well.
        ends = ("stop", "run", "tag", "update") if self._waiting.wait else ("stop", "run", "tag")
        last = self.executor.done[-1].operation if self.executor.done else None
        if last == "create":
            job = yield from self._observer.created(job, is_detail=False)
        elif last and last not in ends:
            job = yield Read(job.job_id)
        job = yield from self.executor.check_unchanged((yield Complete(job, fields)))
        if self._goal.spec.tags is not None and self.executor.has_done("create"):
            job = yield from self._observer.with_shown_tags(job)
        return job

    def unconfirmed(self, job: ObservedJob) -> list[str]:
        """Say in which fields the service does not show what it has just accepted."""
        spec = self._goal.spec
        fields = remaining_changes(spec, job)
        if not fields:
            return []
        return [
            f"The service accepted the change of {spec.label}, but still shows another value for {', '.join(fields)}; "
            "it may not be able to clear a field, or may choose the value itself, or somebody else has changed it "
            "meanwhile."
        ]


def _creations(plan):
    return [step for step in plan.steps if step.operation == "create"]


def _updated(plan):
    """Return the names of what a plan changes of a job that is there."""
    return {name for step in plan.steps if step.operation in ("update", "tag") for name in step.fields}
