# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Brings one job to its desired state: read, plan, apply, read again."""

from __future__ import annotations

import time
from dataclasses import replace

from ansible_collections.otc.dli.plugins.module_utils._errors import AlreadyExists, NotFound
from ansible_collections.otc.dli.plugins.module_utils._flink_job import FlinkJob
from ansible_collections.otc.dli.plugins.module_utils._flink_job_api import FlinkJobApi
from ansible_collections.otc.dli.plugins.module_utils._flink_job_fields import FIELDS
from ansible_collections.otc.dli.plugins.module_utils._flink_job_plan import (
    Plan,
    Step,
    job_result,
    plan_absent,
    plan_present,
    remaining_changes,
)
from ansible_collections.otc.dli.plugins.module_utils._flink_job_reader import FlinkJobReader
from ansible_collections.otc.dli.plugins.module_utils._flink_job_spec import FlinkJobSpec
from ansible_collections.otc.dli.plugins.module_utils._wait import wait_until


def converge(
    api: FlinkJobApi, spec: FlinkJobSpec, state: str, apply: bool, wait: bool, wait_timeout: float, clock=time
) -> dict:
    """Bring a job to its desired state and return the module's result.

    :param state: C(present) or C(absent).
    :param apply: False for check mode: everything but the changes themselves.
    :param wait: whether to wait until a deleted job is gone.
    :param wait_timeout: seconds to wait at most.
    :raises DliError: when the state cannot be reached.
    """
    reader = FlinkJobReader(api)
    plan, current = _make_plan(reader, spec, state)
    job, warnings = plan.job, list(plan.warnings)
    if plan.steps and apply:
        applied = _apply(api, reader, spec, plan, current, wait_timeout if wait else None, clock)
        if applied is not None:
            # What this answer does not tell was told before, and the plan has left it alone.
            job = job_result(applied.completed_by(current, but=spec.fields) if current else applied, spec)
            warnings += _unconfirmed(spec, applied)
    return {
        "changed": bool(plan.steps),
        "job": job,
        "changes": plan.changes,
        "actions": [step.as_action() for step in plan.steps],
        "diff": {"before": plan.before, "after": plan.after, "before_header": spec.label, "after_header": spec.label},
        "warnings": warnings,
    }


def _make_plan(reader, spec, state) -> tuple[Plan, FlinkJob | None]:
    if state == "absent":
        # A job is deleted whatever its fields and tags are.
        current = reader.find(replace(spec, fields={}, tags=None)).job
        if current and spec.job_id is not None and not reader.is_listed(current):
            current = None
        return plan_absent(spec, current), current
    found = reader.find(spec)
    current = found.job
    plan = plan_present(spec, current, found.tags_match)
    if plan.steps and current and not all(current.tells(field.name) for field in FIELDS):
        # An update sends the whole definition, so now all of it must be known.
        current = reader.complete(current)
        plan = plan_present(spec, current, found.tags_match)
    return plan, current


def _apply(api, reader, spec, plan, current, wait_timeout, clock) -> FlinkJob | None:
    """Carry out a plan and return the job as the service then tells it, None when it is deleted."""
    job_id = None
    for step in plan.steps:
        job_id = _carry_out(api, step)
    if plan.after:
        return reader.read(job_id, spec.fields)
    if wait_timeout is not None:
        wait_until(
            lambda: reader.is_listed(current),
            lambda listed: not listed,
            wait_timeout,
            lambda _listed: f"{spec.label} was deleted, but the service still lists it after {wait_timeout:g} seconds.",
            clock,
        )
    return None


def _carry_out(api, step: Step) -> int | None:
    if step.operation == "create":
        try:
            return api.create_jar_job(step.body)
        except AlreadyExists as exc:
            raise exc.explained(
                "The list of this user's jobs does not have it: it may belong to another user, or be just created."
            ) from exc
    if step.operation == "update":
        api.update_jar_job(step.job_id, step.body)
    else:
        try:
            api.delete_job(step.job_id)
        except NotFound:
            # Somebody else was faster; gone is gone.
            pass
    return step.job_id


def _unconfirmed(spec, job):
    """Say in which fields the service does not show what it has just accepted."""
    fields = remaining_changes(spec, job)
    if not fields:
        return []
    return [
        f"The service accepted the change of {spec.label}, but still shows another value for {', '.join(fields)}; "
        "it may not be able to clear a field, or may choose the value itself."
    ]
