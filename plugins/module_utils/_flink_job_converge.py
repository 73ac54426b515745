# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings one job to its desired state: read, plan, apply, read again."""

from __future__ import annotations

import time
from dataclasses import replace

from ansible_collections.otc.dli.plugins.module_utils._flink_job import FlinkJob
from ansible_collections.otc.dli.plugins.module_utils._flink_job_api import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._flink_job_apply import Applier
from ansible_collections.otc.dli.plugins.module_utils._flink_job_fields import FIELDS
from ansible_collections.otc.dli.plugins.module_utils._flink_job_plan import (
    Lifecycle,
    Plan,
    job_result,
    plan_state,
    remaining_changes,
)
from ansible_collections.otc.dli.plugins.module_utils._flink_job_reader import FlinkJobReader, Found
from ansible_collections.otc.dli.plugins.module_utils._flink_job_spec import FlinkJobSpec
from ansible_collections.otc.dli.plugins.module_utils._flink_job_status import status_of


def converge(
    api: FlinkJobApi,
    spec: FlinkJobSpec,
    state: str,
    apply: bool,
    wait: bool,
    wait_timeout: float,
    how: Lifecycle,
    clock=time,
) -> dict:
    """Bring a job to its desired state and return the module's result.

    :param state: C(present), C(started), C(stopped), C(restarted) or C(absent).
    :param apply: False for check mode: everything but the changes themselves.
    :param wait: whether to wait for the end of what was asked for.
    :param wait_timeout: seconds to wait at most, for each step.
    :raises DliError: when the state cannot be reached.
    """
    reader = FlinkJobReader(api)
    applier = Applier(api, reader, wait, wait_timeout, how.health_window, clock)
    plan, current = _make_plan(reader, applier, spec, state, how, wait)
    job, warnings, steps = plan.job, list(plan.warnings), plan.steps
    if plan.steps and apply:
        applied = applier.apply(plan, current)
        steps = applier.done
        if applied is not None:
            if steps[-1].operation in ("stop", "run"):
                # These end with a look at the job.
                applied = reader.with_fields(applied, spec.fields)
            else:
                applied = reader.read(applied.job_id, spec.fields)
            # What this answer does not tell was told before, and the plan has left it alone.
            job = job_result(applied.completed_by(current, but=spec.fields) if current else applied, spec)
            warnings += applier.notes + _unconfirmed(spec, applied)
    return {
        # The service may drop a savepoint from the job once it runs again; then nothing else tells where it is.
        **({"savepoint_path": applier.savepoint_made} if applier.savepoint_made else {}),
        "changed": bool(plan.steps),
        "job": job,
        "changes": plan.changes,
        "actions": [step.as_action() for step in steps],
        "risks": list(plan.risks),
        "diff": _diff(plan, spec),
        "warnings": warnings,
    }


def _make_plan(reader, applier, spec, state, how, wait) -> tuple[Plan, FlinkJob | None]:
    if state == "absent":
        # A job is deleted whatever its fields and tags are.
        current = reader.find(replace(spec, fields={}, tags=None)).job
        if current and spec.job_id is not None and not reader.is_listed(current):
            current = None
        return plan_state(state, spec, current, True, how), current
    found = reader.find(spec)
    if found.job and not status_of(found.job.status).settled and not _is_left_alone(found.job, spec, state, wait):
        settled = applier.settle(found.job, spec.label)
        found = Found(reader.with_fields(settled, spec.fields), found.tags_match)
    plan = plan_state(state, spec, found.job, found.tags_match, how)
    if plan.steps and found.job and not all(found.job.tells(field.name) for field in FIELDS):
        # An update sends the whole definition, so now all of it must be known.
        found = Found(reader.complete(found.job), found.tags_match)
        plan = plan_state(state, spec, found.job, found.tags_match, how)
    return plan, found.job


def _is_left_alone(job, spec, state, wait):
    """Whether a job in a passing status needs nothing: it is as described, and where it goes is where it should."""
    if remaining_changes(spec, job):
        return False
    return state == "present" or (not wait and state == status_of(job.status).on_the_way_to)


def _diff(plan, spec):
    """Return the fields before and after, and with them what will be done to the job and what that puts at risk."""
    before, after = dict(plan.before), dict(plan.after)
    lifecycle = [step.as_action() for step in plan.steps if step.operation in ("stop", "run")]
    if lifecycle:
        after["(actions)"] = lifecycle
    if plan.risks:
        after["(state at risk)"] = list(plan.risks)
    return {"before": before, "after": after, "before_header": spec.label, "after_header": spec.label}


def _unconfirmed(spec, job):
    """Say in which fields the service does not show what it has just accepted."""
    fields = remaining_changes(spec, job)
    if not fields:
        return []
    return [
        f"The service accepted the change of {spec.label}, but still shows another value for {', '.join(fields)}; "
        "it may not be able to clear a field, or may choose the value itself."
    ]
