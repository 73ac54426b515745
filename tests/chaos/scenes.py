# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scenes: moments that random schedules hardly ever hit, each played on purpose and judged by what has to become of it.

A scene is a schedule of one operation. What judges all schedules judges it too: the output of the job, and the
savepoints that its starts have resumed from.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaos import mutants
from chaos.schedule import Kill, Loss, Schedule, Step
from local_dli.lifecycle import RUNNING
from local_flink import until

if TYPE_CHECKING:
    from chaos.row import Row
    from chaos.world import Ran, Task

# By the module's time: long enough that somebody else, or a crash, finds its moment in it.
LONG_WINDOW = 30
# By the module's time: what never runs has to be given up soon.
SHORT_WAIT = 15
# How long for what takes a second or two, in seconds of real time.
PATIENCE = 60.0


@dataclass(frozen=True)
class Scene:
    """What is played, and the options of the job and the switches of the service with which it is.

    :param mutant: breaks what the scene is about, see M(mutants), so that it has to find something.
    """

    play: Callable[[Row, Step], None]
    mutant: Callable[[Path], None]
    settings: dict[str, Any] = field(default_factory=dict)
    behaviour: dict[str, Any] = field(default_factory=dict)


def draw_scene(name: str, seed: int) -> Schedule:
    """Return the schedule of a scene; what it leaves open is drawn from the seed."""
    chance = random.Random(f"{name} {seed}")
    scene = SCENES[name]
    settings = {"checkpoint_enabled": False, "parallel_number": chance.randint(1, 2), **scene.settings}
    step = Step(name, draws=tuple(chance.random() for _number in range(3)))
    return Schedule(seed, settings, scene.behaviour, (step,))


def mutant_of(schedule: Schedule) -> Callable[[Path], None]:
    """Return what breaks the collection so that the scene that a schedule is has to find it."""
    (step,) = schedule.steps
    return SCENES[step.operation].mutant


def _rollback_interrupted(row: Row, step: Step) -> None:
    """The module is killed right after it has stopped the version that fails, and the same task runs again."""
    never_runs, when, _draw = step.draws
    arguments = "--fail-on-start" if never_runs < 0.5 else f"--crash-after-ms {200 + int(500 * when)}"
    # Flink starts it again and again, so that it has to be stopped.
    again_and_again = {"restart_when_exception": True, "resume_max_num": 1000, "wait_timeout": SHORT_WAIT}
    task = row.job({**row.new(arguments), **again_and_again})
    killed = row.run(task, Kill(write=4))
    row.expect(killed.place == "after stop", f"the rollback was not interrupted: {killed.place} {killed.message}")
    _never_starts_empty(row, row.run(task))


def _rollback_without_savepoint(row: Row, step: Step) -> None:
    """The version that fails has run, so the service has dropped its savepoint, and it cannot be imported again."""
    same_again, when, _draw = step.draws
    calm = row.world.service.behaviour
    row.world.service.behaviour = replace(calm, savepoint_operations="absent")
    task = row.job(row.new(f"--crash-after-ms {200 + int(500 * when)}"))
    failed = row.run(task)
    row.expect("The savepoint was at obs://" in failed.message, f"it does not say where it was: {failed.message}")
    starts = len(row.world.ledger.starts)
    again = row.run(task if same_again < 0.5 else row.job())
    row.expect(again.failed, "it succeeded, though the job has no savepoint")
    row.expect(len(row.world.ledger.starts) == starts, "it was started, though it has no savepoint")
    row.world.service.behaviour = calm


def _never_starts_empty(row: Row, ran: Ran) -> None:
    for start in row.world.ledger.starts[1:]:
        row.expect(start.resumed_from is not None, f"start {start.number} began with empty state: {ran.message}")


def _stop_in_the_window(row: Row, step: Step) -> None:
    """Somebody stops the job on purpose, while the task that has upgraded it watches it."""
    trigger = row.job(state="stopped")
    upgrade, stop = _in_the_window(row, row.job({**row.new(), "health_window": LONG_WINDOW}), trigger, step)
    _is_left_alone(row, upgrade)
    row.expect(not stop.failed, f"the stop failed: {stop.message}")
    job = row.world.job
    row.expect(job.status == "job_cancel_success", f"the stop was undone: it is {job.status}")


def _upgrade_in_the_window(row: Row, step: Step) -> None:
    """Somebody upgrades the job to a good version, while the task that has upgraded it to another one watches it."""
    newer = row.new()
    upgrade, second = _in_the_window(row, row.job({**row.new(), "health_window": LONG_WINDOW}), row.job(newer), step)
    _is_left_alone(row, upgrade)
    row.expect(not second.failed, f"the second upgrade failed: {second.message}")
    job = row.world.job
    row.expect(job.status == RUNNING, f"it is {job.status}")
    row.expect(
        job.fields["entrypoint_args"] == newer["entrypoint_args"],
        f"the newer version was undone: it is {job.fields['entrypoint_args']}",
    )
    row.good |= newer


def _in_the_window(row: Row, first: Task, second: Task, step: Step) -> tuple[Ran, Ran]:
    """Run a task, and another one at a drawn moment of its health window."""
    with ThreadPoolExecutor(1) as pool, row.world.seeing("after run") as started:
        one = pool.submit(row.run, first)
        started.wait(PATIENCE)
        until(lambda: one.done() or row.world.job.status == RUNNING, PATIENCE, "running job")
        time.sleep(2 * step.draws[0])
        row.expect(not one.done(), "the window was over too soon")
        other = row.run(second)
        return one.result(), other


def _is_left_alone(row: Row, ran: Ran) -> None:
    """What came after the task itself is neither undone by it nor called a success of its own."""
    error = (ran.result or {}).get("error", {})
    row.expect(ran.failed, "the task succeeded whose version does not run")
    row.expect(not error.get("rolled_back"), f"it was rolled back: {ran.message}")
    row.expect("somebody else has" in ran.message, f"it does not say who: {ran.message}")


def _lost_at_the_start(row: Row, step: Step) -> None:
    """A TaskManager is lost at the start, and the window is over before Flink notices it."""
    aim = "before run" if step.draws[0] < 0.7 else "after run"
    loss = Loss(aim, 0.0 if step.draws[1] < 0.5 else 0.2 * step.draws[2])
    with row.world.losing(loss, lambda place: row.played.losses.update([place])):
        ran = row.run(row.job({**row.new(), "health_window": 1}))
        start = row.world.ledger.starts[-1]
        row.expect(
            ran.failed or start.ran, "the task succeeded, though Flink has never had all tasks of the job running"
        )


def _window_after_an_interruption(row: Row, step: Step) -> None:
    """The module is killed right after the start of a version that crashes soon, and the same task runs again."""
    crash = f"--crash-after-ms {1500 + int(1000 * step.draws[0])}"
    task = row.job({**row.new(crash), "health_window": LONG_WINDOW})
    killed = row.run(task, Kill(write=3))
    row.expect(killed.place == "after run", f"the start was not interrupted: {killed.place} {killed.message}")
    ran = row.run(task)
    row.expect(ran.failed, "the next run called a version healthy that crashes in the window")


def _older_than_the_last_checkpoint(row: Row, step: Step) -> None:
    """The job has run on from its savepoint, and committed more with checkpoints, when it fails."""
    options = {**row.new(f"--crash-after-ms {7000 + int(1000 * step.draws[0])}"), "restart_when_exception": False}
    row.run(row.job(options))
    row.run(row.savepoint())
    until(lambda: row.world.job.status == "job_running_exception", PATIENCE, "failure")
    task = row.job()
    foretold = row.run(replace(task, options={**task.options, "_ansible_check_mode": True}))
    risks = (foretold.result or {}).get("risks", [])
    row.expect(any("is done again" in risk for risk in risks), f"it does not say so before it happens: {risks}")
    row.expect(not row.run(task).failed, "it could not be started again")


SCENES = {
    "rollback interrupted": Scene(
        _rollback_interrupted,
        mutants.start_with_empty_state,
        behaviour={"savepoint_lost": "when_asked"},
    ),
    "rollback without its savepoint": Scene(
        _rollback_without_savepoint, mutants.start_with_empty_state, {"restart_when_exception": False}
    ),
    "stop in the window": Scene(_stop_in_the_window, mutants.undo_what_others_do),
    "upgrade in the window": Scene(_upgrade_in_the_window, mutants.undo_what_others_do),
    "TaskManager lost at the start": Scene(
        _lost_at_the_start, mutants.believe_the_request, {"restart_when_exception": False}
    ),
    "window after an interruption": Scene(
        _window_after_an_interruption,
        mutants.believe_the_request,
        {"restart_when_exception": False},
        # Long enough that the next run comes before the job runs.
        {"submit_seconds": 3.0},
    ),
    "older than the last checkpoint": Scene(
        _older_than_the_last_checkpoint,
        mutants.keep_risks_secret,
        {"checkpoint_enabled": True},
        {"savepoint_after_restart": "kept"},
    ),
}
