# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the local service share: the service, a clock to turn by hand, and a plain HTTP client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local_dli import Behaviour, LocalDli

BODY = {"name": "job", "queue_name": "queue", "entrypoint": "obs://bucket/job.jar", "main_class": "org.example.Job"}


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


class Api:
    """The DLI calls by plain HTTP with a token, so that no client hides what goes over the wire."""

    def __init__(self, service: LocalDli) -> None:
        self.service = service
        self.http = requests.Session()
        self.http.headers["X-Auth-Token"] = service.issue_token()
        self.streaming = f"{service.url}/v1.0/{service.credentials['project_id']}/streaming"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.http.request(method, f"{self.streaming}/{path}", timeout=10, **options)

    def ok(self, method: str, path: str, **options: Any) -> Any:
        answer = self.call(method, path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        answer = self.call(method, path, **options)
        body = answer.json()
        # A start can be refused by an array.
        error = body[0] if isinstance(body, list) else body
        return answer.status_code, error["error_code"]

    def create(self, **values: Any) -> int:
        return self.ok("POST", "flink-jobs", json=BODY | values)["job"]["job_id"]

    def update(self, job_id: int, **values: Any) -> Any:
        return self.ok("PUT", f"flink-jobs/{job_id}", json=values)

    def detail(self, job_id: int) -> dict[str, Any]:
        return self.ok("GET", f"jobs/{job_id}")["job_detail"]

    def config(self, job_id: int) -> dict[str, Any]:
        return self.detail(job_id)["job_config"]

    def status(self, job_id: int) -> str:
        return self.detail(job_id)["status"]

    def jobs(self, **query: Any) -> list[dict[str, Any]]:
        return self.ok("GET", "jobs", params=query)["job_list"]["jobs"]

    def names(self, **query: Any) -> list[str]:
        return [job["name"] for job in self.jobs(**query)]

    def batch(self, operation: str, *job_ids: int, **values: Any) -> list[dict[str, Any]]:
        return self.ok("POST", f"jobs/{operation}", json={"job_ids": list(job_ids), **values})


@pytest.fixture(name="clock")
def fixture_clock() -> Clock:
    return Clock()


@pytest.fixture(name="service")
def fixture_service(clock: Clock) -> Iterator[LocalDli]:
    """A fresh service for each test; whatever a test does, the service's own answers have to keep the contract."""
    with LocalDli(clock=clock, sleep=clock.forward) as service:
        yield service
    assert service.contract_violations == []


@pytest.fixture(name="api")
def fixture_api(service: LocalDli) -> Iterator[Api]:
    api = Api(service)
    with api.http:
        yield api


@pytest.fixture(name="behave")
def fixture_behave(service: LocalDli) -> Any:
    """Return a function that gives the service a behaviour."""

    def behave(**switches: Any) -> None:
        service.behaviour = Behaviour(**switches)

    return behave
