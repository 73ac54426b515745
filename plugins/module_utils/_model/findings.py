# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needs attention among the jobs of a fleet: where they differ from a desired list, and what may need a person.

docs/audit.md explains each finding to users.
"""

from __future__ import annotations

from dataclasses import dataclass

from .._text import same_of_others
from .canonical import (
    canonical,
    is_flink_1_15_or_later,
    major_and_minor,
)
from .diff import redacted_changes, shows_used_cus
from .fields import FIELDS_BY_NAME, JAR, known_kind
from .fleet import unlisted
from .goal import Goal
from .job import ObservedJob
from .status import (
    DOWN,
    FAILED,
    FINISHED,
    IN_ARREARS,
    RUNNING,
    STOP_FAILED,
    STOPPED,
    status_of,
)

_CHECKPOINTING_OF_FLINK = "execution.checkpointing.interval"
# The last version that can be sized by CUs (documented).
_LAST_WITH_CUS = (1, 15)
_TIMES = ("update_time", "start_time", "create_time")
# Not after a submission that failed: then the job has not run on, whatever its start_time says.
_HAS_RUN_ON = (RUNNING, FAILED, STOP_FAILED, STOPPED, IN_ARREARS, FINISHED)


@dataclass(frozen=True)
class Ages:
    """When something counts as old, in seconds."""

    stuck_after: float = 900.0
    stale_after: float = 604800.0


@dataclass(frozen=True)
class Compared:
    """A job of the desired list, and what was found of it.

    :param job: None when the service does not list it.
    :param problem: why it is in doubt which job is meant; "" when it is not.
    :param tags_problem: why the desired tags are unconfirmed; "" when they were compared, or none are desired.
    """

    goal: Goal
    job: ObservedJob | None = None
    problem: str = ""
    tags_problem: str = ""


def findings_about(
    jobs: list[ObservedJob], compared: list[Compared] | None, ages: Ages, now_ms: float
) -> dict[str, list | dict | None]:
    """Return each finding by its name.

    :param jobs: the jobs that the findings are about.
    :param compared: the jobs that should be there, None when the task does not list them.
    :param now_ms: the present, in milliseconds since 1970.
    """
    # The list of desired jobs describes JAR jobs, so no other kind could be in it.
    jar_jobs = [job for job in jobs if known_kind(job.job_type) is JAR]
    known = [job for job in jobs if known_kind(job.job_type)]
    return {
        "failed": [_failed(job) for job in jobs if job.status in DOWN],
        "drift": None if compared is None else _drift(compared),
        "missing": None if compared is None else _missing(compared),
        "unmanaged": None if compared is None else _unmanaged(jar_jobs, compared),
        "stuck": _stuck(jobs, ages, now_ms),
        "without_checkpoints": [_named(job) for job in known if not _takes_checkpoints(job)],
        "without_agency": [_named(job) for job in known if _lacks_agency(job)],
        "without_auto_restart": [_named(job) for job in known if job.value("restart_when_exception") is not True],
        "cus": _cus(jobs),
        "restarted": [{**_named(job), "restart_times": job.restart_times} for job in jobs if job.restart_times > 0],
        "stale_savepoints": _stale_savepoints(jobs, ages, now_ms),
    }


def jobs_with_findings(jobs: list[ObservedJob], findings: dict) -> list[dict]:
    """Return a summary of each job with the names of the findings that it is among; raw, so still to be redacted."""
    names: dict[int, list] = {job.job_id: [] for job in jobs}
    for name, found in findings.items():
        for entry in (found["jobs"] if name == "cus" else found) or ():
            if entry["job_id"] in names:
                names[entry["job_id"]].append(name)
    return [
        {
            **job.as_summary(),
            "savepoint_made": job.savepoint_made if job.has_savepoint else None,
            "cus": cus_in_use(job),
            "findings": names[job.job_id],
        }
        for job in jobs
    ]


def _failed(job):
    return {**_named(job), "status": job.status, "status_desc": job.status_desc}


def _differences(goal: Goal, job: ObservedJob) -> dict:
    """Return in what a job is not as desired: C({"before": …, "after": …}) by field, and under C(state)."""
    if goal.state == "absent":
        return {"state": {"before": job.status, "after": "absent"}}
    changes = redacted_changes(goal.spec, job)
    if not _is_where_it_should_be(goal.state, job.status):
        changes["state"] = {"before": job.status, "after": goal.state}
    return changes


def cu_warnings(compared: list[Compared]) -> list[str]:
    """Return one sentence about the jobs whose CUs cannot be compared; the modules that change jobs skip them too."""
    jobs = [
        entry.job
        for entry in compared
        if entry.job
        and entry.goal.state != "absent"
        and entry.goal.spec.fields.get("cu_number") not in (None, entry.job.value("cu_number"))
        and shows_used_cus(entry.job)
    ]
    if not jobs:
        return []
    return [
        f"cu_number of Flink job {jobs[0].name} is not compared: the service shows the CUs that it really uses instead "
        f"of those requested.{same_of_others(len(jobs) - 1)}"
    ]


def _named(job):
    return {"name": job.name, "job_id": job.job_id}


def _drift(compared):
    found = []
    for entry in compared:
        spec = entry.goal.spec
        if entry.problem:
            found.append({"name": spec.name, "job_id": spec.job_id, "changes": {}, "msg": entry.problem})
        elif entry.job:
            changes = _differences(entry.goal, entry.job)
            if changes:
                found.append({**_named(entry.job), "changes": changes, "msg": None})
    return found


def _missing(compared):
    return [
        {"name": entry.goal.spec.name, "job_id": entry.goal.spec.job_id}
        for entry in compared
        if entry.job is None and not entry.problem and entry.goal.state != "absent"
    ]


def _unmanaged(jobs, compared):
    return [{**_named(job), "status": job.status} for job in unlisted(jobs, [entry.goal for entry in compared])]


def _is_where_it_should_be(state, status):
    """Whether a status is the desired state, or a transitional one that may lead there."""
    known = status_of(status)
    if not known.settled:
        return state == "present" or known.on_the_way_to in ("", "stopped" if state == "stopped" else "started")
    if state == "stopped":
        return status not in (RUNNING, STOP_FAILED)
    # A bounded job that has finished has run.
    return state == "present" or status in (RUNNING, FINISHED)


def _stuck(jobs, ages, now_ms):
    found = []
    for job in jobs:
        facts = job.facts()
        times = [time for time in (_number(facts[name]) for name in _TIMES) if time]
        if status_of(job.status).settled or not times:
            continue
        seconds = (now_ms - max(times)) / 1000
        if seconds > ages.stuck_after:
            found.append({**_named(job), "status": job.status, "seconds": int(seconds)})
    return found


def _takes_checkpoints(job):
    """Whether the service takes checkpoints of a job, or by all appearances its JAR or its settings do."""
    config = job.value("runtime_config")
    # That of a SQL job is always the service's: there is no option for it.
    own_path = job.definition().get("checkpoint_path")
    own = own_path or (isinstance(config, dict) and config.get(_CHECKPOINTING_OF_FLINK))
    return job.value("checkpoint_enabled") is True or bool(own)


def _lacks_agency(job):
    return not job.value("execution_agency_urn") and is_flink_1_15_or_later(
        job.value("flink_version"), job.value("resource_config_version")
    )


def cus_in_use(job: ObservedJob) -> int | None:
    """Return how many CUs a job uses now, as far as the service shows it; None where that is in doubt."""
    if not status_of(job.status).may_run:
        return 0
    requested = job.value("cu_number") if _may_be_sized_by_cus(job) else None
    return _number(job.real_cu_number) or (requested if isinstance(requested, int) else None)


def _cus(jobs):
    result: dict = {"requested": 0, "actual": 0, "jobs": [], "unsure": []}
    for job in jobs:
        requested, actual = job.value("cu_number"), cus_in_use(job)
        # A job that does not run uses no CUs.
        if not status_of(job.status).may_run or not isinstance(requested, int) or not _may_be_sized_by_cus(job):
            continue
        if actual != requested and not _is_sized_by_cus(job):
            # Its cu_number may request nothing: then there is nothing to compare.
            result["unsure"].append({**_named(job), "actual": actual})
            continue
        result["requested"] += requested
        result["actual"] += actual
        if actual != requested:
            result["jobs"].append({**_named(job), "requested": requested, "actual": actual})
    return result


def _is_sized_by_cus(job):
    """Whether it is known that a job is sized by CUs. The service's list leaves out what says so (documented)."""
    if job.has("resource_config_version"):
        return job.value("resource_config_version") != "v2"
    version = major_and_minor(job.value("flink_version"))
    return version is not None and version < _LAST_WITH_CUS


def _may_be_sized_by_cus(job):
    if job.has("resource_config_version"):
        return _is_sized_by_cus(job)
    version = major_and_minor(job.value("flink_version"))
    return version is None or version <= _LAST_WITH_CUS


def _stale_savepoints(jobs, ages, now_ms):
    found = []
    for job in jobs:
        made = job.savepoint_made
        if not job.has_savepoint or made is None:
            continue
        reason = _why_stale(job, made, ages, now_ms)
        if reason:
            found.append({**_named(job), "savepoint_path": job.savepoint_path, "made": made, "reason": reason})
    return found


def _why_stale(job, made, ages, now_ms):
    """Return why a savepoint does not stand for where its job is; "" when it does."""
    if job.status in _HAS_RUN_ON and made < (_number(job.start_time) or 0):
        return "older_than_start"
    is_over = not status_of(job.status).may_run and job.status != FINISHED
    return "old" if is_over and (now_ms - made) / 1000 > ages.stale_after else ""


def _number(value):
    """Return a number that can come as a string, None where there is none."""
    number = canonical(FIELDS_BY_NAME["cu_number"], value or 0)
    return number if isinstance(number, int) else None
