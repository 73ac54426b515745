# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of requests in docs/how-it-works.md is what the local service counts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job

from local_dli import Behaviour, LocalDli
from module_runner import access_to, run_module

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-it-works.md"
TABLE = PAGE.read_text(encoding="utf-8").partition("## Requests of each operation")[2].partition("\n\nOne more")[0]
ROW = re.compile(r"^\| (.+?) \| (?:(\d+) )?\|(.*)\|$", re.MULTILINE)
ROWS = {task: (count, which.strip()) for task, count, which in ROW.findall(TABLE) if task not in ("task", "---")}

JOB = {"name": "job", "queue_name": "queue", "entrypoint": "obs://bucket/old.jar"}
RUNNING = {"status": "job_running", "start_time": 1, "obs_bucket": "bucket"}
NEW = {"entrypoint": "obs://bucket/new.jar"}
SIZED = {"resource_config_version": "v2", "resource_config": {"max_slot": 2}}
TAGS = [{"key": "team", "value": "a"}]
# The task, and the job that is there before.
TASKS: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "nothing to do, by name": (JOB, {}),
    "nothing to do, by name, with `tags`": ({**JOB, "tags": {"team": "a"}}, {"tags": TAGS}),
    "nothing to do, by name, with `tags` that cannot be read": ({**JOB, "tags": {"team": "a"}}, {"tags": TAGS}),
    "nothing to do, by name, with `resource_config`": ({**JOB, **SIZED}, SIZED),
    "nothing to do, by id": ({"job_id": 0, "entrypoint": JOB["entrypoint"]}, {}),
    "create": (JOB, None),
    "create with `tags`": ({**JOB, "tags": {"team": "a"}}, None),
    "add or remove `tags`, running or not": ({**JOB, "tags": {"team": "a", "env": "dev"}}, {**RUNNING, "tags": TAGS}),
    "update, by name": ({**JOB, **NEW}, {}),
    "update, by id": ({"job_id": 0, **NEW}, {}),
    "update of a running job, by name": ({**JOB, "smn_topic": "topic"}, RUNNING),
    "rename": ({"job_id": 0, "name": "renamed"}, {}),
    "create and run": ({**JOB, "state": "started", "health_window": 0}, None),
    "upgrade, by name": ({**JOB, **NEW, "state": "started", "health_window": 0}, RUNNING),
    "delete, by name": ({"name": "job", "state": "absent"}, {}),
    "delete, by id": ({"job_id": 0, "state": "absent"}, {}),
    "nothing to delete": ({"name": "job", "state": "absent"}, None),
    "an option breaks a rule": ({"name": "two words"}, None),
}


def kind_of(request: Any) -> str:
    """Return how the table calls a request."""
    if "/dli_flink_job/" in request.path:
        return "tags" if request.method == "GET" else "POST tags"
    path = request.path.partition("/streaming")[2]
    if request.method == "POST":
        return "POST" if path == "/flink-jobs" else f"POST {path.rpartition('/')[2]}"
    return {"GET": "list" if path == "/jobs" else "detail"}.get(request.method, request.method)


def test_the_table_has_a_row_for_each_task() -> None:
    assert set(ROWS) == {*TASKS, "check mode"}


@pytest.mark.parametrize("task", TASKS)
def test_the_requests_of_a_task_are_those_of_its_row(task: str) -> None:
    options, before = TASKS[task]
    with LocalDli() as service:
        if "cannot be read" in task:
            service.behaviour = Behaviour(job_tags="absent")
        if before is not None:
            job = service.jobs.add(**{**JOB, **before})
            options = {**options, **({"job_id": job.job_id} if "job_id" in options else {})}
        result = run_module(dli_flink_jar_job, {**access_to(service), **options})
        sent = [kind_of(request) for request in service.requests]
    assert result["failed"] == (task == "an option breaks a rule"), result
    count, which = ROWS[task]
    assert len(sent) == int(count), sent
    words = re.split(r";| when | with ", which)[0]
    if words.strip() and " or " not in words:
        # What is "by tags" or "by the new name" is a list all the same.
        assert [re.sub(r" by .*", "", word.strip()) for word in words.split(",")] == sent
