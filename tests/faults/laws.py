# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laws about state, judged by the service's own journal of truth, never by what the module says.

A law is a function from one run, or from a row of runs of the same task, to what was not as it has to be. Somebody
else can always act right between a read and the write that rests on it; nobody can lock a job. So what somebody else
has done counts against the module only where it is *preventable*: where the module has sent at least one request about
the job between that act and the write, which could have been the read that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.otc.dli.plugins.module_utils._reconcile import wait

from faults.invariants import Violation, is_unsure, output_violations
from faults.scenarios import Scenario
from faults.stage import CALM, Observation, Plan, Stage
from local_dli.app import RecordedRequest
from local_dli.history import snapshot
from local_dli.jobs import Job
from local_dli.journal import CLIENT, OTHER, SERVICE, Event

WRITES = ("update", "tag", "start", "stop", "delete", "save", "import-savepoint")
FAILED = ("job_running_exception", "job_submit_fail")
# The statuses in which a job may be after a task of a state, where somebody may make a savepoint of it meanwhile.
ENDS = {
    "started": ("job_running", "job_savepointing", "job_finish"),
    "restarted": ("job_running", "job_savepointing", "job_finish"),
    "stopped": ("job_cancel_success", "job_init", "job_finish", *FAILED),
    "absent": ("deleted",),
}
# Fields that the service sets by itself.
OWN_FIELDS = ("checkpoint_path",)


@dataclass(frozen=True)
class Run:
    """One run of a task, and the truth about it.

    :param before: the jobs as they were right before the task, by their numbers; C(after) likewise.
    :param events: the journal of the run.
    :param requests: the requests of the run, as the service got them.
    """

    scenario: Scenario
    seen: Observation
    before: dict[int, Job]
    after: dict[int, Job]
    events: tuple[Event, ...]
    requests: tuple[RecordedRequest, ...]

    @property
    def writes(self) -> list[Event]:
        """What the task has done to jobs that were there.

        What removes tags and what adds others are the parts of one write.
        """
        found: list[Event] = []
        for event in self.events:
            if event.by == CLIENT and event.operation in WRITES and event.before:
                is_part = event.operation == "tag" and found and found[-1].operation == "tag"
                if not is_part or found[-1].job_id != event.job_id:
                    found.append(event)
        return found

    @property
    def acts(self) -> list[Event]:
        """What somebody else has done."""
        return [event for event in self.events if event.by == OTHER]

    @property
    def version(self) -> str:
        """The field that makes one version of the job differ from another."""
        return next(iter(self.scenario.previous))

    @property
    def state(self) -> str:
        return self.scenario.task.get("state", "present")

    def about(self, job_id: int) -> Iterator[RecordedRequest]:
        """Yield the requests about one job, without the lists."""
        for sent in self.requests:
            ids = (sent.json or {}).get("job_ids", []) if isinstance(sent.json, dict) else []
            if sent.number is not None and (str(job_id) in sent.path.split("/") or job_id in ids):
                yield sent

    def details_of(self, job_id: int) -> list[RecordedRequest]:
        """Return the reads of a job's detail."""
        return [sent for sent in self.about(job_id) if sent.method == "GET" and sent.path.endswith(f"/{job_id}")]

    def is_preventable(self, act: Event, write: Event) -> bool:
        """Whether the task could have noticed an act before this write, by a read of the job that was no older."""
        return any(
            act.position < _position(sent) < write.position and (sent.shows is None or sent.shows >= act.time)
            for sent in self.about(write.job_id)
        )

    def noticed_before(self, write: Event) -> list[Event]:
        """Return what somebody else has done to the job of a write after this task first wrote to it, and preventably.

        What was done before that is what the task finds, and plans by.
        """
        first = next(event.position for event in self.writes if event.job_id == write.job_id)
        return [
            act
            for act in self.acts
            if act.job_id == write.job_id and act.position > first and self.is_preventable(act, write)
        ]


def observe(stage: Stage, scenario: Scenario, script: Iterable[str] = (), plan: Plan = CALM) -> Run:
    """Run a task while somebody else plays a script, and return what is true about it.

    :param plan: which of its requests go wrong on their way.
    """
    jobs = stage.service.jobs
    stage.service.begin_count()
    first = len(stage.service.journal.events)
    before = {job.job_id: snapshot(job) for job in jobs.all()}
    stage.service.actor.follow(script)
    seen = stage.run(scenario, plan, settle=False)
    after = {job.job_id: snapshot(job) for job in jobs.all()}
    return Run(
        scenario, seen, before, after, tuple(stage.service.journal.events[first:]), tuple(stage.service.requests)
    )


def run_violations(stage: Stage, run: Run, earlier: Iterable[Run] = ()) -> Iterator[Violation]:
    """Yield what was not as it has to be of one run.

    :param earlier: the runs before it, on the same jobs.
    """
    # What somebody else does shows in no detail for as long as the details are behind.
    behaviour = stage.service.behaviour
    is_behind = run.acts and (behaviour.detail_lag_seconds or behaviour.replica_lag_seconds)
    for law in (empty_state, wrong_savepoint, stale_write, unconfirmed, unverified_rollback, undone):
        if law is not unconfirmed or not is_behind:
            yield from law(run)
    yield from lost_savepoint(run, earlier)
    yield from output_violations(stage, run.seen)
    effects = any(event.by == CLIENT for event in run.events)
    # Who has done what both have asked for at the same moment nobody can know.
    finished = any(event.by == SERVICE and event.after and event.after.status == "job_finish" for event in run.events)
    # A creation that is refused because the job exists can have been delivered twice on its way.
    refused = any(sent.method == "POST" and sent.path.endswith(("/flink-jobs", "/sql-jobs")) for sent in run.requests)
    is_unsure_who = run.seen.failed or is_unsure(run.seen) or bool(run.acts) or finished or refused
    if run.seen.changed != effects and not (run.seen.changed and is_unsure_who):
        yield Violation("changed", f"it says {run.seen.changed}, and the service has done {_words(run)}")


def again_violations(stage: Stage, runs: list[Run]) -> Iterator[Violation]:
    """L7. The same task run again is never less safe than the first run.

    Judged of the runs after the first: by L1 and L2, and by whether a task that has succeeded does something again.
    """
    for number, run in enumerate(runs[1:], start=1):
        for violation in (*empty_state(run), *wrong_savepoint(run), *lost_savepoint(run, runs[:number])):
            yield Violation("L7", f"in run {number + 1}, {violation.rule}: {violation.what}")
        yield from output_violations(stage, run.seen)
        # Where a replica is behind at any moment, or a detail for longer than anybody waits, nobody can know it; an
        # update that is sent again changes nothing, nor do tags.
        behaviour = stage.service.behaviour
        is_unknowable = behaviour.replica_lag_seconds or behaviour.detail_lag_seconds > wait.GRACE_SECONDS
        is_harmless = all(write.operation in ("update", "tag") for write in run.writes)
        calm = not any(earlier.acts for earlier in runs) and not (is_unknowable and is_harmless)
        calm = calm and not _failed_unseen(runs[number - 1])
        if calm and not (runs[number - 1].seen.failed or run.scenario.again) and run.writes:
            yield Violation("L3", f"run {number + 1} does {_words(run)} again, after a success")


def empty_state(run: Run) -> Iterator[Violation]:
    """L1. A job that has run is never started with empty state unless the task says so.

    Nor is it stopped without a savepoint while it runs well. What fails after the task itself has started it has no
    state to lose: a rollback resumes from the savepoint of before.
    """
    if run.scenario.stateless:
        return
    for event in run.writes:
        if event.operation == "start" and not event.asked["resume_savepoint"] and event.before.start_time is not None:
            yield Violation("L1", f"started from {event.before.status} with empty state")
        runs = event.before.status == "job_running" and not _has_failed(run, event)
        if event.operation == "stop" and not event.asked["trigger_savepoint"] and runs:
            yield Violation("L1", "stopped without a savepoint while it ran")


def wrong_savepoint(run: Run) -> Iterator[Violation]:
    """L2. After a stop with a savepoint, a task resumes the job from the savepoint of that very stop or not at all.

    And the path that the result names is the one that was used.
    """
    for start in _resumed(run):
        own = [event for event in run.writes if event.operation == "stop" and event.position < start.position]
        own = [event for event in own if event.job_id == start.job_id and event.asked["trigger_savepoint"]]
        # What is still being submitted has no state of its own to save.
        own = [event for event in own if event.before.status != "job_submitting"]
        made = _made_by(run.events, own[-1]) if own else None
        used = start.before.savepoint_path
        if own and made is None:
            yield Violation("L2", f"resumed from {used}, though its own stop shows no savepoint")
        elif made is not None and not _is_same(made, used):
            yield Violation("L2", f"resumed from {used}, and not from that of its own stop")
        result = run.seen.result or {}
        named = result.get("savepoint_path") or result.get("error", {}).get("savepoint_path")
        # What shows in the end is true too: somebody may have made a savepoint since.
        now = run.after.get(start.job_id, start.before).savepoint_path
        if start is _resumed(run)[-1] and named and own and not (_is_same(named, used) or _is_same(named, now)):
            yield Violation("L2", f"resumed from {used}, and the result names {named}")


def lost_savepoint(run: Run, earlier: Iterable[Run]) -> Iterator[Violation]:
    """L2, across runs. A job whose last stop was to make a savepoint is not resumed from an older one.

    Whoever stopped it, in whatever run: where that savepoint does not show yet, the older one is not the job's state.
    """
    if any("is done again" in risk for risk in (run.seen.result or {}).get("risks", ())):
        # Its path does not show when it was made, so all that can be done is to say it.
        return
    past = [event for known in earlier for event in known.events]
    for start in _resumed(run):
        now = [event for event in run.events if event.position < start.position]
        # What does not run yet has no state of its own to save.
        stops = [event for event in (*past, *now) if event.operation == "stop" and event.job_id == start.job_id]
        stops = [event for event in stops if event.before.status == "job_running"]
        is_own = any(event.by == CLIENT and event.operation == "stop" for event in now)
        if not stops or is_own or not stops[-1].asked["trigger_savepoint"]:
            continue
        known = [*past, *now]
        shown = [event for event in known[known.index(stops[-1]) :] if event.operation in ("saved", "import-savepoint")]
        if not any(event.job_id == start.job_id for event in shown):
            yield Violation("L2", f"resumed from {start.before.savepoint_path}, older than the last stop")


def stale_write(run: Run) -> Iterator[Violation]:
    """L3. No write rests on a listing or on an old read.

    What somebody else did before the last read that the write could rest on is neither overwritten nor ignored: a
    field that the task does not manage keeps the value that they gave it, and a job with another name is left alone.
    """
    managed = set(run.scenario.task) | {"job_type", "name", "entrypoint_args"}
    for write in run.writes:
        earlier = [act for act in run.acts if act.job_id == write.job_id and run.is_preventable(act, write)]
        if write.operation == "update":
            for act in earlier:
                for name in _changed_fields(act):
                    given = write.asked["body"].get(name, write.before.fields.get(name))
                    lost = name not in managed and write.after.fields.get(name) != write.before.fields.get(name)
                    if lost and write.before.fields.get(name) == act.after.fields.get(name):
                        yield Violation("L3", f"{name}, which somebody else has set, was set back to {given!r}")
        meant = run.scenario.task.get("name", "job")
        renamed = any("name" in _changed_fields(act) for act in earlier)
        if renamed and "job_id" not in run.scenario.task and write.before.name != meant:
            yield Violation("L3", f"{write.operation} of a job that is named {write.before.name}")


def unread_writes(run: Run) -> Iterator[Violation]:
    """L3, as a rule of the protocol: the last request about a job before each write to it is a read of its detail.

    Judged of a run that nothing disturbs, as it is the same in all.
    """
    for write in run.writes:
        earlier = [sent for sent in run.about(write.job_id) if _position(sent) < write.position]
        if not earlier or earlier[-1].method != "GET":
            last = f"after {earlier[-1].method}" if earlier else "with no read of the job"
            yield Violation("L3", f"{write.operation} {last}")


def unconfirmed(run: Run) -> Iterator[Violation]:
    """L4. A read confirms a write only if it cannot be older than the write.

    A task that succeeds has the job where its state says, and a version that runs well is not rolled back because a
    read seems to say otherwise. Not counted is what has changed after the last read of the job's detail, nor a task
    that has read no detail: that nothing is to be done may rest on the listing alone.
    """
    yield from _healthy_rollbacks(run)
    for job_id in {event.job_id for event in run.events if event.what == "job"} if not run.seen.failed else ():
        reads = [_position(sent) for sent in run.details_of(job_id)]
        changes = [event.position for event in run.events if event.job_id == job_id and event.by != CLIENT]
        if not reads or max(reads) < max(changes, default=0):
            continue
        job = run.after.get(job_id)
        if job is None and any(event.operation == "create" for event in run.events):
            # Somebody else has deleted it before the task wrote anything, so the task is about a new one.
            continue
        status = job.status if job else "deleted"
        wanted = run.scenario.task.get(run.version)
        if f"another value for {run.version}" in str((run.seen.result or {}).get("warnings")):
            # A service may choose a value itself, so all that can be done is to say it.
            continue
        if status not in ENDS.get(run.state, (status,)):
            yield Violation("L4", f"{run.state} is a success, and the job is {status}")
        elif job and wanted and job.fields[run.version] != wanted:
            yield Violation("L4", f"a success, and {run.version} is {job.fields[run.version]}")


def _healthy_rollbacks(run: Run) -> Iterator[Violation]:
    wanted = run.scenario.task.get(run.version)
    for update in run.writes:
        if update.operation != "update" or wanted is None:
            continue
        if not update.before.fields[run.version] == wanted != update.after.fields[run.version]:
            continue
        starts = [event for event in run.writes if event.operation == "start" and event.position < update.position]
        if not starts:
            continue
        since = [event for event in run.events if starts[-1].position < event.position <= update.position]
        ran = any(event.operation == "enter" and event.after.status == "job_running" for event in since)
        if ran and not _has_failed(run, update):
            yield Violation("L4", "a version that runs well was rolled back")


def unverified_rollback(run: Run) -> Iterator[Violation]:
    """L5. A rollback is verified like any change, before the start.

    A job that is started again after its rollback, or is said to be rolled back, has its previous definition.
    """
    result = run.seen.result or {}
    if not result.get("error", {}).get("rolled_back") or run.acts:
        return
    for job_id, job in run.before.items():
        now = run.after.get(job_id)
        kept = {name: value for name, value in job.fields.items() if name not in OWN_FIELDS}
        other = [name for name, value in kept.items() if now is None or now.fields.get(name) != value]
        if other:
            yield Violation("L5", f"rolled back, and {', '.join(other)} is not as before")


def undone(run: Run) -> Iterator[Violation]:
    """L6. What somebody else does on purpose wins: it is reported, not undone.

    Counted is what they did after the task had first written to the job.
    """
    for write in run.writes:
        acts = run.noticed_before(write)
        last = next((act.operation for act in reversed(acts) if act.operation in ("start", "stop")), "")
        if write.operation == "start" and last == "stop":
            yield Violation("L6", "started, though somebody else has stopped it")
        if write.operation == "stop" and last == "start":
            yield Violation("L6", "stopped, though somebody else has started it")
        if write.operation in ("update", "tag"):
            theirs = {name: act.after.fields.get(name) for act in acts for name in _changed_fields(act)}
            for name, value in theirs.items():
                if write.before.fields.get(name) == value != write.after.fields.get(name):
                    yield Violation("L6", f"{name} was set back, though somebody else has set it")
    yield from _taken_over(run)


def _taken_over(run: Run) -> Iterator[Violation]:
    """Yield what was done about a job that somebody else has deleted or made anew while the task was at work on it."""
    if not run.writes:
        return
    first = run.writes[0].position
    for act in run.acts:
        if act.operation not in ("delete", "create") or act.position < first:
            continue
        for event in run.events:
            later = event.by == CLIENT and event.position > act.position + 2
            if later and act.operation == "delete" and event.operation == "create":
                yield Violation("L6", "created again, though somebody else has deleted it")
            if later and act.operation == "create" and event.job_id == act.job_id:
                yield Violation("L6", f"{event.operation} of a job that somebody else has made anew")


def unforeseen_risks(stage: Stage, scenario: Scenario) -> Iterator[Violation]:
    """L9. Whatever may lose state, a deletion too, is in C(risks) before it happens.

    Judged of check mode and then the same task for real.
    """
    stage.set(scenario)
    foreseen = stage.run(scenario, check_mode=True)
    stage.set(scenario)
    run = observe(stage, scenario)
    lost = [event.operation for event in run.writes if _may_lose_state(event)]
    if lost and not (foreseen.result or {}).get("risks"):
        yield Violation("L9", f"{', '.join(lost)} may lose state, and check mode names no risk")


def _may_lose_state(write: Event) -> bool:
    if write.operation == "stop":
        return not write.asked["trigger_savepoint"]
    has_run = write.before.start_time is not None
    return has_run and (write.operation == "delete" or write.asked.get("resume_savepoint") is False)


def _resumed(run: Run) -> list[Event]:
    return [event for event in run.writes if event.operation == "start" and event.asked["resume_savepoint"]]


def _made_by(events: Iterable[Event], stop: Event) -> str | None:
    """Return the savepoint that came of a stop, None when none shows."""
    events = list(events)
    for event in events[events.index(stop) + 1 :]:
        if event.job_id == stop.job_id and event.by == SERVICE and event.operation == "saved":
            return event.after.savepoint_path
        if event.job_id == stop.job_id and event.operation in ("start", "save"):
            return None
    return None


def _changed_fields(act: Event) -> list[str]:
    if act.operation not in ("update", "tag") or act.before is None or act.after is None:
        return []
    return [name for name, value in act.after.fields.items() if act.before.fields.get(name) != value]


def _failed_unseen(run: Run) -> bool:
    """Whether a job has failed after the task had read it for the last time."""
    failures = [event for event in run.events if event.by == SERVICE and event.after and event.after.status in FAILED]
    return any(
        all(_position(sent) < event.position for sent in run.details_of(event.job_id))
        for event in failures
        if event.operation == "enter"
    )


def _has_failed(run: Run, write: Event) -> bool:
    """Whether a job has failed, or had to be restarted, between its last start by the task and this write."""
    if run.scenario.broken and write.before.fields.get(run.version) == run.scenario.broken:
        return True
    earlier = [event for event in run.events if event.job_id == write.job_id and event.position < write.position]
    starts = [event.position for event in earlier if event.by == CLIENT and event.operation == "start"]
    since = [event for event in earlier if starts and event.position > starts[-1] and event.by == SERVICE]
    return any(event.operation == "restart" or event.after.status in FAILED for event in since)


def _is_same(one: str | None, other: str | None) -> bool:
    return (one or "").removeprefix("obs://").strip("/") == (other or "").removeprefix("obs://").strip("/")


def _position(sent: RecordedRequest) -> int:
    return 3 * (sent.number or 0) + 1


def _words(run: Run) -> str:
    return ", ".join(event.operation for event in run.events if event.by == CLIENT) or "nothing"


LAWS = {
    "L1": empty_state,
    "L2": wrong_savepoint,
    "L3": stale_write,
    "L4": unconfirmed,
    "L5": unverified_rollback,
    "L6": undone,
    "L7": again_violations,
    "L9": unforeseen_risks,
}


def without_savepoint(scenario: Scenario, name: str) -> Scenario:
    """Return a scenario whose job shows no savepoint from before, so that none can be taken for a new one."""
    planted: dict[str, Any] = {**(scenario.planted or {}), "has_savepoint": False, "savepoint_path": None}
    return replace(scenario, name=name, planted=planted)
