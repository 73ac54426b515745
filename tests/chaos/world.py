# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Flink, the local service on it, and the real modules in processes that can be killed."""

from __future__ import annotations

import contextlib
import functools
import json
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from chaos.fast_clock import FastClock
from chaos.ledger import Ledger, LedgerEngine
from chaos.schedule import Kill, Loss
from local_dli import Behaviour, LocalDli
from local_dli.actor import OPERATIONS, Actor
from local_dli.jobs import OBS, Job
from local_flink import FlinkCluster, FlinkError, build_job, find_flink_lib
from module_process import module_process
from module_runner import access_to

# For one task, in real seconds; the longest take twenty.
PATIENCE = 150.0

# How often the operator runs the task of the version that runs well, until it does: a job may crash while it is
# stopped, a TaskManager that was lost may need its time, and the service may restart a job and drop what was imported,
# repeatedly.
ATTEMPTS = 6

# Flink notices a TaskManager that is gone within so many ms, and gives up a savepoint that does not come; else it waits
# ten minutes for one, which is more than any task of a schedule has.
NOTICES = {"heartbeat.interval": "1000", "heartbeat.timeout": "8000", "execution.checkpointing.timeout": "30 s"}

# How long Flink may take to be whole again when it has lost a process, in seconds.
RECOVERS = 60.0

WRITES = {"create", "update", "run", "stop", "savepoint", "import-savepoint"}
NO_END = f"The module did not end within {PATIENCE:g} s."
NO_OUTPUT = "The module ended without output, and nobody killed it."


class Watcher(Actor):
    """Calls functions when the service begins or ends to handle a request, under the lock of the jobs.

    ``listeners`` get ``before`` or ``after`` and the name of the operation, as scripts of an Actor call it.
    """

    def __init__(self, service: LocalDli) -> None:
        super().__init__(service)
        self.listeners: list[Callable[[str, str], None]] = []

    def before(self, method: str, endpoint: str) -> None:
        self._hear("before", endpoint)
        super().before(method, endpoint)

    def after(self, method: str, endpoint: str) -> None:
        super().after(method, endpoint)
        self._hear("after", endpoint)

    def _hear(self, when: str, endpoint: str) -> None:
        for listener in list(self.listeners):
            listener(when, OPERATIONS.get(endpoint, endpoint))


@dataclass(frozen=True)
class Task:
    """A task: a module and its options."""

    module: ModuleType
    options: dict[str, Any]


@dataclass
class Ran:
    """What became of a task.

    :param result: what the module has printed, None when it was killed.
    :param place: its last write before it was killed.
    :param token: the token of its requests.
    """

    result: dict[str, Any] | None
    place: str = ""
    token: str = ""

    @property
    def failed(self) -> bool:
        return self.result is None or bool(self.result.get("failed"))

    @property
    def message(self) -> str:
        return (self.result or {}).get("msg", "")


class World:
    """A Flink, a service on it and a folder as object storage, to be used as a context manager.

    :param task_managers: how many TaskManagers there are, each with room for the job; one of them at a time is lost.
    :param survives: whether jobs survive the loss of the JobManager, see FlinkCluster.
    """

    def __init__(self, home: Path, task_managers: int = 1, survives: bool = False) -> None:
        self._home = home
        self._task_managers = task_managers
        self._survives = survives
        self._mutant: Callable[[Path], None] | None = None
        self._running = contextlib.ExitStack()
        self._obs = home / "obs"

    def __enter__(self) -> World:
        with contextlib.ExitStack() as stack:
            flink = FlinkCluster(
                self._home / "flink", task_managers=self._task_managers, settings=NOTICES, survives=self._survives
            )
            self.cluster = stack.enter_context(flink)
            build_job(find_flink_lib(), self._obs / "jars" / "counting.jar")
            self._engine = LedgerEngine(self.cluster.rest, self._obs)
            self.service = stack.enter_context(LocalDli(engine=self._engine))
            self.service.actor = self._watcher = Watcher(self.service)
            self._running = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._running.close()

    def begin(self, behaviour: Behaviour, mutant: Callable[[Path], None] | None) -> None:
        """Forget all jobs, and serve anew.

        :param mutant: breaks the modules on purpose, in their processes; it gets the folder of the job's savepoints.
        """
        self._mutant = mutant
        self.service.reset()
        self._engine.ledgers.clear()
        self.service.behaviour = behaviour

    def run(self, task: Task, kill: Kill | None = None) -> Ran:
        """Run a task, and kill it when its moment comes before its end."""
        # By its token, the service's records show which requests are those of this task.
        access = access_to(self.service)
        ran = self._run(task, access, kill)
        ran.token = access["token"]
        return ran

    def _run(self, task: Task, access: dict[str, str], kill: Kill | None) -> Ran:
        options = {**access, **task.options}
        token, writes, requests = access["token"], ["nothing"], [0]
        process_options: dict[str, Any] = {"clock": FastClock}
        if self._mutant:
            process_options["prepare"] = functools.partial(self._mutant, self._savepoints)
        with module_process(task.module, options, **process_options) as (process, output):

            def listen(when: str, operation: str) -> None:
                sent = self.service.requests[-1] if when == "after" else None
                if sent is None or sent.headers.get("x-auth-token") != token:
                    return
                requests[0] += 1
                if operation in WRITES:
                    writes.append(operation)
                if kill and (requests[0] == kill.request or len(writes) - 1 == kill.write > 0):
                    process.kill()

            self._watcher.listeners.append(listen)
            timer = threading.Timer(kill.seconds, process.kill) if kill and kill.seconds else None
            if timer:
                timer.start()
            try:
                if not output.poll(PATIENCE):
                    process.kill()
                    return Ran({"failed": True, "msg": NO_END})
                return Ran(json.loads(output.recv()))
            except EOFError:
                process.join()
                if kill is None or process.exitcode != -signal.SIGKILL:
                    return Ran({"failed": True, "msg": NO_OUTPUT})
                return Ran(None, f"after {writes[-1]}")
            finally:
                if timer:
                    timer.cancel()
                    timer.join()
                self._watcher.listeners.remove(listen)

    @contextlib.contextmanager
    def losing(self, loss: Loss | None, note: Callable[[str], None]) -> Iterator[None]:
        """Kill a process of Flink at its moment, once, and have another one in its place when the operation is over."""
        if loss is None:
            yield
            return
        due, timers, known = [True], [], self.cluster.rest.task_managers()

        def lose() -> None:
            if loss.process == "JobManager":
                self.cluster.replace_job_manager()
                with self.service.jobs.lock:
                    self._engine.recover(RECOVERS)
            else:
                self.cluster.kill_task_manager()
                self.cluster.start_task_manager()
            note(f"{loss.process} {loss.aim}")

        def listen(when: str, operation: str) -> None:
            if due[0] and f"{when} {operation}" == loss.aim:
                due[0] = False
                timers.append(threading.Timer(loss.seconds, lose))
                timers[-1].start()

        if loss.aim == "between":
            lose()
        self._watcher.listeners.append(listen)
        try:
            yield
        finally:
            self._watcher.listeners.remove(listen)
            for timer in timers:
                timer.join()
            if timers or loss.aim == "between":
                # Those of a TaskManager that is gone count as slots until Flink notices it.
                is_there = self._has_all_again if loss.process == "JobManager" else lambda: bool(self._found() - known)
                self.cluster.until(is_there, RECOVERS, f"new {loss.process}")

    def _found(self) -> set[str]:
        """Return the TaskManagers that the JobManager knows, none while there is no JobManager."""
        try:
            return self.cluster.rest.task_managers()
        except FlinkError:
            return set()

    def _has_all_again(self) -> bool:
        self.cluster.revive_job_manager()
        return len(self._found()) >= self._task_managers

    @contextlib.contextmanager
    def seeing(self, moment: str) -> Iterator[threading.Event]:
        """Yield an event that is set when a moment comes, such as C(after run)."""
        seen = threading.Event()

        def listen(when: str, operation: str) -> None:
            if f"{when} {operation}" == moment:
                seen.set()

        self._watcher.listeners.append(listen)
        try:
            yield seen
        finally:
            self._watcher.listeners.remove(listen)

    def folder(self, path: str) -> Path:
        """Return where a folder of object storage really is."""
        return self._obs / path.removeprefix(OBS)

    @property
    def job(self) -> Job:
        """The job that the schedule is about, the first that there was."""
        return self.service.jobs.all()[0]

    @property
    def ledger(self) -> Ledger:
        """What there is to know about its starts."""
        return self.ledger_of(self.job)

    def ledger_of(self, job: Job) -> Ledger:
        """Return what there is to know about the starts of a job."""
        return self._engine.ledgers[job.job_id]

    @property
    def _savepoints(self) -> Path:
        return self.folder(self.job.savepoint_folder) if self.service.jobs.all() else self._obs

    def newest_savepoint(self, job: Job) -> str | None:
        """Return the newest complete savepoint of a job in object storage, as an operator finds it there."""
        return self._engine.newest_savepoint(job)


@contextlib.contextmanager
def temporary_world(task_managers: int = 1, survives: bool = False) -> Iterator[World]:
    """Start a world in a folder of its own, which goes with it."""
    with tempfile.TemporaryDirectory(prefix="otc-dli-chaos-") as home:
        with World(Path(home), task_managers, survives) as world:
            yield world
