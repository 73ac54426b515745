# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The second actor: somebody else who works on the same project, by a script, at exactly the requests it names.

A line of the script says when, and what: ``before update 2: rename job other``. When is ``before`` or ``after``, then
``request`` for any request to DLI, a method such as ``PUT``, or an operation such as ``update``, and the number of the
one that is meant, from 1. What is one of DEEDS with the job, by its name or its number, and what the deed wants more.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from local_dli.behaviour import Behaviour, add_arguments, from_arguments
from local_dli.clock_engine import ClockEngine
from local_dli.errors import ApiError
from local_dli.jobs import JAR_JOB, Job, JobStore
from local_dli.journal import OTHER, SERVICE
from local_dli.lifecycle import Refused

if TYPE_CHECKING:
    from local_dli.server import LocalDli

# The operations by the name of their endpoint, as a script calls them.
OPERATIONS = {
    "createFlinkJarJob": "create",
    "createFlinkSqlJob": "create",
    "updateFlinkJarJob": "update",
    "updateFlinkSqlJob": "update",
    "listFlinkJobs": "list",
    "showFlinkJob": "show",
    "runFlinkJobs": "run",
    "stopFlinkJobs": "stop",
    "deleteFlinkJob": "delete",
    "deleteFlinkJobs": "delete",
    "triggerFlinkJobSavepoint": "savepoint",
    "importFlinkJobSavepoint": "import-savepoint",
    "listFlinkJobTags": "list-tags",
    "createFlinkJobTags": "add-tags",
    "deleteFlinkJobTags": "remove-tags",
}
ANY = "request"
_WHENS = {ANY, "GET", "POST", "PUT", "DELETE", *OPERATIONS.values()}
_LINE = re.compile(r"(?P<when>before|after) (?P<request>\S+) (?P<number>[1-9]\d*): *(?P<deed>\S+)(?P<rest>.*)")


class NotThere(Exception):
    """There is no job, or not the one, that a deed is about."""


@dataclasses.dataclass(frozen=True)
class Act:
    """One line of the script, see the module."""

    when: str
    request: str
    number: int
    deed: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.when} {self.request} {self.number}: {' '.join((self.deed, *self.words))}"


@dataclasses.dataclass(frozen=True)
class Done:
    """An act whose time has come.

    :param refused: why the service refused the deed, "" when it was carried out.
    """

    act: Act
    refused: str = ""


def parse(line: str) -> Act:
    """Return the act that a line of a script describes.

    :raises ValueError: it describes none.
    """
    found = _LINE.fullmatch(line.strip())
    if found is None or found["request"] not in _WHENS:
        raise ValueError(
            f"a line is '<before|after> <one of {', '.join(sorted(_WHENS))}> <number>: <deed>'; not {line!r}"
        )
    if found["deed"] not in DEEDS:
        raise ValueError(f"there is no deed {found['deed']!r}, but {', '.join(DEEDS)}")
    words = tuple(shlex.split(found["rest"]))
    deed = DEEDS[found["deed"]]
    if not deed.fewest <= len(words) <= deed.most:
        raise ValueError(f"{found['deed']} wants {deed.fewest} to {deed.most} words: {line!r}")
    if deed.has_values and not all("=" in word for word in words[1:]):
        raise ValueError(f"{found['deed']} wants name=value: {line!r}")
    return Act(found["when"], found["request"], int(found["number"]), found["deed"], words)


class Actor:
    """Plays a script; runs under the lock of the jobs.

    ``done`` are the acts whose time has come, in order.
    """

    def __init__(self, service: LocalDli) -> None:
        self._service = service
        self._script: list[Act] = []
        self._counts: Counter[str] = Counter()
        self.done: list[Done] = []

    def follow(self, lines: Iterable[str]) -> None:
        """Play this script from now on, and count requests anew.

        :raises ValueError: for a line that is none.
        """
        script = [parse(line) for line in lines]
        with self._service.jobs.lock:
            self._script = script
            self._counts.clear()
            self.done = []

    @property
    def is_idle(self) -> bool:
        """Whether there is no script."""
        return not self._script

    def before(self, method: str, endpoint: str) -> None:
        """Do what is to be done right before a request, which counts from now on."""
        self._counts.update({ANY, method, OPERATIONS.get(endpoint, endpoint)})
        self._play("before", method, endpoint)

    def after(self, method: str, endpoint: str) -> None:
        """Do what is to be done right after the request that ``before`` was called for."""
        self._play("after", method, endpoint)

    def _play(self, when: str, method: str, endpoint: str) -> None:
        words = {ANY, method, OPERATIONS.get(endpoint, endpoint)}
        journal = self._service.jobs.journal
        position = journal.position + (1 if when == "after" else -1)
        for act in self._script:
            if act.when == when and act.request in words and self._counts[act.request] == act.number:
                deed = DEEDS[act.deed]
                try:
                    with journal.acting(SERVICE if deed.by_service else OTHER, position):
                        deed.act(self._service, *act.words)
                except (Refused, ApiError, NotThere) as refusal:
                    self.done.append(Done(act, str(refusal)))
                else:
                    self.done.append(Done(act))


# The deeds. Each has the service and the words of its line.


def _job(service: LocalDli, name_or_id: str) -> Job:
    for job in service.jobs.all():
        if name_or_id in (job.name, str(job.job_id)):
            return job
    raise NotThere(f"there is no job {name_or_id}")


def _values(words: Iterable[str]) -> dict[str, Any]:
    """Return name=value pairs; a value that is no JSON is a text."""
    values = {}
    for name, _sign, text in (word.partition("=") for word in words):
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def _at_once(behaviour: Behaviour) -> Behaviour:
    """Return the behaviour of a service that needs no time."""
    seconds = ("init_seconds", "submit_seconds", "savepoint_seconds", "savepoint_late_seconds", "cancel_seconds")
    none: dict[str, Any] = dict.fromkeys(seconds, 0.0)
    return dataclasses.replace(behaviour, savepoint="made", delete_seconds=0.0, **none)


def _change(store: JobStore, job: Job, body: dict[str, Any]) -> None:
    """Update a job; fields that are not in the body stay, whatever the switches say.

    :raises Refused: a job of its type has no such field.
    """
    unknown = sorted(set(body) - set(job.fields))
    if unknown:
        raise Refused(f"DLI.0001: a job of this type has no {unknown[0]}.")
    store.update(job, body, Behaviour(), job.job_type == JAR_JOB)


def _rename(service: LocalDli, job: str, name: str) -> None:
    _change(service.jobs, _job(service, job), {"name": name})


def _update(service: LocalDli, job: str, *words: str) -> None:
    _change(service.jobs, _job(service, job), _values(words))


def _tag(service: LocalDli, job: str, *words: str) -> None:
    pairs = [word.partition("=") for word in words]
    found = _job(service, job)
    with service.jobs.journal.noting("tag", found):
        found.fields = found.fields | {"tags": [{"key": key, "value": value} for key, _sign, value in pairs]}


def _stop(service: LocalDli, job: str) -> None:
    service.jobs.stop(_job(service, job), False, service.behaviour)


def _stop_saved(service: LocalDli, job: str) -> None:
    service.jobs.stop(_job(service, job), True, service.behaviour)


def _start(service: LocalDli, job: str) -> None:
    found = _job(service, job)
    service.jobs.start(found, found.has_savepoint, service.behaviour)


def _start_empty(service: LocalDli, job: str) -> None:
    service.jobs.start(_job(service, job), False, service.behaviour)


def _save(service: LocalDli, job: str) -> None:
    service.jobs.save(_job(service, job), "others/savepoints", service.behaviour)


def _upgrade(service: LocalDli, job: str, *words: str) -> None:
    found, store = _job(service, job), service.jobs
    at_once = _at_once(service.behaviour)
    store.stop(found, True, at_once)
    _job(service, job)
    _change(store, found, _values(words))
    store.start(found, True, at_once)


def _delete(service: LocalDli, job: str) -> None:
    service.jobs.delete(_job(service, job), service.behaviour)


def _recreate(service: LocalDli, job: str, *words: str) -> None:
    found, store = _job(service, job), service.jobs
    store.delete(found, _at_once(service.behaviour))
    body = {name: value for name, value in found.fields.items() if value is not None}
    store.create(found.project_id, body | _values(words), found.job_type)


def _crash(service: LocalDli, job: str) -> None:
    _enter(service, job, "job_running_exception", "It crashed.")


def _finish(service: LocalDli, job: str) -> None:
    _enter(service, job, "job_finish", "")


def _enter(service: LocalDli, job: str, status: str, desc: str) -> None:
    found = _job(service, job)
    if found.status != "job_running":
        raise Refused(f"DLI.0007: a job in {found.status} does not end.")
    with service.jobs.journal.noting("enter", found):
        service.jobs.set_status(found.job_id, status, desc)


def _restart(service: LocalDli, job: str) -> None:
    found = _job(service, job)
    if found.status != "job_running":
        raise Refused(f"DLI.0007: a job in {found.status} is not restarted.")
    engine = service.jobs.engine
    if not isinstance(engine, ClockEngine):
        raise Refused("Only jobs that go by the clock are restarted on demand.")
    engine.restart(found, service.behaviour, service.jobs.now)


def _behave(service: LocalDli, *words: str) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_arguments(parser, service.behaviour)
    pairs = [word.partition("=") for word in words]
    flags = [f"--{name.replace('_', '-')}{sign}{value}" for name, sign, value in pairs]
    service.behaviour = from_arguments(parser.parse_args(flags))


@dataclasses.dataclass(frozen=True)
class Deed:
    """What an act does.

    :param act: takes the service and the words of the line.
    :param help: what it does, with the words that it wants.
    :param has_values: whether the words after the job are pairs C(name=value).
    :param by_service: whether it is not somebody else but the service itself that does it.
    """

    act: Callable[..., None]
    help: str
    fewest: int = 1
    most: int = 1
    has_values: bool = False
    by_service: bool = False


MANY = 20
DEEDS = {
    "rename": Deed(_rename, "rename JOB NAME: give a stopped job another name", 2, 2),
    "update": Deed(_update, "update JOB FIELD=VALUE…: set fields, as far as its status allows it", 2, MANY, True),
    "tag": Deed(_tag, "tag JOB KEY=VALUE…: have these tags and no others", 2, MANY, True),
    "stop": Deed(_stop, "stop JOB: stop it without a savepoint"),
    "stop-saved": Deed(_stop_saved, "stop-saved JOB: stop it with a savepoint"),
    "start": Deed(_start, "start JOB: start it, from its savepoint when it has one"),
    "start-empty": Deed(_start_empty, "start-empty JOB: start it with empty state"),
    "save": Deed(_save, "save JOB: make a savepoint while it runs"),
    "upgrade": Deed(
        _upgrade,
        "upgrade JOB FIELD=VALUE…: stop it with a savepoint, set fields, resume it, all at once",
        2,
        MANY,
        True,
    ),
    "delete": Deed(_delete, "delete JOB: delete it"),
    "recreate": Deed(
        _recreate, "recreate JOB [FIELD=VALUE…]: delete it and make a draft of its name and definition", 1, MANY, True
    ),
    "crash": Deed(_crash, "crash JOB: a running job fails", by_service=True),
    "finish": Deed(_finish, "finish JOB: a running job ends, its work done", by_service=True),
    "restart": Deed(_restart, "restart JOB: the service restarts a running job, which counts it", by_service=True),
    "behave": Deed(_behave, "behave SWITCH=VALUE…: the switches change", 1, MANY, False, by_service=True),
}
