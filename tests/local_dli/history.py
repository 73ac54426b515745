# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What jobs were like before, so that a read can show the past while the truth goes on.

A read of the service shows an index of jobs. Most often it is the truth; where a list, a detail or a replica lags, it
is an index made from here, of copies of the jobs as they were then.
"""

from __future__ import annotations

import bisect
import copy
import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

from local_dli.job_index import JobIndex

if TYPE_CHECKING:
    from local_dli.jobs import Job


def snapshot(job: Job) -> Job:
    """Return a copy of a job that no longer changes."""
    return dataclasses.replace(job, fields=copy.deepcopy(job.fields))


class History:
    """The states of each job, each with the time from which on it was true.

    It begins with the first ``keep``; what there is then counts as always having been there.
    """

    def __init__(self) -> None:
        self._states: dict[int, list[tuple[float, Job | None]]] = {}
        self.begun = False

    def keep(self, jobs: Iterable[Job], now: float) -> None:
        """Note all jobs as they are now, and that those which are not among them are gone."""
        since = now if self.begun else float("-inf")
        self.begun = True
        gone = {job_id for job_id, states in self._states.items() if states[-1][1] is not None}
        for job in jobs:
            self.note(job, since)
            gone.discard(job.job_id)
        for job_id in gone:
            self._states[job_id].append((now, None))

    def note(self, job: Job, at: float) -> None:
        """Note that a job is as it is since this time; before the history has begun, nothing is noted."""
        states = self._states.setdefault(job.job_id, []) if self.begun else None
        if states is not None and (not states or states[-1][1] != job):
            states.append((at, snapshot(job)))

    def leave(self, job: Job, at: float) -> None:
        """Note that a job is gone since this time."""
        if self.begun:
            self._states.setdefault(job.job_id, []).append((at, None))

    def at(self, moment: float) -> JobIndex:
        """Return the jobs as they were at a time of the store's clock."""
        index = JobIndex()
        for states in self._states.values():
            known = bisect.bisect_right(states, moment, key=lambda state: state[0])
            job = states[known - 1][1] if known else None
            if job is not None:
                index.add(job)
        return index

    def clear(self) -> None:
        """Forget everything, and begin anew with the next ``keep``."""
        self._states.clear()
        self.begun = False
