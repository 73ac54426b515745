# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The driver for one job: performs the effects of an executor one after the other."""

from __future__ import annotations

from .._api.flink_jobs import FlinkJobApi
from .._read.reader import JobReader
from .effects import Effect, IsThere, Pause, Read, Report, Steps
from .wait import Waiting


def drive(steps: Steps, perform):
    """Perform the effects of an executor until it ends; return what it returns.

    :param perform: callable that takes an effect and returns its outcome. What it raises is raised where the effect
        was yielded.
    :raises Exception: what the executor raises.
    """
    try:
        effect = next(steps)
        while True:
            try:
                outcome = perform(effect)
            except Exception as exc:  # pylint: disable=broad-except # the executor knows what was done before it
                effect = steps.throw(exc)
            else:
                effect = steps.send(outcome)
    except StopIteration as end:
        return end.value


class Driver:
    """Performs effects on one job."""

    def __init__(self, api: FlinkJobApi, reader: JobReader, waiting: Waiting) -> None:
        self._api = api
        self._reader = reader
        self._clock = waiting.clock
        self._progress = waiting.progress

    def run(self, steps: Steps):
        """Perform the effects of an executor until it ends; return what it returns.

        :raises DliError: what the executor raises.
        """
        return drive(steps, self.perform)

    def perform(self, effect: Effect):
        """Perform one effect and return its outcome.

        :raises RequestError: the service rejected it or did not respond.
        """
        if isinstance(effect, Pause):
            self._clock.sleep(effect.seconds)
            return None
        if isinstance(effect, Report):
            self._progress.report(effect.text)
            return None
        outcome = effect.perform(self._api, self._reader)
        if isinstance(effect, Read):
            self._progress.status(outcome.name, outcome.status)
        elif isinstance(effect, IsThere):
            self._progress.status(effect.job.name, "listed" if outcome else "no longer listed")
        return outcome
