# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs all cells of the matrix and prints one table; the exit code says whether a rule was broken.

Run with the folder of the tests on PYTHONPATH, as ``python -m faults.run_all``.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import multiprocessing
import os
import sys
import tempfile
import time

# Gives the collection the name by which the next import finds it.
importlib.import_module("conftest")

from faults import unkind  # noqa: E402 # see above
from faults.matrix import Outcome, run_scenario, scenarios_by_length, table  # noqa: E402 # see above


def listing(outcome: Outcome) -> str:
    """Return the cells that broke a rule, those together that broke it in the same way."""
    faults: dict[tuple[str, int | None, str], list[str]] = {}
    for cell, words in outcome.broken:
        faults.setdefault((cell.scenario, cell.index, words), []).append(cell.fault)
    return "".join(
        f"{key[0]} | {'-' if key[1] is None else key[1]} | {', '.join(names)}\n    {key[2]}\n"
        for key, names in faults.items()
    )


def laws_broken(outcomes: list[Outcome]) -> str:
    """Return how many cells have broken each law or rule."""
    cells: dict[str, set[str]] = {}
    for outcome in outcomes:
        for cell, words in outcome.broken:
            cells.setdefault(words.partition(":")[0], set()).add(str(cell))
    return "".join(f"{law}: {len(found)} cells\n" for law, found in sorted(cells.items()))


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the matrix of faults.")
    # More than there are CPUs, because many cells wait for a time-out.
    parser.add_argument("--processes", type=int, default=2 * (os.cpu_count() or 1), help="how many to run concurrently")
    parser.add_argument("--every", type=int, default=1, help="run only every so-manieth cell")
    parser.add_argument(
        "--only", choices=["faults", "unkind"], default="faults", help="faults of the network, or the unkind service"
    )
    parser.add_argument("scenario", nargs="*", help="names of scenarios; all, when there is none")
    options = parser.parse_args()
    began = time.monotonic()
    outcomes = []
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        is_unkind = options.only == "unkind"
        run = functools.partial(unkind.run_scenario if is_unkind else run_scenario, every=options.every)
        names = options.scenario or (list(unkind.UNKIND_SCENARIOS) if is_unkind else scenarios_by_length())
        for outcome in pool.imap_unordered(run, names):
            outcomes.append(outcome)
            print(listing(outcome), end="", flush=True)
            print(f"{len(outcomes)} of {len(names)} scenarios", end="\r", file=sys.stderr, flush=True)
    print(table(outcomes, (lambda name: unkind.UNKIND[name].column) if is_unkind else None))
    if is_unkind:
        print(laws_broken(outcomes), end="")
    cells = sum(sum(outcome.cells.values()) for outcome in outcomes)
    broken = sum(len({pair[0] for pair in outcome.broken}) for outcome in outcomes)
    minutes = (time.monotonic() - began) / 60
    print(f"{len(outcomes)} scenarios, {cells} cells, {broken} of them broke a rule, {minutes:.1f} minutes")
    return 1 if broken else 0


if __name__ == "__main__":
    # The processes of the pool are ended from here, and leave their folders behind: in this one.
    with tempfile.TemporaryDirectory(prefix="otc-dli-faults-") as scratch:
        os.environ["TMPDIR"] = scratch
        code = main()
    sys.exit(code)
