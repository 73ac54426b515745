# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The driver for many jobs: performs the effects of their executors concurrently, and many of a kind by one request.

One thread steps all executors. Requests are made by others, so that what the executors decide needs no locks.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from functools import partial

from .._api.flink_jobs import BATCH_SIZE, FlinkJobApi
from .._errors import ApiError, AuthenticationFailed, DliError, UnexpectedResponse
from .._http.retry import is_throttled, may_be_carried_out
from .._model.fleet import MOST_CONCURRENT
from .._parallel import Workers, ended_by_interrupt
from .._read.reader import JobReader
from .._read.snapshot import Snapshot
from .effects import Complete, Effect, Find, Pause, Report, Steps
from .write_effects import Batchable

# How long a job waits at most for others that may want the same, so that one request does for all of them. What was
# read right before a write must not grow old.
LONGEST_GATHERING_SECONDS = 1.0
# Pauses end on a grid of this part of their length, so that jobs that wait for the same thing ask at the same moment.
_PARTS_OF_A_PAUSE = 4
_LIST = ("list",)


class FleetDriver:
    """Performs effects on many jobs.

    :param clock: has C(monotonic()) and C(sleep(seconds)).
    """

    def __init__(self, api: FlinkJobApi, reader: JobReader, clock) -> None:
        self.api = api
        self.reader = reader
        self.clock = clock
        self.newest_snapshot: Snapshot | None = None
        # What was refused in a request for many jobs, and is sent for one job alone the next time.
        self.alone: set[tuple] = set()

    def snapshot(self, size: int) -> Snapshot:
        """Return a snapshot of all jobs.

        :param size: how many jobs are asked for.
        """
        self.newest_snapshot = Snapshot(self.api, size, self.newest_snapshot)
        return self.newest_snapshot

    def run_each(self, runs: list[Steps], ended, snapshot: Snapshot | None = None) -> None:
        """Perform the effects of executors until each has ended.

        :param runs: the executors.
        :param ended: callable that takes the number of an executor that has ended, from 0, and what it raised, or None.
        :param snapshot: what jobs are found in; None to find them in one of their own each time.
        """
        with ended_by_interrupt(), Workers(MOST_CONCURRENT) as workers:
            _Schedule(self, workers, ended, snapshot).run(runs)


class _Schedule:
    """What each executor of one call waits for."""

    def __init__(self, driver, workers, ended, snapshot):
        self._driver = driver
        self._workers = workers
        self._now = driver.clock.monotonic
        self._ended = ended
        self._snapshot = snapshot
        # Executors that can go on: each with its number, and what its effect returned or raised.
        self._ready: deque = deque()
        self._sleeping: list[tuple] = []
        self._order = itertools.count()
        # What goes out together: by what they have in common, the effects asked for, and since when.
        self._asked: dict[tuple, list[tuple[int, Effect]]] = {}
        self._since: dict[tuple, float] = {}
        # How many wait for the list that is being read. Who asks meanwhile waits for the next one, so that no answer is
        # older than its question.
        self._readers = 0

    def run(self, runs):
        self._runs = runs
        self._ready.extend((number, None, None) for number in range(len(runs)))
        while True:
            while self._ready:
                self._step(*self._ready.popleft())
            self._send_together()
            if self._workers.running:
                ended = self._workers.wait(self._seconds_left())
                if ended:
                    deliver, outcome, failure = ended
                    deliver(outcome, failure)
            elif self._sleeping:
                self._driver.clock.sleep(max(0.0, self._sleeping[0][0] - self._now()))
                self._wake(self._sleeping[0][0])
            elif not self._ready:
                return
            self._wake(self._now())

    def _step(self, number, outcome, failure):
        """Let an executor go on to its next effect."""
        steps = self._runs[number]
        try:
            effect = steps.throw(failure) if failure else steps.send(outcome)
        except StopIteration:
            self._ended(number, None)
        except Exception as exc:  # pylint: disable=broad-except # what becomes of the others does not depend on it
            self._ended(number, exc)
        else:
            self._begin(number, effect)

    def _begin(self, number, effect):
        if isinstance(effect, Pause):
            part = effect.seconds / _PARTS_OF_A_PAUSE
            end = self._now() + effect.seconds
            wake = math.ceil(end / part) * part if part > 0 else end
            heapq.heappush(self._sleeping, (wake, next(self._order), number))
        elif isinstance(effect, Report):
            # Of jobs that change concurrently, progress shows only how many are done.
            self._deliver(number, None, None)
        elif isinstance(effect, Batchable) and (*effect.batch, effect.job_id) not in self._driver.alone:
            self._ask(effect.batch, number, effect)
        elif isinstance(effect, (Find, Complete)) and self._snapshot:
            self._perform(number, effect, self._driver.reader.within(self._snapshot))
        elif effect.fits_a_list:
            self._ask(_LIST, number, effect)
        else:
            self._perform(number, effect, self._driver.reader)

    def _deliver(self, number, outcome, failure):
        self._ready.append((number, outcome, failure))

    def _perform(self, number, effect, reader):
        call = partial(effect.perform, self._driver.api, reader)
        self._workers.submit(call, partial(self._deliver, number))

    def _ask(self, key, number, effect):
        asked = self._asked.setdefault(key, [])
        if not asked:
            self._since[key] = self._now()
        asked.append((number, effect))

    # What goes out together

    def _send_together(self):
        """Send what nobody else can join any more, or has waited for others long enough."""
        is_quiet = not self._workers.running
        for key in list(self._asked):
            is_full = key != _LIST and len(self._asked[key]) >= BATCH_SIZE
            is_old = self._now() - self._since[key] >= LONGEST_GATHERING_SECONDS
            if self._has_to_wait(key) or not (is_quiet or is_full or is_old):
                continue
            asked = self._asked.pop(key)
            if key == _LIST:
                self._read_together(asked)
            else:
                self._send_batch(key, asked[:BATCH_SIZE])
                if asked[BATCH_SIZE:]:
                    self._asked[key] = asked[BATCH_SIZE:]

    def _has_to_wait(self, key):
        return key == _LIST and self._readers > 0

    def _read_together(self, asked):
        reader = self._driver.reader.within(self._driver.snapshot(len(asked)))
        self._readers = len(asked)
        for number, effect in asked:
            call = partial(effect.perform, self._driver.api, reader)
            self._workers.submit(call, partial(self._was_read, number))

    def _was_read(self, number, outcome, failure):
        self._readers -= 1
        self._deliver(number, outcome, failure)

    def _send_batch(self, key, asked):
        ids = [effect.job_id for _number, effect in asked]
        send = asked[0][1].send
        self._workers.submit(partial(send, self._driver.api, ids), partial(self._was_sent, key, asked))

    def _was_sent(self, key, asked, _outcome, failure):
        if failure:
            self._driver.alone.update((*key, effect.job_id) for _number, effect in asked)
            failure = _without_known_outcome(key[0].lower(), len(asked), failure)
        for number, _effect in asked:
            self._deliver(number, None, failure.copied() if isinstance(failure, DliError) else failure)

    # Time

    def _seconds_left(self):
        """Return for how long there is nothing to do but to wait for requests, None for: for as long as they take."""
        moments = [self._since[key] + LONGEST_GATHERING_SECONDS for key in self._asked if not self._has_to_wait(key)]
        moments += [self._sleeping[0][0]] if self._sleeping else []
        return max(0.0, min(moments) - self._now()) if moments else None

    def _wake(self, now):
        while self._sleeping and self._sleeping[0][0] <= now:
            self._deliver(heapq.heappop(self._sleeping)[2], None, None)


def _without_known_outcome(operation: str, count: int, failure: Exception) -> Exception:
    """Return the error that each job of a request gets.

    The response does not say which job an element stands for (documented). So when one is rejected, no job of the
    request is known to be accepted.
    """
    is_of_one = isinstance(failure, ApiError) and not (
        may_be_carried_out(failure) or is_throttled(failure) or isinstance(failure, AuthenticationFailed)
    )
    if count == 1 or not is_of_one or not isinstance(failure, ApiError):
        return failure
    reason = str(failure).rstrip(".")
    return UnexpectedResponse(
        f"The service did not accept the request to {operation} {count} jobs together ({reason}).",
        failure.operation,
        failure.http_status,
    )
