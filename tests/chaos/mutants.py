# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Breaks the collection on purpose, in the process of a module, to show that what it loses or doubles is found."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.otc.dli.plugins.module_utils._api.flink_jobs import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._reconcile.write_effects import Run


def forget_state(_savepoints: Path) -> None:
    """Each start is one with empty state."""
    Run.send = lambda _run, api, job_ids: api.run_jobs(job_ids, False)


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
