# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out a plan, step by step, and believes only what the service then shows; undoes an upgrade that fails."""

from __future__ import annotations

from .._api.flink_jobs import FlinkJobApi
from .._errors import (
    ConflictError,
    DliError,
    JobAppeared,
    LifecycleError,
    OutcomeUnknown,
    RequestError,
    WaitTimeout,
)
from .._model.job import ObservedJob
from .._model.plan import Plan, Step, is_upgrade
from .._model.status import (
    DRAFT,
    FINISHED,
    RUNNING,
    STOPPED,
    status_of,
)
from . import wait as _wait
from .reader import JobReader
from .wait import Waiting
from .writes import JobWrites


class Applier:
    """Applies the plan for one job.

    :param health_window: seconds that an upgraded job must stay running.

    C(done) are the steps that the service has accepted, C(savepoint_made) is the path of the savepoint that a stop
    made, and C(notes) are sentences about what turned out otherwise than planned and is no failure.
    """

    def __init__(
        self,
        api: FlinkJobApi,
        reader: JobReader,
        waiting: Waiting,
        health_window: float = 0.0,
    ) -> None:
        self._writes = JobWrites(api, reader, waiting.clock)
        self._reader = reader
        self._waiting = waiting
        self._clock = waiting.clock
        self._progress = waiting.progress
        self._health_window = health_window
        self._savepoint_path = ""
        self._started_here = False
        self.savepoint_made = ""
        self.notes: list[str] = []
        self.done: list[Step] = []

    def count_as_done(self, steps: list[Step]) -> None:
        """Note steps whose outcome became known elsewhere than where they were sent."""
        self.done += steps

    def apply(self, plan: Plan, current: ObservedJob | None) -> ObservedJob | None:
        """Carry out a plan and return the job as it was last seen, None when it is deleted.

        :param current: the job that the plan was made for.
        :raises JobAppeared: the plan has to be made anew.
        :raises LifecycleError: a stop or start did not end as planned; the error tells where the job stands.
        :raises RequestError: the service refused or did not answer.
        """
        job = current
        if current:
            self._savepoint_path = current.savepoint_path
            self._progress.status(current.name, current.status)
        health_window = self._health_window if is_upgrade(plan.steps) else 0
        for number, step in enumerate(plan.steps, start=1):
            wait = self._waiting.wait or number < len(plan.steps)
            self._tell(step, job, number, len(plan.steps))
            if step.operation == "create":
                job = self._create(step)
            elif step.operation == "update":
                self._update(step, job, plan.rollback_step)
            elif step.operation == "stop":
                job = self._stop(step, job, wait)
            elif step.operation == "delete":
                self._delete(step, job, wait)
                job = None
            elif job and current and job.status == FINISHED and current.status == RUNNING:
                # A bounded job that ended by itself while it was being stopped has done its work.
                self.notes.append(
                    f"Flink job {job.name} finished before it could be stopped, and was not started again."
                )
                break
            else:
                job = self._run(step, job, wait, plan.rollback_step, health_window)
        return job

    def settle(self, job: ObservedJob, label: str) -> ObservedJob:
        """Wait until a job is in a status that does not pass by itself.

        :param label: how messages call the job.
        :raises ConflictError: the task does not want to wait.
        """
        if not self._waiting.wait:
            raise ConflictError(f"{label} is {job.status}, which passes; wait is false, so nothing was done.")
        self._progress.status(job.name, job.status)
        self._progress.tell(f"{job.name}: wait, because {job.status} passes")
        return self._until(job.job_id, lambda found: status_of(found.status).settled, "to settle")

    def wait_for_name(self, name: str) -> None:
        """Wait until the list has a job of a name that the service calls taken, for as long as that may take."""
        _wait.watch(lambda: self._reader.ids_named(name), bool, _wait.GRACE_SECONDS, self._clock)

    def _create(self, step):
        job_id, certain = self._writes.create(step.kind, step.body)
        if not certain:
            raise JobAppeared
        self.done.append(step)
        return ObservedJob({"job_id": job_id, "name": step.body["name"], "status": DRAFT})

    def _delete(self, step, job, wait):
        self._writes.delete(job)
        self.done.append(step)
        if wait:
            _wait.wait_until(
                lambda: self._is_listed(job),
                lambda listed: not listed,
                self._waiting.timeout,
                lambda _listed: (
                    f"Flink job {job.name} was deleted, but the service still lists it after "
                    f"{self._waiting.timeout:g} seconds."
                ),
                self._clock,
            )

    def _is_listed(self, job):
        listed = self._reader.is_listed(job)
        self._progress.status(job.name, "listed" if listed else "no longer listed")
        return listed

    def _update(self, step, job, rollback_step):
        try:
            self._writes.update(step.kind, job, step.body, step.fields)
        except RequestError as exc:
            raise self._undone(exc, job, rollback_step) from exc
        self.done.append(step)

    def _stop(self, step, before, wait):
        self._writes.stop(before, step.savepoint)
        self.done.append(step)
        if not wait:
            return self._read(step.job_id)
        job = self._left(before.status, step.job_id, "to stop")
        if job.status == FINISHED:
            return job
        if step.savepoint and job.status == RUNNING:
            raise self._stands(job, "no savepoint could be made, so it was not stopped and goes on running unchanged")
        if job.status != STOPPED:
            raise self._stands(job, "it could not be stopped; its definition was not changed")
        if step.savepoint:
            job = self._with_savepoint(before, job)
            if not job.has_newer_savepoint_than(before):
                raise self._stands(job, "it shows no savepoint; its definition was not changed, nor was it started")
            self._savepoint_path = self.savepoint_made = job.savepoint_path
        return job

    def _run(self, step, before, wait, rollback_step, health_window):
        """Start a job. What undoes an upgrade is that its start fails, not that a look at it fails."""
        try:
            self._writes.run(before, step.savepoint)
        except OutcomeUnknown as exc:
            raise self._undone(exc, before, None) from exc
        except RequestError as exc:
            raise self._undone(exc, before, rollback_step) from exc
        self._started_here = True
        self.done.append(step)
        if not wait:
            return self._read(before.job_id)
        try:
            job = self._watch(self._started(before), health_window)
        except (LifecycleError, WaitTimeout) as exc:
            raise self._undone(exc, before, rollback_step) from exc
        return job

    def _started(self, before):
        job = self._left(before.status, before.job_id, "to run")
        if job.status not in (RUNNING, FINISHED):
            raise self._stands(job, "it did not start")
        return job

    def _watch(self, job, health_window):
        """Return a job after it has stayed running for the health window, and that without being restarted."""
        if not health_window:
            return job
        restarts = job.restart_times
        self._progress.tell(f"{job.name}: watch for {health_window:g} s whether it stays running")
        job = _wait.watch(
            lambda: self._read(job.job_id),
            lambda found: found.status != RUNNING or found.restart_times > restarts,
            health_window,
            self._clock,
        )
        if job.status not in (RUNNING, FINISHED):
            raise self._stands(job, "it failed soon after its start")
        if job.restart_times > restarts:
            raise self._stands(job, "it had to be restarted soon after its start")
        return job

    def _undone(self, failure: DliError, job: ObservedJob, rollback_step: Step | None) -> DliError:
        """Return the error that a failed step ends in, after undoing the upgrade that it belongs to."""
        if rollback_step:
            return self._roll_back(rollback_step, failure)
        if isinstance(failure, LifecycleError) or not any(step.operation == "stop" for step in self.done):
            return failure
        return LifecycleError(f"{failure} The job had been stopped for this.", self._facts_now(job.job_id))

    def _roll_back(self, rollback_step: Step, failure: DliError) -> LifecycleError:
        """Return the error that tells what became of a failed upgrade, after undoing it as far as that is possible."""
        job_id = rollback_step.job_id
        self._progress.tell(f"{rollback_step.body['name']}: roll back to the former definition")
        try:
            job = self._stop_what_may_run(job_id)
            self._writes.update(rollback_step.kind, job, rollback_step.body, rollback_step.fields)
            self.done.append(rollback_step)
            if not job.has_savepoint and not self._imported(job):
                where = f" The savepoint was at {self._savepoint_path}." if self._savepoint_path else ""
                return LifecycleError(
                    f"{failure} The former definition was restored, but the job was not started, because the service "
                    f"no longer has its savepoint and the job's state would be lost.{where}",
                    self._facts_now(job_id),
                )
            self._writes.run(job, True)
            self.done.append(Step("run", job_id, savepoint=True))
            self._started(job)
        except DliError as exc:
            return LifecycleError(f"{failure} The upgrade could not be undone: {exc}", self._facts_now(job_id))
        return LifecycleError(
            f"{failure} The former definition was restored and runs again from the savepoint.",
            self._facts_now(job_id),
            rolled_back=True,
        )

    def _imported(self, job):
        """Whether the service has taken back a savepoint that it dropped, as it is documented to do after a restart."""
        if not self._savepoint_path:
            return False
        try:
            self._writes.import_savepoint(job, self._savepoint_path)
        except RequestError:
            return False
        return self._read(job.job_id).has_savepoint

    def _stop_what_may_run(self, job_id):
        """Return the failed job once it is settled; what is still being submitted, or runs after all, is stopped.

        :raises LifecycleError: whether it still runs is not known, so that another start could be a second one.
        """
        job = self._read(job_id)
        if status_of(job.status).may_run:
            if not self._started_here:
                raise self._stands(job, "somebody else has started it meanwhile, so it was left alone")
            before = job
            self._writes.stop(before, False)
            self.done.append(Step("stop", job_id))
            job = self._left(before.status, job_id, "to stop")
            if status_of(job.status).may_run:
                raise self._stands(job, "the new version could not be stopped")
        return job

    def _read(self, job_id):
        job = self._reader.read_now(job_id)
        self._progress.status(job.name, job.status)
        return job

    def _tell(self, step, job, number, count):
        """Tell that a step begins; one that creates or changes a job and nothing else is over before anybody asks."""
        if count > 1 or step.operation not in ("create", "update"):
            name = job.name if job else step.body["name"]
            lifecycle = (
                {"stop": " with a savepoint", "run": " from the savepoint"}[step.operation] if step.savepoint else ""
            )
            which = f" (step {number} of {count})" if count > 1 else ""
            self._progress.tell(f"{name}: {step.operation}{lifecycle}{which}")

    def _left(self, status, job_id, what):
        """Wait until a job has left a status and settled in another one.

        The answer to a start or stop says only that it was accepted. A job that still shows its former status may not
        have got to it yet, and counts as settled in it only after a grace period.
        """
        grace = self._clock.monotonic() + min(_wait.GRACE_SECONDS, self._waiting.timeout)
        left = False

        def is_done(found):
            nonlocal left
            left = left or found.status != status
            return status_of(found.status).settled and (left or self._clock.monotonic() >= grace)

        return self._until(job_id, is_done, what)

    def _with_savepoint(self, before, job):
        """Return a stopped job as soon as it shows its savepoint, or as it is when the grace period is over."""
        if job.has_newer_savepoint_than(before):
            return job
        return _wait.watch(
            lambda: self._read(job.job_id),
            lambda found: found.has_newer_savepoint_than(before),
            _wait.GRACE_SECONDS,
            self._clock,
        )

    def _until(self, job_id, is_done, what):
        try:
            return _wait.wait_until(
                lambda: self._read(job_id),
                is_done,
                self._waiting.timeout,
                lambda job: (
                    f"Waited {self._waiting.timeout:g} seconds for Flink job {job.name} {what}; it is {job.status}."
                ),
                self._clock,
            )
        except WaitTimeout as exc:
            raise WaitTimeout(str(exc), exc.last, self._facts_now(job_id)) from exc

    def _stands(self, job, what):
        return LifecycleError(f"Flink job {job.name} is {job.status}{job.because}; {what}.", self._facts(job))

    def _facts_now(self, job_id):
        try:
            return self._facts(self._read(job_id))
        except RequestError:
            return {"job_id": job_id, "savepoint_path": self._savepoint_path}

    def _facts(self, job):
        """Return where a job stands, with the path of its savepoint even when the service has dropped that."""
        return {
            "job_id": job.job_id,
            "status": job.status,
            "has_savepoint": job.has_savepoint,
            "savepoint_path": job.savepoint_path or self._savepoint_path,
        }
