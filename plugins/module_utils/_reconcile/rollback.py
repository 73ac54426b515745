# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Undoes an upgrade that failed: the previous definition runs again from the savepoint that the upgrade has made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .._errors import DliError, LifecycleError, RequestError
from .._model.bodies import restoring_body
from .._model.fields import JobKind
from .._model.job import ObservedJob, same_path
from .._model.status import FAILED, FINISHED, SAVEPOINTING, STOP_ENDS, STOPPING, SUBMIT_FAILED, status_of
from .._model.steps import Step
from .effects import Report, Steps
from .observer import Observer
from .writes import CHOSEN_BY_THE_SERVICE, JobWrites, changed_by_others, holds


@dataclass
class Attempt:
    """What a task has done to a job so far, which is what a rollback undoes.

    :param done: the steps that the service has accepted.
    :param savepoint: the path of the savepoint that a stop has made, "" for none.
    :param is_started: whether a start was accepted, or showed.
    :param is_our_start: whether the last start was surely that of this task.
    :param unconfirmed: the changed fields that the service did not show as desired, with what it showed.
    """

    done: list[Step] = field(default_factory=list)
    savepoint: str = ""
    is_started: bool = False
    is_our_start: bool = False
    unconfirmed: dict[str, Any] = field(default_factory=dict)

    def has_done(self, operation: str) -> bool:
        """Whether the service has accepted a step of this kind."""
        return any(step.operation == operation for step in self.done)


class Rollback:
    """Undoes an upgrade of one job, as steps (see M(effects)).

    :param attempt: what the upgrade has done. The steps of the rollback are added to it.
    """

    def __init__(self, attempt: Attempt, kind: JobKind, observer: Observer, writes: JobWrites) -> None:
        self._attempt = attempt
        self._kind = kind
        self._observer = observer
        self._writes = writes

    def roll_back(self, rollback_step: Step, failure: DliError, previous: ObservedJob) -> Steps:
        """Return the error that says what became of a failed upgrade, after undoing it as far as that is possible.

        :param rollback_step: the update that brings the previous definition back.
        :param failure: what the upgrade ended in.
        :param previous: the job as it was before the upgrade.
        """
        job_id = previous.job_id
        yield Report(str(failure))
        yield Report(f"{previous.name}: roll back to the previous definition")
        try:
            job = yield from self._stop_what_may_run(job_id)

            def body_for(found):
                return restoring_body(
                    self._kind, self._with_foreign_changes(previous, found, rollback_step), rollback_step.fields
                )

            body = body_for(job)
            since = yield from self._writes.update(self._kind, job, body_for, rollback_step.fields)
            self._observer.defined_since = since
            self._attempt.done.append(rollback_step)
            before, job = job, (yield from self._restored(job, rollback_step.fields, body))
            if job.was_started_since(before):
                raise self._observer.foreign_start(job)
            lost = yield from ensure_savepoint(job, self._attempt.savepoint, self._observer, self._writes)
            if lost:
                return LifecycleError(
                    f"{failure} The previous definition was restored, but the job was not started, because {lost} and "
                    f"the job's state would be lost. The savepoint was at {self._attempt.savepoint}.",
                    (yield from self._observer.facts_now(job_id)),
                )
            self._observer.check_name(self._observer.seen or job)
            started = yield from self._writes.run(job, self._attempt.savepoint, rollback_step.fields)
            if not started.is_ours:
                raise self._observer.foreign_start((yield from self._observer.settled(job_id)))
            self._attempt.done.append(Step("run", savepoint=True))
            yield from self._observer.started(job)
        except DliError as exc:
            return LifecycleError(
                f"{failure} The upgrade could not be undone: {exc}", (yield from self._observer.facts_now(job_id))
            )
        return LifecycleError(
            f"{failure} Rolled back: the previous definition runs again, from the savepoint {self._attempt.savepoint}.",
            (yield from self._observer.facts_now(job_id)),
            rolled_back=True,
        )

    def _stop_what_may_run(self, job_id):
        """Return the failed job once it is settled; what is still being submitted, or runs after all, is stopped.

        :raises LifecycleError: somebody else has acted on it, or whether it still runs is not known, so that another
            start could be a second one.
        """
        seen = self._observer.seen
        job = yield from self._observer.read(job_id, is_detail=True)
        if seen and status_of(job.status).may_run and not status_of(seen.status).may_run:
            # What has failed runs again, or is about to: the service has restarted it, or somebody else has started it.
            job = yield from self._observer.settled(job_id)
            if job.was_started_since(seen):
                raise self._observer.foreign_start(job, seen)
        if job.status in (SAVEPOINTING, STOPPING):
            job = yield from self._observer.settled(job_id)
        yield from self._check_nobody_acted(job)
        if status_of(job.status).may_run:
            if not self._attempt.is_our_start:
                raise self._observer.foreign_start(job)
            before = job
            stopped = yield from self._writes.stop(before, False)
            if stopped.is_ours:
                self._attempt.done.append(Step("stop"))
            job = yield from self._observer.settled_after(
                before, "to stop", (*STOP_ENDS, FAILED, SUBMIT_FAILED, FINISHED)
            )
            if job.status in STOP_ENDS and (not stopped.is_ours or self._observer.refusal):
                raise self._observer.foreign_stop(job)
            if status_of(job.status).may_run:
                raise self._observer.error(job, "the new version could not be stopped")
            stopped, job = job, (yield from self._observer.read(job_id, is_detail=True))
            if status_of(job.status).may_run or job.was_started_anew_since(stopped):
                raise self._observer.foreign_start(job, stopped)
            self._observer.check_name(job)
            yield from self._check_as_it_was(job)
        elif "detail" not in job.sources:
            job = yield from self._observer.read(job_id, is_detail=True)
        return job

    def _with_foreign_changes(self, previous, job, rollback_step):
        """Return the previous job with what others may have changed since, and the task does not.

        :param job: the detail of the job as it is.
        """
        # While the job takes checkpoints, their path is the service's own.
        kept = {*rollback_step.fields, *(("checkpoint_path",) if job.value("checkpoint_enabled") else ())}
        names = [known.name for known in self._kind.fields if known.live]
        names += changed_by_others(previous, job, [known.name for known in self._kind.fields if not known.live])
        names.append("name")
        return previous.with_values_of(job, [name for name in names if name not in kept])

    def _check_nobody_acted(self, job):
        """Check that somebody else has neither stopped the job, nor made a savepoint of it, nor changed its definition.

        :raises LifecycleError: somebody has, and that is left alone.
        """
        if job.status in STOP_ENDS and self._attempt.is_started:
            raise self._observer.foreign_stop(job)
        yield from self._check_as_it_was(job)

    def _check_as_it_was(self, job):
        """Check that a job has the savepoint and the definition that this task has given it.

        :raises LifecycleError: it has not.
        """
        is_foreign = job.has_savepoint and not same_path(job.savepoint_path, self._attempt.savepoint)
        # The service drops savepoints after a restart, so it may have shown only before.
        made = job.savepoint_path if is_foreign else self._observer.foreign_savepoint()
        if is_foreign or made:
            raise self._observer.error(
                job, f"somebody else has made a savepoint of it meanwhile, {made}, so it was left alone"
            )
        if self._observer.saw_foreign_savepointing:
            raise self._observer.error(job, "somebody else was making a savepoint of it, so it was left alone")
        if self._attempt.has_done("update"):
            foreign = [
                name for name in (yield from self._observer.differing(job)) if not self._is_unconfirmed(job, name)
            ]
            self._observer.check_none_is_foreign(job, foreign)

    def _is_unconfirmed(self, job, name):
        """Whether a field shows what it showed right after the update, although that is not what was desired."""
        unconfirmed = self._attempt.unconfirmed
        if name not in unconfirmed:
            return False
        return name in CHOSEN_BY_THE_SERVICE or job.name_or_value(name) == unconfirmed[name]

    def _restored(self, before, fields, body):
        """Return a job that shows the previous definition.

        :raises LifecycleError: it still shows another one.
        """

        def differing(found):
            return [name for name in fields if not holds(found, name, body)]

        job = yield from self._observer.wait_for_definition(before, fields, differing)
        if differing(job):
            raise self._observer.error(
                job,
                f"the service still shows another value for {', '.join(differing(job))} than the previous definition "
                f"has, so it was not started. The savepoint is at {self._attempt.savepoint}",
            )
        return job


def ensure_savepoint(job: ObservedJob, made: str, observer: Observer, writes: JobWrites) -> Steps:
    """See to it that a job can resume from the savepoint that this task made; return why it cannot, "" when it can.

    The service is documented to drop savepoints after a restart; then it is given the path again.
    """
    gone = "the service no longer has its savepoint"
    if not job.has_savepoint:
        observer.check_name(observer.seen or job)
        try:
            yield from writes.import_savepoint(job, made)
        except RequestError:
            return gone
        job = yield from observer.imported_savepoint(job)
    if not job.has_savepoint:
        return gone
    if not same_path(job.savepoint_path, made):
        return f"the service shows another savepoint, {job.savepoint_path},"
    return ""
