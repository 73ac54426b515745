# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Breaks the collection on purpose, in the process of a module, to show that what it loses or doubles is found."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ansible_collections.otc.dli.plugins.module_utils._api.flink_jobs import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._model import resume, risks
from ansible_collections.otc.dli.plugins.module_utils._reconcile import executor, job, observer, rollback
from ansible_collections.otc.dli.plugins.module_utils._reconcile.effects import Effect
from ansible_collections.otc.dli.plugins.module_utils._reconcile.write_effects import Run, Stop


def forget_state(_savepoints: Path) -> None:
    """Each start is one with empty state."""
    Run.send = lambda _run, api, job_ids: api.run_jobs(job_ids, False)


def stop_without_a_savepoint(_savepoints: Path) -> None:
    """Each stop is one without a savepoint."""
    Stop.send = lambda _stop, api, job_ids: api.stop_jobs(job_ids, False)


def take_the_first_savepoint(savepoints: Path) -> None:
    """Each start resumes from the first savepoint of the job.

    :param savepoints: the folder of the job's savepoints, at jobs/savepoint/ and the id of the job in a bucket.
    """

    def send(run: Run, api: FlinkJobApi, job_ids: list[int]) -> None:
        for metadata in sorted(savepoints.glob("*/*/_metadata"))[:1]:
            path = metadata.parent.relative_to(savepoints.parents[3]).as_posix()
            api.import_savepoint(job_ids[0], f"obs://{path}/")
        api.run_jobs(job_ids, run.resume)

    Run.send = send


def start_with_empty_state(_savepoints: Path) -> None:
    """A job that has run and has no savepoint is started all the same."""
    for module in (resume, executor, job):
        module.may_start_empty = lambda _goal: True


def undo_what_others_do(_savepoints: Path) -> None:
    """A stop or a start by somebody else is taken for a failure of the new version, and rolled back."""
    observer._unhealthy = functools.partial(_failed_if_unhealthy, observer._unhealthy)

    rollback.Rollback._check_nobody_acted = _find_nothing
    rollback.ensure_savepoint = _find_nothing


def _find_nothing(*_about: object) -> Iterator[Effect]:
    yield from ()


def _failed_if_unhealthy(judge, *about):
    verdict = judge(*about)
    return verdict and replace(verdict, is_failure=True)


def believe_the_request(_savepoints: Path) -> None:
    """A job counts as running as soon as the service has taken the request to start it."""
    observer.Observer.started = lambda self, before: self.read(before.job_id)
    observer.Observer.stays_healthy = lambda self, seen, _before: self.read(seen.job_id)


def keep_risks_secret(_savepoints: Path) -> None:
    """No risk is said."""
    risks.risks_of = lambda _current, _steps: ()
