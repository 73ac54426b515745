# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Savepoints of one job: makes one of a running job, or gives the job one to resume from.

The two operations are the vendor's: its clients and its own API reference have them, while Open Telekom Cloud's
reference names them only in the table of rights.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .._api.flink_jobs import FlinkJobApi
from .._errors import (
    ApiError,
    ConflictError,
    DliError,
    InvalidInput,
    LifecycleError,
    NotFound,
    WaitTimeout,
)
from .._model.checks import check_obs_path
from .._model.fields import identity_options
from .._model.goal import Goal
from .._model.job import ObservedJob, same_path
from .._model.result import Change, Result
from .._model.rules import check_spec
from .._model.spec import JobSpec
from .._model.status import RUNNING, status_of
from .._read.reader import JobReader
from . import wait as _wait
from .driver import Driver
from .effects import Find, IsThere, Read, Report, outcome_of
from .observer import Observer
from .wait import Waiting
from .writes import JobWrites

_SCHEME = "obs://"
# HTTP statuses and the service's code that say that there is no such operation.
_NO_OPERATION = (404, 405, 501)
_NOT_SUPPORTED = "0007"
_SAVEPOINT_FACTS = ("has_savepoint", "savepoint_path")


@dataclass(frozen=True)
class SavepointTask:
    """What a task asks for.

    :param job: which job.
    :param state: C(present) to make a savepoint, C(imported) to give the job one.
    :param path: where to, or where it is, with C(obs://); "" for the job's own bucket.
    """

    job: JobSpec
    state: str
    path: str = ""


@dataclass(frozen=True)
class SavepointPlan:
    """What is to be done.

    :param operation: C(savepoint), C(import-savepoint), or "" for nothing.
    :param path: what it is sent, with C(obs://).
    :param after: the job's facts about its savepoint that differ afterwards; None for a path not known before.
    """

    operation: str = ""
    path: str = ""
    after: dict = field(default_factory=dict)

    def as_action(self) -> dict:
        """Return the operation as results have it."""
        return {"operation": self.operation, "savepoint_path": self.path}


def savepoint_options() -> dict:
    """Return the part of the argument spec about savepoints."""
    return {
        **identity_options(),
        "state": {"type": "str", "choices": ["present", "imported"], "default": "present"},
        "savepoint_path": {"type": "str"},
    }


def task_from_params(params: dict) -> SavepointTask:
    """Return what a module's parameters ask for.

    :raises InvalidInput: with the first rule that is broken.
    """
    spec = JobSpec(params["name"], params["job_id"], kind=None)
    check_spec(spec)
    if spec.name is not None and spec.job_id is not None:
        raise InvalidInput("name and job_id are both given, but one of them must identify the job alone.")
    path = params["savepoint_path"]
    if path is None:
        if params["state"] == "imported":
            raise InvalidInput("savepoint_path is missing; state imported needs it to know the savepoint.")
        return SavepointTask(spec, params["state"])
    check_obs_path("savepoint_path", path)
    path = path if path.startswith(_SCHEME) else _SCHEME + path
    if params["state"] == "imported" and "/" not in path.removeprefix(_SCHEME).strip("/"):
        raise InvalidInput("savepoint_path names a bucket alone, but must name the folder of the savepoint.")
    return SavepointTask(spec, params["state"], path)


def converge_savepoint(api: FlinkJobApi, task: SavepointTask, apply: bool, waiting: Waiting) -> dict:
    """Make or import a savepoint and return the module's result.

    :param apply: False for check mode: everything but the change itself.
    :raises DliError: when there is no such job, it is in no state for it, or the savepoint was not made.
    """
    return Driver(api, JobReader(api), waiting).run(_converge(task, apply, waiting))


def _converge(task, apply, waiting):
    observer = Observer(Goal(task.job), waiting)
    plan, current = yield from _make_plan(task, observer)
    if not (plan.operation and apply):
        return _result(plan, current, {**current.as_shown(task.job.kind), **plan.after}, plan.after)
    observer.begin_with(current)
    job = yield from _apply(JobWrites(waiting.clock.monotonic, observer), task, plan, current, waiting)
    return _result_of_change(task, plan, current, job)


def _make_plan(task, observer):
    current = (yield Find(task.job)).job
    if current is None:
        raise _not_there(task)
    plan = _plan_savepoint(task, current)
    if plan.operation:
        # Nothing is sent because of what the list shows, which may be behind.
        try:
            if "detail" not in current.sources:
                current = (yield Read(current.job_id, is_detail=True)).completed_by(
                    current, but=(*_SAVEPOINT_FACTS, "status_desc")
                )
        except NotFound as exc:
            raise _not_there(task) from exc
        if task.job.name is not None and current.name != task.job.name:
            raise _not_there(task)
        if not status_of(current.status).settled:
            current = yield from observer.settle(current, f"Flink job {current.name}")
        plan = _plan_savepoint(task, current)
    if plan.operation == "savepoint" and current.status != RUNNING:
        raise ConflictError(
            f"Flink job {current.name} is {current.status}, but a savepoint can be made of a running job only."
        )
    return plan, current


def _not_there(task):
    return ConflictError(f"There is no {task.job.label}.")


def _apply(writes, task, plan, current, waiting):
    """Carry out a plan, and return the job as it is then."""
    if plan.operation == "savepoint":
        yield Report(f"{current.name}: make a savepoint")
    done = []
    try:
        yield from _carry_out(writes, task, plan, current)
        done.append(plan.as_action())
        if plan.operation == "savepoint" and waiting.wait:
            return (yield from _saved(current, waiting))
        return (yield Read(current.job_id))
    except DliError as exc:
        raise exc.after(done) from exc


def _result_of_change(task, plan, before, job):
    # What this response leaves out was read before; facts about a savepoint count only when they are new.
    job = job.completed_by(before, but=(*_SAVEPOINT_FACTS, "status_desc"))
    after = _savepoint_facts(job)
    if plan.operation == "savepoint" and not job.has_newer_savepoint_than(before):
        after = plan.after
    warnings: tuple = ()
    if plan.operation != "savepoint" and not _shows(job, plan.path):
        after = plan.after
        warnings = (
            f"The service accepted the savepoint for {task.job.label}, but does not show it; see where the job would "
            "resume from before you start it.",
        )
    return _result(plan, before, job.as_shown(task.job.kind), after, warnings)


def _plan_savepoint(task: SavepointTask, job: ObservedJob) -> SavepointPlan:
    """Decide what is to be done. Pure.

    :raises ConflictError: it is not known where a savepoint shall go, or a new one there could not be seen.
    """
    if task.state == "imported":
        if _shows(job, task.path):
            return SavepointPlan()
        return SavepointPlan("import-savepoint", task.path, {"has_savepoint": True, "savepoint_path": task.path})
    path = task.path
    if not path:
        bucket = job.value("obs_bucket").removeprefix(_SCHEME).strip("/")
        if not bucket:
            raise ConflictError(
                f"savepoint_path is missing, and {task.job.label} has no obs_bucket to put the savepoint into."
            )
        # Where the service itself puts the savepoints that a stop makes.
        path = f"{_SCHEME}{bucket}/jobs/savepoint/{job.job_id}/"
    if _shows(job, path):
        raise ConflictError(
            f"{task.job.label} has a savepoint at {job.savepoint_path} already, and a new one there would look the "
            "same; nothing was done. Give another folder as savepoint_path."
        )
    return SavepointPlan("savepoint", path, {"has_savepoint": True, "savepoint_path": None})


def _carry_out(writes, task, plan, job):
    try:
        if plan.operation == "savepoint":
            # The vendor's reference and SDK show this path without a scheme, and that of an import with one.
            yield from writes.trigger_savepoint(job, _bare(plan.path))
        else:
            yield from writes.import_savepoint(job, plan.path)
    except ApiError as exc:
        if isinstance(exc, NotFound) and not (yield IsThere(job)):
            raise _not_there(task) from exc
        if _is_unknown_operation(exc):
            raise exc.explained(
                "The public API reference of Open Telekom Cloud does not list this operation, so the service may not "
                "offer it."
            ) from exc
        raise


def _is_unknown_operation(exc):
    """Whether a refusal of a job that is there is about the operation."""
    return (
        isinstance(exc, NotFound)
        or exc.http_status in _NO_OPERATION
        or exc.error_code.rpartition(".")[2] == _NOT_SUPPORTED
    )


def _saved(before, waiting):
    """Wait until a job shows its new savepoint, and return it.

    :raises LifecycleError: it goes on, or has ended, without one.
    """
    now = waiting.clock.monotonic
    grace = waiting.grace
    runs_since, has_begun = None, False

    def is_done(job):
        nonlocal runs_since, has_begun
        if not status_of(job.status).settled:
            runs_since, has_begun = None, True
            return False
        if job.has_newer_savepoint_than(before) or job.status != RUNNING:
            return True
        # It has not begun yet, or it is over and the savepoint shows late, or there is none.
        runs_since = now() if runs_since is None else runs_since
        if job.shows_failed_savepoint_since(before):
            # One that shows later is that of somebody else. Where it has not been seen to begin, it may begin yet.
            return has_begun or now() - runs_since >= min(_wait.CONFIRM_SECONDS, grace)
        return now() - runs_since >= grace

    try:
        job = yield from _wait.wait_until(
            lambda: outcome_of(Read(before.job_id)),
            is_done,
            waiting.timeout,
            lambda found: (
                f"Waited {waiting.timeout:g} seconds for a savepoint of Flink job {found.name}; it was {found.status}."
            ),
            now,
        )
    except WaitTimeout as exc:
        raise WaitTimeout(str(exc), exc.last, _facts(exc.last)) from exc
    if not job.has_newer_savepoint_than(before):
        rest = "it keeps running" if job.status == RUNNING else "it no longer runs"
        raise LifecycleError(
            f"Flink job {job.name} is {job.status}{job.because}; it shows no new savepoint, and {rest}.",
            _facts(job),
        )
    return job


def _result(plan, before, job, after, warnings=()):
    old = _savepoint_facts(before)
    names = [name for name, value in after.items() if value != old[name]] if plan.operation else []
    actions = (plan.as_action(),) if plan.operation else ()
    return Result(
        f"Flink job {before.name}",
        thing=job,
        actions=actions,
        changes=tuple(Change(name, old[name], after[name]) for name in names),
        before={name: old[name] for name in names},
        after={name: after[name] for name in names},
        lifecycle=actions,
        warnings=warnings,
    ).as_dict()


def _facts(job):
    return {"job_id": job.job_id, "status": job.status, **_savepoint_facts(job)}


def _savepoint_facts(job):
    return {"has_savepoint": job.has_savepoint, "savepoint_path": job.savepoint_path or None}


def _shows(job, path):
    return job.has_savepoint and same_path(job.savepoint_path, path)


def _bare(path):
    return path.removeprefix(_SCHEME).rstrip("/")
