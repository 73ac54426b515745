# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings one job to its desired state: read, plan, apply, read again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

from .._api.flink_jobs import FlinkJobApi
from .._errors import (
    AlreadyExists,
    ConflictError,
    DliError,
    Fault,
    JobAppeared,
)
from .._model.diff import remaining_changes
from .._model.fields import JAR
from .._model.goal import Goal
from .._model.job import ObservedJob
from .._model.plan import Plan, plan_job
from .._model.redact import redacted_part_of_args
from .._model.result import Result
from .._model.status import status_of
from .reader import Found, JobReader
from .wait import Waiting


def converge(api: FlinkJobApi, goal: Goal, apply: bool, waiting: Waiting) -> dict:
    """Bring a job to its desired state and return the module's result.

    :param apply: False for check mode: everything but the changes themselves.
    :raises DliError: when the state cannot be reached.
    """
    convergence = Convergence(api, JobReader(api), goal, waiting)
    convergence.make_plan()
    if apply:
        convergence.carry_out()
        convergence.read_again()
    return convergence.result()


class Convergence:
    """One job on its way to its desired state.

    First C(make_plan), then unless in check mode C(carry_out) and C(read_again), then C(result).

    C(plan) says what is to be done, and after it was done what has been changed.
    """

    def __init__(self, api: FlinkJobApi, reader: JobReader, goal: Goal, waiting: Waiting) -> None:
        self._api = api
        self._goal = goal
        self._reader = reader
        self._waiting = waiting
        self._current: ObservedJob | None = None
        self._applied: ObservedJob | None = None
        self.plan = Plan()
        self._steps: tuple | list = ()

    @cached_property
    def _applier(self):
        # A task that changes nothing needs none of this, and each file to be compiled makes every task slower.
        from .executor import Applier

        return Applier(self._api, self._reader, self._waiting, self._goal.lifecycle.health_window)

    @property
    def job_id(self) -> int | None:
        """The id of the job, None when there is none, or which one it is could not be told."""
        return self._current.job_id if self._current else self._goal.spec.job_id

    @property
    def is_waited_for(self) -> bool:
        """Whether what is planned takes as long as the job does, and not only as long as requests do."""
        return any(step.operation not in ("create", "update") for step in self.plan.steps)

    def make_plan(self) -> None:
        """Read the job, and plan what to do about it.

        :raises DliError: the state cannot be reached, or the service refused or did not answer.
        """
        self.plan, self._current = self._make_plan()
        self._steps = self.plan.steps

    def carry_out(self) -> None:
        """Do what is planned.

        :raises DliError: the state could not be reached; C(result) of the error tells what has been done.
        """
        if self.plan.steps:
            with self._recording_what_was_done():
                self._applied = self._apply_plan()
            self._steps = self._applier.done

    def read_again(self) -> None:
        """Read the job again after something was done to it.

        :raises DliError: the service refused or did not answer.
        """
        if self._applied is not None:
            with self._recording_what_was_done():
                self._applied = self._read_again(self._applied)

    @contextmanager
    def _recording_what_was_done(self):
        try:
            yield
        except DliError as exc:
            if self._current:
                # An update sends the arguments that others have set too, and a rejection can quote what was sent.
                arguments = self._current.value("entrypoint_args")
                self._api.keep_secret(redacted_part_of_args(arguments, self._goal.spec.public_text))
            raise exc.after(self._actions_done()) from exc
        except Exception as exc:
            raise Fault(exc).after(self._actions_done()) from exc

    def _actions_done(self):
        return [step.as_action() for step in self._applier.done]

    def result(self) -> dict:
        """Return the result of the module: what has been done, or where nothing was applied what would be."""
        spec, plan, applied = self._goal.spec, self.plan, self._applied
        job, warnings, savepoint = plan.job, list(plan.warnings), ""
        if applied is not None:
            savepoint = self._applier.savepoint_made
            # What this response leaves out was read before, and the plan has left it alone.
            whole = applied.completed_by(self._current, but=spec.fields) if self._current else applied
            job = whole.as_shown(spec.kind)
            warnings += self._applier.notes + _unconfirmed(spec, applied)
        return Result(
            spec.label,
            thing=job,
            actions=tuple(step.as_action() for step in self._steps),
            changes=plan.changes,
            before=plan.before,
            after=plan.after,
            lifecycle=tuple(step.as_action() for step in plan.steps if step.operation in ("stop", "run")),
            risks=plan.risks,
            savepoint_path=savepoint,
            warnings=tuple(warnings),
            public_text=spec.public_text,
        ).as_dict()

    def _apply_plan(self):
        """Apply the plan. When the job that it creates is there meanwhile, plan anew for that one, and apply that."""
        spec = self._goal.spec
        create = [step for step in self.plan.steps if step.operation == "create"]
        try:
            return self._applier.apply(self.plan, self._current)
        except JobAppeared:
            # The answer to the create was lost. As far as anybody can tell the job comes of it.
            self._applier.count_as_done(create)
            missing: DliError = ConflictError(f"{spec.label} was there after its creation, but is gone again.")
        except AlreadyExists as exc:
            # Another task was faster, or the name is that of a job which this user cannot see.
            missing = exc.explained(
                "The list of this user's jobs does not have it: a job of that name may belong to another user, and "
                "is invisible then."
            )
            self._applier.wait_for_name(spec.name)
        plan, self._current = self._make_plan()
        if self._current is None:
            raise missing
        # What only an update can set is still missing from a job that this task has just created, too.
        if not self._applier.done and _updated(plan) - _updated(self.plan):
            self.plan = plan
        elif not self._applier.done:
            # It is just as this task creates it, so it may come of a request that was delivered twice on its way.
            self._applier.count_as_done(create)
        return self._applier.apply(plan, self._current)

    def _read_again(self, job):
        fields = self._goal.spec.fields
        # A start or stop ends with a look at the job.
        if self._applier.done and self._applier.done[-1].operation in ("stop", "run"):
            return self._reader.with_fields(job, fields)
        return self._reader.read(job.job_id, fields)

    def _make_plan(self) -> tuple[Plan, ObservedJob | None]:
        goal, spec, state = self._goal, self._goal.spec, self._goal.state
        if state == "absent":
            # A job is deleted whatever its fields and tags are.
            current = self._reader.find(replace(spec, fields={}, tags=None)).job
            return plan_job(goal, current, tags_match=True), current
        found = self._reader.find(spec)
        # Known from here on, even if it cannot be planned what to do about it.
        self._current = job = found.job
        if job and not status_of(job.status).settled and not _is_left_alone(job, spec, state, self._waiting.wait):
            settled = self._applier.settle(job, spec.label)
            found = Found(self._reader.with_fields(settled, spec.fields), found.tags_match)
        plan = plan_job(goal, found.job, found.tags_match)
        kind = spec.kind or JAR
        updates = any(step.operation == "update" for step in plan.steps)
        if updates and found.job and not found.job.has_all(kind.names):
            # An update sends the whole definition, so now all of it must be known.
            found = Found(self._reader.complete(found.job, kind), found.tags_match)
            plan = plan_job(goal, found.job, found.tags_match)
        return plan, found.job


def _updated(plan):
    """Return the names of the fields that a plan's updates change."""
    return {name for step in plan.steps if step.operation == "update" for name in step.fields}


def _is_left_alone(job, spec, state, wait):
    """Whether a job in a passing status needs nothing: it is as described, and where it goes is where it should."""
    if remaining_changes(spec, job):
        return False
    return state == "present" or (not wait and state == status_of(job.status).on_the_way_to)


def _unconfirmed(spec, job):
    """Say in which fields the service does not show what it has just accepted."""
    fields = remaining_changes(spec, job)
    if not fields:
        return []
    return [
        f"The service accepted the change of {spec.label}, but still shows another value for {', '.join(fields)}; "
        "it may not be able to clear a field, or may choose the value itself."
    ]
