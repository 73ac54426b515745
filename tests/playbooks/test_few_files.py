# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that lets a process open few files: the result is written all the same, as connections are closed first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local_dli import LocalDli
from module_runner import access_to

FEW_FILES = 64


def run_with_few_files(collections: Path, module: str, options: dict[str, Any], files: int) -> dict[str, Any]:
    """Run a module as a process of its own, and return the one JSON document that it prints."""
    name = f"ansible_collections.otc.dli.plugins.modules.{module}"
    done = subprocess.run(
        ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", sys.executable, "-m", name],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": options}),
        env={**os.environ, "PYTHONPATH": str(collections), "_ANSIBLE_PROFILE": "legacy"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("files", [FEW_FILES, 40, 24])
def test_a_fleet_that_fails_says_what_became_of_each_job(
    files: int, service: LocalDli, installed_collection: Path
) -> None:
    jobs: list[dict[str, Any]] = [{"name": f"orders-{number}"} for number in range(200)]
    options = {**access_to(service), "concurrency": 64, "max_failures": 1000, "retry_timeout": 1}
    options["jobs"] = [*jobs, {"job_id": 4711}]
    result = run_with_few_files(installed_collection, "dli_flink_jar_jobs", options, files)
    assert result["failed"]
    assert len(result["jobs"]) == 201
    assert result["changed"] == bool(service.jobs.all())
    changed = [job["name"] for job in result["jobs"] if job["verdict"] == "changed"]
    assert set(changed) <= {job.name for job in service.jobs.all()}
