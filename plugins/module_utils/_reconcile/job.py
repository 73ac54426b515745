# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings one job to its desired state: read, plan, carry out, read again."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property

from .._api.flink_jobs import FlinkJobApi
from .._errors import ConflictError, DetailDenied, DliError, Fault, InvalidInput, NotFound
from .._model.diff import remaining_definition
from .._model.fields import JAR
from .._model.goal import Goal
from .._model.job import ObservedJob, check_kind
from .._model.plan import hides_restarts, plan_job
from .._model.redact import redacted_part_of_args
from .._model.result import Result
from .._model.status import DRAFT, FINISHED, RUNNING, SAVEPOINTING, STOPPED, STOPPING, SUBMITTING, status_of
from .._model.steps import Plan
from .._model.tags import tags_warnings
from .._read.reader import Found, JobReader
from . import wait as _wait
from .driver import Driver
from .effects import CompareTags, Complete, Find, Pause, Read, ReadTags, Steps
from .wait import MOST_PLANS, Waiting

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
        self.goal = goal
        self.waiting = waiting
        self._keep_secret = keep_secret
        self._found = found
        self.current = found.job if found else None
        # The job with its tags as they were read last.
        self._tagged = found or Found()
        self._applied: ObservedJob | None = None
        self.plan = Plan()
        self.actions: list = []
        self._is_carried_out = False

    @cached_property
    def _work(self):
        # A task that changes nothing needs none of this, and each file to be compiled makes every task slower.
        from .work import Work

        return Work(self)

    @cached_property
    def observer(self):
        """What watches the job."""
        from .observer import Observer

        return Observer(self.goal, self.waiting)

    @property
    def job_id(self) -> int | None:
        """The id of the job, None when there is none, or it is not known which one is meant."""
        return self.current.job_id if self.current else self.goal.spec.job_id

    def set_health_window(self, seconds: float) -> None:
        """Have a start watched for so long, in place of what the goal says."""
        self.observer.health_window = seconds

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
        spec, missing = self.goal.spec, None
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
                yield from self.plan_for(job, listed)
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
                self._applied = yield from self._work.carry_out()
            self._note_actions()

    def read_again(self) -> Steps:
        """Read the job again after something was done to it.

        :raises DliError: the service rejected a request or did not respond.
        """
        if self._applied is not None:
            with self._recording_what_was_done():
                self._applied = yield from self._work.read_again(self._applied)

    @contextmanager
    def _recording_what_was_done(self):
        try:
            yield
        except DliError as exc:
            if self.current:
                # An update sends the arguments that others have set too, and a rejection can quote what was sent.
                arguments = self.current.value("entrypoint_args")
                self._keep_secret(redacted_part_of_args(arguments, self.goal.spec.public_text))
            self._note_actions()
            raise exc.after(self.actions, self.plan.risks) from exc
        except Exception as exc:
            self._note_actions()
            raise Fault(exc).after(self.actions, self.plan.risks) from exc

    def _note_actions(self):
        self._is_carried_out = True
        self.actions = [step.as_action() for step in self._work.executor.done]

    def result(self) -> dict:
        """Return the result of the module: what has been done, or where nothing was applied what would be."""
        spec, plan, applied = self.goal.spec, self.plan, self._applied
        job, warnings, savepoint = plan.job, list(plan.warnings), ""
        if applied is not None:
            savepoint = self._work.executor.savepoint_made
            # What this response leaves out was read before, and the plan has left it alone.
            whole = applied.completed_by(self.current, but=spec.fields) if self.current else applied
            job = whole.as_shown(spec.kind)
            warnings += self.observer.notes + self._work.unconfirmed(applied)
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
        spec = self.goal.spec
        if self.goal.state == "absent":
            # A job is deleted whatever its fields and tags are.
            spec = spec._replace(fields={}, given={}, tags=None)
        self._tagged = found = yield Find(spec)
        # Known from here on, even if it cannot be planned what to do about it.
        self.current = found.job
        return found

    def _plan_from_list(self, found):
        """Plan from what the list shows, and return whether that was possible.

        :raises DliError: there is no job, and the state cannot be reached for that.
        """
        job = found.job
        if found.is_gone or (job and (self._has_to_settle(job) or hides_restarts(self.goal, job))):
            return False
        try:
            self.plan = plan_job(self.goal, job, found.tags_problem)
        except (ConflictError, InvalidInput):
            if not job:
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
        except DetailDenied:
            if not hides_restarts(self.goal, listed):
                raise
            # That there is nothing to stop may rest on the list.
            return listed
        if is_new:
            return job.completed_by(listed, but=(*_SAVEPOINT_FACTS, "tags"))
        return (yield Complete(job, tuple(self.goal.spec.fields)))

    def _has_to_settle(self, job):
        """Whether a transitional status has to end before anything can be planned."""
        state, spec = self.goal.state, self.goal.spec
        if status_of(job.status).settled or (state == "absent" and not self.goal.saves_before_deletion):
            return False
        if job.status == SUBMITTING and state in ("stopped", "restarted", "absent"):
            # It can be stopped as it is (documented).
            return False
        if state == "absent" or remaining_definition(spec, job):
            return True
        # As described, and where it goes is where it should.
        return state != "present" and (self.waiting.wait or state != status_of(job.status).on_the_way_to)

    def plan_for(self, job: ObservedJob, listed: ObservedJob | None = None) -> Steps:
        """Plan what to do about a job whose detail was read just now.

        :param listed: the job as a list had it before; None where that does not matter any more.
        """
        goal, spec = self.goal, self.goal.spec
        self.current = job
        if goal.purged_id is None:
            # The list may leave the type out.
            check_kind(job, spec.kind)
        before = job
        if self._has_to_settle(job):
            job = yield from self._after_a_wait((yield from self.observer.settle(job, spec.label)))
            if before.status == SUBMITTING and job.status == RUNNING and not remaining_definition(spec, job):
                # An interrupted run, or somebody else, has started it, and nobody may have watched it.
                job = yield from self._after_a_wait((yield from self.observer.stays_healthy(job, before)))
        if self._may_lack_a_late_savepoint(job, before, listed or before):
            job = yield from self._after_a_wait((yield from self.observer.late_savepoint(job)))
        if goal.state != "absent" and remaining_definition(spec, job):
            # An update sends the whole definition, so now all of it must be known.
            self.current = job = yield Complete(job, (spec.kind or JAR).names)
        if goal.purged_tags:
            tagged = yield ReadTags(job)
            if tagged and tagged.tags is None:
                from .._model.purge import not_to_be_purged

                self.plan = not_to_be_purged(goal)
                return
            self.current = tagged or job
        if spec.tags is None or goal.state == "absent":
            self.plan = plan_job(goal, self.current)
        else:
            yield from self._plan_with_tags(self.current, spec.tags)

    def _plan_with_tags(self, job: ObservedJob, wanted: dict) -> Steps:
        """Plan what to do about a job that shall have certain tags.

        What is written first was read last. So the tags are read only if no other step comes before theirs, which
        otherwise reads them itself; until then those that were read when the job was found will do.
        """
        known = self._tagged
        if known.job and known.job.job_id == job.job_id:
            self.current = job.with_tags(known.job.shown_tags)
            self.plan = plan_job(self.goal, self.current, known.tags_problem)
            if self.plan.steps and self.plan.steps[0].operation != "tag":
                return
        self._tagged = yield CompareTags(job, wanted)
        self.current = self._tagged.job
        self.plan = plan_job(self.goal, self.current, self._tagged.tags_problem)

    def _after_a_wait(self, job):
        """Return a job with all of its definition; what was read before the wait may have changed since."""
        if "detail" not in job.sources:
            job = yield from self.observer.read(job.job_id, is_detail=True)
        self.current = job = yield Complete(job, (self.goal.spec.kind or JAR).names)
        return job

    def _may_lack_a_late_savepoint(self, job, *seen):
        """Whether a job was stopped, and should be resumed only from a savepoint that it does not show yet.

        :param seen: the job as this task has read it before, first its detail, maybe while it was being stopped.
        """
        was_stopping = any(before.status in (SAVEPOINTING, STOPPING) for before in seen)
        # A job that has finished is only run again by a restart, and makes a savepoint only if it is stopped.
        may_run_again = was_stopping and self.goal.state == "restarted"
        ends = (STOPPED, DRAFT, FINISHED) if may_run_again else (STOPPED, DRAFT)
        if self.goal.state not in ("started", "restarted") or job.status not in ends or not job.has_run:
            return False
        # Only tasks that start a job need it.
        from .._model.resume import is_of_earlier_run, may_start_empty

        is_old = was_stopping and not job.has_newer_savepoint_than(seen[0])
        return (not job.has_savepoint or is_old or is_of_earlier_run(self.goal, job)) and not may_start_empty(self.goal)
