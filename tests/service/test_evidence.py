# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The defaults of the local service are what the strongest evidence about the live one shows.

``tests/evidence/responses.yml`` has what is known of responses; tests/modules/test_answers.py has our code read them.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_dli import Behaviour
from local_dli.behaviour import GRADES, grades

EVIDENCE = yaml.safe_load((Path(__file__).parents[1] / "evidence" / "responses.yml").read_text(encoding="utf-8"))

# What each default rests on. A change of a default, or of its grade, has to be made here too, with its reason.
DEFAULTS = {
    "put_omitted": ("keep", "vendor-tested"),
    "clearing": ("empty", "vendor-tested"),
    "name_filter": ("exact", "assumed"),
    "tags_filter": ("match", "assumed"),
    "is_success": ("by_call", "vendor-tested"),
    "batch_refusal": ("per_job", "assumed"),
    "batch_answers": ("full", "documented"),
    "run_refusal": ("error_array", "captured"),
    "unknown_queue": ("at_start", "assumed"),
    "cu_number_reads": ("requested", "vendor-tested"),
    "unset_reads": ("null", "documented"),
    "numbers_read": ("number", "documented"),
    "runtime_config_reads": ("json_list", "vendor-tested"),
    "v1_resources_read": ("defaults", "vendor-tested"),
    "jar_checkpoint_interval": ("30", "vendor-tested"),
    "tm_slot_num_reads": ("as_written", "assumed"),
    "checkpoint_mode_reads": ("name", "vendor-tested"),
    "memory_reads": ("as_written", "vendor-tested"),
    "texts_read": ("as_written", "assumed"),
    "summary_fields": ("table", "documented"),
    "list_details": ("no_resource_config", "documented"),
    "detail_omits_image": (False, "vendor-tested"),
    "sql_body_reads": ("as_written", "vendor-tested"),
    "sql_job_type_reads": ("as_written", "vendor-tested"),
    "template_names": ("unique", "assumed"),
    "export_files": ("together", "assumed"),
    "delete_keeps_record": (False, "vendor-tested"),
    "catalog_url": ("bare", "assumed"),
    "catalog": ("with_dli", "documented"),
    "not_found": ("DLI.16001", "vendor"),
    "savepoint": ("made", "documented"),
    "savepoint_folders": ("dated", "assumed"),
    "savepoint_after_restart": ("deleted", "documented"),
    "restart_by": ("flink", "assumed"),
    "savepoint_lost": ("when_it_runs", "assumed"),
    "savepoint_files_after_restart": ("kept", "assumed"),
    "savepoint_outcome": ("nested", "vendor"),
    "savepoint_operations": ("offered", "vendor"),
    "job_tags": ("offered", "vendor-tested"),
    "execution_plan": ("full", "vendor"),
    "messages": ("english", "documented"),
    "stop_ends": ("job_cancel_success", "vendor"),
    "list_pages": ("full", "documented"),
    "list_job_type": ("all", "documented"),
    "odd_job": ("none", "assumed"),
    "list_lag_seconds": (0.0, "assumed"),
    "detail_lag_seconds": (0.0, "assumed"),
    "replica_lag_seconds": (0.0, "assumed"),
    "replica_first": ("fresh", "assumed"),
    "init_seconds": (0.0, "assumed"),
    "savepoint_late_seconds": (0.0, "assumed"),
    "submit_seconds": (0.0, "assumed"),
    "savepoint_seconds": (0.0, "assumed"),
    "cancel_seconds": (0.0, "assumed"),
    "delete_seconds": (0.0, "vendor-tested"),
    "latency_seconds": (0.0, "assumed"),
    "finish_after_seconds": (None, "assumed"),
    "max_in_flight": (None, "assumed"),
    "throttle_retry_after": (True, "documented"),
}

# What the vendor's acceptance tests write to get the details of the evidence, in the service's names.
V1 = {"name": "x_default", "queue_name": "queue", "flink_version": "1.15", "feature": "basic"}
V2 = {
    "name": "x_resource_config_version",
    "queue_name": "queue",
    "flink_version": "1.15",
    "feature": "basic",
    "checkpoint_enabled": True,
    "checkpoint_interval": 60,
    "checkpoint_mode": 2,
    "log_enabled": True,
    "obs_bucket": "bucket",
    "execution_agency_urn": "agency",
    "resource_config_version": "v2",
    "resource_config": {
        "max_slot": 4,
        "parallel_number": 3,
        "jobmanager_resource_spec": {"cpu": 1.0, "memory": "8G"},
        "taskmanager_resource_spec": {"cpu": 2.0, "memory": "6G"},
    },
    "runtime_config": '[{"key":"max_records_per_file","value":"10"}]',
}


def test_each_default_has_the_grade_of_what_it_rests_on() -> None:
    known = {switch.name: (switch.default, grades()[switch.name]) for switch in dataclasses.fields(Behaviour)}
    assert known == DEFAULTS
    assert set(grades().values()) <= set(GRADES)


def test_each_piece_of_evidence_has_its_grade_and_source() -> None:
    assert len(EVIDENCE) == 14
    for name, piece in EVIDENCE.items():
        assert piece["grade"] in GRADES and piece["source"], name
        assert (piece["grade"] == "captured") == (piece["kind"] == "response"), name


@pytest.mark.parametrize(
    ("name", "written"), [("job_detail_jar_default_v1_reconstructed", V1), ("job_detail_jar_v2_reconstructed", V2)]
)
def test_a_job_reads_as_the_vendors_tests_assert(api: Any, name: str, written: dict[str, Any]) -> None:
    job_id = api.ok("POST", "flink-jobs", json=written)["job"]["job_id"]
    answer = api.ok("GET", f"jobs/{job_id}")
    evidence = EVIDENCE[name]["response"]
    expected, config = evidence["job_detail"], answer["job_detail"]["job_config"]
    assert answer["is_success"] == evidence["is_success"]
    for field in ("name", "job_type"):
        assert answer["job_detail"][field] == expected[field]
    for field, value in expected["job_config"].items():
        if field == "checkpoint_path":
            # The bucket, the folders, and the job's own number first in the last of them.
            assert config[field].startswith(f"bucket/jobs/checkpoint/{job_id}")
        else:
            # Terraform has the same for an empty text and for null.
            assert (config[field] or "") == (value or ""), field


def test_a_start_without_a_queue_is_refused_as_it_was_captured(api: Any) -> None:
    evidence = EVIDENCE["run_refused_400_array"]
    job_id = api.create(queue_name="")
    answer = api.call("POST", "jobs/run", json={"job_ids": [job_id]})
    assert answer.status_code == evidence["status"]
    ((error,), (captured,)) = answer.json(), evidence["response"]
    assert (set(error), error["error_code"]) == (set(captured), captured["error_code"])


def test_starts_stops_and_savepoints_answer_as_in_the_vendors_reference(api: Any, behave: Any) -> None:
    job_id = api.create()

    def shape(answer: Any) -> Any:
        if isinstance(answer, list):
            return [shape(element) for element in answer]
        inside = {"message": shape(json.loads(answer["message"]))} if answer["message"].startswith("{") else {}
        return {"is_success": answer["is_success"], **inside}

    assert shape(api.batch("run", job_id)) == shape(EVIDENCE["run"]["response"])[:1]
    body = {"action": "TRIGGER", "savepoint_path": "bucket/folder"}
    made = api.ok("POST", f"jobs/{job_id}/savepoint", json=body)
    assert shape(made) == shape(EVIDENCE["savepoint_triggered"]["response"])
    graph = api.ok("GET", f"jobs/{job_id}/execute-graph")
    evidence = EVIDENCE["execute_graph_full"]["response"]["execute_graph"]
    assert set(graph["execute_graph"]) == set(evidence)
    assert set(graph["execute_graph"]["vertices"][0]) == set(evidence["vertices"][0])
    behave(batch_answers="object")
    assert shape(api.batch("stop", job_id)) == shape(EVIDENCE["stop_object_2021"]["response"])
    body = {"job_id": job_id, "savepoint_path": "obs://bucket/folder/"}
    imported = api.ok("POST", f"jobs/{job_id}/import-savepoint", json=body)
    assert shape(imported) == shape(EVIDENCE["savepoint_imported"]["response"])


def test_the_page_of_questions_counts_them_rightly() -> None:
    page = (Path(__file__).parents[2] / "docs" / "assumptions.md").read_text(encoding="utf-8")
    for kind, word in (("Open", "open"), ("Settled", "settled")):
        section = page.partition(f"## {kind} questions\n")[2].partition("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| ")]
        questions = [row for row in rows if not row.startswith(("| ---", "| open question |", "| question |"))]
        assert f"{len(questions)} questions are {word}" in section
        # Each has its grade, perhaps with what limits it.
        assert all(row.split(" | ")[2].replace(";", ",").partition(",")[0] in GRADES for row in questions)
