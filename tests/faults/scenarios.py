# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tasks that meet the faults: every status with every state, and what the table of the life cycle does not have."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_job_info, dli_flink_savepoint

from local_dli.clock_engine import Step
from unit.lifecycle_table import NOTHING, REFUSED, STATES, TABLE, settled

OLD = "obs://bucket/job-1.jar"
NEW = "obs://bucket/job-2.jar"
SAVEPOINT = "obs://bucket/planted/savepoint"
# With characters that JSON, a URL and Python each write in a way of their own.
SECRET_WORDS = ('Geh"eim/ü&1=x', "k3y\\path%20")
SECRET_ARGS = f"--db-password {SECRET_WORDS[0]} --key {SECRET_WORDS[1]}"
PASSING_SECONDS = 2.0

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
    """One task and what is there before it.

    :param group: the row of the table of results to which it counts.
    :param planted: the job before; None when there is none.
    :param ways: the status into which a planted job goes on by itself; "" for none.
    :param broken: the version of the job that fails soon after its start; "" for none.
    :param stateless: whether the task is meant to lose the job's state.
    :param again: whether the task changes something whenever it runs.
    :param failing: whether the task fails without any fault too.
    :param login: by ``token`` or by ``password``.
    """

    name: str
    group: str
    task: dict[str, Any]
    planted: dict[str, Any] | None = None
    ways: str = ""
    module: ModuleType = dli_flink_jar_job
    behaviour: dict[str, Any] = field(default_factory=dict)
    broken: str = ""
    stateless: bool = False
    again: bool = False
    failing: bool = False
    login: str = "token"

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
    Scenario("info", "info", {}, _RUNNING, module=dli_flink_job_info),
    Scenario("info of all", "info", {"name": None, "execution_plan": True}, _RUNNING, module=dli_flink_job_info),
]

SCENARIOS = {scenario.name: scenario for scenario in [*_cells(), *map(_without_job, STATES), *_OTHERS]}

# One of each kind, for the tests of every day, for TLS, and for what takes real time.
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
)
