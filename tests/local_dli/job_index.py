# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs that exist, each found without reading all the others, so that ten thousand cost no more than ten."""

from __future__ import annotations

import bisect
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_dli.jobs import Job


def _age(job: Job) -> tuple[int, int]:
    """Return what lists are sorted by (documented is the time, the number between equal times is assumed)."""
    return job.create_time, job.job_id


class JobIndex:
    """Jobs by their number, by their name, and in the order of a user's list.

    Project, owner, number and time of creation of a job in here never change; its name changes by ``rename`` only.
    """

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        # By project and name. A test may plant several jobs of one name.
        self._named: defaultdict[tuple[str, str], list[Job]] = defaultdict(list)
        # By project and owner, oldest first: a new job mostly goes to the end.
        self._listed: defaultdict[tuple[str, str], list[Job]] = defaultdict(list)

    def add(self, job: Job) -> None:
        """Take in a job.

        :raises ValueError: for a number that another job has.
        """
        if job.job_id in self._jobs:
            raise ValueError(f"there is a job {job.job_id}")
        self._jobs[job.job_id] = job
        self._named[job.project_id, job.name].append(job)
        bisect.insort(self._listed[job.project_id, job.owner], job, key=_age)

    def remove(self, job: Job) -> None:
        """Forget a job."""
        del self._jobs[job.job_id]
        self._unname(job, job.name)
        listed = self._listed[job.project_id, job.owner]
        del listed[bisect.bisect_left(listed, _age(job), key=_age)]

    def rename(self, job: Job, previous: str) -> None:
        """Find a job by the name that it has now, and not by its previous one."""
        self._unname(job, previous)
        self._named[job.project_id, job.name].append(job)

    def get(self, job_id: int) -> Job | None:
        """Return the job of this number, or None."""
        return self._jobs.get(job_id)

    def all(self) -> list[Job]:
        """Return all jobs, of all projects and owners, in the order in which they came."""
        return list(self._jobs.values())

    def named(self, project_id: str, name: str) -> list[Job]:
        """Return the jobs of this name in a project, whoever owns them, newest first."""
        return sorted(self._named.get((project_id, name), ()), key=_age, reverse=True)

    def owned(self, project_id: str, owner: str) -> list[Job]:
        """Return the jobs of one owner in a project, newest first."""
        return self._listed.get((project_id, owner), [])[::-1]

    def clear(self) -> None:
        """Forget all jobs."""
        self._jobs.clear()
        self._named.clear()
        self._listed.clear()

    def _unname(self, job: Job, name: str) -> None:
        # By identity: comparing two jobs would compare all their fields.
        others = [other for other in self._named.pop((job.project_id, name)) if other is not job]
        if others:
            self._named[job.project_id, name] = others
