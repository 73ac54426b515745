# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the jobs of a desired list, for a report on them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._api.flink_jobs import FlinkJobApi
from .._errors import ConflictError, NotFound
from .._model.fleet import duplicate_sentence, duplicates
from .._model.goal import Goal
from .._model.job import ObservedJob
from .._parallel import read_each
from .._reconcile.fleet_reader import FleetReader


@dataclass(frozen=True)
class Compared:
    """A job of the desired list, and what was found of it.

    :param job: None when the service does not list it.
    :param problem: why it cannot be said which job is meant; "" when it can.
    """

    goal: Goal
    job: ObservedJob | None = None
    problem: str = ""


def find_desired(api: FlinkJobApi, goals: list[Goal], all_jobs: list[ObservedJob] | None) -> list[Compared]:
    """Look for the job of each goal among all jobs, and read what the goal manages.

    :param all_jobs: all jobs of the project, where they were listed just now.
    :raises RequestError: the service refused or did not answer.
    """
    reader = FleetReader(api)
    with reader.snapshot(len(goals), all_jobs):
        return _with_duplicates_reported(read_each(lambda goal: _found(reader, goal), goals, api.parallelism))


def _with_duplicates_reported(compared):
    """Give the later ones a problem where several entries are one job, by its name and by its id."""
    result = list(compared)
    for first, number in duplicates(entry.job and entry.job.job_id for entry in compared):
        entry = compared[number - 1]
        sentence = duplicate_sentence(first, number, entry.job.job_id, entry.job.name)
        result[number - 1] = Compared(entry.goal, problem=f"{sentence}.")
    return result


def _found(reader, goal):
    # Nothing tells the tags of a job, and one that should be gone is too many whatever its fields are.
    spec = replace(goal.spec, tags=None, fields={} if goal.state == "absent" else goal.spec.fields)
    try:
        return Compared(goal, reader.find(spec).job)
    except NotFound:
        return Compared(goal)
    except ConflictError as exc:
        return Compared(goal, problem=str(exc))
