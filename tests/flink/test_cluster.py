# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A JobManager that is lost, and the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_flink import FlinkCluster, FlinkError, FlinkMissing

RECOVERS = 60.0


def test_the_next_job_manager_comes_though_the_last_one_was_killed_as_a_job_ended(tmp_path: Path) -> None:
    """It had begun the file that says how the job ended, and written nothing to it."""
    try:
        surviving = FlinkCluster(tmp_path, survives=True)
    except FlinkMissing as error:
        pytest.skip(str(error))
    with surviving as cluster:
        (store,) = tmp_path.glob("jobs/job-result-store/*")
        (store / "c44bfa97981e4b419fecbfa65e53287a_DIRTY.json").touch()
        cluster.replace_job_manager()

        def is_there() -> bool:
            try:
                return bool(cluster.rest.task_managers())
            except FlinkError:
                return False

        cluster.until(is_there, RECOVERS, "new JobManager")
