# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine that runs the jobs on a real Flink session cluster.

Flink is asked for the state of a job when somebody reads the job, so no thread is needed. A folder stands for object
storage: ``obs://bucket/path`` is ``bucket/path`` below it.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from local_dli.behaviour import Behaviour
from local_dli.jobs import OBS, Job, obs_path
from local_dli.lifecycle import RUNNING, TRANSITIONAL, Refused, check_save, check_start, check_stop, has_ended
from local_dli.reading import runtime_pairs
from local_flink.rest import AWAY, FlinkError, FlinkJob, FlinkRest

# Flink is through with a job in these.
ENDED = frozenset({"FINISHED", "CANCELED", "FAILED"})

# How old what Flink shows may be; see web.refresh-interval of the cluster.
SHOWS_SECONDS = 0.4
# A job that may restart without limit gives up when it fails more often than this in a minute: waiting for the end of
# such a job would take for ever.
RESTARTS_IN_A_MINUTE = 3

# How long a job that the service restarts shows that it has failed.
RESTART_SECONDS = 0.5

# Nobody can make a folder there, root neither.
NO_FOLDER = "/dev/null/savepoint"


class NotSubmitted(Exception):
    """A job does not even get to Flink; the text says why."""


@dataclass
class _Run:
    """One start of a job.

    It resumes from ``savepoint_path``, and Flink is given it at ``submits_at``, a time of the store's clock; before, it
    has no ``flink_id``.

    ``failure`` is why the submission failed. ``savepoint`` is the request for a savepoint that is being made, and
    ``stops`` says that the job was asked to end; ``ignores_stop`` that it runs on for all that. ``problem`` goes with
    the next status.
    ``state`` is Flink's, as last seen. ``may_restart`` says that the job is restarted when it fails, by Flink or, if it
    ``is_submitted_again``, by the service, and ``restarts`` how often it was seen to. ``deletes`` is the folder that is
    deleted when the job runs.

    The service shows the end of the job ``cancel_seconds`` after ``ended_at``, and the savepoint ``late`` at
    ``shows_at``.
    """

    savepoint_path: str | None
    submits_at: float
    loses_savepoint: bool
    may_restart: bool
    is_submitted_again: bool = False
    deletes: Path | None = None
    flink_id: str = ""
    failure: str = ""
    ran: bool = False
    savepoint: str | None = None
    stops: bool = False
    ignores_stop: bool = False
    saved_and_stopped: bool = False
    problem: str = ""
    state: str = "INITIALIZING"
    restarts: int = 0
    cancel_seconds: float = 0.0
    ended_at: float | None = None
    late_seconds: float = 0.0
    late: str | None = None
    shows_at: float = 0.0
    over: bool = False


def is_away(error: Exception) -> bool:
    """Whether an error is that there is no JobManager."""
    return isinstance(error, FlinkError) and error.status == AWAY


class FlinkEngine:
    """See lifecycle.Engine.

    :param rest: the cluster; it stays open when the engine is closed.
    :param obs_root: the folder that stands for object storage.

    Of the switches, ``savepoint``, ``savepoint_after_restart``, ``savepoint_lost``, ``savepoint_files_after_restart``,
    ``restart_by``, ``submit_seconds``, ``cancel_seconds`` and ``savepoint_late_seconds`` count here; others with
    seconds do not.
    """

    start_outcomes = re.compile(r"running|refused")
    stop_outcomes = re.compile(r"stopped|refused|runs_on|ignored")

    def __init__(self, rest: FlinkRest, obs_root: Path) -> None:
        self.rest = rest
        self.obs_root = obs_root.resolve()
        self._runs: dict[int, _Run] = {}
        # Until when a new JobManager may not know all jobs yet, by Python's clock.
        self._recovers_until = 0.0

    def recover(self, seconds: float) -> None:
        """Reckon for so long with a JobManager that took the place of another one and may not know all jobs yet.

        What the other one was asked for and had not done is forgotten: a savepoint, or the end of a job.
        """
        self._recovers_until = time.monotonic() + seconds
        for run in self._runs.values():
            if run.savepoint or (run.stops and not run.saved_and_stopped):
                run.savepoint, run.stops, run.problem = None, False, "Flink has lost its JobManager."
            if not run.is_submitted_again:
                run.restarts = 0

    def start(self, job: Job, resume_savepoint: bool, outcome: str, behaviour: Behaviour, now: float) -> None:
        check_start(job, resume_savepoint)
        run = _Run(
            savepoint_path=obs_path(job.savepoint_path or "") if resume_savepoint else None,
            submits_at=now + behaviour.submit_seconds,
            loses_savepoint=behaviour.loses_savepoint,
            may_restart=bool(job.fields["restart_when_exception"]),
        )
        run.is_submitted_again = run.may_restart and behaviour.restart_by == "service"
        if run.savepoint_path and behaviour.savepoint_files_after_restart == "deleted":
            run.deletes = Path(self._path(run.savepoint_path).removeprefix("file://"))
        if run.loses_savepoint and behaviour.savepoint_lost == "when_asked":
            job.set_savepoint(None)
        if now >= run.submits_at:
            self._submit(job, run)
        job.announce("job_submitting")
        self._runs[job.job_id] = run

    def stop(self, job: Job, trigger_savepoint: bool, outcome: str, behaviour: Behaviour, now: float) -> None:
        check_stop(job)
        run = self._live(job)
        if outcome == "ignored":
            return
        saves = trigger_savepoint and job.status == RUNNING
        if outcome == "runs_on":
            run.ignores_stop = True
        elif saves:
            target = self._target(job.savepoint_folder, behaviour)
            run.savepoint = self._asked(self.rest.stop, run.flink_id, target)
        elif run.flink_id:
            self._asked(self.rest.cancel, run.flink_id)
        job.announce("job_savepointing" if saves else "job_canceling")
        run.stops = not run.ignores_stop
        run.cancel_seconds, run.late_seconds = behaviour.cancel_seconds, behaviour.savepoint_late_seconds

    def save(self, job: Job, folder: str, behaviour: Behaviour, now: float) -> None:
        check_save(job)
        run = self._live(job)
        run.savepoint = self._asked(self.rest.save, run.flink_id, self._target(folder, behaviour))
        run.late_seconds = behaviour.savepoint_late_seconds
        job.announce("job_savepointing")

    def due(self, now: float) -> list[int]:
        return [job_id for job_id, run in self._runs.items() if not run.over]

    def advance(self, job: Job, now: float, wall_ms: Callable[[float], int]) -> Iterator[float]:
        run = self._runs.get(job.job_id)
        if run is not None and not run.over:
            try:
                self._update(job, run, now, wall_ms)
            except FlinkError as error:
                # While there is no JobManager, the job shows as it was.
                if not is_away(error):
                    raise
            yield now

    def _update(self, job: Job, run: _Run, now: float, wall_ms: Callable[[float], int]) -> None:
        if not run.flink_id and not run.failure:
            if run.stops:
                run.over = True
                job.enter("job_cancel_success", wall_ms(now))
            elif now >= run.submits_at:
                if job.status not in TRANSITIONAL:
                    job.enter("job_submitting", wall_ms(now))
                self._submit(job, run)
            if not run.flink_id and not run.failure:
                return
        if run.failure:
            run.over = True
            job.enter("job_submit_fail", wall_ms(now), run.failure)
            return
        if run.savepoint is not None:
            try:
                location = self.rest.saved(run.flink_id, run.savepoint)
            except FlinkError as error:
                if is_away(error):
                    raise
                run.problem = f"The savepoint failed: {error}"
                run.stops = False
            else:
                if location is None:
                    return
                run.late, run.shows_at = self._obs(location), now + run.late_seconds
                run.saved_and_stopped = run.stops
            run.savepoint = None
        if run.ignores_stop:
            run.ignores_stop = False
            run.problem = "Planned failure of the stop."
        status, reason = self._look(job, run, now, wall_ms(now))
        if run.late and now >= run.shows_at:
            job.set_savepoint(run.late)
            run.late = None
        if status != job.status:
            job.enter(status, wall_ms(now), reason or run.problem)
            run.problem = ""
        if status == "job_running_exception" and self._is_to_begin_again(job, run):
            # What Flink shows of its checkpoints may be older than the end of the job.
            if run.ended_at is not None and now < run.ended_at + SHOWS_SECONDS:
                return
            if self._begin_again(job, run, now):
                return
        run.over = has_ended(status) and run.late is None

    @staticmethod
    def _is_to_begin_again(job: Job, run: _Run) -> bool:
        """Return whether the service is to restart a job that has failed."""
        most = job.fields["resume_max_num"]
        is_over = run.saved_and_stopped or run.restarts >= (most if most > 0 else RESTARTS_IN_A_MINUTE)
        return run.is_submitted_again and not is_over

    def _begin_again(self, job: Job, run: _Run, now: float) -> bool:
        """Have a job that has failed submitted once more, and return whether that is possible."""
        if job.fields["resume_checkpoint"]:
            try:
                checkpoint = self.rest.newest_checkpoint(run.flink_id)
            except FlinkError as error:
                if error.status != 404:
                    raise
                # The next JobManager need not know a job that had failed before, nor where it is to begin again.
                return False
            run.savepoint_path = self._obs(checkpoint) if checkpoint else run.savepoint_path
        run.restarts += 1
        job.restart_times += 1
        run.flink_id, run.ran, run.ended_at, run.stops = "", False, None, False
        run.submits_at = now + RESTART_SECONDS
        return True

    def forget(self, job: Job) -> None:
        run = self._runs.pop(job.job_id, None)
        if run is not None:
            self._let_go(run)

    def execution(self, job: Job) -> tuple[str, str]:
        run = self._runs[job.job_id]
        return run.flink_id, run.state

    def close(self) -> None:
        for run in self._runs.values():
            self._let_go(run)
        self._runs.clear()

    # Status

    def _look(self, job: Job, run: _Run, now: float, at: int) -> tuple[str, str]:
        """Ask Flink, and return the status of a job and the reason for it."""
        try:
            seen = self.rest.job(run.flink_id)
        except FlinkError as error:
            if error.status != 404:
                raise
            if time.monotonic() < self._recovers_until:
                return job.status, ""
            return "job_running_exception", f"Flink no longer knows the job: {error}"
        run.state = seen.state
        if run.may_restart and not run.is_submitted_again:
            restarts = self.rest.restarts(run.flink_id)
            # Whether a new start begins the count anew is not documented; here it goes on.
            job.restart_times += restarts - run.restarts
            run.restarts = restarts
        if not run.ran and self._has_run(seen):
            run.ran = True
            job.enter(RUNNING, at)
            if run.deletes:
                shutil.rmtree(run.deletes, ignore_errors=True)
            if run.loses_savepoint:
                job.set_savepoint(None)
        if seen.state in ENDED:
            run.ended_at = now if run.ended_at is None else run.ended_at
            if run.stops and now < run.ended_at + run.cancel_seconds:
                return "job_canceling", ""
            if seen.state == "FAILED":
                reason = self.rest.failure(run.flink_id)
                return "job_running_exception", reason.replace(f"file:{self.obs_root}/", OBS)
            stopped = seen.state == "CANCELED" or run.saved_and_stopped
            return "job_cancel_success" if stopped else "job_finish", ""
        if run.stops:
            return "job_canceling", ""
        if seen.runs:
            return RUNNING, ""
        # It begins, or it is between two attempts, or its savepoint has failed and it is failing with it.
        return job.status, ""

    def _has_run(self, seen: FlinkJob) -> bool:
        """Return whether a job runs, or is at its end and ran before anybody read it."""
        return seen.runs or (seen.state in ENDED and self.rest.all_tasks_ran(seen.flink_id))

    def _live(self, job: Job) -> _Run:
        run = self._runs.get(job.job_id)
        if run is None or run.over or run.failure:
            raise Refused("DLI.0999: Flink does not run this job.")
        return run

    @staticmethod
    def _asked(call: Callable[..., str | None], *arguments: str) -> str | None:
        try:
            return call(*arguments)
        except FlinkError as error:
            raise Refused(f"DLI.0999: {error}") from error

    def _let_go(self, run: _Run) -> None:
        """Cancel a job that still runs, if the cluster is still there."""
        if not run.over and run.flink_id:
            with contextlib.suppress(FlinkError):
                self.rest.cancel(run.flink_id)

    # Submission

    def _submit(self, job: Job, run: _Run) -> None:
        """Give a job to Flink, or note why that is not possible. Where there is no JobManager it is tried again."""
        # Known before, because a JobManager that is lost can have got the job without an answer.
        flink_id = uuid.uuid4().hex
        try:
            jar_id = self.rest.upload(self._jar(job))
        except (FlinkError, NotSubmitted) as error:
            if not is_away(error):
                run.failure = str(error)
            return
        run.flink_id = flink_id
        try:
            self._give(job, run, jar_id)
        except FlinkError as error:
            # Whether a JobManager that is gone has got the job, the next one shows.
            if not is_away(error):
                run.failure = str(error)
        with contextlib.suppress(FlinkError):
            self.rest.delete_jar(jar_id)

    def _jar(self, job: Job) -> Path:
        """Return the JAR of a job.

        :raises NotSubmitted: there is none.
        """
        entrypoint = job.fields.get("entrypoint") or ""
        if not entrypoint.startswith(OBS):
            raise NotSubmitted("The entrypoint is not the obs:// path of a JAR.")
        jar = (self.obs_root / entrypoint.removeprefix(OBS)).resolve()
        if not jar.is_relative_to(self.obs_root) or not jar.is_file():
            raise NotSubmitted("The JAR that entrypoint names does not exist.")
        return jar

    def _give(self, job: Job, run: _Run, jar_id: str) -> None:
        """Give a job to Flink.

        :raises FlinkError: when Flink refuses it, or its main method fails.
        """
        parallelism = job.fields["parallel_number"]
        if job.fields["resource_config"]:
            parallelism = job.fields["resource_config"]["parallel_number"]
        savepoint = self._path(run.savepoint_path) if run.savepoint_path is not None else None
        settings = self._settings(job, run.is_submitted_again)
        main_class, arguments = job.fields["main_class"], self._arguments(job)
        self.rest.run(jar_id, main_class, arguments, parallelism, savepoint, settings, run.flink_id)

    def _arguments(self, job: Job) -> list[str]:
        return [self._path(argument) for argument in (job.fields["entrypoint_args"] or "").split()]

    def _settings(self, job: Job, is_submitted_again: bool) -> dict[str, str]:
        """Return what the fields of a job mean in Flink's own settings; its runtime_config has the last word."""
        fields = job.fields
        settings = {"restart-strategy": "none"}
        if fields["restart_when_exception"] and not is_submitted_again:
            most, interval = fields["resume_max_num"], "1 h"
            if most < 1:
                most, interval = RESTARTS_IN_A_MINUTE, "1 min"
            settings = {
                "restart-strategy": "failure-rate",
                "restart-strategy.failure-rate.max-failures-per-interval": str(most),
                "restart-strategy.failure-rate.failure-rate-interval": interval,
                "restart-strategy.failure-rate.delay": "200 ms",
            }
        if fields["checkpoint_enabled"]:
            path = fields["checkpoint_path"].removeprefix(OBS)
            settings |= {
                "execution.checkpointing.interval": f"{fields['checkpoint_interval']} s",
                "execution.checkpointing.mode": "EXACTLY_ONCE" if fields["checkpoint_mode"] == 1 else "AT_LEAST_ONCE",
                "state.checkpoints.dir": self._path(f"{OBS}{path}"),
                # So that they are there when the job has failed.
                "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
            }
        for key, value in runtime_pairs(fields["runtime_config"] or "") or ():
            settings[key] = value if isinstance(value, str) else json.dumps(value)
        return settings

    # Object storage. Flink does not decode its URLs, so they must not be encoded.

    def _target(self, folder: str, behaviour: Behaviour) -> str:
        """Return the folder, below this one, for a savepoint that is made now."""
        if behaviour.savepoint == "fails":
            return f"file://{NO_FOLDER}"
        return self._path(f"{folder}/{time.time() * 1000:.0f}")

    def _path(self, text: str) -> str:
        """Return a text with each obs:// path in it as Flink finds it."""
        return text.replace(OBS, f"file://{self.obs_root}/")

    def _obs(self, location: str) -> str:
        """Return the obs:// path of a place that Flink names."""
        path = Path("/", location.removeprefix("file:").lstrip("/"))
        return f"{OBS}{path.relative_to(self.obs_root).as_posix()}/"
