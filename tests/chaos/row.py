# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One schedule as it is played: its operations, one after the other, and what judges them."""

from __future__ import annotations

import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job, dli_flink_savepoint

from chaos.fleet import Fleet
from chaos.ledger import START, Ledger, Start, check, unsaved_end, untrue_starts
from chaos.scenes import SCENES
from chaos.schedule import FLEET, PAIRS, Kill, Schedule, Step
from chaos.world import ATTEMPTS, NO_END, NO_OUTPUT, PATIENCE, Ran, Task, World
from local_dli import Behaviour, LocalDli
from local_dli.jobs import Job
from local_dli.journal import CLIENT
from local_dli.lifecycle import RUNNING, has_ended
from local_flink import read_events
from local_flink.counting import MAIN_CLASS

# By the module's time; a job that gets no slots fails after 20 s of real time.
WAIT_TIMEOUT = 120
HEALTH_WINDOW = 3

# The share of first tasks, of two concurrent ones, whose version crashes soon.
CRASHES = 0.3

NAME = "counting"
WAITS = {"wait_timeout": WAIT_TIMEOUT}
DEFAULTS: dict[str, Any] = {
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
# What is in the messages about a job that is submitted again and again, and about one whose savepoint does not show.
NEVER_RUNS = re.compile(
    "to settle; it was job_submitting|in job_submitting cannot be|restarted by the service|"
    "of a running job cannot be sent|it could not be stopped; its definition"
)
# The last two: a job that the service restarts may have lost the savepoint that was imported before, and the files of
# the one that it shows may be gone.
WANTS_HELP = re.compile(
    "[Ii]mport |savepoint was at|savepoint is gone|has no savepoint to resume from|Cannot find checkpoint or savepoint"
)
# Flink's reason why a job that it is restarting makes no savepoint, and how often an operator meets that: a version
# that crashes soon after each restart hardly ever runs.
RESTARTING = "Not all required tasks are currently running"
MOST_RESTARTING = 20


class SavepointGone(Exception):
    """The job can never go on as nothing was, whatever anybody does: the service has deleted the files it needs."""


@dataclass
class Played:
    """What became of a schedule.

    :param violations: sentences with the number of the step, or of the whole.
    :param documented: how many numbers came twice as it is documented.
    :param seconds: of each step.
    :param kills: where modules were killed, and C(losses) at which moments TaskManagers were.
    :param starts: all starts of the job.
    :param is_gone: whether the service has deleted the savepoint without which the job cannot go on.
    :param operator_steps: how often the operator had to import a savepoint, or to start with empty state where there
        was none.
    """

    schedule: Schedule
    violations: list[str] = field(default_factory=list)
    counted: int = 0
    documented: int = 0
    seconds: list[float] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    is_gone: bool = False
    operator_steps: int = 0
    tasks: int = 0
    log: list[str] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)


class Row:
    """One schedule as it is played.

    ``played`` is what became of it, and ``good`` has the options of the version that runs well, as far as they change.
    ``folder`` is where the job writes. ``defaults`` and ``waits`` are options of all jobs and tasks.
    """

    defaults = DEFAULTS
    waits = WAITS

    def __init__(self, world: World, schedule: Schedule) -> None:
        self.world = world
        self.played = Played(schedule)
        self._schedule = schedule
        self.folder = f"obs://data/out-{schedule.seed}-{time.time_ns()}"
        self._version = 0
        self._step = 0
        self._is_after_a_loss = self._is_stopped = False
        self.good: dict[str, Any] = {}

    def play(self) -> None:
        """Play all steps, and judge what came of them."""
        with contextlib.suppress(SavepointGone):
            self._play_steps()
        self._step = 0
        self._judge()

    def _play_steps(self) -> None:
        self.good = {**self._schedule.settings, **self.new()}
        first = self.run(self.job())
        self.expect(not first.failed, f"the first start failed: {first.message}")
        for number, step in enumerate(self._schedule.steps, start=1):
            self._step = number
            if self.played.violations:
                return
            began, losses = time.monotonic(), self.played.losses.total()
            with self.world.losing(step.loss, lambda aim: self.played.losses.update([aim])):
                self._play(step)
            self.recover()
            self._is_after_a_loss = self.played.losses.total() > losses
            self.played.seconds.append(time.monotonic() - began)
        self._step = 0
        stopped = self.run(self.job(state="stopped"))
        if stopped.failed:
            self.recover()
            stopped = self.run(self.job(state="stopped"))
        self.expect(not stopped.failed, f"the last stop failed: {stopped.message}")
        self._is_stopped = not stopped.failed

    def _judge(self) -> None:
        job = self.world.job
        self.expect(self.judge(job, self.folder, self._is_stopped) or not self._is_stopped, "it has written nothing")
        self.violated(*self.world.service.contract_violations)
        self.world.service.contract_violations.clear()

    def judge(self, job: Job, folder: str, is_whole: bool) -> int:
        """Judge what a job has written into a folder, and its starts; return how many lines there are.

        :param is_whole: whether it was stopped with a savepoint, so that it has committed all that it has written.
        """
        ledger = self.world.ledger_of(job)
        found = check(read_events(self.world.folder(folder)), ledger, is_whole)
        self.played.counted += found.counted
        self.played.documented += found.documented
        end = unsaved_end(ledger, self.world.newest_savepoint(job)) if is_whole else ()
        stops = unsaved_stops(self.world.service, job, ledger)
        self.violated(*(f"{job.name}: {what}" for what in (*found.violations, *untrue_starts(ledger), *stops, *end)))
        return found.counted

    # Operations

    def _play(self, step: Step) -> None:
        if step.operation in SCENES:
            SCENES[step.operation].play(self, step)
            return
        if step.operation in PAIRS:
            self._concurrently(step)
            return
        if step.operation == FLEET:
            Fleet(self, step).play()
            return
        name = step.operation.replace(" ", "_")
        getattr(self, f"_{name}")(step)

    def _upgrade(self, step: Step) -> None:
        self._becomes(step, {})

    def _rescale(self, step: Step) -> None:
        self._becomes(step, {"parallel_number": 1 + self.good["parallel_number"] % 3})

    def _live_change(self, step: Step) -> None:
        self._becomes(step, {"resume_max_num": 1000 + self._step, "entrypoint_args": self.good["entrypoint_args"]})

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
        new = self.new(f"--crash-after-ms {300 + int(3000 * step.draws[0])} --crash-once {marker}")
        self.run_again_if_killed(step, self.job({**new, "restart_when_exception": True}))
        time.sleep(2 * step.draws[1])

    def _no_class(self, step: Step) -> None:
        self._breaks(step, "", main_class="org.example.Nothing")

    def _no_JAR(self, step: Step) -> None:  # pylint: disable=invalid-name # as the operation is named
        self._breaks(step, "", entrypoint="obs://jars/nothing.jar")

    def _savepoint_fails(self, step: Step) -> None:
        calm = self.world.service.behaviour
        self.world.service.behaviour = replace(calm, savepoint="fails")
        ran = self.run_again_if_killed(step, self.job(self.new()))
        self.world.service.behaviour = calm
        self.expect(ran.failed, "the upgrade succeeded, though no savepoint could be made")

    def _stop_not_carried_out(self, step: Step) -> None:
        """The service refuses the stop, or accepts it and goes on as if nothing was."""
        jobs = self.world.service.jobs
        outcome = ("refused", "runs_on", "ignored")[int(3 * step.draws[0])]
        jobs.plan_stop(NAME, outcome)
        starts = len(self.world.ledger.starts)
        ran = self.run_again_if_killed(step, self.job(self.new()))
        if not (step.kill or step.loss):
            self.expect(ran.failed, "the upgrade succeeded, though the job was not stopped")
            self.expect(len(self.world.ledger.starts) == starts, "it was started, though it was not stopped")
        jobs.forget_plans(NAME)

    def _fails_while_it_stops(self, step: Step) -> None:
        """Flink makes the savepoint, but the job fails before it has ended, so the service does not show it."""
        options = {**self.new("--fail-commits"), "checkpoint_enabled": False, "restart_when_exception": False}
        runs = not self.run_again_if_killed(step, self.job(options)).failed
        time.sleep(step.draws[0])
        ran = self.run(self.job(self.new()))
        if runs and not step.loss:
            self.expect(ran.failed, "the upgrade succeeded, though the job failed while it stopped")

    def _stop_and_start(self, step: Step) -> None:
        self.run_again_if_killed(step, self.job(state="stopped"))
        ran = self.run(self.job())
        self.expect_success(step, ran)

    def _restarted(self, step: Step) -> None:
        self.expect_success(step, self.run_again_if_killed(step, self.job(state="restarted")))

    def _savepoint_now(self, step: Step) -> None:
        self.expect_success(step, self.run_again_if_killed(step, self.savepoint()))

    def _concurrently(self, step: Step) -> None:
        """The second task begins at any moment, or soon after the first has started the job; the first may crash."""
        second = {
            "upgrade and upgrade": lambda: self.job(self.new()),
            "upgrade and stop": lambda: self.job(state="stopped"),
            "upgrade and savepoint": self.savepoint,
        }[step.operation]()
        when, how, delay = step.draws
        first = self.job(self.new(f"--crash-after-ms {500 + int(1000 * delay)}" if how < CRASHES else ""))
        with ThreadPoolExecutor(2) as pool, self.world.seeing("after run") as started:
            one = pool.submit(self.run, first, step.kill)
            if when < 0.5:
                started.wait(timeout=PATIENCE / 10)
            time.sleep(2 * delay)
            other = pool.submit(self.run, second, None)
            ends = [one.result(), other.result()]
        tokens = [ran.token for ran in ends]
        self.violated(*undone(self.world.service, *tokens))
        if self.played.violations:
            self.played.log += requests_of(self.world.service, *tokens)
        for task, ran in zip((first, second), ends):
            if not ran.failed and task.options.get("state") == "started" and how >= CRASHES:
                self.good |= {"entrypoint_args": task.options["entrypoint_args"]}

    # What they share

    def _becomes(self, step: Step, changes: dict[str, Any]) -> None:
        new = {**self.new(), **changes}
        ran = self.run_again_if_killed(step, self.job(new))
        self.expect_success(step, ran)
        if not ran.failed:
            self.good |= new

    def _breaks(self, step: Step, arguments: str, **options: Any) -> None:
        self.run_again_if_killed(step, self.job({**self.new(arguments), **options}))

    def recover(self) -> None:
        """Bring the job back to the version that runs well, as an operator does, who follows the messages."""
        options: dict[str, Any] = {}
        left, restarting = ATTEMPTS, MOST_RESTARTING
        while left and restarting:
            ran = self.run(self.job(options))
            if not ran.failed:
                return
            if RESTARTING in ran.message:
                restarting -= 1
            else:
                left -= 1
            self.give_up_what_is_gone(self.world.job)
            if NEVER_RUNS.search(ran.message):
                # Flink, or the service, starts again and again what fails at its start.
                self.run(self.job(state="stopped"))
            elif WANTS_HELP.search(ran.message):
                options = {"resume_savepoint": self.import_newest(self.world.job)}
        self.expect(False, f"it did not recover: {ran.message}")

    def give_up_what_is_gone(self, job: Job) -> None:
        """End the schedule where a job has ended, and the service has deleted the savepoint that it needs.

        :raises SavepointGone: it is so.
        """
        path = self.world.newest_savepoint(job)
        if path and not self.world.folder(path).is_dir() and has_ended(job.status):
            self.played.is_gone = True
            raise SavepointGone

    def import_newest(self, job: Job) -> bool:
        """Give a job its newest savepoint; return whether there is any."""
        self.played.operator_steps += 1
        path = self.world.newest_savepoint(job)
        if path is None:
            return False
        options = {**self.waits, "name": job.name, "state": "imported", "savepoint_path": path}
        ran = self.run(Task(dli_flink_savepoint, options))
        self.expect(not ran.failed, f"it could not be imported: {ran.message}")
        return True

    def run_again_if_killed(self, step: Step, task: Task) -> Ran:
        ran = self.run(task, step.kill)
        return self.run(task) if ran.result is None else ran

    def run(self, task: Task, kill: Kill | None = None) -> Ran:
        began = time.monotonic()
        ran = self.world.run(task, kill)
        self.played.tasks += 1
        if ran.place:
            self.played.kills[ran.place] += 1
        state = task.options.get("state", task.module.__name__.rpartition("_")[2])
        taken = f"{time.monotonic() - began:.1f} s"
        self.played.log.append(f"step {self._step} {state}, {taken}: {ran.message or ran.place or 'ok'}")
        for word in ("Traceback", "fault of the collection", NO_END, NO_OUTPUT):
            self.expect(word not in ran.message, ran.message)
        return ran

    def expect_success(self, step: Step, ran: Ran) -> None:
        """What nothing disturbs has to succeed, unless Flink is still restarting the job after the step before."""
        is_disturbed = step.loss or step.kill or (self._is_after_a_loss and RESTARTING in ran.message)
        self.expect(not ran.failed or bool(is_disturbed), f"{step.operation} failed: {ran.message}")

    def expect(self, is_so: bool, sentence: str) -> None:
        if not is_so:
            self.violated(sentence)

    def violated(self, *sentences: str) -> None:
        where = f"step {self._step}: " if self._step else ""
        self.played.violations += [where + sentence for sentence in sentences]

    def new(self, arguments: str = "", folder: str = "") -> dict[str, Any]:
        """Return what the next version changes.

        :param folder: where it writes, where that is not the folder of the job that the schedule is about.
        """
        self._version += 1
        label = f"--out {folder or self.folder} --label v{self._version}.{START} --rate 300"
        return {"entrypoint_args": f"{label} {arguments}".strip()}

    def job(self, options: dict[str, Any] | None = None, **further: Any) -> Task:
        return Task(
            dli_flink_jar_job, {**self.defaults, **self.waits, "name": NAME, **self.good, **(options or {}), **further}
        )

    def savepoint(self) -> Task:
        """Return the task that makes a savepoint of the running job."""
        return Task(dli_flink_savepoint, {**self.waits, "name": NAME})


STATUS = re.compile(rb'"status": ?"(\w+)"')
STOP_AT_WORK = re.compile(rb'"status": ?"job_(savepointing|canceling)"')
# A job that fails while it is stopped may show no other statuses, as one does of which somebody makes a savepoint; the
# service may submit it again then.
STOP_UNSEEN = re.compile(rb'"status": ?"(job_running(_exception)?|job_savepointing|job_submitting)"')
# Whatever was seen of a stop before: the job was not stopped. A JobManager that is lost forgets what it was asked for.
RUNS_ON = re.compile(rb'"status": ?"job_running"')


def undone(service: LocalDli, *tokens: str) -> Iterator[str]:
    """Yield a sentence for each write of a task that undoes what the other one has done on purpose.

    That is a stop, a start or a change of the job, which came after the task itself first wrote, and which it could
    have noticed, because it has read the job between that and its own write. A start does not undo a change: it runs
    the version of the other task, and the task warns that it is not its own.

    :param tokens: those of the two tasks.
    """
    known = {sent.number: sent for sent in service.requests if sent.number is not None}
    tasks = _tasks(service)
    writes = [
        (event.request, event.operation)
        for event in service.journal.events
        if event.by == CLIENT and event.operation in ("start", "stop", "update")
    ]
    writes = [(number, operation) for number, operation in writes if tasks.get(number) in tokens]
    for at, (number, operation) in enumerate(writes):
        mine = tasks[number]
        earlier = writes[:at]
        own = [(begun, began) for begun, began in earlier if tasks[begun] == mine]
        first = own[0][0] if own else number
        reads = [read for read, sent in known.items() if tasks[read] == mine and sent.method == "GET"]
        for theirs, deed in earlier:
            # What a task reads after a stop or an update of its own shows that one.
            own_ones = [begun for begun, began in own if began == deed != "start" and begun > theirs]
            seen = [read for read in reads if theirs < read < min(own_ones, default=number)]
            if deed == "stop":
                failed = max((read for read in seen if RUNS_ON.search(known[read].answer)), default=theirs)
                seen = [read for read in seen if read > failed and not STOP_UNSEEN.search(known[read].answer)]
            is_seen = bool(seen)
            begun, began = max((one for one in own if one[0] < theirs), default=(0, ""))
            if began == deed == "stop":
                # So it does where the other one came while that was still at work, as far as reads have shown. One read
                # that shows otherwise can be an old one.
                between = [known[read].answer for read in reads if begun < read < theirs]
                is_seen &= sum(not STOP_AT_WORK.search(answer) for answer in between) > 1
            undoes = (operation, deed) != ("start", "update")
            if tasks[theirs] != mine and first < theirs and is_seen and undoes:
                yield f"{operation} at request {number}, after the other task's {deed} at request {theirs} was read"


def unsaved_stops(service: LocalDli, job: Job, ledger: Ledger) -> Iterator[str]:
    """Yield a sentence for each stop of a job without a savepoint that gave up more than a failed start of the task.

    A task may give up only what it has started itself, and what has not come to run, or was restarted since.
    """
    tasks = _tasks(service)
    count, starter, restarts = 0, None, 0
    for event in service.journal.events:
        if event.by != CLIENT or event.job_id != job.job_id or event.what != "job":
            continue
        number = event.request
        if event.operation == "start":
            count, starter, restarts = count + 1, tasks[number], event.after.restart_times
        elif event.operation == "stop" and not event.asked["trigger_savepoint"]:
            if tasks[number] != starter:
                yield f"stop without a savepoint at request {number}, by a task that has not started it"
            elif event.before.status == RUNNING and event.before.restart_times == restarts:
                if not ledger.starts[count - 1].lost_manager:
                    yield f"stop without a savepoint at request {number}, of what runs and was never restarted"


def _tasks(service: LocalDli) -> dict[int, str | None]:
    """Return the token of the task that has sent each request, by the number of the request."""
    return {sent.number: sent.headers.get("x-auth-token") for sent in service.requests if sent.number is not None}


def requests_of(service: LocalDli, *tokens: str) -> Iterator[str]:
    """Yield a line for each request of some tasks, with the status that its answer shows, for whoever looks for why."""
    for sent in service.requests:
        token = sent.headers.get("x-auth-token")
        if token in tokens:
            shown = STATUS.search(sent.answer)
            status = shown[1].decode() if shown else "no status"
            yield f"request {sent.number} of task {tokens.index(token)}: {sent.method} {sent.path}: {status}"


def play(world: World, schedule: Schedule, mutant: Callable[[Path], None] | None = None) -> Played:
    """Play a schedule from a running job to its end, and check what the job has written.

    :param mutant: breaks the modules on purpose, see World.begin.
    """
    world.begin(Behaviour(**schedule.behaviour), mutant)
    row = Row(world, schedule)
    row.play()
    row.played.starts = world.ledger.starts
    if row.played.violations:
        # Its world is gone when somebody reads why.
        row.played.log += world.cluster.last_words()
    return row.played
