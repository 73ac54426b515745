# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The job store: what exists, who owns it, and what may be changed when."""

from __future__ import annotations

import functools
import heapq
import math
import re
import threading
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Callable

from local_dli.behaviour import Behaviour
from local_dli.clock_engine import ClockEngine
from local_dli.contract import contract
from local_dli.errors import ApiError, ErrorArray, parameter, unsupported
from local_dli.history import History, snapshot
from local_dli.job_index import JobIndex
from local_dli.journal import SERVICE, Journal
from local_dli.lifecycle import ALIVE, RUNNING, TRANSITIONAL, Engine, Refused, check_start, check_stop

JAR_JOB = "flink_jar_job"
SQL_JOB = "flink_opensource_sql_job"

# From the vendor's clients: any other change has to wait until the job is stopped. checkpoint_path is among them only
# while the service does not make one itself.
LIVE_FIELDS = frozenset({"smn_topic", "restart_when_exception", "resume_checkpoint", "resume_max_num", "obs_bucket"})

PLANNED_REFUSAL = "DLI.0999: planned refusal."

# Beyond 1000, so that no test mistakes a job number for an index; assumed.
FIRST_JOB_ID = 100001

OBS = "obs://"

# How the service writes the memory of a process whose size nobody has given (vendor-tested).
OWN_MEMORY = "4G"


# A service whose switches nobody has turned.
USUAL = Behaviour()

# What of a create is no field: the type is an attribute of its own, a template is only copied from.
NO_FIELDS = frozenset({"job_type", "template_id"})


def defaults(job_type: str = JAR_JOB, behaviour: Behaviour = USUAL) -> dict[str, Any]:
    """Return every field of a job of a type with its default, or None where there is none.

    Defaults are the documented ones, but for what the switches say otherwise.
    """
    found = dict(_defaults(job_type == JAR_JOB))
    if job_type == JAR_JOB:
        found["checkpoint_interval"] = int(behaviour.jar_checkpoint_interval)
    return found


@functools.cache
def _defaults(is_jar: bool) -> dict[str, Any]:
    kind = "Jar" if is_jar else "Sql"
    update, create = (contract().schema(f"Flink{kind}Job{verb}")["properties"] for verb in ("Update", "Create"))
    # The service makes a path of checkpoints for a SQL job too, though nobody can give one.
    found = {"checkpoint_path": None}
    return found | {name: schema.get("default") for name, schema in (update | create).items() if name not in NO_FIELDS}


def obs_path(path: str) -> str:
    """Return a path in object storage with its scheme; the vendor's reference writes it without."""
    return OBS + path.removeprefix(OBS)


@dataclass
class Job:
    """A job as the service holds it.

    ``fields`` has what create and update write, under the same names and in the same form (checkpoint_mode is a
    number), with None for what is unset. Times are milliseconds of the wall clock, ``gone_at`` is of the store's clock.
    ``odd`` has what reads show instead of what is true, by the names of the answer, and may break the contract.
    ``detail_refused`` says that it is shared with our user, who may see it in the list and no more; ``tags_refused``
    that this user may not see its tags.
    """

    job_id: int
    project_id: str
    owner: str
    fields: dict[str, Any]
    job_type: str = JAR_JOB
    status: str = "job_init"
    status_desc: str = ""
    create_time: int = 0
    update_time: int = 0
    start_time: int | None = None
    end_time: int | None = None
    has_savepoint: bool = False
    savepoint_path: str | None = None
    restart_times: int = 0
    gone_at: float | None = None
    odd: dict[str, Any] = field(default_factory=dict)
    detail_refused: bool = False
    tags_refused: bool = False
    root_id: int = -1
    enterprise_project: str = "default"

    @property
    def name(self) -> str:
        return self.fields["name"]

    @property
    def bucket(self) -> str:
        """The bucket for what the service writes itself; the name of the one without a choice is assumed."""
        return self.fields["obs_bucket"] or "dli-public"

    @property
    def savepoint_folder(self) -> str:
        """Where the service puts savepoints of this job (vendor), as an obs:// path."""
        return f"{OBS}{self.bucket}/jobs/savepoint/{self.job_id}"

    def announce(self, status: str) -> None:
        """Enter a transitional status, as an operation just asked for does."""
        self.status = status
        self.status_desc = ""

    def enter(self, status: str, wall_ms: int, desc: str = "") -> None:
        """Enter a status at this time of day, which may begin or end the running time of the job."""
        was_alive = self.status in ALIVE
        self.status = status
        self.status_desc = desc
        if status == RUNNING and not was_alive:
            self.start_time = wall_ms
            self.end_time = None
        elif was_alive and status not in ALIVE and self.end_time is None:
            self.end_time = wall_ms

    def set_savepoint(self, path: str | None) -> None:
        """Give the job a savepoint, or take it away."""
        self.has_savepoint = path is not None
        self.savepoint_path = path


COLLEAGUE = "colleague"
_ISO_TIME = "2026-01-31T12:00:00Z"
# What the list shows of a colleague's job, by the value of the switch odd_job. Nobody documents any of it.
ODD: dict[str, dict[str, Any]] = {
    "shared": {},
    "iso_time": dict.fromkeys(("create_time", "start_time", "update_time"), _ISO_TIME),
    "long_name": {"name": "n" * 300},
    "big_id": {"job_id": "9123456789012345678"},
    "nulls": dict.fromkeys(
        ("desc", "job_type", "status", "status_desc", "create_time", "start_time", "queue_name", "has_savepoint",
         "savepoint_path", "restart_times", "job_config", "user_name", "user_id")
    ),
}  # fmt: skip
ODD_JOB_ID = 77


# The filters of a list that compare a whole value.
EQUAL_FILTERS: dict[str, Callable[[Job], Any]] = {
    "job_type": lambda job: job.job_type,
    "status": lambda job: job.status,
    "queue_name": lambda job: job.fields["queue_name"],
    "user_name": lambda job: job.owner,
    # From the query of a request, where a number is a text.
    "root_job_id": lambda job: str(job.root_id),
    "sys_enterprise_project_name": lambda job: job.enterprise_project,
}


class JobStore:
    """All jobs, of all projects and owners.

    The methods without a leading underscore down to ``plan_stop`` are for tests; the others answer requests. Everything
    runs under ``lock``, which the application holds during a request.

    :param clock: seconds that only grow.
    :param engine: makes the jobs go through their statuses; if there is none, they go by the clock.

    ``journal`` has all that was done to the jobs, ``history`` what they were like before, for reads that lag.
    ``queues`` are the names of the queues that are there; None for all that anybody names.
    """

    def __init__(
        self,
        project_id: str,
        owner: str,
        clock: Callable[[], float] = time.monotonic,
        engine: Engine | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self._project_id = project_id
        self._owner = owner
        self._clock = clock
        self.engine = engine or ClockEngine()
        self._epoch = time.time() - clock()
        self.journal = Journal(clock)
        self.history = History()
        self.queues: Collection[str] | None = None
        self._index = JobIndex()
        self._records: dict[int, Job] = {}
        # A heap of when which deleted job leaves the lists.
        self._leaving: list[tuple[float, int]] = []
        self._next_id = FIRST_JOB_ID
        self._start_plans: dict[int | str, deque[str]] = {}
        self._stop_plans: dict[int | str, deque[str]] = {}

    # For tests

    def add(self, **values: Any) -> Job:
        """Plant a job as it is: any type, status, owner (``owner="other"`` hides it), any attribute of Job or field.

        :returns: the job; it is live, so a test can read and change it, but for what JobIndex finds it by.
        :raises TypeError: for a name that is neither an attribute nor a field of a job.
        :raises ValueError: for a job_id that another job has.
        """
        with self.lock:
            fields = defaults(values.get("job_type", JAR_JOB))
            attributes: dict[str, Any] = {}
            for name, value in values.items():
                if name in fields:
                    fields[name] = value
                elif name in Job.__dataclass_fields__ and name not in ("fields", "gone_at"):
                    attributes[name] = value
                else:
                    raise TypeError(f"a job has no {name}")
            job_id = attributes.pop("job_id", self._next_id)
            fields["name"] = fields["name"] or f"job-{job_id}"
            now = self._clock()
            job = Job(
                job_id=job_id,
                project_id=attributes.pop("project_id", self._project_id),
                owner=attributes.pop("owner", self._owner),
                fields=fields,
                create_time=attributes.pop("create_time", self.wall_ms(now)),
            )
            job.update_time = job.create_time
            for name, value in attributes.items():
                setattr(job, name, value)
            self._complete(job)
            self._index.add(job)
            self._next_id = max(self._next_id, job_id) + 1
            return job

    def add_many(self, count: int, name: str = "job", **values: Any) -> list[Job]:
        """Plant many jobs alike, named ``<name>-0``, ``<name>-1`` and so on; see ``add``.

        They share the values given, so a list or dictionary among these must not be changed in place.
        """
        with self.lock:
            return [self.add(name=f"{name}-{number}", **values) for number in range(count)]

    def all(self) -> list[Job]:
        """Return all jobs, those of others too, oldest first."""
        with self.lock:
            self._advance()
            return self._index.all()

    def get(self, job_id: int) -> Job | None:
        """Return a job, whoever owns it, or None."""
        with self.lock:
            self._advance()
            return self._index.get(job_id)

    def set_status(self, job_id: int, status: str, desc: str = "") -> None:
        """Put a job into a status and forget what was planned for it.

        :raises KeyError: for a number that no job has.
        """
        with self.lock:
            job = self._index.get(job_id)
            if job is None:
                raise KeyError(job_id)
            self.engine.forget(job)
            job.enter(status, self.now_ms(), desc)

    def plan_start(self, job_id_or_name: int | str, outcome: str, times: int = 1) -> None:
        """Say how the next start of a job ends; several plans are used up one after the other.

        :param outcome: ``running``, ``submit_fail``, ``exception_after:<seconds>``, ``finish_after:<seconds>``, or
            ``refused`` (DLI.13024); an engine that really runs jobs only knows ``running`` and ``refused``.
        :param times: for how many starts.
        :raises ValueError: for an outcome that the engine does not know.
        """
        if not self.engine.start_outcomes.fullmatch(outcome):
            raise ValueError(f"no such outcome of a start: {outcome!r}")
        with self.lock:
            self._start_plans.setdefault(job_id_or_name, deque()).extend([outcome] * times)

    def plan_stop(self, job_id_or_name: int | str, outcome: str, times: int = 1) -> None:
        """Say how the next stop of a job ends.

        :param outcome: ``stopped``, ``cancel_fail``, ``runs_on``, ``restarts``, ``ignored`` or ``refused``.
        :param times: for how many stops.
        :raises ValueError: for an outcome that the engine does not know.
        """
        if not self.engine.stop_outcomes.fullmatch(outcome):
            raise ValueError(f"no such outcome of a stop: {outcome!r}")
        with self.lock:
            self._stop_plans.setdefault(job_id_or_name, deque()).extend([outcome] * times)

    def forget_plans(self, job_id_or_name: int | str) -> None:
        """Have the starts and stops of a job end as they do without a plan."""
        with self.lock:
            self._start_plans.pop(job_id_or_name, None)
            self._stop_plans.pop(job_id_or_name, None)

    def clear(self) -> None:
        """Forget all jobs, plans and queues; job numbers go on growing, so that a stale one never finds a new job."""
        with self.lock:
            for job in self._index.all():
                self.engine.forget(job)
            self._index.clear()
            self._records.clear()
            self._leaving.clear()
            self.journal.clear()
            self.history.clear()
            self._start_plans.clear()
            self._stop_plans.clear()
            self.queues = None

    def wall_ms(self, now: float) -> int:
        """Return the time of day, in ms since the epoch, that belongs to a time of the store's clock."""
        return int((self._epoch + now) * 1000)

    @property
    def now(self) -> float:
        """The time of the store's clock, in seconds."""
        return self._clock()

    def now_ms(self) -> int:
        """Return the time of day in ms since the epoch."""
        return self.wall_ms(self._clock())

    # For requests

    def create(
        self,
        project_id: str,
        body: dict[str, Any],
        job_type: str = JAR_JOB,
        behaviour: Behaviour = USUAL,
    ) -> Job:
        """Make a draft of a type.

        :raises ApiError: DLI.0001 for values that do not fit together, DLI.0006 for a name in use, DLI.0002 for a
            queue that is not there, if the service finds that out then.
        """
        self._advance()
        self._check_name(project_id, body["name"])
        self._check_queue(body.get("queue_name"), behaviour)
        given = {name: value for name, value in body.items() if value not in ("", []) and name not in NO_FIELDS}
        fields = defaults(job_type, behaviour) | given
        _check(fields)
        if body.get("run_mode") == "shared_cluster" and body.get("job_type") == SQL_JOB:
            raise parameter("A shared cluster runs only jobs of the type flink_sql_job.")
        job = self.add(project_id=project_id, job_type=job_type, **fields)
        self.journal.note("create", job.job_id, after=snapshot(job), asked={"body": body})
        return job

    def update(self, job: Job, body: dict[str, Any], behaviour: Behaviour, is_jar: bool = True) -> None:
        """Change a job.

        :param is_jar: whether the call is the one for JAR jobs, or the one for SQL jobs.
        :raises ApiError: DLI.0001 for values that do not fit together, DLI.0006 for a name in use, DLI.0007 for what
            the status of the job forbids, DLI.0002 as for a new job.
        """
        if (job.job_type == JAR_JOB) != is_jar:
            raise unsupported("A job of this type cannot be changed by this call.")
        if job.status in TRANSITIONAL:
            raise unsupported(f"A job in {job.status} cannot be changed.")
        changes = {name: value for name, value in body.items() if name != "job_type"}
        if not changes.get("name"):
            changes.pop("name", None)
        if behaviour.clearing == "ignored":
            changes = {name: value for name, value in changes.items() if value not in ("", [])}
        changes = {name: None if value in ("", []) else value for name, value in changes.items()}
        if job.status == RUNNING:
            self._check_live(job, changes)
        if behaviour.put_omitted == "default":
            changes = self._omitted(job, behaviour) | changes
        merged = job.fields | changes
        if merged["name"] != job.name:
            self._check_name(job.project_id, merged["name"])
        if merged["queue_name"] != job.fields["queue_name"]:
            self._check_queue(merged["queue_name"], behaviour)
        _check(merged)
        previous = job.name
        with self.journal.noting("update", job, body=body):
            job.fields = merged
            if job.name != previous:
                self._index.rename(job, previous)
            job.update_time = self.now_ms()
            self._complete(job)

    def set_tags(self, job: Job, tags: list[dict[str, str]]) -> None:
        """Give a job these tags and no others. Assumed: that is no change of its definition, so of no update_time."""
        with self.journal.noting("tag", job, tags=tags):
            job.fields = job.fields | {"tags": tags}

    def keep_history(self) -> None:
        """Note what the jobs are like now, so that later reads can show it."""
        self._advance()
        self.history.keep(self._index.all(), self._clock())

    def seen(self, lag: float) -> JobIndex:
        """Return the jobs as they were so many seconds ago; those of now, when there is no lag."""
        self._advance()
        return self.history.at(self.time_seen(lag)) if lag else self._index

    def time_seen(self, lag: float) -> float:
        """Return of what time a read is that lags, by the clock of the journal."""
        return self._clock() - lag

    def find(
        self,
        project_id: str,
        job_id: int,
        behaviour: Behaviour,
        records: bool = False,
        seen: JobIndex | None = None,
    ) -> Job:
        """Return a job of our user.

        :param records: search deleted jobs too, if this service keeps them.
        :param seen: the jobs that a read shows; those of now when there are none.
        :raises ApiError: as ``behaviour.not_found`` says.
        """
        self._advance()
        job = (seen or self._index).get(job_id)
        if job is None and records and behaviour.delete_keeps_record:
            job = self._records.get(job_id)
        if job is None or job.project_id != project_id or job.owner != self._owner:
            status = 404 if behaviour.not_found == "DLI.0023" else 400
            raise ApiError(status, behaviour.not_found, "The job does not exist.")
        return job

    def search(
        self, project_id: str, filters: dict[str, str], behaviour: Behaviour, seen: JobIndex | None = None
    ) -> list[Job]:
        """Return the jobs of our user that pass the filters of the list, newest first.

        :param seen: the jobs that a read shows; those of now when there are none.
        """
        self._advance()
        jobs = seen or self._index
        name = filters.get("name")
        if name is not None and behaviour.name_filter == "exact":
            found = [job for job in jobs.named(project_id, name) if job.owner == self._owner]
        else:
            found = jobs.owned(project_id, self._owner)
            if behaviour.odd_job != "none":
                found.append(self._odd_job(behaviour))
        if name is not None and behaviour.name_filter == "contains":
            found = [job for job in found if name in job.name]
        for parameter_name, read in EQUAL_FILTERS.items():
            if parameter_name in filters:
                wanted = filters[parameter_name]
                found = [job for job in found if read(job) == wanted]
        return _tagged(found, filters["tags"], behaviour) if "tags" in filters else found

    def _odd_job(self, behaviour: Behaviour) -> Job:
        """Return the job of a colleague that the list has too, the oldest of all."""
        fields = defaults() | {"name": "colleagues-job", "queue_name": "queue"}
        return Job(
            ODD_JOB_ID, self._project_id, COLLEAGUE, fields, status=RUNNING, start_time=1, odd=ODD[behaviour.odd_job]
        )

    def start(self, job: Job, resume_savepoint: bool, behaviour: Behaviour) -> None:
        """Start a job as planned.

        :raises Refused: for an unsuccessful element.
        :raises ApiError: DLI.13024 when there is no queue (vendor); in which form is a switch.
        """
        outcome = self._planned(self._start_plans, job, "running")
        if outcome == "refused":
            raise _no_queue(behaviour)
        self._check_can_run(job, behaviour)
        with self.journal.noting("start", job, resume_savepoint=resume_savepoint):
            self.engine.start(job, resume_savepoint, outcome, behaviour, self._clock())

    def stop(self, job: Job, trigger_savepoint: bool, behaviour: Behaviour) -> None:
        """Stop a job as planned.

        :raises Refused: for an unsuccessful element.
        """
        outcome = self._planned(self._stop_plans, job, "stopped")
        if outcome == "refused":
            raise Refused(PLANNED_REFUSAL)
        with self.journal.noting("stop", job, trigger_savepoint=trigger_savepoint):
            self.engine.stop(job, trigger_savepoint, outcome, behaviour, self._clock())

    def check_start(self, job: Job, resume_savepoint: bool, behaviour: Behaviour) -> None:
        """Raise what ``start`` would, without starting the job; only a planned refusal is used up by it."""
        if self._take_refusal(self._start_plans, job):
            raise _no_queue(behaviour)
        self._check_can_run(job, behaviour)
        check_start(job, resume_savepoint)

    def check_stop(self, job: Job) -> None:
        """Raise what ``stop`` would, without stopping the job; only a planned refusal is used up by it."""
        if self._take_refusal(self._stop_plans, job):
            raise Refused(PLANNED_REFUSAL)
        check_stop(job)

    def save(self, job: Job, path: str, behaviour: Behaviour) -> None:
        """Make a savepoint now.

        :param path: a folder in object storage, with or without ``obs://``. That the savepoint gets a folder of its own
            in it, as a savepoint of a stop does, is assumed.
        :raises Refused: for an unsuccessful answer.
        """
        with self.journal.noting("save", job, path=path):
            self.engine.save(job, obs_path(path).rstrip("/"), behaviour, self._clock())

    def import_savepoint(self, job: Job, path: str) -> None:
        """Give a job a savepoint by its path, whether or not anything is there."""
        with self.journal.noting("import-savepoint", job, path=path):
            job.set_savepoint(path)

    def delete(self, job: Job, behaviour: Behaviour) -> None:
        """Delete a job in any status (documented); it is gone after ``behaviour.delete_seconds``."""
        with self.journal.noting("delete", job):
            if job.gone_at is None:
                job.gone_at = self._clock() + behaviour.delete_seconds
                heapq.heappush(self._leaving, (job.gone_at, job.job_id))

    def execution(self, job: Job) -> tuple[str, str]:
        """Return Flink's number and Flink's state of a job that was started at least once."""
        return self.engine.execution(job)

    def close(self) -> None:
        """Let the engine go of all jobs."""
        with self.lock:
            self.engine.close()

    def _advance(self) -> None:
        now = self._clock()
        for job_id in self.engine.due(now):
            due = self._index.get(job_id)
            if due is not None:
                self._advance_one(due, now)
        while self._leaving and self._leaving[0][0] <= now:
            gone_at, job_id = heapq.heappop(self._leaving)
            job = self._index.get(job_id)
            if job is not None:
                self.history.leave(job, gone_at)
                self.engine.forget(job)
                self._index.remove(job)
                self._records[job_id] = job

    def _advance_one(self, job: Job, now: float) -> None:
        """Bring a job up to date, and note each status, savepoint and restart that comes of it."""
        before = snapshot(job)
        for at in self.engine.advance(job, now, self.wall_ms):
            after = snapshot(job)
            self.history.note(after, at)
            happened = {
                "enter": after.status != before.status,
                "saved": after.savepoint_path not in (None, before.savepoint_path),
                "restart": after.restart_times != before.restart_times,
            }
            for operation in filter(happened.get, happened):
                self.journal.note(operation, job.job_id, by=SERVICE, before=before, after=after)
            before = after

    def _check_name(self, project_id: str, name: str) -> None:
        """Refuse a name in use; names are shared by all users and job types of a project (documented)."""
        if self._index.named(project_id, name):
            raise ApiError(400, "DLI.0006", "A job of this name exists.")

    def _check_can_run(self, job: Job, behaviour: Behaviour) -> None:
        """Refuse to start a job that has no queue (vendor), or none that is there (assumed)."""
        queue = job.fields["queue_name"]
        if not queue:
            raise _no_queue(behaviour)
        if self._is_unknown(queue):
            raise _start_refusal(behaviour, *_unknown_queue(queue))

    def _check_queue(self, queue: str | None, behaviour: Behaviour) -> None:
        """Refuse to give a job a queue that is not there, where the service already does so then."""
        if behaviour.unknown_queue == "at_write" and queue and self._is_unknown(queue):
            raise ApiError(400, *_unknown_queue(queue))

    def _is_unknown(self, queue: str) -> bool:
        return self.queues is not None and queue not in self.queues

    @staticmethod
    def _check_live(job: Job, changes: dict[str, Any]) -> None:
        if "obs_bucket" in changes and changes["obs_bucket"] == job.fields["obs_bucket"]:
            raise unsupported("obs_bucket of a running job cannot be sent unchanged.")
        live = LIVE_FIELDS if job.fields["checkpoint_enabled"] else LIVE_FIELDS | {"checkpoint_path"}
        for name, value in changes.items():
            if name not in live and value != job.fields[name]:
                raise unsupported(f"{name} cannot be changed while the job is running.")

    @staticmethod
    def _omitted(job: Job, behaviour: Behaviour) -> dict[str, Any]:
        """Return what a replacing update makes of the fields it leaves out.

        Assumed: of a running job only live fields are reset, and not its bucket, which nobody may send unchanged.
        """
        reset = dict(defaults(job.job_type, behaviour))
        del reset["name"], reset["tags"]
        if job.status == RUNNING:
            reset = {name: value for name, value in reset.items() if name in LIVE_FIELDS and name != "obs_bucket"}
        return reset

    @staticmethod
    def _complete(job: Job) -> None:
        """Fill in what the service makes of a job by itself."""
        fields = job.fields
        if fields["resource_config_version"] != "v2":
            fields["resource_config"] = None
        elif fields["resource_config"]:
            fields["resource_config"] = _resource_config(fields["resource_config"])
        if fields["checkpoint_enabled"] and not fields["checkpoint_path"]:
            # The bucket and the beginning of the last folder are documented; what follows the number is assumed.
            fields["checkpoint_path"] = f"{job.bucket}/jobs/checkpoint/{job.job_id}_{job.create_time}"

    @staticmethod
    def _planned(plans: dict[int | str, deque[str]], job: Job, otherwise: str) -> str:
        for key in (job.job_id, job.name):
            if plans.get(key):
                return plans[key].popleft()
        return otherwise

    @staticmethod
    def _take_refusal(plans: dict[int | str, deque[str]], job: Job) -> bool:
        """Return whether the next plan for a job is a refusal, which is used up then."""
        for key in (job.job_id, job.name):
            if plans.get(key):
                refused = plans[key][0] == "refused"
                if refused:
                    plans[key].popleft()
                return refused
        return False


def _no_queue(behaviour: Behaviour) -> Refused | ApiError:
    """Return what a start without a queue is refused with (vendor); in which form is a switch."""
    return _start_refusal(behaviour, "DLI.13024", "The job has no queue to run in.")


def _unknown_queue(queue: str) -> tuple[str, str]:
    """Return the error about a queue that is not there: the code is documented for objects of any kind."""
    return "DLI.0002", f"The queue {queue} does not exist."


def _start_refusal(behaviour: Behaviour, code: str, message: str) -> Refused | ApiError:
    if behaviour.run_refusal == "element":
        return Refused(f"{code}: {message}")
    kind = ErrorArray if behaviour.run_refusal == "error_array" else ApiError
    return kind(400, code, message)


def slots(fields: dict[str, Any]) -> int:
    """Return the slots of a TaskManager of a v1 job: those given, or by the formula of the reference.

    How it rounds is assumed. 0 stands for none given: the vendor's client sends it for each job that gives none.
    """
    if fields["tm_slot_num"]:
        return fields["tm_slot_num"]
    workers = max(fields["cu_number"] - fields["manager_cu_number"], 1)
    return max(math.ceil(fields["parallel_number"] * fields["tm_cus"] / workers), 1)


def actual_cus(fields: dict[str, Any]) -> int:
    """Return the CUs a v1 job really takes, by the formula of the developer guide."""
    return fields["manager_cu_number"] + math.ceil(fields["parallel_number"] / slots(fields)) * fields["tm_cus"]


def megabytes(memory: str) -> float:
    """Return a memory size in MB; without a unit it is in GB (documented)."""
    parts = re.fullmatch(r"([0-9.]+) ?([a-zA-Z]*)", memory)
    if parts is None:
        raise ValueError(f"{memory} is no memory size; the contract lets none of these through")
    return float(parts[1]) * (1 if parts[2].lower().startswith("m") else 1024)


def _check(fields: dict[str, Any]) -> None:
    """Refuse values that each fit the contract, but not each other."""
    if fields["resource_config_version"] != "v2":
        most = 4 * (fields["cu_number"] - fields["manager_cu_number"])
        if fields["parallel_number"] > most:
            raise parameter(f"parallel_number is at most {most} with this cu_number and manager_cu_number.")
    elif fields["resource_config"]:
        for spec in ("jobmanager_resource_spec", "taskmanager_resource_spec"):
            memory = fields["resource_config"].get(spec, {}).get("memory")
            if memory and megabytes(memory) < 2048:
                raise parameter(f"memory of {spec} is at least 2 GB.")
    if fields["log_enabled"] and not fields["obs_bucket"]:
        raise parameter("log_enabled needs obs_bucket.")


def _resource_config(written: dict[str, Any]) -> dict[str, Any]:
    """Return a resource_config with the documented defaults filled in."""
    spec = {name: schema["default"] for name, schema in contract().schema("ResourceSpec")["properties"].items()}
    spec["memory"] = OWN_MEMORY
    return {
        "max_slot": 1,
        "parallel_number": 1,
        **written,
        "jobmanager_resource_spec": spec | written.get("jobmanager_resource_spec", {}),
        "taskmanager_resource_spec": spec | written.get("taskmanager_resource_spec", {}),
    }


def _tagged(jobs: list[Job], wanted: str, behaviour: Behaviour) -> list[Job]:
    """Return those of the jobs that have all these tags (assumed), written as ``k=v,k2=v2`` (vendor)."""
    if behaviour.tags_filter == "ignored":
        return jobs
    if behaviour.tags_filter == "none":
        return []
    pairs = {tuple(pair.split("=", 1)) for pair in wanted.split(",")}

    def is_found(job: Job) -> bool:
        tags = {(tag["key"], tag["value"]) for tag in job.fields["tags"] or ()}
        if behaviour.tags_filter == "prefix":
            return all(any(key == tag[0] and tag[1].startswith(value) for tag in tags) for key, value in pairs)
        return bool(pairs & tags) if behaviour.tags_filter == "any" else pairs <= tags

    return [job for job in jobs if is_found(job)]
