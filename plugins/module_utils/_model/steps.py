# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan: the steps that bring one job to its desired state, and what they change; M(plan) makes it."""

from __future__ import annotations

from typing import NamedTuple

from .result import Change


class Step(NamedTuple):
    """One operation of the API. What it sends is made of the job as it is right before it is sent.

    :param operation: C(create), C(update), C(stop), C(run), C(tag) or C(delete).
    :param fields: names of the fields it changes.
    :param savepoint: whether a stop makes a savepoint or a run resumes from it.
    """

    operation: str
    fields: tuple[str, ...] = ()
    savepoint: bool = False

    def as_action(self) -> dict:
        """Return the step as results have it: without ids and bodies, so that check mode can return the same."""
        action: dict = {"operation": self.operation}
        if self.fields:
            action["fields"] = list(self.fields)
        if self.operation == "stop":
            action["trigger_savepoint"] = self.savepoint
        if self.operation == "run":
            action["resume_savepoint"] = self.savepoint
        return action


class Plan(NamedTuple):
    """What to do about one job; all values are raw.

    :param steps: the operations, in order; empty when there is nothing to do.
    :param changes: what changes.
    :param before: the managed fields as they are, {} when there is no job.
    :param after: the managed fields as they will be, {} when there will be no job.
    :param job: the whole job as it is predicted to be; None when there is and will be none.
    :param risks: sentences about what puts the job's state at risk.
    :param notes: sentences about what is worth knowing, and no risk.
    :param rollback_step: the update that restores the definition as it is; None when there is nothing to restore.
    :param warnings: sentences for the person who runs the task.
    :param tags_problem: why the tags are unconfirmed, as a part of a sentence; "" when they are not, or not managed.
    """

    steps: tuple[Step, ...] = ()
    changes: tuple[Change, ...] = ()
    before: dict = {}
    after: dict = {}
    job: dict | None = None
    risks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rollback_step: Step | None = None
    warnings: tuple[str, ...] = ()
    tags_problem: str = ""


def is_upgrade(steps) -> bool:
    """Whether steps change a running job by stopping and starting it."""
    return {"stop", "update", "run"} <= {step.operation for step in steps}
