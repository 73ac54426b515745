# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays schedules in several worlds concurrently, each in a process of its own with a Flink of its own.

Most of a schedule is waiting, so there can be more worlds than CPUs.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import traceback
from collections.abc import Generator, Iterable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from chaos.row import Played, play
from chaos.scenes import mutant_of
from chaos.schedule import Schedule
from chaos.world import temporary_world

# How long a process may take to end its Flink, in seconds.
END_SECONDS = 120.0


def _play_each(pipe: Connection, is_broken: bool) -> None:
    """Play each schedule that comes through a pipe, until the pipe is closed or the process is to end."""
    # Ctrl-C in a terminal is for the process that has started this one, which then ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    schedule = _received(pipe)
    while schedule:
        needs = schedule.needs
        with temporary_world(*needs) as world:
            is_whole = True
            while schedule and is_whole and schedule.needs == needs:
                try:
                    played = play(world, schedule, mutant_of(schedule) if is_broken else None)
                except Exception:  # pylint: disable=broad-except # what breaks the harness must not end the others
                    played, is_whole = Played(schedule, [f"the harness broke: {traceback.format_exc()}"]), False
                pipe.send(played)
                schedule = _received(pipe)


def _received(pipe: Connection) -> Schedule | None:
    """Return the next schedule, None when there is none any more, so that this process is at its end."""
    try:
        return pipe.recv()
    except EOFError:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return None


def _leave(_signal: int, _frame: object) -> None:
    """End this process, and with it its world, without waiting for the tasks that are at work."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for module in multiprocessing.active_children():
        module.kill()
    sys.exit()


def play_all(
    schedules: Iterable[Schedule], processes: int = 1, is_broken: bool = False
) -> Generator[Played, None, None]:
    """Play schedules in so many worlds, and yield what became of each, in the order in which they end.

    :param is_broken: play scenes with the mutant that each has to find.

    Whoever stops asking has to close this generator, which ends all worlds.

    :raises ChildProcessError: a process ended by itself.
    """
    left = iter(schedules)
    # What is forked would keep the pipes of the other processes open.
    context = multiprocessing.get_context("spawn")
    players: list[BaseProcess] = []
    busy: list[Connection] = []
    try:
        for _number, schedule in zip(range(processes), left):
            ours, theirs = context.Pipe()
            players.append(context.Process(target=_play_each, args=(theirs, is_broken)))
            players[-1].start()
            theirs.close()
            ours.send(schedule)
            busy.append(ours)
        while busy:
            for pipe in wait(busy):
                assert isinstance(pipe, Connection)
                try:
                    yield pipe.recv()
                except EOFError as error:
                    raise ChildProcessError("A process that plays schedules ended by itself.") from error
                following = next(left, None)
                if following:
                    pipe.send(following)
                else:
                    # Which ends its world.
                    busy.remove(pipe)
                    pipe.close()
    finally:
        for player in players:
            player.terminate()
        for player in players:
            player.join(END_SECONDS)
            if player.exitcode is None:
                player.kill()
        for pipe in busy:
            pipe.close()
