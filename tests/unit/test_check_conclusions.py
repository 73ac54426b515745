# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the check must not conclude: each of these may have another cause than the one that a question is about."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils._check import lifecycle, reading, writing
from ansible_collections.otc.dli.plugins.module_utils._check.facts import Facts, NotSeen
from ansible_collections.otc.dli.plugins.module_utils._errors import ApiError

pytestmark = pytest.mark.any_core


def job(**config: Any) -> dict[str, Any]:
    return {"job_config": config}


def facts(**known: Any) -> Facts:
    seen = Facts()
    for name, value in known.items():
        seen.keep(name, value)
    return seen


def reads(*values: tuple[str, bool]) -> list[tuple[float, list[tuple[str, bool]]]]:
    """The reads of a job one second after the other: its status, and whether a savepoint shows."""
    return [(float(second), [value, value]) for second, value in enumerate(values)]


RUNS, STOPPED = ("job_running", False), ("job_cancel_success", False)
MEMORY = {"jobmanager_resource_spec": {"memory": "4 GB"}, "taskmanager_resource_spec": {"memory": "8 GB"}}
NOT_CONCLUDED = {
    "put_omitted, of a field that never was there": lambda: writing.put_omitted(job(), job()),
    "put_omitted, of a field that was not as written": lambda: writing.put_omitted(
        job(resume_max_num=-1), job(resume_max_num=-1)
    ),
    "tags_filter, of a draft that shows no tags": lambda: writing.tags_filter(
        {"nothing": 0, "both": 0, "one": 0, "part": 0}, {}
    ),
    "is_success, of a number": lambda: reading.form_of_success([{"is_success": 7}]),
    "is_success, of nothing": lambda: reading.form_of_success([{"is_success": None}]),
    "batch_refusal, of two jobs that are refused": lambda: writing.batch_refusal(
        (False, [{"is_success": False}] * 2, True), [{"is_success": True}] * 2
    ),
    "batch_refusal, of an error after which the job is gone": lambda: writing.batch_refusal(
        (True, [{"is_success": False}], False), [{"is_success": True}] * 2
    ),
    "batch_refusal, of a call that is refused always": lambda: writing.batch_refusal(
        (True, [{"is_success": False}], True), [{"is_success": False}] * 2
    ),
    "batch_answers, of something else": lambda: writing.batch_answers({"jobs": []}),
    "batch_answers, of neither true nor false": lambda: writing.batch_answers({"is_success": 7}),
    "detail_lag_seconds, of an empty response": lambda: writing.shows_update(lambda _path: {"job_detail": {}}, 1),
    "batch_answers, of a refusal": lambda: writing.batch_answers([{"is_success": "false"}]),
    "run_refusal, where no start is accepted": lambda: lifecycle.run_refusal(facts(start_refusal="error")),
    "cu_number_reads, of a default": lambda: writing.cu_number_reads(job(cu_number=2)),
    "cu_number_reads, of two numbers": lambda: writing.cu_number_reads(job(cu_number=3, real_cu_number=4)),
    "unset_reads, of a list without the fields": lambda: reading.unset_reads_in_list([job(cu_number=2)]),
    "numbers_read, of a boolean": lambda: reading.numbers_read([job(parallel_number=True)]),
    "checkpoint_mode_reads, of another word": lambda: reading.checkpoint_mode_reads([job(checkpoint_mode="none")]),
    "memory_reads, of defaults": lambda: writing.memory_reads(job(resource_config=MEMORY)),
    "runtime_config_reads, of what was there before": lambda: writing.form_of_settings(
        job(runtime_config="table.exec.state.ttl=60000"), "90000"
    ),
    "runtime_config_reads, where lines got no response": lambda: writing.runtime_config_reads(
        facts(config_list=job(runtime_config='[{"key": "table.exec.state.ttl", "value": "90000"}]'))
    ),
    "v1_resources_read, of a job under v2": lambda: writing.v1_resources_read(
        job(resource_config_version="v2", resource_config=MEMORY)
    ),
    "tm_slot_num_reads, of a service that shows none": lambda: writing.tm_slot_num_reads(job(), job()),
    "delete_keeps_record, of another error": lambda: writing.delete_keeps_record(
        "DLI.0001", (True, [(0.0, False)]), "DLI.0023"
    ),
    "delete_keeps_record, of an empty response": lambda: writing.detail_of_deleted(lambda _path: {}, 1),
    "not_found, of two codes": lambda: reading.not_found("DLI.0001", ("DLI.0023", "no such job")),
    "savepoint, of one that was there before": lambda: lifecycle.savepoint(
        reads(("job_cancel_success", True)), reads(("job_running", True))
    ),
    "savepoint, of a stop without effect": lambda: lifecycle.savepoint_of(
        facts(savepoint_seen="fails", stop_reads=reads(RUNS, RUNS), plain_stop_reads=reads(RUNS, RUNS))
    ),
    "max_in_flight, of a limit on requests in a time": lambda: writing.max_in_flight(
        [(0, 3, ""), (1, 2, "without")], True
    ),
}


@pytest.mark.parametrize("name", NOT_CONCLUDED)
def test_what_may_have_another_cause_is_not_concluded(name: str) -> None:
    with pytest.raises(NotSeen):
        NOT_CONCLUDED[name]()


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "DLI.0999"), (404, "APIG.0101"), (400, ""), (401, "DLI.0013"), (403, "DLI.0016"), (500, "DLI.0001")],
)
def test_an_error_that_is_not_about_the_job_says_nothing_of_jobs(status: int, code: str) -> None:
    def read(_path: str) -> None:
        raise ApiError("GET /jobs/1", status, code, "no")

    with pytest.raises(ApiError):
        reading.unknown_code(read, 1)


def test_the_list_filter_says_nothing_where_it_finds_no_whole_name() -> None:
    def read(_path: str, **_query: Any) -> dict[str, Any]:
        return {"job_list": {"jobs": [], "total_count": 0}}

    with pytest.raises(NotSeen, match="whole name"):
        reading.found_in_part(read, [{"name": "orders"}])


def test_a_stop_after_which_the_job_still_runs_is_one_that_made_no_savepoint_where_another_stop_ends_it() -> None:
    seen = facts(savepoint_seen="fails", stop_reads=reads(RUNS, RUNS), plain_stop_reads=reads(RUNS, STOPPED))
    assert lifecycle.savepoint_of(seen) == "fails"
