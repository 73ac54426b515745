# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the benchmark shows its figures, and when it calls a goal met."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest


@pytest.fixture(name="figures", scope="module")
def fixture_figures():
    """Return bench/figures.py, which is in no package: the programs of that folder are run as they are."""
    spec = spec_from_file_location("bench_figures", Path(__file__).parents[2] / "bench" / "figures.py")
    module = sys.modules[spec.name] = module_from_spec(spec)  # where dataclasses search for it
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_figures_are_shown_as_their_median_and_their_range(figures):
    measured = figures.Figures.of([0.3, 0.1, 0.2, 9.0])
    assert measured.median == 0.25
    assert measured.show() == "0.25 (0.10–9.00)"
    assert measured.times(100).show() == "25.0 (10.0–900.0)"
    assert measured.times(1000).show() == "250 (100–9,000)"
    assert figures.Figures.of([12.5]).show() == "12.5"


@pytest.mark.parametrize(
    ("figure", "at_least", "verdict"),
    [
        (1.2, False, "met"),
        (1.21, False, "**not met**"),
        (1.2, True, "met"),
        (1.19, True, "**not met**"),
    ],
)
def test_a_goal_is_met_at_its_bound_and_not_beyond(figures, figure, at_least, verdict):
    bound = "≥ 1.2" if at_least else "≤ 1.2"
    assert figures.Goal("ratio", figure, 1.2, at_least).row() == ["ratio", bound, str(figure), verdict]


def test_columns_of_a_table_are_aligned(figures):
    assert figures.table(["jobs", "s"], [["1", 2.5], ["2,000", "10"]]) == (
        "| jobs  | s   |\n| ----- | --- |\n| 1     | 2.5 |\n| 2,000 | 10  |"
    )
