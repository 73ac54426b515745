# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan for a job that is there puts at risk, and what else is worth knowing of it."""

from __future__ import annotations

from datetime import datetime, timezone

from .canonical import is_flink_1_15_or_later
from .fields import JobKind
from .job import ObservedJob
from .status import FAILED, STOP_ENDS
from .steps import Step


def risks_of(current: ObservedJob, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """Say what puts the job's state at risk in a plan that stops or starts it."""
    operations = {step.operation: step for step in steps}
    risks = []
    resumes = "run" in operations and operations["run"].savepoint
    if "stop" in operations and not operations["stop"].savepoint:
        risks.append(
            "The job is stopped without a savepoint and resumes from the one that it has, so what it has done since is "
            "done again."
            if resumes
            else "The job is stopped without a savepoint, so its state is lost."
        )
    elif "stop" in operations:
        if not current.value("obs_bucket"):
            risks.append("The job has no obs_bucket, so there may be no place for its savepoint.")
        is_new = is_flink_1_15_or_later(current.value("flink_version"), current.value("resource_config_version"))
        if is_new and not current.value("execution_agency_urn"):
            risks.append("The job has no execution_agency_urn, without which Flink 1.15 and later keep no savepoint.")
    if "run" in operations and not resumes:
        if "stop" in operations and operations["stop"].savepoint:
            risks.append("The job is started with empty state, although it is stopped with a savepoint.")
        elif "stop" not in operations and current.has_run:
            risks.append("The job is started without a savepoint, so with empty state.")
    is_newest = current.savepoint_is_of_last_run or current.shows_savepoint_of_failed_stop
    if resumes and current.status == FAILED and not current.shows_savepoint_of_failed_stop:
        risks.append("The job failed after it had run on from its savepoint; what it has done since is done again.")
    elif resumes and "stop" not in operations and current.has_run and not is_newest:
        risks.append(
            "The savepoint is not known to be newer than the last start of the job; what the job has done since it was "
            "made is done again."
        )
    return tuple(risks)


def notes_on(
    kind: JobKind, current: ObservedJob, changes: tuple[str, ...], steps: tuple[Step, ...], rollback_step: Step | None
) -> tuple[str, ...]:
    """Say what is worth knowing of a plan that starts a job from a savepoint, as each ordinary upgrade does."""
    notes = []
    if rollback_step and current.value("checkpoint_enabled"):
        notes.append(
            "The job takes checkpoints: what a new version commits with them before it fails is written again by the "
            "rollback."
        )
    if any(step.operation == "run" and step.savepoint for step in steps):
        changed = [known.name for known in kind.fields if known.shapes_state and known.name in changes]
        if changed:
            notes.append(f"{' and '.join(changed)} changed: whether the state still fits is known only when it runs.")
        if current.status in STOP_ENDS and current.savepoint_made is not None and current.savepoint_is_of_last_run:
            made = datetime.fromtimestamp(current.savepoint_made // 1000, timezone.utc)
            notes.append(
                f"The savepoint was made at {made:%Y-%m-%d %H:%M:%S} UTC, after the last start of the job. Whether its "
                "stop made it does not show; what the job has done since then is done again."
            )
    return tuple(notes)
