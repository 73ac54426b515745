# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The jobs of a project as lists show them, read once for all who ask, where that takes fewer requests."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from .._api.flink_jobs import FlinkJobApi
from .._api.pages import PAGE_SIZE, TooMany
from .._errors import RequestError
from .._model.job import ObservedJob, OddJob


class Listing:
    """The jobs of one list.

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
        self._odd_ids = {job.job_id for job in odd}

    def with_id(self, job_id: int) -> ObservedJob | None:
        """Return the job of an id, None when it has to be asked for."""
        return self._by_id.get(job_id)

    def is_without(self, job_id: int) -> bool:
        """Whether there is no job of an id."""
        return job_id not in self._by_id and not {job_id, None} & self._odd_ids

    def named(self, name: str) -> list[ObservedJob] | None:
        """Return the jobs of a name, None when they have to be asked for: then an odd one is meant, and an error."""
        return None if name in self._odd_names else self._by_name.get(name, [])


class Snapshot:
    """The jobs of a project, from lists that are read when they are first needed. Several threads may ask.

    :param size: how many jobs are asked for. A list with more pages than half of that is not read.
    :param previous: an older snapshot, which knows how many pages the list of all jobs has.
    """

    def __init__(self, api: FlinkJobApi, size: int, previous: Snapshot | None = None) -> None:
        self._api = api
        self._most_pages = size // 2
        self._listings: dict[tuple, Any] = {}
        self._locks: dict[tuple, threading.Lock] = {}
        self.pages: int = previous.pages if previous else 1

    def fill(self, jobs: list[ObservedJob], odd: Iterable[OddJob]) -> None:
        """Take all jobs of the project as somebody has listed them just now.

        :param odd: those of them that have not the shape of the API's.
        """
        self._listings[()] = Listing(jobs, odd)

    def all_jobs(self, filters: dict) -> list[ObservedJob]:
        """Return all jobs that the service's filters leave, but for odd ones.

        :raises RequestError: the service rejected a request or did not respond.
        """
        return self._listing(filters, whole=True).jobs

    def with_id(self, job_id: int) -> ObservedJob | None:
        """Return the job of an id, None when it has to be asked for.

        :raises RequestError: the service rejected a request or did not respond.
        """
        listing = self._listing({})
        return listing.with_id(job_id) if listing else None

    def is_without(self, job_id: int) -> bool:
        """Whether it is known that there is no job of an id.

        :raises RequestError: the service rejected a request or did not respond.
        """
        listing = self._listing({})
        return listing is not None and listing.is_without(job_id)

    def named(self, name: str, filters: dict) -> list[ObservedJob] | None:
        """Return the jobs of a name, None when they have to be asked for.

        :param filters: query parameters of the list.
        :raises RequestError: the service rejected a request or did not respond.
        """
        listing = self._listing(filters)
        return listing.named(name) if listing else None

    def _listing(self, filters, whole=False):
        """Return a list, None when it takes fewer requests to ask for each job."""
        key = tuple(sorted(filters.items()))
        # Who asks for the same list waits for it; other lists are read concurrently.
        with self._locks.setdefault(key, threading.Lock()):
            if self._listings.get(key) is None and (whole or key not in self._listings):
                try:
                    self._listings[key] = self._read(filters, whole)
                except RequestError as exc:
                    # Kept, so that not every job that would be in the list asks for it again.
                    self._listings[key] = exc
            listing = self._listings[key]
        if isinstance(listing, RequestError):
            raise listing.copied()
        return listing

    def _read(self, filters, whole):
        if not whole and (self._most_pages == 0 or (not filters and self.pages > self._most_pages)):
            return None
        at_most = None if whole else self._most_pages * PAGE_SIZE
        odd: list[OddJob] = []
        try:
            responses = self._api.list_jobs(at_most=at_most, odd=odd, **filters)
            jobs = [ObservedJob(response, "list") for response in responses]
        except TooMany:
            # Remembered like the pages of a list, so that it is not asked again by the next snapshot.
            listing, pages = None, self._most_pages + 1
        else:
            listing, pages = Listing(jobs, odd), max(1, -(-(len(jobs) + len(odd)) // PAGE_SIZE))
        if not filters:
            self.pages = pages
        return listing
