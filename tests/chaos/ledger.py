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

from local_dli.flink_engine import FlinkEngine
from local_dli.jobs import OBS, Job
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
    :param stopping: whether it was asked to end without a savepoint.
    :param ran: whether Flink had all its tasks running, if only for a moment, since it was submitted last.
    :param restarts: how often Flink, or the service, has restarted it after a failure.
    :param saved: the savepoints that were made while it ran on.
    :param lost_a_stop: whether the JobManager was lost while it stopped the job or made a savepoint, or the job failed
        after it had made the savepoint of a stop.
    """

    number: int
    resumed_from: str | None
    newest: str | None
    checkpoints: bool
    state: str = ""
    stopping: bool = False
    ran: bool = False
    restarts: int = 0
    saved: list[str] = field(default_factory=list)
    lost_a_stop: bool = False

    @property
    def has_failed(self) -> bool:
        """Whether it has failed for good, was not even submitted, or failed and was stopped when it was restarted.

        The latter is how a version is rolled back that Flink restarts. What the service is submitting again when it is
        to be stopped with a savepoint is canceled.
        """
        is_canceled = self.stopping or (self.state == "CANCELED" and not self.ran)
        return self.restarts > 0 if is_canceled else self.state in ("FAILED", "")


@dataclass
class Ledger:
    """All starts of a job, in their order.

    :param gone: the newest savepoint whose files the service has deleted.
    :param unknown: savepoints of stops in which the job failed, or its JobManager was lost, of which the service shows
        nothing: neither as the job's savepoint nor in the reason of its status.
    """

    starts: list[Start] = field(default_factory=list)
    gone: str | None = None
    unknown: set[str] = field(default_factory=set)


class LedgerEngine(FlinkEngine):
    """A FlinkEngine that keeps ``ledgers`` of the jobs, by their ids."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.ledgers: dict[int, Ledger] = defaultdict(Ledger)

    def start(self, job: Job, resume_savepoint: bool, *args: Any) -> None:
        ledger = self.ledgers[job.job_id]
        start = Start(
            len(ledger.starts) + 1,
            job.savepoint_path if resume_savepoint else None,
            self._newest_that_shows(job),
            bool(job.fields["checkpoint_enabled"]),
        )
        ledger.starts.append(start)
        try:
            super().start(job, resume_savepoint, *args)
        except BaseException:
            ledger.starts.remove(start)
            raise

    def stop(self, job: Job, trigger_savepoint: bool, outcome: str, *args: Any) -> None:
        super().stop(job, trigger_savepoint, outcome, *args)
        self.ledgers[job.job_id].starts[-1].stopping |= not trigger_savepoint and outcome == "stopped"

    def _newest_that_shows(self, job: Job) -> str | None:
        """Return the newest complete savepoint of a job, but for those of which nobody can know."""
        ledger, newest = self.ledgers[job.job_id], self.newest_savepoint(job)
        last = ledger.starts[-1] if ledger.starts else None
        if newest and last and last.lost_a_stop and newest not in (last.newest, *last.saved):
            ledger.unknown.add(newest)
        ledger.unknown = {
            path for path in ledger.unknown if path != job.savepoint_path and path.rstrip("/") not in job.status_desc
        }
        return self.newest_savepoint(job, but=ledger.unknown)

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
        run, ledger, before = self._runs[job.job_id], self.ledgers[job.job_id], job.savepoint_path
        start, is_saved_to_stop = ledger.starts[-1], run.savepoint is not None and run.stops
        super()._update(job, *args)
        if is_saved_to_stop and run.savepoint is None and not run.saved_and_stopped:
            run.lost_a_stop |= self.newest_savepoint(job) not in (start.newest, *start.saved)
        start.state = "" if run.failure else run.state
        start.ran = run.ran
        start.restarts = max(start.restarts, run.restarts)
        start.lost_a_stop = run.lost_a_stop
        if run.deletes and not run.deletes.is_dir():
            # Not run.savepoint_path, which is a checkpoint's after a restart.
            ledger.gone = start.resumed_from
        if not run.stops and job.savepoint_path not in (None, before):
            start.saved.append(str(job.savepoint_path))

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
    - the first one after these resumed from the savepoint that was the newest when the earlier one began, or was made
      while it ran on (there was none at all, when it began with empty state);
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
    without a savepoint of what ran well are none of it, and neither is a number that another start has written twice.
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
    is_restarted = start.checkpoints and start.restarts > 0 and start.has_failed
    return is_restarted and following.resumed_from in start.saved


def _begins_again(lost: list[Start], again: list[Start]) -> bool:
    return (
        lost[0].checkpoints
        and all(again[0].newest in (start.newest, *start.saved) for start in lost)
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
    return _has_ended_well_or_failed(start) or start.lost_a_stop or not start.ran


def untrue_starts(ledger: Ledger) -> Iterator[str]:
    """Yield a sentence for each start that did not resume from the newest savepoint that there was."""
    for start in ledger.starts:
        if start.resumed_from != start.newest:
            yield f"start {start.number} resumed from {start.resumed_from}, and the newest is {start.newest}"
