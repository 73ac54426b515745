# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The truth about a job: what its starts resumed from, which savepoints there are, and what its output proves.

Each start writes lines with a label of its own, so that it is known for each line which start wrote it.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from local_dli.flink_engine import ENDED, FlinkEngine, _Run
from local_dli.jobs import OBS, Job
from local_dli.lifecycle import RUNNING
from local_flink import check_exactly_once
from local_flink.counting import Event

# In the arguments of a job, this becomes the number of the start.
START = "@start"
# How many numbers a violation names.
EXAMPLES = 5


@dataclass
class Start:
    """One start of the job.

    :param resumed_from: the savepoint that it was really given, None for empty state.
    :param newest: the newest complete savepoint of the job that object storage had, None for none; but for one that
        nobody could know of, see C(Ledger.unknown).
    :param checkpoints: whether it takes checkpoints, with which it commits what it has written.
    :param state: Flink's state of it, as last seen; "" when it was not submitted.
    :param unknown: the savepoints that were there when it began, and of which nobody could know.
    :param stopping: whether it was asked to end without a savepoint.
    :param stopped_early: whether it was stopped while it was being submitted, so that no savepoint could be made.
    :param ran: whether Flink had all its tasks running, if only for a moment, since it was submitted last.
    :param restarts: how often Flink, or the service, has restarted it after a failure.
    :param lost_manager: whether its JobManager was lost, so that the next one has restarted it.
    :param saved: the savepoints that were made while it ran on.
    :param lost_a_stop: whether the JobManager was lost, or the job failed, after the savepoint of a stop was made.
    """

    number: int
    resumed_from: str | None
    newest: str | None
    checkpoints: bool
    state: str = ""
    unknown: frozenset[str] = frozenset()
    stopping: bool = False
    stopped_early: bool = False
    ran: bool = False
    restarts: int = 0
    lost_manager: bool = False
    saved: list[str] = field(default_factory=list)
    lost_a_stop: bool = False

    @property
    def was_restarted(self) -> bool:
        """Whether it began again from a checkpoint, or from where it began, by whomever."""
        return self.restarts > 0 or self.lost_manager

    @property
    def has_failed(self) -> bool:
        """Whether it has failed for good, was not even submitted, or failed and was stopped when it was restarted.

        The latter is how a version is rolled back that Flink restarts; who may stop a job so, see M(unsaved_stops).
        What the service is submitting again when it is to be stopped with a savepoint is canceled.
        """
        if self.state == "CANCELED":
            return self.was_restarted and (self.stopping or self.stopped_early)
        return self.state in ("FAILED", "")


@dataclass
class Ledger:
    """All starts of a job, in their order.

    :param gone: the newest savepoint whose files the service has deleted.
    :param unknown: savepoints that were made while the job failed, or its JobManager was lost, and that the service has
        not shown as the job's since.
    :param before: the newest savepoint when the last one was asked for.
    """

    starts: list[Start] = field(default_factory=list)
    gone: str | None = None
    unknown: set[str] = field(default_factory=set)
    before: str | None = None


class LedgerEngine(FlinkEngine):
    """A FlinkEngine that keeps ``ledgers`` of the jobs, by their ids."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.ledgers: dict[int, Ledger] = defaultdict(Ledger)
        self._jobs: dict[int, Job] = {}

    def start(self, job: Job, resume_savepoint: bool, *args: Any) -> None:
        ledger = self.ledgers[job.job_id]
        self._jobs[job.job_id] = job
        self._forget_unknown_that_shows(job)
        # What the reason of a status says is known as long as it stands there.
        unknown = frozenset(path for path in ledger.unknown if path.rstrip("/") not in job.status_desc)
        start = Start(
            len(ledger.starts) + 1,
            job.savepoint_path if resume_savepoint else None,
            self.newest_savepoint(job, but=unknown),
            bool(job.fields["checkpoint_enabled"]),
            unknown=unknown,
        )
        ledger.starts.append(start)
        try:
            super().start(job, resume_savepoint, *args)
        except BaseException:
            ledger.starts.remove(start)
            raise

    def stop(self, job: Job, trigger_savepoint: bool, outcome: str, *args: Any) -> None:
        is_early, before = job.status != RUNNING, self.newest_savepoint(job)
        super().stop(job, trigger_savepoint, outcome, *args)
        ledger = self.ledgers[job.job_id]
        ledger.before = before
        if outcome == "stopped":
            ledger.starts[-1].stopping |= not trigger_savepoint
            ledger.starts[-1].stopped_early |= is_early

    def save(self, job: Job, *args: Any) -> None:
        before = self.newest_savepoint(job)
        super().save(job, *args)
        self.ledgers[job.job_id].before = before

    def recover(self, seconds: float) -> None:
        for job_id, run in self._runs.items():
            if run.over or not run.flink_id:
                continue
            start = self.ledgers[job_id].starts[-1]
            start.lost_manager = True
            if run.savepoint or run.saved_and_stopped:
                self._lose_savepoint(self._jobs[job_id], run.stops, is_shown=run.saved_and_stopped)
            if not run.saved_and_stopped:
                start.stopping = start.stopped_early = False
        super().recover(seconds)

    def _lose_savepoint(self, job: Job, stops: bool, is_shown: bool = False) -> None:
        """Note the savepoint that was asked for, if Flink has made it, and what asked for it is called a failure.

        :param stops: whether it is that of a stop.
        :param is_shown: whether the service shows it for all that.
        """
        ledger, path = self.ledgers[job.job_id], self.newest_savepoint(job)
        if path in (None, ledger.before):
            return
        if stops:
            ledger.starts[-1].lost_a_stop = True
        else:
            ledger.starts[-1].saved.append(str(path))
        if not is_shown:
            ledger.unknown.add(str(path))

    def _forget_unknown_that_shows(self, job: Job) -> None:
        self.ledgers[job.job_id].unknown.discard(job.savepoint_path or "")

    def newest_savepoint(self, job: Job, but: Collection[str] = ()) -> str | None:
        """Return the newest complete savepoint of a job, whatever the service shows, and even if its files are gone.

        :param but: those that do not count.
        """
        folder = self.obs_root / job.savepoint_folder.removeprefix(OBS)
        found = [metadata.parent for metadata in folder.glob("*/*/_metadata")]
        paths = [f"{OBS}{path.relative_to(self.obs_root).as_posix()}/" for path in found]
        gone = [path for path in [self.ledgers[job.job_id].gone] if path]
        counting = [path for path in (*paths, *gone) if path not in but]
        return max(counting, key=lambda path: int(path.split("/")[-3]), default=None)

    def _update(self, job: Job, *args: Any) -> None:
        run, before = self._runs[job.job_id], job.savepoint_path
        is_saved_to_stop = run.savepoint is not None and run.stops
        try:
            super()._update(job, *args)
        finally:
            # Flink may have answered one question, and not the next.
            self._note(job, run, before, is_saved_to_stop)

    def _note(self, job: Job, run: _Run, before: str | None, is_saved_to_stop: bool) -> None:
        """Note what a look at Flink has shown.

        :param before: the savepoint that the service showed before.
        :param is_saved_to_stop: whether the savepoint of a stop was being made before.
        """
        ledger = self.ledgers[job.job_id]
        start = ledger.starts[-1]
        if is_saved_to_stop and run.savepoint is None and not run.saved_and_stopped:
            self._lose_savepoint(job, stops=True)
        if run.failure:
            start.state = ""
        elif job.status == "job_running_exception" and run.state not in ENDED:
            # It ended unseen, and the next JobManager does not know it.
            start.state = "FAILED"
        else:
            start.state = run.state
        start.ran = run.ran
        start.restarts = max(start.restarts, run.restarts)
        if run.deletes and not run.deletes.is_dir():
            # Not run.savepoint_path, which is a checkpoint's after a restart.
            ledger.gone = start.resumed_from
        if not run.stops and job.savepoint_path not in (None, before, *start.saved):
            start.saved.append(str(job.savepoint_path))
        self._forget_unknown_that_shows(job)

    def _arguments(self, job: Job) -> list[str]:
        number = str(len(self.ledgers[job.job_id].starts))
        return [argument.replace(START, number) for argument in super()._arguments(job)]


@dataclass
class Finding:
    """What the output of a job proves.

    :param violations: sentences, none when nothing was lost, doubled or forgotten but what is documented.
    :param counted: how many lines there are.
    :param documented: how many numbers came twice as it is documented, see M(is_documented).
    """

    violations: list[str]
    counted: int
    documented: int


def check(events: Iterable[Event], ledger: Ledger, is_whole: bool = True) -> Finding:
    """Compare the output of a job with the numbers from 1 on, of which each should be there once.

    :param is_whole: whether the job was stopped with a savepoint, so that it has committed all that it has written.
    """
    events = list(events)
    found = check_exactly_once(events)
    writers: dict[int, list[int]] = defaultdict(list)
    for event in events:
        writers[event.number].append(int(event.label.rpartition(".")[2]))
    documented = {number for number in found.doubled if is_documented(writers[number], ledger)}
    doubled = [number for number in found.doubled if number not in documented]
    violations = [
        f"{len(numbers)} {what}, such as {numbers[:EXAMPLES]}, written by the starts "
        f"{[sorted(writers[number]) for number in numbers[:EXAMPLES]]}"
        for what, numbers in (
            ("lost", found.missing if is_whole else []),
            ("doubled", doubled),
            ("forgotten", found.forgotten),
        )
        if numbers
    ]
    return Finding(violations, found.counted, len(documented))


def is_documented(writers: Iterable[int], ledger: Ledger) -> bool:
    """Whether a number that came more than once is one of those that docs/lifecycle.md says come more than once.

    They are those that a version with checkpoints has committed with a checkpoint before it failed, and that are
    written again, because the next start begins where that version began. So of each two starts that follow each other
    among those that have written the number,

    - the earlier one took checkpoints;
    - it failed, and perhaps some that follow it, and made no savepoint but while they ran on: Flink says so, or has
      restarted them before they were asked to end without one, or could not even be given the job;
    - the first one after these resumed from the savepoint that was the newest when the earlier one began, whether
      anybody could know of it or not, or was made while it ran on (there was none at all, when it began with empty
      state);
    - from there on to the later one, each resumed from the newest savepoint that there was, and each but the last
      failed, made a savepoint as it stopped, was lost with its JobManager then, or was stopped before it ran. One that
      failed may have made a savepoint before: while it ran on, or as it stopped.

    Or one start has written it twice, in which the JobManager was lost, or the job failed, while it was stopped with a
    savepoint: the job had committed all then, and Flink or the service restarts it from where it was before.

    Or such a start was stopped again with a savepoint, or failed, before it had come as far once more. A later start
    then writes the rest. From there on, each resumed from the newest savepoint that there was, and each but the last
    left one, as above.

    Or one start has written it twice, which was restarted and failed in the end, and the next one resumed from a
    savepoint that was made while it ran on. Such a savepoint commits nothing, and a restart does not begin there, but
    what resumes from it commits what was written before it. Of that, the restarted job had written some once more.

    So a start from an older savepoint, a start with empty state, a start beside a job that runs, and one after a stop
    without a savepoint of what was never restarted are none of it, and neither is a number that another start has
    written twice.
    """
    numbers = sorted(writers)
    return all(_repeats(ledger.starts, earlier, later) for earlier, later in zip(numbers, numbers[1:]))


def _repeats(starts: list[Start], earlier: int, later: int) -> bool:
    if earlier == later:
        return starts[earlier - 1].lost_a_stop or _is_committed_by_the_next(*starts[earlier - 1 : earlier + 1])
    concerned = starts[earlier - 1 : later]
    if concerned[0].lost_a_stop and _has_ended_well_or_failed(concerned[0]) and _goes_on(concerned[1:]):
        return True
    failed = list(itertools.takewhile(lambda start: start.has_failed, concerned[:-1]))
    return any(_begins_again(concerned[:count], concerned[count:]) for count in range(1, len(failed) + 1))


def _is_committed_by_the_next(start: Start, following: Start | None = None) -> bool:
    """Whether what a start wrote before a savepoint is committed by the next, and was written again in between."""
    if following is None or following.resumed_from != following.newest:
        return False
    is_restarted = start.checkpoints and start.was_restarted and start.has_failed
    return is_restarted and following.resumed_from in start.saved


def _begins_again(lost: list[Start], again: list[Start]) -> bool:
    return (
        lost[0].checkpoints
        and all(again[0].newest in (start.newest, *start.saved, *start.unknown) for start in lost)
        and _goes_on(again)
    )


def _goes_on(starts: list[Start]) -> bool:
    """Whether each start resumed from the newest savepoint, and each but the last left one, or wrote nothing."""
    return all(start.resumed_from == start.newest for start in starts) and all(map(_leaves_a_savepoint, starts[:-1]))


def _has_ended_well_or_failed(start: Start) -> bool:
    """Whether a start was stopped with a savepoint, or has failed: it neither runs nor was ended without one."""
    return start.has_failed or (start.state == "FINISHED" and not start.stopping)


def _leaves_a_savepoint(start: Start) -> bool:
    """Whether a start failed, made a savepoint as it stopped, was lost with that, or was stopped before it ran."""
    return _has_ended_well_or_failed(start) or start.lost_a_stop or start.stopped_early or not start.ran


def untrue_starts(ledger: Ledger) -> Iterator[str]:
    """Yield a sentence for each start that did not resume from the newest savepoint that there was."""
    for start in ledger.starts:
        if start.resumed_from != start.newest:
            yield f"start {start.number} resumed from {start.resumed_from}, and the newest is {start.newest}"


def unsaved_end(ledger: Ledger, newest: str | None) -> Iterator[str]:
    """Yield a sentence if a job ran when it was stopped for the last time, and that made no savepoint.

    :param newest: the newest savepoint that there is.
    """
    last = ledger.starts[-1]
    is_saved = last.state == "FINISHED" and newest not in (last.newest, *last.saved)
    if last.ran and not (is_saved or last.has_failed or last.stopped_early):
        yield f"the last stop made no savepoint: start {last.number} is {last.state}, and the newest is {newest}"
