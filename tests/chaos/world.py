# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays schedules: a real Flink, the local service on it, and the real modules in processes that can be killed."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_savepoint

from chaos.fast_clock import FastClock
from chaos.ledger import START, Ledger, LedgerEngine, check, untrue_starts
from chaos.schedule import Kill, Loss, Schedule, Step
from local_dli import Behaviour, LocalDli
from local_dli.actor import OPERATIONS, Actor
from local_dli.jobs import OBS
from local_dli.journal import CLIENT
from local_flink import FlinkCluster, build_job, find_flink_lib, read_events, until
from local_flink.counting import MAIN_CLASS
from module_process import module_process
from module_runner import access_to

# By the module's time; a job that gets no slots fails after 20 s of real time.
WAIT_TIMEOUT = 120
HEALTH_WINDOW = 3
# For one task, in real seconds; the longest take twenty.
PATIENCE = 150.0

# Flink notices a TaskManager that is gone within these many ms.
NOTICES = {"heartbeat.interval": "1000", "heartbeat.timeout": "8000"}

# The share of first tasks, of two concurrent ones, whose version crashes soon.
CRASHES = 0.3

WRITES = {"create", "update", "run", "stop", "savepoint", "import-savepoint"}
NAME = "counting"
# How often a person runs the task of the version that runs well, until it does: a job may crash while it is stopped, a
# TaskManager that was lost may need its time.
ATTEMPTS = 4
# What is in the messages about a job that is not started because its savepoint does not show.
NEVER_RUNS = "to settle; it was job_submitting"
WANTS_HELP = re.compile("[Ii]mport |savepoint was at|savepoint is gone")
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


@dataclass
class Played:
    """What became of a schedule.

    :param violations: sentences with the number of the step, or of the whole.
    :param documented: how many numbers came twice as it is documented.
    :param seconds: of each step.
    :param kills: where modules were killed, and C(losses) at which moments TaskManagers were.
    :param helped: how often a person had to import a savepoint, or to start with empty state where there was none.
    """

    schedule: Schedule
    violations: list[str] = field(default_factory=list)
    counted: int = 0
    documented: int = 0
    seconds: list[float] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    helped: int = 0
    tasks: int = 0
    log: list[str] = field(default_factory=list)


class World:
    """A Flink, a service on it and a folder as object storage, to be used as a context manager.

    :param task_managers: how many TaskManagers there are, each with room for the job; one of them at a time is lost.
    """

    def __init__(self, home: Path, task_managers: int = 1) -> None:
        self._home = home
        self._task_managers = task_managers
        self._mutant: Callable[[Path], None] | None = None
        self._running = contextlib.ExitStack()
        self._obs = home / "obs"

    def __enter__(self) -> World:
        with contextlib.ExitStack() as stack:
            self.cluster = stack.enter_context(
                FlinkCluster(self._home / "flink", task_managers=self._task_managers, settings=NOTICES)
            )
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

    def play(self, schedule: Schedule, mutant: Callable[[Path], None] | None = None) -> Played:
        """Play a schedule from a running job to its end, and check what the job has written.

        :param mutant: breaks the modules on purpose, in their processes; it gets the folder of the job's savepoints.
        """
        self._mutant = mutant
        self.service.reset()
        self._engine.ledger = Ledger()
        self.service.behaviour = Behaviour(**schedule.behaviour)
        row = _Row(self, schedule)
        row.play()
        return row.played

    # For a row of operations

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
                    os.kill(process.pid, signal.SIGKILL)

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
        """Kill a TaskManager at its moment, once, and have another one in its place when the operation is over."""
        if loss is None:
            yield
            return
        due, timers, known = [True], [], self.cluster.rest.task_managers()

        def lose() -> None:
            self.cluster.kill_task_manager()
            self.cluster.start_task_manager()
            note(loss.aim)

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
                until(lambda: self.cluster.rest.task_managers() - known, 60, "new TaskManager")

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
    def ledger(self) -> Ledger:
        return self._engine.ledger

    @property
    def _savepoints(self) -> Path:
        (job,) = self.service.jobs.all() or (None,)
        return self.folder(job.savepoint_folder) if job else self._obs

    def newest_savepoint(self) -> str | None:
        """Return the newest complete savepoint of the job in object storage, as a person finds it there."""
        (job,) = self.service.jobs.all()
        return self._engine.newest_savepoint(job)


class _Row:
    """One schedule as it is played."""

    def __init__(self, world: World, schedule: Schedule) -> None:
        self.world = world
        self.played = Played(schedule)
        self._schedule = schedule
        self._folder = f"obs://data/out-{schedule.seed}-{time.time_ns()}"
        self._version = 0
        self._step = 0
        # The options of the version that runs well, as far as they change.
        self._good: dict[str, Any] = {}

    def play(self) -> None:
        self._good = {**self._schedule.settings, **self._new()}
        first = self._run(self._job())
        self._expect(not first.failed, f"the first start failed: {first.message}")
        for number, step in enumerate(self._schedule.steps, start=1):
            self._step = number
            if self.played.violations:
                return
            began = time.monotonic()
            with self.world.losing(step.loss, lambda aim: self.played.losses.update([aim])):
                self._play(step)
            self._recover()
            self.played.seconds.append(time.monotonic() - began)
        self._step = 0
        stopped = self._run(self._job(state="stopped"))
        if stopped.failed:
            self._recover()
            stopped = self._run(self._job(state="stopped"))
        self._expect(not stopped.failed, f"the last stop failed: {stopped.message}")
        found = check(read_events(self.world.folder(self._folder)), self.world.ledger)
        self.played.counted, self.played.documented = found.counted, found.documented
        self._violated(*found.violations, *untrue_starts(self.world.ledger), *self.world.service.contract_violations)
        self._expect(found.counted > 0, "the job has written nothing")
        self.world.service.contract_violations.clear()

    # Operations

    def _play(self, step: Step) -> None:
        if " and " in step.operation and step.operation != "stop and start":
            self._concurrently(step)
            return
        name = step.operation.replace(" ", "_")
        getattr(self, f"_{name}")(step)

    def _upgrade(self, step: Step) -> None:
        self._becomes(step, {})

    def _rescale(self, step: Step) -> None:
        self._becomes(step, {"parallel_number": 1 + self._good["parallel_number"] % 3})

    def _live_change(self, step: Step) -> None:
        self._becomes(step, {"resume_max_num": 1000 + self._step, "entrypoint_args": self._good["entrypoint_args"]})

    def _crashes_at_start(self, step: Step) -> None:
        self._breaks(step, "--fail-on-start")

    def _crashes_in_the_window(self, step: Step) -> None:
        self._breaks(step, f"--crash-after-ms {200 + int(600 * step.draws[0])}")

    def _crashes_for_ever(self, step: Step) -> None:
        """It is healthy at first."""
        self._breaks(step, f"--crash-after-ms {1500 + int(2000 * step.draws[0])}", restart_when_exception=True)
        time.sleep(3 * step.draws[1])

    def _crashes_once(self, step: Step) -> None:
        marker = f"obs://data/crashed-{self._schedule.seed}-{time.time_ns()}"
        new = self._new(f"--crash-after-ms {300 + int(3000 * step.draws[0])} --crash-once {marker}")
        self._run_again_if_killed(step, self._job({**new, "restart_when_exception": True}))
        time.sleep(2 * step.draws[1])

    def _no_class(self, step: Step) -> None:
        self._breaks(step, "", main_class="org.example.Nothing")

    def _no_JAR(self, step: Step) -> None:  # pylint: disable=invalid-name # as the operation is named
        self._breaks(step, "", entrypoint="obs://jars/nothing.jar")

    def _savepoint_fails(self, step: Step) -> None:
        calm = self.world.service.behaviour
        self.world.service.behaviour = replace(calm, savepoint="fails")
        ran = self._run_again_if_killed(step, self._job(self._new()))
        self.world.service.behaviour = calm
        self._expect(ran.failed, "the upgrade succeeded, though no savepoint could be made")

    def _fails_while_it_stops(self, step: Step) -> None:
        """Flink makes the savepoint, but the job fails before it has ended, so the service does not show it."""
        options = {**self._new("--fail-commits"), "checkpoint_enabled": False, "restart_when_exception": False}
        runs = not self._run_again_if_killed(step, self._job(options)).failed
        time.sleep(step.draws[0])
        ran = self._run(self._job(self._new()))
        if runs:
            self._expect(ran.failed, "the upgrade succeeded, though the job failed while it stopped")

    def _stop_and_start(self, step: Step) -> None:
        self._run_again_if_killed(step, self._job(state="stopped"))
        ran = self._run(self._job())
        self._expect_success(step, ran)

    def _restarted(self, step: Step) -> None:
        self._expect_success(step, self._run_again_if_killed(step, self._job(state="restarted")))

    def _savepoint_now(self, step: Step) -> None:
        self._expect_success(step, self._run_again_if_killed(step, Task(dli_flink_savepoint, self._waits())))

    def _concurrently(self, step: Step) -> None:
        """The second task begins at any moment, or soon after the first has started the job; the first may crash."""
        second = {
            "upgrade and upgrade": lambda: self._job(self._new()),
            "upgrade and stop": lambda: self._job(state="stopped"),
            "upgrade and savepoint": lambda: Task(dli_flink_savepoint, self._waits()),
        }[step.operation]()
        when, how, delay = step.draws
        first = self._job(self._new(f"--crash-after-ms {500 + int(1000 * delay)}" if how < CRASHES else ""))
        with ThreadPoolExecutor(2) as pool, self.world.seeing("after run") as started:
            one = pool.submit(self._run, first, step.kill)
            if when < 0.5:
                started.wait(timeout=PATIENCE / 10)
            time.sleep(2 * delay)
            other = pool.submit(self._run, second, None)
            ends = [one.result(), other.result()]
        self._violated(*undone(self.world.service, *(ran.token for ran in ends)))
        for task, ran in zip((first, second), ends):
            if not ran.failed and task.options.get("state") == "started" and how >= CRASHES:
                self._good |= {"entrypoint_args": task.options["entrypoint_args"]}

    # What they share

    def _becomes(self, step: Step, changes: dict[str, Any]) -> None:
        new = {**self._new(), **changes}
        ran = self._run_again_if_killed(step, self._job(new))
        self._expect_success(step, ran)
        if not ran.failed:
            self._good |= new

    def _breaks(self, step: Step, arguments: str, **options: Any) -> None:
        self._run_again_if_killed(step, self._job({**self._new(arguments), **options}))

    def _recover(self) -> None:
        """Bring the job back to the version that runs well, as a person does, who follows the messages."""
        options: dict[str, Any] = {}
        for _attempt in range(ATTEMPTS):
            ran = self._run(self._job(options))
            if not ran.failed:
                return
            if NEVER_RUNS in ran.message:
                # Flink starts again and again what fails at its start.
                self._run(self._job(state="stopped"))
            elif WANTS_HELP.search(ran.message):
                options = {"resume_savepoint": self._import_newest()}
        self._expect(False, f"it did not recover: {ran.message}")

    def _import_newest(self) -> bool:
        """Give the job its newest savepoint; return whether there is any."""
        self.played.helped += 1
        path = self.world.newest_savepoint()
        if path is None:
            return False
        ran = self._run(Task(dli_flink_savepoint, {**self._waits(), "state": "imported", "savepoint_path": path}))
        self._expect(not ran.failed, f"it could not be imported: {ran.message}")
        return True

    def _run_again_if_killed(self, step: Step, task: Task) -> Ran:
        ran = self._run(task, step.kill)
        return self._run(task) if ran.result is None else ran

    def _run(self, task: Task, kill: Kill | None = None) -> Ran:
        began = time.monotonic()
        ran = self.world.run(task, kill)
        self.played.tasks += 1
        if ran.place:
            self.played.kills[ran.place] += 1
        state = task.options.get("state", "savepoint")
        taken = f"{time.monotonic() - began:.1f} s"
        self.played.log.append(f"step {self._step} {state}, {taken}: {ran.message or ran.place or 'ok'}")
        for word in ("Traceback", "fault of the collection", NO_END, NO_OUTPUT):
            self._expect(word not in ran.message, ran.message)
        return ran

    def _expect_success(self, step: Step, ran: Ran) -> None:
        """What nothing disturbs has to succeed."""
        if not step.loss:
            self._expect(not ran.failed or step.kill is not None, f"{step.operation} failed: {ran.message}")

    def _expect(self, is_so: bool, sentence: str) -> None:
        if not is_so:
            self._violated(sentence)

    def _violated(self, *sentences: str) -> None:
        where = f"step {self._step}: " if self._step else ""
        self.played.violations += [where + sentence for sentence in sentences]

    def _new(self, arguments: str = "") -> dict[str, Any]:
        """Return what the next version changes."""
        self._version += 1
        label = f"--out {self._folder} --label v{self._version}.{START} --rate 300"
        return {"entrypoint_args": f"{label} {arguments}".strip()}

    def _job(self, options: dict[str, Any] | None = None, **further: Any) -> Task:
        fixed = {
            "queue_name": "streaming",
            "entrypoint": "obs://jars/counting.jar",
            "main_class": MAIN_CLASS,
            "flink_version": "1.15",
            "execution_agency_urn": "flink-agency",
            "checkpoint_interval": 1,
            "restart_when_exception": False,
            "obs_bucket": "data",
            "state": "started",
            "health_window": HEALTH_WINDOW,
        }
        return Task(dli_flink_jar_job, {**fixed, **self._waits(), **self._good, **(options or {}), **further})

    @staticmethod
    def _waits() -> dict[str, Any]:
        return {"name": NAME, "wait_timeout": WAIT_TIMEOUT}


def undone(service: LocalDli, *tokens: str) -> Iterator[str]:
    """Yield a sentence for each write of a task that undoes what the other one has done on purpose.

    That is a stop, a start or a change of the job, which came after the task itself first wrote, and which it could
    have noticed, because it has read the job between that and its own write.

    :param tokens: those of the two tasks.
    """
    known = {sent.number: sent for sent in service.requests if sent.number is not None}
    tasks = {number: sent.headers.get("x-auth-token") for number, sent in known.items()}
    writes = [
        ((event.position - 1) // 3, event.operation)
        for event in service.journal.events
        if event.by == CLIENT and event.operation in ("start", "stop", "update")
    ]
    writes = [(number, operation) for number, operation in writes if tasks.get(number) in tokens]
    for at, (number, operation) in enumerate(writes):
        mine = tasks[number]
        earlier = writes[:at]
        first = next((begun for begun, _operation in earlier if tasks[begun] == mine), number)
        for theirs, deed in earlier:
            is_between = any(
                tasks[read] == mine and known[read].method == "GET" and theirs < read < number for read in known
            )
            if tasks[theirs] != mine and first < theirs and is_between:
                yield f"{operation} at request {number}, after the other task's {deed} at request {theirs} was read"


@contextlib.contextmanager
def temporary_world(task_managers: int = 1) -> Iterator[World]:
    """Start a world in a folder of its own, which goes with it."""
    with tempfile.TemporaryDirectory(prefix="otc-dli-chaos-") as home, World(Path(home), task_managers) as world:
        yield world
