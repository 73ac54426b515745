# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays random schedules, and prints what was found."""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import time
from collections import Counter, defaultdict
from dataclasses import replace

from chaos.pool import play_all
from chaos.row import Played
from chaos.scenes import SCENES, draw_scene
from chaos.schedule import OPERATIONS, PAIRS, draw
from local_flink import find_flink_version


def table(rows: list[Played]) -> str:
    """Return a table in Markdown: for each operation how often it ran, and what was found."""
    runs: Counter[str] = Counter()
    violations: Counter[str] = Counter()
    seconds: dict[str, list[float]] = defaultdict(list)
    for played in rows:
        steps = played.schedule.steps
        for step, taken in zip(steps, played.seconds):
            runs[step.operation] += 1
            seconds[step.operation].append(taken)
        for violation in played.violations:
            where, _colon, _rest = violation.partition(":")
            number = int(where.removeprefix("step ")) if where.startswith("step ") else 0
            violations[steps[number - 1].operation if number else "the whole"] += 1
    lines = ["| operation | runs | violations | median seconds |", "| --- | --: | --: | --: |"]
    for name in (*OPERATIONS, *PAIRS, *SCENES):
        if runs[name] or violations[name]:
            median = statistics.median(seconds[name] or [0.0])
            lines.append(f"| {name} | {runs[name]} | {violations[name]} | {median:.1f} |")
    lines.append(f"| the output of the whole schedule | {len(rows)} | {violations['the whole']} | |")
    for title, places in (("module killed", "kills"), ("process of Flink killed", "losses")):
        found: Counter[str] = sum((getattr(played, places) for played in rows), Counter())
        if found:
            lines += ["", f"| {title} | times |", "| --- | --: |"]
            lines += [f"| {place} | {count} |" for place, count in sorted(found.items())]
    return "\n".join(lines)


def summary(rows: list[Played], minutes: float) -> str:
    """Return the figures of all schedules together, in one sentence each."""
    with_pairs = sum(any(step.operation in PAIRS for step in played.schedule.steps) for played in rows)
    doubles = [played for played in rows if played.documented]
    return (
        f"{len(rows)} schedules, {with_pairs} of them with two tasks concurrently, {sum(p.tasks for p in rows)} tasks, "
        f"{sum(p.counted for p in rows)} events, {sum(len(p.violations) for p in rows)} violations, "
        f"{sum(p.documented for p in doubles)} documented doubles in {len(doubles)} schedules, "
        f"{sum(p.operator_steps for p in rows)} operator steps, in {sum(p.is_gone for p in rows)} schedules the "
        f"service had deleted the savepoint that the job needed, {minutes:.1f} minutes."
    )


def main() -> int:
    """Play what the arguments of the program ask for; return 0 when all was played, and no rule was broken."""
    known = ", ".join(SCENES)
    parser = argparse.ArgumentParser(description="Play random schedules on a real Flink.")
    parser.add_argument("--schedules", type=int, default=20, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="of the first; the others follow it")
    parser.add_argument("--scenes", nargs="*", metavar="NAME", help=f"play these instead; without a name all: {known}")
    parser.add_argument("--times", type=int, default=10, help="how often each scene")
    parser.add_argument("--broken", action="store_true", help="break the collection so that each scene has to find it")
    parser.add_argument("--processes", type=int, default=3, help="how many to play concurrently, each on its own Flink")
    parser.add_argument("--task-managers", type=int, help="how many TaskManagers each Flink has; drawn without it")
    parser.add_argument("--log", action="store_true", help="print what became of each task")
    options = parser.parse_args()
    began = time.monotonic()
    rows: list[Played] = []
    if options.broken and options.scenes is None:
        parser.error("--broken is for --scenes")
    if options.scenes is None:
        schedules = [draw(seed) for seed in range(options.seed, options.seed + options.schedules)]
    else:
        for unknown in set(options.scenes) - set(SCENES):
            parser.error(f"there is no scene {unknown!r}, but {known}")
        seeds = range(options.seed, options.seed + options.times)
        schedules = [draw_scene(name, seed) for seed in seeds for name in options.scenes or SCENES]
    if options.task_managers:
        schedules = [replace(schedule, task_managers=options.task_managers) for schedule in schedules]
    # A Flink of another kind has to be started for each change of it.
    schedules.sort(key=lambda schedule: schedule.needs)
    playing = play_all(schedules, options.processes, options.broken)
    is_whole = False
    # Ctrl-C ends it with what was found so far.
    with contextlib.closing(playing), contextlib.suppress(KeyboardInterrupt):
        for played in playing:
            rows.append(played)
            print(f"{len(rows)} of {len(schedules)}", end="\r", file=sys.stderr, flush=True)
            if played.violations or options.log:
                print(played.schedule, *played.violations, *played.log, *played.starts, sep="\n    ", flush=True)
        is_whole = True
    print(
        f"Flink {find_flink_version()}", "", table(rows), "", summary(rows, (time.monotonic() - began) / 60), sep="\n"
    )
    return 0 if is_whole and all(bool(played.violations) == options.broken for played in rows) else 1
