# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the driver of a fleet schedules what the executors of its jobs ask for."""

from __future__ import annotations

import itertools
import threading
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

from ansible_collections.otc.dli.plugins.module_utils._reconcile.effects import Call
from ansible_collections.otc.dli.plugins.module_utils._reconcile.fleet_driver import FleetDriver
from ansible_collections.otc.dli.plugins.module_utils._reconcile.write_effects import Run


def test_a_request_for_some_jobs_that_hangs_keeps_no_other_job_from_being_written_to() -> None:
    """What was read right before a write must not grow old while the request for other jobs goes on."""
    is_sent, is_next_sent = threading.Event(), threading.Event()

    class Api:
        def run_jobs(self, job_ids: list[int], _resume: bool) -> None:
            if job_ids == [1]:
                is_sent.set()
                assert is_next_sent.wait(10), "the second request waits for the first to end"
            else:
                is_next_sent.set()

    def start(job_id: int) -> Any:
        if job_id > 1:
            yield Call(partial(is_sent.wait, 10))
        yield Run(job_id, True)

    ends: dict[int, Exception | None] = {}
    # Each question for the time comes a second after the one before, so nobody waits long for others.
    clock: Any = SimpleNamespace(monotonic=partial(next, itertools.count()))
    api, no_reader = Api(), SimpleNamespace()
    driver = FleetDriver(cast(Any, api), cast(Any, no_reader), clock)
    driver.run_each([start(1), start(2)], ends.__setitem__)
    assert ends == {0: None, 1: None}
