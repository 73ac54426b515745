# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings one job to its desired state: read, plan, carry out, read again."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property

from .._api.flink_jobs import FlinkJobApi
from .._errors import (
    AlreadyExists,
    ConflictError,
    DliError,
    Fault,
    InvalidInput,
    LifecycleError,
    NotFound,
)
from .._model.diff import remaining_changes, remaining_definition
from .._model.fields import JAR
from .._model.goal import Goal
from .._model.job import ObservedJob, check_kind
from .._model.plan import Plan, not_to_be_purged, plan_job
from .._model.redact import redacted_part_of_args
from .._model.result import Result
from .._model.resume import is_of_earlier_run, may_start_empty
from .._model.status import DRAFT, FINISHED, RUNNING, STOPPED, SUBMITTING, status_of
from .._model.tags import tags_warnings
from .._read.reader import Found, JobReader
from . import wait as _wait
from .driver import Driver
from .effects import CompareTags, Complete, Find, Pause, Read, ReadTags, Steps
from .wait import Waiting

# How often a plan is made anew where others change the job between two requests.
MOST_PLANS = 3
# What a newer response about a job that leaves it out says nothing of.
_SAVEPOINT_FACTS = ("has_savepoint", "savepoint_path", "status_desc")


def converge(api: FlinkJobApi, goal: Goal, apply: bool, waiting: Waiting) -> dict:
    """Bring a job to its desired state and return the module's result.

    :param apply: False for check mode: everything but the changes themselves.
    :raises DliError: when the state cannot be reached.
    """
    driver = Driver(api, JobReader(api), waiting)
    convergence = Convergence(goal, waiting, api.keep_secret)
    driver.run(convergence.make_plan())
    if apply:
        driver.run(convergence.carry_out())
        driver.run(convergence.read_again())
    result = convergence.result()
    about_tags = tags_warnings([(goal.spec.label, convergence.plan.tags_problem)])
    return {**result, "warnings": result["warnings"] + about_tags}


class Convergence:
    """One job on its way to its desired state, as steps (see M(effects)).

    First C(make_plan), then unless in check mode C(carry_out) and C(read_again), then C(result). Where time may pass
    before a job's turn comes, C(look) goes first.

    C(plan) says what is to be done, and after it was done what has been changed. C(actions) are the operations that
    have been carried out.

    :param keep_secret: callable that takes what must not be shown.
    :param found: the job that is meant, where it was listed just now.
    """

    def __init__(self, goal: Goal, waiting: Waiting, keep_secret, found: Found | None = None) -> None:
        self._goal = goal
        self._waiting = waiting
        self._keep_secret = keep_secret
        self._found = found
        self._current = found.job if found else None
        # The job with its tags as they were read last.
        self._tagged = found or Found()
        self._applied: ObservedJob | None = None
        self.plan = Plan()
        self.actions: list = []
        self._is_carried_out = False

    @cached_property
    def _executor(self):
        # A task that changes nothing needs none of this, and each file to be compiled makes every task slower.
        from .executor import Executor

        return Executor(self._goal, self._waiting, self._observer)

    @cached_property
    def _observer(self):
        from .observer import Observer

        return Observer(self._goal, self._waiting)

    @property
    def job_id(self) -> int | None:
        """The id of the job, None when there is none, or it is not known which one is meant."""
        return self._current.job_id if self._current else self._goal.spec.job_id

    def set_health_window(self, seconds: float) -> None:
        """Have a start watched for so long, in place of what the goal says."""
        self._observer.health_window = seconds

    def look(self) -> Steps:
        """Find the job, and plan what to do about it as far as a list shows that.

        A plan that has steps is made again from the detail by C(make_plan), right before it is carried out.

        :raises DliError: as C(make_plan) does.
        """
        self._found = self._found or (yield from self._find())
        if not self._plan_from_list(self._found):
            # Whether it can be planned is seen in the detail.
            yield from self.make_plan()

    def make_plan(self) -> Steps:
        """Read the job, and plan what to do about it.

        That nothing is to be done may rest on the list; everything else rests on the detail.

        :raises DliError: the state cannot be reached, or the service rejected a request or did not respond.
        """
        spec, missing = self._goal.spec, None
        for _attempt in range(MOST_PLANS):
            is_new = self._found is None
            found = self._found or (yield from self._find())
            self._found = None
            listed, is_planned = found.job, self._plan_from_list(found)
            is_done = is_planned and not self.plan.steps
            if listed is None or (is_done and listed.job_id != missing):
                return
            if found.is_gone:
                job = None
            else:
                job = listed if is_new and "detail" in listed.sources else (yield from self._detail_of(listed, is_new))
            if job and (spec.name is None or spec.job_id is not None or job.name == spec.name):
                yield from self._plan_for(job)
                return
            # It was renamed or deleted since it was listed, or one of the two reads is behind.
            if job is None:
                missing = listed.job_id
                yield Pause(_wait.GRACE_SECONDS / MOST_PLANS)
        raise ConflictError(f"{spec.label} is changed by others faster than it can be read; nothing was done.")

    def carry_out(self) -> Steps:
        """Do what is planned.

        :raises DliError: the state could not be reached; C(result) of the error has what has been done.
        """
        if self.plan.steps:
            with self._recording_what_was_done():
                self._applied = yield from self._carry_out()
            self._note_actions()

    def read_again(self) -> Steps:
        """Read the job again after something was done to it.

        :raises DliError: the service rejected a request or did not respond.
        """
        if self._applied is not None:
            with self._recording_what_was_done():
                self._applied = yield from self._read_again(self._applied)

    @contextmanager
    def _recording_what_was_done(self):
        try:
            yield
        except DliError as exc:
            if self._current:
                # An update sends the arguments that others have set too, and a rejection can quote what was sent.
                arguments = self._current.value("entrypoint_args")
                self._keep_secret(redacted_part_of_args(arguments, self._goal.spec.public_text))
            self._note_actions()
            raise exc.after(self.actions, self.plan.risks) from exc
        except Exception as exc:
            self._note_actions()
            raise Fault(exc).after(self.actions, self.plan.risks) from exc

    def _note_actions(self):
        self._is_carried_out = True
        self.actions = [step.as_action() for step in self._executor.done]

    def result(self) -> dict:
        """Return the result of the module: what has been done, or where nothing was applied what would be."""
        spec, plan, applied = self._goal.spec, self.plan, self._applied
        job, warnings, savepoint = plan.job, list(plan.warnings), ""
        if applied is not None:
            savepoint = self._executor.savepoint_made
            # What this response leaves out was read before, and the plan has left it alone.
            whole = applied.completed_by(self._current, but=spec.fields) if self._current else applied
            job = whole.as_shown(spec.kind)
            warnings += self._observer.notes + _unconfirmed(spec, applied)
        return Result(
            spec.label,
            thing=job,
            actions=tuple(self.actions if self._is_carried_out else (step.as_action() for step in plan.steps)),
            changes=plan.changes,
            before=plan.before,
            after=plan.after,
            lifecycle=tuple(step.as_action() for step in plan.steps if step.operation in ("stop", "run", "delete")),
            risks=plan.risks,
            notes=plan.notes,
            savepoint_path=savepoint,
            warnings=tuple(warnings),
            public_text=spec.public_text,
        ).as_dict()

    # Steps (see M(effects))

    def _find(self) -> Steps:
        spec = self._goal.spec
        if self._goal.state == "absent":
            # A job is deleted whatever its fields and tags are.
            spec = spec._replace(fields={}, given={}, tags=None)
        self._tagged = found = yield Find(spec)
        # Known from here on, even if it cannot be planned what to do about it.
        self._current = found.job
        return found

    def _plan_from_list(self, found):
        """Plan from what the list shows, and return whether that was possible.

        :raises DliError: there is no job, and the state cannot be reached for that.
        """
        if found.is_gone or (found.job and self._has_to_settle(found.job)):
            return False
        try:
            self.plan = plan_job(self._goal, found.job, found.tags_problem)
        except (ConflictError, InvalidInput):
            if not found.job:
                raise
            return False
        return True

    def _detail_of(self, listed, is_new):
        """Return the detail of a listed job, with what the list alone shows; None when the job is gone.

        :param is_new: whether it was listed just now. What an older list shows may have changed since.
        """
        try:
            job = yield Read(listed.job_id, is_detail=True)
        except NotFound:
            return None
        if is_new:
            return job.completed_by(listed, but=(*_SAVEPOINT_FACTS, "tags"))
        return (yield Complete(job, tuple(self._goal.spec.fields)))

    def _has_to_settle(self, job):
        """Whether a transitional status has to end before anything can be planned."""
        state, spec = self._goal.state, self._goal.spec
        if status_of(job.status).settled or (state == "absent" and not self._goal.saves_before_deletion):
            return False
        if job.status == SUBMITTING and state in ("stopped", "restarted", "absent"):
            # It can be stopped as it is (documented).
            return False
        if state == "absent" or remaining_definition(spec, job):
            return True
        # As described, and where it goes is where it should.
        return state != "present" and (self._waiting.wait or state != status_of(job.status).on_the_way_to)

    def _plan_for(self, job: ObservedJob) -> Steps:
        """Plan what to do about a job whose detail was read just now."""
        goal, spec = self._goal, self._goal.spec
        self._current = job
        if goal.purged_id is None:
            # The list may leave the type out.
            check_kind(job, spec.kind)
        if self._has_to_settle(job):
            before = job
            job = yield from self._after_a_wait((yield from self._observer.settle(job, spec.label)))
            if before.status == SUBMITTING and job.status == RUNNING and not remaining_definition(spec, job):
                # An interrupted run, or somebody else, has started it, and nobody may have watched it.
                job = yield from self._after_a_wait((yield from self._observer.stays_healthy(job, before)))
        if self._may_lack_a_late_savepoint(job):
            job = yield from self._after_a_wait((yield from self._observer.late_savepoint(job)))
        if goal.state != "absent" and remaining_definition(spec, job):
            # An update sends the whole definition, so now all of it must be known.
            self._current = job = yield Complete(job, (spec.kind or JAR).names)
        if goal.purged_tags:
            tagged = yield ReadTags(job)
            if tagged and tagged.tags is None:
                self.plan = not_to_be_purged(goal)
                return
            self._current = tagged or job
        if spec.tags is None or goal.state == "absent":
            self.plan = plan_job(goal, self._current)
        else:
            yield from self._plan_with_tags(self._current, spec.tags)

    def _plan_with_tags(self, job: ObservedJob, wanted: dict) -> Steps:
        """Plan what to do about a job that shall have certain tags.

        What is written first was read last. So the tags are read only if no other step comes before theirs, which
        otherwise reads them itself; until then those that were read when the job was found will do.
        """
        known = self._tagged
        if known.job and known.job.job_id == job.job_id:
            self._current = job.with_tags(known.job.shown_tags)
            self.plan = plan_job(self._goal, self._current, known.tags_problem)
            if self.plan.steps and self.plan.steps[0].operation != "tag":
                return
        self._tagged = yield CompareTags(job, wanted)
        self._current = self._tagged.job
        self.plan = plan_job(self._goal, self._current, self._tagged.tags_problem)

    def _after_a_wait(self, job):
        """Return a job with all of its definition; what was read before the wait may have changed since."""
        if "detail" not in job.sources:
            job = yield from self._observer.read(job.job_id, is_detail=True)
        self._current = job = yield Complete(job, (self._goal.spec.kind or JAR).names)
        return job

    def _may_lack_a_late_savepoint(self, job):
        """Whether a job was stopped, and can be resumed only from a savepoint that it does not show yet."""
        return (
            self._goal.state in ("started", "restarted")
            and job.status in (STOPPED, DRAFT)
            and job.has_run
            and (not job.has_savepoint or is_of_earlier_run(self._goal, job))
            and not may_start_empty(self._goal)
        )

    def _carry_out(self) -> Steps:
        """Carry out the plan. When the job turns out to be another than planned for, plan anew for that one."""
        from .executor import JobAppeared, JobGone, PlanAnew

        plan, current = self.plan, self._current
        for _attempt in range(MOST_PLANS):
            try:
                return (yield from self._executor.carry_out(plan, current))
            except JobAppeared:
                # The response to the create was lost. As far as anybody can know the job comes of it.
                self._executor.count_as_done(_creations(plan))
                gone = f"{self._goal.spec.label} was there after its creation, but is gone again."
                plan = yield from self._plan_for_what_appeared(ConflictError(gone))
            except AlreadyExists as exc:
                # Another task was faster, or the name is that of a job which this user cannot see.
                yield from self._observer.wait_for_name(self._goal.spec.name)
                plan = yield from self._plan_for_what_appeared(
                    exc.explained(
                        "The list of this user's jobs does not have it: a job of that name may belong to another user, "
                        "and is invisible then."
                    )
                )
            except JobGone:
                # Somebody else has deleted it, or the request was delivered twice on its way.
                yield from self.make_plan()
                plan = self.plan
                if plan.steps:
                    self._executor.leave_to_others()
            except PlanAnew as exc:
                plan = yield from self._meet_others(exc.job, current)
            current = self._current
        raise ConflictError(f"{self._goal.spec.label} is changed by others faster than it can be read.")

    def _plan_for_what_appeared(self, missing: DliError) -> Steps:
        """Return a plan for a job that was to be created and is there.

        :param missing: the error for: it is not.
        """
        planned = self.plan
        yield from self.make_plan()
        if self._current is None:
            raise missing
        plan = self.plan
        # What only an update can set is still missing from a job that this task has just created, too.
        if self._executor.done or not _updated(plan) - _updated(planned):
            self.plan = planned
            if not self._executor.done:
                # It is just as this task creates it, so it may come of a request that was delivered twice on its way.
                self._executor.count_as_done(_creations(planned))
        return plan

    def _meet_others(self, job: ObservedJob, planned_for: ObservedJob | None) -> Steps:
        """Return a plan where a job has finished, or somebody else has acted on it, while this task was at work.

        It has no steps where the job is as desired.

        :param planned_for: the job as it was when the plan was made.
        :raises LifecycleError: somebody else wants the job otherwise, so it is left alone.
        """
        executor, observer = self._executor, self._observer
        goal, spec = self._goal, self._goal.spec
        if not status_of(job.status).settled or "detail" not in job.sources:
            # What only a list has shown may be behind.
            job = yield from observer.settled(job.job_id)
        was_started = planned_for is None or job.start_time not in ("0", planned_for.start_time)
        planned = self.plan
        if job.status == FINISHED and not was_started:
            # A bounded job that ended by itself while it was being stopped has done its work.
            if goal.state != "restarted":
                observer.notes.append(
                    f"Flink job {job.name} finished before it could be stopped, and was not started again."
                )
            try:
                yield from self._plan_for(job)
            except ConflictError as exc:
                raise LifecycleError(str(exc), observer.facts(job)) from exc
            plan, self.plan = self.plan, planned
            return plan
        executor.leave_to_others()
        if not executor.done and not was_started:
            # What seemed to be the stop of this task was something else, such as a savepoint that somebody made.
            yield from self._plan_for(job)
            return self.plan
        is_there = goal.state in ("started", "restarted") and job.status in (RUNNING, FINISHED)
        if is_there:
            job = yield Complete(job, tuple(spec.fields))
            if spec.tags is not None:
                job = (yield ReadTags(job)) or job
        if not is_there or remaining_changes(spec, job):
            raise observer.foreign_start(job)
        observer.notes.append(
            f"Somebody else has brought {spec.label} to this state while this task was at work on it."
        )
        self._current = job
        if not executor.done:
            self.plan = planned._replace(steps=(), changes=(), before=planned.after, risks=(), notes=())
        return Plan()

    def _read_again(self, job: ObservedJob) -> Steps:
        fields = tuple(self._goal.spec.fields)
        # All but a creation ends with a read of the job, and what others did was read as well.
        ends = ("stop", "run", "tag", "update") if self._waiting.wait else ("stop", "run", "tag")
        last = self._executor.done[-1].operation if self._executor.done else None
        if last == "create":
            job = yield from self._observer.created(job, is_detail=False)
        elif last and last not in ends:
            job = yield Read(job.job_id)
        job = yield from self._executor.check_unchanged((yield Complete(job, fields)))
        if self._goal.spec.tags is not None and any(step.operation == "create" for step in self._executor.done):
            job = yield from self._observer.with_shown_tags(job)
        return job


def _creations(plan):
    return [step for step in plan.steps if step.operation == "create"]


def _updated(plan):
    """Return the names of what a plan changes of a job that is there."""
    return {name for step in plan.steps if step.operation in ("update", "tag") for name in step.fields}


def _unconfirmed(spec, job):
    """Say in which fields the service does not show what it has just accepted."""
    fields = remaining_changes(spec, job)
    if not fields:
        return []
    return [
        f"The service accepted the change of {spec.label}, but still shows another value for {', '.join(fields)}; it "
        "may not be able to clear a field, or may choose the value itself, or somebody else has changed it meanwhile."
    ]
