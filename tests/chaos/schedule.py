# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedules: rows of operations on one job, with what disturbs them, drawn from a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

# What a task can do, and what the versions it brings are like. The names are those of the rows of the table.
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
)
PAIRS = ("upgrade and upgrade", "upgrade and stop", "upgrade and savepoint")

# The requests at which a TaskManager is killed inside an operation: each draws its moment.
AIMS = ("before run", "after run", "before stop", "after stop")

STEPS = (4, 7)


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
    """A TaskManager is killed with SIGKILL, and another one started.

    :param aim: one of AIMS, or "between" for before the operation.
    :param seconds: so long after that.
    """

    aim: str
    seconds: float


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
    """

    seed: int
    settings: dict[str, Any] = field(default_factory=dict)
    behaviour: dict[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return f"seed {self.seed} {self.settings} {self.behaviour}: {'; '.join(map(str, self.steps))}"


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
    behaviour = {"savepoint_after_restart": chance.choice(["kept", "deleted"])}
    return Schedule(seed, settings, behaviour, tuple(steps))


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
