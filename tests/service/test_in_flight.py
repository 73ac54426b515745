# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Concurrent requests: counted, and refused when they are too many. They meet in their latency, so no time counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from local_dli import Behaviour, LocalDli

PATIENCE = 20.0  # seconds; only a failing test waits for so long


class Crowd:
    """Lists asked for concurrently, each in a thread of its own, which all stay in their latency until let go.

    Requests after them have no latency.
    """

    def __init__(self, count: int, **behaviour: Any) -> None:
        self.count = count
        self.behaviour = behaviour
        self.arrived = threading.Semaphore(0)
        self.go = threading.Event()
        self.service = LocalDli(Behaviour(latency_seconds=1.0, **behaviour), sleep=self.wait, threads=count + 1)
        self.pool = ThreadPoolExecutor(count)

    def wait(self, _seconds: float) -> None:
        self.arrived.release()
        assert self.go.wait(PATIENCE)

    def ask(self, path: str = "jobs") -> requests.Response:
        known = self.service
        url = f"{known.url}/v1.0/{known.credentials['project_id']}/streaming/{path}"
        return requests.get(url, headers={"X-Auth-Token": known.issue_token()}, timeout=PATIENCE)

    @contextmanager
    def waiting(self) -> Iterator[list[Any]]:
        """Have all of them wait in their latency, and let them go at the end."""
        with self.service, self.pool:
            asked = [self.pool.submit(self.ask) for _number in range(self.count)]
            try:
                for _number in range(self.count):
                    assert self.arrived.acquire(timeout=PATIENCE)
                self.service.behaviour = Behaviour(**self.behaviour)
                yield asked
            finally:
                self.go.set()
            assert [answer.result().status_code for answer in asked] == [200] * self.count
            assert self.service.contract_violations == []


def test_nothing_is_in_flight_at_first(service: LocalDli) -> None:
    assert service.most_in_flight == 0


def test_requests_one_after_the_other_are_never_two(api: Any, service: LocalDli) -> None:
    for path in ("jobs", "jobs/7", "nothing"):
        api.call("GET", path)
    assert service.most_in_flight == 1


def test_64_requests_are_in_flight_without_a_thread_being_asked_for() -> None:
    meeting = threading.Barrier(64)
    with LocalDli(Behaviour(latency_seconds=1.0), sleep=lambda _seconds: meeting.wait(PATIENCE)) as service:
        with ThreadPoolExecutor(64) as pool:
            asked = [pool.submit(requests.get, service.auth_url, timeout=PATIENCE) for _number in range(64)]
            assert [answer.result().status_code for answer in asked] == [200] * 64
        assert service.most_in_flight == 64


def test_the_most_stays_until_the_reset() -> None:
    crowd = Crowd(5)
    with crowd.waiting():
        assert crowd.service.most_in_flight == 5
        # A test reads the jobs while requests wait: they hold no lock.
        assert crowd.service.jobs.all() == []
    assert crowd.service.most_in_flight == 5
    crowd.service.reset()
    assert crowd.service.most_in_flight == 0


@pytest.mark.parametrize("says_when", [True, False])
def test_one_request_too_many_is_refused_without_acting(says_when: bool) -> None:
    crowd = Crowd(3, max_in_flight=3, throttle_retry_after=says_when)
    with crowd.waiting():
        job = crowd.service.jobs.add()
        known = crowd.service
        url = f"{known.url}/v1.0/{known.credentials['project_id']}/streaming/jobs/{job.job_id}"
        answer = requests.delete(url, headers={"X-Auth-Token": known.issue_token()}, timeout=PATIENCE)
        assert answer.status_code == 429
        assert set(answer.json()) == {"error_code", "error_msg"}
        assert answer.headers.get("Retry-After") == ("1" if says_when else None)
        assert known.requests[-1].status == 429
        assert crowd.service.jobs.all() == [job]
        # It was there, so it counts.
        assert known.most_in_flight == 4


def test_there_is_room_again_when_a_request_ends() -> None:
    crowd = Crowd(2, max_in_flight=2)
    with crowd.waiting() as asked:
        assert [crowd.ask().status_code for _time in range(2)] == [429, 429]
        crowd.go.set()
        assert [answer.result().status_code for answer in asked] == [200, 200]
        assert [crowd.ask(path).status_code for path in ("jobs", "jobs/7", "nothing", "jobs?limit=no", "jobs")] == [
            200, 400, 404, 400, 200,
        ]  # fmt: skip


def test_iam_is_not_throttled_with_dli() -> None:
    crowd = Crowd(1, max_in_flight=1)
    with crowd.waiting():
        assert crowd.ask().status_code == 429
        assert requests.get(crowd.service.auth_url, timeout=PATIENCE).status_code == 200
