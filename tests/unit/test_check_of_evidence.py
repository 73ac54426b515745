# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of the service, given the evidence: it observes what the evidence is known to show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.otc.dli.plugins.module_utils._check import lifecycle, reading, writing
from ansible_collections.otc.dli.plugins.module_utils._check.facts import NotSeen, jobs_of

EVIDENCE = yaml.safe_load((Path(__file__).parents[1] / "evidence" / "responses.yml").read_text(encoding="utf-8"))


def response(name: str) -> Any:
    return EVIDENCE[name]["response"]


def detail(name: str) -> Any:
    return response(name)["job_detail"]


def listed(*names: str) -> list[Any]:
    """The jobs of these details, as a list would have them."""
    return jobs_of({"job_list": {"total_count": len(names), "jobs": [detail(name) for name in names]}})[0]


OLD, V1, V2 = "job_detail_jar_2020", "job_detail_jar_default_v1_reconstructed", "job_detail_jar_v2_reconstructed"
SQL = "job_detail_opensource_sql_autoscaling"
GIVEN_SLOTS = {"job_config": {"tm_slot_num": 1}}
OBSERVED = {
    "is_success of run": (lambda: reading.form_of_success(response("run")), "string"),
    "is_success of stop": (lambda: reading.form_of_success([response("stop_object_2021")]), "string"),
    "is_success of exports": (lambda: reading.form_of_success([response("export")]), "boolean"),
    "batch_answers of run": (lambda: writing.batch_answers(response("run")), "full"),
    "batch_answers of stop": (lambda: writing.batch_answers(response("stop_object_2021")), "object"),
    "numbers_read": (lambda: reading.numbers_read(listed(OLD, V1)), "number"),
    "checkpoint_mode_reads": (lambda: reading.checkpoint_mode_reads(listed(OLD, V1, V2)), "name"),
    "detail_omits_image": (lambda: reading.detail_omits_image(detail(V1)), False),
    "sql_job_type_reads": (lambda: reading.sql_job_type_of_any(listed(SQL)), "as_written"),
    "v1_resources_read": (lambda: writing.v1_resources_read(detail(V1)), "defaults"),
    "jar_checkpoint_interval": (lambda: writing.jar_checkpoint_interval(detail(V1)), "30"),
    "tm_slot_num_reads": (lambda: writing.tm_slot_num_reads(detail(V1), GIVEN_SLOTS), "as_written"),
    "runtime_config_reads": (lambda: writing.form_of_settings(detail(V2)), "json_list"),
    "execution_plan": (lambda: lifecycle.execution_plan(response("execute_graph_full")), "full"),
    "savepoint_outcome": (lambda: lifecycle.savepoint_outcome(response("savepoint_triggered")), "nested"),
    "savepoint_outcome of an import": (lambda: lifecycle.savepoint_outcome(response("savepoint_imported")), "plain"),
}


@pytest.mark.any_core
@pytest.mark.parametrize("name", OBSERVED)
def test_the_check_observes_what_the_evidence_shows(name: str) -> None:
    observe, expected = OBSERVED[name]
    assert observe() == expected


@pytest.mark.any_core
def test_where_the_evidence_shows_two_answers_the_check_has_none() -> None:
    """An example of the reference has null for some unset fields, and lacks others."""
    with pytest.raises(NotSeen, match="differs from one field or job to the next"):
        reading.unset_reads(listed(OLD))
