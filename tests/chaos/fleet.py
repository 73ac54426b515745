# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of counting jobs that is upgraded, a canary first, which may crash."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_jobs

from chaos.schedule import Step
from chaos.world import ATTEMPTS, Task
from local_dli.jobs import Job
from local_dli.lifecycle import RUNNING

if TYPE_CHECKING:
    from chaos.row import Row

JOBS = 3
# The share of versions that crash in the window of the canary.
CRASHES = 0.7


class Fleet:
    """The jobs of one operation, which are there besides the job of the schedule."""

    def __init__(self, row: Row, step: Step) -> None:
        self._row = row
        self._step = step
        self._names = [f"fleet-{time.time_ns()}-{number}" for number in range(JOBS)]

    def play(self) -> None:
        """Start the fleet, upgrade it, bring it to a version that runs well, stop it, and judge what it has written."""
        row = self._row
        first = row.run(self._task(self._versions()))
        is_disturbed = bool(self._step.kill or self._step.loss)
        row.expect(not first.failed or self._step.loss is not None, f"the fleet did not start: {first.message}")
        crashes, when, _draw = self._step.draws
        crash = f"--crash-after-ms {200 + int(500 * when)}" if crashes < CRASHES else ""
        before = {job.name: self._stands(job) for job in self._jobs()}
        ran = row.run_again_if_killed(self._step, self._task(self._versions(crash), canary_jobs=self._names[:1]))
        # After an interruption the canary can be as described already, so that it is none any more.
        if not is_disturbed:
            row.expect(ran.failed is bool(crash), f"a fleet with{'' if crash else 'out'} a crash: {ran.message}")
        if crash and not is_disturbed:
            for job in self._jobs()[1:]:
                row.expect(self._stands(job) == before[job.name], f"{job.name} was touched, though the canary crashed")
            row.expect(self._jobs()[0].fields["entrypoint_args"] == before[self._names[0]][0], "it was not rolled back")
        good = self._versions()
        stopped = False
        try:
            self._recover(good)
            ran = row.run(self._task(good, state="stopped"))
            row.expect(not ran.failed, f"the fleet could not be stopped: {ran.message}")
            stopped = not ran.failed
        finally:
            for job in self._jobs():
                row.judge(job, self._folder(job.name), stopped)

    def _recover(self, good: list[dict[str, Any]]) -> None:
        for _attempt in range(ATTEMPTS):
            ran = self._row.run(self._task(good))
            if not ran.failed:
                return
            for job, version in zip(self._jobs(), good):
                self._row.give_up_what_is_gone(job)
                if job.status != RUNNING and not job.has_savepoint:
                    version["resume_savepoint"] = self._row.import_newest(job)
        self._row.expect(False, f"the fleet did not recover: {ran.message}")

    def _jobs(self) -> list[Job]:
        by_name = {job.name: job for job in self._row.world.service.jobs.all()}
        return [by_name[name] for name in self._names]

    def _stands(self, job: Job) -> tuple[str, int]:
        """Return what an upgrade changes of a job: its version, and how often it was started."""
        return job.fields["entrypoint_args"], len(self._row.world.ledger_of(job).starts)

    def _folder(self, name: str) -> str:
        return f"{self._row.folder}-{name}"

    def _versions(self, canary: str = "") -> list[dict[str, Any]]:
        """Return the jobs in their next version.

        :param canary: further arguments of the first one.
        """
        crash = {self._names[0]: canary}
        return [
            {"name": name, "parallel_number": 1, **self._row.new(crash.get(name, ""), self._folder(name))}
            for name in self._names
        ]

    def _task(self, jobs: list[dict[str, Any]], state: str = "started", **further: Any) -> Task:
        defaults = {**self._row.defaults, "state": state}
        return Task(dli_flink_jar_jobs, {**self._row.waits, "defaults": defaults, "jobs": jobs, **further})
