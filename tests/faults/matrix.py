# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix: every scenario, every one of its requests, every fault; and the table of what became of them."""

from __future__ import annotations

import functools
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fault_proxy import FAULTS
from faults.invariants import check_cell
from faults.scenarios import CHOSEN, SCENARIOS, Scenario
from faults.stage import Observation, Plan, Stage

# Faults that can go on for all the rest of a task.
LASTING = ("refuse", "reset_before", "reset_after", "503_before", "500_after", "429", "429_day", "garbage_after", "401")
# What takes long, and does not depend on what the request is about: only the chosen scenarios meet it.
ANYWHERE = ("bad_certificate", "huge", "bomb", "deep_before", "deep_after", "deep_error")
LASTING_AND_SLOW = ("hang_before", "hang_after")


@dataclass(frozen=True)
class Cell:
    """One run with one fault.

    :param index: number of the request that meets it.
    :param fault: its name, with a "+" when all later requests meet it too.
    """

    scenario: str
    index: int
    fault: str

    @property
    def plan(self) -> Plan:
        return Plan({self.index: FAULTS[self.fault.rstrip("+")]}, self.fault.endswith("+"))

    def __str__(self) -> str:
        return f"{self.scenario} | {self.index} | {self.fault}"


def cell_from(text: str) -> Cell:
    """Return the cell that is written as C(scenario | index | fault)."""
    scenario, index, fault = (part.strip() for part in text.split("|"))
    return Cell(scenario, int(index), fault)


def columns(scenario: Scenario) -> Iterator[str]:
    """Yield the faults that a scenario meets."""
    chosen = scenario.name in CHOSEN
    for name in FAULTS:
        if (chosen or name not in ANYWHERE) and name not in scenario.without:
            yield name
    for name in (*LASTING, *(LASTING_AND_SLOW if chosen else ())):
        yield name + "+"


def cells_of(scenario: Scenario, requests: int) -> Iterator[Cell]:
    for fault in columns(scenario):
        for index in range(requests):
            yield Cell(scenario.name, index, fault)


def clean_run(stage: Stage, scenario: Scenario) -> Observation:
    """Run a scenario without faults.

    :raises AssertionError: it does not end as it should, so that nothing can be compared with it.
    """
    stage.set(scenario)
    clean = stage.run(scenario)
    assert clean.result is not None, clean.problem
    assert clean.failed == scenario.failing, (scenario.name, clean.result)
    assert clean.requests, scenario.name
    return clean


@dataclass
class Outcome:
    """What became of all cells of one scenario.

    :param broken: the cells that broke a rule, each with the words of what it broke.
    """

    group: str
    cells: Counter[str]
    broken: list[tuple[Any, str]]
    seconds: float


def run_scenario(name: str, every: int = 1) -> Outcome:
    """Run all cells of a scenario, or every so-manieth, in a process that may have run others before."""
    began = time.monotonic()
    scenario = SCENARIOS[name]
    outcome = Outcome(scenario.group, Counter(), [], 0.0)
    stage = stage_of_process()
    clean = clean_run(stage, scenario)
    for cell in itertools.islice(cells_of(scenario, clean.requests), 0, None, every):
        outcome.cells[cell.fault] += 1
        found = check_cell(stage, scenario, clean, cell.plan)
        outcome.broken += [(cell, str(violation)) for violation in found]
    outcome.seconds = time.monotonic() - began
    return outcome


@functools.cache
def stage_of_process() -> Stage:
    """Return the stage of this process, which ends with it."""
    return Stage().__enter__()


def scenarios_by_length() -> list[str]:
    """Return the names of all scenarios, those with many cells first, so that all processes end together."""
    return sorted(SCENARIOS, key=lambda name: (name not in CHOSEN, "changed" not in name))


def table(outcomes: list[Outcome], kind_of: Callable[[str], str] | None = None) -> str:
    """Return the table of results: for each group of scenarios and kind of faults the cells, and those that broke.

    :param kind_of: the column of a fault; that of the faults of the network without.
    """
    kind_of = kind_of or network_kind_of
    groups = sorted({outcome.group for outcome in outcomes})
    met = dict.fromkeys(kind_of(fault) for outcome in outcomes for fault in outcome.cells)
    kinds = sorted(met, key=[*KINDS, LASTING_KIND, *met].index)
    width = max(map(len, groups))
    lines = [f"{'':{width}} " + " ".join(f"{kind:>12}" for kind in kinds) + f"{'all':>9}{'broken':>8}{'seconds':>9}"]
    for group in [*groups, "all"]:
        chosen = [outcome for outcome in outcomes if group in (outcome.group, "all")]
        cells: Counter[str] = Counter()
        for outcome in chosen:
            for fault, count in outcome.cells.items():
                cells[kind_of(fault)] += count
        broken = Counter(kind_of(cell.fault) for outcome in chosen for cell in {pair[0] for pair in outcome.broken})
        row = [f"{cells[kind]}" + (f" ({broken[kind]}!)" if broken[kind] else "") for kind in kinds]
        lines.append(
            f"{group:{width}} "
            + " ".join(f"{text:>12}" for text in row)
            + f"{sum(cells.values()):9}{sum(broken.values()):8}{sum(outcome.seconds for outcome in chosen):9.0f}"
        )
    return "\n".join(lines)


# The columns of the table, and the beginnings of the names of the faults in each.
KINDS = {
    "connection": ("refuse", "bad_certificate", "reset"),
    "no answer": ("hang", "drip"),
    "late": ("late", "later", "too_late"),
    "no sense": ("cut", "garbage", "deep", "html", "huge", "bomb", "escapes", "echo"),
    "HTTP 5xx": ("500", "502", "503", "504"),
    "DLI.0999…": ("dli_",),
    "HTTP 429": ("429",),
    "HTTP 401": ("401",),
    "twice": ("twice",),
    "redirect": ("redirect",),
    "harmless": ("wrong_type", "gzip", "chunked"),
}


LASTING_KIND = "lasting"


def network_kind_of(fault: str) -> str:
    """Return the column of the table in which a fault counts."""
    if fault.endswith("+"):
        return LASTING_KIND
    return next(kind for kind, beginnings in KINDS.items() if fault.startswith(beginnings))
