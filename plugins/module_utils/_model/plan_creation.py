# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan for a job that is not there: it is created, and run where the task says so."""

from __future__ import annotations

from .._errors import ConflictError, InvalidInput
from .canonical import canonical
from .diff import desired_fields
from .fields import JAR
from .goal import Goal
from .job import ObservedJob
from .result import Change
from .rules import check_new, package_warnings
from .status import DRAFT, RUNNING
from .steps import Plan, Step
from .tags import canonical_tags


def plan_creation(goal: Goal) -> Plan:
    """Plan how a job comes to be that does not exist.

    :raises InvalidInput: its fields break a rule together.
    :raises ConflictError: it cannot be as desired.
    """
    spec = goal.spec
    if spec.job_id is not None:
        raise ConflictError(
            f"There is no Flink job {spec.job_id}; to create a job, give its name alone, as the service chooses the id."
        )
    check_new(spec)
    lacking = [name for name in _needed_to_run(spec) if not spec.fields.get(name)]
    if lacking and goal.state in ("started", "restarted"):
        raise ConflictError(
            f"There is no {spec.label}, and a new one cannot run without {' and '.join(lacking)}; nothing was created."
        )
    managed = {"name": spec.name, **desired_fields(spec, {})}
    if spec.tags is not None:
        managed["tags"] = canonical_tags(spec.tags)
    predicted: dict = {"tags": managed["tags"]} if spec.tags is not None else {}
    predicted |= {known.name: canonical(known, spec.fields.get(known.name)) for known in (spec.kind or JAR).readable}
    if "template_id" in spec.fields and "sql_body" not in spec.fields:
        # What the template has is known to the service alone.
        predicted["sql_body"] = None
    nothing = dict.fromkeys(ObservedJob({"job_id": 0}).facts())
    late = _only_for_updates(spec)
    steps = [Step("create", tuple(name for name in managed if name not in late))]
    if late:
        steps.append(Step("update", late))
    if goal.state in ("started", "restarted"):
        if goal.lifecycle.resume_savepoint:
            raise ConflictError(
                f"There is no {spec.label}, so none with a savepoint to resume from, as resume_savepoint asks; nothing "
                "was created."
            )
        steps.append(Step("run"))
    return Plan(
        steps=tuple(steps),
        changes=tuple(Change(name, None, value) for name, value in managed.items()),
        after=managed,
        job={
            **nothing,
            "name": spec.name,
            "status": RUNNING if steps[-1].operation == "run" else DRAFT,
            **predicted,
        },
        warnings=(*_warnings_about_new(spec, lacking), *package_warnings(spec.given, set(spec.given))),
    )


def _needed_to_run(spec):
    """Return the names of the fields without which a new job does not run.

    A SQL job of a shared cluster may do without a queue, and that is the default.
    """
    if spec.kind is JAR:
        return ("queue_name", "entrypoint")
    code = () if "template_id" in spec.fields else ("sql_body",)
    return ("queue_name", *code) if spec.fields.get("run_mode") == "exclusive_cluster" else code


def _warnings_about_new(spec, lacking):
    if "entrypoint" not in lacking:
        return ()
    return (
        f"{spec.label} is created without entrypoint, so there is nothing that it could run. If the job is there "
        "already, see whether its name is right.",
    )


def _only_for_updates(spec):
    """Return the names of the given fields that a new job does not take, so that an update has to follow.

    :raises InvalidInput: that update would not know the whole definition.
    """
    late = tuple(known.name for known in spec.kind.fields if known.name in spec.fields and not known.on_create)
    if late and "template_id" in spec.fields and "sql_body" not in spec.fields:
        raise InvalidInput(
            f"{late[0]} is given for a new job whose SQL comes from template_id, but needs sql_body then, because the "
            "service takes it only together with the SQL."
        )
    return late
