# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From desired and current state to a plan: which steps, in which order, and what they change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .._errors import ConflictError, InvalidInput
from .canonical import canonical, is_flink_1_15_or_later
from .diff import desired_fields, field_changes, shows_used_cus
from .fields import FIELDS_BY_NAME, JAR, TYPE_OF_ANY_SQL_JOB
from .goal import Goal
from .job import ObservedJob
from .result import Change
from .resume import resumes
from .rules import check_changed, check_new, package_warnings
from .status import (
    DRAFT,
    FAILED,
    FINISHED,
    IN_ARREARS,
    RUNNING,
    STOP_FAILED,
    STOPPED,
    SUBMITTING,
    status_of,
)
from .tags import canonical_tags


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


@dataclass(frozen=True)
class Plan:
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
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    job: dict | None = None
    risks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rollback_step: Step | None = None
    warnings: tuple[str, ...] = ()
    tags_problem: str = ""


def is_upgrade(steps) -> bool:
    """Whether steps change a running job by stopping and starting it."""
    return {"stop", "update", "run"} <= {step.operation for step in steps}


def plan_job(goal: Goal, current: ObservedJob | None, tags_problem: str = "") -> Plan:
    """Plan how a job comes to be as desired.

    :param current: the job as it is, None when there is none; its status is settled, unless the goal's state is
        C(present) or C(absent).
    :param tags_problem: why the tags that the task wants could not be confirmed; "" when they were read.
    :raises InvalidInput: the desired fields and those that stay as they are break a rule together.
    :raises ConflictError: what is desired is not possible in the job's status, or not without losing its state.
    """
    if goal.purged_id is not None and not (current and _may_be_purged(goal, current)):
        return not_to_be_purged(goal)
    if goal.state == "absent":
        return _plan_absent(goal, current)
    if current is None:
        return _plan_create(goal)
    return _plan_existing(goal, current, tags_problem)


def not_to_be_purged(goal: Goal, reason: str = "") -> Plan:
    """Return the plan for a job that was to be purged, and is not one that may be.

    :param reason: a sentence that says why; "" where it no longer is what it was when it was listed.
    """
    if reason:
        return Plan(warnings=(f"{goal.spec.label} was left alone. {reason}",))
    return Plan(warnings=(f"{goal.spec.label} is no longer one that may be purged, so it was left alone.",))


def _may_be_purged(goal, current):
    """Whether a job still is the one that was listed, and a JAR job: its detail has to say so."""
    is_jar = current.job_type in JAR.job_types if "detail" in current.sources else JAR.has(current.job_type)
    # Where they cannot be read, the list was asked for them.
    has_tags = current.tags is None or goal.purged_tags.items() <= current.tags.items()
    return current.job_id == goal.purged_id and is_jar and has_tags


def _plan_absent(goal, current):
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


def _plan_create(goal):
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
    predicted |= {known.name: canonical(known, spec.fields.get(known.name)) for known in spec.kind.readable}
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


def _check_type(spec, current):
    """Return warnings about a type that is not the desired one, which cannot be changed.

    :raises ConflictError: it certainly is another one.
    """
    wanted, actual = spec.fields.get("job_type"), current.job_type
    if not wanted or actual in ("", wanted):
        return []
    if actual == TYPE_OF_ANY_SQL_JOB:
        return [
            f"The service shows {spec.label} as {actual}, which it may do for any SQL job, and not as {wanted}. The "
            "type of an existing job cannot be changed, so it was left as it is."
        ]
    raise ConflictError(
        f"{spec.label} is a {actual}, not a {wanted}, and the type of an existing job cannot be changed; nothing was "
        "changed."
    )


def _shown_fields(current, kind):
    """Return what a job surely has of each field; None for what is not set, and what the service may have rewritten.

    A default takes no one's place: which one the service has is its own affair.
    """
    shown = {known.name: current.value(known.name) for known in kind.fields}
    unset = {name for name in shown if current.raw(name) in (None, "", [], {})}
    if shows_used_cus(current):
        unset.add("cu_number")
    return {name: None if name in unset else value for name, value in shown.items()}


def _plan_existing(goal, current, tags_problem):
    spec = goal.spec
    type_warnings = _check_type(spec, current)
    changes, warnings = field_changes(spec, current)
    names = tuple(change.field for change in changes if change.field != "tags")
    shown = _shown_fields(current, spec.kind)
    check_changed(spec, shown, set(names))
    warnings += [*type_warnings, *package_warnings({**shown, **spec.given}, set(names))]
    managed = ["name"] if spec.name is not None else []
    managed += [name for name in spec.fields if FIELDS_BY_NAME[name].reads_back]
    before = {name: current.name if name == "name" else current.value(name) for name in managed}
    if spec.tags is not None and current.tags is not None:
        before["tags"] = current.tags
    after = {**before, **{change.field: change.after for change in changes}}
    steps = _steps(goal, current, names)
    if after.get("tags") != before.get("tags"):
        # Last: a job never stays stopped for its tags, and an upgrade that is rolled back has not changed them.
        steps = (*steps, Step("tag", ("tags",)))
    rollback_step = _rollback_step(goal, names, steps)
    return Plan(
        steps=steps,
        changes=tuple(changes),
        before=before,
        after=after,
        job={**current.as_shown(spec.kind), **after, "status": _predicted_status(current, steps)},
        risks=_risks(current, steps),
        notes=_notes(spec.kind, current, names, steps, rollback_step),
        rollback_step=rollback_step,
        warnings=tuple(warnings),
        tags_problem=tags_problem,
    )


def _steps(goal, current, changes):
    """Return the operations that bring an existing job to a state: stop, update, run, as far as each is needed."""
    _check_status(goal.state, current)
    stop = _stop_step(goal, current, changes)
    run = _run_step(goal, current, stop)
    steps = (stop, *_update_steps(goal.spec, current, changes, stopped=stop is not None), run)
    return tuple(step for step in steps if step)


def _check_status(state, current):
    if state not in ("started", "restarted"):
        return
    if current.status == IN_ARREARS:
        raise ConflictError(f"Flink job {current.name} was stopped because the account is in arrears{current.because}.")
    if current.status == STOP_FAILED and state == "started":
        raise ConflictError(
            f"Flink job {current.name} could not be stopped before; whether it runs is not known{current.because}. "
            "Use state stopped to stop it again, or state restarted."
        )


def _stop_step(goal, current, changes):
    state, lifecycle = goal.state, goal.lifecycle
    if current.status == SUBMITTING and state in ("stopped", "restarted"):
        # It may come to run before the stop gets to it.
        return Step("stop", savepoint=lifecycle.trigger_savepoint)
    if current.status not in (RUNNING, STOP_FAILED):
        return None
    if state in ("stopped", "restarted"):
        return Step("stop", savepoint=lifecycle.trigger_savepoint)
    need_stop = _need_stop(changes)
    if state != "started" or not need_stop:
        return None
    if lifecycle.upgrade_mode == "fail":
        reason = _stop_first(f"Flink job {current.name}", current, need_stop)
        raise ConflictError(f"{reason}; upgrade_mode is fail, so nothing was changed.")
    return Step("stop", savepoint=lifecycle.upgrade_mode == "savepoint")


def _run_step(goal, current, stop):
    if goal.state == "started":
        # A bounded job that has finished is where it should be; only a restart runs it again.
        is_there = current.status in (RUNNING, FINISHED) or status_of(current.status).on_the_way_to == "started"
        needed = stop or not is_there
    else:
        needed = goal.state == "restarted"
    return Step("run", savepoint=resumes(goal, current, stop)) if needed else None


def _predicted_status(current, steps):
    status = current.status
    for step in steps:
        status = {"stop": STOPPED, "run": RUNNING}.get(step.operation, status)
    return status


def _risks(current, steps):
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


def _notes(kind, current, changes, steps, rollback_step):
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
    return tuple(notes)


def _rollback_step(goal, changes, steps):
    """Return the update that undoes an upgrade, where it is one that can be undone."""
    operations = {step.operation: step for step in steps}
    is_saved = all(operations[name].savepoint for name in ("stop", "run")) if is_upgrade(steps) else False
    return Step("update", tuple(changes)) if is_saved and goal.lifecycle.rollback else None


def _need_stop(changes):
    """Return the names of the changes that a running job does not take."""
    return [name for name in changes if name == "name" or not FIELDS_BY_NAME[name].live]


def _stop_first(label, current, names):
    """Return the beginning of the message about changes for which a job has to be stopped first."""
    return f"{label} is {current.status}, and {', '.join(names)} cannot be changed before it is stopped"


def _update_steps(spec, current, changes, stopped):
    if not changes:
        return ()
    if status_of(current.status).may_run and not stopped:
        need_stop = _need_stop(changes)
        if need_stop:
            raise ConflictError(
                f"{_stop_first(spec.label, current, need_stop)}; nothing was changed. Use state started to stop it "
                "with a savepoint, change it, and resume it."
            )
    return (Step("update", tuple(changes)),)
