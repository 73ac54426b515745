# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From desired and current state to a plan: which steps, in which order, and what they change."""

from __future__ import annotations

from .._errors import ConflictError
from .diff import field_changes, may_be_computed, shows_used_cus
from .fields import FIELDS_BY_NAME, TYPE_OF_ANY_SQL_JOB
from .goal import Goal
from .job import ObservedJob
from .rules import check_changed, package_warnings
from .status import (
    FAILED,
    FINISHED,
    IN_ARREARS,
    RUNNING,
    STOP_FAILED,
    STOPPED,
    SUBMITTING,
    status_of,
)
from .steps import Plan, Step, is_upgrade


def plan_job(goal: Goal, current: ObservedJob | None, tags_problem: str = "") -> Plan:
    """Plan how a job comes to be as desired.

    :param current: the job as it is, None when there is none; its status is settled, unless the goal's state is
        C(present) or C(absent).
    :param tags_problem: why the tags that the task wants could not be confirmed; "" when they were read.
    :raises InvalidInput: the desired fields and those that stay as they are break a rule together.
    :raises ConflictError: what is desired is not possible in the job's status, or not without losing its state.
    """
    # A job that is there needs none of these files, and to compile them takes 0.7 ms.
    if goal.purged_id is not None:
        from .purge import may_be_purged, not_to_be_purged

        if not (current and may_be_purged(goal, current)):
            return not_to_be_purged(goal)
    if goal.state == "absent":
        from .plan_deletion import plan_deletion

        return plan_deletion(goal, current)
    if current is None:
        from .plan_creation import plan_creation

        return plan_creation(goal)
    return _plan_existing(goal, current, tags_problem)


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
    # Where it is not compared, an update may change it all the same.
    check_changed(spec, shown, {*names, "cu_number"} if names and shows_used_cus(current) else set(names))
    warnings += [*type_warnings, *package_warnings({**shown, **spec.given}, set(names))]
    managed = ["name"] if spec.name is not None else []
    managed += [name for name in spec.fields if FIELDS_BY_NAME[name].reads_back]
    before = {name: current.name_or_value(name) for name in managed}
    if spec.tags is not None and current.tags is not None:
        before["tags"] = current.tags
    after = {**before, **{change.field: change.after for change in changes}}
    warnings += _warnings_about_restarts(goal, current, after)
    steps = _steps(goal, current, names)
    if after.get("tags") != before.get("tags"):
        # Last: a job never stays stopped for its tags, and an upgrade that is rolled back has not changed them.
        steps = (*steps, Step("tag", ("tags",)))
    rollback_step = _rollback_step(goal, names, steps)
    risks, notes = _risks_and_notes(spec, current, names, steps, rollback_step) if steps else ((), ())
    return Plan(
        steps=steps,
        changes=tuple(changes),
        before=before,
        after=after,
        job=_predicted_job(goal, current, after, steps),
        risks=risks,
        notes=notes,
        rollback_step=rollback_step,
        warnings=tuple(warnings),
        tags_problem=tags_problem,
    )


def hides_restarts(goal: Goal, current: ObservedJob) -> bool:
    """Whether a job that is to be stopped has failed, and does not show whether the service restarts it by itself."""
    return _has_nothing_to_stop(goal, current) and not current.has("restart_when_exception")


def _has_nothing_to_stop(goal, current):
    return goal.state == "stopped" and current.status == FAILED


def _warnings_about_restarts(goal, current, after):
    """Say that a job which is to be stopped may run again by itself; in which status it waits for that is unknown."""
    if not _has_nothing_to_stop(goal, current):
        return []
    if not after.get("restart_when_exception", current.value("restart_when_exception")):
        return []
    return [
        f"{goal.spec.label} has failed, so there was nothing to stop, but the service may start it again by itself. "
        "To keep it down, set restart_when_exception to false."
    ]


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
    if not needed:
        return None
    # See M(_risks_and_notes).
    from .resume import resumes

    return Step("run", savepoint=resumes(goal, current, stop))


def _predicted_job(goal, current, after, steps):
    """Return the job as it will be, with None for what an update leaves to the service."""
    kind = goal.spec.kind
    job = {**current.as_shown(kind), **after, "status": _predicted_status(current, steps)}
    if all(step.operation != "update" for step in steps):
        return job
    # Only an update needs it.
    from .bodies import without_effect

    unknown = without_effect({**current.definition(kind), **after})
    if may_be_computed(kind, current):
        unknown.add("tm_slot_num")
    unknown -= after.keys()
    if shows_used_cus(current):
        unknown |= {"cu_number", "real_cu_number"}
    return {**job, **dict.fromkeys(unknown & job.keys())}


def _predicted_status(current, steps):
    status = current.status
    for step in steps:
        status = {"stop": STOPPED, "run": RUNNING}.get(step.operation, status)
    return status


def _risks_and_notes(spec, current, changes, steps, rollback_step):
    # A task that finds nothing to do needs neither this nor M(resume), and to compile them takes half a ms.
    from .risks import notes_on, risks_of

    return risks_of(current, steps), notes_on(spec.kind, current, changes, steps, rollback_step)


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
