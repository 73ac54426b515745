# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the laws share: the unkind service, with one clock for it and the modules, and their runs."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.otc.dli.plugins.module_utils import _module
from ansible_collections.otc.dli.plugins.module_utils._reconcile.wait import Waiting
from ansible_collections.otc.dli.plugins.modules import dli_flink_jar_jobs

from lifecycle_clock import Clock
from local_dli import LocalDli
from local_dli.actor import DEEDS, Deed
from local_dli.errors import ApiError
from local_dli.journal import CLIENT, Event
from module_runner import access_to, run_module
from modules.test_lifecycle import World


class UnkindWorld(World):
    """One planted job as in the tests of the lifecycle, with somebody else at work, and other modules too."""

    def run(self, module: Any, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Run any module and return its result."""
        self.service.requests.clear()
        return run_module(module, {**access_to(self.service), **options}, check_mode=check_mode)

    def fleet(self, *jobs: dict[str, Any], check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """Run the module for many jobs and return its result."""
        return self.run(dli_flink_jar_jobs, check_mode, jobs=list(jobs), wait_timeout=60, **options)

    def others(self, *script: str) -> None:
        """Let somebody else play a script during the next runs."""
        self.service.actor.follow(script)

    def others_did_all(self) -> bool:
        """Return whether somebody else came to do all of the script, or some, and the service refused none of it."""
        return {done.refused for done in self.service.actor.done} == {""}

    def redefine(self, monkeypatch: pytest.MonkeyPatch, deed: str, act: Callable[[], object]) -> None:
        """Let a deed be another act than an actor knows, whatever its words."""
        monkeypatch.setitem(DEEDS, deed, Deed(lambda *_words: act(), ""))

    def others_now(self, deed: str, *words: str) -> None:
        """Let somebody else do one of an actor's deeds at once."""
        DEEDS[deed].act(self.service, *words)

    def lose_response(
        self,
        monkeypatch: pytest.MonkeyPatch,
        operation: str,
        is_carried_out: bool = True,
        meanwhile: Callable[[], object] = lambda: None,
        number: int = 1,
    ) -> None:
        """Have one request of an operation get no response.

        :param operation: the method of the service's jobs.
        :param is_carried_out: whether the service carries it out.
        :param meanwhile: what somebody else does right then.
        :param number: which of the requests, from 1 on.
        """
        carry_out, numbers = getattr(self.service.jobs, operation), itertools.count(1)

        def lose(*sent: Any, **options: Any) -> Any:
            is_lost = next(numbers) == number
            done = carry_out(*sent, **options) if is_carried_out or not is_lost else None
            if is_lost:
                meanwhile()
                raise ApiError(500, "DLI.0999", "No response.")
            return done

        monkeypatch.setattr(self.service.jobs, operation, lose)

    def done(self, operation: str) -> list[Event]:
        """Return what tasks have done to jobs since the reset, by the service's own journal."""
        events = self.service.journal.events
        return [event for event in events if event.by == CLIENT and event.operation == operation]

    def empty_starts(self) -> list[Event]:
        """Return the starts with empty state of jobs that have run, by tasks, since the reset."""
        return [
            event
            for event in self.done("start")
            if event.before.start_time is not None and not event.asked["resume_savepoint"]
        ]


@pytest.fixture(scope="module", name="timed_service")
def fixture_timed_service() -> Iterator[tuple[LocalDli, Clock]]:
    clock = Clock()
    with LocalDli(clock=clock.monotonic) as service:
        yield service, clock
    assert service.contract_violations == []


@pytest.fixture(name="world")
def fixture_world(timed_service: tuple[LocalDli, Clock], monkeypatch: pytest.MonkeyPatch) -> UnkindWorld:
    service, clock = timed_service
    service.reset()
    monkeypatch.setattr(_module, "Waiting", functools.partial(Waiting, clock=clock))
    return UnkindWorld(service, clock)
