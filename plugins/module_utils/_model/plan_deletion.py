# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan for a job that is to be deleted."""

from __future__ import annotations

from .._errors import ConflictError
from .goal import Goal
from .job import ObservedJob
from .result import Change
from .status import status_of
from .steps import Plan, Step


def plan_deletion(goal: Goal, current: ObservedJob | None) -> Plan:
    """Plan how a job comes to be deleted.

    :raises ConflictError: its name and id do not mean the same job.
    """
    spec = goal.spec
    if current is None:
        return Plan()
    if spec.job_id is not None and spec.name is not None and spec.name != current.name:
        raise ConflictError(
            f"Flink job {spec.job_id} is named {current.name}, not {spec.name}; nothing was deleted, "
            "because name and job_id do not mean the same job."
        )
    is_saved = goal.saves_before_deletion and status_of(current.status).may_run
    return Plan(
        steps=(*([Step("stop", savepoint=True)] if is_saved else []), Step("delete")),
        changes=(Change("name", current.name, None),),
        before={"name": current.name, "status": current.status},
        job=current.as_shown(spec.kind),
        risks=_risks_of_deletion(current, is_saved),
    )


def _risks_of_deletion(current, is_saved):
    risks = []
    if is_saved:
        risks.append("The job is deleted with the savepoint of its stop; whether the files stay is not documented.")
    elif status_of(current.status).may_run:
        risks.append("The job may run, and is deleted without a savepoint, so its state is lost.")
    if current.has_savepoint and not is_saved:
        where = f" at {current.savepoint_path}" if current.savepoint_path else ""
        risks.append(f"The job is deleted with its savepoint{where}; whether the files stay is not documented.")
    return tuple(risks)
