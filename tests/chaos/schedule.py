# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedules: rows of operations on one job, with what disturbs them, drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import Any

# What a task can do, and what the versions it brings are like. The names are those of the rows of the table.
FLEET = "fleet with a canary"
OPERATIONS = (
    "upgrade",
    "rescale",
    "live change",
    "crashes at start",
    "crashes in the window",
    "crashes once",
    "crashes for ever",
    "no class",
    "no JAR",
    "savepoint fails",
    "fails while it stops",
    "stop and start",
    "restarted",
    "savepoint now",
    "stop not carried out",
    FLEET,
)
PAIRS = ("upgrade and upgrade", "upgrade and stop", "upgrade and savepoint")

# The requests at which a TaskManager is killed inside an operation: each draws its moment.
AIMS = ("before run", "after run", "before stop", "after stop")
# The same for the JobManager. Not after a stop: what it has done then, nobody else knows.
MANAGER_AIMS = ("before run", "after run", "before stop")

STEPS = (4, 7)
# The share of schedules in which jobs survive the loss of the JobManager, and it is lost.
SURVIVES = 0.15
# The share of schedules on a service that deletes the files of savepoints: what fails there can hardly go on.
FILES_DELETED = 0.1


@dataclass(frozen=True)
class Kill:
    """The module's process is killed with SIGKILL, and the same task runs again; one of the moments is given.

    :param request: when the service has handled so many of its requests, before it gets the response.
    :param write: when the service has handled so many of those that change something, likewise.
    :param seconds: so long after its start.
    """

    request: int = 0
    write: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Loss:
    """A process of Flink is killed with SIGKILL, and another one started.

    :param aim: one of AIMS, or "between" for before the operation.
    :param seconds: so long after that.
    :param process: what is killed, C(TaskManager) or C(JobManager).
    """

    aim: str
    seconds: float
    process: str = "TaskManager"


@dataclass(frozen=True)
class Step:
    """One operation, or two concurrently.

    :param operation: one of OPERATIONS or PAIRS.
    :param draws: numbers from 0 to 1 for what the operation itself leaves open, such as when a version crashes.
    """

    operation: str
    kill: Kill | None = None
    loss: Loss | None = None
    draws: tuple[float, ...] = ()

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.operation, self.kill, self.loss) if part)


@dataclass(frozen=True)
class Schedule:
    """A row of operations on one job that is there and runs.

    :param settings: options of the job that all its versions share.
    :param behaviour: switches of the service.
    :param task_managers: how many there are.
    :param survives: whether jobs survive the loss of the JobManager, see FlinkCluster.
    """

    seed: int
    settings: dict[str, Any] = field(default_factory=dict)
    behaviour: dict[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    task_managers: int = 1
    survives: bool = False

    @property
    def needs(self) -> tuple[int, bool]:
        """What its Flink has to be like."""
        return self.task_managers, self.survives

    def __str__(self) -> str:
        where = f"on {self.task_managers} TaskManagers{' and a ZooKeeper' if self.survives else ''}"
        return f"seed {self.seed} {self.settings} {self.behaviour} {where}: {'; '.join(map(str, self.steps))}"


def draw(seed: int) -> Schedule:
    """Return the schedule of a seed, always the same one.

    Every second one has two tasks that work on the job concurrently.
    """
    chance = random.Random(seed)
    steps = [_step(chance, chance.choice(OPERATIONS)) for _number in range(chance.randint(*STEPS))]
    if seed % 2:
        steps[chance.randrange(len(steps))] = _step(chance, chance.choice(PAIRS))
    settings: dict[str, Any] = {"checkpoint_enabled": chance.random() < 0.5, "parallel_number": chance.randint(1, 2)}
    if chance.random() < 0.5:
        settings |= {"restart_when_exception": True}
    lost = chance.choice([{"savepoint_after_restart": "kept"}, {}, {"savepoint_lost": "when_asked"}])
    behaviour: dict[str, Any] = {**lost}
    if chance.random() < FILES_DELETED:
        behaviour |= {"savepoint_files_after_restart": "deleted"}
    if chance.random() < 0.2:
        behaviour |= {"submit_seconds": chance.uniform(0, 2)}
    if chance.random() < 0.2:
        behaviour |= {"cancel_seconds": chance.uniform(0, 2), "savepoint_late_seconds": chance.uniform(0, 2)}
    if chance.random() < 0.3:
        behaviour |= {"restart_by": "service"}
        # Else each restart begins where the start began, and what was committed since comes again, as the option says.
        settings |= {"resume_checkpoint": settings["checkpoint_enabled"]}
    task_managers, survives = (1 if chance.random() < 0.75 else 2), chance.random() < SURVIVES
    if survives:
        steps = [_with_manager_lost(chance, step) for step in steps]
    return Schedule(seed, settings, behaviour, tuple(steps), task_managers, survives)


def _with_manager_lost(chance: random.Random, step: Step) -> Step:
    """Return a step in which the JobManager is lost, if nothing else disturbs it, with a chance."""
    if step.kill or step.loss or step.operation == FLEET or chance.random() < 0.5:
        return step
    aim = chance.choice(("between", *MANAGER_AIMS))
    return replace(step, loss=Loss(aim, chance.choice((0.0, chance.uniform(0, 1))), "JobManager"))


def _step(chance: random.Random, operation: str) -> Step:
    kill = loss = None
    disturbance = chance.random()
    if disturbance < 0.35:
        kills = (
            Kill(request=chance.randint(1, 18)),
            Kill(write=chance.randint(1, 6)),
            Kill(seconds=chance.uniform(0.1, 5)),
        )
        kill = chance.choice(kills)
    elif disturbance < 0.6:
        aim = chance.choice(("between", *AIMS))
        loss = Loss(aim, chance.choice((0.0, chance.uniform(0, 0.1), chance.uniform(0, 1))))
    return Step(operation, kill, loss, tuple(chance.random() for _number in range(3)))
