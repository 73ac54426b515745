# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the jobs of a fleet: all of them from one listing, wherever that takes fewer requests than one by one."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import contextmanager
from typing import Any

from .._api.flink_jobs import FlinkJobApi
from .._api.pages import PAGE_SIZE, TooMany
from .._errors import RequestError
from .._model.job import ObservedJob, OddJob
from .reader import JobReader
from .together import Together, copy_of

# More questions at one time than a request has, so that a listing answers all of them.
_UNLIMITED = 1 << 30


class Listing:
    """The jobs of a project at one moment.

    :param jobs: all that have the shape of the API's.
    :param odd: all others.
    """

    def __init__(self, jobs: list[ObservedJob], odd: Iterable[OddJob] = ()) -> None:
        self.jobs = jobs
        self._by_id = {job.job_id: job for job in jobs}
        self._by_name: dict[str, list[ObservedJob]] = {}
        for job in jobs:
            self._by_name.setdefault(job.name, []).append(job)
        self._odd_names = {job.name for job in odd}

    def with_id(self, job_id: int) -> ObservedJob | None:
        """Return the job of an id, None when it has to be asked for."""
        return self._by_id.get(job_id)

    def named(self, name: str) -> list[ObservedJob] | None:
        """Return the jobs of a name, None when they have to be asked for: then an odd one is meant, and an error."""
        return None if name in self._odd_names else self._by_name.get(name, [])


class FleetReader(JobReader):
    """As its base, for several threads.

    While a C(snapshot) is open, everything is read from one listing, made when it is first needed. Otherwise each
    answer is newer than its question, and questions that are asked at one time share a listing if they are many.

    C(size) is how many jobs will be read from the snapshot.
    """

    def __init__(self, api: FlinkJobApi) -> None:
        super().__init__(api)
        self.size = 0
        self._pages = 1
        # A dict while a snapshot is open, and then only.
        self._listings: Any = None
        self._listing_locks: dict[tuple, threading.Lock] = {}
        self._live = Together(self._responses, _UNLIMITED)

    @contextmanager
    def snapshot(self, size: int, jobs: list[ObservedJob] | None = None, odd: Iterable[OddJob] = ()):
        """Read from one listing from here on.

        :param size: how many jobs will be read.
        :param jobs: all jobs of the project, where they were listed just now, and C(odd) those that are left out.
        """
        self.size = size
        self._listings = {} if jobs is None else {(): Listing(jobs, odd)}
        try:
            yield
        finally:
            self._listings = None

    def all_jobs(self, **filters) -> list[ObservedJob]:
        """Return all jobs that the service's filters leave, but for odd ones."""
        return self._listing(filters, whole=True).jobs

    def read(self, job_id: int, fields) -> ObservedJob:
        if self._listings is None:
            return self.with_fields(self.read_now(job_id), fields)
        listing = self._listing({})
        job = listing.with_id(job_id) if listing else None
        return self._with_detail(job, fields) if job else super().read(job_id, fields)

    def read_now(self, job_id: int) -> ObservedJob:
        # Not from the snapshot: a job that is waited for would stay in it as it was.
        return self._live.ask(job_id) or super().read(job_id, ())

    def _named(self, name, **filters):
        if self._listings is None:
            jobs = None if filters else self._live.ask(name)
        else:
            listing = self._listing(filters)
            jobs = listing.named(name) if listing else None
        return super()._named(name, **filters) if jobs is None else jobs

    def _listing(self, filters, whole=False):
        """Return the listing of the snapshot, None when it takes fewer requests to ask for each job."""
        key = tuple(sorted(filters.items()))
        # Who asks for the same listing waits for it; other listings are read at the same time.
        with self._listing_locks.setdefault(key, threading.Lock()):
            if self._listings.get(key) is None and (whole or key not in self._listings):
                try:
                    self._listings[key] = self._list(filters, None if whole else (self.size // 2) * PAGE_SIZE)
                except RequestError as exc:
                    # Kept, so that not every job that would be in the listing asks for it again.
                    self._listings[key] = exc
            listing = self._listings[key]
        if isinstance(listing, RequestError):
            raise copy_of(listing)
        return listing

    def _list(self, filters, at_most=None):
        if at_most == 0:
            return None
        odd: list[OddJob] = []
        try:
            responses = self._api.list_jobs(at_most=at_most, odd=odd, **filters)
            jobs = [ObservedJob(response, "list") for response in responses]
        except TooMany:
            # Remembered like the pages of a listing, so that it is not asked again at each look.
            listing, pages = None, at_most // PAGE_SIZE + 1
        else:
            listing, pages = Listing(jobs, odd), max(1, -(-(len(jobs) + len(odd)) // PAGE_SIZE))
        if not filters:
            self._pages = pages
        return listing

    def _responses(self, questions):
        """Answer which job has an id, and which jobs have a name; nothing when each had better ask for itself."""
        if len(questions) <= self._pages:
            return {}
        listing = self._list({}, len(questions) * PAGE_SIZE)
        if listing is None:
            return {}
        # An id that is not listed is asked for alone: its detail tells why.
        return {
            question: listing.with_id(question) if isinstance(question, int) else listing.named(question)
            for question in questions
        }
