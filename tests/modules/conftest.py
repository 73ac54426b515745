# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of modules share: the local service, and the module run against it in this process."""

from __future__ import annotations

import functools
import itertools
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils import _module
from ansible_collections.otc.dli.plugins.module_utils._model import goal
from ansible_collections.otc.dli.plugins.module_utils._model.goal import Lifecycle
from ansible_collections.otc.dli.plugins.module_utils._progress import Progress
from ansible_collections.otc.dli.plugins.module_utils._reconcile import wait
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_job

from faults.clock import HurriedClock
from local_dli import Behaviour, LocalDli
from local_dli.like import behaviour_of, read_report
from module_runner import access_to, run_module


def usual_behaviour() -> Behaviour:
    """Return how the service behaves where a test does not say: by default, or as the report of a check says.

    Reads are up to date even so, and there is no odd job of somebody else's: most tests look at what they did a moment
    before, and at all jobs there are. Other tests are about lags and odd jobs.
    """
    path = os.environ.get("LOCAL_DLI_LIKE")
    if not path:
        return Behaviour()
    lags = ("list_lag_seconds", "detail_lag_seconds", "replica_lag_seconds", "delete_seconds")
    return replace(behaviour_of(read_report(Path(path)))[0], odd_job="none", **dict.fromkeys(lags, 0.0))


@pytest.fixture(scope="module", name="clock")
def fixture_clock() -> HurriedClock:
    """The one clock of service and modules: their pauses take no time."""
    return HurriedClock()


@pytest.fixture(scope="module", name="running_service")
def fixture_running_service(clock: HurriedClock) -> Iterator[LocalDli]:
    with LocalDli(usual_behaviour(), clock=clock.monotonic) as service:
        yield service
    assert service.contract_violations == []


@pytest.fixture(name="service")
def fixture_service(running_service: LocalDli) -> LocalDli:
    running_service.reset()
    return running_service


@pytest.fixture(autouse=True)
def fixture_waiting(clock: HurriedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules wait by that clock.

    By default the local service shows at once what it does; a test of its own shows what the grace period is for.
    """
    monkeypatch.setattr(_module, "Waiting", functools.partial(wait.Waiting, clock=clock))
    monkeypatch.setattr(_module, "Progress", functools.partial(Progress, clock=clock))
    if "LOCAL_DLI_LIKE" not in os.environ:
        monkeypatch.setattr(wait, "GRACE_SECONDS", 0.0)
        monkeypatch.setattr(wait, "CONFIRM_SECONDS", 0.0)
    # A test that is about the window says how long it is.
    monkeypatch.setattr(goal, "DEFAULTS", Lifecycle(health_window=0.0))


@pytest.fixture(name="by_default")
def fixture_by_default(service: LocalDli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service as by default, whatever report is played: for tests that count requests."""
    monkeypatch.delenv("LOCAL_DLI_LIKE", raising=False)
    service.behaviour = usual_behaviour()


@pytest.fixture(name="behave")
def fixture_behave(service: LocalDli) -> Callable[..., None]:
    """Return a function that gives the service a behaviour."""

    def behave(**switches: Any) -> None:
        service.behaviour = replace(usual_behaviour(), **switches)

    return behave


@pytest.fixture(name="wants_requests_together")
def fixture_wants_requests_together(service: LocalDli, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function after which the service answers its first requests alone, and then so many concurrently."""

    def want(number: int, alone: int = 1) -> None:
        requests, together = itertools.count(), threading.Barrier(number)
        monkeypatch.setattr(service, "sleep", lambda _latency: together.wait(10) if next(requests) >= alone else None)
        service.behaviour = replace(service.behaviour, latency_seconds=1)

    return want


@pytest.fixture(name="access")
def fixture_access(service: LocalDli) -> dict[str, str]:
    """Return the options that reach the service."""
    return access_to(service)


@pytest.fixture(name="job")
def fixture_job(access: dict[str, str]) -> Callable[..., dict[str, Any]]:
    """Return a function that runs the module dli_flink_jar_job with the given options and a token."""

    def run(check_mode: bool = False, **options: Any) -> dict[str, Any]:
        return run_module(dli_flink_jar_job, {**access, **options}, check_mode=check_mode)

    return run
