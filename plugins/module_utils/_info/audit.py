# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the jobs of a fleet, and of a desired list, and returns the findings about them; changes nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .._api.flink_jobs import FlinkJobApi
from .._errors import ConflictError, DetailDenied, InvalidInput, NotFound
from .._model.checks import check_seconds
from .._model.findings import Ages, Compared, cu_warnings, findings_about, jobs_with_findings
from .._model.fleet import (
    check_concurrency,
    duplicate_sentence,
    duplicates,
    goals_from_params,
)
from .._model.goal import Goal
from .._model.job import OddJob, denied_warnings, odd_warnings
from .._model.tags import tags_warnings
from .._parallel import read_each
from .._read.reader import JobReader
from .._read.snapshot import Snapshot
from .selection import Selection, keep_secrets, select, selection_from_params


@dataclass(frozen=True)
class Audit:
    """What a task wants to know of a fleet.

    :param selection: which jobs the findings are about.
    :param ages: when something counts as old.
    :param goals: the jobs that should be there; None when nothing is to be compared.
    :param show_jobs: whether the result has the jobs too, and not only what is found about them.
    """

    selection: Selection
    ages: Ages = Ages()
    goals: list[Goal] | None = None
    show_jobs: bool = False


def audit_options() -> dict:
    """Return the part of the argument spec that is this module's own: what counts as old, and what is shown."""
    return {**_ages_options(), "show_jobs": {"type": "bool", "default": False}}


def _ages_options():
    return {
        "stuck_after": {"type": "float", "default": Ages.stuck_after},
        "stale_after": {"type": "float", "default": Ages.stale_after},
    }


def audit_from_params(params: dict) -> Audit:
    """Return the audit that a module's parameters describe.

    :raises InvalidInput: with the first rule that is broken.
    """
    check_concurrency(params)
    selection = selection_from_params(params)
    if params["defaults"] is not None and params["jobs"] is None:
        raise InvalidInput("defaults is given, but jobs is not; there is no job that they could be for.")
    for option in _ages_options():
        check_seconds(option, params[option])
    goals = None if params["jobs"] is None else goals_from_params(params)
    ages = Ages(**{option: params[option] for option in _ages_options()})
    return Audit(selection, ages, goals, params["show_jobs"])


def audit_jobs(api: FlinkJobApi, audit: Audit, clock=time) -> dict:
    """Read the jobs and return the module's result.

    :raises RequestError: the service rejected a request or did not respond.
    """
    odd: list[OddJob] = []
    jobs = select(api, audit.selection, odd)
    keep_secrets(api, jobs)
    compared = None
    if audit.goals is not None:
        # A desired job that the filters leave out is not missing.
        compared = _find_desired(api, audit.goals, jobs if audit.selection.is_everything else None, odd)
        # What was read for the comparison is known for the other findings too.
        found = {entry.job.job_id: entry.job for entry in compared if entry.job}
        jobs = [job.completed_by(found[job.job_id]) if job.job_id in found else job for job in jobs]
    findings = findings_about(jobs, compared, audit.ages, clock.time() * 1000)
    denied = denied_warnings(jobs, "the findings about it rest on what the list shows")
    warnings = (
        odd_warnings(odd)
        + denied
        + cu_warnings(compared or [])
        + tags_warnings((entry.goal.spec.label, entry.tags_problem) for entry in compared or ())
    )
    shown = {"jobs": jobs_with_findings(jobs, findings)} if audit.show_jobs else {}
    return {"changed": False, "findings": findings, "count": len(jobs), **shown, "warnings": warnings}


def _find_desired(api, goals, all_jobs, odd):
    """Find the job of each goal among all jobs, and read what the goal manages.

    :param all_jobs: all jobs of the project but for C(odd) ones, where they were listed just now; None where they were
        not.
    """
    snapshot = Snapshot(api, len(goals))
    if all_jobs is not None:
        snapshot.fill(all_jobs, odd)
    reader = JobReader(api).within(snapshot)
    return _with_duplicates_reported(read_each(lambda goal: _found(reader, goal), goals, api.concurrency))


def _with_duplicates_reported(compared: list[Compared]) -> list[Compared]:
    """Give the later ones a problem where several entries are one job, by its name and by its id."""
    result = list(compared)
    for first, number in duplicates(entry.job and entry.job.job_id for entry in compared):
        entry = compared[number - 1]
        sentence = duplicate_sentence(first, number, entry.job.job_id, entry.job.name)
        result[number - 1] = Compared(entry.goal, problem=f"{sentence}.")
    return result


def _found(reader, goal):
    # A job that should be absent is too many whatever its fields and tags are.
    spec = goal.spec._replace(tags=None, fields={}) if goal.state == "absent" else goal.spec
    try:
        found = reader.find(spec)
        return Compared(goal, found.job, tags_problem=found.tags_problem)
    except NotFound:
        return Compared(goal)
    except (ConflictError, DetailDenied) as exc:
        return Compared(goal, problem=str(exc))
