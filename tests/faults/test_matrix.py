# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A share of the matrix, the same in every run; `make faults` runs all of it."""

from __future__ import annotations

import random

import pytest
from ansible_collections.otc.dli.plugins.modules import dli_flink_job_adopt, dli_flink_job_audit, dli_flink_job_info

from fault_proxy import FAULTS
from faults.invariants import RULES, check_cell
from faults.matrix import KINDS, Outcome, cell_from, cells_of, clean_run, columns, network_kind_of, table
from faults.scenarios import DAILY, SCENARIOS
from modules.lifecycle_table import STATES, TABLE

# Of each scenario that is run every day, so many cells for each of a third of the faults, drawn but always the same.
SHARE = 1


def test_the_scenarios_are_all_of_the_table_and_more():
    cells = {f"{state} from {status}{changed}" for status in TABLE for state in STATES for changed in ("", ", changed")}
    assert len(cells) == 140 and cells < set(SCENARIOS)
    assert {f"{state} without a job" for state in STATES} < set(SCENARIOS)
    assert set(DAILY) < set(SCENARIOS)
    modules = {scenario.module for scenario in SCENARIOS.values()}
    reading = {dli_flink_job_adopt, dli_flink_job_audit, dli_flink_job_info}
    assert modules == {SCENARIOS[name].module for name in DAILY} | reading


@pytest.mark.parametrize("name", SCENARIOS)
def test_without_faults_each_scenario_ends_as_it_should(stage, name):
    scenario = SCENARIOS[name]
    clean = clean_run(stage, scenario)
    assert clean.foreign == 0 and clean.changed == bool(clean.effects)
    assert check_cell(stage, scenario, clean, cell_from(f"{name} | 0 | gzip").plan) == []


@pytest.mark.parametrize("name", DAILY)
def test_a_share_of_the_matrix(stage, name, pytestconfig):
    if pytestconfig.getoption("--cell"):
        pytest.skip("one cell alone is asked for")
    scenario = SCENARIOS[name]
    clean = clean_run(stage, scenario)
    cells = list(cells_of(scenario, clean.requests))
    drawn = random.Random(name)
    broken = []
    faults = list(columns(scenario))
    for fault in drawn.sample(faults, (len(faults) + 2) // 3):
        for cell in drawn.sample([cell for cell in cells if cell.fault == fault], SHARE):
            broken += [f"{cell} => {violation}" for violation in check_cell(stage, scenario, clean, cell.plan)]
    assert not broken, "\n" + "\n".join(broken)


def test_one_cell(stage, pytestconfig):
    """The cell that --cell names, or else one that stands for the rest."""
    cell = cell_from(pytestconfig.getoption("--cell") or "started from job_running, changed | 3 | reset_after")
    scenario = SCENARIOS[cell.scenario]
    clean = clean_run(stage, scenario)
    assert cell.index < clean.requests, f"the task has {clean.requests} requests"
    assert [str(violation) for violation in check_cell(stage, scenario, clean, cell.plan)] == []


def test_every_fault_has_one_column_and_every_rule_a_sentence():
    assert {network_kind_of(name) for name in FAULTS} == set(KINDS)
    assert all(sum(name.startswith(begin) for begin in KINDS.values()) == 1 for name in FAULTS)
    assert network_kind_of("refuse+") == "lasting"
    assert all(RULES.values())


def test_the_table_counts_cells_and_those_that_broke_a_rule():
    cell = cell_from("rename|2|refuse")
    outcome = Outcome("rename", {"refuse": 5, "late": 5, "refuse+": 5}, [(cell, "state: lost"), (cell, "time: 9")], 1.0)
    assert table([outcome, outcome]).splitlines()[-1].split() == ["all", "10", "(2!)", "10", "10", "30", "2", "2"]
