# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks that meet the faults: every status with every state, and what the table of the life cycle does not have."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from ansible_collections.otc.dli.plugins.modules import (
    dli_flink_jar_job,
    dli_flink_job_adopt,
    dli_flink_job_audit,
    dli_flink_job_export,
    dli_flink_job_import,
    dli_flink_job_info,
    dli_flink_job_template,
    dli_flink_savepoint,
    dli_flink_sql_job,
)

from local_dli.clock_engine import Step
from modules.lifecycle_table import NOTHING, REFUSED, STATES, TABLE, settled

OLD = "obs://bucket/job-1.jar"
NEW = "obs://bucket/job-2.jar"
SAVEPOINT = "obs://bucket/planted/savepoint"
# With characters that JSON, a URL and Python each write in a way of their own.
SECRET_WORDS = ('Geh"eim/ü&1=x', "k3y\\path%20")
SECRET_ARGS = f"--db-password {SECRET_WORDS[0]} --key {SECRET_WORDS[1]}"
PASSING_SECONDS = 2.0

ARCHIVE = "bucket/exports/jobs.zip"
TEMPLATE_ID = 7


def _sql(rest: str) -> str:
    """Return SQL with both secrets in it."""
    options = f"'connector' = 'jdbc', 'password' = '{SECRET_WORDS[0]}', 'ssl.key.password' = '{SECRET_WORDS[1]}'"
    return f"CREATE TABLE orders (id INT) WITH ({options});\n{rest}"


OLD_SQL = _sql("INSERT INTO orders SELECT 1")
NEW_SQL = _sql("INSERT INTO orders SELECT 2")

_KNOWN = {
    "entrypoint": OLD,
    "entrypoint_args": SECRET_ARGS,
    "queue_name": "queue",
    "obs_bucket": "bucket",
    "execution_agency_urn": "agency",
}
_DEFINITION = {"secret_entrypoint_args": SECRET_ARGS}
_SAVED = {"has_savepoint": True, "savepoint_path": SAVEPOINT}


@dataclass(frozen=True)
class Scenario:
    """One task and what is there before it: a job or none, templates, and jobs in a ZIP file.

    :param group: the row of the table of results to which it counts.
    :param planted: the job before; None when there is none.
    :param ways: the status into which a planted job goes on by itself; "" for none.
    :param templates: the templates before.
    :param archived: the jobs in the ZIP file C(ARCHIVE).
    :param names: how many names of jobs, or of templates, there are at most.
    :param broken: the version of the job that fails soon after its start; "" for none.
    :param previous: the version before it, as the task would give it.
    :param stateless: whether the task is meant to lose the job's state.
    :param again: whether the task changes something whenever it runs.
    :param once: whether the task has a write that nothing shows and that must not be sent again, so that the task fails
        when its answer is lost.
    :param without: faults about which no client could do anything.
    :param failing: whether the task fails without any fault too.
    :param login: by ``token`` or by ``password``.
    :param as_fleet: whether the module for many jobs gets the task, for this one job.
    """

    name: str
    group: str
    task: dict[str, Any]
    planted: dict[str, Any] | None = None
    ways: str = ""
    module: ModuleType = dli_flink_jar_job
    behaviour: dict[str, Any] = field(default_factory=dict)
    templates: tuple[dict[str, Any], ...] = ()
    archived: tuple[dict[str, Any], ...] = ()
    names: int = 1
    broken: str = ""
    previous: dict[str, Any] = field(default_factory=lambda: {"entrypoint": OLD})
    stateless: bool = False
    again: bool = False
    once: bool = False
    without: tuple[str, ...] = ()
    failing: bool = False
    login: str = "token"
    as_fleet: bool = False

    def way(self) -> list[Step]:
        return [Step(PASSING_SECONDS, self.ways)] if self.ways else []


def _planted(status: str, **values: Any) -> dict[str, Any]:
    ran = {} if status == "job_init" else {"start_time": 1, **_SAVED}
    return {"status": status, **_KNOWN, **ran, **values}


def _cell(status: str, state: str, changed: bool) -> Scenario:
    at, cell = settled(status, state, changed)
    task: dict[str, Any] = {"state": state}
    if state != "absent":
        task |= {**_DEFINITION, "entrypoint": NEW if changed else OLD}
    if cell == NOTHING:
        group = "nothing to do"
    elif cell.startswith(REFUSED):
        group = "refused"
    else:
        group = cell
    return Scenario(
        f"{state} from {status}{', changed' if changed else ''}",
        f"{group}, after waiting" if at != status else group,
        task,
        _planted(status),
        at if at != status else "",
        behaviour={"savepoint_after_restart": "kept"},
        again=state == "restarted" and not cell.startswith(REFUSED),
        failing=cell.startswith(REFUSED),
    )


def _cells() -> list[Scenario]:
    return [_cell(status, state, changed) for status in TABLE for state in STATES for changed in (False, True)]


def _without_job(state: str) -> Scenario:
    task: dict[str, Any] = {"state": state}
    if state != "absent":
        task |= {**_DEFINITION, "entrypoint": OLD, "queue_name": "queue"}
    group = {"present": "create", "stopped": "create", "absent": "nothing to do"}.get(state, "create, run")
    return Scenario(f"{state} without a job", group, task, stateless=True, again=state == "restarted")


_UPGRADE: dict[str, Any] = {**_DEFINITION, "state": "started", "entrypoint": NEW}
_RUNNING = _planted("job_running")
_DELETED = {"savepoint_after_restart": "deleted"}
_KEPT = {"savepoint_after_restart": "kept"}
# One value changes, one tag is added, and one is removed.
_TAGS = {"team": "b", "env": "dev"}
_OTHER_TAGS = [{"key": "team", "value": "a"}, {"key": "old", "value": "1"}]

_OTHERS = [
    Scenario("upgrade, its savepoint is dropped", "stop, update, run", _UPGRADE, _RUNNING, behaviour=_DELETED),
    Scenario(
        "broken upgrade",
        "upgrade that rolls back",
        _UPGRADE,
        _RUNNING,
        behaviour=_KEPT,
        broken=NEW,
        failing=True,
    ),
    Scenario(
        "broken upgrade, its savepoint is dropped",
        "upgrade that rolls back",
        _UPGRADE,
        _RUNNING,
        behaviour=_DELETED,
        broken=NEW,
        failing=True,
    ),
    Scenario(
        "upgrade without rollback",
        "upgrade without rollback",
        {**_UPGRADE, "rollback": False},
        _RUNNING,
        behaviour=_KEPT,
        broken=NEW,
        failing=True,
    ),
    Scenario(
        "stateless upgrade",
        "stop, update, run",
        {**_UPGRADE, "upgrade_mode": "stateless"},
        _RUNNING,
        stateless=True,
    ),
    Scenario(
        "restart, its savepoint is dropped",
        "stop, run",
        {**_DEFINITION, "state": "restarted"},
        _RUNNING,
        behaviour=_DELETED,
        again=True,
    ),
    Scenario("live change", "update", {**_DEFINITION, "state": "started", "smn_topic": "topic"}, _RUNNING),
    Scenario("upgrade with a password", "with a password", _UPGRADE, _RUNNING, behaviour=_KEPT, login="password"),
    Scenario(
        "create and run with a password",
        "with a password",
        {**_DEFINITION, "state": "started", "entrypoint": OLD, "queue_name": "queue"},
        stateless=True,
        login="password",
    ),
    Scenario(
        "rename",
        "rename",
        {**_DEFINITION, "state": "present", "name": "renamed", "job_id": 90001},
        _planted("job_cancel_success", job_id=90001),
    ),
    Scenario("delete that takes a while", "delete", {"state": "absent"}, _RUNNING, behaviour={"delete_seconds": 2.5}),
    Scenario("savepoint", "savepoint", {"state": "present"}, _RUNNING, module=dli_flink_savepoint, again=True),
    Scenario(
        "savepoint that is imported",
        "import of a savepoint",
        {"state": "imported", "savepoint_path": "obs://bucket/other/savepoint"},
        _planted("job_cancel_success"),
        module=dli_flink_savepoint,
    ),
    Scenario("tags changed", "tag", {"tags": _TAGS}, _planted("job_running", tags=_OTHER_TAGS)),
    Scenario(
        "upgrade with tags",
        "stop, update, run, tag",
        {**_UPGRADE, "tags": _TAGS},
        _planted("job_running", tags=_OTHER_TAGS),
        behaviour=_KEPT,
    ),
    Scenario(
        "broken upgrade with tags",
        "upgrade that rolls back",
        {**_UPGRADE, "tags": _TAGS},
        _planted("job_running", tags=_OTHER_TAGS),
        behaviour=_KEPT,
        broken=NEW,
        failing=True,
    ),
    Scenario("created with tags", "create", {**_DEFINITION, "entrypoint": OLD, "queue_name": "queue", "tags": _TAGS}),
    Scenario("info", "info", {}, _RUNNING, module=dli_flink_job_info),
    Scenario("info of all", "info", {"name": None, "execution_plan": True}, _RUNNING, module=dli_flink_job_info),
    Scenario("audit", "audit", {"name": None, "jobs": [{"name": "job"}]}, _RUNNING, module=dli_flink_job_audit),
    Scenario("adopt", "adopt", {}, _RUNNING, module=dli_flink_job_adopt),
]


def _sql_planted(status: str, **values: Any) -> dict[str, Any]:
    ran = {} if status == "job_init" else {"start_time": 1, **_SAVED}
    known = {"job_type": "flink_opensource_sql_job", "sql_body": OLD_SQL, "queue_name": "queue", "obs_bucket": "bucket"}
    return {"status": status, **known, **ran, **values}


def _sql_job(
    name: str, group: str, task: dict[str, Any], planted: dict[str, Any] | None = None, **rest: Any
) -> Scenario:
    return Scenario(f"SQL job {name}", f"SQL job: {group}", task, planted, module=dli_flink_sql_job, **rest)


_NEW_SQL_JOB = {"sql_body": OLD_SQL, "queue_name": "queue"}
_SQL_UPGRADE: dict[str, Any] = {"state": "started", "sql_body": NEW_SQL}
_SQL_RUNNING = _sql_planted("job_running")
_SQL_TEMPLATE = {"template_id": TEMPLATE_ID, "name": "template", "desc": "", "sql_body": OLD_SQL}
_FROM_TEMPLATE = {"template_id": TEMPLATE_ID, "queue_name": "queue"}

_SQL_JOBS = [
    _sql_job("without a job", "create", {**_NEW_SQL_JOB, "state": "present"}),
    _sql_job("started without a job", "create, run", {**_NEW_SQL_JOB, "state": "started"}, stateless=True),
    _sql_job("from a template", "create", _FROM_TEMPLATE, templates=(_SQL_TEMPLATE,)),
    _sql_job(
        "from a template, started, with what a new job does not take",
        "create, update, run",
        {**_FROM_TEMPLATE, "sql_body": NEW_SQL, "operator_config": {"a": 1}, "state": "started"},
        templates=(_SQL_TEMPLATE,),
        stateless=True,
    ),
    _sql_job("as described", "nothing to do", {**_NEW_SQL_JOB, "state": "started"}, _SQL_RUNNING),
    _sql_job("changed", "update", {"sql_body": NEW_SQL}, _sql_planted("job_cancel_success")),
    _sql_job("changed but for its SQL", "update", {"desc": "new"}, _sql_planted("job_cancel_success")),
    _sql_job("upgraded", "stop, update, run", _SQL_UPGRADE, _SQL_RUNNING, behaviour=_KEPT),
    _sql_job("upgraded, its savepoint is dropped", "stop, update, run", _SQL_UPGRADE, _SQL_RUNNING, behaviour=_DELETED),
    _sql_job(
        "upgraded to what is broken",
        "upgrade that rolls back",
        _SQL_UPGRADE,
        _SQL_RUNNING,
        behaviour=_KEPT,
        broken=NEW_SQL,
        previous={"sql_body": OLD_SQL},
        failing=True,
    ),
    _sql_job("stopped", "stop", {"state": "stopped"}, _SQL_RUNNING),
    _sql_job("deleted", "delete", {"state": "absent"}, _SQL_RUNNING),
]


def _template(name: str, group: str, task: dict[str, Any], *planted: dict[str, Any], **rest: Any) -> Scenario:
    module = dli_flink_job_template
    return Scenario(f"template {name}", f"template: {group}", task, templates=planted, module=module, **rest)


_PLANTED = {**_SQL_TEMPLATE, "name": "job", "job_type": "flink_opensource_sql_job"}
_OTHER = {"name": "job-2", "desc": "", "sql_body": OLD_SQL}
_NEW_TEMPLATE = {"desc": "d", "sql_body": OLD_SQL, "job_type": "flink_sql_job", "tags": {"team": "data"}}

_TEMPLATES = [
    _template("without one", "create", _NEW_TEMPLATE),
    _template(
        "without one, names are free",
        "create",
        _NEW_TEMPLATE,
        behaviour={"template_names": "free"},
        # Such a service makes two of a request that it gets twice, or long after its client has given it up.
        without=("twice_first", "twice_second", "too_late"),
    ),
    _template("with a password", "create", _NEW_TEMPLATE, login="password"),
    _template("as described", "nothing to do", {"sql_body": OLD_SQL}, _PLANTED, _OTHER, names=2),
    _template("changed", "update", {"sql_body": NEW_SQL}, _PLANTED, _OTHER, names=2),
    _template("changed but for its SQL", "update", {"desc": "new"}, _PLANTED),
    _template("renamed", "update", {"template_id": TEMPLATE_ID, "name": "renamed"}, _PLANTED),
    _template("deleted", "delete", {"state": "absent"}, _PLANTED, _OTHER, names=2),
    _template("deleted by id", "delete", {"name": None, "template_id": TEMPLATE_ID, "state": "absent"}, _PLANTED),
    _template("absent", "nothing to do", {"state": "absent"}),
]


def _export(name: str, **task: Any) -> Scenario:
    task = {"name": None, "obs_dir": "bucket/exports", **task}
    return Scenario(name, "export", task, _RUNNING, module=dli_flink_job_export, again=True, once=True)


def _import(name: str, group: str, planted: dict[str, Any] | None = None, **rest: Any) -> Scenario:
    task = {"name": None, "zip_file": ARCHIVE, **rest.pop("task", {})}
    archived = rest.pop("archived", _ARCHIVED)
    return Scenario(name, group, task, planted, module=dli_flink_job_import, archived=archived, **rest)


_ARCHIVED = ({"name": "job", "desc": "archived", **_KNOWN},)
_TWO_ARCHIVED = (*_ARCHIVED, {"name": "other", "job_type": "flink_opensource_sql_job", "sql_body": OLD_SQL})

# What the first of two imports has made, the second one calls there before; without names nothing shows otherwise.
_UNNAMED = ("twice_second",)

_ARCHIVES = [
    _export("export", names=["job"]),
    _export("export of all"),
    _import("import", "import", without=_UNNAMED),
    _import("import by names", "import", task={"names": ["job"]}),
    _import("import of two, one is there", "import", _RUNNING, archived=_TWO_ARCHIVED, names=2, without=_UNNAMED),
    _import(
        "import by names of two, one is there",
        "import",
        _RUNNING,
        archived=_TWO_ARCHIVED,
        names=2,
        task={"names": ["job", "other"]},
    ),
    _import("import, it is there", "import: nothing to do", _RUNNING),
    _import("import by names, it is there", "import: nothing to do", _RUNNING, task={"names": ["job"]}),
    _import(
        "import that overwrites",
        "import that overwrites",
        _planted("job_init"),
        task={"is_cover": True},
        again=True,
        once=True,
    ),
]

SCENARIOS = {
    scenario.name: scenario
    for scenario in [*_cells(), *map(_without_job, STATES), *_OTHERS, *_SQL_JOBS, *_TEMPLATES, *_ARCHIVES]
}

# Some of each kind, for TLS, and for what takes real time.
CHOSEN = (
    "present without a job",
    "started without a job",
    "present from job_init, changed",
    "started from job_running, changed",
    "restarted from job_running",
    "stopped from job_submitting",
    "absent from job_running",
    "broken upgrade",
    "upgrade with a password",
    "savepoint",
    "rename",
    "template without one",
    "import by names",
)
# The same and more, for the tests of every day.
DAILY = (*CHOSEN, "SQL job upgraded", "template changed", "export", "tags changed")
# Those whose task is killed after each of its requests.
INTERRUPTED = (
    "broken upgrade",
    "started without a job",
    "started from job_running, changed",
    "upgrade, its savepoint is dropped",
    "broken upgrade, its savepoint is dropped",
    "stateless upgrade",
    "stopped from job_running, changed",
    "restart, its savepoint is dropped",
    "live change",
    "delete that takes a while",
)
